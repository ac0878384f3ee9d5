"""Suggestions: why names are refused, with the expressions that read them, each tried before."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

from pixeltrend.errors import InputError
from pixeltrend.times.dates import PARTS, time_of, times_from_regex
from pixeltrend.times.forms import RANK, is_sane, parts_of, times_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pixeltrend.times.forms import Fits, Reading, Rule

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
    "MMYYYY": r"(?P<month>\d\d)(?P<year>\d{4})",
    "YYMMDD": r"(?P<year>\d\d)(?P<month>\d\d)(?P<day>\d\d)",
    "DDMMYY": r"(?P<day>\d\d)(?P<month>\d\d)(?P<year>\d\d)",
    "MMDDYY": r"(?P<month>\d\d)(?P<day>\d\d)(?P<year>\d\d)",
    "YYYYMMDDHH": r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)\d\d",
    "YYMM": r"(?P<year>\d\d)(?P<month>\d\d)",
    "YYKK": r"(?P<year>\d\d)(?P<dekad>\d\d)",
}
_TEXTS = {"monthname", "season", "halfmonth"}
# What a number or letter beside a year, or beside a month, may be.
_BESIDE_YEAR = ("month", "quarter", "half", "dekad", "week", "doy")
_BESIDE_MONTH = ("dekad", "pentad", "halfmonth", "day")
# A larger number beside a year is that of a day.
_WEEKS = 53
_MEANT = {
    "S": "half", "SEMESTER": "half", "SEMESTRE": "half", "T": "quarter",
    "D": "dekad", "DECADE": "dekad", "P": "pentad", "PENTAD": "pentad",
    "SEMANA": "week", "SEMAINE": "week",
}  # fmt: skip
_MOST = 4
_FOLDERS = (
    r"(?P<year>\d{4})/(?P<month>\d\d)/(?P<day>\d\d)/[^/]*$",
    r"(?P<year>\d{4})/(?P<month>\d\d)/[^/]*$",
    r"(?P<year>\d{4})/(?P<month>\d\d?)\.[^/]*$",
    r"(?P<year>\d{4})/(?P<monthname>[^\W\d_]+)[^/]*$",
    r"(\d{4})/[^/]*$",
    r"(\d{4})[^/\d]*/[^/]*$",
    r"(\d{4})/[^/]*/[^/]*$",
    r"(\d{4})[^/\d]*/[^/]*/[^/]*$",
)


def no_rule(paths: Sequence[str], fits: Fits) -> str:
    """Return a message that names the file that breaks the rule which comes closest."""
    path = paths[0]
    reason = "expected one as in ndvi_1995.tif, ndvi_199507.tif or ndvi_19950704.tif"
    if fits:
        (_, _, form), by_number = max(
            fits.items(), key=lambda fit: (len(fit[1]), 0 in fit[1], RANK[fit[0][2]])
        )
        path = next(path for number, path in enumerate(paths) if number not in by_number)
        reason = f"{form} fits {len(by_number)} of {len(paths)} names, but not this one"
    return (
        f"{path}: no time in the name ({reason}); say where it is with --date-regex, or give "
        "--times FILE.csv or --years FIRST:LAST"
    )


def several_rules(names: Sequence[str], paths: Sequence[str], rules: Sequence[Rule]) -> str:
    """Return a message that shows the name that the rules read most differently."""
    number = max(range(len(names)), key=lambda number: len({rule[number].time for rule in rules}))
    name = names[number]
    by_text: dict[str, Rule] = {}
    for rule in rules:
        way = rule[number]
        form = f"{way.form}{way.beside and ' with '}{way.beside}"
        by_text.setdefault(f"{name[way.begin : way.end]} ({form})", rule)
    *others, last = by_text
    expressions = [
        f"--date-regex '{regex}' for {text}"
        for text, rule in itertools.islice(by_text.items(), _MOST)
        if (regex := _expression_of(name, number, paths, rule))
    ]
    return (
        f"{paths[number]}: the time could be {', '.join(others)} or {last}; give "
        f"{_choice(expressions)}"
    )


def unread_parts(names: Sequence[str], paths: Sequence[str], rule: Rule) -> str:
    """Return a message about what stands beside the time of each name and is not read."""
    texts = [reading.unread for reading in rule]
    *others, last = dict.fromkeys(texts)
    differ = f"{', '.join(others[:_MOST])}{', ...' if len(others) > _MOST else ''} and {last}"
    found = []
    for parts in _meanings(texts, "month" in parts_of(names[0], rule[0])):
        try:
            times = [
                time_of({**parts_of(name, reading), **part})
                for name, reading, part in zip(names, rule, parts, strict=True)
            ]
        except ValueError:
            continue
        meant = list(parts[0])
        if regex := _beside(paths, rule[0].form, meant, times):
            found.append(f"--date-regex '{regex}' if it is the {' and '.join(meant)}")
    if regex := _expression_of(names[0], 0, paths, rule):
        found.append(f"--date-regex '{regex}' if it is not part of the time")
    return (
        f"{paths[0]}: read as {rule[0].form}; the names differ in {differ} beside it, which is not "
        f"read; give {_choice(found)}"
    )


def short_years(names: Sequence[str], paths: Sequence[str], rule: Rule) -> str:
    """Return a message about 1805, 1806: years, or months or dekads of 2018."""
    digits = [name[way.begin : way.end] for name, way in zip(names, rule, strict=True)]
    found = []
    for form, part in (("YYMM", "month"), ("YYKK", "dekad"), ("YYYY", "")):
        try:
            times = [
                time_of({"year": text[:2], part: text[2:]} if part else {"year": text})
                for text in digits
            ]
        except ValueError:
            continue
        regex = _expression(paths, times, names[0], rule[0], _SUGGESTED[form])
        if regex:
            meant = f"the {part} of 20{digits[0][:2]}" if part else f"the year {digits[0]}"
            found.append(f"--date-regex '{regex}' if it is {meant}")
    return (
        f"{paths[0]}: {digits[0]} could be the year {digits[0]}, or a month or dekad of "
        f"20{digits[0][:2]}; give {_choice(found)}"
    )


def _choice(expressions: Sequence[str]) -> str:
    return f"{', '.join(expressions)}, or --times FILE.csv" if expressions else "--times FILE.csv"


def folder_expression(paths: Sequence[str]) -> str:
    """Return an expression that reads a time of its own out of the folders of each path, or ""."""
    for regex in _FOLDERS:
        try:
            times = times_from_regex(paths, regex)
        except InputError:
            continue
        if len(set(times)) == len(paths) > 1 and all(map(is_sane, times)):
            return regex
    return ""


def _expression_of(name: str, number: int, paths: Sequence[str], rule: Rule) -> str:
    """Return an expression that reads all names by a rule; empty if none does."""
    way = rule[number]
    if way.beside:
        return _beside(paths, way.form, way.beside.split(" and "), times_of(rule))
    return _expression(paths, times_of(rule), name, way, _SUGGESTED[way.form])


def _expression(
    paths: Sequence[str], times: Sequence[float], name: str, way: Reading, core: str
) -> str:
    """Return the shortest that works: what stands before, all that does, or the numbers counted."""
    before, after = name[: way.begin], name[way.end :]
    runs_after = len(re.findall(r"\d+", after))
    tried = (
        (re.escape(before[-8:]).replace("'", "."), ""),
        ("^" + r"\d+".join(map(re.escape, re.split(r"\d+", before))).replace("'", "."), ""),
        (rf"^(?:\D*\d+){{{way.run}}}\D+", ""),
        (rf"^(?:\D*\d+){{{way.run}}}\D*", ""),
        ("", rf"(?=(?:\D+\d+){{{runs_after}}}\D*$)"),
    )
    return _first_right(paths, times, (begin + core + rest for begin, rest in tried))


def _beside(paths: Sequence[str], form: str, parts: Sequence[str], times: Sequence[float]) -> str:
    """Return an expression of a form and what stands beside it."""
    core = r"(?P<year>\d{4})" if form == "YYYY" else _SUGGESTED[form]
    return _first_right(paths, times, _expressions_beside(core, parts))


def _expressions_beside(core: str, parts: Sequence[str]) -> Iterator[str]:
    groups = [
        rf"(?P<{part}>[^\W\d_]+)" if part in _TEXTS else rf"(?P<{part}>\d+)" for part in parts
    ]
    for gap, begin in itertools.product((r"[-_. ]*", r"\D*?", r"\D*"), ("", r"(?<![^\W_])")):
        for order in itertools.permutations([core, *groups]):
            yield begin + gap.join(order)


def _first_right(paths: Sequence[str], times: Sequence[float], tried: Iterator[str]) -> str:
    for regex in tried:
        try:
            if times_from_regex(paths, regex) == [*times]:
                return regex
        except InputError:
            continue
    return ""


def _meanings(texts: Sequence[str], has_month: bool) -> Iterator[list[Mapping[str, str]]]:
    """Yield what texts beside a year or month may be, as parts of the time."""
    pairs = [re.fullmatch(r"(\d+)[-_. ](\d+)", text) for text in texts]
    if all(pairs):
        for one, other in (("day", "month"), ("month", "day")):
            yield [{one: pair[1], other: pair[2]} for pair in pairs if pair]
        return
    words = {re.sub(r"[^A-Z]", "", text.upper()) for text in texts}
    meant = _MEANT.get(words.pop(), "") if len(words) == 1 else ""
    for part in (meant,) if meant else _BESIDE_MONTH if has_month else _BESIDE_YEAR:
        values = texts if part == "halfmonth" else [re.sub(r".*?(\d*)$", r"\1", t) for t in texts]
        if part not in PARTS or not all(values):
            continue
        if part != "doy" or max(map(len, values)) == 3 or max(map(int, values)) > _WEEKS:  # noqa: PLR2004
            yield [{part: value} for value in values]
