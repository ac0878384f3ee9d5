"""Steps: which whole number of steps lies between the times of a series. Refuses to guess."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pixeltrend.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Counts = NDArray[np.int64]

# Part of a year by which a time may miss that of its day in all years.
_JITTER = 0.25
# Part of a step by which it may where only the days between times tell the step: random days pass a
# quarter by chance.
_CLOSE = 0.125
# Decimal years that somebody rounded have this many parts, and miss theirs by half of one at most.
_ROUNDED = 100
# Days by which times may differ that mean one day: decimal years with four decimals.
_SAME = 0.02
_CALENDARS = ("standard", "noleap", "360_day")
_LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_STARTS = {
    "noleap": np.cumsum([0, *_LENGTHS]),
    "leap": np.cumsum([0, 31, 29, *_LENGTHS[2:]]),
    "360_day": np.arange(0, 361, 30),
}
# Days of the month, from 0, on which composites of less than a month begin.
_PARTS_OF_A_MONTH = ((0, 15), (0, 10, 20))
# Composites that begin again on the first days of each year: their days and number in a year.
_COMPOSITES = ((16, 23), (8, 46))
# Days that a step has at least where only the days between times tell it.
_SHORTEST = 5


def steps(times: Floats) -> Counts:
    """Return the step of each time, (N,), the first 0: what is missing between them counts.

    Months count as months, years as years, and composites by their number in the year, where the
    times are such in one of the calendars of the CF conventions; otherwise a step has the same
    number of days everywhere. The step is the longest that fits: every five years it is five years.

    Parameters
    ----------
    times
        Decimal years, (N,), increasing.

    Raises
    ------
    ArgumentError
        Two times are the same; they are too far from whole steps; or they can be
        counted in several ways that differ.
    """
    if not np.diff(times).all():
        time = times[:-1][np.diff(times) == 0][0]
        raise ArgumentError(
            f"{time:.10g} is the time of several values: a correction for serial correlation needs "
            "one value at each time"
        )
    years = _years(times)
    ways = [_reduced(way) for way in (*_by_calendar(times), years) if way is not None]
    if not ways:
        return _reduced(_equal_days(times))
    for way in ways[1:]:
        if (way != ways[0]).any():
            i = int(np.flatnonzero(way != ways[0])[0])
            raise ArgumentError(
                f"from {times[0]:.10g} to {times[i]:.10g} could be {ways[0][i]} or {way[i]} steps: "
                "a correction for serial correlation needs to know; add rasters between them, or "
                "give whole years (--years, --times)"
            )
    return ways[0]


def months(times: Floats) -> Counts:
    """Return the month of each time, (N,), from 1: that of its date.

    Where times are no whole days of the standard calendar, but one day of the month in another one,
    or k/12 or (k + 1/2)/12, it is the month that they stand for; elsewhere that of the day in the
    standard calendar.

    Raises
    ------
    ArgumentError
        The times stand for different months in different calendars.
    """
    _, day, start = calendar(times, "standard")
    ways = [number % 12 + 1 for number in _monthly(times)]
    if not ways or (day == np.rint(day)).all():
        return (day[:, np.newaxis] >= start[:, :-1]).sum(axis=1)
    for way in ways[1:]:
        if (way != ways[0]).any():
            i = int(np.flatnonzero(way != ways[0])[0])
            raise ArgumentError(
                f"{times[i]:.10g} could be in month {ways[0][i]} or {way[i]}: give dates (--times)"
            )
    return ways[0]


def _reduced(counts: Counts) -> Counts:
    """Return counts from the first one on, in the longest step that fits."""
    from_first = counts - counts[0]
    return from_first // max(int(np.gcd.reduce(from_first)), 1)


def calendar(times: Floats, name: str) -> tuple[Counts, Floats, NDArray[np.int64]]:
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
    return year, np.where(np.abs(day - whole) < _SAME, whole, day), start


def _by_month(times: Floats, name: str) -> tuple[Counts, Floats, Floats, Counts, Floats]:
    """Return months since year 0, days of the month from 0, days in it; years and their days."""
    year, day, start = calendar(times, name)
    month = (day[:, np.newaxis] >= start[:, 1:-1]).sum(axis=1)
    rows = np.arange(len(times))
    first = start[rows, month]
    return 12 * year + month, day - first, start[rows, month + 1] - first, year, day


def _monthly(times: Floats) -> Iterator[Counts]:
    """Yield every way to count months since year 0, where times are one day of the month."""
    for name in _CALENDARS:
        number, of_month, length, _, _ = _by_month(times, name)
        if any(
            np.ptp(place) < _SAME
            for place in (of_month, length - of_month, of_month / length * _LENGTHS[0])
        ):
            yield number
    if np.allclose(times * _ROUNDED, np.rint(times * _ROUNDED), rtol=0, atol=1e-6):
        for middle in (0.0, 0.5):  # k/12 and (k + 1/2)/12, rounded to two decimals
            number = np.rint(12 * times - middle).astype(np.int64)
            if (np.abs((number + middle) / 12 - times) < 0.5 / _ROUNDED + 1e-9).all():
                yield number


def _by_calendar(times: Floats) -> Iterator[Counts]:
    """Yield every way to count times that are regular in a calendar to the day."""
    yield from _monthly(times)
    for name in _CALENDARS:
        number, of_month, _, year, day = _by_month(times, name)
        for begins in _PARTS_OF_A_MONTH:
            if np.isin(of_month, begins).all():
                yield number * len(begins) + np.searchsorted(begins, of_month)
        for days, in_a_year in _COMPOSITES:
            offset = day[0] % days
            if name != "360_day" and (day % days == offset).all() and offset == int(offset):
                yield year * in_a_year + (day // days).astype(np.int64)


def _years(times: Floats) -> Counts | None:
    """Return the number of the year of each time, if each has its own, a quarter around one day."""
    part = np.sort(times % 1.0)
    gaps = np.diff(part, append=part[0] + 1.0)
    widest = int(gaps.argmax())
    if 1.0 - gaps[widest] > 2 * _JITTER:
        return None
    middle = part[widest] + gaps[widest] / 2 + 0.5
    year = np.rint(times - middle).astype(np.int64)
    return year if np.diff(year).all() else None


def _equal_days(times: Floats) -> Counts:
    """Return the steps of times that have the same number of days between them.

    Raises
    ------
    ArgumentError
        They have not.
    """
    year, day, _ = calendar(times, "standard")
    leaps = (year - 1) // 4 - (year - 1) // 100 + (year - 1) // 400
    days = 365 * year + leaps + day
    whole = np.rint(days).astype(np.int64)
    if (whole == days).all() and np.gcd.reduce(np.diff(whole)) >= _SHORTEST:
        return whole
    distances = np.diff(days)
    unit = distances.min()
    for longest in np.sort(distances):  # each count makes the unit more exact for longer distances
        some = distances[distances <= longest]
        unit = some.sum() / np.rint(some / unit).sum()
    ratios = distances / unit
    counts = np.concatenate([[0], np.cumsum(np.rint(ratios))]).astype(np.int64)
    off = np.abs(ratios - np.rint(ratios)) > _CLOSE
    missed = days - counts * unit
    off |= np.abs(missed - (missed.max() + missed.min()) / 2)[1:] > _CLOSE * unit
    if off.any():
        i = int(np.flatnonzero(off)[0])
        raise ArgumentError(
            f"from {times[i]:.10g} to {times[i + 1]:.10g} is not a whole number of steps of "
            f"{unit:.4g} days: a correction for serial correlation needs equal steps"
        )
    return counts
