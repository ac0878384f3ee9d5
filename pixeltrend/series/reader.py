"""Reader: a Series and a Window become a Chunk of floats, with NaN where missing."""

from __future__ import annotations

import itertools
import math
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pixeltrend.errors import InputError, ReadError
from pixeltrend.raster.datasets import first_line, gdal_messages, is_exhausted
from pixeltrend.raster.paths import is_remote
from pixeltrend.raster.remote import forget, why_unreadable
from pixeltrend.raster.windows import Window
from pixeltrend.series.kept import kept, remote_threads
from pixeltrend.series.pixels import read_pixels
from pixeltrend.series.unreadable import read_blocks

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from pixeltrend.series.series import Series
    from pixeltrend.series.sources import Tile

# Sides of the squares of a sample, and their number along a side less one.
_SIDE = 32
_ACROSS = 8


class Chunk(NamedTuple):
    """The values of one window at all times."""

    times: NDArray[np.float64]
    """Decimal years, (N,)."""
    values: NDArray[np.floating[Any]]
    """Values, (N, P) with P = rows x columns; NaN where missing."""
    unreadable: tuple[tuple[int, int, int], ...]
    """What could not be read and so is missing: number of the file in the series' `paths`, blocks,
    pixels. A block counts in the window that has its first pixel."""


def read_chunk(series: Series, window: Window) -> Chunk:
    """Read the pixels of `window` from every raster of `series`.

    Raises
    ------
    ReadError
        A raster cannot be read, unless that is missing (`Series.on_read_error`), or is no longer
        the one that was checked.
    """
    area = window.moved(*series.origin)
    values = np.empty((len(series.times), window.pixels), dtype=series.dtype)
    depths: dict[int, dict[str, list[tuple[int, Tile]]]] = {0: {}}
    for row, source in enumerate(series.sources):
        for tile in source.tiles:
            depths.setdefault(tile.depth, {}).setdefault(tile.path, []).append((row, tile))
        if not any(not tile.depth and tile.area.overlap(area) == area for tile in source.tiles):
            values[row] = np.nan  # where no file lies, all is missing
    grid = Window(*series.origin, series.grid.height, series.grid.width)
    bounds = grid if series.on_read_error == "missing" else None
    paths = dict.fromkeys(path for files in depths.values() for path in files)
    read = partial(_read_file, tuple(paths), area, values, bounds)
    lost: list[tuple[str, tuple[int, int]]] = []
    for _, files in sorted(depths.items()):  # one after the other: each fills what is missing
        ask = remote_threads.run if series.is_remote else map
        counts = zip(files, ask(read, list(files.values())), strict=True)
        lost += [(path, count) for path, count in counts if count]
    numbers = {path: number for number, path in enumerate(series.paths)} if lost else {}
    unreadable = tuple((numbers[path], *count) for path, count in lost)
    return Chunk(series.times, values, unreadable)


def sample_chunks(series: Series) -> Iterator[Chunk]:
    """Yield small squares, spread over the grid, from the middle on."""
    height, width = series.grid.height, series.grid.width
    rows, columns = min(_SIDE, height), min(_SIDE, width)
    steps = sorted(
        itertools.product(range(_ACROSS + 1), repeat=2),
        key=lambda step: math.dist(step, (_ACROSS / 2, _ACROSS / 2)),
    )
    for down, across in steps:
        row_off = (height - rows) * down // _ACROSS
        col_off = (width - columns) * across // _ACROSS
        yield read_chunk(series, Window(row_off, col_off, rows, columns))


def close_rasters() -> None:
    """Close what `read_chunk` keeps open between two windows."""
    kept.close()
    remote_threads.close()


def _read_file(
    paths: tuple[str, ...],
    area: Window,
    values: NDArray[np.floating[Any]],
    bounds: Window | None,
    rows_and_tiles: Sequence[tuple[int, Tile]],
) -> tuple[int, int] | None:
    """Fill the rows of `values`, (N, P), that one file of a series has bands for.

    All its bands are read in one go: where they are stored pixel by pixel, one by one would decode
    everything once for each.

    Parameters
    ----------
    paths
        The files of the series.
    area
        The pixels, counted from the first one of the series' first raster.
    values
        (N, P).
    bounds
        All pixels that are read in the end, if blocks that cannot be read are missing; else None.
    rows_and_tiles
        The bands of the file.

    Returns
    -------
    tuple of int or None
        Blocks and pixels that could not be read.
    """
    kept.use_for(paths)
    rows, tiles = [row for row, _ in rows_and_tiles], [tile for _, tile in rows_and_tiles]
    tile = tiles[0]
    part = tile.area.overlap(area)
    if not part.pixels:
        return None
    is_whole = part == area and not tile.depth and rows == list(range(rows[0], rows[0] + len(rows)))
    if is_whole:
        target = values[rows[0] : rows[0] + len(rows)]
    else:
        target = np.empty((len(rows), part.pixels), dtype=values.dtype)
    window = part.moved(-tile.area.row_off, -tile.area.col_off)
    lost = None
    with gdal_messages():
        try:
            try:
                read_pixels(tiles, window, target)
            except (RuntimeError, InputError):
                # GDAL asks a busy server again, but not if it wanted several parts at a time.
                if not is_remote(tile.path):
                    raise
                kept.drop(tile.path)
                forget(tile.path)
                read_pixels(tiles, window, target)
        except (RuntimeError, InputError) as error:
            kept.drop(tile.path)
            if bounds is None or is_exhausted(tile.path):
                reason = why_unreadable(tile.path) if is_remote(tile.path) else first_line(error)
                raise ReadError(f"{tile.path}: cannot read {window}: {reason}") from error
            if is_remote(tile.path):
                forget(tile.path)
            whole = tile.area.overlap(bounds).moved(-tile.area.row_off, -tile.area.col_off)
            lost = read_blocks(tiles, window, target, whole)
    kept.check_unchanged(tile.path, may_be_gone=bounds is not None)
    if not is_whole:
        top, left = part.row_off - area.row_off, part.col_off - area.col_off
        squares = values.reshape(-1, area.height, area.width)
        box = slice(top, top + part.height), slice(left, left + part.width)
        found = target.reshape(-1, part.height, part.width)
        if tile.depth:  # only where those above it have no value
            before = squares[rows, *box]
            found = np.where(np.isnan(before), found, before)
        squares[rows, *box] = found
    return lost
