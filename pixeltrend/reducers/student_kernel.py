"""Compiled kernels for Student's t distribution with any number of degrees of freedom."""

from __future__ import annotations

import numpy as np

from pixeltrend.reducers.lanes import LANES, compiled, inner

# Gamma(a + 1/2) / Gamma(a + 1) in powers of 1 / (a + 1/4)^2 (DLMF 5.11.14), from the last one on;
# so many steps up the recurrence make them exact to 2e-15 from a = 1/2 on.
_GAMMAS = (
    7426362705 / 2**40, -20898423 / 2**33, 180323 / 2**27, -671 / 2**19, 21 / 2**13, -1 / 2**6, 1.0,
)  # fmt: skip
_STEPS_UP = 8
# Pairs of terms of the continued fraction: these, and the root of df.
_PAIRS = 10.0
_HUGE = 1e300  # as good as infinite, and no quotient of two infinities
WORK = 4  # rows of scratch


@inner
def lane_tails(t, df, work, out):
    """Fill `out` with P(|T| >= |t|) of each lane, for df of 1 or more; see `student.two_sided`.

    The fraction is evaluated from its last term to its first, two terms at a time, so that one
    division does for both. How many there are depends on the lane's df alone.
    """
    w, pairs, fraction, x = work[0], work[1], work[2], work[3]
    most = 0.0
    for k in range(LANES):
        squares = t[k] * t[k]
        squares = _HUGE if squares > _HUGE else squares
        sine = np.sqrt(squares / (df[k] + squares))
        x[k] = squares / df[k]
        w[k] = df[k] / (df[k] + squares) / ((1.0 + sine) * (1.0 + sine))
        pairs[k] = np.floor(_PAIRS + np.sqrt(df[k]))
        fraction[k] = 0.0
        most = pairs[k] if pairs[k] > most else most
    for pair in range(np.int64(most), 0, -1):
        m = float(pair)
        for k in range(LANES):
            a = 0.5 * df[k]
            even = m * (df[k] - 1.0 + m) * w[k]
            odd = (a + m - 1.0) * (m - a) * w[k]
            under_even = (a + 2.0 * m - 1.0) * (a + 2.0 * m)
            under_odd = (a + 2.0 * m - 2.0) * (a + 2.0 * m - 1.0)
            top = (1.0 + fraction[k]) * under_even
            value = odd * top / (under_odd * (top + even))
            fraction[k] = value if m <= pairs[k] else 0.0
    for k in range(LANES):
        over, under = 1.0, np.sqrt(np.pi)
        b = 0.5 * df[k]
        for _ in range(_STEPS_UP):
            over *= b + 1.0
            under *= b + 0.5
            b += 1.0
        inverse = 1.0 / ((b + 0.25) * (b + 0.25))
        series = 0.0
        for term in _GAMMAS:
            series = series * inverse + term
        scale = series * over / (under * np.sqrt(b + 0.25))
        w[k] = scale * (1.0 + w[k]) / (1.0 + fraction[k])
    for k in range(LANES):
        p = np.exp(-0.5 * df[k] * np.log1p(x[k])) * w[k]
        p = 1.0 if p > 1.0 else p
        out[k] = 0.0 if np.isinf(t[k]) else p


@inner
def lane_series(coefficients, df, work, out):
    """Fill `out` with a series of Chebyshev's polynomials in 2 / df - 1, by Clenshaw's sums.

    An odd number of coefficients, two at a time.
    """
    at, last, before = work[0], work[1], work[2]
    count = coefficients.shape[0]
    for k in range(LANES):
        at[k] = 2.0 / df[k] - 1.0
        last[k] = 0.0
        before[k] = 0.0
    for j in range(count - 1, 1, -2):
        for k in range(LANES):
            value = coefficients[j] + 2.0 * at[k] * last[k] - before[k]
            before[k] = value
            last[k] = coefficients[j - 1] + 2.0 * at[k] * value - last[k]
    for k in range(LANES):
        out[k] = coefficients[0] + at[k] * last[k] - before[k]


@compiled
def two_sided(t, df, out):
    """Fill `out`, (P,), with P(|T| >= |t|) for any `t` and `df`, (P,)."""
    lanes = np.empty((3, LANES))
    work = np.empty((WORK, LANES))
    for first in range(0, t.shape[0], LANES):
        width = min(LANES, t.shape[0] - first)
        lanes[:] = np.nan
        for k in range(width):
            lanes[0, k] = t[first + k]
            lanes[1, k] = df[first + k]
        lane_tails(lanes[0], lanes[1], work, lanes[2])
        for k in range(width):
            out[first + k] = lanes[2, k]


@compiled
def quantiles(logarithms, df, out):
    """Fill `out`, (P,), with the quantiles that `student.logarithms` has, for any `df`, (P,)."""
    lanes = np.empty(LANES)
    work = np.empty((WORK, LANES))
    for first in range(0, df.shape[0], LANES):
        width = min(LANES, df.shape[0] - first)
        lanes[:] = np.nan
        for k in range(width):
            lanes[k] = df[first + k]
        lane_series(logarithms, lanes, work, lanes)
        for k in range(width):
            out[first + k] = np.exp(lanes[k])
