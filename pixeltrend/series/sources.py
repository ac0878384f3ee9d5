"""Source: how the pixels of one time are read, from one file or several.

These facts, and some of the other modules here, are named tuples: a dataclass takes seven times as
long to define, and every run and worker imports them.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pixeltrend.errors import InputError
from pixeltrend.raster.header import find_band
from pixeltrend.raster.paths import absolute
from pixeltrend.series.options import parse_qa_bits

if TYPE_CHECKING:
    from pixeltrend.raster.fingerprint import Fingerprint
    from pixeltrend.raster.grid import Grid
    from pixeltrend.raster.header import BandHeader, Header
    from pixeltrend.raster.windows import Window
    from pixeltrend.series.options import InputOptions

# Integers of 16 bits and less are exact as Float32.
AS_FLOAT32 = {"Byte", "Int8", "UInt16", "Int16", "Float16", "Float32"}
AS_FLOAT64 = {"UInt32", "Int32", "UInt64", "Int64", "Float64"}
# Earth Engine makes floats of all bands when one is: whole numbers up to 2^24 stay exact.
_BITS = {"Byte", "UInt16", "Int16", "UInt32", "Int32", "Float32", "Float64"}


class Warp(NamedTuple):
    """How a raster on another grid becomes one on the grid of its series."""

    grid: Grid
    """The grid wanted."""
    resampling: str
    """GDAL's name of the method."""


class Tile(NamedTuple):
    """A file, the band of it that is read, and where its pixels lie."""

    path: str
    """The file."""
    band: int
    """Band number, from 1."""
    dtype: str
    """GDAL's name of the type."""
    nodata: float | None
    """The value that stands for missing, in the file's own numbers; None if none is declared, NaN
    if only what is not finite is missing."""
    scale: float
    """Values are numbers x scale + offset."""
    offset: float
    """Values are numbers x scale + offset."""
    masked: bool
    """Whether a mask or alpha band of the file says what is missing."""
    mask_band: int | None
    """Number of the band that is 0 where a pixel is missing."""
    qa_band: int | None
    """Number of the band of quality bits."""
    qa_bits: tuple[tuple[int, int], ...]
    """Missing is where bits & mask == number for one of these (mask, number)."""
    valid_range: tuple[float, float] | None
    """Least and greatest number that a pixel may have, before scale and offset."""
    allow_vrt: bool
    """Whether the file may be a VRT, or something else than its name says."""
    area: Window
    """The pixels, counted from the first one of the series' first raster."""
    warp: Warp | None = None
    """How they get onto the grid; None if they lie on it."""
    siblings: tuple[str, ...] | None = None
    """Its name and those of the files that belong to it; None if GDAL is to look for them."""
    fingerprint: Fingerprint | None = None
    """What tells the file from one that takes its place; None if nothing does."""
    depth: int = 0
    """Greater than that of each tile of its raster that covers a part of it; these count first."""


class Source(NamedTuple):
    """One time's raster: one file, the shards of one export, or the tiles of a mosaic."""

    path: str
    """The file, or the name that the export would have as one file; the first of a mosaic."""
    tiles: tuple[Tile, ...]
    """The files; what they leave out is missing. Those of one depth do not overlap."""
    unit: str
    """Unit of the values; empty if unknown."""
    others: tuple[str, ...] = ()
    """The paths of the other rasters of a mosaic."""

    @property
    def band(self) -> int:
        """Band number, from 1, in the first file."""
        return self.tiles[0].band

    @property
    def is_narrow(self) -> bool:
        """Whether Float32 holds every value exactly."""
        return all(
            tile.dtype in AS_FLOAT32 and tile.scale == 1 and tile.offset == 0 for tile in self.tiles
        )


def make_tile(
    header: Header, number: int, area: Window, inputs: InputOptions
) -> tuple[Tile, list[str]]:
    """Return how band `number` of a file is read; and what is odd about it.

    Raises
    ------
    InputError
        The band has no trend, or the band of a mask is missing.
    """
    band = header.bands[number - 1]
    if band.dtype not in AS_FLOAT32 | AS_FLOAT64:
        raise InputError(f"{header.path}: band {number} is {band.dtype}, which has no trend")
    mask_band, qa_band = (
        None if wanted is None else find_band(header, wanted)
        for wanted in (inputs.mask_band, inputs.qa_band)
    )
    if qa_band is not None and (dtype := header.bands[qa_band - 1].dtype) not in _BITS:
        raise InputError(f"{header.path}: band {qa_band} (--qa-band) is {dtype}, which has no bits")
    nodata, remarks = _missing_value(band, inputs.nodata)
    tile = Tile(
        path=absolute(header.path),
        band=number,
        dtype=band.dtype,
        nodata=nodata,
        scale=band.scale if inputs.scale is None else inputs.scale,
        offset=band.offset if inputs.offset is None else inputs.offset,
        masked=band.masked,
        mask_band=mask_band,
        qa_band=qa_band,
        qa_bits=parse_qa_bits(inputs.qa_bits) if inputs.qa_bits else (),
        valid_range=inputs.valid_range,
        allow_vrt=inputs.allow_vrt,
        area=area,
        siblings=header.siblings,
        fingerprint=header.fingerprint,
    )
    return tile, remarks


def _missing_value(band: BandHeader, nodata: float | None) -> tuple[float | None, list[str]]:
    """Return the number that stands for missing as the pixels have it; and what is odd about it."""
    missing = band.nodata if nodata is None else float(nodata)
    if missing is None:
        return None, []
    if not math.isfinite(missing):
        return math.nan, []  # what is not finite is missing anyhow
    if not can_hold(band.dtype, missing):
        how = "declared" if nodata is None else "given"
        return None, [f"nodata {missing:g} is {how}, but {band.dtype} cannot hold it"]
    if band.dtype == "Float32":
        limit = float(np.finfo(np.float32).max)  # some write the smallest double for Float32
        missing = float(np.float32(min(max(missing, -limit), limit)))
    return missing, []


def moved(source: Source, rows: int, columns: int) -> Source:
    """Return the source with all its files elsewhere on the grid."""
    tiles = (tile._replace(area=tile.area.moved(rows, columns)) for tile in source.tiles)
    return source._replace(tiles=tuple(tiles))


def can_hold(dtype: str, value: float) -> bool:
    """Return whether a pixel of this type can have this value."""
    if dtype.startswith("Float"):
        return True
    limits = np.iinfo("uint8" if dtype == "Byte" else dtype.lower())
    return value == int(value) and limits.min <= value <= limits.max
