"""Source: one time's raster, one file or several, and what its headers say."""

from __future__ import annotations

import dataclasses
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from osgeo import gdal

from pixeltrend.errors import InputError
from pixeltrend.raster.datasets import gdal_messages, open_raster
from pixeltrend.raster.fingerprint import Stamp, stamp
from pixeltrend.raster.grid import Grid
from pixeltrend.raster.remote import find_beside, is_far
from pixeltrend.series.patterns import absolute

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pixeltrend.raster.windows import Window
    from pixeltrend.series.options import InputOptions

# Integers of 16 bits and less are exact as Float32.
AS_FLOAT32 = {"Byte", "Int8", "UInt16", "Int16", "Float16", "Float32"}
AS_FLOAT64 = {"UInt32", "Int32", "UInt64", "Int64", "Float64"}
# Earth Engine makes floats of all bands when one is: whole numbers up to 2^24 stay exact.
_BITS = {"Byte", "UInt16", "Int16", "UInt32", "Int32", "Float32", "Float64"}
_EARTH_ENGINE = re.compile(r"system[:=](\w+)=(.*)")
# Larger claims are those of a broken header.
_MOST_PIXELS = 2**40
_MOST_BLOCK_BYTES = 2**30


@dataclass(frozen=True, slots=True)
class Warp:
    """How a raster on another grid becomes one on the grid of its series."""

    grid: Grid
    """The grid wanted."""
    resampling: str
    """GDAL's name of the method."""


@dataclass(frozen=True, slots=True)
class Tile:
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
    area: Window
    """The pixels, counted from the first one of the series' first raster."""
    warp: Warp | None = None
    """How they get onto the grid; None if they lie on it."""
    beside: tuple[str, ...] | None = None
    """Its name and those of the files that belong to it; None if GDAL is to look for them."""
    stamp: Stamp | None = None
    """What tells the file from one that takes its place; None if nothing does."""


@dataclass(frozen=True, slots=True)
class Source:
    """One time's raster: one file, or the shards of one export."""

    path: str
    """The file, or the name that the export would have as one file."""
    tiles: tuple[Tile, ...]
    """The files; they do not overlap, and what they leave out is missing."""
    unit: str
    """Unit of the values; empty if unknown."""

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


@dataclass(frozen=True, slots=True)
class Header:
    """What the checks want to know of one file."""

    path: str
    """As it was given."""
    grid: Grid
    """Its own grid."""
    block: tuple[int, int]
    """Height and width of its blocks."""
    area_or_point: str
    """GDAL's AREA_OR_POINT; empty if it has none."""
    metadata: Mapping[str, str]
    """Items for the whole file."""
    bands: tuple[BandHeader, ...]
    """Its bands."""
    beside: tuple[str, ...] | None = None
    """Its name and those of the files that belong to it; None if GDAL is to look for them."""
    stamp: Stamp | None = None
    """What tells the file from one that takes its place; None if nothing does."""


@dataclass(frozen=True, slots=True)
class BandHeader:
    """What a file says of one band."""

    description: str
    """Its name; empty if it has none."""
    dtype: str
    """GDAL's name of the type."""
    nodata: float | None
    """The value declared missing; NaN too."""
    scale: float
    """Values are numbers x scale + offset."""
    offset: float
    """Values are numbers x scale + offset."""
    masked: bool
    """Whether a mask or alpha band says what is missing."""
    unit: str
    """Unit of the values; empty if unknown."""
    metadata: Mapping[str, str]
    """Items for this band."""


def read_header(path: str, *, allow_vrt: bool = False) -> Header:
    """Open one raster and read what it says of itself; no pixel is read.

    Raises
    ------
    InputError
        It is no raster, or claims to be larger than any raster is.
    """
    beside = find_beside(path)
    dataset = open_raster(path, allow_vrt=allow_vrt, beside=beside)
    if beside is not None and dataset.GetGeoTransform(can_return_null=True) is None:
        beside = None  # there may be a file for that too
        dataset = open_raster(path, allow_vrt=allow_vrt)
    with gdal_messages():
        if dataset.RasterCount == 0:
            raise InputError(f"{path}: has no bands{_subdatasets(dataset)}")
        width, height = dataset.RasterXSize, dataset.RasterYSize
        raster = dataset.GetRasterBand(1)
        block_width, block_height = raster.GetBlockSize()
        block_bytes = block_width * block_height * gdal.GetDataTypeSize(raster.DataType) // 8
        if width * height > _MOST_PIXELS:
            raise InputError(
                f"{path}: its header says {width} x {height} pixels, more than {_MOST_PIXELS:,}: "
                "it is broken"
            )
        if block_bytes > _MOST_BLOCK_BYTES:
            raise InputError(
                f"{path}: one of its blocks, {block_width} x {block_height} pixels, takes "
                f"{block_bytes / 1e9:.1f} GB to decode; write it anew in tiles (gdal_translate -co "
                "TILED=YES)"
            )
        blocks = -(-width // block_width) * -(-height // block_height)
        stat = gdal.VSIStatL(path)
        # A TIFF holds a table of its blocks, some bytes for each, even if none was written.
        if dataset.GetDriver().ShortName == "GTiff" and stat is not None and blocks > stat.size:
            raise InputError(
                f"{path}: its header says {width} x {height} pixels in {blocks:,} blocks, but it "
                f"has only {stat.size:,} bytes: it is broken"
            )
        return Header(
            path=path,
            grid=Grid.of(dataset),
            block=(block_height, block_width),
            area_or_point=dataset.GetMetadataItem("AREA_OR_POINT") or "",
            metadata=_metadata(dataset, path),
            bands=tuple(
                _band_header(dataset.GetRasterBand(number))
                for number in range(1, dataset.RasterCount + 1)
            ),
            beside=beside,
            stamp=stamp(path),
        )


def _items(raster: Any) -> dict[str, str]:
    """Give metadata by their names; GDAL cuts Earth Engine's ``system:time_start`` at the colon."""
    found: dict[str, str] = raster.GetMetadata() or {}
    for item in raster.GetMetadata_List() or ():
        if match := _EARTH_ENGINE.fullmatch(item):
            found[f"system:{match[1]}"] = match[2]
    return found


def _metadata(dataset: Any, path: str) -> dict[str, str]:
    found = _items(dataset)
    if is_far(path):  # GDAL would look for the files of every vendor beside it
        return found
    return (dataset.GetMetadata("IMAGERY") or {}) | found


def _band_header(raster: Any) -> BandHeader:
    dtype = gdal.GetDataTypeName(raster.DataType)
    if raster.GetMetadataItem("PIXELTYPE", "IMAGE_STRUCTURE") == "SIGNEDBYTE":
        dtype = "Int8"  # what GDAL before 3.7 had instead of the type
    scale, offset = raster.GetScale(), raster.GetOffset()
    return BandHeader(
        description=raster.GetDescription(),
        dtype=dtype,
        nodata=raster.GetNoDataValue(),
        scale=1.0 if scale is None else scale,
        offset=0.0 if offset is None else offset,
        masked=bool(raster.GetMaskFlags() & gdal.GMF_PER_DATASET),
        unit=raster.GetUnitType() or "",
        metadata=_items(raster),
    )


def _subdatasets(dataset: Any) -> str:
    names = [name for name, _ in dataset.GetSubDatasets()]
    return f", but variables: give one of them, as {' or '.join(names)}" if names else ""


def make_tile(
    header: Header, number: int, area: Window, options: InputOptions
) -> tuple[Tile, list[str]]:
    """Say how band `number` of a file is read; and what is odd about it.

    Raises
    ------
    InputError
        The band has no trend, or another one that is wanted is not there.
    """
    band = header.bands[number - 1]
    if band.dtype not in AS_FLOAT32 | AS_FLOAT64:
        raise InputError(f"{header.path}: band {number} is {band.dtype}, which has no trend")
    mask_band, qa_band = (
        None if wanted is None else find_band(header, wanted)
        for wanted in (options.mask_band, options.qa_band)
    )
    if qa_band is not None and (dtype := header.bands[qa_band - 1].dtype) not in _BITS:
        raise InputError(f"{header.path}: the qa band {qa_band} is {dtype}, which has no bits")
    nodata, odd = _missing_value(band, options.nodata)
    tile = Tile(
        path=absolute(header.path),
        band=number,
        dtype=band.dtype,
        nodata=nodata,
        scale=band.scale if options.scale is None else options.scale,
        offset=band.offset if options.offset is None else options.offset,
        masked=band.masked,
        mask_band=mask_band,
        qa_band=qa_band,
        area=area,
        beside=header.beside,
        stamp=header.stamp,
    )
    return tile, odd


def _missing_value(band: BandHeader, given: float | None) -> tuple[float | None, list[str]]:
    """Give the number that stands for missing as the pixels have it; and what is odd about it."""
    missing = band.nodata if given is None else float(given)
    if missing is None:
        return None, []
    if not math.isfinite(missing):
        return math.nan, []  # what is not finite is missing anyhow
    if not can_hold(band.dtype, missing):
        origin = "declared" if given is None else "given"
        return None, [f"nodata {missing:g} is {origin}, which {band.dtype} cannot hold"]
    if band.dtype == "Float32":
        limit = float(np.finfo(np.float32).max)  # some write the smallest double for Float32
        missing = float(np.float32(min(max(missing, -limit), limit)))
    return missing, []


def find_band(header: Header, band: int | str | None) -> int:
    """Give the number of a band, from 1, by its number or description; the first one for None.

    Raises
    ------
    InputError
        There is no such band, or several.
    """
    if band is None:
        return 1
    path, count = header.path, len(header.bands)
    if isinstance(band, str):
        descriptions = [its.description for its in header.bands]
        places = [i for i, description in enumerate(descriptions, 1) if description == band]
        if len(places) == 1:
            return places[0]
        if places:
            raise InputError(f"{path}: bands {places} are all called {band!r}; give a number")
        if not band.isdecimal():
            names = ", ".join(repr(d) for d in descriptions if d) or "no names"
            raise InputError(f"{path}: no band called {band!r}; its {count} bands have {names}")
    number = int(band)
    if not 1 <= number <= count:
        raise InputError(f"{path}: no band {number}; it has {count}")
    return number


def can_hold(dtype: str, value: float) -> bool:
    """Tell whether a pixel of this type can have this value."""
    if dtype.startswith("Float"):
        return True
    limits = np.iinfo("uint8" if dtype == "Byte" else dtype.lower())
    return value == int(value) and limits.min <= value <= limits.max


def moved(source: Source, rows: int, columns: int) -> Source:
    """Give the source with all its files elsewhere on the grid."""
    tiles = (
        dataclasses.replace(tile, area=tile.area.moved(rows, columns)) for tile in source.tiles
    )
    return dataclasses.replace(source, tiles=tuple(tiles))
