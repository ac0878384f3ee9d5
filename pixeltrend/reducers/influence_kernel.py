"""Compiled kernel that leaves out one year after the other: what becomes of a line."""

from __future__ import annotations

import numpy as np

from pixeltrend.reducers import ols_kernel as ols
from pixeltrend.reducers.lanes import LANES, compiled, inner, load

# Where residuals are smaller than this part of all, the difference of two sums loses them.
_NEAR_LINE = 1e-6
# What is less than this part of the sum of squares is rounding.
_ROUNDING = 1e-24
# Rows of what stays without a year: n, sxx, what the slope moves by, and squared residuals.
_STAY, _UU, _MOVE, _EE = 0, 1, 2, 3


@inner
def _residuals(x, y, facts, slope, sse):
    """Leave the residuals in `y`; fill `slope`, and `sse` with the sums of their squares."""
    mean, y_mean = facts[ols.MEAN], facts[ols.Y_MEAN]
    for k in range(LANES):
        slope[k] = facts[ols.SXY, k] / facts[ols.SXX, k]
        sse[k] = 0.0
    for i in range(x.shape[0]):
        for k in range(LANES):
            e = y[i, k] - y_mean[k] - slope[k] * (x[i] - mean[k])
            y[i, k] = e
            sse[k] += e * e if e == e else 0.0


@inner
def _without_one(x, y, i, facts, sse, more, rest):
    """Fill `rest` with what stays without row `i`; `more` is n / (n - 1)."""
    n, mean, sxx = facts[ols.N], facts[ols.MEAN], facts[ols.SXX]
    stay, rest_uu, move, rest_ee = rest[_STAY], rest[_UU], rest[_MOVE], rest[_EE]
    for k in range(LANES):
        stay[k] = n[k] - 1.0 if y[i, k] == y[i, k] else n[k]
    for k in range(LANES):
        u = x[i] - mean[k] if y[i, k] == y[i, k] else 0.0
        rest_uu[k] = sxx[k] - u * u * more[k]
    for k in range(LANES):
        ue = y[i, k] * (x[i] - mean[k]) * more[k]
        move[k] = -ue / rest_uu[k] if ue == ue else 0.0
    for k in range(LANES):
        e = y[i, k]
        left = e * more[k] * (e - (x[i] - mean[k]) * move[k])
        rest_ee[k] = sse[k] - (left if left == left else 0.0)


@inner
def _without_some(x, y, start, stop, facts, sse, sums, rest):
    """Fill `rest` with what stays without the rows `start` to `stop`."""
    n, mean, sxx = facts[ols.N], facts[ols.MEAN], facts[ols.SXX]
    m, su, suu, se, sue, see = sums[0], sums[1], sums[2], sums[3], sums[4], sums[5]
    sums[:] = 0.0
    for i in range(start, stop):
        for k in range(LANES):
            e = y[i, k]
            valid = e == e
            e = e if valid else 0.0
            u = x[i] - mean[k] if valid else 0.0
            m[k] += 1.0 if valid else 0.0
            su[k] += u
            suu[k] += u * u
            se[k] += e
            sue[k] += u * e
            see[k] += e * e
    for k in range(LANES):
        stay = n[k] - m[k]
        uu = sxx[k] - suu[k] - su[k] * su[k] / stay
        ue = -sue[k] - su[k] * se[k] / stay
        rest[_STAY, k] = stay
        rest[_UU, k] = uu
        rest[_MOVE, k] = ue / uu
        rest[_EE, k] = sse[k] - see[k] - se[k] * se[k] / stay - ue / uu * ue


@inner
def _again(x, y, start, stop, facts, sse, rest, work):
    """Sum the squared residuals without these rows again where a difference lost them."""
    near = False
    for k in range(LANES):
        near |= rest[_EE, k] < _NEAR_LINE * sse[k]
    if not near:
        return
    mean_u, mean_e, again = work[0], work[1], work[2]
    work[:] = 0.0
    for i in range(start, stop):  # of what stays: all of them sum up to 0
        for k in range(LANES):
            mean_u[k] -= x[i] - facts[ols.MEAN, k] if y[i, k] == y[i, k] else 0.0
            mean_e[k] -= y[i, k] if y[i, k] == y[i, k] else 0.0
    for k in range(LANES):
        mean_u[k] /= rest[_STAY, k]
        mean_e[k] /= rest[_STAY, k]
    for i in range(x.shape[0]):
        if i < start or i >= stop:
            for k in range(LANES):
                u = x[i] - facts[ols.MEAN, k] - mean_u[k]
                e = y[i, k] - mean_e[k] - rest[_MOVE, k] * u
                again[k] += e * e if e == e else 0.0
    for k in range(LANES):
        rest[_EE, k] = again[k] if rest[_EE, k] < _NEAR_LINE * sse[k] else rest[_EE, k]


@inner
def _bounds(n, quantiles, bounds):
    """Fill `bounds` with what slope^2 sxx / sse has at the quantile of t; NaN without a test."""
    for k in range(LANES):
        quantile = quantiles[np.int64(n[k])] if n[k] > ols.LINE else np.nan
        bounds[k] = quantile * quantile / (n[k] - ols.LINE)


@inner
def _test(sxx, slope, sse, syy, bounds, significant):
    """Fill `significant` with 1 where t is beyond its quantile, else 0; NaN where it has none.

    A line without residuals is significant, a constant one is not.
    """
    for k in range(LANES):
        explained = slope[k] * slope[k] * sxx[k]
        rounding = _ROUNDING * syy[k]
        beyond = 1.0 if explained >= bounds[k] * sse[k] else 0.0
        beyond = 1.0 if sse[k] <= rounding else beyond
        beyond = beyond if explained > rounding else 0.0
        significant[k] = beyond + (bounds[k] - bounds[k])


@inner
def _extremes(some, without, least, most):
    """Take the slopes without a year where the year has values: a NaN stays."""
    for k in range(LANES):
        v = without[k]
        low = v if v < least[k] else least[k] + (v - v)
        high = v if v > most[k] else most[k] + (v - v)
        least[k] = low if some[k] > 0.0 else least[k]
        most[k] = high if some[k] > 0.0 else most[k]


@compiled
def lines_without_a_year(x, step, whole, starts, values, scale, quantiles, out):
    """Fill `out`, (2, P), with the smallest and the largest slope, or (1, P) with turned tests.

    `x`, `step` and `whole` are as in `ols_kernel.line_statistics`; years begin at the rows
    `starts`, (Y + 1,), of `values`, (N, P). Slopes are for `scale` years; `quantiles`, (N + 1,),
    are those of t by number of values. Residuals e of the line through all values and their times u
    less the mean sum up to 0, and so do their products: what stays without a year has the negative
    sums of it.
    """
    count, pixels = values.shape
    y = np.empty((count, LANES))
    facts = np.empty((ols.FACTS, LANES))
    rest = np.empty((4, LANES))
    sums = np.empty((6, LANES))
    work = np.empty((3, LANES))
    tests = np.empty((2, LANES))
    extremes = np.empty((2, LANES))
    bounds = np.empty(LANES)
    slope = np.empty(LANES)
    sse = np.empty(LANES)
    more = np.empty(LANES)
    some = np.empty(LANES)
    without = np.empty(LANES)
    turned = np.empty(LANES)
    tested = out.shape[0] == 1
    yearly = starts.shape[0] == count + 1
    for first in range(0, pixels, LANES):
        width = load(values, first, y)
        ols.line_sums(x, step, whole, y, facts)
        _residuals(x, y, facts, slope, sse)
        n, sxx, syy = facts[ols.N], facts[ols.SXX], facts[ols.SYY]
        for k in range(LANES):
            extremes[0, k] = np.inf
            extremes[1, k] = -np.inf
            turned[k] = 0.0 if syy[k] > 0.0 and n[k] > ols.LINE else np.nan
            more[k] = n[k] / (n[k] - 1.0)
            rest[_STAY, k] = n[k] - 1.0
        if tested:
            _bounds(n, quantiles, bounds)
            _test(sxx, slope, sse, syy, bounds, tests[0])
            _bounds(rest[_STAY], quantiles, bounds)
        for g in range(starts.shape[0] - 1):
            if yearly:
                _without_one(x, y, g, facts, sse, more, rest)
            else:
                _without_some(x, y, starts[g], starts[g + 1], facts, sse, sums, rest)
            for k in range(LANES):
                known = rest[_UU, k] if rest[_STAY, k] >= ols.LINE else np.nan
                move = rest[_MOVE, k] if known > 1e-12 * sxx[k] else np.nan
                without[k] = slope[k] + move
            for k in range(LANES):
                some[k] = n[k] - rest[_STAY, k]
            if not tested:
                _extremes(some, without, extremes[0], extremes[1])
                continue
            if not yearly:
                _bounds(rest[_STAY], quantiles, bounds)
            _again(x, y, starts[g], starts[g + 1], facts, sse, rest, work)
            _test(rest[_UU], without, rest[_EE], syy, bounds, tests[1])
            for k in range(LANES):
                change = abs(tests[1, k] - tests[0, k]) + (without[k] - without[k])
                turned[k] += change if some[k] > 0.0 else 0.0
        for k in range(width):
            if tested:
                out[0, first + k] = turned[k]
            else:
                known = extremes[0, k] <= extremes[1, k]
                out[0, first + k] = extremes[0, k] * scale if known else np.nan
                out[1, first + k] = extremes[1, k] * scale if known else np.nan
