"""Influence: what becomes of slope and significance if one year is left out."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from pixeltrend.errors import ArgumentError
from pixeltrend.reducers import student
from pixeltrend.reducers.kendall_exact import LARGEST, at_most
from pixeltrend.reducers.kernels import load_kernel
from pixeltrend.reducers.ols_statistics import centred_times
from pixeltrend.reducers.options import PER

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pixeltrend.reducers.options import StatsOptions

    Floats = NDArray[np.float64]


def slopes_without_a_year(
    times: Floats,
    values: NDArray[np.floating[Any]],
    computed: dict[str, Any],
    options: StatsOptions,
) -> dict[str, Floats]:
    """Return the smallest and the largest slope of each pixel, (P,), with one year left out.

    A year is a calendar year with all its values. A pixel whose slope takes all its years has NaN.

    Parameters
    ----------
    times
        Decimal years, (N,), increasing.
    values
        Values, (N, P); NaN where missing.
    computed
        Nothing of it is needed.
    options
        Unit of time.

    References
    ----------
    Belsley, D. A., Kuh, E. and Welsch, R. E. (1980). Regression Diagnostics, chapter 2: the sums
    of a line less those of the rows that are left out.
    """
    del computed
    least, most = _without_a_year(times, values, options, rows=2)
    return {"slope_min": least, "slope_max": most}


def fragile(
    times: Floats,
    values: NDArray[np.floating[Any]],
    computed: dict[str, Any],
    options: StatsOptions,
) -> dict[str, Floats]:
    """Return how many years of each pixel, (P,), turn its significance if one is left out.

    A trend is significant where p is `alpha` or less, by the test of the method. For Mann-Kendall,
    S loses the pairs of that year, and its variance is that of the values that stay, with their
    ties; p is exact where `pvalue` is. Missing where the values, or those less a year, have no
    test.

    Raises
    ------
    ArgumentError
        Several values at one time, in a rank test.
    """
    del computed
    if options.method == "ols":
        return {"fragile": _without_a_year(times, values, options, rows=1)[0]}
    if not np.diff(times).all():
        raise ArgumentError("fragile: a rank test without a year needs one value at each time")
    from scipy.special import ndtri

    two_sided = options.alternative == "two-sided"
    tail = options.alpha / 2.0 if two_sided else options.alpha
    side = {"two-sided": 0, "increasing": 1, "decreasing": -1}[options.alternative]
    out = np.empty(values.shape[1])
    load_kernel("rank_influence_kernel").turned_rank_tests(
        _years(times),
        np.ascontiguousarray(values, dtype=np.float64),
        float(-ndtri(tail)),
        _critical(tail, len(times)),
        side,
        out,
    )
    return {"fragile": out}


def _without_a_year(
    times: Floats, values: NDArray[np.floating[Any]], options: StatsOptions, rows: int
) -> Floats:
    """Return the smallest and largest slope, (2, P), or the years that turn the test, (1, P)."""
    _, *centred = centred_times(times)
    out = np.empty((rows, values.shape[1]))
    load_kernel("influence_kernel").lines_without_a_year(
        *centred,
        _years(times),
        np.ascontiguousarray(values, dtype=np.float64),
        float(PER[options.per]),
        student.quantiles(1.0 - options.alpha / 2.0, len(times)),
        out,
    )
    return out


def _years(times: Floats) -> NDArray[np.int64]:
    """Return the rows at which calendar years begin, and the number of rows."""
    year = np.floor(times + 1e-9)
    return np.concatenate([[0], np.flatnonzero(np.diff(year)) + 1, [len(times)]]).astype(np.int64)


@cache
def _critical(tail: float, values: int) -> Floats:
    """Return the smallest S without ties whose p is `tail` or less, by number of values.

    Exact where p is, and that of z in the normal distribution beyond; NaN where S has no variance.
    """
    from scipy.special import ndtri

    n = np.arange(values + 1.0)
    reach = -ndtri(tail) * np.sqrt(n * (n - 1.0) * (2.0 * n + 5.0) / 18.0)
    critical = np.ceil(reach) + 1.0
    critical[:2] = np.nan
    for count in range(2, min(LARGEST, values) + 1):
        pairs = count * (count - 1) // 2
        p = at_most(np.full(pairs + 1, float(count)), np.arange(pairs + 1.0))
        significant = int((p <= tail).sum())
        critical[count] = pairs - 2.0 * (significant - 1) if significant else np.inf
    return critical
