"""Times out of file names and band descriptions: one form in one position for a whole series."""

from __future__ import annotations

import itertools
import re
from os.path import basename
from typing import TYPE_CHECKING, NamedTuple

from pixeltrend.errors import InputError
from pixeltrend.times.beside import read_beside
from pixeltrend.times.dates import time_of, times_from_regex
from pixeltrend.times.forms import RANK, fits_of, is_sane, parts_of, times_of, vary
from pixeltrend.times.periods import find_period, time_in_period
from pixeltrend.times.products import acquisition_time

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pixeltrend.times.forms import Fits, Rule

# Three digits behind a year that are the same in all names, and no day: collections of MODIS,
# metres, and hundredths of a degree.
_NO_DAYS = {
    "005", "006", "010", "015", "020", "025", "030", "050", "060", "061", "100", "250", "300",
    "333",
}  # fmt: skip


# Years of scenarios end before.
_LAST_YEAR = 2101


class Dated(NamedTuple):
    """The times of names."""

    times: list[float]
    """Decimal years."""
    period: tuple[str, str] | None = None
    """The two times in the first name, where they are taken for a period."""


def times_from_names(names: Sequence[str], *, date_regex: str | None = None) -> list[float]:
    """Return the time in each name: see `date_names`."""
    return date_names(names, date_regex=date_regex).times


def date_names(
    names: Sequence[str], *, date_regex: str | None = None, time: str | None = None
) -> Dated:
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
    time
        The ``start`` (default), ``middle`` or ``end`` of a period counts: see
        `periods.find_period`.

    Returns
    -------
    Dated
        Decimal years to the day, in the order of `names`; a month stands for its first day. Two are
        equal where names differ in something else than their time.

    Raises
    ------
    InputError
        No rule holds for all names, or several do; or `time` is given and names hold no periods.
    ArgumentError
        `date_regex` makes no sense.
    """
    if date_regex is not None:
        return Dated(times_from_regex(names, date_regex))
    paths: dict[str, str] = {}
    for path in names:
        paths.setdefault(basename(path), path)
    times, period = _date(paths, time or "start")
    if time is not None and period is None:
        raise InputError(f"{names[0]}: --time {time} needs a period in each name; leave it out")
    by_name = dict(zip(paths, times, strict=True))
    return Dated([by_name[basename(path)] for path in names], period)


def _date(by_name: Mapping[str, str], time: str) -> Dated:
    """Return the times of names, or refuse them by their paths."""
    names, paths = list(by_name), list(by_name.values())
    found = itertools.takewhile(lambda time: time is not None, map(acquisition_time, names))
    acquired = [time for time in found if time is not None]
    are_products = len(acquired) == len(names)
    if are_products and (len(names) == 1 or vary(acquired)):
        return Dated(acquired)
    fits = fits_of(names)
    rules = _different([_with_beside(names, rule) for rule in _complete(names, fits)])
    rules = _tell_apart([rule for rule in rules if not rule[0].made] or rules)
    if not any(vary(times_of(rule)) for rule in rules):
        if are_products:
            return Dated(acquired)
        if len(names) > 1:
            rules = _late_rules(names) or rules
    if (period := find_period(rules)) is not None:
        first = [names[0][rule[0].begin : rule[0].end] for rule in period]
        return Dated(time_in_period(*period, time), (first[0], first[1]))
    rules = _sane(rules)
    if len(rules) == 1 and not _is_doubtful(rules[0]):
        return Dated(times_of(rules[0]))
    from pixeltrend.times import suggestions  # most names are read

    if not rules:
        raise InputError(suggestions.no_rule(paths, fits))
    if len(rules) > 1:
        raise InputError(suggestions.several_rules(names, paths, rules))
    if any(reading.unread for reading in rules[0]):
        raise InputError(suggestions.unread_parts(names, paths, rules[0]))
    raise InputError(suggestions.short_years(names, paths, rules[0]))


def _complete(names: Sequence[str], fits: Fits) -> list[Rule]:
    """Return the rules that fit every name."""
    rules = [[*by_number.values()] for by_number in fits.values() if len(by_number) == len(names)]
    return [rule for rule in rules if len(names) == 1 or not _is_year_alone(names, rule)]


def _is_year_alone(names: Sequence[str], rule: Rule) -> bool:
    """Return whether what follows each year is no day or month.

    The next year (2009-10) is none, nor a MODIS collection (061), a resolution (250), or a path
    before a row (193_027) in all names.
    """
    texts = [name[reading.begin : reading.end] for name, reading in zip(names, rule, strict=True)]
    if rule[0].form == "YYYY_DDD":
        days = {text[-3:] for text in texts}
        rows = {name[reading.end :][:4] for name, reading in zip(names, rule, strict=True)}
        has_row = len(rows) == 1 and re.fullmatch(r"[-_]\d{3}", rows.pop(), re.ASCII)
        return len(days) == 1 and (days <= _NO_DAYS or has_row is not None)
    return rule[0].form == "YYYY_MM" and all(
        int(text[-2:]) == (int(text[:4]) + 1) % 100 for text in texts
    )


def _sane(rules: list[Rule]) -> list[Rule]:
    """Return the rules whose times can be those of images, if one of them tells names apart."""
    sane = [rule for rule in rules if all(map(is_sane, times_of(rule)))]
    return sane if any(vary(times_of(rule)) for rule in sane) else rules


def _with_beside(names: Sequence[str], rule: Rule) -> Rule:
    """Return a rule with what stands beside its years or months, where names differ in it."""
    form = rule[0].form
    if len(names) == 1 or form not in {"YYYY", "YYYY_MM", "YYYYMM"}:
        return rule
    whole = [parts_of(name, reading) for name, reading in zip(names, rule, strict=True)]
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


def _late_rules(names: Sequence[str]) -> list[Rule]:
    """Return the rules of the late forms that tell names apart, one of those of the same times."""
    by_times: dict[tuple[float, ...], Rule] = {}
    for rule in _complete(names, fits_of(names, late=True)):
        times = times_of(rule)
        if vary(times) and all(is_sane(time) or rule[0].form == "YYYYMM" for time in times):
            by_times.setdefault(tuple(times), rule)
    rules = [*by_times.values()]
    if any(rule[0].form == "MMYYYY" for rule in rules):  # 072001 is not 20 July 2001
        rules = [rule for rule in rules if rule[0].form != "MMDDYY"]
    usual = [rule for rule in rules if rule[0].form != "YYYYMM"]
    months = [rule for rule in rules if all(time < _LAST_YEAR for time in times_of(rule))]
    return _tell_apart(usual or months)


def _is_doubtful(rule: Rule) -> bool:
    """Return whether the only rule may read its names wrong."""
    if any(reading.unread for reading in rule):
        return True
    times = times_of(rule)
    is_strange = any(not 1900 <= time < _LAST_YEAR for time in times)  # noqa: PLR2004
    may_be_short = is_strange and all(0 < time % 100 <= 36 for time in times)  # noqa: PLR2004
    return rule[0].form == "YYYY" and len(times) > 1 and may_be_short and not rule[0].beside


def _different(rules: Sequence[Rule]) -> list[Rule]:
    """Return one rule of those that say the same: the one that says most.

    These are the longest form in each position; one of those that give the same times; and days
    rather than the years of these days.
    """
    by_position: dict[tuple[int, ...], Rule] = {}
    for rule in sorted(rules, key=lambda rule: (RANK[rule[0].form], rule[0].beside)):
        by_position[tuple(reading.begin for reading in rule)] = rule
    by_times: dict[tuple[float, ...], Rule] = {}
    for rule in sorted(by_position.values(), key=lambda rule: (not rule[0].unread, rule[0].begin)):
        by_times.setdefault(tuple(times_of(rule)), rule)
    years_of_days = {
        tuple(map(int, times)) for times in by_times if any(time != int(time) for time in times)
    }
    return [
        rule
        for times, rule in by_times.items()
        if rule[0].form != "YYYY" or rule[0].beside or times not in years_of_days
    ]


def _tell_apart(rules: Sequence[Rule]) -> list[Rule]:
    """Return the rules that tell all names apart; if there are none, those that tell some."""
    names = len(rules[0]) if rules else 0
    for count in (names, 2):
        best = [rule for rule in rules if len(set(times_of(rule))) >= count]
        if best:
            return best
    return list(rules)
