"""Times out of file names and band descriptions: one form in one position for a whole series."""

from __future__ import annotations

import datetime as dt
import itertools
import re
from os.path import basename
from typing import TYPE_CHECKING, NamedTuple

from pixeltrend.errors import InputError
from pixeltrend.times.beside import read_beside
from pixeltrend.times.dates import time_of, times_from_regex
from pixeltrend.times.products import acquisition_time

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_YEAR = r"(?P<year>(?:1[89]|2[01])\d\d)"
_MONTH = r"(?P<month>0[1-9]|1[0-2])"
_DAY = r"(?P<day>0[1-9]|[12]\d|3[01])"
_DOY = r"(?P<doy>[0-3]\d\d)"
# A number with a unit is a size, not a time: 2000m, 1km, 10days.
_END = r"(?!\d|(?:[kcd]?m|deg|px|bits?|days?)(?![a-z0-9]))"
# From the shortest to the longest; compiled when first used, by `re` itself.
_FORMS = {
    "YYYY": _YEAR,
    "YYYY_MM": _YEAR + r"[-_.]" + _MONTH,
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
    "YYYYMMDDHH": _YEAR + _MONTH + _DAY + r"(?:[01]\d|2[0-3])(?:[0-5]\d){0,2}",
}
_RANK = {form: rank for rank, form in enumerate(_FORMS)}
# The forms by the number of digits that they begin with.
_BY_LENGTH = {
    4: ("YYYY", "YYYY_MM", "YYYY_DDD", "YYYY_MM_DD"),
    6: ("YYYYMM",),
    7: ("YYYYDDD",),
    8: ("YYYYMMDD",),
}
_LATE_BY_LENGTH = {
    6: ("MMYYYY", "YYMMDD", "DDMMYY", "MMDDYY"),
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
# The forms as a user would write them; a year alone needs no name.
_SUGGESTED = {
    "YYYY": r"(\d{4})",
    "YYYY_MM": r"(?P<year>\d{4})[-_.](?P<month>\d\d)",
    "YYYY_DDD": r"(?P<year>\d{4})[-_.](?P<doy>\d{3})",
    "YYYY_MM_DD": r"(?P<year>\d{4})[-_.](?P<month>\d\d)[-_.](?P<day>\d\d)",
    "YYYYMM": r"(?P<year>\d{4})(?P<month>\d\d)",
    "YYYYDDD": r"(?P<year>\d{4})(?P<doy>\d{3})",
    "YYYYMMDD": r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)",
    "DDMMYYYY": r"(?P<day>\d\d)(?P<month>\d\d)(?P<year>\d{4})",
    "MMDDYYYY": r"(?P<month>\d\d)(?P<day>\d\d)(?P<year>\d{4})",
}


class _Reading(NamedTuple):
    """One way to read a time out of one name."""

    form: str
    run: int
    """Runs of digits before it."""
    begin: int
    end: int
    time: float
    beside: str = ""
    """What `time` has besides the form, by the names of its parts."""
    unread: str = ""
    """What stands beside it, looks like a part of the time and is not read."""


# How each name is read by one rule, in the order of the names.
_Rule = list[_Reading]
# A rule by its side, the number of its run of digits from there, and its form; with its readings
# by the numbers of the names that it fits.
_Fits = dict[tuple[str, int, str], dict[int, _Reading]]


def times_from_names(names: Sequence[str], *, date_regex: str | None = None) -> list[float]:
    """Return the time in each name, all read by one rule: a form in one position.

    A rule is a form (YYYY, YYYYMMDD, ...) at the same run of digits, counted from the left or from
    the right, or the only one of its form in each name. In one position the longest form counts
    that every name has. Product ids (Landsat, Sentinel, MODIS, ...) determine which date is the
    acquisition. Otherwise the one rule is taken that tells the names apart.

    Parameters
    ----------
    names
        File names or paths, of which only what follows the last slash is read, or descriptions of
        bands.
    date_regex
        A regular expression for the time, in place of the rule: see `dates.times_from_regex`.

    Returns
    -------
    list of float
        Decimal years to the day, in the order of `names`; a month stands for its first day. Two are
        equal where names differ in something else than their time.

    Raises
    ------
    InputError
        No rule holds for all names, or several do.
    ArgumentError
        `date_regex` makes no sense.
    """
    if date_regex is not None:
        return times_from_regex(names, date_regex)
    paths: dict[str, str] = {}
    for path in names:
        paths.setdefault(basename(path), path)
    times = dict(zip(paths, _times(paths), strict=True))
    return [times[basename(path)] for path in names]


def _times(by_name: Mapping[str, str]) -> list[float]:
    """Return the times of names, or refuse them by their paths."""
    names, paths = list(by_name), list(by_name.values())
    found = itertools.takewhile(lambda time: time is not None, map(acquisition_time, names))
    acquired = [time for time in found if time is not None]
    are_products = len(acquired) == len(names)
    if are_products and (len(names) == 1 or _vary(acquired)):
        return acquired
    fits = _fits(names)
    rules = _tell_apart(_different([_with_beside(names, rule) for rule in _complete(names, fits)]))
    if not any(_vary(_times_of(rule)) for rule in rules):
        if are_products:
            return acquired
        if len(names) > 1:
            rules = _late_rules(names) or rules
    rules = _sane(rules)
    if not rules:
        raise InputError(_no_rule(paths, fits))
    if len(rules) > 1:
        raise InputError(_several_rules(names, paths, rules))
    if refusal := _doubt(names, paths, rules[0]):
        raise InputError(refusal)
    return _times_of(rules[0])


def _complete(names: Sequence[str], fits: _Fits) -> list[_Rule]:
    """Return the rules that fit every name."""
    rules = [[*by_number.values()] for by_number in fits.values() if len(by_number) == len(names)]
    return [rule for rule in rules if len(names) == 1 or not _is_year_alone(names, rule)]


def _is_year_alone(names: Sequence[str], rule: _Rule) -> bool:
    """Return whether the next year (2009-10) or a MODIS collection (061) follows each year."""
    texts = [name[reading.begin : reading.end] for name, reading in zip(names, rule, strict=True)]
    if rule[0].form == "YYYY_DDD":
        return {text[-3:] for text in texts} in ({"005"}, {"006"}, {"061"})
    return rule[0].form == "YYYY_MM" and all(
        int(text[-2:]) == (int(text[:4]) + 1) % 100 for text in texts
    )


def _sane(rules: list[_Rule]) -> list[_Rule]:
    """Return the rules whose times can be those of images, if one of them tells names apart."""
    sane = [rule for rule in rules if all(map(_is_sane, _times_of(rule)))]
    return sane if any(_vary(_times_of(rule)) for rule in sane) else rules


def _is_sane(time: float) -> bool:
    """Return whether a time can be that of an image: from 1900 to the end of next year."""
    return 1900 <= time < dt.datetime.now(dt.UTC).year + 2  # noqa: PLR2004


def _with_beside(names: Sequence[str], rule: _Rule) -> _Rule:
    """Return a rule with what stands beside its years or months, where names differ in it."""
    form = rule[0].form
    if len(names) == 1 or form not in {"YYYY", "YYYY_MM", "YYYYMM"}:
        return rule
    dates = [
        re.compile(_FORMS[form], _FLAGS).match(name, reading.begin)
        for name, reading in zip(names, rule, strict=True)
    ]
    whole = [match.groupdict() for match in dates if match]
    parts, unread = read_beside(
        whole,
        [name[: reading.begin] for name, reading in zip(names, rule, strict=True)],
        [name[reading.end :] for name, reading in zip(names, rule, strict=True)],
    )
    if parts:
        beside = " and ".join(parts[0])
        return [
            reading._replace(time=time_of({**known, **part}), beside=beside)
            for reading, known, part in zip(rule, whole, parts, strict=True)
        ]
    if unread:
        return [reading._replace(unread=text) for reading, text in zip(rule, unread, strict=True)]
    return rule


def _late_rules(names: Sequence[str]) -> list[_Rule]:
    """Return the rules of the late forms that tell names apart, one of those of the same times."""
    by_times: dict[tuple[float, ...], _Rule] = {}
    for rule in _complete(names, _fits(names, _LATE_FORMS, _LATE_BY_LENGTH)):
        times = _times_of(rule)
        if _vary(times) and all(map(_is_sane, times)):
            by_times.setdefault(tuple(times), rule)
    rules = [*by_times.values()]
    if any(rule[0].form == "MMYYYY" for rule in rules):  # 072001 is not 20 July 2001
        rules = [rule for rule in rules if rule[0].form != "MMDDYY"]
    return _tell_apart(rules)


def _doubt(names: Sequence[str], paths: Sequence[str], rule: _Rule) -> str:
    """Return why the only rule may read its names wrong; empty if it does not."""
    form, times = rule[0].form, _times_of(rule)
    if any(reading.unread for reading in rule):
        *others, last = dict.fromkeys(reading.unread for reading in rule)
        differ = f"{', '.join(others[:4])}{', ...' if len(others) > 4 else ''} and {last}"  # noqa: PLR2004
        return (
            f"{paths[0]}: read as {form}; the names differ in {differ} beside it, which is not "
            "read; say what it is with --date-regex, which knows the groups year, month, day, "
            "quarter, week, dekad and others, or give --times FILE.csv"
        )
    is_strange = any(not 1900 <= time < 2101 for time in times)  # noqa: PLR2004
    may_be_short = is_strange and all(0 < time % 100 <= 36 for time in times)  # noqa: PLR2004
    if form == "YYYY" and len(names) > 1 and may_be_short and not rule[0].beside:
        text = names[0][rule[0].begin : rule[0].end]
        regex = _suggest(names[0], 0, paths, [rule])
        return (
            f"{paths[0]}: {text} could be the year {text}, or a month or dekad of 20{text[:2]}; "
            f"if it is the year, --date-regex '{regex}', otherwise --times FILE.csv"
        )
    return ""


def _readings(
    name: str, forms: Mapping[str, str], by_length: Mapping[int, Sequence[str]]
) -> tuple[list[_Reading], int]:
    """Return every reading of a name, and how many runs of digits it has."""
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
                if form != "YYYYMM" or _is_sane(time):  # six digits are more often something else
                    readings.append(_Reading(form, number, begin, match.end(), time))
    return readings, len(runs)


def _fits(
    names: Sequence[str],
    forms: Mapping[str, str] = _FORMS,
    by_length: Mapping[int, Sequence[str]] = _BY_LENGTH,
) -> _Fits:
    """Return every rule that fits a name."""
    fits: _Fits = {}
    for number, name in enumerate(names):
        readings, runs = _readings(name, forms, by_length)
        found = [reading.form for reading in readings]
        for reading in readings:
            form, run = reading.form, reading.run
            fits.setdefault(("left", run, form), {})[number] = reading
            fits.setdefault(("right", runs - run, form), {})[number] = reading
            if found.count(form) == 1:
                fits.setdefault(("only", 0, form), {})[number] = reading
    return fits


def _different(rules: Sequence[_Rule]) -> list[_Rule]:
    """Return one rule of those that say the same: the one that says most.

    These are the longest form in each position; one of those that give the same times; and days
    rather than the years of these days.
    """
    by_position: dict[tuple[int, ...], _Rule] = {}
    for rule in sorted(rules, key=lambda rule: (_RANK[rule[0].form], rule[0].beside)):
        by_position[tuple(reading.begin for reading in rule)] = rule
    by_times: dict[tuple[float, ...], _Rule] = {}
    for rule in sorted(by_position.values(), key=lambda rule: (not rule[0].unread, rule[0].begin)):
        by_times.setdefault(tuple(_times_of(rule)), rule)
    years_of_days = {
        tuple(map(int, times)) for times in by_times if any(time != int(time) for time in times)
    }
    return [
        rule
        for times, rule in by_times.items()
        if rule[0].form != "YYYY" or rule[0].beside or times not in years_of_days
    ]


def _tell_apart(rules: Sequence[_Rule]) -> list[_Rule]:
    """Return the rules that tell all names apart; if there are none, those that tell some."""
    names = len(rules[0]) if rules else 0
    for count in (names, 2):
        best = [rule for rule in rules if len(set(_times_of(rule))) >= count]
        if best:
            return best
    return list(rules)


def _times_of(rule: _Rule) -> list[float]:
    return [reading.time for reading in rule]


def _vary(times: Sequence[float]) -> bool:
    return len(set(times)) > 1


def _no_rule(paths: Sequence[str], fits: _Fits) -> str:
    """Return a message that names the file that breaks the rule which comes closest."""
    path = paths[0]
    reason = "expected one as in ndvi_1995.tif, ndvi_199507.tif or ndvi_19950704.tif"
    if fits:
        (_, _, form), by_number = max(
            fits.items(), key=lambda fit: (len(fit[1]), 0 in fit[1], _RANK[fit[0][2]])
        )
        path = next(path for number, path in enumerate(paths) if number not in by_number)
        reason = f"{form} fits {len(by_number)} of {len(paths)} names, but not this one"
    return (
        f"{path}: no time in the name ({reason}); say where it is with --date-regex, or give "
        "--times FILE.csv or --years FIRST:LAST"
    )


def _several_rules(names: Sequence[str], paths: Sequence[str], rules: Sequence[_Rule]) -> str:
    """Return a message that shows the name that the rules read most differently."""
    number = max(range(len(names)), key=lambda number: len({rule[number].time for rule in rules}))
    readings = [rule[number] for rule in rules]
    texts = [
        f"{names[number][way.begin : way.end]} ({way.form}{way.beside and ' with '}{way.beside})"
        for way in readings
    ]
    *others, last = dict.fromkeys(texts)
    regex = _suggest(names[number], number, paths, rules)
    return (
        f"{paths[number]}: the time could be {', '.join(others)} or {last}; say which with "
        "--date-regex" + (f", for example --date-regex '{regex}'" if regex else "")
    )


def _suggest(name: str, number: int, paths: Sequence[str], rules: Sequence[_Rule]) -> str:
    """Return a regular expression that reads all names by one of the rules; empty if none does.

    The shortest that works: what stands before the time, all that does, or the numbers counted.
    """
    for rule in rules:
        reading = rule[number]
        if reading.beside or reading.form not in _SUGGESTED:
            continue
        before, after = name[: reading.begin], name[reading.end :]
        runs_after = len(re.findall(r"\d+", after))
        for context, rest in (
            (re.escape(before[-8:]).replace("'", "."), ""),
            ("^" + r"\d+".join(map(re.escape, re.split(r"\d+", before))).replace("'", "."), ""),
            (rf"^(?:\D*\d+){{{reading.run}}}\D+", ""),
            ("", rf"(?=(?:\D+\d+){{{runs_after}}}\D*$)"),
        ):
            regex = context + _SUGGESTED[reading.form] + rest
            try:
                if times_from_regex(paths, regex) == _times_of(rule):
                    return regex
            except InputError:
                continue
    return ""
