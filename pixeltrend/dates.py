"""Times of rasters, as decimal years, out of their file names."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections import Counter
from typing import TYPE_CHECKING

from pixeltrend.errors import ArgumentError, InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

_DIGITS = re.compile(r"\d+")
_YEAR = re.compile(r"1[89]\d\d|2[01]\d\d")
_GROUPS = {"year", "month", "day", "doy"}


def decimal_year(year: int, month: int = 1, day: int = 1) -> float:
    """Give year + (day of year - 1) / days in that year."""
    doy = dt.date(year, month, day).timetuple().tm_yday
    return year + (doy - 1) / (366 if calendar.isleap(year) else 365)


def format_time(time: float) -> str:
    """Write a decimal year as people do: 1995, 2016.0437."""
    return str(int(time)) if time == int(time) else f"{time:.4f}"


def times_from_names(names: Sequence[str], *, date_regex: str | None = None) -> list[float]:
    """Read one time out of each file name.

    A year is a run of exactly four digits from 1800 to 2199. Where names hold several, they must be
    alike but for their digits, and exactly one place must differ between them.

    Parameters
    ----------
    names
        File names, or paths: only what follows the last slash is read.
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
        A name has no year, or several possible ones.
    ArgumentError
        `date_regex` is no regular expression, or has groups of unknown names.
    """
    if date_regex is not None:
        pattern = _compile(date_regex)
        return [_match_time(pattern, name) for name in names]
    runs = [_digit_runs(name) for name in names]
    for name, found in zip(names, runs, strict=True):
        if not any(map(_is_year, found)):
            raise InputError(
                f"{name}: no year in the name (four digits, 1800 to 2199); say where the time is "
                "with --date-regex, or give --years FIRST:LAST"
            )
    years = [[run for run in found if _is_year(run)] for found in runs]
    if all(len(set(found)) == 1 for found in years):
        return [float(found[0]) for found in years]
    place = _one_place_that_differs(names, runs)
    if place is None:
        name, found = next((n, y) for n, y in zip(names, years, strict=True) if len(y) > 1)
        raise InputError(
            f"{name}: several possible years ({', '.join(found)}); say which one with "
            f"--date-regex, for example --date-regex '{_example(name, found[0])}'"
        )
    return [float(found[place]) for found in runs]


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


def _file_name(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2]


def _digit_runs(name: str) -> list[str]:
    return _DIGITS.findall(_file_name(name))


def _is_year(run: str) -> bool:
    return _YEAR.fullmatch(run) is not None


def _one_place_that_differs(names: Sequence[str], runs: Sequence[Sequence[str]]) -> int | None:
    """Give the place, counted in runs of digits, whose years alone tell the names apart."""
    if len({_DIGITS.sub("0", _file_name(name)) for name in names}) > 1:
        return None
    columns = list(zip(*runs, strict=True))
    places = [
        place
        for place, column in enumerate(columns)
        if all(map(_is_year, column)) and len(set(column)) > 1
    ]
    return places[0] if len(places) == 1 else None


def _example(name: str, year: str) -> str:
    """Give a regular expression that picks `year` out of `name`."""
    before = re.split(rf"(?<!\d){year}(?!\d)", _file_name(name))[0]
    return re.escape(before[-8:]) + r"(\d{4})"


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
    match = pattern.search(_file_name(path)) or pattern.search(path)
    if match is None:
        raise InputError(f"{path}: --date-regex {pattern.pattern!r} matches nothing in the name")
    if pattern.groupindex:
        parts = {name: text for name, text in match.groupdict().items() if text is not None}
    else:
        parts = {"year": match[1] if pattern.groups else match[0]}
    try:
        return _time_of(**{name: int(text) for name, text in parts.items()})
    except (TypeError, ValueError) as error:
        said = ", ".join(f"{name} {text!r}" for name, text in parts.items())
        raise InputError(
            f"{path}: --date-regex {pattern.pattern!r} gives {said or 'no year'}, which is no date"
        ) from error


def _time_of(year: int, month: int = 1, day: int = 1, doy: int | None = None) -> float:
    if doy is None:
        return decimal_year(year, month, day)
    days = 366 if calendar.isleap(year) else 365
    if not (1 <= doy <= days and dt.MINYEAR <= year <= dt.MAXYEAR):
        raise ValueError(f"day {doy} of {year}")
    return year + (doy - 1) / days


def duplicates(times: Sequence[float]) -> list[float]:
    """Give the times that occur more than once."""
    return [time for time, count in Counter(times).items() if count > 1]


def time_from_metadata(m):
    return None
