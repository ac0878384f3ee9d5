"""The Mann-Kendall test for a monotonic trend."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pixeltrend.reducers.kendall_exact import at_most, is_exact
from pixeltrend.reducers.pairs import mann_kendall_scores
from pixeltrend.reducers.serial_correlation import variance_factor, whiten

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from pixeltrend.reducers.options import StatsOptions
    from pixeltrend.reducers.pairs import Scores

    Floats = NDArray[np.float64]


def mann_kendall_test(
    times: Floats,
    values: Floats,
    names: Collection[str],
    options: StatsOptions,
    slope: Floats | None = None,
) -> dict[str, Any]:
    """Test each pixel for a monotonic trend.

    ``z = (S - sign(S)) / sqrt(var_s)``. The p-value is exact where `scipy.stats.kendalltau` takes
    the exact one (no ties, and at most 33 values or an all but perfect order), and that of z in
    the normal distribution elsewhere, always from the tail itself.

    Parameters
    ----------
    times
        Decimal years, (N,).
    values
        Values, (N, P), float64; NaN where missing.
    names
        Names of the method's statistics.
    options
        Alternative, correction, season.
    slope
        Theil-Sen slopes a year, (P,), if they are known.

    Returns
    -------
    dict of arrays (P,)
        These, and ``n_valid``; with a correction also
        ``bad_variance``, where it failed.

    References
    ----------
    Kendall, M. G. (1970). Rank Correlation Methods, 4th ed., chapters 1, 3 and 4.
    Gilbert, R. O. (1987). Statistical Methods for Environmental Pollution Monitoring, chapter 16.
    """
    scores = mann_kendall_scores(times, values, options.season)
    result: dict[str, Any] = {"n_valid": scores.n}
    factor = np.ones(1)
    if options.correction is not None:
        if options.correction in {"hamed-rao", "yue-wang"}:
            factor = variance_factor(times, values, options, slope)
            result["bad_variance"] = ~(factor > 0) & (scores.var_s > 0) & (scores.n > 2)  # noqa: PLR2004
        else:
            white = whiten(times, values, options, slope)
            scores = mann_kendall_scores(np.arange(float(len(white))), white)
    none = scores.pairs < 1
    var_s = np.where(none, np.nan, (scores.var_s + scores.both) * factor)
    var_s[np.broadcast_to(~(factor > 0), var_s.shape)] = np.nan
    s = np.where(none, np.nan, scores.s)
    z = (s - np.sign(s)) / np.sqrt(var_s)
    z[~(var_s > 0)] = np.nan
    result |= {"s": s, "var_s": var_s, "z": z}
    if "tau" in names:
        result["tau"] = np.clip(s / scores.untied, -1.0, 1.0)
    if "pvalue" in names:
        independent = options.correction is None and options.season is None
        result["pvalue"] = _pvalue(scores, z, options.alternative, exact=independent)
    return result


def mann_kendall_statistics(
    times: Floats,
    values: NDArray[np.floating[Any]],
    names: Collection[str],
    options: StatsOptions,
) -> dict[str, Any]:
    """Test each pixel as `mann_kendall_test` does, for values of any type."""
    return mann_kendall_test(times, values.astype(np.float64), names, options)


def _pvalue(scores: Scores, z: Floats, alternative: str, *, exact: bool) -> Floats:
    from scipy.special import ndtr

    if alternative == "two-sided":
        p = 2.0 * ndtr(-np.abs(z))
    else:
        p = ndtr(-z if alternative == "increasing" else z)
    p = np.minimum(p, 1.0)
    discordant = (scores.pairs - scores.tied - scores.s) / 2
    chosen = np.flatnonzero(is_exact(scores.n, discordant, scores.tied) & exact)
    if len(chosen):
        n, d = scores.n[chosen], discordant[chosen]
        other = n * (n - 1) / 2 - d
        if alternative == "two-sided":
            p[chosen] = np.minimum(2.0 * at_most(n, np.minimum(d, other)), 1.0)
        else:
            p[chosen] = at_most(n, d if alternative == "increasing" else other)
    return np.asarray(p)
