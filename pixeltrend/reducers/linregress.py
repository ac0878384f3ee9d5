"""The reference: `scipy.stats.linregress`, pixel by pixel."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from pixeltrend.reducers.bands import band
from pixeltrend.reducers.function import PixelFunction
from pixeltrend.reducers.named import GivenFunction
from pixeltrend.reducers.options import PER, choose

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from pixeltrend.reducers.options import StatsOptions

STATISTICS = ("slope", "intercept", "rvalue", "pvalue", "stderr", "intercept_stderr")


def linregress_slope(pairs: NDArray[np.float64]) -> float:
    """Give the least-squares slope of the (N, 2) array of (time, value) pairs of one pixel.

    References
    ----------
    `scipy.stats.linregress`
    """
    from scipy.stats import linregress  # in the worker, and only for this method

    return float(linregress(pairs[:, 0], pairs[:, 1]).slope)


def linregress_statistics(
    pairs: NDArray[np.float64], *, names: tuple[str, ...], origin: float, per: float
) -> list[float]:
    """Give statistics of the least-squares line of one pixel.

    Parameters
    ----------
    pairs
        Valid (time, value) pairs, (N, 2).
    names
        Out of `STATISTICS`.
    origin
        Decimal year of the intercept.
    per
        Years that the slope is for.

    References
    ----------
    `scipy.stats.linregress`
    """
    from scipy.stats import linregress

    fit = linregress(pairs[:, 0] - origin, pairs[:, 1])
    # SciPy before 1.18 takes the line of two points for certain.
    unknown = {"pvalue", "stderr", "intercept_stderr"} if len(pairs) == 2 else set()  # noqa: PLR2004
    per_time = {"slope", "stderr"}
    return [
        np.nan
        if name in unknown
        else float(getattr(fit, name)) * (per if name in per_time else 1.0)
        for name in names
    ]


def make_linregress(options: StatsOptions) -> PixelFunction:
    """Give the reducer that calls SciPy for each pixel.

    Raises
    ------
    ArgumentError
        SciPy has no such statistic.
    """
    names = tuple(choose(options.stats or ("slope",), STATISTICS, ()))
    function: Callable[..., Any] = linregress_slope
    if replace(options, stats=(), min_valid=0) != type(options)() or names != ("slope",):
        function = partial(
            linregress_statistics, names=names, origin=options.origin, per=PER[options.per]
        )
    return PixelFunction(
        GivenFunction(function),
        bands=tuple(band(name, "linregress", options) for name in names),
        method="linregress",
        min_valid=max(2, options.min_valid),
    )
