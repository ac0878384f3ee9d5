"""Compiled kernel that leaves out one year after the other: what becomes of a rank test."""

from __future__ import annotations

import numpy as np

from pixeltrend.reducers.lanes import LANES, compiled, load

_FEWEST = 2.0  # values of which a test cannot lose one


@compiled
def _signs(starts, y, n, s, lost):
    """Count the values and S of each lane, and what S has of pairs with each year, (Y, LANES)."""
    years = starts.shape[0] - 1
    n[:] = 0.0
    s[:] = 0.0
    lost[:] = 0.0
    for g in range(years):
        for i in range(starts[g], starts[g + 1]):
            for k in range(LANES):
                n[k] += 1.0 if y[i, k] == y[i, k] else 0.0
            for h in range(g, years):
                for j in range(max(i + 1, starts[h]), starts[h + 1]):
                    for k in range(LANES):
                        up = 1.0 if y[j, k] > y[i, k] else 0.0
                        down = 1.0 if y[j, k] < y[i, k] else 0.0
                        sign = up - down
                        s[k] += sign
                        lost[g, k] += sign
                        lost[h, k] += sign if h > g else 0.0


@compiled
def _equals(y, equal):
    """Count the values that are equal to each, itself too, (N, LANES); return if any others are."""
    count = y.shape[0]
    tied = False
    equal[:] = 0.0
    for i in range(count):
        for j in range(count):
            for k in range(LANES):
                equal[i, k] += 1.0 if y[i, k] == y[j, k] else 0.0
        for k in range(LANES):
            tied |= equal[i, k] > 1.0
    return tied


@compiled
def _ties(start, stop, y, equal, same, ties):
    """Sum t (t - 1) (2 t + 5) over the groups of t equal values outside rows `start` to `stop`."""
    ties[:] = 0.0
    for j in range(y.shape[0]):
        if start <= j < stop:
            continue
        for k in range(LANES):
            same[k] = equal[j, k]
        for i in range(start, stop):
            for k in range(LANES):
                same[k] -= 1.0 if y[i, k] == y[j, k] else 0.0
        for k in range(LANES):
            t = same[k]
            ties[k] += (t - 1.0) * (2.0 * t + 5.0) if t > 1.0 else 0.0


@compiled
def _rank_test(n, s, ties, z, critical, side):
    """Return 1 where S is significant, 0 where it is not, NaN where it has no variance."""
    var_s = (n * (n - 1.0) * (2.0 * n + 5.0) - ties) / 18.0
    if not var_s > 0.0:
        return np.nan
    s = np.abs(s) if side == 0 else s * side
    if ties == 0.0 and n < critical.shape[0]:
        return 1.0 if s >= critical[np.int64(n)] else 0.0
    return 1.0 if s - 1.0 >= z * np.sqrt(var_s) else 0.0


@compiled
def turned_rank_tests(starts, values, z, critical, side, out):
    """Fill `out`, (P,), with how many years turn the Mann-Kendall test if one is left out.

    Years begin at the rows `starts`, (Y + 1,), of `values`, (N, P). `z` is the critical value of
    the normal distribution, `critical` the smallest significant S by number of values where p is
    exact; `side` is 0 for both directions, else 1 or -1.
    """
    count, pixels = values.shape
    years = starts.shape[0] - 1
    y = np.empty((count, LANES))
    equal = np.empty((count, LANES))
    lost = np.empty((years, LANES))
    n = np.empty(LANES)
    s = np.empty(LANES)
    ties = np.empty(LANES)
    same = np.empty(LANES)
    before = np.empty(LANES)
    turned = np.empty(LANES)
    left = np.empty(LANES)
    for first in range(0, pixels, LANES):
        width = load(values, first, y)
        _signs(starts, y, n, s, lost)
        tied = _equals(y, equal)
        ties[:] = 0.0
        if tied:
            _ties(0, 0, y, equal, same, ties)
        for k in range(LANES):
            before[k] = _rank_test(n[k], s[k], ties[k], z, critical, side)
            turned[k] = 0.0 if n[k] > _FEWEST and before[k] == before[k] else np.nan
        for g in range(years):
            left[:] = 0.0
            for i in range(starts[g], starts[g + 1]):
                for k in range(LANES):
                    left[k] += 1.0 if y[i, k] == y[i, k] else 0.0
            if tied:
                _ties(starts[g], starts[g + 1], y, equal, same, ties)
            for k in range(width):
                if left[k] > 0.0:
                    stay = n[k] - left[k]
                    after = _rank_test(stay, s[k] - lost[g, k], ties[k], z, critical, side)
                    after = 0.0 if stay > 1.0 and after != after else after  # all are equal
                    turned[k] += np.abs(after - before[k])
        for k in range(width):
            out[first + k] = turned[k]
