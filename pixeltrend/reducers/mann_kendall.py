"""The Mann-Kendall test for a monotonic trend."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pixeltrend.reducers import student
from pixeltrend.reducers.kendall_exact import at_most, is_exact
from pixeltrend.reducers.pairs import mann_kendall_scores
from pixeltrend.reducers.seasons import by_season
from pixeltrend.reducers.serial_correlation import correct

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from pixeltrend.reducers.options import StatsOptions
    from pixeltrend.reducers.pairs import Scores
    from pixeltrend.reducers.serial_correlation import Correction

    Floats = NDArray[np.float64]


def mann_kendall_test(
    scores: Scores,
    names: Collection[str],
    options: StatsOptions,
    correction: Correction | None,
) -> dict[str, Any]:
    """Test each pixel for a monotonic trend.

    ``z = (S - sign(S)) / sqrt(var_s)``. The p-value is exact where `scipy.stats.kendalltau` takes
    the exact one (no ties, and at most 33 values or an all but perfect order), and that of z in
    the normal distribution elsewhere, always from the tail itself. What a correction changes is
    never exact.

    Parameters
    ----------
    scores
        What the test knows of the values.
    names
        Names of the method's statistics.
    options
        Alternative and season.
    correction
        What the correction for serial correlation makes of the test.

    Returns
    -------
    dict of arrays (P,)
        These, and ``n_valid``.

    References
    ----------
    Kendall, M. G. (1970). Rank Correlation Methods, 4th ed., chapters 1, 3 and 4.
    Gilbert, R. O. (1987). Statistical Methods for Environmental Pollution Monitoring, chapter 16.
    """
    result: dict[str, Any] = {"n_valid": scores.n}
    exact = np.full(len(scores.n), options.season is None)
    factor: Any = 1.0
    if correction is not None:
        scores = correction.scores or scores
        factor = correction.factor
        exact &= ~correction.changed
        result |= {"r1": correction.r1, "n_eff": correction.n_eff, "factor": factor}
    none = scores.pairs < 1
    s = result["s"] = np.where(none, np.nan, scores.s)
    if "tau" in names:
        result["tau"] = np.clip(s / scores.untied, -1.0, 1.0)
    discordant = (scores.pairs - scores.tied - scores.s) / 2
    exact &= is_exact(scores.n, discordant, scores.tied)
    if "pvalue" in names and exact.all():
        result["pvalue"] = _exact_p(scores.n, discordant, options.alternative)
        if {"var_s", "z"}.isdisjoint(names):
            return result
    var_s = np.where(none, np.nan, (scores.var_s + scores.both) * factor)
    z = (s - np.sign(s)) / np.sqrt(var_s)
    z[~(var_s > 0)] = np.nan
    result |= {"var_s": var_s, "z": z}
    if "pvalue" in names and "pvalue" not in result:
        p = result["pvalue"] = _tail(z, options.alternative, correction)
        p[exact] = _exact_p(scores.n[exact], discordant[exact], options.alternative)
    return result


def mann_kendall_statistics(
    times: Floats,
    values: NDArray[np.floating[Any]],
    names: Collection[str],
    options: StatsOptions,
) -> dict[str, Any]:
    """Test each pixel as `mann_kendall_test` does, for values of any type."""
    y = np.ascontiguousarray(values, dtype=np.float64)
    correction = None
    if options.correction is not None:
        correction = correct(times, y, options)
    seasons = None
    if options.season is not None:
        times, y, seasons = by_season(times, y, options.season)
    scores = mann_kendall_scores(times, y, seasons, independent=options.independent_seasons)
    return mann_kendall_test(scores, names, options, correction)


def _tail(z: Floats, alternative: str, correction: Correction | None) -> Floats:
    """Return the p-values, (P,), of z in the normal distribution, or in Student's t."""
    from scipy.special import ndtr

    sign: Any = {"two-sided": -np.sign(z), "increasing": -1.0, "decreasing": 1.0}[alternative]
    p = ndtr(sign * z)
    if correction is not None and correction.df is not None:
        half = student.two_sided(z, correction.df) / 2.0
        p = np.where(correction.changed, np.where(sign * z > 0, 1.0 - half, half), p)
    return np.minimum(2.0 * p, 1.0) if alternative == "two-sided" else np.asarray(p)


def _exact_p(n: Floats, discordant: Floats, alternative: str) -> Floats:
    """Return the exact p-values, (P,), of so many decreasing pairs among n values without ties."""
    other = n * (n - 1) / 2 - discordant
    if alternative == "two-sided":
        return np.minimum(2.0 * at_most(n, np.minimum(discordant, other)), 1.0)
    return at_most(n, discordant if alternative == "increasing" else other)
