"""Compiled kernel that leaves out one year after the other: what becomes of a rank test."""

from __future__ import annotations

import numpy as np

from pixeltrend.reducers.lanes import LANES, compiled, inner, load

_FEWEST = 2.0  # values of which a test cannot lose one


@inner
def _signs(starts, y, n, s, untied, lost, row):
    """Count the values, S and the untied pairs of each lane, and S of pairs with each year.

    `lost` is (Y, LANES), `row` scratch.
    """
    years = starts.shape[0] - 1
    n[:] = 0.0
    s[:] = 0.0
    untied[:] = 0.0
    lost[:] = 0.0
    for g in range(years):
        for i in range(starts[g], starts[g + 1]):
            for k in range(LANES):
                n[k] += 1.0 if y[i, k] == y[i, k] else 0.0
                row[k] = 0.0
            for h in range(g, years):
                other = 0.0 if h == g else 1.0
                for j in range(max(i + 1, starts[h]), starts[h + 1]):
                    for k in range(LANES):
                        up = 1.0 if y[j, k] > y[i, k] else 0.0
                        down = 1.0 if y[j, k] < y[i, k] else 0.0
                        untied[k] += up + down
                        row[k] += up - down
                        lost[h, k] += other * (up - down)
            for k in range(LANES):
                s[k] += row[k]
                lost[g, k] += row[k]


@inner
def _count_equals(y, equal):
    """Count the values that are equal to each, itself too, (N, LANES)."""
    count = y.shape[0]
    equal[:] = 0.0
    for i in range(count):
        for j in range(count):
            for k in range(LANES):
                equal[i, k] += 1.0 if y[i, k] == y[j, k] else 0.0


@inner
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


@inner
def _rank_tests(n, s, ties, z, critical, side, significant):
    """Fill `significant` with 1 where S is, 0 where it is not, NaN where it has no variance."""
    for k in range(LANES):
        size = abs(s[k]) if side == 0 else s[k] * side
        least = critical[np.int64(n[k])]
        found = 1.0 if size >= least else 0.0
        significant[k] = found if least == least else np.nan
    for k in range(LANES):
        if ties[k] > 0.0:
            size = abs(s[k]) if side == 0 else s[k] * side
            var_s = (n[k] * (n[k] - 1.0) * (2.0 * n[k] + 5.0) - ties[k]) / 18.0
            found = 1.0 if size - 1.0 >= z * np.sqrt(var_s) else 0.0
            significant[k] = found if var_s > 0.0 else np.nan


@compiled
def turned_rank_tests(starts, values, z, critical, side, out):
    """Fill `out`, (P,), with how many years turn the Mann-Kendall test if one is left out.

    Years begin at the rows `starts`, (Y + 1,), of `values`, (N, P). `z` is the critical value of
    the normal distribution, `critical`, (N + 1,), the smallest significant S without ties by number
    of values; `side` is 0 for both directions, else 1 or -1.
    """
    count, pixels = values.shape
    years = starts.shape[0] - 1
    y = np.empty((count, LANES))
    equal = np.empty((count, LANES))
    lost = np.empty((years, LANES))
    n = np.empty(LANES)
    s = np.empty(LANES)
    untied = np.empty(LANES)
    scratch = np.empty(LANES)
    ties = np.empty(LANES)
    stay = np.empty(LANES)
    rest = np.empty(LANES)
    before = np.empty(LANES)
    after = np.empty(LANES)
    turned = np.empty(LANES)
    for first in range(0, pixels, LANES):
        width = load(values, first, y)
        _signs(starts, y, n, s, untied, lost, scratch)
        tied = False
        for k in range(width):
            tied = tied or 0.5 * n[k] * (n[k] - 1.0) > untied[k]
        ties[:] = 0.0
        if tied:
            _count_equals(y, equal)
            _ties(0, 0, y, equal, scratch, ties)
        _rank_tests(n, s, ties, z, critical, side, before)
        for k in range(LANES):
            turned[k] = before[k] - before[k] if n[k] > _FEWEST else np.nan
        for g in range(years):
            for k in range(LANES):
                stay[k] = n[k]
                rest[k] = s[k] - lost[g, k]
            for i in range(starts[g], starts[g + 1]):
                for k in range(LANES):
                    stay[k] -= 1.0 if y[i, k] == y[i, k] else 0.0
            if tied:
                _ties(starts[g], starts[g + 1], y, equal, scratch, ties)
            _rank_tests(stay, rest, ties, z, critical, side, after)
            for k in range(LANES):
                # Where all that stay are equal, nothing is significant.
                found = 0.0 if stay[k] > 1.0 and after[k] != after[k] else after[k]
                turned[k] += abs(found - before[k]) if stay[k] < n[k] else 0.0
        for k in range(width):
            out[first + k] = turned[k]
