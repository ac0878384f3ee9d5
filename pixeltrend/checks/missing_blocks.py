"""Missing blocks: whether the blocks of a series' files are all there, by the files' tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from pixeltrend.raster.datasets import gdal, gdal_messages
from pixeltrend.raster.stores import open_dataset

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pixeltrend.series.sources import Tile

# Blocks of one band whose places are looked up; of a larger one, the last.
_MOST_BLOCKS = 20_000


class File(NamedTuple):
    """A file, and what of it is read."""

    tiles: tuple[Tile, ...]
    """The tiles of a series that lie in it."""

    @property
    def path(self) -> str:
        """The file."""
        return self.tiles[0].path

    @property
    def bands(self) -> tuple[int, ...]:
        """Numbers of the bands, from 1: of values, masks and quality bits."""
        bands = [(tile.band, tile.mask_band, tile.qa_band) for tile in self.tiles]
        return tuple(dict.fromkeys(n for numbers in bands for n in numbers if n is not None))

    def open(self) -> Any:
        """Open the dataset; InputError if that is not possible."""
        tile = self.tiles[0]
        return open_dataset(tile.path, allow_vrt=tile.allow_vrt, siblings=tile.siblings)


class Layout(NamedTuple):
    """How a file is stored; the numbers of blocks are 0 for what is not a TIFF."""

    height: int
    """Rows."""
    width: int
    """Columns."""
    block: tuple[int, int]
    """Height and width of its blocks."""
    file_bytes: int = 0
    """Size of the file."""
    blocks: int = 0
    """Blocks of the bands that are read."""
    absent: int = 0
    """Those that were never written."""
    cut_off: int = 0
    """Those that end after the end of the file."""


def read_layout(file: File) -> Layout:
    """Return where the blocks of a file are; none is read."""
    dataset = file.open()
    height, width = dataset.RasterYSize, dataset.RasterXSize
    with gdal_messages():
        block_width, block_height = dataset.GetRasterBand(file.bands[0]).GetBlockSize()
        block = block_height, block_width
        stat = gdal.VSIStatL(file.path)
        if dataset.GetDriver().ShortName != "GTiff" or stat is None:
            return Layout(height, width, block)
        count = absent = cut_off = 0
        for group in stored_together(dataset, file.bands):
            band = dataset.GetRasterBand(group[0])
            rows, columns = -(-height // block_height), -(-width // block_width)
            count += rows * columns
            for number in range(max(0, rows * columns - _MOST_BLOCKS), rows * columns):
                row, column = divmod(number, columns)
                start = band.GetMetadataItem(f"BLOCK_OFFSET_{column}_{row}", "TIFF")
                if start is None:
                    absent += 1
                else:
                    length = band.GetMetadataItem(f"BLOCK_SIZE_{column}_{row}", "TIFF")
                    cut_off += int(start) + int(length or 0) > stat.size
    return Layout(height, width, block, stat.size, count, absent, cut_off)


def files_of(tiles: Iterable[Tile]) -> list[File]:
    """Return the files that tiles lie in."""
    by_path: dict[str, list[Tile]] = {}
    for tile in tiles:
        by_path.setdefault(tile.path, []).append(tile)
    return [File(tuple(tiles)) for tiles in by_path.values()]


def stored_together(dataset: Any, bands: Sequence[int]) -> list[Sequence[int]]:
    """Return groups of bands: where pixels are interleaved, a block holds all bands."""
    interleaved = dataset.GetMetadataItem("INTERLEAVE", "IMAGE_STRUCTURE") == "PIXEL"
    return [bands] if interleaved else [[band] for band in bands]
