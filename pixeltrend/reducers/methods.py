"""From options to the reducer that computes them."""

from __future__ import annotations

import dataclasses
import itertools
from typing import TYPE_CHECKING

from pixeltrend.errors import ArgumentError
from pixeltrend.reducers.bands import make_bands, step_bands
from pixeltrend.reducers.derived import CLASS, SENSOR
from pixeltrend.reducers.options import StatsOptions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pixeltrend.reducers.reducer import BandInfo, Reducer


def make_reducer(options: StatsOptions, groups: Sequence[str] = ()) -> Reducer:
    """Return the reducer that computes what the options ask for.

    Parameters
    ----------
    options
        Which statistics, and how.
    groups
        The group of each raster, in the order of their times, where `steps` is "sensor".

    Raises
    ------
    ArgumentError
        `steps` is "sensor", and there are not two groups.
    """
    bands = make_bands(options)
    if options.steps is not None:
        return _with_steps(options, bands, groups)
    if options in (StatsOptions(), StatsOptions(stats="slope")):  # needs neither SciPy nor Numba
        from pixeltrend.reducers.ols import OLS

        return OLS(bands)
    from pixeltrend.reducers.statistics import Statistics

    return Statistics(options, bands)


def alone(options: StatsOptions, names: Sequence[str]) -> StatsOptions:
    """Return the options that compute these statistics of the same method, and nothing else."""
    usual = StatsOptions()
    others = {
        name: getattr(usual, name) for name in ("fdr", "alpha", "stable", "percent_of", "predict")
    }
    return dataclasses.replace(options, stats=",".join(names), **others)


def _with_steps(
    options: StatsOptions, bands: tuple[BandInfo, ...], groups: Sequence[str]
) -> Reducer:
    from pixeltrend.reducers.statistics import Statistics

    names: list[str] = list(dict.fromkeys(groups))
    if options.steps != SENSOR:
        years = str(options.steps).split(",")
        names = [f"before {years[0]}", *(f"{a} to {b}" for a, b in itertools.pairwise(years))]
        names.append(f"{years[-1]} on")
        codes: tuple[int, ...] = ()
    elif not groups:
        raise ArgumentError("steps: arrays have no sensors; give years, as in steps='2003,2013'")
    elif "" in groups:
        number = sum(not group for group in groups)
        raise ArgumentError(
            f"steps: nothing tells the sensor of {number} of {len(groups)} rasters; give a table "
            "with --groups"
        )
    elif len(names) < 2:  # noqa: PLR2004 - one has no step
        raise ArgumentError(f"steps: all rasters are of one sensor, {names[0]}")
    else:
        codes = tuple(map(names.index, groups))
    if options.method == "ols" and options.stats != CLASS:
        bands += step_bands(names)
    return Statistics(options, bands, codes)
