"""CompositeOptions: how the scenes of a period become one value. Loads no NumPy."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pixeltrend.errors import ArgumentError
from pixeltrend.options import changed, check_choices, nearest, option

COMPOSITES = ("max", "min", "mean", "median", "sum", "count")
# The first one is what a period is if nobody says.
EVERY = ("year", "month", "season", "water-year")

_MONTHS = 12
_DAYS = 366
_WATER_YEAR = 10
# Day of a year of 365 days on which each month begins, and the one after the last.
_STARTS = (1, 32, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335, 366)


@dataclass(frozen=True, slots=True)
class CompositeOptions:
    """What the value of a period is, and which scenes make it; by default there are no periods."""

    composite: str | None = option(
        None,
        "Make one value of the scenes of each period, pixel by pixel, before anything else: their "
        "max, min, mean, median, sum, count, or a percentile, as p90.",
        group="Composites",
        metavar="max|min|mean|median|sum|count|pNN",
    )
    every: str | None = option(
        None,
        "The periods of --composite. A water year has the number of the year in which it ends; "
        "seasons are December to February, and so on.  [default: year]",
        group="Composites",
        choices=EVERY,
    )
    year_starts: int | None = option(
        None,
        f"Month in which a water year begins.  [default: {_WATER_YEAR}]",
        group="Composites",
        metavar="MONTH",
    )
    months: str | None = option(
        None,
        "Take only scenes of these months. From 11-2, across the new year, years end with the "
        "range.",
        group="Composites",
        metavar="FIRST-LAST",
    )
    days: str | None = option(
        None,
        "Take only scenes of these days of the year, from 1; 305-59 is across the new year.",
        group="Composites",
        metavar="FIRST-LAST",
    )
    min_scenes: int | None = option(
        None,
        "Periods in which a pixel has fewer values are gaps.  [default: 1; 0 for count]",
        group="Composites",
        metavar="N",
    )

    def __post_init__(self) -> None:
        check_choices(self)
        if self.composite is None:
            for name in changed(self):
                raise ArgumentError(f"{name}: needs composite, which says what a period's value is")
            return
        if self.composite not in COMPOSITES and self.percentile is None:
            known = ", ".join(COMPOSITES)
            raise ArgumentError(
                f"composite {self.composite!r}: is not one of {known}, or a percentile from p1 to "
                f"p99{nearest(self.composite, COMPOSITES)}"
            )
        if self.months is not None and self.days is not None:
            raise ArgumentError("months and days both say which scenes: give only one of them")
        if self.min_scenes is not None and self.min_scenes < 0:
            raise ArgumentError(f"min_scenes {self.min_scenes}: must not be negative")
        if self.year_starts is not None:
            if self.every != "water-year":
                raise ArgumentError("year_starts: only every water-year has a month to begin with")
            if not 1 <= self.year_starts <= _MONTHS:
                raise ArgumentError(f"year_starts {self.year_starts}: must be a month, 1 to 12")
        self._check_range()

    def _check_range(self) -> None:
        """Refuse a range of months or days that a water year would cut in two."""
        days = self.day_range
        if self.month_range is not None:
            first, last = self.month_range
            days = _STARTS[first - 1], _STARTS[last] - 1
        if days is None or self.every != "water-year":
            return
        start, (first, last) = _STARTS[self.first_month - 1], days
        if first < start <= last or (first > last and (start > first or start <= last)):
            name = "months" if self.months is not None else "days"
            raise ArgumentError(
                f"{name} {getattr(self, name)}: would be cut in two by the water year, which "
                f"begins in month {self.first_month} (year_starts)"
            )

    @property
    def percentile(self) -> int | None:
        """NN of pNN; None if the value is something else."""
        match = re.fullmatch(r"p([1-9]\d?)", self.composite or "")
        return int(match[1]) if match else None

    @property
    def month_range(self) -> tuple[int, int] | None:
        """First and last month of the scenes; the first is later where the new year is between."""
        return None if self.months is None else _range("months", self.months, _MONTHS)

    @property
    def day_range(self) -> tuple[int, int] | None:
        """First and last day of the year of the scenes, from 1."""
        return None if self.days is None else _range("days", self.days, _DAYS)

    @property
    def period(self) -> str:
        """What a period is called."""
        return (self.every or EVERY[0]).replace("-", " ")

    @property
    def in_years(self) -> bool:
        """Whether the time of a period is the number of a year."""
        return self.every not in {"month", "season"}

    @property
    def first_month(self) -> int:
        """Month in which a year begins: also in the middle of a winter that months pick."""
        if self.every == "water-year":
            return self.year_starts or _WATER_YEAR
        first, last = self.month_range or (1, _MONTHS)
        return first if first > last else 1

    @property
    def least(self) -> int:
        """Number of values that a period needs to count."""
        if self.min_scenes is None:
            return 0 if self.composite == "count" else 1
        return self.min_scenes


def _range(name: str, text: str, most: int) -> tuple[int, int]:
    match = re.fullmatch(r"\s*(\d+)(?:\s*-\s*(\d+))?\s*", text, re.ASCII)
    first = int(match[1]) if match else 0
    last = int(match[2] or first) if match else 0
    if not 1 <= first <= most or not 1 <= last <= most:
        raise ArgumentError(f"{name} {text!r}: expected FIRST-LAST, out of 1 to {most}")
    return first, last
