"""Times out of file names and band descriptions: one form at one place for a whole series."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from pixeltrend.errors import InputError
from pixeltrend.times.dates import file_name, time_of, times_from_regex
from pixeltrend.times.products import acquisition_time

if TYPE_CHECKING:
    from collections.abc import Sequence

_YEAR = r"(?P<year>(?:1[89]|2[01])\d\d)"
_MONTH = r"(?P<month>0[1-9]|1[0-2])"
_DAY = r"(?P<day>0[1-9]|[12]\d|3[01])"
_DOY = r"(?P<doy>[0-3]\d\d)"
# A number with a unit is a size, not a time: 2000m, 1km, 10days.
_END = r"(?!\d|(?:[kcd]?m|deg|px|bits?|days?)(?![a-z]))"
_FORMS = {
    "YYYY": _YEAR,
    "YYYY_MM": _YEAR + r"[-_.]" + _MONTH,
    "YYYY_DDD": _YEAR + r"[-_.]" + _DOY,
    "YYYY_MM_DD": _YEAR + r"(?P<_>[-_.])" + _MONTH + r"(?P=_)" + _DAY,
    "YYYYMM": _YEAR + _MONTH,
    "YYYYDDD": _YEAR + _DOY,
    "YYYYMMDD": _YEAR + _MONTH + _DAY,
}
# From the shortest to the longest form, by the number of digits that it begins with.
_BY_LENGTH = {
    length: [(form, re.compile(_FORMS[form] + _END, re.ASCII | re.IGNORECASE)) for form in forms]
    for length, forms in {
        4: ("YYYY", "YYYY_MM", "YYYY_DDD", "YYYY_MM_DD"),
        6: ("YYYYMM",),
        7: ("YYYYDDD",),
        8: ("YYYYMMDD",),
    }.items()
}
_RANK = {form: rank for rank, form in enumerate(_FORMS)}
# Before a number that is no time stands a version's v, a CRS's name, or the day whose hours it is.
_RUN = re.compile(
    r"(?P<no>(?<![a-z])v(?!\d{5})|epsg[-_:]?|(?<=\d{7}t)(?=\d{4}(?:\d\d)?(?!\d)))?(?P<digits>\d+)",
    re.ASCII | re.IGNORECASE,
)
# Earth Engine cuts a large export into files that end so: they are one raster.
_SHARD = re.compile(r"-[0-9]{10}-[0-9]{10}(?=(?:\.[^.]*)?$)")
# The forms as a user would write them; a year alone needs no name.
_SUGGESTED = {
    "YYYY": r"(\d{4})",
    "YYYY_MM": r"(?P<year>\d{4})[-_.](?P<month>\d\d)",
    "YYYY_DDD": r"(?P<year>\d{4})[-_.](?P<doy>\d{3})",
    "YYYY_MM_DD": r"(?P<year>\d{4})[-_.](?P<month>\d\d)[-_.](?P<day>\d\d)",
    "YYYYMM": r"(?P<year>\d{4})(?P<month>\d\d)",
    "YYYYDDD": r"(?P<year>\d{4})(?P<doy>\d{3})",
    "YYYYMMDD": r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)",
}


class _Reading(NamedTuple):
    """One way to read a time out of one name."""

    form: str
    place: int
    """Runs of digits before it."""
    begin: int
    end: int
    time: float


# How each name is read by one rule, in the order of the names.
_Rule = list[_Reading]


def times_from_names(names: Sequence[str], *, date_regex: str | None = None) -> list[float]:
    """Read one time out of each name, all by one rule: a form at a place.

    A rule is a form (YYYY, YYYYMMDD, ...) at the same run of digits, counted from the left or from
    the right, or the only one of its form in each name. At one place the longest form counts that
    every name has. Product ids (Landsat, Sentinel, MODIS, ...) say themselves which date is the
    acquisition. Otherwise the one rule is taken that tells the names apart.

    Parameters
    ----------
    names
        File names or paths, of which only what follows the last slash is read, or descriptions of
        bands.
    date_regex
        A regular expression that says where the time is, in place of the rule: see
        `dates.times_from_regex`.

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
    for name in names:
        paths.setdefault(unsharded(file_name(name)), name)
    times = dict(zip(paths, _times(list(paths), list(paths.values())), strict=True))
    return [times[unsharded(file_name(name))] for name in names]


def unsharded(name: str) -> str:
    """Give a name without the offsets that Earth Engine adds to the parts of one large export."""
    return _SHARD.sub("", name)


def _times(names: Sequence[str], paths: Sequence[str]) -> list[float]:
    """Give the times of different names, or refuse them by their paths."""
    acquired: list[float] = []
    for name in names:
        time = acquisition_time(name)
        if time is None:
            break
        acquired.append(time)
    known = len(acquired) == len(names)
    if known and (len(names) == 1 or _varies(acquired)):
        return acquired
    fits = _fits(names)
    rules = _tell_apart(
        _different([[*by.values()] for by in fits.values() if len(by) == len(names)])
    )
    if known and not any(_varies(_times_of(rule)) for rule in rules):
        return acquired
    if not rules:
        raise InputError(_no_rule(paths, fits))
    if len(rules) > 1:
        raise InputError(_several_rules(names, paths, rules))
    return _times_of(rules[0])


def _read(name: str) -> tuple[list[_Reading], int]:
    """Give every reading of a name, and how many runs of digits it has."""
    readings = []
    place = -1
    for place, run in enumerate(_RUN.finditer(name)):
        if run["no"] is not None:
            continue
        begin, end = run.span("digits")
        for form, pattern in _BY_LENGTH.get(end - begin, ()):
            match = pattern.match(name, begin)
            if match:
                try:
                    time = time_of(match)
                except ValueError:  # 31 June
                    continue
                readings.append(_Reading(form, place, begin, match.end(), time))
    return readings, place + 1


def _fits(names: Sequence[str]) -> dict[tuple[str, int, str], dict[int, _Reading]]:
    """Give every rule (side, place, form), with its readings by the numbers of the names."""
    fits: dict[tuple[str, int, str], dict[int, _Reading]] = {}
    for number, name in enumerate(names):
        readings, runs = _read(name)
        forms = [reading.form for reading in readings]
        for reading in readings:
            form, place = reading.form, reading.place
            fits.setdefault(("left", place, form), {})[number] = reading
            fits.setdefault(("right", runs - place, form), {})[number] = reading
            if forms.count(form) == 1:
                fits.setdefault(("only", 0, form), {})[number] = reading
    return fits


def _different(rules: Sequence[_Rule]) -> list[_Rule]:
    """Keep one rule of those that say the same: the one that says most.

    These are the longest form at each place; one of those that give the same times; and days rather
    than the years of these days.
    """
    at: dict[tuple[int, ...], _Rule] = {}
    for rule in sorted(rules, key=lambda rule: _RANK[rule[0].form]):
        at[tuple(reading.begin for reading in rule)] = rule
    by_times: dict[tuple[float, ...], _Rule] = {}
    for rule in sorted(at.values(), key=lambda rule: rule[0].begin):
        by_times.setdefault(tuple(_times_of(rule)), rule)
    years = {tuple(int(time) for time in its) for its in by_times if not _whole(its)}
    return [rule for its, rule in by_times.items() if rule[0].form != "YYYY" or its not in years]


def _tell_apart(rules: Sequence[_Rule]) -> list[_Rule]:
    """Keep the rules that tell all names apart; if there are none, those that tell some."""
    times = [_times_of(rule) for rule in rules]
    for number_of_times in (len(times[0]) if times else 0, 2):
        best = [
            rule for rule, its in zip(rules, times, strict=True) if len(set(its)) >= number_of_times
        ]
        if best:
            return best
    return list(rules)


def _times_of(rule: _Rule) -> list[float]:
    return [reading.time for reading in rule]


def _whole(times: Sequence[float]) -> bool:
    return all(time == int(time) for time in times)


def _varies(times: Sequence[float]) -> bool:
    return len(set(times)) > 1


def _no_rule(paths: Sequence[str], fits: dict[tuple[str, int, str], dict[int, _Reading]]) -> str:
    """Name the file that breaks the rule which comes closest."""
    path, why = paths[0], "as in ndvi_1995.tif, ndvi_199507.tif or ndvi_19950704.tif"
    if fits:
        (_, _, form), by = max(
            fits.items(), key=lambda fit: (len(fit[1]), 0 in fit[1], _RANK[fit[0][2]])
        )
        path = next(path for number, path in enumerate(paths) if number not in by)
        why = f"{form} fits {len(by)} of {len(paths)} names, not this one"
    return (
        f"{path}: no time in the name ({why}); say where it is with --date-regex, or give "
        "--times FILE.csv or --years FIRST:LAST"
    )


def _several_rules(names: Sequence[str], paths: Sequence[str], rules: Sequence[_Rule]) -> str:
    """Show what the rules read in the name that they read most differently."""
    number = max(range(len(names)), key=lambda number: len({rule[number].time for rule in rules}))
    read = {
        f"{names[number][its.begin : its.end]} ({its.form})": None
        for its in (rule[number] for rule in rules)
    }
    *others, last = read
    regex = _suggest(names[number], number, paths, rules)
    return (
        f"{paths[number]}: the time could be {', '.join(others)} or {last}; say which with "
        "--date-regex" + (f", for example --date-regex '{regex}'" if regex else "")
    )


def _suggest(name: str, number: int, paths: Sequence[str], rules: Sequence[_Rule]) -> str:
    """Give a regular expression that reads all names by one of the rules; empty if none does.

    The shortest that works: what stands before the time, all that does, or the numbers counted.
    """
    for rule in rules:
        its = rule[number]
        before, after = name[: its.begin], name[its.end :]
        runs_after = len(re.findall(r"\d+", after))
        for context, rest in (
            (re.escape(before[-8:]).replace("'", "."), ""),
            ("^" + r"\d+".join(map(re.escape, re.split(r"\d+", before))).replace("'", "."), ""),
            (rf"^(?:\D*\d+){{{its.place}}}\D+", ""),
            ("", rf"(?=(?:\D+\d+){{{runs_after}}}\D*$)"),
        ):
            regex = context + _SUGGESTED[its.form] + rest
            try:
                if times_from_regex(paths, regex) == _times_of(rule):
                    return regex
            except InputError:
                continue
    return ""
