"""Compiled kernels that look for the slopes of some ranks among rounded ones.

Slopes in Float32 are fast to make and to count. They are those of values moved and scaled to -1 to
1, so that with r the steepest rounded slope that could be, each is off by less than 2^-21 r: two
values by 2^-25 each, their difference by 2^-24, and the product with 1 / run by 2^-22.
"""

from __future__ import annotations

import numpy as np

from pixeltrend.reducers.lanes import AHEAD, LANES, inner

BITS = 32  # rows that one mark tells of
ROUNDING = np.float32(2.0**-19)  # more than twice what a rounded slope is off by

_HUGE = 8e307  # differences of values up to this one are finite
_REACH = np.float32(0.8)  # standard errors within which most slopes are where they are looked for
_ENOUGH = 7  # slopes a bracket: counting them all once more would cost more than it saves
_PASSES = 8
_ZERO = np.float32(0.0)
_EIGHTH = np.float32(0.125)
_NOISE = np.float32(0.4)
_HALF = np.float32(0.5)
_ONE = np.float32(1.0)


@inner
def shrink(y, least, most, small):
    """Fill `small` with the values moved and scaled to -1 to 1; return whether they can be."""
    for k in range(LANES):
        least[k] = np.inf
        most[k] = -np.inf
    for i in range(y.shape[0]):
        for k in range(LANES):
            v = y[i, k]
            least[k] = v if v < least[k] else least[k]
            most[k] = v if v > most[k] else most[k]
    huge = 0
    for k in range(LANES):
        huge += (least[k] < -_HUGE) | (most[k] > _HUGE)
        middle = 0.5 * least[k] + 0.5 * most[k]
        most[k] = 1.0 / max(most[k] - middle, 1e-300)
        least[k] = middle
    for i in range(y.shape[0]):
        for k in range(LANES):
            small[i, k] = (y[i, k] - least[k]) * most[k]
    return huge == 0


@inner
def line(x, y, n, slope, error, work):
    """Estimate a least-squares slope and its standard error: where to look for other slopes."""
    sx, sy, sxx, sxy, syy = work[0], work[1], work[2], work[3], work[4]
    for k in range(LANES):
        n[k] = 0
    for r in range(5):
        for k in range(LANES):
            work[r, k] = _ZERO
    for i in range(y.shape[0]):
        x1 = x[i]
        x2 = x1 * x1
        for k in range(LANES):
            valid = y[i, k] == y[i, k]
            n[k] += valid
            sx[k] += x1 if valid else _ZERO
            sxx[k] += x2 if valid else _ZERO
        for k in range(LANES):
            v = y[i, k] if y[i, k] == y[i, k] else _ZERO
            sy[k] += v
            sxy[k] += x1 * v
            syy[k] += v * v
    for k in range(LANES):
        part = _ONE / np.float32(n[k])
        sxx[k] -= sx[k] * sx[k] * part
        syy[k] -= sy[k] * sy[k] * part
        sxy[k] -= sx[k] * sy[k] * part
    for k in range(LANES):
        slope[k] = sxy[k] / sxx[k]
    for k in range(LANES):
        v = (syy[k] / sxx[k] - slope[k] * slope[k]) / np.float32(n[k])
        error[k] = ROUNDING + np.sqrt(v if v > _ZERO else _ZERO)


@inner
def rough_slopes(early, late, part, small, rows):
    """Fill `rows` with rounded slopes; `part` is 1 / run."""
    for r in range(rows.shape[0]):
        i, j, one = early[r], late[r], part[r]
        for k in range(LANES):
            rows[r, k] = (small[j, k] - small[i, k]) * one


@inner
def count(rows, left, right, below, within):
    """Count the slopes below `left`, and those below `right`."""
    for k in range(LANES):
        below[k] = 0
        within[k] = 0
    for r in range(0, rows.shape[0], AHEAD):
        for k in range(LANES):
            v0 = rows[r, k]
            v1 = rows[r + 1, k]
            v2 = rows[r + 2, k]
            v3 = rows[r + 3, k]
            t = left[k]
            below[k] += (v0 < t) + (v1 < t) + (v2 < t) + (v3 < t)
            t = right[k]
            within[k] += (v0 < t) + (v1 < t) + (v2 < t) + (v3 < t)


@inner
def _start(n, first, last, slope, error, left, right):
    """Choose the first thresholds: where Kendall's S would have its quantiles."""
    for k in range(LANES):
        root = np.sqrt(np.sqrt(np.float32(2 * n[k])))
        z = np.float32(3 * (first[k] + last[k] + 1 - n[k])) / (root * root * root)
        left[k] = slope[k] + (z - _REACH) * error[k]
        right[k] = slope[k] + (z + _REACH) * error[k]


@inner
def _aim(first, last, below, within, left, right, low, high):
    """Choose thresholds on both sides of the ranks, on the line through the last two counts."""
    for k in range(LANES):
        size = np.float32(within[k] - below[k])
        missing = _HALF * np.float32(first[k] + last[k] + 1 - 2 * below[k])
        margin = _ONE + _NOISE * np.sqrt(abs(missing) + abs(size - missing))
        unit = (right[k] - left[k]) / size
        t = left[k] + missing * unit
        left[k] = t - margin * unit
        right[k] = t + margin * unit
    for k in range(LANES):
        t, a, b = left[k], low[k], high[k]
        left[k] = t if a < t < b else _EIGHTH * a if a < _ZERO and b > _ZERO else _HALF * (a + b)
    for k in range(LANES):
        t, a, b = right[k], low[k], high[k]
        right[k] = t if a < t < b else _EIGHTH * b if a < _ZERO and b > _ZERO else _HALF * (a + b)


@inner
def _narrow(first, last, t, count, low, high, n_low, n_high):
    """Move one end of each bracket to a threshold, if the ranks stay within."""
    for k in range(LANES):
        up = count[k] <= first[k] and t[k] > low[k]
        low[k] = t[k] if up else low[k]
        n_low[k] = count[k] if up else n_low[k]
    for k in range(LANES):
        down = count[k] > last[k] and t[k] < high[k]
        high[k] = t[k] if down else high[k]
        n_high[k] = count[k] if down else n_high[k]


@inner
def bracket(rows, n, rank, line, at, counts, ends, known):
    """Find an interval around the slopes of two ranks with few others in it, in each lane.

    `ends` become its ends, within which they are among the rounded slopes, `known` the numbers of
    rounded slopes below each end. Return how many are within, in all lanes.
    """
    first, last, low, high = rank[0], rank[1], ends[0], ends[1]
    before = total = 0
    for k in range(LANES):
        known[0, k] = 0
        known[1, k] = n[k]
    _start(n, first, last, line[0], line[1], at[0], at[1])
    for step in range(_PASSES):
        if step > 0:
            _aim(first, last, counts[0], counts[1], at[0], at[1], low, high)
        count(rows, at[0], at[1], counts[0], counts[1])
        _narrow(first, last, at[0], counts[0], low, high, known[0], known[1])
        _narrow(first, last, at[1], counts[1], low, high, known[0], known[1])
        before, total = total, 0
        for k in range(LANES):
            total += known[1, k] - known[0, k]
        stuck = total == before or (step > 2 and 4 * total > 3 * before)  # noqa: PLR2004
        if total <= _ENOUGH * LANES or stuck:
            break
    return total


@inner
def mark(rows, low, high, marks, below):
    """Mark the slopes from `low` to `high`, a bit each, the first highest; count those below."""
    for k in range(LANES):
        below[k] = 0
    for w in range(rows.shape[0] // BITS):
        marked = marks[w]
        for k in range(LANES):
            marked[k] = 0
        for r in range(w * BITS, (w + 1) * BITS, AHEAD):
            for k in range(LANES):
                v0 = rows[r, k]
                v1 = rows[r + 1, k]
                v2 = rows[r + 2, k]
                v3 = rows[r + 3, k]
                t = low[k]
                a0, a1, a2, a3 = v0 < t, v1 < t, v2 < t, v3 < t
                below[k] += a0 + a1 + a2 + a3
                t = high[k]
                b0, b1, b2, b3 = (v0 <= t) ^ a0, (v1 <= t) ^ a1, (v2 <= t) ^ a2, (v3 <= t) ^ a3
                marked[k] = 16 * marked[k] + 8 * b0 + 4 * b1 + 2 * b2 + b3
