"""Compiled kernels over pairs of values: Mann-Kendall scores and Theil-Sen slopes."""

from __future__ import annotations

import numpy as np

from pixeltrend.reducers.lanes import AHEAD, LANES, compiled, load
from pixeltrend.reducers.select_kernel import extent, pad, select

_REACH = 1.0  # standard errors within which most slopes are where they are looked for


@compiled
def _signs(y, count, n, above, below):
    """Count the values, and the pairs whose later value is above, and below, the earlier one.

    Rows after the first `count` are missing values.
    """
    for k in range(LANES):
        n[k] = 0.0
        above[k] = 0.0
        below[k] = 0.0
    for i in range(count):
        for k in range(LANES):
            n[k] += 1.0 if y[i, k] == y[i, k] else 0.0
    for i in range(count - 1):
        for j in range(i + 1, count, AHEAD):
            for k in range(LANES):
                v = y[i, k]
                v0 = y[j, k]
                v1 = y[j + 1, k]
                v2 = y[j + 2, k]
                v3 = y[j + 3, k]
                a0 = 1.0 if v0 > v else 0.0
                a1 = 1.0 if v1 > v else 0.0
                a2 = 1.0 if v2 > v else 0.0
                a3 = 1.0 if v3 > v else 0.0
                above[k] += (a0 + a1) + (a2 + a3)
                b0 = 1.0 if v0 < v else 0.0
                b1 = 1.0 if v1 < v else 0.0
                b2 = 1.0 if v2 < v else 0.0
                b3 = 1.0 if v3 < v else 0.0
                below[k] += (b0 + b1) + (b2 + b3)


@compiled
def _ties(y, count, equal, ties):
    """Sum t (t - 1) (2 t + 5) over the groups of t equal values: (t - 1) (2 t + 5) a value.

    Rows after the first `count` are missing values.
    """
    for k in range(LANES):
        ties[k] = 0.0
    for i in range(count):
        for k in range(LANES):
            equal[k] = 0.0
        for j in range(0, count, AHEAD):
            for k in range(LANES):
                v = y[i, k]
                e0 = 1.0 if y[j, k] == v else 0.0
                e1 = 1.0 if y[j + 1, k] == v else 0.0
                e2 = 1.0 if y[j + 2, k] == v else 0.0
                e3 = 1.0 if y[j + 3, k] == v else 0.0
                equal[k] += (e0 + e1) + (e2 + e3)
        for k in range(LANES):
            t = equal[k]
            ties[k] += (t - 1.0) * (2.0 * t + 5.0) if t > 0.0 else 0.0


@compiled
def mann_kendall_scores(values, out):
    """Fill `out`, (4, P): number of values, S, tied pairs, sum of t (t - 1) (2 t + 5) over ties."""
    count, pixels = values.shape
    y = np.full((count + AHEAD, LANES), np.nan)
    n = np.empty(LANES)
    above = np.empty(LANES)
    below = np.empty(LANES)
    equal = np.empty(LANES)
    ties = np.empty(LANES)
    for first in range(0, pixels, LANES):
        width = load(values, first, y)
        _signs(y, count, n, above, below)
        tied = False
        for k in range(width):
            tied = tied or 0.5 * n[k] * (n[k] - 1.0) > above[k] + below[k]
        if tied:
            _ties(y, count, equal, ties)
        for k in range(width):
            out[0, first + k] = n[k]
            out[1, first + k] = above[k] - below[k]
            out[2, first + k] = 0.5 * n[k] * (n[k] - 1.0) - above[k] - below[k]
            out[3, first + k] = ties[k] if tied else 0.0


@compiled
def _slopes(x, group, y, slopes):
    """Fill `slopes` with those between pairs of one group and two times; return how many rows."""
    count = x.shape[0]
    m = 0
    for i in range(count - 1):
        for j in range(i + 1, count):
            if group[i] == group[j] and x[i] < x[j]:
                run = x[j] - x[i]
                for k in range(LANES):
                    slopes[m, k] = (y[j, k] - y[i, k]) / run
                m += 1
    return m


@compiled
def _line(x, y, slope, error, work):
    """Estimate a least-squares slope and its standard error: where to look for other slopes."""
    n, mean_x, mean_y, sxx, sxy, syy = work[0], work[1], work[2], work[3], work[4], work[5]
    for r in range(6):
        for k in range(LANES):
            work[r, k] = 0.0
    for i in range(x.shape[0]):
        for k in range(LANES):
            valid = y[i, k] == y[i, k]
            n[k] += 1.0 if valid else 0.0
            mean_x[k] += x[i] if valid else 0.0
            mean_y[k] += y[i, k] if valid else 0.0
    for k in range(LANES):
        mean_x[k] /= n[k]
        mean_y[k] /= n[k]
    for i in range(x.shape[0]):
        for k in range(LANES):
            valid = y[i, k] == y[i, k]
            dx = x[i] - mean_x[k] if valid else 0.0
            dy = y[i, k] - mean_y[k] if valid else 0.0
            sxx[k] += dx * dx
            sxy[k] += dx * dy
            syy[k] += dy * dy
    for k in range(LANES):
        slope[k] = sxy[k] / sxx[k]
        error[k] = np.sqrt(max(syy[k] / sxx[k] - slope[k] * slope[k], 0.0) / n[k])


@compiled
def _bracket(rows, m, line, rank, n, low, high, known, work):
    """Move `low` and `high`, the smallest and the largest of `n` slopes, near to the ranks.

    Looks for them where Kendall's S would have its quantiles, as far from the least-squares slope
    in standard errors as the ranks are from the middle in those of S. `known` becomes the number
    of slopes below `low`, and of those up to `high`.
    """
    slope, error, rank1, rank2 = line[0], line[1], rank[0], rank[1]
    n_low, n_high = known[0], known[1]
    left, right, below, within = work[0], work[1], work[2], work[3]
    for k in range(LANES):
        root = np.sqrt(np.sqrt(2.0 * n[k]))
        z = 3.0 * (rank1[k] + rank2[k] + 1.0 - n[k]) / (root * root * root)
        left[k] = slope[k] + (z - _REACH) * error[k]
        right[k] = slope[k] + (z + _REACH) * error[k]
        below[k] = 0.0
        within[k] = 0.0
    for r in range(0, m, AHEAD):
        for k in range(LANES):
            v0 = rows[r, k]
            v1 = rows[r + 1, k]
            v2 = rows[r + 2, k]
            v3 = rows[r + 3, k]
            t = left[k]
            a0 = 1.0 if v0 < t else 0.0
            a1 = 1.0 if v1 < t else 0.0
            a2 = 1.0 if v2 < t else 0.0
            a3 = 1.0 if v3 < t else 0.0
            below[k] += (a0 + a1) + (a2 + a3)
            t = right[k]
            b0 = 1.0 if v0 < t else 0.0
            b1 = 1.0 if v1 < t else 0.0
            b2 = 1.0 if v2 < t else 0.0
            b3 = 1.0 if v3 < t else 0.0
            within[k] += (b0 + b1) + (b2 + b3)
    for k in range(LANES):
        n_low[k] = 0.0
        n_high[k] = n[k]
        if below[k] <= rank1[k] and left[k] > low[k]:
            low[k] = left[k]
            n_low[k] = below[k]
        if within[k] <= rank1[k] and right[k] > low[k]:
            low[k] = right[k]
            n_low[k] = within[k]
        if within[k] > rank2[k] and right[k] < high[k]:
            high[k] = right[k]
            n_high[k] = within[k]
        if below[k] > rank2[k] and left[k] < high[k]:
            high[k] = left[k]
            n_high[k] = below[k]


@compiled
def sen_slopes(x, group, values, ranks, known_median, out):
    """Fill `out` with the median of the slopes between the values of each group, and other ranks.

    `x` and `group` are (N,), `values` (N, P). `ranks`, (R, P), are counted from 0 and give rows 1
    to R of `out`, (1 + R, P); row 0 is the median, unless it is known. NaN where a pixel has no
    pair.
    """
    count, pixels = values.shape
    pairs = 0
    for i in range(count - 1):
        for j in range(i + 1, count):
            pairs += group[i] == group[j] and x[i] < x[j]
    y = np.empty((count, LANES))
    slopes = np.empty((pairs + AHEAD, LANES))
    n = np.empty(LANES)
    ends = np.empty((2, LANES))
    line = np.empty((2, LANES))
    low = np.empty(LANES)
    high = np.empty(LANES)
    rank = np.empty((2, LANES))
    known = np.empty((2, LANES))
    work = np.empty((6, LANES))
    for first in range(0, pixels, LANES):
        width = load(values, first, y)
        _line(x, y, line[0], line[1], work)
        m = pad(slopes, _slopes(x, group, y, slopes))
        extent(slopes, m, ends[0], ends[1], n)
        for r in range(1 if known_median else 0, 1 + ranks.shape[0]):
            for k in range(LANES):
                low[k] = ends[0, k]
                high[k] = ends[1, k]
                rank[0, k] = np.floor(0.5 * (n[k] - 1.0))
                rank[1, k] = np.floor(0.5 * n[k])
            if r > 0:
                for k in range(LANES):
                    rank[0, k] = ranks[r - 1, first + k] if k < width else 0.0
                    rank[1, k] = rank[0, k]
            _bracket(slopes, m, line, rank, n, low, high, known, work)
            select(slopes, m, rank[0], rank[1], low, high, known[0], known[1], work)
            for k in range(width):
                value = low[k] if low[k] == high[k] else 0.5 * (low[k] + high[k])
                out[r, first + k] = value if n[k] > 0.0 else np.nan


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
