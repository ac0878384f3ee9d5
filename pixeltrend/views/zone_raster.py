"""Zones of a raster of whole numbers, such as land cover: each pixel belongs to one or to none."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from pixeltrend.errors import InputError, ReadError
from pixeltrend.raster.datasets import as_text, first_line, gdal, gdal_messages, open_raster
from pixeltrend.raster.header import read_header
from pixeltrend.raster.windows import Window
from pixeltrend.series.options import InputOptions
from pixeltrend.series.sources import Warp, make_tile
from pixeltrend.series.warping import warped

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pixeltrend.raster.grid import Grid
    from pixeltrend.views.polygons import Covered

_MOST = 10_000


@dataclass(frozen=True, slots=True)
class ZoneRaster:
    """Zones of a raster."""

    path: str
    """The raster."""
    dataset: Any
    """The same, open, on the grid of the trend."""
    classes: Mapping[int, str]
    """Names of the numbers, as far as the raster has some."""
    notes: tuple[str, ...]
    """What to know of them."""
    _found: set[int] = field(default_factory=set)

    def label(self, zone: int) -> str:
        """Return the name of a zone."""
        name = self.classes.get(zone, "")
        return f"{zone} {name}" if name else str(zone)

    def known(self) -> list[int]:
        """Return the zones that have been met, in order."""
        return sorted(self._found)

    def cover(self, window: Window) -> Iterator[Covered]:
        """Yield the zones in a window, the pixels that each has in it, and ones.

        Raises
        ------
        InputError
            Numbers are not whole, or too many to be zones.
        """
        area = window.col_off, window.row_off, window.width, window.height
        numbers, mask = np.empty(window.pixels), np.empty(window.pixels, np.uint8)
        band = self.dataset.GetRasterBand(1)
        try:
            with gdal_messages():
                band.ReadRaster(*area, buf_type=gdal.GDT_Float64, buf_obj=numbers)
                band.GetMaskBand().ReadRaster(*area, buf_type=gdal.GDT_Byte, buf_obj=mask)
        except RuntimeError as error:
            raise ReadError(f"{self.path}: cannot read {window}: {first_line(error)}") from error
        cells = np.flatnonzero(np.isfinite(numbers) & (mask != 0))
        zones = numbers[cells]
        if not np.array_equal(zones, np.rint(zones)):
            raise InputError(f"{self.path}: its numbers are not whole, so they are not zones")
        order = np.argsort(zones, kind="stable")
        zones, cells = zones[order], cells[order]
        starts = np.flatnonzero(np.diff(zones, prepend=np.nan) != 0)
        self._found.update(zones[starts].astype(int).tolist())
        if len(self._found) > _MOST:
            raise InputError(f"{self.path}: has more than {_MOST:,} different numbers, not zones")
        for start, stop in zip(starts, [*starts[1:], len(zones)], strict=True):
            yield int(zones[start]), cells[start:stop], np.ones(stop - start)


def read_zone_raster(path: str, grid: Grid) -> ZoneRaster:
    """Return the zones of a raster on a grid; on another one, those at the centres of its pixels.

    Raises
    ------
    InputError
        It cannot be opened, or cannot be brought to the grid.
    """
    allow_vrt = path.lower().endswith(".vrt")
    header = read_header(path, allow_vrt=allow_vrt)
    dataset = open_raster(path, allow_vrt=allow_vrt)
    names = dataset.GetRasterBand(1).GetCategoryNames() or []
    classes = {number: as_text(name) for number, name in enumerate(names)}
    if header.grid.difference(grid) is None:
        return ZoneRaster(path, dataset, classes, ())
    if not (header.grid.crs and grid.crs and header.grid.geotransform and grid.geotransform):
        ours, theirs = header.grid.difference(grid) or ("", "")
        raise InputError(f"{path}: {ours}, but the trend has {theirs}, and one has no CRS")
    area = Window(0, 0, header.grid.height, header.grid.width)
    tile, _ = make_tile(header, 1, area, InputOptions(allow_vrt=allow_vrt))
    note = f"{path}: lies on another grid; each pixel is of the zone at its centre"
    with gdal_messages():
        try:
            dataset = warped(dataset, tile, Warp(grid, "nearest"))
        except RuntimeError as error:
            raise InputError(
                f"{path}: cannot be brought to the grid of the trend ({first_line(error)})"
            ) from error
    return ZoneRaster(path, dataset, classes, (note,))
