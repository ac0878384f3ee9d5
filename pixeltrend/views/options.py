"""PlotOptions: what a map shows and how. Loads no NumPy and no GDAL."""

from __future__ import annotations

from dataclasses import dataclass

from pixeltrend.errors import ArgumentError
from pixeltrend.options import check_choices, option

SCHEMES = ("quantiles", "equal")
_MAX_CLASSES, _MIN_DPI, _MAX_DPI = 12, 50, 1200


@dataclass(frozen=True, slots=True)
class PlotOptions:
    """What a map shows and how."""

    band: int | str | None = option(
        None,
        "Band to draw: its number, from 1, or its description.  [default: 1]",
        group="Map",
        metavar="BAND",
    )
    classes: int = option(
        5, "Number of classes, from 1 to 12; ties can make fewer.", group="Map", metavar="N"
    )
    scheme: str = option(
        "quantiles",
        "quantiles: as many pixels in each class. equal: classes of the same width.",
        group="Map",
        choices=SCHEMES,
    )
    title: str | None = option(
        None, "Title, in place of the one from the metadata.", group="Map", metavar="TEXT"
    )
    dpi: int = option(150, "Pixels per inch, from 50 to 1200.", group="Map", metavar="N")

    def __post_init__(self) -> None:
        check_choices(self)
        if not 1 <= self.classes <= _MAX_CLASSES:
            raise ArgumentError(f"{self.classes} classes: must be from 1 to {_MAX_CLASSES}")
        if not _MIN_DPI <= self.dpi <= _MAX_DPI:
            raise ArgumentError(f"{self.dpi} dpi: must be from {_MIN_DPI} to {_MAX_DPI}")
