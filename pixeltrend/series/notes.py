"""Consistency: what differs between the years of a series, and which years are not there."""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pixeltrend.errors import redact
from pixeltrend.times.dates import format_time

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pixeltrend.raster.header import BandHeader

# Dates may lie apart by this factor: composites begin anew each year, months are not alike.
_UNEQUAL = 1.5
_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Note:
    """Something to know before trusting a result."""

    text: str
    """One line."""
    rasters: tuple[str, ...] = ()
    """Those that it is about; none if it is about all of them."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", redact(self.text))

    @classmethod
    def of(cls, rasters: Sequence[str], text: str) -> Note:
        """Say something of some rasters, with the name of the first one in front."""
        more = f" and {len(rasters) - 1} more" if len(rasters) > 1 else ""
        return cls(f"{rasters[0]}{more}: {text}", tuple(rasters))


def grouped(odd: Iterable[tuple[str, str]]) -> list[Note]:
    """Say what holds for many rasters, (name, text), once."""
    found: dict[str, list[str]] = {}
    for name, text in odd:
        found.setdefault(text, []).append(name)
    return [Note.of(names, text) for text, names in found.items()]


def differences(labels: Sequence[str], bands: Sequence[BandHeader]) -> list[Note]:
    """Say which rasters declare another nodata, scale, type, unit or band name than most do.

    Parameters
    ----------
    labels
        Names of the rasters.
    bands
        What each says of the band that is read.
    """
    found = []
    for what, said in (
        ("nodata", [_number(band.nodata) for band in bands]),
        ("scale", [f"{band.scale:g}" for band in bands]),
        ("offset", [f"{band.offset:g}" for band in bands]),
        ("mask", ["its own" if band.masked else "none" for band in bands]),
        ("type", [band.dtype for band in bands]),
        ("unit", [band.unit or "none" for band in bands]),
        ("band name", [_without_time(band.description) or "none" for band in bands]),
    ):
        usual, _ = Counter(said).most_common(1)[0]
        others = [place for place, its in enumerate(said) if its != usual]
        if others:
            text = f"{what} {said[others[0]]}, but most others have {usual}"
            found.append(Note.of([labels[place] for place in others], text))
    return found


def missing_times(times: Sequence[float]) -> list[float]:
    """Give the years that a yearly series, or one of every n-th year, lacks between its ends."""
    if any(time != math.floor(time) for time in times):
        return []
    steps = [round(b - a) for a, b in itertools.pairwise(times)]
    if not steps:
        return []
    step = min(steps)
    if any(its % step for its in steps):
        return []
    there = set(times)
    every = range(round(times[0]), round(times[-1]) + 1, step)
    absent = [float(year) for year in every if year not in there]
    # Half of them absent is another rhythm, not a series with gaps.
    return absent if len(absent) < len(times) else []


def time_notes(times: Sequence[float]) -> list[Note]:
    """Say which years are missing, or that times are unequal."""
    absent = missing_times(times)
    if absent:
        shown = ", ".join(map(format_time, absent[:_SHOWN]))
        more = f" and {len(absent) - _SHOWN} more" if len(absent) > _SHOWN else ""
        what = "a year is" if len(absent) == 1 else f"{len(absent)} years are"
        return [Note(f"{what} missing: {shown}{more}; the other times count as they are")]
    steps = [b - a for a, b in itertools.pairwise(times)]
    yearly = all(time == math.floor(time) for time in times)
    if steps and max(steps) > (1 if yearly else _UNEQUAL) * min(steps):
        place = steps.index(max(steps))
        between = f"{format_time(times[place])} and {format_time(times[place + 1])}"
        apart = f"{_duration(min(steps))} to {_duration(max(steps))} apart"
        return [
            Note(f"times are unequal: {apart}, the most between {between}; they count as they are")
        ]
    return []


def _duration(years: float) -> str:
    return f"{years:g} years" if years == round(years) else f"{years * 365.25:.0f} days"


def _number(nodata: float | None) -> str:
    return "none" if nodata is None else f"{nodata:g}"


def _without_time(description: str) -> str:
    """Strip from a band's name what changes with the time; B4 and B5 stay what they are."""
    return re.sub(r"\d{4,}(?:[-._]\d{2,3})*", "#", description)
