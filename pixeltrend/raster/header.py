"""Header: what one raster file says of itself, without a pixel read."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Any, NamedTuple

from pixeltrend.errors import InputError
from pixeltrend.options import nearest
from pixeltrend.raster.datasets import (
    as_text,
    first_line,
    gdal,
    gdal_messages,
    get_metadata,
)
from pixeltrend.raster.fingerprint import Fingerprint, fingerprint
from pixeltrend.raster.grid import Grid
from pixeltrend.raster.paths import is_remote
from pixeltrend.raster.remote import find_siblings
from pixeltrend.raster.stores import open_dataset

if TYPE_CHECKING:
    from collections.abc import Mapping

_EARTH_ENGINE = re.compile(r"system[:=](\w+)=(.*)")
# Larger claims are those of a broken header.
_MOST_PIXELS = 2**40
_MOST_BLOCK_BYTES = 2**30


class Header(NamedTuple):
    """What one file says of itself."""

    path: str
    """The file, as the user wrote it."""
    grid: Grid
    """Its own grid."""
    block: tuple[int, int]
    """Height and width of its blocks."""
    block_bytes: int
    """Bytes of a block that is decoded, with all bands where they are stored pixel by pixel."""
    area_or_point: str
    """GDAL's AREA_OR_POINT; empty if it has none."""
    metadata: Mapping[str, str]
    """Items for the whole file."""
    bands: tuple[BandHeader, ...]
    """Its bands."""
    siblings: tuple[str, ...] | None = None
    """Its name and those of the files that belong to it; None if GDAL is to look for them."""
    fingerprint: Fingerprint | None = None
    """What tells the file from one that takes its place; None if nothing does."""


class BandHeader(NamedTuple):
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
    has_classes: bool
    """Whether its numbers have names or colours, as those of land cover."""


def read_header(path: str, *, allow_vrt: bool = False) -> Header:
    """Open one raster and read what it says of itself; no pixel is read.

    Raises
    ------
    InputError
        It is not a raster, or claims to be larger than any raster is.
    """
    before = fingerprint(path)
    try:
        header = _read(path, before, allow_vrt=allow_vrt)
    except RuntimeError as error:
        raise InputError(f"{path}: its header cannot be read ({first_line(error)})") from error
    if not is_remote(path) and fingerprint(path) != before:
        raise InputError(f"{path}: has been replaced or changed while it was opened; run again")
    return header


def _read(path: str, before: Fingerprint | None, *, allow_vrt: bool) -> Header:
    siblings = find_siblings(path)
    dataset = open_dataset(path, allow_vrt=allow_vrt, siblings=siblings)
    if siblings is not None and dataset.GetGeoTransform(can_return_null=True) is None:
        siblings = None  # there may be a file for that too
        dataset = open_dataset(path, allow_vrt=allow_vrt)
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
                f"{block_bytes / 1e9:.1f} GB to decode; write it again in tiles "
                "(gdal_translate -co TILED=YES)"
            )
        is_mixed = dataset.GetMetadataItem("INTERLEAVE", "IMAGE_STRUCTURE") == "PIXEL"
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
            block_bytes=block_bytes * (dataset.RasterCount if is_mixed else 1),
            area_or_point=as_text(dataset.GetMetadataItem("AREA_OR_POINT") or ""),
            metadata=_metadata(dataset, path),
            bands=tuple(
                _band_header(dataset.GetRasterBand(number))
                for number in range(1, dataset.RasterCount + 1)
            ),
            siblings=siblings,
            fingerprint=before,
        )


def _items(raster: Any) -> dict[str, str]:
    """Return metadata by name; GDAL cuts Earth Engine's ``system:time_start`` at the colon."""
    items = get_metadata(raster)
    for item in map(as_text, raster.GetMetadata_List() or ()):
        if match := _EARTH_ENGINE.fullmatch(item):
            items[f"system:{match[1]}"] = match[2]
    return items


def _metadata(dataset: Any, path: str) -> dict[str, str]:
    items = _items(dataset)
    if is_remote(path):  # GDAL would look for the files of every vendor in its folder
        return items
    return get_metadata(dataset, "IMAGERY") | items


def _band_header(raster: Any) -> BandHeader:
    dtype = gdal.GetDataTypeName(raster.DataType)
    if raster.GetMetadataItem("PIXELTYPE", "IMAGE_STRUCTURE") == "SIGNEDBYTE":
        dtype = "Int8"  # what GDAL before 3.7 had instead of the type
    scale, offset = raster.GetScale(), raster.GetOffset()
    return BandHeader(
        description=as_text(raster.GetDescription()),
        dtype=dtype,
        nodata=raster.GetNoDataValue(),
        scale=1.0 if scale is None else scale,
        offset=0.0 if offset is None else offset,
        masked=bool(raster.GetMaskFlags() & gdal.GMF_PER_DATASET),
        unit=as_text(raster.GetUnitType() or ""),
        metadata=_items(raster),
        has_classes=bool(raster.GetCategoryNames() or raster.GetColorTable()),
    )


def _subdatasets(dataset: Any) -> str:
    """Return the variables that a file has in place of bands, and how to name one."""
    from pixeltrend.raster.variables import find_variables, listed  # nearly all have bands

    path = dataset.GetDescription()
    try:
        variables = list(find_variables(path))
    except InputError:
        variables = []
    if not variables:
        return ""
    axes = max(variable.dimensions for variable in variables)  # bounds of axes have fewer
    names = [variable.name for variable in variables if variable.dimensions == axes]
    if len(names) == 1:
        return f", but a variable: --variable {shlex.quote(names[0])} reads it"
    return f", but variables: {listed(names)}; give one with --variable NAME"


def find_band(header: Header, band: int | str | None) -> int:
    """Return the number of a band, from 1, by its number or description; the first one for None.

    Raises
    ------
    InputError
        No band has this number or description, or several have it.
    """
    if band is None:
        return 1
    path, count = header.path, len(header.bands)
    if isinstance(band, str):
        descriptions = [info.description for info in header.bands]
        numbers = [n for n, description in enumerate(descriptions, 1) if description == band]
        if len(numbers) == 1:
            return numbers[0]
        if numbers:
            raise InputError(f"{path}: bands {numbers} are all called {band!r}; give a number")
        if not band.isdecimal():
            names = ", ".join(repr(d) for d in descriptions if d) or "no names"
            hint = "; of several, each has an output: -o 'NAME_{band}.tif'" if "," in band else ""
            raise InputError(
                f"{path}: no band called {band!r}; its {count} bands have {names}"
                f"{hint or nearest(band, filter(None, descriptions))}"
            )
    number = int(band)
    if not 1 <= number <= count:
        raise InputError(f"{path}: no band {number}; it has {count}")
    return number
