"""The Mann-Kendall test for a monotonic trend."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pixeltrend.reducers.kendall_exact import at_most, is_exact
from pixeltrend.reducers.kernels import load_kernels

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from pixeltrend.reducers.options import StatsOptions

    Floats = NDArray[np.float64]

STATISTICS = ("s", "var_s", "tau", "z", "pvalue", "n_valid")


class Scores(NamedTuple):
    """What the test knows of each pixel, (P,)."""

    n: Floats
    """Number of values."""
    s: Floats
    """Increasing minus decreasing pairs."""
    pairs: Floats
    """Pairs compared."""
    tied: Floats
    """Pairs of equal values."""
    var_s: Floats
    """Variance of `s` among independent values, made smaller by ties."""
    untied: Floats
    """Square root of pairs times untied pairs, what tau-b divides by."""


def mann_kendall_scores(values: Floats, group: NDArray[np.int64]) -> Scores:
    """Compare every value with each later one of its group.

    ``S = sum of sign(y_j - y_i) over i < j`` and ``var_s = (n (n - 1) (2 n + 5) - sum of
    t (t - 1) (2 t + 5)) / 18`` with t the sizes of the groups of equal values. Several groups
    (seasons) add up.

    Parameters
    ----------
    values
        Values, (N, P); NaN where missing.
    group
        The group of each row, (N,).

    References
    ----------
    Mann, H. B. (1945). Econometrica 13, 245-259.
    Kendall, M. G. (1970). Rank Correlation Methods, 4th ed., chapter 4 (ties).
    Hirsch, R. M., Slack, J. R. and Smith, R. A. (1982). Water Resources Research 18, 107-121
    (seasons).
    """
    kernel, _ = load_kernels()
    total = np.zeros((6, values.shape[1]))
    out = np.empty((4, values.shape[1]))
    seasons = np.unique(group)
    for season in seasons:
        rows = values if len(seasons) == 1 else values[group == season]
        kernel.mann_kendall_scores(rows, out)
        n, s, tied, ties = out
        pairs = n * (n - 1) / 2
        var_s = (n * (n - 1) * (2 * n + 5) - ties) / 18
        total += (n, s, pairs, tied, var_s, np.sqrt(pairs) * np.sqrt(pairs - tied))
    return Scores(*total)


def mann_kendall_test(
    times: Floats,
    values: Floats,
    wanted: Collection[str],
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
    wanted
        Names out of `STATISTICS`.
    options
        Alternative, kind of tau, correction, season.
    slope
        Theil-Sen slopes a year, (P,), if they are known.

    Returns
    -------
    dict of arrays (P,)
        All of `STATISTICS` that are wanted, and ``n_valid``; with a correction also
        ``bad_variance``, where it failed.

    References
    ----------
    Kendall, M. G. (1970). Rank Correlation Methods, 4th ed., chapters 1, 3 and 4.
    Gilbert, R. O. (1987). Statistical Methods for Environmental Pollution Monitoring, chapter 16.
    """
    group = groups(times, options.season)
    scores = mann_kendall_scores(values, group)
    result: dict[str, Any] = {"n_valid": scores.n}
    factor = np.ones(1)
    if options.correction is not None:
        from pixeltrend.reducers.serial_correlation import variance_factor, whiten

        if options.correction in {"hamed-rao", "yue-wang"}:
            factor = variance_factor(times, values, options, slope)
            result["bad_variance"] = ~(factor > 0) & (scores.var_s > 0) & (scores.n > 2)  # noqa: PLR2004
        else:
            scores = mann_kendall_scores(whiten(times, values, options, slope), group[:1])
    none = scores.pairs < 1
    var_s = np.where(none, np.nan, scores.var_s * factor)
    var_s[np.broadcast_to(~(factor > 0), var_s.shape)] = np.nan
    s = np.where(none, np.nan, scores.s)
    z = (s - np.sign(s)) / np.sqrt(var_s)
    z[~(var_s > 0)] = np.nan
    result |= {"s": s, "var_s": var_s, "z": z}
    if "tau" in wanted:
        untied = scores.untied if options.tau == "b" else scores.pairs
        result["tau"] = np.clip(s / untied, -1.0, 1.0)
    if "pvalue" in wanted:
        independent = options.correction is None and options.season is None
        result["pvalue"] = _pvalue(scores, z, options.alternative, exact=independent)
    return result


def mann_kendall_statistics(
    times: Floats,
    values: NDArray[np.floating[Any]],
    wanted: Collection[str],
    options: StatsOptions,
) -> dict[str, Any]:
    """Test each pixel as `mann_kendall_test` does, for values of any type."""
    return mann_kendall_test(times, values.astype(np.float64), wanted, options)


def groups(times: Floats, season: str | None) -> NDArray[np.int64]:
    """Give the number of the season of each time, (N,): all the same without seasons."""
    if season is None:
        return np.zeros(len(times), dtype=np.int64)
    year = np.floor(times)
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    day = np.rint((times - year) * np.where(leap, 366, 365)).astype(np.int64)
    first = np.cumsum([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30])
    day -= leap & (day >= first[2])  # 29 February counts as the 28th
    return np.searchsorted(first, day, "right")


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
