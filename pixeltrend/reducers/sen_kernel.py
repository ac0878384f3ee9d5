"""Compiled kernels for the slopes of Theil and Sen: those of some ranks among all pairs of values.

A slope is looked for among rounded slopes. What is left in a narrow bracket, widened by twice the
error of rounding, is made again by the very division, and the rank is selected there: the numbers
are those of a selection among all slopes.
"""

from __future__ import annotations

import numpy as np

from pixeltrend.reducers import rough_slopes_kernel as rough
from pixeltrend.reducers.lanes import AHEAD, LANES, compiled, inner, load
from pixeltrend.reducers.select_kernel import extent, select

_FEW = 14  # slopes a bracket: more of them are often ties, and most ties are slopes of zero
_CLOSED = np.float32(np.inf)

# Multiplied by this number (de Bruijn), each power of two has other highest six bits. `_ROWS` says
# which of 64 rows such a bit marks.
_MAGIC = np.uint64(0x03F79D71B4CB0A89)
_ROWS = np.zeros(64, dtype=np.uint64)
for _bit in range(64):
    _ROWS[((1 << _bit) * int(_MAGIC) >> 58) & 63] = 63 - _bit
_TOP_SIX = np.uint64(58)
_ONE = np.uint64(1)
_HALF_WORD = np.uint64(32)


@inner
def _slopes(early, late, run, y, slopes):
    """Fill `slopes` with all slopes; return how many rows."""
    for r in range(early.shape[0]):
        i, j, one = early[r], late[r], run[r]
        for k in range(LANES):
            slopes[r, k] = (y[j, k] - y[i, k]) / one
    return early.shape[0]


@inner
def _close_zeros(early, late, run, y, n, rank, ends, known, negative, positive):
    """Close the brackets of the lanes whose ranks are slopes of zero; return what others hold."""
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
        if negative[k] <= rank[0, k] and rank[1, k] < n[k] - positive[k]:
            ends[0, k] = _CLOSED
            ends[1, k] = _CLOSED
        else:
            total += known[1, k] - known[0, k]
    return total


@inner
def _marked_slopes(early, late, run, y, marks, words, slopes, size):
    """Fill `slopes` with the marked slopes of each lane; return how many rows."""
    last = words.shape[0] - 1  # a word of no marks
    for w in range(last):
        for k in range(LANES):
            left, right = np.uint64(marks[2 * w, k]), np.uint64(np.uint32(marks[2 * w + 1, k]))
            words[w, k] = left << _HALF_WORD | right
    most = 0
    for k in range(LANES):  # without branches, which the processor could not foretell
        c, w, word = 0, 0, words[0, k]
        while w < last:
            bit = word & (~word + _ONE)
            r = np.uint64(64 * w) + _ROWS[(bit * _MAGIC) >> _TOP_SIX]
            slopes[c, k] = (y[late[r], k] - y[early[r], k]) / run[r]
            c += bit != 0
            word ^= bit
            done = word == 0
            w += done
            word |= words[w, k] & (~np.uint64(done) + _ONE)
        size[k] = c
        most = c if c > most else most
    most = (most + AHEAD - 1) // AHEAD * AHEAD
    for k in range(LANES):
        for c in range(size[k], most):
            slopes[c, k] = np.nan
    return most


@compiled
def sen_slopes(
    x,
    early,
    late,
    run,
    part,
    every,
    values,
    ranks,
    known_median,
    out,
    small,
    rows,
    marks,
    words,
    y,
    slopes,
    floats,
    whole,
    size,
    work,
):
    """Fill `out` with the median of the slopes between pairs of values, and other ranks.

    `x`, (N,), are Float32 times around 0, `values` (N, P). `early` and `late` are the rows of the
    values of each pair, `run` the time between them, filled up to whole words of 64 with NaN, and
    `part` 1 / run in Float32, or all NaN if this cannot be. `every` says that all values pair.
    `ranks`, (R, P), are counted from 0 and give rows 1 to R of `out`, (1 + R, P); row 0 is the
    median, unless it is known. NaN where a pixel has no pair. The rest is scratch.
    """
    line, at, ends, sums = floats[0:2], floats[2:4], floats[4:6], floats[6:11]
    rank, counts, known, n, below = whole[0:2], whole[2:4], whole[4:6], whole[6], whole[7]
    low, high, work = work[8], work[9], work[0:8]
    pixels = values.shape[1]
    steepest = np.float32(0.0)
    for r in range(part.shape[0]):
        steepest = part[r] if part[r] > steepest else steepest
    m = 0
    for first in range(0, pixels, LANES):
        width = load(values, first, y)
        roughly = rough.shrink(y, low, high, small) and steepest > 0.0
        if roughly:
            rough.line(x, small, n, line[0], line[1], sums)
            rough.rough_slopes(early, late, part, small, rows)
            if every:
                for k in range(LANES):
                    n[k] = n[k] * (n[k] - 1) // 2
            else:
                for k in range(LANES):
                    at[0, k] = at[1, k] = np.inf
                rough.count(rows, at[0], at[1], n, below)
        else:
            m = _slopes(early, late, run, y, slopes)
            extent(slopes, m, low, high, work[5])
            for k in range(LANES):
                n[k] = work[5, k]
        for q in range(1 if known_median else 0, 1 + ranks.shape[0]):
            for k in range(LANES):
                rank[0, k] = (n[k] + 1) // 2 - 1
                rank[1, k] = n[k] // 2
                if q > 0:
                    of_lane = ranks[q - 1, first + k] if k < width else 0.0
                    rank[0, k] = of_lane if of_lane > 0.0 else 0.0
                    rank[1, k] = rank[0, k]
                below[k] = 0
                ends[0, k] = -3.0 * steepest
                ends[1, k] = 3.0 * steepest
            if roughly:
                total = rough.bracket(rows, n, rank, line, at, counts, ends, known)
                if total > _FEW * LANES:
                    total = _close_zeros(
                        early, late, run, y, n, rank, ends, known, work[0], work[1]
                    )
                if 8 * total > rows.shape[0] * LANES:
                    m = _slopes(early, late, run, y, slopes)
                else:
                    for k in range(LANES):
                        ends[0, k] -= rough.ROUNDING * steepest
                        ends[1, k] += rough.ROUNDING * steepest
                    rough.mark(rows, ends[0], ends[1], marks, below)
                    m = _marked_slopes(early, late, run, y, marks, words, slopes, size)
            extent(slopes, m, low, high, work[5])
            for k in range(LANES):
                work[4, k] = 0.0
                work[6, k] = rank[0, k] - below[k]
                work[7, k] = rank[1, k] - below[k]
            select(slopes, m, work[6], work[7], low, high, work[4], work[5], work)
            for k in range(width):
                value = low[k] if low[k] == high[k] else 0.5 * (low[k] + high[k])
                value = 0.0 if ends[0, k] == _CLOSED else value + 0.0  # no zero is negative
                out[q, first + k] = value if n[k] > 0 else np.nan
