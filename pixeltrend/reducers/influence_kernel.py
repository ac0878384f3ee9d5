"""Compiled kernel that leaves out one year after the other: what becomes of a line."""

from __future__ import annotations

import numpy as np

from pixeltrend.reducers.lanes import LANES, compiled, load

# Where residuals are smaller than this part of all, the difference of two sums loses them.
_NEAR_LINE = 1e-6
# What is less than this part of the sum of squares is rounding.
_ROUNDING = 1e-24
_LINE = 2.0  # so many values always lie on a line


@compiled
def _fit(x, y, facts):
    """Fill `facts` with n, mean x, sxx, slope, sse and syy; leave residuals in `y`."""
    count = x.shape[0]
    n, mean_x, sxx, slope, sse, syy, mean_y, y0 = (
        facts[0], facts[1], facts[2], facts[3], facts[4], facts[5], facts[6], facts[7],
    )  # fmt: skip
    for r in range(7):
        for k in range(LANES):
            facts[r, k] = 0.0
    for k in range(LANES):
        y0[k] = np.nan
    for i in range(count):
        for k in range(LANES):
            v = y[i, k]
            valid = v == v
            y0[k] = y0[k] if y0[k] == y0[k] else v
            y[i, k] = v - y0[k]
            n[k] += 1.0 if valid else 0.0
            mean_x[k] += x[i] if valid else 0.0
            mean_y[k] += y[i, k] if valid else 0.0
    for k in range(LANES):
        mean_x[k] /= n[k]
        mean_y[k] /= n[k]
    for i in range(count):
        for k in range(LANES):
            valid = y[i, k] == y[i, k]
            dx = x[i] - mean_x[k] if valid else 0.0
            dy = y[i, k] - mean_y[k] if valid else 0.0
            sxx[k] += dx * dx
            slope[k] += dx * dy
            syy[k] += dy * dy
    for k in range(LANES):
        slope[k] /= sxx[k]
    for i in range(count):
        for k in range(LANES):
            e = y[i, k] - mean_y[k] - slope[k] * (x[i] - mean_x[k])
            y[i, k] = e
            sse[k] += e * e if e == e else 0.0


@compiled
def _year(x, y, start, stop, facts, sums):
    """Fill `sums` with those of the lanes' values of one year: n, u, u^2, e, u e, e^2."""
    mean_x = facts[1]
    m, su, suu, se, sue, see = sums[0], sums[1], sums[2], sums[3], sums[4], sums[5]
    for r in range(6):
        for k in range(LANES):
            sums[r, k] = 0.0
    for i in range(start, stop):
        for k in range(LANES):
            e = y[i, k]
            valid = e == e
            e = e if valid else 0.0
            u = x[i] - mean_x[k] if valid else 0.0
            m[k] += 1.0 if valid else 0.0
            su[k] += u
            suu[k] += u * u
            se[k] += e
            sue[k] += u * e
            see[k] += e * e


@compiled
def _rest(x, y, start, stop, facts, sums):
    """Turn `sums` into n, sxx, what the slope moves by, and sse of the values that stay."""
    sxx, sse, mean_x = facts[2], facts[4], facts[1]
    m, su, suu, se, sue, see = sums[0], sums[1], sums[2], sums[3], sums[4], sums[5]
    near = False
    for k in range(LANES):
        stay = facts[0, k] - m[k]
        rest_uu = sxx[k] - suu[k] - su[k] * su[k] / stay
        rest_ue = -sue[k] - su[k] * se[k] / stay
        move = rest_ue / rest_uu
        rest = sse[k] - see[k] - se[k] * se[k] / stay - move * rest_ue
        near |= rest < _NEAR_LINE * sse[k]
        sue[k] = -se[k] / stay  # the mean of the residuals that stay
        se[k] = -su[k] / stay  # and of their times
        m[k] = stay
        su[k] = rest_uu
        suu[k] = move
        see[k] = rest
    if not near:
        return
    again = sums[6]
    for k in range(LANES):
        again[k] = 0.0
    for i in range(x.shape[0]):
        if i < start or i >= stop:
            for k in range(LANES):
                e = y[i, k] - sue[k] - suu[k] * (x[i] - mean_x[k] - se[k])
                again[k] += e * e if e == e else 0.0
    for k in range(LANES):
        see[k] = again[k] if see[k] < _NEAR_LINE * sse[k] else see[k]


@compiled
def _test(n, sxx, slope, sse, syy, quantile, significant):
    """Fill `significant` with 1 where t is beyond its quantile, else 0; NaN where it has none.

    A line without residuals is significant, a constant one is not.
    """
    for k in range(LANES):
        explained = slope[k] * slope[k] * sxx[k]
        rounding = _ROUNDING * syy[k]
        beyond = explained * (n[k] - _LINE) >= quantile[k] * quantile[k] * sse[k]
        found = explained > rounding and (beyond or sse[k] <= rounding)
        significant[k] = (1.0 if found else 0.0) if n[k] > _LINE else np.nan


@compiled
def lines_without_a_year(x, starts, values, scale, quantiles, out):
    """Fill `out`, (3, P): the smallest and the largest slope, and how many years turn the t test.

    `x`, (N,), are times relative to one in the middle; years begin at the rows `starts`, (Y + 1,),
    of `values`, (N, P). Slopes are for `scale` years; `quantiles`, (N + 1,), are those of t by
    number of values. Residuals e of the line through all values and their times u less the mean
    sum up to 0, and so do their products: what stays without a year has the negative sums of it.
    """
    count, pixels = values.shape
    y = np.empty((count, LANES))
    facts = np.empty((8, LANES))
    sums = np.empty((7, LANES))
    result = np.empty((3, LANES))
    tests = np.empty((2, LANES))
    quantile = np.empty(LANES)
    without = np.empty(LANES)
    for first in range(0, pixels, LANES):
        width = load(values, first, y)
        _fit(x, y, facts)
        n, sxx, slope, sse, syy = facts[0], facts[2], facts[3], facts[4], facts[5]
        least, most, turned = result[0], result[1], result[2]
        for k in range(LANES):
            least[k] = np.inf
            most[k] = -np.inf
            turned[k] = 0.0 if syy[k] > 0.0 else np.nan
            quantile[k] = quantiles[np.int64(n[k])]
        _test(n, sxx, slope, sse, syy, quantile, tests[0])
        for g in range(starts.shape[0] - 1):
            _year(x, y, starts[g], starts[g + 1], facts, sums)
            _rest(x, y, starts[g], starts[g + 1], facts, sums)
            stay, rest_uu, move, rest = sums[0], sums[1], sums[2], sums[5]
            for k in range(LANES):
                quantile[k] = quantiles[np.int64(stay[k])]
                known = stay[k] >= _LINE and rest_uu[k] > 1e-12 * sxx[k]
                without[k] = slope[k] + move[k] if known else np.nan
            _test(stay, rest_uu, without, rest, syy, quantile, tests[1])
            for k in range(LANES):
                some = stay[k] < n[k]
                change = abs(tests[1, k] - tests[0, k]) if without[k] == without[k] else np.nan
                turned[k] += change if some else 0.0
                v = without[k]  # a NaN stays: least + NaN
                low = v if v < least[k] else least[k] + (v - v)
                high = v if v > most[k] else most[k] + (v - v)
                least[k] = low if some else least[k]
                most[k] = high if some else most[k]
        for k in range(width):
            known = least[k] <= most[k]
            out[0, first + k] = least[k] * scale if known else np.nan
            out[1, first + k] = most[k] * scale if known else np.nan
            out[2, first + k] = turned[k] if n[k] > _LINE else np.nan
