"""Other people's numbers, and independent ways to get at ours."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from scipy.stats import linregress

# NIST StRD, linear regression, data set Norris (calibration of ozone monitors, 36 observations).
# https://www.itl.nist.gov/div898/strd/lls/data/Norris.shtml
NORRIS_SLOPE = 1.00211681802045
NORRIS_X = (
    0.2, 337.4, 118.2, 884.6, 10.1, 226.5, 666.3, 996.3, 448.6, 777.0, 558.2, 0.4,
    0.6, 775.5, 666.9, 338.0, 447.5, 11.6, 556.0, 228.1, 995.8, 887.6, 120.2, 0.3,
    0.3, 556.8, 339.1, 887.2, 999.0, 779.0, 11.1, 118.3, 229.2, 669.1, 448.9, 0.5,
)  # fmt: skip
NORRIS_Y = (
    0.1, 338.8, 118.1, 888.0, 9.2, 228.1, 668.5, 998.5, 449.1, 778.9, 559.2, 0.3,
    0.1, 778.1, 668.8, 339.3, 448.9, 10.8, 557.7, 228.3, 998.0, 888.8, 119.6, 0.3,
    0.6, 557.6, 339.3, 888.0, 998.5, 778.9, 10.2, 117.6, 228.9, 668.4, 449.2, 0.2,
)  # fmt: skip


def linregress_slopes(times: np.ndarray, values: np.ndarray) -> np.ndarray:
    """SciPy's slope of every pixel of (N, ...) values, gaps left out; NaN below two values."""
    flat = np.asarray(values, dtype=np.float64).reshape(len(times), -1)
    slopes = np.full(flat.shape[1], np.nan)
    for pixel, series in enumerate(flat.T):
        valid = np.isfinite(series)
        if valid.sum() >= 2:
            slopes[pixel] = linregress(np.asarray(times)[valid], series[valid]).slope
    return slopes.reshape(np.shape(values)[1:])


def exact_slopes(times: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Slopes of (N, P) values in rational arithmetic, and the size of the terms they are made of.

    The second number is the sum of |x - mean x| |y - mean y| over the sum of (x - mean x)^2: where
    the slope is much smaller, its terms cancel, and no floating-point formula keeps 9 digits of it.
    """
    slopes = np.full(values.shape[1], np.nan)
    terms = np.zeros(values.shape[1])
    for pixel, series in enumerate(values.T):
        valid = np.isfinite(series)
        n = int(valid.sum())
        if n < 2:
            continue
        x = [Fraction(float(time)) for time in np.asarray(times)[valid]]
        y = [Fraction(float(value)) for value in series[valid]]
        dx = [value - sum(x) / n for value in x]
        dy = [value - sum(y) / n for value in y]
        sxx = sum(d * d for d in dx)
        slopes[pixel] = float(sum(a * b for a, b in zip(dx, dy, strict=True)) / sxx)
        terms[pixel] = float(sum(abs(a * b) for a, b in zip(dx, dy, strict=True)) / sxx)
    return slopes, terms


def differ(
    ours: np.ndarray, theirs: np.ndarray, times: np.ndarray, values: np.ndarray
) -> np.ndarray:
    """Where two slopes of (N, P) values differ by more than 1e-9, or than cancelling explains."""
    _, terms = exact_slopes(times, values)
    # SciPy's mean of a constant series may be off by a bit: its slope is then not quite zero.
    level = np.nan_to_num(np.abs(values), nan=0.0).max(axis=0).astype(np.float64)
    allowed = 1e-9 * np.abs(theirs) + 1e-12 * terms + 1e-18 * level
    return (np.isnan(ours) != np.isnan(theirs)) | (np.abs(ours - theirs) > allowed)
