"""Compiled kernels over pairs of values: the scores of Mann-Kendall."""

from __future__ import annotations

import numpy as np

from pixeltrend.reducers.lanes import AHEAD, LANES, compiled, inner, load


@inner
def _signs(y, count, n, above, below):
    """Count the values, and the pairs whose later value is above, and below, the earlier one.

    Rows after the first `count` are missing values.
    """
    for k in range(LANES):
        n[k] = 0
        above[k] = 0
        below[k] = 0
    for i in range(count):
        for k in range(LANES):
            n[k] += y[i, k] == y[i, k]
    for i in range(count - 1):
        for j in range(i + 1, count, AHEAD):
            for k in range(LANES):
                v = y[i, k]
                v0 = y[j, k]
                v1 = y[j + 1, k]
                v2 = y[j + 2, k]
                v3 = y[j + 3, k]
                above[k] += (v0 > v) + (v1 > v) + (v2 > v) + (v3 > v)
                below[k] += (v0 < v) + (v1 < v) + (v2 < v) + (v3 < v)


@inner
def _ties(y, count, later, equal, ties):
    """Count the pairs of equal values, and sum t (t - 1) (2 t + 5) over the groups of t of them.

    With c the number of later values that are equal to a value, c runs from 0 to t - 1 in a group,
    and the sum is that of 6 c^2 + 12 c. Rows after the first `count` are missing values.
    """
    for k in range(LANES):
        equal[k] = 0.0
        ties[k] = 0.0
    for i in range(count - 1):
        for k in range(LANES):
            later[k] = 0.0
        for j in range(i + 1, count, AHEAD):
            for k in range(LANES):
                v = y[i, k]
                e0 = 1.0 if y[j, k] == v else 0.0
                e1 = 1.0 if y[j + 1, k] == v else 0.0
                e2 = 1.0 if y[j + 2, k] == v else 0.0
                e3 = 1.0 if y[j + 3, k] == v else 0.0
                later[k] += (e0 + e1) + (e2 + e3)
        for k in range(LANES):
            equal[k] += later[k]
            ties[k] += 6.0 * later[k] * (later[k] + 2.0)


@inner
def _resolve(y, count, k):
    """Count the pairs of one lane whose later value is above, and below, the earlier one."""
    above = 0
    below = 0
    for i in range(count - 1):
        for j in range(i + 1, count):
            above += y[j, k] > y[i, k]
            below += y[j, k] < y[i, k]
    return above, below


@compiled
def mann_kendall_scores(values, out):
    """Fill `out`, (4, P): number of values, S, tied pairs, sum of t (t - 1) (2 t + 5) over ties.

    Values rounded to Float32 are compared first. Rounding keeps their order but may make some
    equal, and only then, where more are equal than should be, they are compared as they are.
    """
    count, pixels = values.shape
    y = np.full((count + AHEAD, LANES), np.nan)
    rounded = np.empty((count + AHEAD, LANES), dtype=np.float32)
    n = np.empty(LANES, dtype=np.int32)
    above = np.empty(LANES, dtype=np.int32)
    below = np.empty(LANES, dtype=np.int32)
    later = np.empty(LANES)
    equal = np.empty(LANES)
    ties = np.empty(LANES)
    for first in range(0, pixels, LANES):
        width = load(values, first, y)
        for i in range(count + AHEAD):
            for k in range(LANES):
                rounded[i, k] = y[i, k]
        _signs(rounded, count, n, above, below)
        tied = False
        for k in range(width):
            tied = tied or n[k] * (n[k] - 1) > 2 * (above[k] + below[k])
        if tied:
            _ties(y, count, later, equal, ties)
        for k in range(width):
            pairs = n[k] * (n[k] - 1) // 2
            if tied and pairs - equal[k] > above[k] + below[k]:
                above[k], below[k] = _resolve(y, count, k)
            out[0, first + k] = n[k]
            out[1, first + k] = above[k] - below[k]
            out[2, first + k] = pairs - above[k] - below[k]
            out[3, first + k] = ties[k] if tied else 0.0


@compiled
def seasonal_variance(values, rows, out):
    """Fill `out`, (P,), with the variance of the S of all seasons together.

    `rows`, (Y, G), says in which row of `values`, (N, P), the value of a year and a season is; N
    where there is none. With T(i, j) the sum over the seasons of the sign of the difference of
    years i and j, the covariances of Hirsch and Slack add up to ::

        (sum over i < j of T(i, j)^2 + sum over i of (sum over j of T(i, j))^2) / 3
    """
    count, pixels = values.shape
    years, seasons = rows.shape
    y = np.empty((count + 1, LANES))
    y[count] = np.nan
    above = np.empty((years, LANES))
    signs = np.empty(LANES)
    squares = np.empty(LANES)
    for first in range(0, pixels, LANES):
        width = load(values, first, y[:count])
        above[:] = 0.0
        squares[:] = 0.0
        for i in range(years - 1):
            for j in range(i + 1, years):
                signs[:] = 0.0
                for g in range(seasons):
                    early, late = rows[i, g], rows[j, g]
                    for k in range(LANES):
                        v, w = y[early, k], y[late, k]
                        signs[k] += (1.0 if w > v else 0.0) - (1.0 if w < v else 0.0)
                for k in range(LANES):
                    squares[k] += signs[k] * signs[k]
                    above[i, k] -= signs[k]
                    above[j, k] += signs[k]
        for i in range(years):
            for k in range(LANES):
                squares[k] += above[i, k] * above[i, k]
        for k in range(width):
            out[first + k] = squares[k] / 3.0
