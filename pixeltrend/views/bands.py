"""Bands: those of a written raster, read window by window."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pixeltrend.errors import ReadError
from pixeltrend.raster.datasets import Keep, first_line, gdal_messages, limited
from pixeltrend.raster.windows import Window, plan_windows
from pixeltrend.series.kept import kept
from pixeltrend.series.options import InputOptions
from pixeltrend.series.pixels import read_pixels
from pixeltrend.series.sources import AS_FLOAT32, make_tile

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from pixeltrend.raster.header import Header
    from pixeltrend.series.sources import Tile

# Pixels of a window: whole blocks, as far as they are not larger.
_WINDOW_PIXELS = 2**20


@dataclass(frozen=True, slots=True)
class Bands:
    """Some bands of one raster."""

    path: str
    """The raster."""
    tiles: tuple[Tile, ...]
    """How each band is read."""

    @classmethod
    def of(cls, header: Header, numbers: Sequence[int]) -> Bands:
        """Return bands by their numbers, from 1.

        Raises
        ------
        InputError
            One of them has numbers that have no order.
        """
        allow_vrt = header.path.lower().endswith(".vrt")
        area = Window(0, 0, header.grid.height, header.grid.width)
        inputs = InputOptions(allow_vrt=allow_vrt)
        tiles = (make_tile(header, number, area, inputs)[0] for number in numbers)
        return cls(header.path, tuple(tiles))

    def read(self, window: Window) -> NDArray[np.floating[Any]]:
        """Return the values of a window, (bands, P); NaN where missing.

        Raises
        ------
        ReadError
            They cannot be read.
        """
        narrow = all(
            tile.dtype in AS_FLOAT32 and (tile.scale, tile.offset) == (1, 0) for tile in self.tiles
        )
        values = np.empty((len(self.tiles), window.pixels), np.float32 if narrow else np.float64)
        kept.use_for((self.path,))
        try:
            with gdal_messages():
                read_pixels(self.tiles, window, values)
        except RuntimeError as error:
            raise ReadError(f"{self.path}: cannot read {window}: {first_line(error)}") from error
        return values


@contextmanager
def windows_of(header: Header) -> Iterator[list[Window]]:
    """Yield the windows in which a raster is read, always the same ones; close it in the end."""
    height, width = header.grid.height, header.grid.width
    windows = list(plan_windows(height, width, header.block, max_pixels=_WINDOW_PIXELS))
    rows_of_blocks = 2 * 8 * header.block[0] * (width + header.block[1]) * len(header.bands)
    try:
        with limited(1, Keep(cache=max(Keep().cache, rows_of_blocks))):
            yield windows
    finally:
        kept.close()
