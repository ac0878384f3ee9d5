"""Compiled kernel for one slope within groups that have a level each."""

from __future__ import annotations

import numpy as np

from pixeltrend.reducers.lanes import LANES, compiled, load


@compiled
def group_lines(x, codes, groups, values, out):
    """Fill `out`, (6 + 3 G, P): n, groups with values, sxx, slope, sse, syy; n, mean x, y by group.

    `x`, (N,), are times relative to one in the middle, `codes`, (N,), the groups, from 0 to G - 1,
    of the rows of `values`, (N, P). Sums of squares and products are those within groups.
    """
    count, pixels = values.shape
    y = np.empty((count, LANES))
    facts = np.empty((6, LANES))
    of_group = np.empty((3, groups, LANES))
    y0 = np.empty(LANES)
    n, some, sxx, slope, sse, syy = facts[0], facts[1], facts[2], facts[3], facts[4], facts[5]
    m, mean_x, mean_y = of_group[0], of_group[1], of_group[2]
    for first in range(0, pixels, LANES):
        width = load(values, first, y)
        facts[:] = 0.0
        of_group[:] = 0.0
        y0[:] = np.nan
        for i in range(count):
            g = codes[i]
            for k in range(LANES):
                v = y[i, k]
                valid = v == v
                y0[k] = y0[k] if y0[k] == y0[k] else v
                y[i, k] = v - y0[k]
                m[g, k] += 1.0 if valid else 0.0
                mean_x[g, k] += x[i] if valid else 0.0
                mean_y[g, k] += y[i, k] if valid else 0.0
        for g in range(groups):
            for k in range(LANES):
                n[k] += m[g, k]
                some[k] += 1.0 if m[g, k] > 0.0 else 0.0
                mean_x[g, k] /= m[g, k]
                mean_y[g, k] /= m[g, k]
        for i in range(count):
            g = codes[i]
            for k in range(LANES):
                valid = y[i, k] == y[i, k]
                dx = x[i] - mean_x[g, k] if valid else 0.0
                dy = y[i, k] - mean_y[g, k] if valid else 0.0
                sxx[k] += dx * dx
                slope[k] += dx * dy
                syy[k] += dy * dy
        for k in range(LANES):
            slope[k] /= sxx[k]
        for i in range(count):
            g = codes[i]
            for k in range(LANES):
                e = y[i, k] - mean_y[g, k] - slope[k] * (x[i] - mean_x[g, k])
                sse[k] += e * e if e == e else 0.0
        for r in range(6):
            for k in range(width):
                out[r, first + k] = facts[r, k]
        for r in range(3):
            for g in range(groups):
                for k in range(width):
                    out[6 + r * groups + g, first + k] = of_group[r, g, k]
