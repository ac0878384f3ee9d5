"""The Theil-Sen line: the median of the slopes between all pairs of values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pixeltrend.reducers import student
from pixeltrend.reducers.kernels import load_kernel
from pixeltrend.reducers.mann_kendall import mann_kendall_test
from pixeltrend.reducers.options import PER
from pixeltrend.reducers.pairs import mann_kendall_scores, sen_slopes
from pixeltrend.reducers.registry import SERIAL
from pixeltrend.reducers.seasons import by_season
from pixeltrend.reducers.serial_correlation import correct

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from pixeltrend.reducers.options import StatsOptions
    from pixeltrend.reducers.pairs import Scores
    from pixeltrend.reducers.serial_correlation import Correction

    Floats = NDArray[np.float64]

_TEST = {"s", "var_s", "tau", "z", "pvalue", *SERIAL}
_LIMITS = {"slope_lower", "slope_upper"}
_FEWEST = 5  # values: the two outermost slopes of four have a level of 92 %


def theil_sen_statistics(
    times: Floats,
    values: NDArray[np.floating[Any]],
    names: Collection[str],
    options: StatsOptions,
) -> dict[str, Any]:
    """Compute the Theil-Sen line of each pixel, and the Mann-Kendall test with it.

    The slope is the median of ``(y_j - y_i) / (x_j - x_i)`` over all pairs i < j of valid values,
    with seasons over the pairs of one season. Its intercept is ``median(y) - slope * median(x)``.

    Parameters
    ----------
    times
        Decimal years, (N,).
    values
        Values, (N, P); NaN where missing.
    names
        Names of the method's statistics.
    options
        Everything but `min_valid`.

    Returns
    -------
    dict of arrays (P,)
        These, and ``n_valid``.

    References
    ----------
    Sen, P. K. (1968). J. Am. Stat. Assoc. 63, 1379-1389; Theil, H. (1950). Proc. Kon. Ned. Akad.
    v. Wetensch. A 53, 386-392; Conover, W. J. (1980). Practical Nonparametric Statistics, 2nd
    ed. (the separate intercept). `scipy.stats.theilslopes` for the ranks of the limits.
    """
    y = np.ascontiguousarray(values, dtype=np.float64)
    seasons = None
    if options.season is not None:
        times, y, seasons = by_season(times, y, options.season)
    limits = not _LIMITS.isdisjoint(names)
    scores = correction = median = None
    if limits or not _TEST.isdisjoint(names):
        scores = mann_kendall_scores(times, y, seasons, independent=options.independent_seasons)
        if options.correction is not None:
            median = sen_slopes(times, y)[0]
            correction = correct(times, y, options, median)
    ranks = None
    if scores is not None and limits:
        ranks = _limit_ranks(scores, options.confidence, correction)
    if median is None or ranks is not None:
        slopes = sen_slopes(times, y, seasons, ranks, median=median)
    else:
        slopes = median[np.newaxis]
    scale = PER[options.per]
    result: dict[str, Any] = {"slope": slopes[0] * scale}
    if scores is not None and limits:
        few = scores.n < _FEWEST
        if correction is not None:
            few |= np.isnan(correction.factor)
        result["slope_lower"], result["slope_upper"] = np.where(few, np.nan, slopes[1:] * scale)
    if "intercept" in names:
        result["intercept"] = _intercept(times - options.origin, y, slopes[0])
    if scores is None:
        return result | {"n_valid": (~np.isnan(y)).sum(axis=0).astype(np.float64)}
    return result | mann_kendall_test(scores, names, options, correction)


def _limit_ranks(scores: Scores, confidence: float, correction: Correction | None) -> Floats:
    """Return the ranks of the lower and the upper limit, (2, P), as SciPy rounds them.

    They come from the variance and the distribution that the p-value comes from.

    References
    ----------
    Sen (1968), eq. 2.6; Gilbert (1987), chapter 17, for seasons.
    """
    from scipy.special import ndtri

    tail = (1.0 - confidence) / 2.0
    quantile, var_s = ndtri(tail), scores.var_s
    if correction is not None:
        var_s = var_s * np.nan_to_num(correction.factor, nan=1.0)
        if correction.df is not None:
            quantile = np.where(
                correction.changed, -student.quantiles_of(1.0 - tail, correction.df), quantile
            )
    reach = quantile * np.sqrt(var_s)
    last = np.maximum(scores.pairs - 1, 0)
    lower = np.maximum(np.rint((scores.pairs + reach) / 2.0) - 1, 0)
    upper = np.minimum(np.rint((scores.pairs - reach) / 2.0), last)
    return np.stack([lower, upper])


def _intercept(x: Floats, values: Floats, slope: Floats) -> Floats:
    """Return the intercepts, (P,), of lines with `slope` over the times `x`, (N,)."""
    kernel = load_kernel("select_kernel")
    median = np.empty(values.shape[1])
    kernel.medians(values, median)
    middle = np.empty_like(median)
    kernel.medians(np.where(np.isnan(values), np.nan, x[:, np.newaxis]), middle)
    return np.asarray(median - slope * middle)
