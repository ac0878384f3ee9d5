"""Compiled kernels for serial correlation: autocorrelation at true lags, and ranks."""

from __future__ import annotations

import numpy as np

from pixeltrend.reducers.lanes import LANES, compiled, load


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
