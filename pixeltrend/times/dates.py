"""Times as decimal years: how they are counted, written, read and given as ranges."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from pixeltrend.errors import ArgumentError, InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

_GROUPS = {"year", "month", "day", "doy"}

_CLOCK = r"(?:[T ] ?\d\d(?::?\d\d(?::?\d\d(?:[.,]\d+)?)?)?(?: ?(?:Z|UTC|[+-]\d\d(?::?\d\d)?))?)?"
_WRITTEN = tuple(
    re.compile(form, re.ASCII)
    for form in (
        r"(?P<year>\d{4})",
        r"(?P<year>\d{4})[-/_](?P<month>\d\d?)",
        r"(?P<year>\d{4})(?P<month>\d\d)",
        r"(?P<year>\d{4})(?P<_>[-/_.])(?P<month>\d\d?)(?P=_)(?P<day>\d\d?)" + _CLOCK,
        r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)" + _CLOCK,
        r"(?P<year>\d{4})[-/_]?(?P<doy>\d{3})" + _CLOCK,
    )
)
_DECIMAL = re.compile(r"(\d{1,4})[.,](\d+)", re.ASCII)


def decimal_year(year: int, month: int = 1, day: int = 1) -> float:
    """Give year + (day of year - 1) / days in that year."""
    passed = dt.date(year, month, day).toordinal() - dt.date(year, 1, 1).toordinal()
    return year + passed / (366 if calendar.isleap(year) else 365)


def decimal_year_of_doy(year: int, doy: int) -> float:
    """Give year + (doy - 1) / days in that year.

    Raises
    ------
    ValueError
        The year has no such day.
    """
    days = 366 if calendar.isleap(year) else 365
    if not (1 <= doy <= days and dt.MINYEAR <= year <= dt.MAXYEAR):
        raise ValueError(f"day {doy} of {year}")
    return year + (doy - 1) / days


def decimal_year_of_cftime(time: Any) -> float:
    """Give the decimal year of a cftime time in its own calendar, the time of day included."""
    start = time.replace(month=1, day=1, hour=0, minute=0, second=0, microsecond=0)
    december = start.replace(month=12)
    days = (december - start).days + december.daysinmonth
    return float(time.year + (time - start) / dt.timedelta(days=1) / days)


def time_of(match: re.Match[str]) -> float:
    """Give the decimal year of a match's groups `year`, and `month`, `day` or `doy` if it has them.

    Raises
    ------
    ValueError
        There is no such day.
    """
    groups = match.groupdict()
    return _decimal_year(**{name: int(groups[name]) for name in _GROUPS if groups.get(name)})


def format_time(time: float) -> str:
    """Write a decimal year as people do: 1995, 2016.0437."""
    return str(int(time)) if time == int(time) else f"{time:.4f}"


def format_date(time: float) -> str:
    """Write a decimal year as a date: 1995, 2016-01-17; its first day is the year itself."""
    year = int(time)
    days = 366 if calendar.isleap(year) else 365
    doy = round((time - year) * days) + 1
    if doy == 1 or not dt.MINYEAR <= year <= dt.MAXYEAR:
        return str(year)
    return (dt.date(year, 1, 1) + dt.timedelta(days=doy - 1)).isoformat()


def parse_time(text: str) -> float:
    """Read one time as a person or a table writes it.

    Parameters
    ----------
    text
        1995, 1995-07, 1995-07-15 (also with / or _ and without zeros), 199507, 19950715,
        1995.07.15, 2016-001 or 2016001 (day of the year), or a decimal year: 2016.0437. A time of
        day after a day is dropped, and a time zone with it.

    Returns
    -------
    float
        A decimal year; a month stands for its first day.

    Raises
    ------
    ValueError
        `text` is none of these, or no day of the calendar.
    """
    stripped = text.strip()
    decimal = _DECIMAL.fullmatch(stripped)
    if decimal and int(decimal[1]) >= dt.MINYEAR:
        return float(f"{decimal[1]}.{decimal[2]}")
    for form in _WRITTEN:
        match = form.fullmatch(stripped)
        if match:
            try:
                return time_of(match)
            except ValueError as error:
                raise ValueError(f"{text!r} is no day of the calendar") from error
    raise ValueError(
        f"{text!r} is no time; write 1995, 1995-07, 1995-07-15, 1995.5 or 1995-196 (day of year)"
    )


def times_from_regex(names: Sequence[str], date_regex: str) -> list[float]:
    """Read the times that a user's regular expression picks out of file names.

    Parameters
    ----------
    names
        Paths or file names; where the file's name does not match, the whole path may.
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
        A name does not match, or what matches is no date.
    ArgumentError
        `date_regex` is no regular expression, or has groups of unknown names.
    """
    pattern = _compile(date_regex)
    return [_match_time(pattern, name) for name in names]


def parse_range(years: str) -> list[float]:
    """Give the years of ``FIRST:LAST`` or ``FIRST:LAST:STEP``.

    Raises
    ------
    ArgumentError
        `years` has another form.
    """
    match = re.fullmatch(r"(\d{1,4}):(\d{1,4})(?::(\d+))?", years.strip())
    if match and int(match[1]) <= int(match[2]) and int(match[3] or 1) > 0:
        return [float(y) for y in range(int(match[1]), int(match[2]) + 1, int(match[3] or 1))]
    raise ArgumentError(f"years {years!r}: expected FIRST:LAST or FIRST:LAST:STEP, as 1995:2015")


def times_from_range(years: str, count: int) -> list[float]:
    """Give the years of a range for `count` files.

    Raises
    ------
    ArgumentError
        `years` is no range.
    InputError
        There are not as many years as files.
    """
    times = parse_range(years)
    if len(times) != count:
        raise InputError(f"years {years} are {len(times)} times, but there are {count} files")
    return times


def name_order(name: str) -> list[tuple[str, int, str]]:
    """Sort key that takes runs of digits as numbers: img_2 before img_10."""
    parts = re.split(r"(\d+)", name)
    return [
        (text, int(digits or 0), digits)
        for text, digits in zip(parts[::2], [*parts[1::2], ""], strict=True)
    ]


def file_name(path: str) -> str:
    """Give what follows the last slash."""
    return path.rstrip("/").rpartition("/")[2]


def duplicates(times: Sequence[float]) -> list[float]:
    """Give the times that occur more than once."""
    return [time for time, count in Counter(times).items() if count > 1]


def _compile(date_regex: str) -> re.Pattern[str]:
    try:
        pattern = re.compile(date_regex)
    except re.error as error:
        raise ArgumentError(f"date regex {date_regex!r}: {error}") from error
    names = set(pattern.groupindex)
    if names and ("year" not in names or names - _GROUPS or {"doy", "month"} <= names):
        raise ArgumentError(
            f"date regex {date_regex!r}: named groups are year, with month and day, or with doy"
        )
    if "day" in names and "month" not in names:
        raise ArgumentError(f"date regex {date_regex!r}: a day wants a month")
    return pattern


def _match_time(pattern: re.Pattern[str], path: str) -> float:
    match = pattern.search(file_name(path)) or pattern.search(path)
    if match is None:
        raise InputError(f"{path}: --date-regex {pattern.pattern!r} matches nothing in the name")
    if pattern.groupindex:
        parts = {name: text for name, text in match.groupdict().items() if text is not None}
    else:
        parts = {"year": match[1] if pattern.groups else match[0]}
    if (parts["year"] or "").isdecimal() and len(parts["year"]) != 4:  # noqa: PLR2004
        raise InputError(
            f"{path}: --date-regex {pattern.pattern!r} gives the year {parts['year']!r}: a year "
            "wants four digits"
        )
    try:
        return _decimal_year(**{name: int(text) for name, text in parts.items()})
    except (TypeError, ValueError) as error:
        said = ", ".join(f"{name} {text!r}" for name, text in parts.items())
        raise InputError(
            f"{path}: --date-regex {pattern.pattern!r} gives {said or 'no year'}, which is no date"
        ) from error


def _decimal_year(year: int, month: int = 1, day: int = 1, doy: int | None = None) -> float:
    return decimal_year(year, month, day) if doy is None else decimal_year_of_doy(year, doy)
