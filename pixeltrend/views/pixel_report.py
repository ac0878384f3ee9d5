"""What there is to know of one pixel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pixeltrend.raster.places import Place
    from pixeltrend.reducers.evidence import Step


@dataclass(frozen=True, slots=True)
class PixelValue:
    """What one raster has at a pixel. Numbers that are missing or not defined are None."""

    time: float
    """Decimal year."""
    date: str
    """The same as a date."""
    file: str
    """The file."""
    band: int
    """Number of its band, from 1."""
    number: float | None
    """What the file has there, before scale and offset."""
    value: float | None
    """The value."""
    why: str
    """Why it is missing; empty if it is not."""
    line: float | None
    """The line at this time; None if it is not one of single rasters."""
    line_lower: float | None
    """Lower confidence limit of the line."""
    line_upper: float | None
    """Upper confidence limit of the line."""
    leverage: float | None
    """How much of the line's value here this value makes."""


@dataclass(frozen=True, slots=True)
class PixelPeriod:
    """What is made of the rasters of one period, or of one time."""

    time: float
    """Decimal year."""
    date: str
    """The same as a date."""
    value: float | None
    """The value."""
    scenes: int
    """Values that it is made of."""
    line: float | None
    """The line at this time."""
    line_lower: float | None
    """Lower confidence limit of the line."""
    line_upper: float | None
    """Upper confidence limit of the line."""
    leverage: float | None
    """How much of the line's value here this value makes."""


@dataclass(frozen=True, slots=True)
class WrittenBand:
    """What a result says of a pixel, beside what its inputs give today."""

    band: str
    """The name of the band."""
    written: float | None
    """What the result says; None if it is missing there."""
    computed: float | None
    """What was computed again, in the type of the result."""
    same: bool | None
    """Whether both are equal to the last bit; None if only all pixels together can tell."""


@dataclass(frozen=True, slots=True)
class PixelReport:
    """All there is to know of one pixel."""

    raster: str
    """The result; empty if there is none."""
    place: Place
    """The pixel, and where it lies."""
    method: str
    """What was computed."""
    options: str
    """What else the numbers depend on."""
    unit: str
    """Unit of the values; may be empty."""
    per: str
    """Unit of time of the slope; empty for functions."""
    confidence: float | None
    """Level of the limits; None for functions."""
    values: tuple[PixelValue, ...]
    """What each raster has there, in order of time."""
    periods: tuple[PixelPeriod, ...]
    """What is made of them before anything else; empty if nothing is."""
    statistics: dict[str, float | None]
    """The numbers of the method, by name."""
    steps: tuple[Step, ...]
    """The way to the p-value."""
    written: tuple[WrittenBand, ...]
    """The bands of the result."""
    changes: tuple[str, ...]
    """What has changed since the result was made, as far as anything tells."""

    @property
    def points(self) -> tuple[PixelValue, ...] | tuple[PixelPeriod, ...]:
        """What the trend is of: periods, or the values themselves."""
        return self.periods or self.values
