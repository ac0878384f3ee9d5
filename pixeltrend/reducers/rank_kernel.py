"""Compiled kernels over pairs of values: Mann-Kendall scores, Theil-Sen slopes, medians.

The lanes of the processor's vectors are pixels: 64 of them are worked on side by side, and every
inner loop runs over these lanes with the same few operations for each. A missing value is NaN,
which no comparison counts. No input or output and no checks in here: see theil_sen.py.
"""

from __future__ import annotations

import numpy as np
from numba import njit

LANES = 64
_AHEAD = 4  # rows that one step of a loop over slopes takes
_REACH = 1.0  # standard errors within which most slopes are where they are looked for


@njit(cache=True, nogil=True, error_model="numpy")
def _load(values, first, y, n):
    """Copy the pixels from `first` on into the lanes, and count their values."""
    width = min(LANES, values.shape[1] - first)
    for k in range(LANES):
        n[k] = 0.0
    for i in range(values.shape[0]):
        for k in range(width):
            y[i, k] = values[i, first + k]
        for k in range(width, LANES):
            y[i, k] = np.nan
        for k in range(LANES):
            n[k] += 1.0 if y[i, k] == y[i, k] else 0.0
    return width


@njit(cache=True, nogil=True, error_model="numpy")
def _signs(y, count, above, below):
    """Count the pairs whose later value is above, and below, the earlier one.

    Rows after the first `count` are missing values.
    """
    for k in range(LANES):
        above[k] = 0.0
        below[k] = 0.0
    for i in range(count - 1):
        for j in range(i + 1, count, _AHEAD):
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


@njit(cache=True, nogil=True, error_model="numpy")
def _ties(y, count, equal, ties):
    """Sum t (t - 1) (2 t + 5) over the groups of t equal values: (t - 1) (2 t + 5) a value.

    Rows after the first `count` are missing values.
    """
    for k in range(LANES):
        ties[k] = 0.0
    for i in range(count):
        for k in range(LANES):
            equal[k] = 0.0
        for j in range(0, count, _AHEAD):
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


@njit(cache=True, nogil=True, error_model="numpy")
def mann_kendall_scores(values, out):
    """Fill `out`, (4, P): number of values, S, tied pairs, sum of t (t - 1) (2 t + 5) over ties."""
    count, pixels = values.shape
    y = np.full((count + _AHEAD, LANES), np.nan)
    n = np.empty(LANES)
    above = np.empty(LANES)
    below = np.empty(LANES)
    equal = np.empty(LANES)
    ties = np.empty(LANES)
    for first in range(0, pixels, LANES):
        width = _load(values, first, y, n)
        _signs(y, count, above, below)
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


@njit(cache=True, nogil=True, error_model="numpy")
def _slopes(x, group, y, slopes):
    """Fill `slopes` with those between all pairs of one group; give the number of rows filled."""
    count = x.shape[0]
    m = 0
    for i in range(count - 1):
        for j in range(i + 1, count):
            if group[i] == group[j]:
                run = x[j] - x[i]
                for k in range(LANES):
                    slopes[m, k] = (y[j, k] - y[i, k]) / run
                m += 1
    return m


@njit(cache=True, nogil=True, error_model="numpy")
def _pad(rows, m):
    """Add rows that count for nothing, up to a whole number of steps."""
    while m % _AHEAD:
        for k in range(LANES):
            rows[m, k] = np.nan
        m += 1
    return m


@njit(cache=True, nogil=True, error_model="numpy")
def _extent(rows, m, low, high, n):
    """Find the smallest and the largest value of each lane, and count the values."""
    for k in range(LANES):
        low[k] = np.inf
        high[k] = -np.inf
        n[k] = 0.0
    for r in range(0, m, _AHEAD):
        for k in range(LANES):
            v0 = rows[r, k]
            v1 = rows[r + 1, k]
            v2 = rows[r + 2, k]
            v3 = rows[r + 3, k]
            least = low[k]
            least = v0 if v0 < least else least
            least = v1 if v1 < least else least
            least = v2 if v2 < least else least
            low[k] = v3 if v3 < least else least
            most = high[k]
            most = v0 if v0 > most else most
            most = v1 if v1 > most else most
            most = v2 if v2 > most else most
            high[k] = v3 if v3 > most else most
            n0 = 1.0 if v0 == v0 else 0.0
            n1 = 1.0 if v1 == v1 else 0.0
            n2 = 1.0 if v2 == v2 else 0.0
            n3 = 1.0 if v3 == v3 else 0.0
            n[k] += (n0 + n1) + (n2 + n3)


@njit(cache=True, nogil=True, error_model="numpy")
def _line(x, y, slope, error, work):
    """Estimate a least-squares slope and its standard error: where to look for other slopes."""
    n, mean_x, mean_y, sxx, sxy, syy = work[0], work[1], work[2], work[3], work[4], work[5]
    for r in range(6):
        for k in range(LANES):
            work[r, k] = 0.0
    for i in range(x.shape[0]):
        for k in range(LANES):
            there = y[i, k] == y[i, k]
            n[k] += 1.0 if there else 0.0
            mean_x[k] += x[i] if there else 0.0
            mean_y[k] += y[i, k] if there else 0.0
    for k in range(LANES):
        mean_x[k] /= n[k]
        mean_y[k] /= n[k]
    for i in range(x.shape[0]):
        for k in range(LANES):
            there = y[i, k] == y[i, k]
            dx = x[i] - mean_x[k] if there else 0.0
            dy = y[i, k] - mean_y[k] if there else 0.0
            sxx[k] += dx * dx
            sxy[k] += dx * dy
            syy[k] += dy * dy
    for k in range(LANES):
        slope[k] = sxy[k] / sxx[k]
        error[k] = np.sqrt(max(syy[k] / sxx[k] - slope[k] * slope[k], 0.0) / n[k])


@njit(cache=True, nogil=True, error_model="numpy")
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
    for r in range(0, m, _AHEAD):
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


@njit(cache=True, nogil=True, error_model="numpy")
def _split(rows, m, at, count, under, over):
    """Count the values below `at`, and find the largest below and the smallest not below it."""
    inf = np.inf
    for k in range(LANES):
        count[k] = 0.0
        under[k] = -inf
        over[k] = inf
    for r in range(0, m, _AHEAD):
        for k in range(LANES):
            t = at[k]
            v0 = rows[r, k]
            v1 = rows[r + 1, k]
            v2 = rows[r + 2, k]
            v3 = rows[r + 3, k]
            c0 = 1.0 if v0 < t else 0.0
            c1 = 1.0 if v1 < t else 0.0
            c2 = 1.0 if v2 < t else 0.0
            c3 = 1.0 if v3 < t else 0.0
            count[k] += (c0 + c1) + (c2 + c3)
            u0 = v0 if v0 < t else -inf
            u1 = v1 if v1 < t else -inf
            u2 = v2 if v2 < t else -inf
            u3 = v3 if v3 < t else -inf
            u0 = u0 if u0 > u1 else u1
            u2 = u2 if u2 > u3 else u3
            u0 = u0 if u0 > u2 else u2
            under[k] = u0 if u0 > under[k] else under[k]
            o0 = v0 if v0 >= t else inf
            o1 = v1 if v1 >= t else inf
            o2 = v2 if v2 >= t else inf
            o3 = v3 if v3 >= t else inf
            o0 = o0 if o0 < o1 else o1
            o2 = o2 if o2 < o3 else o3
            o0 = o0 if o0 < o2 else o2
            over[k] = o0 if o0 < over[k] else over[k]


@njit(cache=True, nogil=True, error_model="numpy")
def _select(rows, m, rank1, rank2, low, high, n_low, n_high, work):
    """Find the values of one rank, or of two neighbouring ones, counted from 0, in each lane.

    On entry `n_low` values are below `low`, and `n_high` are not above `high`; on return these two
    are the values of the two ranks, in any order. At every step one of them moves past a value, to
    the next value of the lane: it ends, and it ends at the very values.
    """
    at, count, under, over = work[0], work[1], work[2], work[3]
    step = 1
    while True:
        open_lanes = 0
        for k in range(LANES):
            open_lanes += low[k] < high[k]
        if open_lanes == 0:
            return
        for k in range(LANES):
            # Twice where the counts say that the rank should be, then in the middle.
            part = (0.5 * (rank1[k] + rank2[k] + 1.0) - n_low[k]) / (n_high[k] - n_low[k])
            part = 0.5 if step % 3 == 0 else part
            t = low[k] + (high[k] - low[k]) * part
            t = t if t > low[k] else high[k]
            at[k] = t if t <= high[k] else high[k]
        step += 1
        _split(rows, m, at, count, under, over)
        for k in range(LANES):
            if low[k] < high[k]:
                if count[k] == rank2[k] and rank1[k] < rank2[k]:
                    low[k] = over[k]  # above `high`: this lane is done
                    high[k] = under[k]
                elif count[k] <= rank1[k]:
                    low[k] = over[k]
                    n_low[k] = count[k]
                    if count[k] == rank2[k]:
                        high[k] = over[k]
                else:
                    high[k] = under[k]
                    n_high[k] = count[k]
                    if count[k] == rank1[k] + 1.0 and rank1[k] == rank2[k]:
                        low[k] = under[k]


@njit(cache=True, nogil=True, error_model="numpy")
def medians(values, out):
    """Fill `out`, (P,), with the medians of `values`, (N, P); NaN where there is no value."""
    count, pixels = values.shape
    rows = np.empty((count + _AHEAD, LANES))
    n = np.empty(LANES)
    low = np.empty(LANES)
    high = np.empty(LANES)
    rank = np.empty((2, LANES))
    known = np.empty((2, LANES))
    work = np.empty((4, LANES))
    for first in range(0, pixels, LANES):
        width = _load(values, first, rows[:count], n)
        m = _pad(rows, count)
        _extent(rows, m, low, high, n)
        for k in range(LANES):
            rank[0, k] = np.floor(0.5 * (n[k] - 1.0))
            rank[1, k] = np.floor(0.5 * n[k])
            known[0, k] = 0.0
            known[1, k] = n[k]
        _select(rows, m, rank[0], rank[1], low, high, known[0], known[1], work)
        for k in range(width):
            middle = low[k] if low[k] == high[k] else 0.5 * (low[k] + high[k])
            out[first + k] = middle if n[k] > 0.0 else np.nan


@njit(cache=True, nogil=True, error_model="numpy")
def sen_slopes(x, group, values, ranks, out):
    """Fill `out` with the median of the slopes between the values of each group, and other ranks.

    `x` and `group` are (N,), `values` (N, P). `ranks`, (R, P), are counted from 0 and give rows 1
    to R of `out`, (1 + R, P); row 0 is the median. NaN where there is no pair.
    """
    count, pixels = values.shape
    pairs = 0
    for i in range(count - 1):
        for j in range(i + 1, count):
            pairs += group[i] == group[j]
    y = np.empty((count, LANES))
    slopes = np.empty((pairs + _AHEAD, LANES))
    n = np.empty(LANES)
    extent = np.empty((2, LANES))
    line = np.empty((2, LANES))
    low = np.empty(LANES)
    high = np.empty(LANES)
    rank = np.empty((2, LANES))
    known = np.empty((2, LANES))
    work = np.empty((6, LANES))
    for first in range(0, pixels, LANES):
        width = _load(values, first, y, n)
        _line(x, y, line[0], line[1], work)
        m = _pad(slopes, _slopes(x, group, y, slopes))
        _extent(slopes, m, extent[0], extent[1], n)
        for r in range(1 + ranks.shape[0]):
            for k in range(LANES):
                low[k] = extent[0, k]
                high[k] = extent[1, k]
                rank[0, k] = np.floor(0.5 * (n[k] - 1.0))
                rank[1, k] = np.floor(0.5 * n[k])
            if r > 0:
                for k in range(LANES):
                    rank[0, k] = ranks[r - 1, first + k] if k < width else 0.0
                    rank[1, k] = rank[0, k]
            _bracket(slopes, m, line, rank, n, low, high, known, work)
            _select(slopes, m, rank[0], rank[1], low, high, known[0], known[1], work)
            for k in range(width):
                value = low[k] if low[k] == high[k] else 0.5 * (low[k] + high[k])
                out[r, first + k] = value if n[k] > 0.0 else np.nan
