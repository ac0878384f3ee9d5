"""Decoding: one pass over blocks of files, which names the broken ones and tallies the others."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pixeltrend.checks.missing_blocks import stored_together
from pixeltrend.checks.tally import Tally
from pixeltrend.errors import InputError
from pixeltrend.raster.datasets import first_line, gdal, gdal_messages
from pixeltrend.raster.paths import is_remote
from pixeltrend.raster.remote import forget, why_unreadable
from pixeltrend.raster.windows import Window, plan_windows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from pixeltrend.checks.missing_blocks import File, Layout
    from pixeltrend.series.sources import Tile

    Numbers = NDArray[np.number[Any]]
    Tallies = dict[tuple[str, int], Tally]

# Blocks of a file that are decoded for a sample.
_SAMPLE = 9
# Numbers that are read at a time, and those that a thread is asked for at a time.
_WINDOW_NUMBERS = 2**19
_PART_NUMBERS = 2**22
# NumPy's types of the numbers that GDAL's types hold; others are read as Float64.
_NUMBERS = {"Byte": "uint8"} | {
    name: name.lower()
    for name in ("Int8", "UInt16", "Int16", "UInt32", "Int32", "UInt64", "Int64", "Float32")
}


class Part(NamedTuple):
    """Windows of a file, for one thread to decode."""

    file: File
    windows: tuple[Window, ...]
    """In the pixels of the file."""
    tallied: tuple[Tile, ...] = ()
    """The tiles whose numbers are tallied."""


def whole(file: File, layout: Layout, tallied: tuple[Tile, ...]) -> list[Part]:
    """Return all of a file, in parts that are decoded in moments."""
    bands = len(file.bands)
    most = max(_WINDOW_NUMBERS // bands, layout.block[0] * layout.block[1])
    windows = list(plan_windows(layout.height, layout.width, layout.block, max_pixels=most))
    count = max(1, _PART_NUMBERS // (windows[0].pixels * bands))
    return [
        Part(file, tuple(windows[first : first + count]), tallied)
        for first in range(0, len(windows), count)
    ]


def some_blocks(file: File, layout: Layout) -> Part:
    """Return the first, the last and some blocks between them."""
    block_height, block_width = layout.block
    columns = -(-layout.width // block_width)
    last = -(-layout.height // block_height) * columns - 1
    blocks = []
    for number in sorted({last * step // (_SAMPLE - 1) for step in range(_SAMPLE)}):
        row, column = divmod(number, columns)
        block = Window(row * block_height, column * block_width, block_height, block_width)
        blocks.append(block.overlap(Window(0, 0, layout.height, layout.width)))
    return Part(file, tuple(blocks))


def in_windows(file: File, windows: Iterable[Window], tallied: tuple[Tile, ...]) -> list[Part]:
    """Return the part of a file in windows of its series, if there is one."""
    area = file.tiles[0].area
    shown = [area.overlap(window) for window in windows]
    shown = [window.moved(-area.row_off, -area.col_off) for window in shown if window.pixels]
    return [Part(file, tuple(shown), tallied)] if shown and tallied else []


def decode(grid: Window, part: Part) -> tuple[list[str], Tallies]:
    """Decode a part of a file, each block once.

    Parameters
    ----------
    grid
        The pixels of the series, counted from the first one of its first raster. Only these are
        tallied.
    part
        What is decoded.

    Returns
    -------
    problems
        The blocks that cannot be decoded.
    tallies
        By path and band; only the checksums of what is not tallied.
    """
    path = part.file.path
    tiles = {tile.band: tile for tile in part.tallied}
    tallies = {(path, tile.band): Tally() for tile in part.file.tiles}
    problems: list[str] = []
    with gdal_messages():
        try:
            dataset = part.file.open()
            groups = stored_together(dataset, part.file.bands)
            for group, window in itertools.product(groups, part.windows):
                try:
                    layers = _read(dataset, group, window)
                except RuntimeError:
                    if is_remote(path):  # a busy server is asked again
                        forget(path)
                        dataset = part.file.open()
                    of_band = f" of band {group[0]}" if len(groups) > 1 else ""
                    problems += _broken_blocks(dataset, path, group, window, of_band)
                    continue
                for band, layer in zip(group, layers, strict=True):
                    if (path, band) in tallies:
                        tallies[path, band].sum_up(window, layer)
                    if band in tiles:
                        _add(tallies[path, band], tiles[band], layer, window, grid)
        except InputError as error:
            problems.append(str(error))
    return problems, tallies


def _read(dataset: Any, bands: Sequence[int], window: Window) -> Numbers:
    """Return the numbers of a window as they are stored, (bands, rows, columns)."""
    native = dataset.GetRasterBand(bands[0]).DataType
    dtype = _NUMBERS.get(gdal.GetDataTypeName(native))
    layers = np.empty((len(bands), window.height, window.width), dtype or "float64")
    dataset.ReadRaster(
        window.col_off, window.row_off, window.width, window.height,
        buf_type=native if dtype else gdal.GDT_Float64, buf_obj=layers, band_list=list(bands),
    )  # fmt: skip
    return layers


def _broken_blocks(
    dataset: Any, path: str, bands: Sequence[int], window: Window, of_band: str
) -> Iterator[str]:
    """Name the blocks in a window that cannot be decoded."""
    width, height = dataset.GetRasterBand(bands[0]).GetBlockSize()
    bottom, right = window.row_off + window.height, window.col_off + window.width
    whole = Window(0, 0, dataset.RasterYSize, dataset.RasterXSize)
    for top in range(window.row_off // height * height, bottom, height):
        for left in range(window.col_off // width * width, right, width):
            block = Window(top, left, height, width).overlap(whole)
            try:
                _read(dataset, bands, block)
            except RuntimeError as error:
                reason = why_unreadable(path) if is_remote(path) else first_line(error)
                yield f"{path}: the block of {block}{of_band} cannot be decoded ({reason})"


def _add(tally: Tally, tile: Tile, numbers: Numbers, window: Window, grid: Window) -> None:
    """Tally the numbers, (rows, columns), that lie on the grid."""
    if tile.dtype == "Int8":
        numbers = numbers.view(np.int8)  # GDAL before 3.7 reads signed bytes as unsigned ones
    window = window.moved(tile.area.row_off, tile.area.col_off)
    shown = window.overlap(grid)
    if shown.pixels:
        top, left = shown.row_off - window.row_off, shown.col_off - window.col_off
        numbers = numbers[top : top + shown.height, left : left + shown.width]
        tally.add(tile, numbers.ravel(), _edges(numbers, shown, grid))


def _edges(numbers: Numbers, window: Window, grid: Window) -> Numbers:
    """Return those numbers of a window, (rows, columns), that lie on the border of the grid."""
    height, width = numbers.shape
    top, left = window.row_off == grid.row_off, window.col_off == grid.col_off
    bottom = window.row_off + height == grid.row_off + grid.height
    right = window.col_off + width == grid.col_off + grid.width
    border = np.zeros(numbers.shape, dtype=bool)
    border[:top] = border[height - bottom :] = True
    border[:, :left] = border[:, width - right :] = True
    return numbers[border]
