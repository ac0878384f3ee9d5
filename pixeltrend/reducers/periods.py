"""Periods: the years, seasons or months that scenes belong to, by their times."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pixeltrend.reducers.calendars import count_months, days_of_years

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pixeltrend.reducers.composite_options import CompositeOptions

    Floats = NDArray[np.float64]
    Counts = NDArray[np.int64]

_EPOCH = 12 * 1970  # months before those that NumPy counts


class Periods(NamedTuple):
    """Which rows of a series make one value each."""

    times: Floats
    """Decimal years, (M,): the number of the year, or the first day of the month or season."""
    bounds: Counts
    """The first row of each period, and after them the number of rows, (M + 1,)."""


def same_times(times: Floats) -> Periods:
    """Return the rows of each time out of increasing `times`, (N,)."""
    return _grouped(times, times)


def periods(times: Floats, options: CompositeOptions) -> Periods:
    """Return the periods that have a scene, for the increasing `times`, (N,), of chosen scenes.

    Raises
    ------
    ArgumentError
        Rounded times could be in either of two months.
    """
    year, month, day = _dates(times)
    number = 12 * year + month - 1
    if options.every == "month":
        return _grouped(number, _first_days(number))
    if options.every == "season":
        december = (number + 1) // 3 * 3 - 1  # or March, June, September
        return _grouped(december, _first_days(december))
    if options.day_range is not None and options.every != "water-year":
        first, last = options.day_range
        ends = year + ((first > last) & (day >= first))
    else:
        before = options.first_month - 1
        ends = (number - before) // 12 + int(before > 0)
    return _grouped(ends, ends.astype(np.float64))


def chosen(times: Floats, options: CompositeOptions) -> NDArray[np.bool_]:
    """Return which of the `times`, (N,), lie in the months or days that were asked for."""
    _, month, day = _dates(times)
    for which, span in ((month, options.month_range), (day, options.day_range)):
        if span is not None:
            first, last = span
            after, before = which >= first, which <= last
            return after & before if first <= last else after | before
    return np.ones(len(times), dtype=bool)


def _dates(times: Floats) -> tuple[Counts, Counts, Counts]:
    """Return years, months from 1 and days of the year from 1, (N,)."""
    year, day, _ = days_of_years(times, "standard")
    return year, count_months(times) % 12 + 1, np.floor(day + 1e-6).astype(np.int64) + 1


def _grouped(labels: NDArray[np.generic], times: Floats) -> Periods:
    """Return the periods of rows, (N,), that have one label after the other."""
    first = np.flatnonzero(np.concatenate([[True], labels[1:] != labels[:-1]]))
    return Periods(times[first], np.append(first, len(labels)))


def _first_days(number: Counts) -> Floats:
    """Return the decimal years of the first days of months counted from year 0, (N,)."""
    month = (number - _EPOCH).astype("datetime64[M]")
    year = month.astype("datetime64[Y]")
    start = year.astype("datetime64[D]")
    days = ((year + np.timedelta64(1, "Y")).astype("datetime64[D]") - start).astype(np.int64)
    return year.astype(np.int64) + 1970 + (month.astype("datetime64[D]") - start).astype(int) / days
