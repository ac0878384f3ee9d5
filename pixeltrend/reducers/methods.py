"""Methods: the reducer of each method's name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

from pixeltrend.reducers.options import StatsOptions, make_options

if TYPE_CHECKING:
    from pixeltrend.reducers.options import StatsKeywords
    from pixeltrend.reducers.reducer import Reducer


def make_reducer(method: str, **keywords: Unpack[StatsKeywords]) -> Reducer:
    """Give the reducer of a method's name.

    Parameters
    ----------
    method
        One of `METHODS`.
    **keywords
        Which statistics, and how: see `StatsOptions`.

    Raises
    ------
    ArgumentError
        There is no such method, or it has no such statistic or option.
    """
    options = make_options(method, **keywords)
    # What a method needs is imported when it is asked for: SciPy takes longer than a small raster.
    if method == "linregress":
        from pixeltrend.reducers.linregress import make_linregress

        return make_linregress(options)
    if method == "ols" and options in (StatsOptions(), StatsOptions(stats=("slope",))):
        from pixeltrend.reducers.ols import OLS

        return OLS()
    from pixeltrend.reducers.statistics import make_statistics

    return make_statistics(method, options)
