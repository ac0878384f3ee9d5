"""What stands beside a year or month in names and is a part of the time: a month, week or dekad."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pixeltrend.times.dates import MONTH_NAMES, SEASONS, time_of

if TYPE_CHECKING:
    from collections.abc import Sequence

# The parts of the time that each name has besides, or None.
_Parts = list[dict[str, str]]

_GAP = r"[-_. ]*"
_TO_YEAR = r"[-_. ]*(?:(?:y|yr|year)[-_. ]*)?"
_NAMES = "|".join(sorted(" ".join(MONTH_NAMES).split(), key=len, reverse=True))
_NAME = f"(?P<monthname>{_NAMES})"
_MONTH = r"(?:M(?:onths?|onat|ois|on|o|es|ês)?|thang|tháng|bulan)[-_]?"
_SEASON = f"(?P<season>{'|'.join(name for name in SEASONS if name.isalpha())})"
# The first that all names have, and not all the same, counts. Compiled when first used.
_WITH_A_YEAR = (
    r"年(?P<month>[0-9]{1,2})月(?:(?P<day>[0-9]{1,2})日)?",
    rf"{_MONTH}(?P<month>[0-9]{{1,2}})[-_. ]?D(?:ay)?[-_]?(?P<day>[0-9]{{1,2}})",
    rf"{_NAME}[-_. ]*(?:to)?[-_. ]*(?:{_NAMES})",
    rf"{_NAME}(?P<halfmonth>[ab])",
    rf"{_NAME}{_GAP}(?P<day>[0-9]{{1,2}})",
    rf"(?P<day>[0-9]{{1,2}}){_GAP}{_NAME}",
    _NAME,
    _SEASON,
    r"(?:Q(?:tr)?|trim(?:estr[ei])?)[-_]?(?P<quarter>[1-4])",
    r"(?P<quarter>[1-4])Q",
    r"H(?P<half>[12])",
    r"(?P<half>0106|0712)",
    r"W(?:k|eek)?[-_]?(?P<week>[0-9]{1,2})",
    rf"{_MONTH}(?P<month>[0-9]{{2}})(?P<day>[0-9]{{2}})",
    rf"{_MONTH}(?P<month>[0-9]{{1,2}})",
    r"(?:dk|dek|dekad)[-_]?(?P<dekad>[0-9]{1,2})",
    r"(?:doy|jd|julian)[-_]?(?P<doy>[0-9]{1,3})",
    r"D(?P<doy>[0-3][0-9]{2})",
)
_WITH_A_MONTH = (r"(?:D|dk|dek|dekad)(?P<dekad>[1-3])", r"(?:P|pentad)(?P<pentad>[1-6])")
# Parts of the time that cannot be read: on which half of the Earth, at which end of the year?
_UNREAD_WITH_A_YEAR = (
    r"(?:spring|summer|autumn|fall|winter|wet|dry|rainy|(?:long|short)[-_]?rains?|LR|SR|monsoon|"
    r"kharif|rabi|zaid|meher|belg|maha|yala|gu|deyr|masika|vuli|primera|postrera|safra|safrinha)",
    r"(?:(?:8|10|16|30)[-_]?days?|pentads?|decade?s?|periods?|composites?|steps?|intervals?|"
    r"sem(?:est(?:er|re)|ana|aine)?|season|saison)[-_. ]?[0-9]{1,3}",
    r"[DPST][0-9]{1,2}",
)
_UNREAD_WITH_A_MONTH = (r"[ab]", r"[DPST][0-9]{1,2}")


def read_beside(
    whole: _Parts, befores: Sequence[str], afters: Sequence[str]
) -> tuple[_Parts | None, list[str]]:
    """Return the parts of the time beside a year or month.

    Parameters
    ----------
    whole
        The year of each name, with its month or not.
    befores, afters
        What stands before and after it in each name.

    Returns
    -------
    parts
        What else is known of the time of each name; None if nothing is.
    unread
        What differs between names, looks like a part of the time and is not read; empty if nothing.
    """
    has_month = "month" in whole[0]
    if matches := _text(has_month, befores, afters):
        return _checked(whole, _without_tile(matches), matches)
    for core in _UNREAD_WITH_A_MONTH if has_month else _UNREAD_WITH_A_YEAR:
        if matches := _adjacent(core, befores, afters):
            return None, [match[0].strip("-_. ") for match in matches]
    if has_month:
        return _number_behind_month(whole, afters)
    return _numbers_of_date(whole, befores, afters) or _number_beside_year(whole, befores, afters)


def _without_tile(matches: Sequence[re.Match[str]]) -> _Parts:
    """Return the parts; a number that all names have, as in tile_07_Jan_2001, is no day."""
    parts = [match.groupdict() for match in matches]
    if len({part.get("day") for part in parts}) == 1 and all(
        "_" in match[0].strip("-_. ") for match in matches
    ):
        for part in parts:
            part.pop("day", None)
    return parts


def _text(has_month: bool, befores: Sequence[str], afters: Sequence[str]) -> list[re.Match[str]]:
    """Return the matches of a part that letters name; the name of a month may stand anywhere."""
    for core in _WITH_A_MONTH if has_month else _WITH_A_YEAR:
        if matches := _adjacent(core, befores, afters):
            return matches
    if has_month:
        return []
    for core in (_NAME, _SEASON):
        alone = rf"(?<![^\W\d_]){core}(?![^\W\d_])"
        if matches := _fit(alone, befores) or _fit(alone, afters):
            return matches
    return _fit(rf"{_NAME}{_GAP}$", befores)  # precipJan2001


def _fit(pattern: str, texts: Sequence[str]) -> list[re.Match[str]]:
    """Return the match of each text; empty if one has none or all are the same."""
    if len(set(texts)) == 1:  # as in most series: forty patterns need not be compiled
        return []
    matches = []
    for text in texts:
        match = re.search(pattern, text, re.IGNORECASE)
        if match is None:
            return []
        matches.append(match)
    return matches if len({match[0].lower() for match in matches}) > 1 else []


def _adjacent(core: str, befores: Sequence[str], afters: Sequence[str]) -> list[re.Match[str]]:
    return _fit(rf"^{_GAP}{core}(?![^\W_])", afters) or _fit(
        rf"(?<![^\W_]){core}{_TO_YEAR}$", befores
    )


def _checked(
    whole: _Parts, parts: _Parts, matches: Sequence[re.Match[str]]
) -> tuple[_Parts | None, list[str]]:
    if _are_dates(whole, parts):
        return parts, []
    return None, [match[0].strip("-_. ") for match in matches]


def _are_dates(whole: _Parts, parts: _Parts) -> bool:
    try:
        for year, part in zip(whole, parts, strict=True):
            time_of({**year, **part})
    except ValueError:
        return False
    return True


def _numbers_of_date(
    whole: _Parts, befores: Sequence[str], afters: Sequence[str]
) -> tuple[_Parts | None, list[str]] | None:
    """Return month and day where both stand beside a year: 15-01-2001, 2001_7_5."""
    pair = r"(?P<one>[0-9]{1,2})(?P<_>[-_. ])(?P<other>[0-9]{1,2})"
    for matches, orders in (
        (_fit(rf"(?<![^\W_]){pair}(?P=_)$", befores), (("day", "month"), ("month", "day"))),
        (_fit(rf"^[-_. ]{pair}(?![^\W_])", afters), (("month", "day"),)),
    ):
        readings = [
            parts
            for one, other in orders
            if _are_dates(
                whole, parts := [{one: match["one"], other: match["other"]} for match in matches]
            )
        ]
        if matches and readings:
            if len(readings) == 1:
                return readings[0], []
            return None, [match[0].strip("-_. ") for match in matches]
    return None


def _number_beside_year(
    whole: _Parts, befores: Sequence[str], afters: Sequence[str]
) -> tuple[_Parts | None, list[str]]:
    """Return the month where it is a number beside a year: 07_2001, 2001_7.

    A number that grows by one from name to name is none, and neither is the end of a season
    (2009-10, 2010-11).
    """
    matches = _fit(r"^[-_. ](?P<n>[0-9]{1,3})(?![^\W_]|\.[0-9]+[a-z])", afters) or _fit(
        r"(?<![^\W_])(?P<n>[0-9]{1,3})[-_. ]$", befores
    )
    texts = [match["n"] for match in matches]
    if {len(text) for text in texts} == {3}:
        # A tile, unless all are days on which composites of 8 and 16 days begin.
        are_days = all(int(text) % 8 == 1 and int(text) <= 361 for text in texts)  # noqa: PLR2004
        return None, texts if are_days else []
    numbers = [int(text) for text in texts]
    years = [int(year["year"]) for year in whole]
    if not matches or not all(1 <= number <= 366 for number in numbers):  # noqa: PLR2004
        return None, []
    are_years_alone = len(set(years)) == len(years)
    if _are_counters(numbers, years, least=3 if max(numbers) <= 12 else 2):  # noqa: PLR2004
        return None, []
    if max(numbers) > 12:  # noqa: PLR2004 - a week, or a day of the year without its zeros
        return None, texts
    has_zeros = all(len(text) == 2 for text in texts)  # noqa: PLR2004
    # Up to 6 it could be a quarter, a dekad, a tile; in a name of its own year anything.
    if has_zeros or (max(numbers) > 6 and not are_years_alone):  # noqa: PLR2004
        return [{"month": text} for text in texts], []
    return None, texts


def _are_counters(numbers: Sequence[int], years: Sequence[int], least: int) -> bool:
    """Return whether numbers are the next years, or grow by one from year to year.

    Of so many years at `least`: a few months can grow by one too.
    """
    if all(number == (year + 1) % 100 for number, year in zip(numbers, years, strict=True)):
        return True
    ranks = sorted(range(len(years)), key=years.__getitem__)
    steps = {numbers[number] - rank for rank, number in enumerate(ranks)}
    return len(set(years)) == len(years) >= least and len(steps) == 1


def _number_behind_month(whole: _Parts, afters: Sequence[str]) -> tuple[_Parts | None, list[str]]:
    """Return the dekad, pentad or day behind a month: 1981.01.2, 2001_10_5."""
    matches = _fit(r"^(?P<gap>[-_. ])(?P<n>[0-9]{1,2})(?![^\W_])", afters)
    texts = [match["n"] for match in matches]
    if not matches:
        return None, []
    largest, has_points = max(map(int, texts)), all(match["gap"] == "." for match in matches)
    if largest > 6:  # noqa: PLR2004
        part = "day"
    elif has_points and largest > 2:  # noqa: PLR2004
        part = "pentad" if largest > 3 else "dekad"  # noqa: PLR2004
    else:
        return None, texts
    return _checked(whole, [{part: text} for text in texts], matches)
