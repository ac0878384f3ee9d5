"""The table: how much of a trend goes which way, in square metres."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pixeltrend.options import from_keywords, takes
from pixeltrend.raster.area import pixel_areas
from pixeltrend.raster.parts import read_whole
from pixeltrend.views.bands import Bands, windows_of
from pixeltrend.views.directions import Directions
from pixeltrend.views.table_options import TableOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from pixeltrend.raster.windows import Window

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ClassArea:
    """How much is of one class."""

    name: str
    """The class."""
    pixels: float
    """Pixels; of zones, parts of pixels count as such."""
    area: float | None
    """Square metres; None if the raster has no CRS that tells."""
    share: float | None
    """Part of the area, or of the pixels where that is unknown, that has a trend; None for what is
    missing."""


@dataclass(frozen=True, slots=True)
class Table:
    """How much of a trend goes which way."""

    raster: str
    """The trend."""
    band: str
    """The band whose sign is the direction, or that has classes."""
    pvalue: str
    """The band of p-values; empty if there is none."""
    alpha: float
    """Level at which a trend is significant."""
    areas: str
    """Where areas are measured, or why they are unknown."""
    classes: tuple[ClassArea, ...]
    """The whole raster, class by class."""


@takes(TableOptions)
def table(
    raster: str | os.PathLike[str],
    *,
    progress: Callable[[int, int], None] | None = None,
    **options: Any,
) -> Table:
    """Return how much of a written trend goes which way.

    Pixels are sorted by the sign of the trend and by its significance, or by a band of classes.
    The raster is read window by window.

    Parameters
    ----------
    raster
        What `slope` wrote.
    progress
        Called with the pixels done and all of them, after each window.
    **options
        The fields of `TableOptions`.

    Raises
    ------
    InputError
        The raster cannot be opened, or has no band that says where a trend goes.
    ReadError
        The pixels cannot be read.
    """
    (choices,) = from_keywords(options, TableOptions)
    header = read_whole(os.fspath(raster))
    directions = Directions.of(header, choices)
    areas = pixel_areas(header.grid)
    bands = Bands.of(header, directions.bands)
    whole = _Rows(len(directions.names), header.grid.height)
    done = 0
    with windows_of(header) as windows:
        for window in windows:
            whole.add(window, directions.sort(bands.read(window)))
            done += window.pixels
            if progress is not None:
                progress(done, header.grid.pixels)
    return Table(
        raster=header.path,
        band=directions.band,
        pvalue=directions.pvalue,
        alpha=directions.alpha,
        areas=areas.how,
        classes=class_areas(directions, *whole.sums(areas.of_rows)),
    )


class _Rows:
    """Pixels of each class in each row: whole numbers, the same whatever the windows are."""

    def __init__(self, classes: int, height: int) -> None:
        self._counts = np.zeros((height, classes), np.int64)

    def add(self, window: Window, codes: NDArray[np.int64]) -> None:
        """Count the codes of a window, (P,)."""
        classes = self._counts.shape[1]
        rows = np.repeat(np.arange(window.height) * classes, window.width)
        counts = np.bincount(rows + codes, minlength=window.height * classes)
        part = slice(window.row_off, window.row_off + window.height)
        self._counts[part] += counts.reshape(-1, classes)

    def sums(self, of_rows: Floats | None) -> tuple[Floats, Floats | None]:
        """Return the pixels and the area of each class, (classes,)."""
        pixels = self._counts.sum(axis=0).astype(np.float64)
        if of_rows is None:
            return pixels, None
        return pixels, np.array([math.fsum(column) for column in (self._counts.T * of_rows)])


def class_areas(
    directions: Directions, pixels: Sequence[float] | Floats, areas: Floats | None
) -> tuple[ClassArea, ...]:
    """Return the classes in the order in which they are shown.

    Parameters
    ----------
    directions
        The classes.
    pixels
        Pixels of each, by code, (classes,).
    areas
        Their square metres, (classes,); None if unknown.
    """
    weights = pixels if areas is None else areas
    valid = math.fsum(weights[1:])
    return tuple(
        ClassArea(
            directions.names[code],
            float(pixels[code]),
            None if areas is None else float(areas[code]),
            float(weights[code]) / valid if code and valid else None,
        )
        for code in directions.order
    )
