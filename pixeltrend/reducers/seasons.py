"""Seasons: which part of which year each time is in, and one value for each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pixeltrend.errors import ArgumentError
from pixeltrend.reducers.calendars import count_days, count_months, count_parts
from pixeltrend.reducers.kernels import load_kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Counts = NDArray[np.int64]

_NAMES = {
    "month": (
        "January", "February", "March", "April", "May", "June", "July", "August", "September",
        "October", "November", "December",
    ),
    "quarter": ("January to March", "April to June", "July to September", "October to December"),
    "meteorological": (
        "December to February", "March to May", "June to August", "September to November",
    ),
}  # fmt: skip


class Seasons(NamedTuple):
    """Which season of which year each value is of."""

    number: Counts
    """Number of the season, from 0, (N,)."""
    year: Counts
    """The year that the season counts to, (N,)."""


def seasons_of(times: Floats, season: str) -> Seasons:
    """Return the season and the year of each time.

    Parameters
    ----------
    times
        Decimal years, (N,), increasing.
    season
        "month", "quarter", "meteorological" (December counts to the next year's winter), a number
        of equal parts of the year, or a length as "16day", which begins again each year.

    Raises
    ------
    ArgumentError
        A time could be in either of two seasons, or a season has times in one year only.
    """
    if season in _NAMES:
        in_a_year = len(_NAMES[season])
        count = (count_months(times) + (season == "meteorological")) // (12 // in_a_year)
    elif season.endswith("day"):
        count, in_a_year = count_days(times, int(season.removesuffix("day")))
    else:
        in_a_year = int(season)
        count = count_parts(times, in_a_year)
    year, number = np.divmod(count, in_a_year)
    for single in np.unique(number):
        years = np.unique(year[number == single])
        if len(years) == 1:
            raise ArgumentError(
                f"season {season}: {_name(season, single)} has values of {years[0]} alone, but a "
                "trend needs two years of each season: leave its rasters out, or take longer "
                "seasons"
            )
    return Seasons(number, year)


def by_season(times: Floats, values: Floats, season: str) -> tuple[Floats, Floats, Seasons]:
    """Return one value for each season of each year: the median of those there are.

    Parameters
    ----------
    times, season
        As for `seasons_of`.
    values
        Values, (N, P), float64; NaN where missing.

    Returns
    -------
    tuple
        Times (M,), the median of those of a season, values (M, P), and their seasons.
    """
    seasons = seasons_of(times, season)
    starts = _starts(seasons)
    if len(starts) == len(times):
        return times, values, seasons
    medians = np.empty((len(starts), values.shape[1]))
    kernel = load_kernel("select_kernel")
    parts = np.split(values, starts[1:])
    for part, out in zip(parts, medians, strict=True):
        kernel.medians(part, out)
    middles = np.array([np.median(part) for part in np.split(times, starts[1:])])
    return middles, medians, Seasons(*(field[starts] for field in seasons))


def season_notes(times: Floats, season: str) -> list[str]:
    """Return what to know of a series before its seasons are compared.

    Raises
    ------
    ArgumentError
        As for `seasons_of`.
    """
    seasons = seasons_of(times, season)
    starts = _starts(seasons)
    counts = np.diff(starts, append=len(times))
    several = np.flatnonzero(counts > 1)
    if not len(several):
        return []
    first = starts[several[0]]
    return [
        f"season {season}: {len(several)} of {len(starts)} have several rasters, of which the "
        f"median is taken; {_name(season, seasons.number[first])} of {seasons.year[first]} has "
        f"{counts[several[0]]}"
    ]


def _starts(seasons: Seasons) -> Counts:
    """Return where, among increasing times, each season of each year begins."""
    changes = (np.diff(seasons.year) != 0) | (np.diff(seasons.number) != 0)
    return np.concatenate([[0], np.flatnonzero(changes) + 1])


def _name(season: str, number: int) -> str:
    return _NAMES[season][number] if season in _NAMES else f"part {number + 1} of the year"
