"""Whether a GeoTIFF that was closed without an error holds all that was written into it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pixeltrend.raster.datasets import gdal, gdal_messages

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path


def missing_end(path: Path, metadata: Collection[str] = ()) -> str:
    """Return what a GeoTIFF lacks; empty if nothing.

    GDAL writes through a buffer, and some builds (3.13) close a file without an error when the
    disk has no room for the last of it. Tiles are written in order, so it is enough to look for the
    last ones of each band, and for the directory: without it the file does not open, or lacks
    nodata or the items whose names are `metadata`.
    """
    with gdal_messages() as failures:
        try:
            dataset = gdal.OpenEx(str(path), gdal.OF_RASTER, allowed_drivers=["GTiff"])
            if any(band.GetNoDataValue() is None for band in _bands(dataset)):
                return "the nodata of its bands is missing"
            if lost := set(metadata) - dataset.GetMetadata().keys():
                return f"its metadata are missing: {', '.join(sorted(lost))}"
            end = max(_end_of_tiles(band) for band in _bands(dataset))
        except RuntimeError as error:
            return str(error).partition("\n")[0]
    if failures:
        return failures[0]
    size = os.path.getsize(path)
    return f"it ends after {size:,} of {end:,} bytes" if end > size else ""


def _bands(dataset: gdal.Dataset) -> list[gdal.Band]:
    return [dataset.GetRasterBand(number) for number in range(1, dataset.RasterCount + 1)]


def _end_of_tiles(band: gdal.Band) -> int:
    """Return the byte behind the last of the tiles at the bottom of a band."""
    width, height = band.GetBlockSize()
    bottom = (band.YSize - 1) // height
    ends = [0]
    for column in range(-(-band.XSize // width)):
        offset = band.GetMetadataItem(f"BLOCK_OFFSET_{column}_{bottom}", "TIFF")
        size = band.GetMetadataItem(f"BLOCK_SIZE_{column}_{bottom}", "TIFF")
        if offset and size:  # a tile of nothing but nodata may be left out
            ends.append(int(offset) + int(size))
    return max(ends)
