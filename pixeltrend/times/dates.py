"""Times as decimal years: how they are counted, written, read and given as ranges."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from os.path import basename
from typing import TYPE_CHECKING, Any

from pixeltrend.errors import ArgumentError, InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

_GROUPS = {"year", "month", "day", "doy"}

# Compiled when first used, by `re` itself: most runs read no such text.
_CLOCK = r"(?:[T ] ?\d\d(?::?\d\d(?::?\d\d(?:[.,]\d+)?)?)?(?: ?(?:Z|UTC|[+-]\d\d(?::?\d\d)?))?)?"
_WRITTEN = (
    r"(?P<year>\d{4})",
    r"(?P<year>\d{4})[-/_](?P<month>\d\d?)",
    r"(?P<year>\d{4})(?P<month>\d\d)",
    r"(?P<year>\d{4})(?P<_>[-/_.])(?P<month>\d\d?)(?P=_)(?P<day>\d\d?)" + _CLOCK,
    r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)" + _CLOCK,
    r"(?P<year>\d{4})[-/_]?(?P<doy>\d{3})" + _CLOCK,
)


def decimal_year(year: int, month: int = 1, day: int = 1, doy: int | None = None) -> float:
    """Return year + (day of year - 1) / days in that year.

    Parameters
    ----------
    year, month, day
        A date.
    doy
        The day of the year, from 1, in place of month and day.

    Raises
    ------
    ValueError
        The calendar has no such day.
    """
    days = _day_of_year(dt.date(year, 12, 31))
    number = _day_of_year(dt.date(year, month, day)) if doy is None else doy
    if not 1 <= number <= days:
        raise ValueError(f"day {number} of {year}")
    return year + (number - 1) / days


def _day_of_year(date: dt.date) -> int:
    return date.timetuple().tm_yday


def decimal_year_of_cftime(time: Any) -> float:
    """Return the decimal year of a cftime time in its own calendar, with the time of day."""
    start = time.replace(month=1, day=1, hour=0, minute=0, second=0, microsecond=0)
    december = start.replace(month=12)
    days = (december - start).days + december.daysinmonth
    return float(time.year + (time - start) / dt.timedelta(days=1) / days)


def time_of(match: re.Match[str]) -> float:
    """Return the decimal year of the groups `year`, `month`, `day` and `doy` of a match.

    Raises
    ------
    ValueError
        The calendar has no such day.
    """
    groups = match.groupdict()
    return decimal_year(**{name: int(groups[name]) for name in _GROUPS if groups.get(name)})


def format_time(time: float) -> str:
    """Return a decimal year as people write it: 1995, 2016.0437."""
    return str(int(time)) if time == int(time) else f"{time:.4f}"


def format_date(time: float) -> str:
    """Return a decimal year as a date: 1995, 2016-01-17; the first day is the year alone."""
    year = int(time)
    if time == year or not dt.MINYEAR <= year <= dt.MAXYEAR:
        return str(year)
    days = round((time - year) * _day_of_year(dt.date(year, 12, 31)))
    return (dt.date(year, 1, 1) + dt.timedelta(days)).isoformat() if days else str(year)


def parse_time(text: str) -> float:
    """Return the decimal year of one time, as a person or a table writes it.

    Parameters
    ----------
    text
        1995, 1995-07, 1995-07-15 (also with / or _ and without zeros), 199507, 19950715,
        1995.07.15, 2016-001 or 2016001 (day of the year), or a decimal year: 2016.0437. A time of
        day after a day is dropped, and a time zone with it. A month stands for its first day.

    Raises
    ------
    ValueError
        `text` has none of these forms, or is not a day of the calendar.
    """
    stripped = text.strip()
    decimal = re.fullmatch(r"(\d{1,4})[.,](\d+)", stripped, re.ASCII)
    if decimal and int(decimal[1]) >= dt.MINYEAR:
        return float(f"{decimal[1]}.{decimal[2]}")
    for form in _WRITTEN:
        if match := re.fullmatch(form, stripped, re.ASCII):
            try:
                return time_of(match)
            except ValueError as error:
                raise ValueError(f"{text!r} is not a day of the calendar") from error
    raise ValueError(
        f"{text!r} is not a time; write 1995, 1995-07, 1995-07-15, 1995.5 or 1995-196 (day of year)"
    )


def times_from_regex(names: Sequence[str], date_regex: str) -> list[float]:
    """Return the times that a user's regular expression picks out of names.

    Parameters
    ----------
    names
        Paths, file names or descriptions; where what follows the last slash does not match, the
        whole text may.
    date_regex
        A regular expression with a group named `year`, and `month` and `day` or `doy` if wanted;
        otherwise its first group, or all that it matches, is the year.

    Returns
    -------
    list of float
        Decimal years, in the order of `names`.

    Raises
    ------
    InputError
        A name does not match, or what matches is not a date.
    ArgumentError
        `date_regex` is not a regular expression, or has groups of other names.
    """
    pattern = _compile(date_regex)
    return [_match_time(pattern, name) for name in names]


def _compile(date_regex: str) -> re.Pattern[str]:
    try:
        pattern = re.compile(date_regex)
    except re.error as error:
        raise ArgumentError(f"date_regex {date_regex!r}: {error}") from error
    names = set(pattern.groupindex)
    if names and ("year" not in names or names - _GROUPS or {"doy", "month"} <= names):
        raise ArgumentError(
            f"date_regex {date_regex!r}: its named groups can be year, with month and day or with "
            "doy"
        )
    if "day" in names and "month" not in names:
        raise ArgumentError(f"date_regex {date_regex!r}: a day needs a month")
    return pattern


def _match_time(pattern: re.Pattern[str], path: str) -> float:
    rule = f"--date-regex {pattern.pattern!r}"
    match = pattern.search(basename(path)) or pattern.search(path)
    if match is None:
        raise InputError(f"{path}: {rule} matches nothing in the name")
    if pattern.groupindex:
        parts = {name: text for name, text in match.groupdict().items() if text is not None}
    else:
        parts = {"year": match[1] if pattern.groups else match[0]}
    year = parts.get("year") or ""
    if year.isdecimal() and len(year) != 4:  # noqa: PLR2004
        raise InputError(f"{path}: {rule} gives the year {year!r}: a year needs four digits")
    try:
        return decimal_year(**{name: int(text) for name, text in parts.items()})
    except (OverflowError, TypeError, ValueError) as error:
        date = ", ".join(f"{name} {text!r}" for name, text in parts.items())
        raise InputError(
            f"{path}: {rule} gives {date or 'no year'}, which is not a date"
        ) from error


def parse_range(years: str) -> list[float]:
    """Return the years of ``FIRST:LAST`` or ``FIRST:LAST:STEP``.

    Raises
    ------
    ArgumentError
        `years` has another form.
    """
    match = re.fullmatch(r"(\d{1,4}):(\d{1,4})(?::(\d+))?", years.strip())
    if match and int(match[1]) <= int(match[2]) and int(match[3] or 1) > 0:
        return [float(y) for y in range(int(match[1]), int(match[2]) + 1, int(match[3] or 1))]
    raise ArgumentError(f"years {years!r}: expected FIRST:LAST or FIRST:LAST:STEP, as in 1995:2015")


def times_from_range(years: str, count: int, what: str = "files") -> list[float]:
    """Return the years of a range for `count` files, or what else is to be dated.

    Raises
    ------
    ArgumentError
        `years` is not a range.
    InputError
        There are more or fewer years than files.
    """
    times = parse_range(years)
    if len(times) != count:
        raise InputError(f"--years {years} gives {len(times)} times, but there are {count} {what}")
    return times


def name_order(name: str) -> list[tuple[str, int, str]]:
    """Return a sort key that takes runs of digits as numbers: img_2 before img_10."""
    parts = re.split(r"(\d+)", name)
    return [
        (text, int(digits or 0), digits)
        for text, digits in zip(parts[::2], [*parts[1::2], ""], strict=True)
    ]


def duplicates(times: Sequence[float]) -> list[float]:
    """Return the times that occur more than once."""
    return [time for time, count in Counter(times).items() if count > 1]
