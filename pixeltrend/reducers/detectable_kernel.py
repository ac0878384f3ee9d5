"""Compiled kernels for AR(1) noise around a line: its autocorrelation, and the slope's variance."""

from __future__ import annotations

import numpy as np

from pixeltrend.reducers.lanes import LANES, compiled, load


@compiled
def residual_facts(x, position, values, out):
    """Fill `out`, (4, P): n, sxx, sse, and the autocorrelation of the residuals at one step.

    `x`, (N,), are times relative to one in the middle, `position`, (N,), their steps. Products of
    m pairs are divided by m + 1, squares by n. NaN without such pairs, or without residuals.
    """
    count, pixels = values.shape
    y = np.empty((count, LANES))
    work = np.empty((9, LANES))
    n, mean_x, mean_y, sxx, slope = work[0], work[1], work[2], work[3], work[4]
    sse, products, pairs, y0 = work[5], work[6], work[7], work[8]
    for first in range(0, pixels, LANES):
        width = load(values, first, y)
        work[:8] = 0.0
        y0[:] = np.nan
        for i in range(count):
            for k in range(LANES):
                v = y[i, k]
                valid = v == v
                y0[k] = y0[k] if y0[k] == y0[k] else v
                y[i, k] = v - y0[k]
                n[k] += 1.0 if valid else 0.0
                mean_x[k] += x[i] if valid else 0.0
                mean_y[k] += y[i, k] if valid else 0.0
        for k in range(LANES):
            mean_x[k] /= n[k]
            mean_y[k] /= n[k]
        for i in range(count):
            for k in range(LANES):
                valid = y[i, k] == y[i, k]
                dx = x[i] - mean_x[k] if valid else 0.0
                sxx[k] += dx * dx
                slope[k] += dx * (y[i, k] - mean_y[k]) if valid else 0.0
        for k in range(LANES):
            slope[k] /= sxx[k]
        for i in range(count):
            for k in range(LANES):
                e = y[i, k] - mean_y[k] - slope[k] * (x[i] - mean_x[k])
                y[i, k] = e
                sse[k] += e * e if e == e else 0.0
            if i > 0 and position[i] == position[i - 1] + 1:
                for k in range(LANES):
                    product = y[i, k] * y[i - 1, k]
                    products[k] += product if product == product else 0.0
                    pairs[k] += 1.0 if product == product else 0.0
        for k in range(width):
            r = products[k] / (pairs[k] + 1.0) / (sse[k] / n[k])
            out[0, first + k] = n[k]
            out[1, first + k] = sxx[k]
            out[2, first + k] = sse[k]
            out[3, first + k] = r if pairs[k] > 0.0 else np.nan


@compiled
def ar1_sums(x, position, values, r, out):
    """Fill `out`, (2, P), with the sums over i and j of r^|t_i - t_j|, and of u_i u_j times that.

    t are the steps of the valid values, `position`, (N,), u their times `x`, (N,), less the mean,
    and `r`, (P,), from 0 to 1. What earlier values add to a later one shrinks by r with each step.
    """
    count, pixels = values.shape
    y = np.empty((count, LANES))
    work = np.empty((6, LANES))
    n, mean_x, ones, times, total, weighted = (
        work[0], work[1], work[2], work[3], work[4], work[5],
    )  # fmt: skip
    by = np.zeros(LANES)
    for first in range(0, pixels, LANES):
        width = load(values, first, y)
        work[:] = 0.0
        for k in range(width):
            by[k] = r[first + k]
        for i in range(count):
            for k in range(LANES):
                valid = y[i, k] == y[i, k]
                n[k] += 1.0 if valid else 0.0
                mean_x[k] += x[i] if valid else 0.0
        for k in range(LANES):
            mean_x[k] /= n[k]
        for i in range(count):
            between = position[i] - position[i - 1] if i > 0 else 0
            for _ in range(between):
                for k in range(LANES):
                    ones[k] *= by[k]
                    times[k] *= by[k]
            for k in range(LANES):
                one = 1.0 if y[i, k] == y[i, k] else 0.0
                u = (x[i] - mean_x[k]) * one
                total[k] += one * (one + 2.0 * ones[k])
                weighted[k] += u * (u + 2.0 * times[k])
                ones[k] += one
                times[k] += u
        for k in range(width):
            out[0, first + k] = total[k]
            out[1, first + k] = weighted[k]
