"""Compiled kernel for generalized least squares in AR(1) noise, by restricted likelihood."""

from __future__ import annotations

import numpy as np

from pixeltrend.reducers.lanes import LANES, compiled, inner, load

_LARGEST = 0.99  # a larger autocorrelation leaves nothing to tell a trend from
_TRIED = 11  # autocorrelations to look between
_STEPS = 30  # of a golden section: the autocorrelation becomes exact to 2e-7
_GOLDEN = 0.6180339887498949
_TOGETHER = 32  # factors that are multiplied before their logarithm is taken
_ROUNDING = 1e-15  # what is left of a perfect line, in parts of the largest value
# Rows of sums.
_S11, _S1X, _SXX, _S1Y, _SXY, _SYY, _LOG, _DET = 0, 1, 2, 3, 4, 5, 6, 7
_SUMS = 8


@inner
def _criterion(x, y, valid, r, n, sums, last, out):
    """Fill `out` with -2 log restricted likelihood, but for constants, where r_1 is `r`.

    Whitens each value with the valid one before it, d steps ago: (y_i - r^d y_j) / sqrt(1 - r^2d).
    """
    power, last_x, last_y = last[0], last[1], last[2]
    sums[:] = 0.0
    last[:] = 0.0
    det = sums[_DET]
    det[:] = 1.0
    for i in range(x.shape[0]):
        for k in range(LANES):
            v = valid[i, k]
            p = power[k] * r[k]
            weight = v / (1.0 - p * p)
            one = 1.0 - p
            at = x[i] - p * last_x[k]
            value = y[i, k] - p * last_y[k]
            sums[_S11, k] += weight * one * one
            sums[_S1X, k] += weight * one * at
            sums[_SXX, k] += weight * at * at
            sums[_S1Y, k] += weight * one * value
            sums[_SXY, k] += weight * at * value
            sums[_SYY, k] += weight * value * value
            det[k] *= 1.0 - v * p * p
            power[k] = v + (1.0 - v) * p
            last_x[k] = x[i] if v > 0.0 else last_x[k]
            last_y[k] = y[i, k] if v > 0.0 else last_y[k]
        if i % _TOGETHER == _TOGETHER - 1 or i == x.shape[0] - 1:
            for k in range(LANES):
                sums[_LOG, k] += np.log(det[k])
                det[k] = 1.0
    for k in range(LANES):
        s11, s1x, sxx = sums[_S11, k], sums[_S1X, k], sums[_SXX, k]
        s1y, sxy = sums[_S1Y, k], sums[_SXY, k]
        both = s11 * sxx - s1x * s1x
        slope = (s11 * sxy - s1x * s1y) / both
        level = (sxx * s1y - s1x * sxy) / both
        sse = sums[_SYY, k] - slope * sxy - level * s1y
        out[k] = (n[k] - 2.0) * np.log(sse) + sums[_LOG, k] + np.log(both)


@inner
def _search(x, y, valid, n, r, work, sums, last):
    """Fill `r` with the r_1 of least criterion: the best of some, then a golden section."""
    low, high, left, right, f_left, f_right, f, chosen = (
        work[0], work[1], work[2], work[3], work[4], work[5], work[6], work[7],
    )  # fmt: skip
    step = 2.0 * _LARGEST / (_TRIED - 1)
    f_left[:] = np.inf
    for number in range(_TRIED):
        chosen[:] = number * step - _LARGEST
        _criterion(x, y, valid, chosen, n, sums, last, f)
        for k in range(LANES):
            better = f[k] < f_left[k]
            r[k] = chosen[k] if better else r[k]
            f_left[k] = f[k] if better else f_left[k]
    for k in range(LANES):
        low[k] = max(r[k] - step, -_LARGEST)
        high[k] = min(r[k] + step, _LARGEST)
        left[k] = high[k] - _GOLDEN * (high[k] - low[k])
        right[k] = low[k] + _GOLDEN * (high[k] - low[k])
    _criterion(x, y, valid, left, n, sums, last, f_left)
    _criterion(x, y, valid, right, n, sums, last, f_right)
    for _ in range(_STEPS):
        for k in range(LANES):
            below = f_left[k] < f_right[k]
            low[k] = low[k] if below else left[k]
            high[k] = right[k] if below else high[k]
            reach = _GOLDEN * (high[k] - low[k])
            chosen[k] = high[k] - reach if below else low[k] + reach
        _criterion(x, y, valid, chosen, n, sums, last, f)
        for k in range(LANES):
            below = f_left[k] < f_right[k]
            kept, f_kept = left[k] if below else right[k], f_left[k] if below else f_right[k]
            left[k] = chosen[k] if below else kept
            right[k] = kept if below else chosen[k]
            f_left[k] = f[k] if below else f_kept
            f_right[k] = f_kept if below else f[k]
    for k in range(LANES):
        r[k] = 0.5 * (low[k] + high[k])


@inner
def _remove_line(x, y, valid, facts):
    """Take the least-squares line off; leave n, first value, mean time, level, slope and sxx."""
    n, y0, mean_x, level, slope, sxx = facts[0], facts[1], facts[2], facts[3], facts[4], facts[5]
    largest, left = facts[6], facts[7]
    facts[:] = 0.0
    y0[:] = np.nan
    for i in range(x.shape[0]):
        for k in range(LANES):
            v = y[i, k]
            y0[k] = y0[k] if y0[k] == y0[k] else v
            valid[i, k] = 1.0 if v == v else 0.0
            largest[k] = max(abs(v), largest[k]) if v == v else largest[k]
            y[i, k] = v - y0[k] if v == v else 0.0
            n[k] += valid[i, k]
            mean_x[k] += x[i] * valid[i, k]
            level[k] += y[i, k]
    for k in range(LANES):
        mean_x[k] /= n[k]
        level[k] /= n[k]
    for i in range(x.shape[0]):
        for k in range(LANES):
            dx = (x[i] - mean_x[k]) * valid[i, k]
            sxx[k] += dx * dx
            slope[k] += dx * (y[i, k] - level[k])
    for k in range(LANES):
        slope[k] /= sxx[k]
    for i in range(x.shape[0]):
        for k in range(LANES):
            y[i, k] = (y[i, k] - level[k] - slope[k] * (x[i] - mean_x[k])) * valid[i, k]
            left[k] = max(abs(y[i, k]), left[k])


@compiled
def ar1_line(x, series, at, out):
    """Fill `out`, (7, P), with n, r_1, slope, value at `at`, their standard errors, and factor.

    `series`, (N, P), has one row for each step of time, at `x`, (N,), and NaN where a value is
    missing. `factor` is the variance of the slope over that in independent noise as large. Where
    nothing but rounding errors is left of a line, r_1 is 0 and so are the errors.
    """
    count, pixels = series.shape
    y = np.empty((count, LANES))
    valid = np.empty((count, LANES))
    r = np.empty(LANES)
    facts = np.empty((8, LANES))
    sums = np.empty((_SUMS, LANES))
    last = np.empty((3, LANES))
    work = np.empty((8, LANES))
    for first in range(0, pixels, LANES):
        width = load(series, first, y)
        _remove_line(x, y, valid, facts)
        n, y0, mean_x, level, slope = facts[0], facts[1], facts[2], facts[3], facts[4]
        r[:] = 0.0
        _search(x, y, valid, n, r, work, sums, last)
        for k in range(LANES):
            r[k] = r[k] if facts[7, k] > _ROUNDING * facts[6, k] else 0.0
        _criterion(x, y, valid, r, n, sums, last, work[0])
        for k in range(width):
            s11, s1x, sxx = sums[_S11, k], sums[_S1X, k], sums[_SXX, k]
            s1y, sxy = sums[_S1Y, k], sums[_SXY, k]
            both = s11 * sxx - s1x * s1x
            more = (s11 * sxy - s1x * s1y) / both
            offset = (sxx * s1y - s1x * sxy) / both
            variance = (sums[_SYY, k] - more * sxy - offset * s1y) / (n[k] - 2.0)
            variance = variance if facts[7, k] > _ROUNDING * facts[6, k] else 0.0
            variance_at = (sxx - 2.0 * at * s1x + at * at * s11) / both
            p = first + k
            out[0, p] = n[k]
            out[1, p] = r[k]
            out[2, p] = slope[k] + more
            out[3, p] = y0[k] + level[k] + offset + slope[k] * (at - mean_x[k]) + more * at
            out[4, p] = np.sqrt(variance * s11 / both)
            out[5, p] = np.sqrt(variance * variance_at)
            out[6, p] = s11 / both * facts[5, k]
