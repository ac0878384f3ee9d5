"""Calendars: the dates that decimal years stand for, also rounded ones. Refuses to guess."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pixeltrend.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Counts = NDArray[np.int64]

CALENDARS = ("standard", "noleap", "360_day")

# Decimal years that somebody rounded have this many parts, and miss theirs by half of one at most.
_ROUNDED = (100, 1000)
# Days by which times may differ that mean one day: decimal years with four decimals.
_SAME = 0.02
_LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_STARTS = {
    "noleap": np.cumsum([0, *_LENGTHS]),
    "leap": np.cumsum([0, 31, 29, *_LENGTHS[2:]]),
    "360_day": np.arange(0, 361, 30),
}


def days_of_years(times: Floats, name: str) -> tuple[Counts, Floats, Counts]:
    """Return years (N,), days of the year from 0 (N,), and where months start (N, 13)."""
    year = np.floor(times + 1e-9).astype(np.int64)
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0)) & (name == "standard")
    start = np.where(
        leap[:, np.newaxis],
        _STARTS["leap"],
        _STARTS["360_day" if name == "360_day" else "noleap"],
    )
    day = (times - year) * start[:, -1]
    whole = np.rint(day)
    rounded = _rounding(times) * start[:, -1]  # less than half a day still tells the day
    same = np.where(rounded < 0.5, np.maximum(rounded, _SAME), _SAME)  # noqa: PLR2004
    return year, np.where(np.abs(day - whole) < same, whole, day), start


def by_month(times: Floats, name: str) -> tuple[Counts, Floats, Floats, Counts, Floats]:
    """Return months since year 0, days of the month from 0, days in it; years and their days."""
    year, day, start = days_of_years(times, name)
    month = (day[:, np.newaxis] >= start[:, 1:-1]).sum(axis=1)
    rows = np.arange(len(times))
    first = start[rows, month]
    return 12 * year + month, day - first, start[rows, month + 1] - first, year, day


def monthly(times: Floats) -> Iterator[Counts]:
    """Yield every way to count months since year 0, where times are one day of the month."""
    for name in CALENDARS:
        number, of_month, length, _, _ = by_month(times, name)
        if any(
            np.ptp(place) < _SAME
            for place in (of_month, length - of_month, of_month / length * _LENGTHS[0])
        ):
            yield number
    yield from _regular(times, 12)


def count_parts(times: Floats, parts: int) -> Counts:
    """Return the number of equal parts of a year since year 0, (N,).

    Times may be k/parts or (k + 1/2)/parts, also rounded to two or three decimals.

    Raises
    ------
    ArgumentError
        A rounded time could be in either of two parts.
    """

    def count(year: Counts, day: Floats, start: Counts) -> Counts:
        return year * parts + np.floor(day / start[:, -1] * parts + 1e-6).astype(np.int64)

    return _counted(times, count, _regular(times, parts))


def count_days(times: Floats, days: int) -> tuple[Counts, int]:
    """Return the number of spans of `days` days since year 0, (N,), and how many a year has.

    They begin again each year; the last one of a year is shorter.

    Raises
    ------
    ArgumentError
        A time could be in either of two spans.
    """
    in_a_year = -(-366 // days)

    def count(year: Counts, day: Floats, _start: Counts) -> Counts:
        return year * in_a_year + (day // days).astype(np.int64)

    return _counted(times, count, ()), in_a_year


def count_months(times: Floats) -> Counts:
    """Return the number of months since year 0, (N,): January of that year is 0.

    Raises
    ------
    ArgumentError
        A time could be in either of two months.
    """

    def count(year: Counts, day: Floats, start: Counts) -> Counts:
        return 12 * year + (day[:, np.newaxis] >= start[:, 1:-1]).sum(axis=1)

    return _counted(times, count, monthly(times))


def _counted(
    times: Floats,
    count: Callable[[Counts, Floats, Counts], Counts],
    regular: Iterable[Counts],
) -> Counts:
    """Return what `count` makes of the dates of the times.

    Dates are those of the standard calendar if all times are whole days in it. If not, they are
    those of another calendar in which they are, or what the times stand for that are as regular as
    a calendar (`regular`). Elsewhere, times are moments of the standard calendar, maybe rounded.
    """
    year, day, start = days_of_years(times, "standard")
    if _are_whole(day):
        return count(year, day, start)
    ways = list(regular)
    for name in CALENDARS[1:]:
        year, day, start = days_of_years(times, name)
        if _are_whole(day):
            ways.append(count(year, day, start))
    within = _rounding(times)
    ways = ways or [count(*days_of_years(times + shift, "standard")) for shift in (-within, within)]
    for way in ways[1:]:
        if (way != ways[0]).any():
            time = times[np.flatnonzero(way != ways[0])[0]]
            raise ArgumentError(
                f"{time:.10g} could be in either of two seasons: give dates (--times), or more "
                "decimals"
            )
    return ways[0]


def _are_whole(day: Floats) -> bool:
    return bool((day == np.rint(day)).all())


def _rounding(times: Floats) -> float:
    """Return by how many years times may miss theirs, as they seem to have been rounded."""
    for parts in _ROUNDED:
        if np.allclose(times * parts, np.rint(times * parts), rtol=0, atol=1e-6):
            return 0.5 / parts
    return 0.0


def _regular(times: Floats, parts: int) -> Iterator[Counts]:
    """Yield every way to count parts of the year, where times are k/parts or (k + 1/2)/parts."""
    for middle in (0.0, 0.5):
        number = np.rint(parts * times - middle).astype(np.int64)
        if (np.abs((number + middle) / parts - times) < _rounding(times) + 1e-9).all():
            yield number
