"""Compiled kernel for least squares in AR(1) noise: the line once, and errors for such noise."""

from __future__ import annotations

import numpy as np

from pixeltrend.reducers import ols_kernel as ols
from pixeltrend.reducers.lanes import LANES, compiled, inner, load
from pixeltrend.reducers.serial_correlation_kernel import ROUNDING, unbiased
from pixeltrend.reducers.student_kernel import WORK, lane_series, lane_tails

# Rows of results after those of the line.
_R1, _N_EFF, _FACTOR, _RESULTS = ols.STATISTICS, ols.STATISTICS + 1, ols.STATISTICS + 2, 15
# Rows of what is summed over residuals.
SQUARES, PRODUCTS, PAIRS, _LEFT, _LARGEST, _SLOPE, SUMS = 0, 1, 2, 3, 4, 5, 6


@inner
def residual_sums(x, position, y, facts, sums):
    """Fill `sums` with those of squared residuals, and of products and pairs one step apart.

    `facts` are those of `ols_kernel.line_sums`, which leaves the values less the first in `y`;
    residuals stay there.
    """
    mean, y_mean, y0 = facts[ols.MEAN], facts[ols.Y_MEAN], facts[ols.Y0]
    squares, products, pairs = sums[SQUARES], sums[PRODUCTS], sums[PAIRS]
    left, largest, slope = sums[_LEFT], sums[_LARGEST], sums[_SLOPE]
    sums[:] = 0.0
    for k in range(LANES):
        slope[k] = facts[ols.SXY, k] / facts[ols.SXX, k]
    for i in range(x.shape[0]):  # in short loops, which compilers make vectors of
        for k in range(LANES):
            size = abs(y[i, k] + y0[k])
            largest[k] = size if size > largest[k] else largest[k]
        for k in range(LANES):
            e = y[i, k] - y_mean[k] - slope[k] * (x[i] - mean[k])
            y[i, k] = e
            squares[k] += e * e if e == e else 0.0
            left[k] = abs(e) if abs(e) > left[k] else left[k]
        if i > 0 and position[i] == position[i - 1] + 1:
            for k in range(LANES):
                product = y[i, k] * y[i - 1, k]
                products[k] += product if product == product else 0.0
                pairs[k] += 1.0 if product == product else 0.0


@inner
def _correct(facts, sums, fewest, results):
    """Correct the errors in `results` for the autocorrelation of the residuals.

    A perfect line leaves none: its errors stay. Fewer than `fewest` values have no errors.
    """
    for k in range(LANES):
        n = facts[ols.N, k]
        r = sums[PRODUCTS, k] / (sums[PAIRS, k] + 1.0) / (sums[SQUARES, k] / n)
        r1, n_eff = unbiased(r, n)
        some = sums[_LEFT, k] > ROUNDING * sums[_LARGEST, k]
        r1, n_eff = r1 if some else 0.0, n_eff if some else n
        r1, n_eff = r1 if n >= fewest else np.nan, n_eff if n >= fewest else np.nan
        factor = (n - 2.0) / (n_eff - 2.0)
        root = np.sqrt(factor)
        results[_R1, k] = r1
        results[_N_EFF, k] = n_eff
        results[_FACTOR, k] = factor
        results[ols.STDERR, k] *= root
        results[ols.INTERCEPT_STDERR, k] *= root
        results[ols.TVALUE, k] = results[ols.SLOPE, k] / results[ols.STDERR, k]


@compiled
def ar1_line_statistics(
    x, step, whole, position, values, origin, scale, logarithms, fewest, chosen, out
):
    """Fill `out`, (W, P), with the statistics numbered `chosen`, (W,), of `values`, (N, P).

    As `ols_kernel.line_statistics`, and r1, n_eff and factor. `position`, (N,), are the steps of
    the times; `logarithms` is what `student.logarithms` has for the limits.
    """
    count, pixels = values.shape
    y = np.empty((count, LANES))
    facts = np.empty((ols.FACTS, LANES))
    sums = np.empty((SUMS, LANES))
    results = np.full((_RESULTS, LANES), np.nan)
    none = np.zeros(count + 1)
    work = np.empty((WORK, LANES))
    df = np.empty(LANES)
    half = np.empty(LANES)
    tested = (chosen == ols.PVALUE).any()
    limits = (chosen == ols.LOWER).any() or (chosen == ols.UPPER).any()
    for first in range(0, pixels, LANES):
        width = load(values, first, y)
        ols.line_sums(x, step, whole, y, facts)
        ols.squared_residuals(x, y, facts)
        ols.line_results(facts, origin, scale, none, results)
        residual_sums(x, position, y, facts, sums)
        _correct(facts, sums, fewest, results)
        for k in range(LANES):
            df[k] = results[_N_EFF, k] - 2.0
        if tested:
            lane_tails(results[ols.TVALUE], df, work, results[ols.PVALUE])
        if limits:
            lane_series(logarithms, df, work, half)
            for k in range(LANES):
                half[k] = np.exp(half[k]) * results[ols.STDERR, k]
                results[ols.LOWER, k] = results[ols.SLOPE, k] - half[k]
                results[ols.UPPER, k] = results[ols.SLOPE, k] + half[k]
        n = facts[ols.N]
        for r in range(_RESULTS):
            for k in range(LANES):
                results[r, k] = results[r, k] if n[k] >= ols.LINE else np.nan
        for k in range(LANES):
            results[ols.N_VALID, k] = n[k]
        for r in range(chosen.shape[0]):
            for k in range(width):
                out[r, first + k] = results[chosen[r], k]
