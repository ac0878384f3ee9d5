"""Compiled kernels for the slopes of Theil and Sen: those of some ranks among all pairs of values.

A slope of some rank is looked for among rounded slopes, Float32, which are fast to make and to
count. What is left in a narrow bracket, widened by the error of rounding, is made again as it
should be, and the rank is selected there: the numbers are those of all slopes.
"""

from __future__ import annotations

import numpy as np

from pixeltrend.reducers.lanes import AHEAD, LANES, compiled, load
from pixeltrend.reducers.select_kernel import extent, pad, select

_HUGE = 8e307  # differences of values up to this one are finite
_REACH = np.float32(0.8)  # standard errors within which most slopes are where they are looked for
_ENOUGH = 7  # slopes in a bracket
_PASSES = 8
_BITS = 32
_INF = np.float32(np.inf)
_EIGHTH = np.float32(0.125)
_ROUNDING = np.float32(2.0**-20)
_FLOATS = tuple(np.float32([0.0, 0.5, 1.0, 2.0, 6.0]))
_ZERO, _HALF, _ONE, _TWO, _SIX = _FLOATS

# Multiplied by this number, each power of two has other highest six bits.
_MAGIC = np.uint64(0x03F79D71B4CB0A89)
_ROWS = np.zeros(64, dtype=np.uint64)
for _bit in range(64):
    _ROWS[((1 << _bit) * int(_MAGIC) >> 58) & 63] = 63 - _bit
_U58 = np.uint64(58)


@compiled
def _shrink(y, least, most, small):
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


@compiled
def _line(x, y, n, slope, error, work):
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
        error[k] = _ROUNDING + np.sqrt(v if v > _ZERO else _ZERO)


@compiled
def _rough(early, late, part, small, rows):
    """Fill `rows` with rounded slopes."""
    for r in range(rows.shape[0]):
        i, j, one = early[r], late[r], part[r]
        for k in range(LANES):
            rows[r, k] = (small[j, k] - small[i, k]) * one


@compiled
def _slopes(early, late, run, y, slopes):
    """Fill `slopes` with all slopes; return how many rows."""
    for r in range(early.shape[0]):
        i, j, one = early[r], late[r], run[r]
        for k in range(LANES):
            slopes[r, k] = (y[j, k] - y[i, k]) / one
    return early.shape[0]


@compiled
def _count(rows, left, right, below, within):
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


@compiled
def _start(n, first, last, slope, error, left, right):
    """Choose the first thresholds: where Kendall's S would have its quantiles."""
    for k in range(LANES):
        root = np.sqrt(np.sqrt(np.float32(2 * n[k])))
        z = np.float32(3 * (first[k] + last[k] + 1 - n[k])) / (root * root * root)
        left[k] = slope[k] + (z - _REACH) * error[k]
        right[k] = slope[k] + (z + _REACH) * error[k]


@compiled
def _aim(first, last, below, within, left, right, low, high):
    """Choose thresholds on both sides of the ranks, on the line through the last two counts."""
    for k in range(LANES):
        size = np.float32(within[k] - below[k])
        missing = _HALF * np.float32(first[k] + last[k] + 1 - 2 * below[k])
        margin = _ONE + np.float32(0.4) * np.sqrt(abs(missing) + abs(size - missing))
        unit = (right[k] - left[k]) / size
        t = left[k] + missing * unit
        left[k] = t - margin * unit
        right[k] = t + margin * unit
    for k in range(LANES):
        t, a, b = left[k], low[k], high[k]
        left[k] = t if a < t and t < b else _EIGHTH * a if a < _ZERO and b > _ZERO else _HALF * (a + b)
    for k in range(LANES):
        t, a, b = right[k], low[k], high[k]
        right[k] = t if a < t and t < b else _EIGHTH * b if a < _ZERO and b > _ZERO else _HALF * (a + b)


@compiled
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


@compiled
def _bracket(rows, first, last, at, counts, ends, known):
    """Narrow the brackets, until few slopes are in most of them; return how many in all."""
    low, high, n_low, n_high = ends[0], ends[1], known[0], known[1]
    before = total = 0
    for step in range(_PASSES):
        if step > 0:
            _aim(first, last, counts[0], counts[1], at[0], at[1], low, high)
        _count(rows, at[0], at[1], counts[0], counts[1])
        _narrow(first, last, at[0], counts[0], low, high, n_low, n_high)
        _narrow(first, last, at[1], counts[1], low, high, n_low, n_high)
        before, total = total, 0
        for k in range(LANES):
            total += n_high[k] - n_low[k]
        if total <= _ENOUGH * LANES or (step > 2 and 4 * total > 3 * before):
            break
    return total


@compiled
def _close_zeros(early, late, run, y, first, last, ends, known, negative, positive):
    """Empty the brackets of the lanes whose ranks are slopes of zero; return how many others."""
    for k in range(LANES):
        negative[k] = 0.0
        positive[k] = 0.0
    for r in range(early.shape[0]):
        i, j = early[r], late[r]
        if run[r] > 0.0:
            for k in range(LANES):
                negative[k] += 1.0 if y[j, k] < y[i, k] else 0.0
                positive[k] += 1.0 if y[j, k] > y[i, k] else 0.0
    total = 0
    for k in range(LANES):
        if negative[k] <= first[k] and last[k] < known[2, k] - positive[k]:
            ends[0, k] = _INF
            ends[1, k] = _INF
        else:
            total += known[1, k] - known[0, k]
    return total


@compiled
def _mark(rows, low, high, marks, below):
    """Mark the slopes within the brackets, a bit each, and count those below."""
    for k in range(LANES):
        below[k] = 0
    for w in range(rows.shape[0] // _BITS):
        mark = marks[w]
        for k in range(LANES):
            mark[k] = 0
        for r in range(w * _BITS, (w + 1) * _BITS, AHEAD):
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
                mark[k] = 16 * mark[k] + 8 * b0 + 4 * b1 + 2 * b2 + b3


@compiled
def _exact(early, late, run, y, marks, words, slopes, size):
    """Fill `slopes` with the marked slopes of each lane; return the rows of the fullest one."""
    last = words.shape[0] - 1
    for w in range(last):
        for k in range(LANES):
            words[w, k] = np.uint64(marks[2 * w, k]) << np.uint64(_BITS) | np.uint64(
                np.uint32(marks[2 * w + 1, k])
            )
    most = 0
    for k in range(LANES):
        c, w, word = 0, 0, words[0, k]
        while w < last:
            bit = word & (~word + np.uint64(1))
            r = np.uint64(64 * w) + _ROWS[(bit * _MAGIC) >> _U58]
            slopes[c, k] = (y[late[r], k] - y[early[r], k]) / run[r]
            word ^= bit
            c += bit != 0
            done = word == 0
            w += done
            word |= words[w, k] & (~np.uint64(done) + np.uint64(1))
        size[k] = c
        most = max(most, c)
    for k in range(LANES):
        for c in range(size[k], most):
            slopes[c, k] = np.nan
    return most


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
    words = (pairs + 63) // 64
    early = np.zeros(64 * words, dtype=np.uint64)
    late = np.zeros(64 * words, dtype=np.uint64)
    run = np.full(64 * words, np.nan)  # what it divides counts for nothing
    r = 0
    for i in range(count - 1):
        for j in range(i + 1, count):
            if group[i] == group[j] and x[i] < x[j]:
                early[r], late[r], run[r] = i, j, x[j] - x[i]
                r += 1
    part = (1.0 / run).astype(np.float32)
    most_part = part[:pairs].max() if pairs else _ONE
    x1 = (x - 0.5 * (x[0] + x[-1])).astype(np.float32)
    every = 2 * pairs == count * (count - 1)
    packed = np.zeros((words + 1, LANES), dtype=np.uint64)
    marks = np.zeros((2 * words, LANES), dtype=np.int32)
    rows = np.empty(((pairs + _BITS - 1) // _BITS * _BITS, LANES), dtype=np.float32)
    y = np.empty((count, LANES))
    small = np.empty((count, LANES), dtype=np.float32)
    slopes = np.empty((64 * words + AHEAD, LANES))
    floats = np.empty((6, LANES), dtype=np.float32)
    line, at, ends = floats[0:2], floats[2:4], floats[4:6]
    ints = np.empty((8, LANES), dtype=np.int32)
    n, rank, counts, known, below = ints[2], ints[3:5], ints[5:7], ints[0:2], ints[7]
    sums = np.empty((5, LANES), dtype=np.float32)
    size = np.empty(LANES, dtype=np.int64)
    low = np.empty(LANES)
    high = np.empty(LANES)
    work = np.empty((8, LANES))
    for first in range(0, pixels, LANES):
        width = load(values, first, y)
        ordinary = _shrink(y, low, high, small)
        if ordinary:
            _line(x1, small, n, line[0], line[1], sums)
            _rough(early, late, part, small, rows)
            if every:
                for k in range(LANES):
                    n[k] = n[k] * (n[k] - 1) // 2
            else:
                at[:] = _INF
                _count(rows, at[0], at[1], n, below)
        else:
            m = pad(slopes, _slopes(early, late, run, y, slopes))
            extent(slopes, m, low, high, work[5])
            for k in range(LANES):
                n[k] = work[5, k]
        for q in range(1 if known_median else 0, 1 + ranks.shape[0]):
            for k in range(LANES):
                rank[0, k] = (n[k] + 1) // 2 - 1
                rank[1, k] = n[k] // 2
            if q > 0:
                for k in range(LANES):
                    rank[0, k] = ranks[q - 1, first + k] if k < width else 0.0
                    rank[1, k] = rank[0, k]
            below[:] = 0
            if ordinary:
                ends[0] = np.float32(-3.0) * most_part
                ends[1] = np.float32(3.0) * most_part
                for k in range(LANES):
                    known[0, k] = 0
                    known[1, k] = n[k]
                _start(n, rank[0], rank[1], line[0], line[1], at[0], at[1])
                total = _bracket(rows, rank[0], rank[1], at, counts, ends, known)
                if total > 2 * _ENOUGH * LANES:
                    total = _close_zeros(
                        early, late, run, y, rank[0], rank[1], ends, ints, work[0], work[1]
                    )
                if 8 * total > pairs * LANES:
                    for k in range(LANES):
                        size[k] = 1
                    m = _slopes(early, late, run, y, slopes)
                else:
                    for k in range(LANES):
                        ends[0, k] -= _ROUNDING * most_part
                        ends[1, k] += _ROUNDING * most_part
                    _mark(rows, ends[0], ends[1], marks, below)
                    m = _exact(early, late, run, y, marks, packed, slopes, size)
                m = pad(slopes, m)
            extent(slopes, m, low, high, work[5])
            for k in range(LANES):
                work[4, k] = 0.0
                work[6, k] = rank[0, k] - below[k]
                work[7, k] = rank[1, k] - below[k]
            select(slopes, m, work[6], work[7], low, high, work[4], work[5], work)
            for k in range(width):
                value = low[k] if low[k] == high[k] else 0.5 * (low[k] + high[k])
                value = value + 0.0 if size[k] > 0 or not ordinary else 0.0
                out[q, first + k] = value if n[k] > 0 else np.nan
