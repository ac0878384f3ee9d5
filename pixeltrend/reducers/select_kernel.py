"""Compiled kernels that select by rank: medians, percentiles, the slopes of some ranks."""

from __future__ import annotations

import numpy as np

from pixeltrend.reducers.lanes import AHEAD, LANES, compiled, inner, load


@inner
def pad(rows, m):
    """Add rows that count for nothing, up to a whole number of steps."""
    while m % AHEAD:
        for k in range(LANES):
            rows[m, k] = np.nan
        m += 1
    return m


@inner
def extent(rows, m, low, high, n):
    """Find the smallest and the largest value of each lane, and count the values."""
    for k in range(LANES):
        low[k] = np.inf
        high[k] = -np.inf
        n[k] = 0.0
    for r in range(0, m, AHEAD):
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


@inner
def _split(rows, m, at, count, under, over):
    """Count the values below `at`, and find the largest below and the smallest not below it."""
    inf = np.inf
    for k in range(LANES):
        count[k] = 0.0
        under[k] = -inf
        over[k] = inf
    for r in range(0, m, AHEAD):
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


@inner
def select(rows, m, rank1, rank2, low, high, n_low, n_high, work):
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
            # Twice where the rank should be by the counts, then in the middle.
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


@compiled
def medians(values, out):
    """Fill `out`, (P,), with the medians of `values`, (N, P); NaN where a pixel has no value."""
    count, pixels = values.shape
    rows = np.empty((count + AHEAD, LANES))
    n = np.empty(LANES)
    low = np.empty(LANES)
    high = np.empty(LANES)
    rank = np.empty((2, LANES))
    known = np.empty((2, LANES))
    work = np.empty((4, LANES))
    for first in range(0, pixels, LANES):
        width = load(values, first, rows[:count])
        m = pad(rows, count)
        extent(rows, m, low, high, n)
        for k in range(LANES):
            rank[0, k] = np.floor(0.5 * (n[k] - 1.0))
            rank[1, k] = np.floor(0.5 * n[k])
            known[0, k] = 0.0
            known[1, k] = n[k]
        select(rows, m, rank[0], rank[1], low, high, known[0], known[1], work)
        for k in range(width):
            middle = low[k] if low[k] == high[k] else 0.5 * (low[k] + high[k])
            out[first + k] = middle if n[k] > 0.0 else np.nan


@compiled
def percentiles(values, part, out):
    """Fill `out`, (P,), with percentiles of `values`, (N, P); NaN where a pixel has no value.

    `part` is 0.9 for the 90th percentile. Between two ranks it is the line between their values,
    counted from the nearer one, as `numpy.percentile` does.
    """
    count, pixels = values.shape
    rows = np.empty((count + AHEAD, LANES))
    n = np.empty(LANES)
    low = np.empty(LANES)
    high = np.empty(LANES)
    rank = np.empty((3, LANES))
    known = np.empty((2, LANES))
    work = np.empty((4, LANES))
    for first in range(0, pixels, LANES):
        width = load(values, first, rows[:count])
        m = pad(rows, count)
        extent(rows, m, low, high, n)
        for k in range(LANES):
            rank[2, k] = part * (n[k] - 1.0)
            rank[0, k] = np.floor(rank[2, k])
            rank[1, k] = np.ceil(rank[2, k])
            known[0, k] = 0.0
            known[1, k] = n[k]
        select(rows, m, rank[0], rank[1], low, high, known[0], known[1], work)
        for k in range(width):
            least = low[k] if low[k] < high[k] else high[k]
            most = high[k] if low[k] < high[k] else low[k]
            after = rank[2, k] - rank[0, k]
            step = most - least
            value = least + step * after if 2.0 * after < 1.0 else most - step * (1.0 - after)
            value = least if step == 0.0 else value
            out[first + k] = value if n[k] > 0.0 else np.nan
