"""Compiled kernels for serial correlation: autocorrelation at true lags, ranks, AR(1) variance."""

from __future__ import annotations

import numpy as np

from pixeltrend.reducers.lanes import LANES, compiled, load

# What is left of a perfect line: rounding errors, in parts of the largest value.
_ROUNDING = 1e-15


@compiled
def residuals(x, values, slope, out):
    """Fill `out`, (N, P), with the values less a line through the first of them, (P,) slopes.

    All are 0 where nothing but rounding errors is left.
    """
    count, pixels = values.shape
    y = np.empty((count, LANES))
    line = np.empty(LANES)
    first_x = np.empty(LANES)
    first_y = np.empty(LANES)
    largest = np.empty(LANES)
    left = np.empty(LANES)
    for first in range(0, pixels, LANES):
        width = load(values, first, y)
        first_x[:] = np.nan
        first_y[:] = np.nan
        largest[:] = 0.0
        left[:] = 0.0
        line[:] = 0.0
        for k in range(width):
            line[k] = slope[first + k]
        for i in range(count):
            for k in range(LANES):
                v = y[i, k]
                first_x[k] = x[i] if v == v and first_y[k] != first_y[k] else first_x[k]
                first_y[k] = v if first_y[k] != first_y[k] else first_y[k]
                largest[k] = abs(v) if abs(v) > largest[k] else largest[k]
                y[i, k] = v - first_y[k] - line[k] * (x[i] - first_x[k])
                left[k] = abs(y[i, k]) if abs(y[i, k]) > left[k] else left[k]
        for i in range(count):
            for k in range(width):
                negligible = left[k] <= _ROUNDING * largest[k] and y[i, k] == y[i, k]
                out[i, first + k] = 0.0 if negligible else y[i, k]


@compiled
def ar1_variance(position, values, r, out):
    """Fill `out`, (P,), with the variance of S in AR(1) noise over that of independent values.

    `position`, (N,), are the steps of the values, (N, P), and `r`, (P,), the autocorrelations at a
    distance of one step, which fall to r^k at k steps. Those of ranks are 6 / pi asin(r^k / 2).
    With a_i = 2 i - n - 1 for the i-th of n valid values, the ratio is the sum over i and j of
    a_i a_j rho(i, j) over the sum of a_i^2.
    """
    count, pixels = values.shape
    steps = position[count - 1] - position[0] + 1
    y = np.empty((count, LANES))
    a = np.empty((count, LANES))
    rho = np.empty((steps, LANES))
    n = np.empty(LANES)
    power = np.empty(LANES)
    squares = np.empty(LANES)
    products = np.empty(LANES)
    for first in range(0, pixels, LANES):
        width = load(values, first, y)
        n[:] = 0.0
        squares[:] = 0.0
        products[:] = 0.0
        power[:] = 1.0
        for i in range(count):
            for k in range(LANES):
                n[k] += 1.0 if y[i, k] == y[i, k] else 0.0
                a[i, k] = 2.0 * n[k]
        for i in range(count):
            for k in range(LANES):
                a[i, k] = a[i, k] - n[k] - 1.0 if y[i, k] == y[i, k] else 0.0
                squares[k] += a[i, k] * a[i, k]
        for step in range(steps):
            for k in range(width):
                rho[step, k] = 6.0 / np.pi * np.arcsin(0.5 * power[k])
                power[k] *= r[first + k]
        for i in range(count - 1):
            for j in range(i + 1, count):
                step = position[j] - position[i]
                for k in range(LANES):
                    products[k] += a[i, k] * a[j, k] * rho[step, k]
        for k in range(width):
            out[first + k] = 1.0 + 2.0 * products[k] / squares[k]


@compiled
def residual_ranks(x, values, slope, out):
    """Fill `out`, (N, P), with the ranks, from 1, of the values less a line; ties share their mean.

    Two residuals are compared by comparing the slope between their values with that of the line,
    (P,): the pair that the median slope comes from ties, whatever rounding does to residuals.
    """
    count, pixels = values.shape
    y = np.empty((count, LANES))
    line = np.empty(LANES)
    rank = np.empty((count, LANES))
    for first in range(0, pixels, LANES):
        width = load(values, first, y)
        line[:] = 0.0
        rank[:] = 1.0
        for k in range(width):
            line[k] = slope[first + k]
        for i in range(count - 1):
            for j in range(i + 1, count):
                run = x[j] - x[i]
                for k in range(LANES):
                    between = (y[j, k] - y[i, k]) / run
                    half = 0.5 if between == line[k] else 0.0
                    rank[j, k] += 1.0 if between > line[k] else half
                    rank[i, k] += 1.0 if between < line[k] else half
        for i in range(count):
            for k in range(width):
                out[i, first + k] = rank[i, k] if y[i, k] == y[i, k] else np.nan


@compiled
def autocorrelation(series, lags, out):
    """Fill `out`, (2, lags, P), with the products and the number of pairs at lags 1 to `lags`.

    `series`, (N, P), has one row for each step of time and NaN where a value is missing. A product
    is that of two deviations from the mean, summed over the pairs that are a lag apart, over the
    sum of the squared deviations.
    """
    count, pixels = series.shape
    y = np.empty((count, LANES))
    valid = np.empty((count, LANES))
    n = np.empty(LANES)
    mean = np.empty(LANES)
    squares = np.empty(LANES)
    products = np.empty(LANES)
    pairs = np.empty(LANES)
    for first in range(0, pixels, LANES):
        width = load(series, first, y)
        n[:] = 0.0
        mean[:] = 0.0
        squares[:] = 0.0
        for i in range(count):
            for k in range(LANES):
                valid[i, k] = 1.0 if y[i, k] == y[i, k] else 0.0
                n[k] += valid[i, k]
                mean[k] += y[i, k] if y[i, k] == y[i, k] else 0.0
        for i in range(count):
            for k in range(LANES):
                y[i, k] = y[i, k] - mean[k] / n[k] if valid[i, k] > 0.0 else 0.0
                squares[k] += y[i, k] * y[i, k]
        for lag in range(1, lags + 1):
            products[:] = 0.0
            pairs[:] = 0.0
            for i in range(count - lag):
                for k in range(LANES):
                    products[k] += y[i, k] * y[i + lag, k]
                    pairs[k] += valid[i, k] * valid[i + lag, k]
            for k in range(width):
                out[0, lag - 1, first + k] = products[k] / squares[k]
                out[1, lag - 1, first + k] = pairs[k]


@compiled
def line_autocorrelation(x, series, slope, out):
    """Fill `out`, (P,), with r_1 of the values less a line, as `autocorrelation` has it.

    `series`, (N, P), has one row for each step of time, at `x`, (N,), and `slope` is (P,). The
    products are divided by the number of pairs plus 1, the squares by that of values. NaN where
    nothing but rounding errors is left.
    """
    count, pixels = series.shape
    y = np.empty((count, LANES))
    valid = np.empty((count + 1, LANES))
    line, n, mean_x, mean_y, y0 = np.empty((5, LANES))
    largest, left, squares, products, pairs, before = np.empty((6, LANES))
    for first in range(0, pixels, LANES):
        width = load(series, first, y)
        n[:] = 0.0
        mean_x[:] = 0.0
        mean_y[:] = 0.0
        y0[:] = np.nan
        largest[:] = 0.0
        left[:] = 0.0
        squares[:] = 0.0
        products[:] = 0.0
        pairs[:] = 0.0
        before[:] = 0.0
        valid[0] = 0.0
        line[:] = 0.0
        for k in range(width):
            line[k] = slope[first + k]
        for i in range(count):
            for k in range(LANES):
                v = y[i, k]
                y0[k] = y0[k] if y0[k] == y0[k] else v
                valid[i + 1, k] = 1.0 if v == v else 0.0
                size = abs(v) if v == v else 0.0
                largest[k] = max(size, largest[k])
                y[i, k] = v - y0[k] if v == v else 0.0
        for i in range(count):
            for k in range(LANES):
                n[k] += valid[i + 1, k]
                mean_x[k] += x[i] * valid[i + 1, k]
                mean_y[k] += y[i, k]
        for k in range(LANES):
            mean_x[k] /= n[k]
            mean_y[k] /= n[k]
        for i in range(count):
            for k in range(LANES):
                d = (y[i, k] - mean_y[k] - line[k] * (x[i] - mean_x[k])) * valid[i + 1, k]
                left[k] = max(abs(d), left[k])
                squares[k] += d * d
                products[k] += d * before[k]
                pairs[k] += valid[i, k] * valid[i + 1, k]
                before[k] = d
        for k in range(width):
            r = products[k] / (pairs[k] + 1.0) / (squares[k] / n[k])
            out[first + k] = r if left[k] > _ROUNDING * largest[k] else np.nan
