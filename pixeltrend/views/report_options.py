"""ReportOptions: what a page holds. Loads no NumPy and no GDAL."""

from __future__ import annotations

from dataclasses import dataclass

from pixeltrend.errors import ArgumentError
from pixeltrend.options import option


@dataclass(frozen=True, slots=True)
class ReportOptions:
    """What a page holds."""

    alpha: float = option(
        0.05,
        "Level at which a trend is significant, in the table, and in the map until the reader "
        "moves the slider.",
        group="Page",
        metavar="LEVEL",
    )
    embed: int = option(
        5 * 2**20,
        "How much of the page the series of pixels may take: those of all pixels if they fit, else "
        "of a grid of them. 0 for none, which leaves the inputs unread.  [default: 5MB]",
        group="Page",
        metavar="SIZE",
    )

    def __post_init__(self) -> None:
        if not 0 < self.alpha < 1:
            raise ArgumentError(f"alpha {self.alpha:g}: must lie between 0 and 1")
        if self.embed < 0:
            raise ArgumentError(f"embed {self.embed}: must not be negative")
