"""From options to the reducer that computes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pixeltrend.reducers.bands import make_bands
from pixeltrend.reducers.options import StatsOptions

if TYPE_CHECKING:
    from pixeltrend.reducers.reducer import Reducer


def make_reducer(options: StatsOptions) -> Reducer:
    """Return the reducer that computes what the options ask for."""
    bands = make_bands(options)
    if options in (StatsOptions(), StatsOptions(stats="slope")):  # needs neither SciPy nor Numba
        from pixeltrend.reducers.ols import OLS

        return OLS(bands)
    from pixeltrend.reducers.statistics import Statistics

    return Statistics(options, bands)
