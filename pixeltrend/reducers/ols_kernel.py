"""Compiled kernel for least squares: sums over a pixel's values, and all that follows from them."""

from __future__ import annotations

import numpy as np

from pixeltrend.reducers.lanes import LANES, compiled, inner, load

# Where each statistic stands: the order of `ols_statistics.STATISTICS`.
SLOPE, INTERCEPT, RVALUE, RSQUARED, PVALUE, STDERR = 0, 1, 2, 3, 4, 5
INTERCEPT_STDERR, TVALUE, RMSE, N_VALID, LOWER, UPPER = 6, 7, 8, 9, 10, 11
# What is known of a lane while it is worked on.
N, MEAN, SXX, SXY, SYY, SSE, Y_MEAN, Y0, SX, SY, BELOW = 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
STATISTICS, FACTS = 12, 11
# Where residuals are smaller than this part of the variance, the difference of two sums loses them.
_NEAR_LINE = 1e-2
LINE = 2.0  # so many values always lie on a line
_HUGE = 1e300  # as good as infinite, and no quotient of two infinities


@inner
def line_sums(x, step, whole, y, facts):
    """Fill `facts` with sums over the values of each lane; leave the values less the first in `y`.

    sum(x y) is taken by parts: x_N sum(y) - sum of step_i (y_1 + ... + y_i-1), as in ols.py.
    """
    count = x.shape[0]
    n, mean, sxx, sxy = facts[N], facts[MEAN], facts[SXX], facts[SXY]
    syy, y_mean, y0 = facts[SYY], facts[Y_MEAN], facts[Y0]
    sx, sy, below = facts[SX], facts[SY], facts[BELOW]
    for k in range(LANES):
        n[k] = 0.0
        sx[k] = 0.0
        sxx[k] = 0.0
        sy[k] = 0.0
        syy[k] = 0.0
        below[k] = 0.0
        y0[k] = np.nan
    for i in range(count):
        x_i, xx_i, step_i = x[i], x[i] * x[i], step[i]
        for k in range(LANES):
            v = y[i, k]
            valid = v == v
            y0[k] = y0[k] if y0[k] == y0[k] else v
            d = v - y0[k]
            y[i, k] = d
            d = d if valid else 0.0
            n[k] += 1.0 if valid else 0.0
            sx[k] += x_i if valid else 0.0
            sxx[k] += xx_i if valid else 0.0
            below[k] += sy[k] * step_i
            sy[k] += d
            syy[k] += d * d
    for k in range(LANES):
        mean[k] = sx[k] / n[k]
        sxx[k] = (n[k] * sxx[k] - sx[k] * sx[k]) / n[k]
    if not whole:  # sums of squares are exact for whole years alone
        for k in range(LANES):
            sxx[k] = 0.0
        for i in range(count):
            for k in range(LANES):
                d = x[i] - mean[k] if y[i, k] == y[i, k] else 0.0
                sxx[k] += d * d
    for k in range(LANES):
        sxy[k] = (x[count - 1] - mean[k]) * sy[k] - below[k]
        y_mean[k] = sy[k] / n[k]
        syy[k] = syy[k] - sy[k] * y_mean[k]


@inner
def squared_residuals(x, y, facts):
    """Sum the squared residuals; again from the residuals themselves where they are tiny."""
    mean, sxx, sxy, syy = facts[MEAN], facts[SXX], facts[SXY], facts[SYY]
    sse, y_mean, again = facts[SSE], facts[Y_MEAN], facts[BELOW]
    near = False
    for k in range(LANES):
        sse[k] = syy[k] - sxy[k] / sxx[k] * sxy[k]
        near |= sse[k] < _NEAR_LINE * syy[k]
    if not near:
        return
    for k in range(LANES):
        again[k] = 0.0
    for i in range(x.shape[0]):
        for k in range(LANES):
            residual = y[i, k] - y_mean[k] - sxy[k] / sxx[k] * (x[i] - mean[k])
            again[k] += residual * residual if residual == residual else 0.0
    for k in range(LANES):
        sse[k] = again[k] if sse[k] < _NEAR_LINE * syy[k] else sse[k]


@inner
def line_results(facts, origin, scale, quantiles, results):
    """Fill `results` with all statistics but the p-value."""
    for k in range(LANES):
        n, sxx, sxy, sse = facts[N, k], facts[SXX, k], facts[SXY, k], facts[SSE, k]
        # A constant series has neither correlation nor test: as SciPy has it.
        syy = facts[SYY, k] if facts[SYY, k] > 0.0 else np.nan
        x_mean = facts[MEAN, k] + origin
        slope = sxy / sxx
        sse = 0.0 if n == LINE else sse
        variance = sse / (n - LINE) / sxx if syy > 0.0 else np.nan
        stderr = np.sqrt(variance)  # NaN for two values: nothing is left to tell an error from
        rvalue = sxy / np.sqrt(sxx * syy)
        rvalue = 1.0 if rvalue > 1.0 else rvalue
        rvalue = -1.0 if rvalue < -1.0 else rvalue
        half = quantiles[np.int64(n)] * stderr
        results[SLOPE, k] = slope * scale
        results[INTERCEPT, k] = facts[Y0, k] + facts[Y_MEAN, k] - slope * x_mean
        results[RVALUE, k] = rvalue
        results[RSQUARED, k] = rvalue * rvalue
        results[PVALUE, k] = np.nan
        results[STDERR, k] = stderr * scale
        results[INTERCEPT_STDERR, k] = stderr * np.sqrt(sxx / n + x_mean * x_mean)
        results[TVALUE, k] = slope / stderr
        results[RMSE, k] = np.sqrt(sse / n)
        results[LOWER, k] = (slope - half) * scale
        results[UPPER, k] = (slope + half) * scale


@inner
def _pvalue(facts, tails, row, work, results):
    """Fill the p-values: P(|T| >= |t|) of Student's t as `student.tails` has it."""
    root, at, power, total = work[0], work[1], work[2], work[3]
    rows, last = tails.shape[0], tails.shape[1] - 1
    for k in range(LANES):
        n, t = facts[N, k], results[TVALUE, k]
        df = n - LINE
        squares = t * t
        squares = _HUGE if squares > _HUGE else squares
        x = df / (df + squares)
        sine = np.sqrt(squares / (df + squares))
        root[k] = np.sqrt(x)
        at[k] = 2.0 * x / ((1.0 + sine) * (1.0 + sine)) - 1.0  # 2 w - 1, without cancelling
        row[k] = np.int64(n) if n < rows else 0
        power[k] = 1.0
        total[k] = 0.0
    for j in range(last, -1, -1):
        for k in range(LANES):
            total[k] = total[k] * at[k] + tails[row[k], j]
    bit = 1
    while bit < rows:  # x^(df / 2) by squaring
        for k in range(LANES):
            power[k] *= root[k] if (row[k] - 2) & bit else 1.0
            root[k] *= root[k]
        bit *= 2
    for k in range(LANES):
        p = power[k] * total[k]
        p = 1.0 if p > 1.0 else p
        results[PVALUE, k] = 0.0 if np.isinf(results[TVALUE, k]) else p


@compiled
def line_statistics(x, step, whole, values, origin, scale, quantiles, tails, chosen, out):
    """Fill `out`, (W, P), with the statistics numbered `chosen`, (W,), of `values`, (N, P).

    `x`, (N,), are times relative to one in the middle, `step`, (N,), what each of them is after the
    one before, and `whole` is true where all are whole years. `origin` is added to times for the
    intercept, and slopes are for `scale` years. `quantiles`, (N + 1,), and `tails`, (rows, terms),
    are those of Student's t by number of values. With more values than `tails` has rows, or with
    none, the p-value is NaN.
    """
    count, pixels = values.shape
    y = np.empty((count, LANES))
    facts = np.empty((FACTS, LANES))
    results = np.empty((STATISTICS, LANES))
    row = np.empty(LANES, dtype=np.int64)
    work = np.empty((4, LANES))
    for first in range(0, pixels, LANES):
        width = load(values, first, y)
        line_sums(x, step, whole, y, facts)
        squared_residuals(x, y, facts)
        line_results(facts, origin, scale, quantiles, results)
        if tails.shape[0] > 0:
            _pvalue(facts, tails, row, work, results)
        for r in range(STATISTICS):
            for k in range(LANES):
                results[r, k] = results[r, k] if facts[N, k] >= LINE else np.nan
        for k in range(LANES):
            results[N_VALID, k] = facts[N, k]
        for r in range(chosen.shape[0]):
            for k in range(width):
                out[r, first + k] = results[chosen[r], k]
