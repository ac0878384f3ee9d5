"""Integrity: whether the blocks of a file are all there, and can be decoded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pixeltrend.errors import InputError
from pixeltrend.raster.datasets import (
    first_line,
    gdal,
    gdal_messages,
    limit_block_cache,
    open_raster,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

# Blocks of one band whose places are looked up; of a larger one, the last.
_MOST_BLOCKS = 20_000
# Blocks of one band that are decoded for a sample.
_SAMPLE = 9
# Broken blocks of a file that are named one by one, and bytes that say so, if paths are long.
_MOST_NAMED = 100
ANSWER_BYTES = 2**19


@dataclass(frozen=True, slots=True)
class File:
    """A file, and what is read of it."""

    path: str
    """The file."""
    bands: tuple[int, ...]
    """Numbers of the bands, from 1."""
    siblings: tuple[str, ...] | None
    """Names of the files that belong to it; None if GDAL is to look."""
    allow_vrt: bool
    """Whether it may be a VRT, or something else than its name says."""

    def __str__(self) -> str:
        return self.path


@dataclass(frozen=True, slots=True)
class BlockTable:
    """Where the table of a TIFF says that its blocks are."""

    blocks: int
    """Blocks of the bands."""
    absent: int
    """Those that were never written."""
    cut_off: int
    """Those that end after the end of the file."""
    file_bytes: int
    """Size of the file."""


def block_table(file: File) -> BlockTable | None:
    """Look where the blocks of a TIFF's bands are, without reading one; None if it is no TIFF."""
    dataset = open_raster(file.path, allow_vrt=file.allow_vrt, siblings=file.siblings)
    with gdal_messages():
        stat = gdal.VSIStatL(file.path)
        if dataset.GetDriver().ShortName != "GTiff" or stat is None:
            return None
        count = absent = cut_off = 0
        for number in _stored_apart(dataset, file.bands):
            band = dataset.GetRasterBand(number)
            blocks = _blocks(dataset, band)
            count += len(blocks)
            for left, top, width, height in blocks[-_MOST_BLOCKS:]:
                place = f"{left // width}_{top // height}"
                start = band.GetMetadataItem(f"BLOCK_OFFSET_{place}", "TIFF")
                if start is None:
                    absent += 1
                else:
                    length = band.GetMetadataItem(f"BLOCK_SIZE_{place}", "TIFF")
                    cut_off += int(start) + int(length or 0) > stat.size
    return BlockTable(count, absent, cut_off, stat.size)


def _stored_apart(dataset: Any, bands: tuple[int, ...]) -> tuple[int, ...]:
    """Give the bands with blocks of their own: one of interleaved pixels holds all bands."""
    interleaved = dataset.GetMetadataItem("INTERLEAVE", "IMAGE_STRUCTURE") == "PIXEL"
    return bands[:1] if interleaved else bands


def bad_blocks(every: bool, file: File) -> list[str]:
    """Decode blocks of some bands of a file, all or some; name those that cannot be.

    Runs on a worker.
    """
    limit_block_cache()
    found = []
    with gdal_messages():
        try:
            dataset = open_raster(file.path, allow_vrt=file.allow_vrt, siblings=file.siblings)
        except InputError as error:
            return [str(error)]
        bands = _stored_apart(dataset, file.bands)
        for number in bands:
            band = dataset.GetRasterBand(number)
            of_band = f" of band {number}" if len(bands) > 1 else ""
            blocks = _blocks(dataset, band)
            for left, top, width, height in blocks if every else _some(blocks):
                right = min(left + width, dataset.RasterXSize)
                bottom = min(top + height, dataset.RasterYSize)
                try:
                    band.ReadRaster(left, top, right - left, bottom - top)
                except RuntimeError as error:
                    found.append(
                        f"{file.path}: the block of rows {top} to {bottom - 1}, columns {left} to "
                        f"{right - 1}{of_band} cannot be decoded ({first_line(error)})"
                    )
    if len(found) > _MOST_NAMED:
        more = len(found) - _MOST_NAMED
        found[_MOST_NAMED:] = [f"{file.path}: {more:,} more blocks cannot be decoded"]
    return found


def _blocks(dataset: Any, band: Any) -> list[tuple[int, int, int, int]]:
    """Give left, top, width and height of all blocks; those at a border reach over it."""
    width, height = band.GetBlockSize()
    return [
        (left, top, width, height)
        for top in range(0, dataset.RasterYSize, height)
        for left in range(0, dataset.RasterXSize, width)
    ]


def _some(
    blocks: Sequence[tuple[int, int, int, int]],
) -> list[tuple[int, int, int, int]]:
    """Give the first, the last and some blocks between them."""
    last = len(blocks) - 1
    return [blocks[i] for i in sorted({last * n // (_SAMPLE - 1) for n in range(_SAMPLE)})]
