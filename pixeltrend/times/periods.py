"""Periods: two times in each name, the second of them later, as in ndvi_20150101_20151231.tif."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from pixeltrend.times.forms import times_of, vary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pixeltrend.times.forms import Rule


def find_period(rules: Sequence[Rule]) -> tuple[Rule, Rule] | None:
    """Return the rules of the starts and the ends, if all that there are read the two.

    Dates of acquisition and of processing are no period: processing comes so much later that the
    periods would overlap. Those that overlap count if all are equally long: moving windows
    (2000_2004, 2001_2005), and the seasons of two years (2015_2016, 2016_2017).
    """
    if len(rules) != 2 or len(rules[0]) < 2:  # noqa: PLR2004
        return None
    start, end = sorted(rules, key=lambda rule: rule[0].begin)
    pairs = list(zip(start, end, strict=True))
    if any(
        one.form != other.form or one.beside != other.beside or one.unread or other.unread
        or one.end > other.begin or one.time > other.time
        for one, other in pairs
    ):  # fmt: skip
        return None
    spans = sorted({(one.time, other.time) for one, other in pairs})
    if len({first for first, _ in spans}) != len(spans):
        return None
    are_apart = all(last <= first for (_, last), (first, _) in itertools.pairwise(spans))
    are_years = all(time == int(time) for time in (*times_of(start), *times_of(end)))
    lengths = [round(last - first, None if are_years else 2) for first, last in spans]
    if (are_apart or not vary(lengths)) and vary(times_of(start)):
        return start, end
    return None


def time_in_period(start: Rule, end: Rule, which: str) -> list[float]:
    """Return the start, the middle or the end of each period."""
    weight = {"start": 0.0, "middle": 0.5, "end": 1.0}[which]
    return [
        one.time + weight * (other.time - one.time) if weight < 1 else other.time
        for one, other in zip(start, end, strict=True)
    ]
