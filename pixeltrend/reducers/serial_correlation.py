"""Corrections of the Mann-Kendall test for serial correlation, at true distances in time."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pixeltrend.reducers.kernels import load_kernel
from pixeltrend.reducers.pairs import Scores, mann_kendall_scores, sen_slopes
from pixeltrend.reducers.steps import steps

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pixeltrend.reducers.options import StatsOptions

    Floats = NDArray[np.float64]

FEWEST = 8  # values that a correction needs
_LAGS = 3
# What zyp iterates with: an r_1 that is small, close to the last one, slopes that are the same to a
# thousandth, and the most runs.
_ZYP_LEAST, _ZYP_CLOSE, _ZYP_SAME, _ZYP_RUNS = 0.05, 1e-4, 1e-3, 500


class Correction(NamedTuple):
    """What a correction makes of the test of each pixel, (P,)."""

    changed: NDArray[np.bool_]
    """Where the test is not that of independent values."""
    factor: Floats
    """What multiplies the variance of S; NaN where there are too few values."""
    r1: Floats
    """The autocorrelation at a distance of one step that it takes."""
    n_eff: Floats
    """Number of independent values that tell as much."""
    df: Floats | None = None
    """Degrees of freedom of Student's t, which z is taken in; None for the normal distribution."""
    scores: Scores | None = None
    """Scores of the whitened series, where that is what is tested."""


def correct(
    times: Floats, values: Floats, options: StatsOptions, slope: Floats | None = None
) -> Correction:
    """Return what the correction makes of the Mann-Kendall test.

    With r_k the autocorrelation at lag k of the values less their Theil-Sen line, n the number of
    values, L that of steps from the first to the last of them and m_k that of pairs k steps apart,
    the variance of S is multiplied with::

        ar1        sum_ij a_i a_j 6 / pi asin(r^|t_i - t_j| / 2) / sum_i a_i^2, a_i = 2 i - n - 1
        hamed-rao  1 + 2 sum_k (m_k / n) (L - k - 1) (L - k - 2) / ((L - 1) (L - 2)) r_k, or 1
        yue-wang   1 + 2 sum_k (m_k / n) r_1^k

    r is r_1 less its bias, (n r_1 + 2) / (n - 4), cut to 0 to 0.95; z is then taken in Student's t
    with n_eff - 2 degrees of freedom, n_eff = n (1 - r) / (1 + r) and at least 3. Hamed and Rao
    take ranks of what is left, and lags whose r_k differs from 0:
    ``|r_k| > z(quantile) / sqrt(m_k + k)``. Without gaps ``m_k = n - k`` and ``L = n``, and these
    are the published formulas.

    The whitenings test ``y_t - r_1 y_(t-1)`` where both values are valid, if r_1 differs from 0 as
    Anderson (1942) has it; "trend-free" takes the Theil-Sen line off first, takes r_1 from what is
    left, and puts the line back on.

    Wang and Swail test ``(y_t - r_1 y_(t-1)) / (1 - r_1)`` if r_1 of the values is 0.05 or more;
    r_1 is then that of the values less the Theil-Sen line of that series, and so on until both
    stay.

    A perfect line leaves nothing to take an autocorrelation from: its test stays as it is.

    Parameters
    ----------
    times
        Decimal years, (N,).
    values
        Values, (N, P), float64; NaN where missing.
    options
        Correction, lags and their level.
    slope
        Theil-Sen slopes a year, (P,), if they are known.

    References
    ----------
    Kendall, M. G. (1954). Biometrika 41, 403-404; Marriott, F. H. C. and Pope, J. A. (1954).
    Biometrika 41, 390-402 (bias). Hamed, K. H. and Rao, A. R. (1998). Journal of Hydrology 204,
    182-196 (variance of S); Rao, A. R., Hamed, K. H. and Chen, H.-L. (2003). Nonstationarities in
    Hydrologic and Environmental Time Series (three lags). Yue, S. and Wang, C. Y. (2004). Water
    Resources Management 18, 201-218. Kulkarni, A. and von Storch, H. (1995). Meteorologische
    Zeitschrift 4, 82-85. Yue, S., Pilon, P., Phinney, B. and Cavadias, G. (2002). Hydrological
    Processes 16, 1807-1829. Wang, X. L. and Swail, V. R. (2001). Journal of Climate 14, 2204-2221,
    as R's zyp iterates it (method "zhang"). Anderson, R. L. (1942). Annals of Mathematical
    Statistics 13, 1-13.
    """
    n = (~np.isnan(values)).sum(axis=0).astype(np.float64)
    if options.correction == "wang-swail":
        correction = _wang_swail(times, values, n)
    elif options.correction == "pre-whitening":
        correction = _whiten(times, values, n, None, options)
    else:
        correction = _of_residuals(
            times, values, n, sen_slopes(times, values)[0] if slope is None else slope, options
        )
    few = n < FEWEST
    return correction._replace(
        changed=correction.changed | few,
        factor=np.where(few, np.nan, correction.factor),
        r1=np.where(few, np.nan, correction.r1),
        n_eff=np.where(few, np.nan, correction.n_eff),
    )


def _of_residuals(
    times: Floats, values: Floats, n: Floats, slope: Floats, options: StatsOptions
) -> Correction:
    """Return what a correction makes of the test that looks at the values less a line."""
    if options.correction == "ar1":
        return _ar1(times, values, n, slope)
    if options.correction == "hamed-rao":
        return _hamed_rao(times, values, n, slope, options)
    if options.correction == "yue-wang":
        return _yue_wang(times, values, n, slope)
    return _whiten(times, values, n, slope, options)


def _ar1(times: Floats, values: Floats, n: Floats, slope: Floats) -> Correction:
    out = np.empty((3, len(n)))
    load_kernel("serial_correlation_kernel").ar1_test(times, steps(times), values, slope, out)
    r1, n_eff, factor = out
    changed = ~np.isnan(r1)
    r1, n_eff = np.where(changed, r1, 0.0), np.where(changed, n_eff, n)
    return Correction(changed, factor, r1, n_eff, n_eff - 2.0)


def _hamed_rao(
    times: Floats, values: Floats, n: Floats, slope: Floats, options: StatsOptions
) -> Correction:
    ranks = np.empty_like(values)
    load_kernel("serial_correlation_kernel").residual_ranks(times, values, slope, ranks)
    none = (_residuals(times, values, slope) == 0).sum(axis=0) == n
    series = at_steps(times, ranks)
    count = len(series)
    valid = ~np.isnan(series)
    length = count - valid.argmax(axis=0) - valid[::-1].argmax(axis=0)
    r, pairs = _autocorrelation(series, n, min(options.lags or _LAGS, count - 1))
    total = np.zeros_like(n)
    for lag, (r_k, m_k) in enumerate(zip(r, pairs, strict=True), start=1):
        weight = m_k / n * (length - lag - 1) * (length - lag - 2) / ((length - 1) * (length - 2))
        differs = (np.abs(r_k) > _quantile(options.lag_level) / np.sqrt(m_k + lag)) & (m_k > 0)
        total += np.where(differs, weight * r_k, 0.0)
    factor = np.where(none, 1.0, np.maximum(1.0 + 2.0 * total, 1.0))
    return Correction(factor > 1.0, factor, np.where(none, 0.0, r[0]), n / factor)


def _yue_wang(times: Floats, values: Floats, n: Floats, slope: Floats) -> Correction:
    series = at_steps(times, _residuals(times, values, slope))
    r, _ = _autocorrelation(series, n, 1)
    r1 = np.nan_to_num(r[0])
    valid = ~np.isnan(series)
    total, power = np.zeros_like(n), np.ones_like(n)
    for lag in range(1, len(series)):
        power = power * r1
        total += (valid[lag:] & valid[:-lag]).sum(axis=0) / n * power
    factor = 1.0 + 2.0 * total
    return Correction(factor != 1.0, factor, r1, n / factor)


def _whiten(
    times: Floats, values: Floats, n: Floats, slope: Floats | None, options: StatsOptions
) -> Correction:
    """Whiten the values, or with a slope what its line leaves."""
    series = at_steps(times, values)
    line = np.zeros((len(series), 1))
    if slope is not None:
        line = slope * elapsed(times)[:, np.newaxis]
        series = at_steps(times, _residuals(times, values, slope))
    r, pairs = _autocorrelation(series, n, 1)
    m = pairs[0] + 1.0  # n where nothing is missing
    reach = _quantile(options.lag_level) * np.sqrt(np.maximum(m - 2.0, 0.0))
    changed = (np.abs(r[0] + 1.0 / (m - 1.0)) > reach / (m - 1.0)) & (pairs[0] > 0)
    r1 = np.where(changed, r[0], 0.0)
    white = series[1:] - series[:-1] * r1 + line[1:]
    scores = _scores_where(changed, white, times, values)
    return Correction(changed, np.ones_like(n), r1, scores.n, scores=scores)


def _wang_swail(times: Floats, values: Floats, n: Floats) -> Correction:
    series = at_steps(times, values)
    index = np.arange(float(len(series)))
    r1 = _autocorrelation(series, n, 1)[0][0]
    changed = r1 >= _ZYP_LEAST
    white = np.full_like(series[1:], np.nan)
    slope = np.full_like(n, np.nan)
    active = np.flatnonzero(changed)
    r = r1[active]
    for _ in range(_ZYP_RUNS):
        part = np.ascontiguousarray(series[:, active])
        white[:, active] = (part[1:] - part[:-1] * r) / (1.0 - r)
        before, r_before = slope[active], r1[active]
        slope[active] = sen_slopes(index[1:], np.ascontiguousarray(white[:, active]))[0]
        r1[active] = r
        close = np.abs(r - r_before) <= _ZYP_CLOSE
        close &= np.abs(slope[active] - before) <= _ZYP_SAME * np.abs(slope[active])
        left = _residuals(index, part, slope[active])
        following = _autocorrelation(left, n[active], 1)[0][0]
        small = (following < _ZYP_LEAST) & (np.abs(following - r) <= _ZYP_CLOSE)
        more = ~(close | small | np.isnan(following))
        active, r = active[more], following[more]
        if not len(active):
            break
    r1 = np.where(changed, r1, 0.0)
    scores = _scores_where(changed, white, times, values)
    return Correction(changed, np.ones_like(n), r1, scores.n, scores=scores)


def _scores_where(
    changed: NDArray[np.bool_], white: Floats, times: Floats, values: Floats
) -> Scores:
    """Return the scores of the whitened series, (N - 1, P), where changed, else of the values."""
    ours = mann_kendall_scores(np.arange(float(len(white))), white)
    plain = mann_kendall_scores(times, values)
    return Scores(*(np.where(changed, *both) for both in zip(ours, plain, strict=True)))


def _residuals(times: Floats, values: Floats, slope: Floats) -> Floats:
    left = np.empty_like(values)
    load_kernel("serial_correlation_kernel").residuals(times, values, slope, left)
    return left


def _autocorrelation(series: Floats, n: Floats, lags: int) -> tuple[Floats, Floats]:
    """Return the autocorrelations and the numbers of pairs at lags 1 to `lags`, (lags, P) each.

    R's `acf` divides the products by the number of pairs plus the lag, which makes n where nothing
    is missing; the squares are divided by n. NaN where all values are the same.
    """
    out = np.empty((2, lags, series.shape[1]))
    load_kernel("serial_correlation_kernel").autocorrelation(series, lags, out)
    products, pairs = out
    return products * (n / (pairs + np.arange(1.0, lags + 1)[:, np.newaxis])), pairs


def _quantile(level: float) -> float:
    from scipy.special import ndtri

    return float(ndtri(1.0 - level / 2.0))


def at_steps(times: Floats, values: Floats) -> Floats:
    """Spread the rows of `values` over all steps, NaN in those that are missing."""
    position = steps(times)
    if position[-1] == len(times) - 1:
        return values
    spread = np.full((position[-1] + 1, values.shape[1]), np.nan)
    spread[position] = values
    return spread


def elapsed(times: Floats) -> Floats:
    """Return the years since the first time at each step."""
    position = steps(times)
    return np.interp(np.arange(position[-1] + 1), position, times - times[0])
