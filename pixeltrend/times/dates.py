"""Times as decimal years: how they are counted, written, read and given as ranges."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from os.path import basename
from typing import TYPE_CHECKING, Any

from pixeltrend.errors import ArgumentError, InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# What a time can be made of, by the names of the groups of an expression.
PARTS = (
    "year", "month", "monthname", "day",
    "doy", "week", "quarter", "half", "season", "dekad", "pentad", "halfmonth",
)  # fmt: skip
# As names have them, in English, German, French, Spanish, Portuguese, Italian, Dutch, Indonesian,
# Swedish, Norwegian, Danish; and in Polish, Turkish and Finnish.
MONTH_NAMES = (
    "january janvier januar januari enero janeiro gennaio jan janv ene gen "
    "styczeń styczen sty ocak oca tammikuu",
    "february février fevrier februar februari febrero fevereiro febbraio feb févr fevr fév fev "
    "luty lut şubat subat şub sub helmikuu",
    "march mars märz maerz maart maret marts marzo março marco mar mär mrz mrt "
    "marzec mart maaliskuu",
    "april avril abril aprile apr avr abr kwiecień kwiecien kwi nisan nis huhtikuu",
    "may mai mayo maio maggio mei mag maj mayis toukokuu",
    "june juin juni junio junho giugno jun giu czerwiec cze haziran haz kesäkuu kesakuu",
    "july juillet juli julio julho luglio jul juil lug lipiec lip temmuz tem heinäkuu heinakuu",
    "august août aout agosto augustus agustus augusti aug aoû ago agu agt "
    "sierpień sierpien sie ağustos agustos ağu elokuu",
    "september septembre septiembre setembro settembre sept sep set "
    "wrzesień wrzesien wrz eylül eylul eyl syyskuu",
    "october octobre oktober octubre outubro ottobre oct okt out ott "
    "październik pazdziernik paź paz ekim eki lokakuu",
    "november novembre noviembre novembro nov listopad lis kasim kas marraskuu",
    "december décembre decembre dezember diciembre dezembro dicembre desember dec déc dez dic des "
    "grudzień grudzien gru aralik ara joulukuu",
)
# Three months by their initials, and by the German Weather Service's numbers.
SEASONS = {
    "djf": 12, "jfm": 1, "fma": 2, "mam": 3, "amj": 4, "mjj": 5, "jja": 6, "jas": 7, "aso": 8,
    "son": 9, "ond": 10, "ndj": 11, "13": 3, "14": 6, "15": 9, "16": 12,
}  # fmt: skip
_NUMBERS = {"year", "month", "day", "doy", "week", "quarter", "dekad", "pentad"}
_HALVES = {"1": 1, "2": 7, "0106": 1, "0712": 7}
_HALVES_OF_MONTHS = {"1": 1, "2": 16, "a": 1, "b": 16}

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


def time_of(parts: Mapping[str, str | None]) -> float:
    """Return the decimal year of the first day of a period.

    Parameters
    ----------
    parts
        The text of each of `PARTS` that is known. A year of two digits is one from 1960 on. Weeks
        and pentads are counted from 1 January or the first of the month; a dekad or a pentad is
        one of the month where there is a month, otherwise of the year. The season DJF (NDJ) is that
        which ends in its year.

    Raises
    ------
    ValueError
        There is no such period.
    """
    known = {name: text for name, text in parts.items() if text is not None and name in PARTS}
    number = {name: int(text) for name, text in known.items() if name in _NUMBERS}
    year, month, day, doy = number.get("year", 0), 1, number.get("day", 1), number.get("doy")
    if len(known.get("year", "")) == 2:  # noqa: PLR2004
        year += 2000 if year < 60 else 1900  # noqa: PLR2004
    if "season" in known:
        month = _start(known["season"], SEASONS)
        year -= month > 10  # noqa: PLR2004
    elif "week" in known:
        doy = 7 * number["week"] - 6
    else:
        month = _month_of(known, number)
    in_month = "month" in known or "monthname" in known
    for name, days, count in (("dekad", 10, 3), ("pentad", 5, 6)):
        if name in known:
            months, rest = divmod(number[name] - 1, count)
            if months and in_month:
                raise ValueError(f"{name} {number[name]} of a month")
            month, day = month + months, days * rest + 1
    if "halfmonth" in known:
        day = _start(known["halfmonth"], _HALVES_OF_MONTHS)
    return decimal_year(year, month, day, doy)


def _month_of(known: Mapping[str, str], number: Mapping[str, int]) -> int:
    """Return the first month of a period that begins with a month."""
    if "monthname" in known:
        names = {
            name: month for month, texts in enumerate(MONTH_NAMES, 1) for name in texts.split()
        }
        return _start(known["monthname"], names)
    if "quarter" in known:
        return 3 * number["quarter"] - 2
    return _start(known["half"], _HALVES) if "half" in known else number.get("month", 1)


def _start(text: str, starts: Mapping[str, int]) -> int:
    if text.lower() not in starts:
        raise ValueError(f"{text!r} is not one of {', '.join(starts)}")
    return starts[text.lower()]


def format_time(time: float) -> str:
    """Return a decimal year as people write it: 1995, 2016.0437."""
    return str(int(time)) if time == int(time) else f"{time:.4f}"


def format_date(time: float) -> str:
    """Return a decimal year as precise as it tells: 1995, 2016-02, 2016-01-17."""
    return format_dates([time])[0]


def format_dates(times: Sequence[float]) -> list[str]:
    """Return decimal years as dates, all as precise as the most precise of them.

    The first days of years are the years alone, the first days of months the months.
    """
    dates = [_date_of(time) for time in times]
    if any(date is None for date in dates) or all(time == int(time) for time in times):
        return [
            str(int(time)) if date is None else date[:4]
            for time, date in zip(times, dates, strict=True)
        ]
    are_months = all(date is not None and date.endswith("-01") for date in dates)
    return [date[:7] if are_months else date for date in dates if date is not None]


def _date_of(time: float) -> str | None:
    """Return the day of a decimal year, or None if the calendar does not have the year."""
    year = int(time)
    return format_day(time) if dt.MINYEAR <= year < dt.MAXYEAR else None


def format_day(time: float) -> str:
    """Return a decimal year between 1 and 9999 as a day: 1995-01-01, 2016-01-17."""
    year = int(time)
    days = round((time - year) * _day_of_year(dt.date(year, 12, 31)))
    return (dt.date(year, 1, 1) + dt.timedelta(days)).isoformat()


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
                return time_of(match.groupdict())
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
        A regular expression with a group named `year` and others of `PARTS` if wanted; otherwise
        its first group, or all that it matches, is the year.

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
    if names and ("year" not in names or names - {*PARTS} or {"doy", "month"} <= names):
        raise ArgumentError(
            f"date_regex {date_regex!r}: its named groups can be year, with month or "
            f"monthname and day, or with one of {', '.join(PARTS[4:])}"
        )
    if "day" in names and not names & {"month", "monthname"}:
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
    if year.isdecimal() and len(year) != 4 and not (len(year) == 2 and len(parts) > 1):  # noqa: PLR2004
        raise InputError(f"{path}: {rule} gives the year {year!r}: a year needs four digits")
    try:
        return time_of(parts)
    except (OverflowError, ValueError) as error:
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
