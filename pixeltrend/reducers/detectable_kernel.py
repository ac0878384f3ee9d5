"""Compiled kernel for the smallest slope that would be seen in AR(1) noise around a line."""

from __future__ import annotations

import numpy as np

from pixeltrend.reducers import ols_ar1_kernel as ar1
from pixeltrend.reducers import ols_kernel as ols
from pixeltrend.reducers.lanes import LANES, compiled, inner, load
from pixeltrend.reducers.serial_correlation_kernel import unbiased
from pixeltrend.reducers.student_kernel import WORK, lane_series

# Rows of sums over pairs.
TOTAL, WEIGHTED, _ONES, _TIMES, PAIR_SUMS = 0, 1, 2, 3, 4


@inner
def ar1_sums(x, position, y, mean_x, r, sums):
    """Fill rows of `sums` with those over i and j of r^|t_i - t_j|, and of u_i u_j times that.

    t are the steps of the valid values in `y`, `position`, (N,), u their times `x`, (N,), less the
    mean, and `r`, (LANES,), from 0 to 1. What earlier values add to a later one shrinks by r with
    each step.
    """
    total, weighted, ones, times = sums[TOTAL], sums[WEIGHTED], sums[_ONES], sums[_TIMES]
    sums[:] = 0.0
    for i in range(x.shape[0]):
        between = position[i] - position[i - 1] if i > 0 else 1
        for _ in range(between - 1):
            for k in range(LANES):
                ones[k] *= r[k]
                times[k] *= r[k]
        for k in range(LANES):
            one = 1.0 if y[i, k] == y[i, k] else 0.0
            u = (x[i] - mean_x[k]) * one
            before = ones[k] * r[k]
            weight = times[k] * r[k]
            total[k] += one * (one + 2.0 * before)
            weighted[k] += u * (u + 2.0 * weight)
            ones[k] = before + one
            times[k] = weight + u


@compiled
def detectable_slopes(x, step, whole, position, values, quantiles, fewest, out):
    """Fill `out`, (P,), with the slopes a year that tests would find; see `detectable.detectable`.

    `x`, `step` and `whole` are as in `ols_kernel.line_statistics`, `position`, (N,), are steps,
    `quantiles` is what `detectable.quantiles` returns. NaN for fewer than `fewest` values.
    """
    count, pixels = values.shape
    y = np.empty((count, LANES))
    facts = np.empty((ols.FACTS, LANES))
    residuals = np.empty((ar1.SUMS, LANES))
    sums = np.empty((PAIR_SUMS, LANES))
    work = np.empty((WORK, LANES))
    r1 = np.empty(LANES)
    df = np.empty(LANES)
    quantile = np.empty(LANES)
    for first in range(0, pixels, LANES):
        width = load(values, first, y)
        ols.line_sums(x, step, whole, y, facts)
        ar1.residual_sums(x, position, y, facts, residuals)
        n, sxx, sse = facts[ols.N], facts[ols.SXX], residuals[ar1.SQUARES]
        for k in range(LANES):
            pairs = residuals[ar1.PAIRS, k]
            r = residuals[ar1.PRODUCTS, k] / (pairs + 1.0) / (sse[k] / n[k])
            less, n_eff = unbiased(r, n[k])
            known = pairs > 0.0 and r == r
            r1[k] = less if known else 0.0
            n_eff = n_eff if known else n[k]
            df[k] = n_eff - 2.0 if n_eff > ols.LINE + 1.0 else 1.0
        ar1_sums(x, position, y, facts[ols.MEAN], r1, sums)
        lane_series(quantiles, df, work, quantile)
        for k in range(width):
            total, weighted = sums[TOTAL, k], sums[WEIGHTED, k]
            variance = sse[k] / (n[k] - total / n[k] - weighted / sxx[k])
            slope = quantile[k] * np.sqrt(variance * weighted) / sxx[k]
            out[first + k] = slope if n[k] >= fewest else np.nan
