"""PlotOptions: what a map shows and how. Loads no NumPy and no GDAL."""

from __future__ import annotations

import itertools
import math
import re
from dataclasses import dataclass

from pixeltrend.errors import ArgumentError
from pixeltrend.options import check_choices, option

SCHEMES = ("quantiles", "equal")
_MAX_CLASSES, _MIN_DPI, _MAX_DPI = 12, 50, 1200
_MILLIMETRES = {"mm": 1.0, "": 1.0, "cm": 10.0, "in": 25.4}
_NARROWEST, _WIDEST = 40.0, 1000.0


@dataclass(frozen=True, slots=True)
class ClassOptions:
    """How the values of a band are divided into classes."""

    classes: int | None = option(
        None,
        "Number of classes, from 1 to 12; ties can make fewer, and zero divides one of quantiles.  "
        "[default: 5, or what fits the band]",
        group="Map",
        metavar="N",
    )
    scheme: str | None = option(
        None,
        "quantiles: as many pixels in each class. equal: classes of the same width.  [default: "
        "what fits the band: quantiles of slopes, 0.001, 0.01, 0.05 and 0.1 of p-values]",
        group="Map",
        choices=SCHEMES,
    )
    limits: str | None = option(
        None,
        "Limits between classes, increasing; what lies beyond them has classes of its own.",
        group="Map",
        metavar="A,B,...",
    )
    symmetric: bool = option(False, "Equal, round steps to both sides of zero.", group="Map")

    def __post_init__(self) -> None:
        check_choices(self)
        if self.classes is not None and not 1 <= self.classes <= _MAX_CLASSES:
            raise ArgumentError(f"{self.classes} classes: must be from 1 to {_MAX_CLASSES}")
        ways = [name for name in ("limits", "symmetric", "scheme") if getattr(self, name)]
        if len(ways) > 1:
            raise ArgumentError(f"{' and '.join(ways)}: both say where classes end; give one")
        if self.limits is not None and self.classes is not None:
            raise ArgumentError("limits and classes: the limits say how many classes there are")
        _parse_limits(self.limits)

    @property
    def given(self) -> tuple[float, ...]:
        """The limits that the user chose; none if they are found."""
        return _parse_limits(self.limits)


@dataclass(frozen=True, slots=True)
class PlotOptions(ClassOptions):
    """What a map shows and how."""

    band: int | str | None = option(
        None,
        "Band to draw: its number, from 1, or its description.  [default: 1]",
        group="Map",
        metavar="BAND",
    )
    where: str | None = option(
        None,
        "Hatch the pixels that do not meet a condition on a band, as pvalue<0.05.  [default: "
        "pvalue<0.05 for trends in rasters with p-values, the adjusted ones if they are there]",
        group="Map",
        metavar="CONDITION",
    )
    significance: bool = option(
        True, "Hatch what is not significant, if --where says nothing.", group="Map"
    )
    title: str | None = option(
        None,
        "Title, in place of the one from the metadata; '' for none.",
        group="Map",
        metavar="TEXT",
    )
    subtitle: bool = option(
        True, "Say below the title what the map was made from, and the CRS.", group="Map"
    )
    unit: str | None = option(
        None, "Unit in the legend, in place of the band's.", group="Map", metavar="TEXT"
    )
    axes: str = option(
        "degrees",
        "degrees: longitudes and latitudes along the sides, where they nearly follow them. map: "
        "coordinates of the map. none.",
        group="Map",
        choices=("degrees", "map", "none"),
    )
    width: str | None = option(
        None,
        "Width of the picture, as 85mm or 3.35in; fonts keep their size.  [default: 6.5 inches for "
        "the longer side of the map]",
        group="Map",
        metavar="WIDTH",
    )
    dpi: int = option(300, "Pixels per inch, from 50 to 1200.", group="Map", metavar="N")

    def __post_init__(self) -> None:
        ClassOptions.__post_init__(self)
        if not _MIN_DPI <= self.dpi <= _MAX_DPI:
            raise ArgumentError(f"{self.dpi} dpi: must be from {_MIN_DPI} to {_MAX_DPI}")
        _parse_width(self.width)

    @property
    def inches(self) -> float | None:
        """The width of the picture; None for one that follows from the map's."""
        return _parse_width(self.width)


def _parse_limits(text: str | None) -> tuple[float, ...]:
    if text is None:
        return ()
    try:
        limits = tuple(map(float, text.split(",")))
    except ValueError as error:
        raise ArgumentError(f"limits {text!r}: expected numbers: A,B,C") from error
    rising = all(low < high for low, high in itertools.pairwise(limits))
    if not rising or not all(map(math.isfinite, limits)) or len(limits) >= _MAX_CLASSES:
        raise ArgumentError(f"limits {text}: must be at most {_MAX_CLASSES - 1} increasing numbers")
    return limits


def _parse_width(text: str | None) -> float | None:
    if text is None:
        return None
    match = re.fullmatch(r"\s*(\d+(?:\.\d*)?)\s*(mm|cm|in|)\s*", text.lower())
    if match is None:
        raise ArgumentError(f"width {text!r}: expected a length, as 85mm or 3.35in")
    millimetres = float(match[1]) * _MILLIMETRES[match[2]]
    if not _NARROWEST <= millimetres <= _WIDEST:
        raise ArgumentError(f"width {text}: must be from {_NARROWEST:g} to {_WIDEST:g} mm")
    return millimetres / _MILLIMETRES["in"]
