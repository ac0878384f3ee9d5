"""Corrections of the Mann-Kendall test for serial correlation, at true distances in time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pixeltrend.reducers.kernels import load_kernel
from pixeltrend.reducers.pairs import sen_slopes
from pixeltrend.reducers.steps import steps

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pixeltrend.reducers.options import StatsOptions

    Floats = NDArray[np.float64]


def variance_factor(
    times: Floats, values: Floats, options: StatsOptions, slope: Floats | None
) -> Floats:
    """Return what the variance of S must be multiplied with, (P,).

    With r_k the autocorrelation at lag k of the values less their Theil-Sen line, n the number of
    values, L that of steps from the first to the last of them and m_k that of pairs k steps apart::

        Yue-Wang   1 + 2 sum_k (m_k / n) r_k
        Hamed-Rao  1 + 2 sum_k (m_k / n) (L - k - 1) (L - k - 2) / ((L - 1) (L - 2)) r_k

    Hamed and Rao take ranks of what is left, and lags whose r_k differs from 0 at the level of the
    confidence: ``|r_k| > z(quantile) / sqrt(m_k + k)``. Without gaps ``m_k = n - k`` and ``L = n``,
    and these are the published formulas.

    Parameters
    ----------
    times
        Decimal years, (N,).
    values
        Values, (N, P), float64; NaN where missing.
    options
        Correction, lags and confidence.
    slope
        Theil-Sen slopes a year, (P,); None computes them.

    References
    ----------
    Hamed, K. H. and Rao, A. R. (1998). Journal of Hydrology 204, 182-196.
    Yue, S. and Wang, C. Y. (2004). Water Resources Management 18, 201-218.
    """
    kernel = load_kernel("serial_correlation_kernel")
    hamed_rao = options.correction == "hamed-rao"
    if slope is None:
        slope = sen_slopes(times, values)[0]
    if hamed_rao:
        series = np.empty_like(values)
        kernel.residual_ranks(times, values, slope, series)
        series = _at_steps(times, series)
    else:
        series = _detrended(times, values, slope)
    valid = ~np.isnan(series)
    n = valid.sum(axis=0).astype(np.float64)
    count = len(series)
    lags = min(options.lags or count - 1, count - 1)
    out = np.empty((2, lags, series.shape[1]))
    kernel.autocorrelation(series, lags, out)
    length = count - valid.argmax(axis=0) - valid[::-1].argmax(axis=0)
    total = np.zeros_like(n)
    for lag, (products, pairs) in enumerate(zip(*out, strict=True), start=1):
        r = _correlation(products, pairs, n, lag)
        weight = pairs / n
        if hamed_rao:
            weight *= (length - lag - 1) * (length - lag - 2) / ((length - 1) * (length - 2))
            r[np.abs(r) <= _bound(options.confidence, pairs + lag)] = 0.0
        term = weight * r
        term[pairs == 0] = 0.0
        total += term
    return 1.0 + 2.0 * total


def whiten(times: Floats, values: Floats, options: StatsOptions, slope: Floats | None) -> Floats:
    """Return series without their autocorrelation at lag 1, (steps - 1, P).

    ``y_t - r_1 y_(t-1)`` where both values are valid; "trend-free" takes the Theil-Sen line off
    first, takes r_1 from what is left, and puts the line back on.

    Parameters
    ----------
    times
        Decimal years, (N,).
    values
        Values, (N, P), float64; NaN where missing.
    options
        The correction.
    slope
        Theil-Sen slopes a year, (P,); None computes them.

    References
    ----------
    Kulkarni, A. and von Storch, H. (1995). Meteorologische Zeitschrift 4, 82-85.
    Yue, S., Pilon, P., Phinney, B. and Cavadias, G. (2002). Hydrological Processes 16, 1807-1829.
    """
    kernel = load_kernel("serial_correlation_kernel")
    trend_free = options.correction == "trend-free-pre-whitening"
    series = _at_steps(times, values)
    line = np.zeros((len(series), 1))
    if trend_free:
        slope = sen_slopes(times, values)[0] if slope is None else slope
        line = slope * _elapsed(times)[:, np.newaxis]
        series = series - line
    n = (~np.isnan(series)).sum(axis=0)
    out = np.empty((2, 1, series.shape[1]))
    kernel.autocorrelation(series, 1, out)
    r = _correlation(out[0, 0], out[1, 0], n, 1)
    white = series[1:] - series[:-1] * r
    return np.asarray(white + line[1:])


def _correlation(products: Floats, pairs: Floats, n: Floats, lag: int) -> Floats:
    """Return the autocorrelation from what `autocorrelation` summed up.

    R's `acf` divides the products by the number of pairs plus the lag, which makes n where nothing
    is missing; the squares are divided by n.
    """
    return np.asarray(products * (n / (pairs + lag)))


def _bound(confidence: float, n: Floats) -> Floats:
    from scipy.special import ndtri

    return np.asarray(ndtri(0.5 + confidence / 2) / np.sqrt(n))


def _detrended(times: Floats, values: Floats, slope: Floats) -> Floats:
    return np.asarray(_at_steps(times, values) - slope * _elapsed(times)[:, np.newaxis])


def _at_steps(times: Floats, values: Floats) -> Floats:
    """Spread the rows of `values` over all steps, NaN in those that are missing."""
    position = steps(times)
    if position[-1] == len(times) - 1:
        return values
    spread = np.full((position[-1] + 1, values.shape[1]), np.nan)
    spread[position] = values
    return spread


def _elapsed(times: Floats) -> Floats:
    """Return the years since the first time at each step."""
    position = steps(times)
    return np.interp(np.arange(position[-1] + 1), position, times - times[0])
