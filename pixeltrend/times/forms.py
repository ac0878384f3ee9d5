"""Forms of times in names (YYYY, YYYYMMDD, ...), and every way to read a name by one of them."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, NamedTuple

from pixeltrend.times.dates import time_of

if TYPE_CHECKING:
    from collections.abc import Sequence

_YEAR = r"(?P<year>(?:1[89]|2[01])\d\d)"
_MONTH = r"(?P<month>0[1-9]|1[0-2])"
_DAY = r"(?P<day>0[1-9]|[12]\d|3[01])"
_DOY = r"(?P<doy>[0-3]\d\d)"
# A number with a unit is a size, not a time: 2000m, 1km, 10days.
_END = r"(?!\d|(?:[kcd]?m|deg|px|bits?|days?)(?![a-z0-9]))"
# From the shortest to the longest; compiled when first used, by `re` itself.
FORMS = {
    "YYYY": _YEAR,
    "YYYY_MM": _YEAR + r"[-_.]" + _MONTH + r"(?!\.\d{4,})",  # 2001_10.5281 is no October
    "YYYY_DDD": _YEAR + r"[-_.]" + _DOY,
    "YYYY_MM_DD": _YEAR + r"(?P<_>[-_.])" + _MONTH + r"(?P=_)" + _DAY,
    "YYYYMM": _YEAR + _MONTH,
    "YYYYDDD": _YEAR + _DOY,
    "YYYYMMDD": _YEAR + _MONTH + _DAY,
}
# Forms that count where no name has one of the others.
_LATE_FORMS = {
    "DDMMYYYY": _DAY + _MONTH + _YEAR,
    "MMDDYYYY": _MONTH + _DAY + _YEAR,
    "MMYYYY": _MONTH + _YEAR,
    "YYMMDD": r"(?P<year>\d\d)" + _MONTH + _DAY,
    "DDMMYY": _DAY + _MONTH + r"(?P<year>\d\d)",
    "MMDDYY": _MONTH + _DAY + r"(?P<year>\d\d)",
    "YYYYMM": _YEAR + _MONTH,
    "YYYYMMDDHH": _YEAR + _MONTH + _DAY + r"(?:[01]\d|2[0-3])(?:[0-5]\d){0,2}",
}
RANK = {form: rank for rank, form in enumerate(FORMS)}
# The forms by the number of digits that they begin with.
_BY_LENGTH = {
    4: ("YYYY", "YYYY_MM", "YYYY_DDD", "YYYY_MM_DD"),
    6: ("YYYYMM",),
    7: ("YYYYDDD",),
    8: ("YYYYMMDD",),
}
_LATE_BY_LENGTH = {
    6: ("MMYYYY", "YYMMDD", "DDMMYY", "MMDDYY", "YYYYMM"),
    8: ("DDMMYYYY", "MMDDYYYY"),
    10: ("YYYYMMDDHH",),
    12: ("YYYYMMDDHH",),
    14: ("YYYYMMDDHH",),
}
_FLAGS = re.ASCII | re.IGNORECASE
# Before a number that is not a time stands a version's v, a CRS's name, or the day of its hours.
_RUN = (
    r"(?P<no>(?<![a-z])v(?!\d{5})|epsg[-_:]?|(?<=\d{7}t)(?=\d{4}(?:\d\d)?(?!\d)))?(?P<digits>\d+)"
)
# Before the time at which a file was made; c before the eight digits of a day or more.
_MADE = (
    r"(?:(?:creat|process|produc|export|updat|modif|download|proc|prod)[a-z]*[-_. ]*(?:on[-_. ]*)?"
    r"|(?<![a-z])c)$"
)
_DAY_DIGITS = 8


class Reading(NamedTuple):
    """One way to read a time out of one name."""

    form: str
    run: int
    """Runs of digits before it."""
    begin: int
    end: int
    time: float
    made: bool = False
    """Whether a word before it says that the file was made then."""
    beside: str = ""
    """What `time` has besides the form, by the names of its parts."""
    unread: str = ""
    """What stands beside it, looks like a part of the time and is not read."""


# How each name is read by one rule, in the order of the names.
Rule = list[Reading]
# A rule by its side, the number of its run of digits from there, and its form; with its readings
# by the numbers of the names that it fits.
Fits = dict[tuple[str, int, str], dict[int, Reading]]


def fits_of(names: Sequence[str], *, late: bool = False) -> Fits:
    """Return every rule that fits a name; those of the late forms if `late`."""
    fits: Fits = {}
    for number, name in enumerate(names):
        readings, runs = _readings(name, late=late)
        found = [reading.form for reading in readings]
        for reading in readings:
            form, run = reading.form, reading.run
            fits.setdefault(("left", run, form), {})[number] = reading
            fits.setdefault(("right", runs - run, form), {})[number] = reading
            if found.count(form) == 1:
                fits.setdefault(("only", 0, form), {})[number] = reading
    return fits


def _readings(name: str, *, late: bool) -> tuple[list[Reading], int]:
    """Return every reading of a name, and how many runs of digits it has."""
    forms, by_length = (_LATE_FORMS, _LATE_BY_LENGTH) if late else (FORMS, _BY_LENGTH)
    readings = []
    runs = list(re.finditer(_RUN, name, _FLAGS))
    for number, run in enumerate(runs):
        if run["no"] is not None:
            continue
        begin, end = run.span("digits")
        for form in by_length.get(end - begin, ()):
            match = re.compile(forms[form] + _END, _FLAGS).match(name, begin)
            if match:
                try:
                    time = time_of(match.groupdict())
                except ValueError:  # 31 June
                    continue
                # Six digits are more often something else.
                if form != "YYYYMM" or late or is_sane(time):
                    made = re.search(_MADE, name[:begin], _FLAGS)
                    is_made = made is not None and (
                        end - begin >= _DAY_DIGITS or made[0] not in "cC"
                    )
                    readings.append(Reading(form, number, begin, match.end(), time, is_made))
    return readings, len(runs)


def parts_of(name: str, reading: Reading) -> dict[str, str]:
    """Return the parts of the time that the form itself has, by the names of `dates.PARTS`."""
    match = re.compile(FORMS[reading.form], _FLAGS).match(name, reading.begin)
    return match.groupdict() if match else {}


def times_of(rule: Rule) -> list[float]:
    """Return the time of each name."""
    return [reading.time for reading in rule]


def vary(times: Sequence[float]) -> bool:
    """Return whether times are not all the same."""
    return len(set(times)) > 1


def is_sane(time: float) -> bool:
    """Return whether a time can be that of an image: from 1900 to the end of next year."""
    return 1900 <= time < dt.datetime.now(dt.UTC).year + 2  # noqa: PLR2004
