"""Explaining: where each value of one pixel comes from, and why others are missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pixeltrend.errors import ReadError
from pixeltrend.raster.datasets import first_line, gdal_messages
from pixeltrend.raster.windows import Window
from pixeltrend.series.kept import kept
from pixeltrend.series.pixels import explain_pixel
from pixeltrend.series.reader import read_chunk

if TYPE_CHECKING:
    from pixeltrend.series.series import Series
    from pixeltrend.series.sources import Source


class Reading(NamedTuple):
    """What a series has of one pixel at one time."""

    time: float
    """Decimal year."""
    path: str
    """The file; of several that cover the pixel, the one that the value is from."""
    band: int
    """Number of its band, from 1."""
    number: float
    """What the file has there, before scale and offset; NaN if no file lies there."""
    value: float
    """The value; NaN if it is missing."""
    why: str
    """Why it is missing; empty if it is not."""


def read_pixel(series: Series, row: int, column: int) -> list[Reading]:
    """Return what a series has of one pixel of its grid, one reading a raster.

    Raises
    ------
    ReadError
        A file cannot be read, unless that is missing (`Series.on_read_error`).
    """
    place = Window(row, column, 1, 1)
    values = read_chunk(series, place).values[:, 0]
    kept.use_for(tuple(series.paths))
    readings = []
    for time, source, value in zip(series.times, series.sources, values, strict=True):
        path, band, number, why = _explain(source, place.moved(*series.origin), series)
        readings.append(Reading(float(time), path, band, number, float(value), why))
    return readings


def _explain(source: Source, place: Window, series: Series) -> tuple[str, int, float, str]:
    """Return the file, band and number at a pixel, and why it is missing."""
    found = source.path, source.band, np.nan, "no file lies there"
    for tile in sorted(source.tiles, key=lambda tile: tile.depth):
        if not tile.area.overlap(place).pixels:
            continue
        row, column = place.row_off - tile.area.row_off, place.col_off - tile.area.col_off
        try:
            with gdal_messages():
                number, why = explain_pixel(tile, row, column)
        except RuntimeError as error:
            if series.on_read_error != "missing":
                raise ReadError(f"{tile.path}: cannot read {place}: {first_line(error)}") from error
            kept.drop(tile.path)
            number, why = np.nan, f"cannot be read: {first_line(error)}"
        found = tile.path, tile.band, number, why
        if not why:
            break
    return found
