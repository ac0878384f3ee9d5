"""Notes: what to know before trusting a result, such as what differs; and refusals."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pixeltrend.errors import InputError, redact
from pixeltrend.times.dates import format_dates, format_time

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pixeltrend.raster.header import BandHeader

# What a note of rasters of classes says.
CLASSES = "a trend of class numbers means nothing"
# Dates may lie apart by this factor: composites start again each year, months differ in length.
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
        """Return a note about some rasters, with the name of the first one in front."""
        more = f" and {len(rasters) - 1} more" if len(rasters) > 1 else ""
        return cls(f"{rasters[0]}{more}: {text}", tuple(rasters))


def refuse(problems: Sequence[str]) -> None:
    """Raise the first of the problems, if there are any, with the others at hand."""
    if problems:
        first, *others = problems
        raise InputError(first, others=tuple(others))


def grouped(remarks: Iterable[tuple[str, str]]) -> list[Note]:
    """Return one note for each text of the remarks (name of a raster, text)."""
    names: dict[str, list[str]] = {}
    for name, text in remarks:
        names.setdefault(text, []).append(name)
    return [Note.of(rasters, text) for text, rasters in names.items()]


def differences(bands: Sequence[tuple[str, BandHeader]]) -> list[Note]:
    """Return which rasters declare another nodata, scale, type, unit or band name than most do.

    Parameters
    ----------
    bands
        The name of each raster, and what it says of the band that is read.
    """
    notes = []
    headers = [header for _, header in bands]
    for what, values in (
        ("nodata", ["none" if band.nodata is None else f"{band.nodata:g}" for band in headers]),
        ("scale", [f"{band.scale:g}" for band in headers]),
        ("offset", [f"{band.offset:g}" for band in headers]),
        ("mask", ["of its own" if band.masked else "none" for band in headers]),
        ("type", [band.dtype for band in headers]),
        ("unit", [band.unit or "none" for band in headers]),
        ("band name", [_without_time(band.description) or "none" for band in headers]),
    ):
        usual, _ = Counter(values).most_common(1)[0]
        others = [index for index, value in enumerate(values) if value != usual]
        if others:
            text = f"{what} {values[others[0]]}, but most others have {usual}"
            notes.append(Note.of([bands[index][0] for index in others], text))
    return notes


def _without_time(description: str) -> str:
    """Return a band's name without what changes with the time; B4 and B5 stay what they are."""
    return re.sub(r"\d{4,}(?:[-._]\d{2,3})*", "#", description.rstrip())


def missing_times(times: Sequence[float]) -> list[float]:
    """Return the years that a yearly series, or one of every n-th year, lacks between its ends."""
    return list(map(float, _absent([round(time) for time in times]))) if _are_years(times) else []


def missing_months(times: Sequence[float]) -> list[str]:
    """Return the months that a monthly series, or one of every n-th month, lacks."""
    dates = format_dates(times)
    if _are_years(times) or any(len(date) != len("2018-01") for date in dates):
        return []
    months = [12 * int(date[:4]) + int(date[5:]) - 1 for date in dates]
    return [f"{month // 12:04}-{month % 12 + 1:02}" for month in _absent(months)]


def _absent(numbers: Sequence[int]) -> list[int]:
    """Return what a series of every n-th number lacks between its ends."""
    steps = [b - a for a, b in itertools.pairwise(numbers)]
    if not steps or min(steps) < 1 or any(step % min(steps) for step in steps):
        return []
    absent = sorted({*range(numbers[0], numbers[-1] + 1, min(steps))} - {*numbers})
    # Half of them absent is another rhythm, not a series with gaps.
    return absent if len(absent) < len(numbers) else []


def time_notes(times: Sequence[float]) -> list[Note]:
    """Return which years or months are missing, or that times are unevenly spaced."""
    for unit, absent in (
        ("year", list(map(format_time, missing_times(times)))),
        ("month", missing_months(times)),
    ):
        if absent:
            more = f" and {len(absent) - _SHOWN} more" if len(absent) > _SHOWN else ""
            what = f"a {unit} is" if len(absent) == 1 else f"{len(absent)} {unit}s are"
            return [
                Note(
                    f"{what} missing: {', '.join(absent[:_SHOWN])}{more}; the others are used as "
                    "they are"
                )
            ]
    steps = [b - a for a, b in itertools.pairwise(times)]
    if not steps or max(steps) <= (1 if _are_years(times) else _UNEQUAL) * min(steps):
        return []
    index = steps.index(max(steps))
    between = " and ".join(format_dates(times[index : index + 2]))
    per_unit, unit = (
        (1, "years") if all(step == round(step) for step in steps) else (365.25, "days")
    )
    spacing = f"{min(steps) * per_unit:.0f} to {max(steps) * per_unit:.0f} {unit} apart"
    return [
        Note(
            f"times are unevenly spaced: {spacing}, with the longest gap between {between}; they "
            "are used as they are"
        )
    ]


def _are_years(times: Sequence[float]) -> bool:
    return all(time == int(time) for time in times)
