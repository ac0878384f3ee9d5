"""Compiled kernels for the slopes of Theil and Sen: those of some ranks among all pairs of values."""

from __future__ import annotations

import numpy as np

from pixeltrend.reducers.lanes import AHEAD, LANES, compiled, load
from pixeltrend.reducers.select_kernel import extent, pad, select

_BITS = 24  # rows whose marks one Float32 holds exactly
_REACH = 1.0  # standard errors within which most slopes are where they are looked for
_ENOUGH = np.float32(12.0)
_PASSES = 5
_ONE = np.float32(1.0)
_ZERO = np.float32(0.0)
_INF = np.float32(np.inf)
_PLACES = np.array([{pow(2, b, 37): b for b in range(_BITS)}.get(r, 0) for r in range(37)])


@compiled
def _line(x, y, n, slope, error, work):
    """Estimate a least-squares slope and its standard error: where to look for other slopes."""
    number, mean_x, mean_y, sxx, sxy, syy = work[0], work[1], work[2], work[3], work[4], work[5]
    for r in range(6):
        for k in range(LANES):
            work[r, k] = 0.0
    for i in range(x.shape[0]):
        for k in range(LANES):
            valid = y[i, k] == y[i, k]
            number[k] += 1.0 if valid else 0.0
            mean_x[k] += x[i] if valid else 0.0
            mean_y[k] += y[i, k] if valid else 0.0
    for k in range(LANES):
        mean_x[k] /= number[k]
        mean_y[k] /= number[k]
    for i in range(x.shape[0]):
        for k in range(LANES):
            valid = y[i, k] == y[i, k]
            dx = x[i] - mean_x[k] if valid else 0.0
            dy = y[i, k] - mean_y[k] if valid else 0.0
            sxx[k] += dx * dx
            sxy[k] += dx * dy
            syy[k] += dy * dy
    for k in range(LANES):
        b = sxy[k] / sxx[k]
        slope[k] = b
        error[k] = np.sqrt(max(syy[k] / sxx[k] - b * b, 0.0) / number[k])


@compiled
def _rough(early, late, part, y, rows):
    """Fill `rows` with slopes rounded to Float32, and rows that count for nothing after them."""
    pairs = early.shape[0]
    for r in range(pairs):
        i, j, one = early[r], late[r], part[r]
        for k in range(LANES):
            rows[r, k] = (y[j, k] - y[i, k]) * one
    for r in range(pairs, rows.shape[0]):
        for k in range(LANES):
            rows[r, k] = np.nan


@compiled
def _number(rows, n):
    """Count the slopes."""
    for k in range(LANES):
        n[k] = _ZERO
    for r in range(0, rows.shape[0], AHEAD):
        for k in range(LANES):
            a0 = _ONE if rows[r, k] == rows[r, k] else _ZERO
            a1 = _ONE if rows[r + 1, k] == rows[r + 1, k] else _ZERO
            a2 = _ONE if rows[r + 2, k] == rows[r + 2, k] else _ZERO
            a3 = _ONE if rows[r + 3, k] == rows[r + 3, k] else _ZERO
            n[k] += (a0 + a1) + (a2 + a3)


@compiled
def _count(rows, left, right, below, within):
    """Count the slopes below `left`, and those below `right`."""
    for k in range(LANES):
        below[k] = _ZERO
        within[k] = _ZERO
    for r in range(0, rows.shape[0], AHEAD):
        for k in range(LANES):
            v0 = rows[r, k]
            v1 = rows[r + 1, k]
            v2 = rows[r + 2, k]
            v3 = rows[r + 3, k]
            t = left[k]
            a0 = _ONE if v0 < t else _ZERO
            a1 = _ONE if v1 < t else _ZERO
            a2 = _ONE if v2 < t else _ZERO
            a3 = _ONE if v3 < t else _ZERO
            below[k] += (a0 + a1) + (a2 + a3)
            t = right[k]
            b0 = _ONE if v0 < t else _ZERO
            b1 = _ONE if v1 < t else _ZERO
            b2 = _ONE if v2 < t else _ZERO
            b3 = _ONE if v3 < t else _ZERO
            within[k] += (b0 + b1) + (b2 + b3)


@compiled
def _aim(step, line, rank, n, bracket, at):
    """Choose the two thresholds of the next pass."""
    for k in range(LANES):
        slope, error = line[0, k], line[1, k]
        low, high, n_low, n_high = bracket[0, k], bracket[1, k], bracket[2, k], bracket[3, k]
        middle = np.float32(0.5) * (rank[0, k] + rank[1, k] + _ONE)
        if low > -_INF and high < _INF:
            size = n_high - n_low
            unit = (high - low) / size
            margin = np.float32(1.5) + np.float32(0.4) * np.sqrt(size)
            at[0, k] = low + (middle - margin - n_low) * unit
            at[1, k] = low + (middle + margin - n_low) * unit
        else:
            root = np.sqrt(np.sqrt(np.float32(2.0) * n[k]))
            z = np.float32(6.0) * (middle - np.float32(0.5) * n[k]) / (root * root * root)
            reach = np.float32(_REACH * 2.0**step)
            at[0, k] = slope + (z - reach) * error
            at[1, k] = slope + (z + reach) * error


@compiled
def _narrow(rank, at, counts, bracket):
    """Move the ends of the brackets to the thresholds; return how many are still wide."""
    wide = 0
    for k in range(LANES):
        for e in range(2):
            t, count = at[e, k], counts[e, k]
            if count <= rank[0, k] and t > bracket[0, k]:
                bracket[0, k] = t
                bracket[2, k] = count
            if count > rank[1, k] and t < bracket[1, k]:
                bracket[1, k] = t
                bracket[3, k] = count
        wide += bracket[3, k] - bracket[2, k] > _ENOUGH
    return wide


@compiled
def _mark(rows, bracket, marks, below):
    """Mark the slopes within the brackets, and count those below."""
    low, high = bracket[0], bracket[1]
    for k in range(LANES):
        below[k] = _ZERO
        # Float32 slopes are within 2^-23 of the slopes; see `_rough`.
        low[k] -= abs(low[k]) * np.float32(2.0**-21) + np.float32(1e-37)
        high[k] += abs(high[k]) * np.float32(2.0**-21) + np.float32(1e-37)
    for w in range(marks.shape[0]):
        mark = marks[w]
        for k in range(LANES):
            mark[k] = _ZERO
        for b in range(0, _BITS, AHEAD):
            r = w * _BITS + b
            bit0 = np.float32(1 << b)
            bit1 = np.float32(2 << b)
            bit2 = np.float32(4 << b)
            bit3 = np.float32(8 << b)
            for k in range(LANES):
                v0 = rows[r, k]
                v1 = rows[r + 1, k]
                v2 = rows[r + 2, k]
                v3 = rows[r + 3, k]
                t = low[k]
                a0 = _ONE if v0 < t else _ZERO
                a1 = _ONE if v1 < t else _ZERO
                a2 = _ONE if v2 < t else _ZERO
                a3 = _ONE if v3 < t else _ZERO
                below[k] += (a0 + a1) + (a2 + a3)
                u = high[k]
                b0 = bit0 if v0 >= t and v0 <= u else _ZERO
                b1 = bit1 if v1 >= t and v1 <= u else _ZERO
                b2 = bit2 if v2 >= t and v2 <= u else _ZERO
                b3 = bit3 if v3 >= t and v3 <= u else _ZERO
                mark[k] += (b0 + b1) + (b2 + b3)


@compiled
def _exact(early, late, run, y, marks, slopes, size):
    """Fill `slopes` with the marked slopes of each lane; return the rows of the fullest one."""
    most = 0
    for k in range(LANES):
        c = 0
        for w in range(marks.shape[0]):
            word = np.int64(marks[w, k])
            while word:
                bit = word & -word
                r = w * _BITS + _PLACES[bit % 37]
                slopes[c, k] = (y[late[r], k] - y[early[r], k]) / run[r]
                c += 1
                word ^= bit
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
    early = np.empty(pairs, dtype=np.int64)
    late = np.empty(pairs, dtype=np.int64)
    run = np.empty(pairs)
    part = np.empty(pairs)
    r = 0
    for i in range(count - 1):
        for j in range(i + 1, count):
            if group[i] == group[j] and x[i] < x[j]:
                early[r], late[r], run[r] = i, j, x[j] - x[i]
                part[r] = 1.0 / run[r]
                r += 1
    words = (pairs + _BITS - 1) // _BITS
    y = np.empty((count, LANES))
    rows = np.empty((words * _BITS, LANES), dtype=np.float32)
    marks = np.empty((words, LANES), dtype=np.float32)
    slopes = np.empty((pairs + AHEAD, LANES))
    floats = np.empty((20, LANES), dtype=np.float32)
    n, line, rank, bracket = floats[0], floats[1:3], floats[3:5], floats[5:9]
    at, counts, below = floats[9:11], floats[11:13], floats[13]
    size = np.empty(LANES, dtype=np.int64)
    low = np.empty(LANES)
    high = np.empty(LANES)
    known = np.empty((4, LANES))
    work = np.empty((6, LANES))
    for first in range(0, pixels, LANES):
        width = load(values, first, y)
        _line(x, y, n, line[0], line[1], work)
        _rough(early, late, part, y, rows)
        _number(rows, n)
        for q in range(1 if known_median else 0, 1 + ranks.shape[0]):
            for k in range(LANES):
                rank[0, k] = np.floor(np.float32(0.5) * (n[k] - _ONE))
                rank[1, k] = np.floor(np.float32(0.5) * n[k])
                bracket[0, k] = -_INF
                bracket[1, k] = _INF
                bracket[2, k] = _ZERO
                bracket[3, k] = n[k]
            if q > 0:
                for k in range(LANES):
                    rank[0, k] = ranks[q - 1, first + k] if k < width else 0.0
                    rank[1, k] = rank[0, k]
            for step in range(_PASSES):
                _aim(step, line, rank, n, bracket, at)
                _count(rows, at[0], at[1], counts[0], counts[1])
                if _narrow(rank, at, counts, bracket) <= LANES // 16:
                    break
            _mark(rows, bracket, marks, below)
            m = pad(slopes, _exact(early, late, run, y, marks, slopes, size))
            extent(slopes, m, low, high, known[1])
            for k in range(LANES):
                known[0, k] = 0.0
                known[2, k] = rank[0, k] - below[k]
                known[3, k] = rank[1, k] - below[k]
            select(slopes, m, known[2], known[3], low, high, known[0], known[1], work)
            for k in range(width):
                value = low[k] if low[k] == high[k] else 0.5 * (low[k] + high[k])
                out[q, first + k] = value + 0.0 if n[k] > _ZERO else np.nan
