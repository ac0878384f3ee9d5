"""Steps: which whole number of steps lies between the times of a series. Refuses to guess."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from pixeltrend.errors import ArgumentError
from pixeltrend.reducers.calendars import CALENDARS, by_month, days_of_years, monthly

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
    return _steps(times.tobytes())


@lru_cache(maxsize=8)  # every tile of pixels has the same times
def _steps(times_as_bytes: bytes) -> Counts:
    times = np.frombuffer(times_as_bytes)
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


def _reduced(counts: Counts) -> Counts:
    """Return counts from the first one on, in the longest step that fits."""
    from_first = counts - counts[0]
    return from_first // max(int(np.gcd.reduce(from_first)), 1)


def _by_calendar(times: Floats) -> Iterator[Counts]:
    """Yield every way to count times that are regular in a calendar to the day."""
    yield from monthly(times)
    for name in CALENDARS:
        number, of_month, _, year, day = by_month(times, name)
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
    year, day, _ = days_of_years(times, "standard")
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
