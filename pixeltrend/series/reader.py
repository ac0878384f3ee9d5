"""Reader: a Series and a Window become a Chunk of floats, with NaN where missing."""

from __future__ import annotations

import itertools
import math
import os
import threading
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pixeltrend.errors import InputError, ReadError
from pixeltrend.raster.datasets import first_line, gdal, gdal_messages, most_open, open_raster
from pixeltrend.raster.fingerprint import fingerprint
from pixeltrend.raster.paths import is_remote, is_virtual
from pixeltrend.raster.remote import REQUESTS, EndingThreads, forget, why_unreadable
from pixeltrend.raster.windows import Window
from pixeltrend.series.sources import Warp
from pixeltrend.series.warping import UNMIXED, warped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from pixeltrend.raster.fingerprint import Fingerprint
    from pixeltrend.series.series import Series
    from pixeltrend.series.sources import Tile

    # First column, first row, columns and rows, as GDAL counts.
    Box = tuple[int, int, int, int]

# No measurement is this large: as nodata it stands for the largest Float32, however it was rounded
# on its way through the text of a TIFF tag.
_FLOAT_MAX = 3.4e38

_INT8_MAX = 127

# From here on not every whole number is a double.
_EXACT = 2.0**53

# Pixels looked at in one go, so that they are looked at while they are in a core's cache.
_PIECE = 2**14

# Sides of the squares of a sample, and their number along a side less one.
_SIDE = 32
_ACROSS = 8

_GDAL_TYPES = {np.dtype(np.float32): gdal.GDT_Float32, np.dtype(np.float64): gdal.GDT_Float64}


class Chunk(NamedTuple):
    """The values of one window at all times."""

    times: NDArray[np.float64]
    """Decimal years, (N,)."""
    values: NDArray[np.floating[Any]]
    """Values, (N, P) with P = rows x columns; NaN where missing."""


def read_chunk(series: Series, window: Window) -> Chunk:
    """Read the pixels of `window` from every raster of `series`.

    Raises
    ------
    ReadError
        A raster cannot be read, or is no longer the one that was checked.
    """
    area = window.moved(*series.origin)
    values = np.empty((len(series.times), window.pixels), dtype=series.dtype)
    files: dict[str, list[tuple[int, Tile]]] = {}
    for row, source in enumerate(series.sources):
        for tile in source.tiles:
            files.setdefault(tile.path, []).append((row, tile))
        if not any(tile.area.overlap(area) == area for tile in source.tiles):
            values[row] = np.nan  # where no file lies, all is missing
    read = partial(_read_file, tuple(files), area, values)
    if series.is_remote:
        _remote_threads.run(read, list(files.values()))
    else:
        for tiles in files.values():
            read(tiles)
    return Chunk(series.times, values)


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


class _KeptOpen(threading.local):
    """The rasters of one series that this thread of this process has open.

    A dataset belongs to the thread and to the process that opened it: a child that reads through
    its parent's gets wrong pixels.
    """

    owner: tuple[int, tuple[str, ...]] | None = None

    def __init__(self) -> None:
        self._datasets: dict[tuple[str, Any], tuple[Any, Any]] = {}
        self._asked: dict[str, Fingerprint | None] = {}

    def use_for(self, paths: tuple[str, ...]) -> None:
        """Close what belongs to a series of other files, or was opened by the parent process."""
        owner = (os.getpid(), paths)
        if owner != self.owner:
            self._datasets.clear()
            self.owner = owner

    def open(self, tile: Tile, warp: Warp | None) -> Any:
        """Return the dataset; it stays open unless there are many, or the file is a new one."""
        key = tile.path, warp and warp.resampling
        # Every window asks a local file; a remote one would be asked over the network.
        now = None if is_virtual(tile.path) else fingerprint(tile.path)
        self._asked[tile.path] = now
        dataset, before = self._datasets.pop(key, (None, None))
        if dataset is None or now != before:
            dataset = open_raster(tile.path, allow_vrt=tile.allow_vrt, siblings=tile.siblings)
            if warp is not None:
                dataset = warped(dataset, tile, warp)
        if len(self._datasets) < most_open():
            self._datasets[key] = dataset, now
        return dataset

    def check_unchanged(self, path: str) -> None:
        """Refuse what was read from a file that changed in the meantime."""
        before = self._asked.get(path)
        if before is not None and fingerprint(path) != before:
            raise ReadError(f"{path}: has been replaced or changed while it was read; run again")

    def drop(self, path: str) -> None:
        """Close what is open of a file, so that it is opened again."""
        for key in [key for key in self._datasets if key[0] == path]:
            del self._datasets[key]

    def close(self) -> None:
        """Close all."""
        self._datasets.clear()
        self.owner = None


_kept = _KeptOpen()


class _RemoteThreads:
    """Threads of this process that wait for remote files side by side; each keeps its own open."""

    def __init__(self) -> None:
        self._threads: list[EndingThreads] = []
        self._starting = threading.Lock()
        os.register_at_fork(after_in_child=self._forget)

    def _forget(self) -> None:
        """Start without threads: none survives a fork, and whoever held the lock is gone."""
        self._threads = []
        self._starting = threading.Lock()

    def run(self, read: Callable[[Any], None], files: Sequence[Any]) -> None:
        """Call `read` with each file; a file always goes to the same thread."""
        with self._starting:
            if not self._threads:
                self._threads = [EndingThreads(1) for _ in range(REQUESTS)]
            threads = self._threads
        futures = [
            threads[index % len(threads)].submit(read, file) for index, file in enumerate(files)
        ]
        for future in futures:
            future.result()

    def close(self) -> None:
        """Let the threads end, which closes their files and connections."""
        with self._starting:
            threads, self._threads = self._threads, []
        for thread in threads:
            thread.shutdown()


_remote_threads = _RemoteThreads()


def close_rasters() -> None:
    """Close what `read_chunk` keeps open between two windows."""
    _kept.close()
    _remote_threads.close()


def _read_file(
    paths: tuple[str, ...],
    area: Window,
    values: NDArray[np.floating[Any]],
    rows_and_tiles: Sequence[tuple[int, Tile]],
) -> None:
    """Fill the rows of `values`, (N, P), that one file of a series has bands for.

    All its bands are read in one go: where they are stored pixel by pixel, one by one would decode
    everything once for each.
    """
    _kept.use_for(paths)
    rows, tiles = [row for row, _ in rows_and_tiles], [tile for _, tile in rows_and_tiles]
    tile = tiles[0]
    part = tile.area.overlap(area)
    if not part.pixels:
        return
    is_whole = part == area and rows == list(range(rows[0], rows[0] + len(rows)))
    if is_whole:
        target = values[rows[0] : rows[0] + len(rows)]
    else:
        target = np.empty((len(rows), part.pixels), dtype=values.dtype)
    window = part.moved(-tile.area.row_off, -tile.area.col_off)
    with gdal_messages():
        try:
            try:
                _read_pixels(tiles, window, target)
            except (RuntimeError, InputError):
                # GDAL asks a busy server again, but not if it wanted several parts at a time.
                if not is_remote(tile.path):
                    raise
                _kept.drop(tile.path)
                forget(tile.path)
                _read_pixels(tiles, window, target)
        except (RuntimeError, InputError) as error:
            _kept.drop(tile.path)
            reason = why_unreadable(tile.path) if is_remote(tile.path) else first_line(error)
            raise ReadError(f"{tile.path}: cannot read {window}: {reason}") from error
    _kept.check_unchanged(tile.path)
    if not is_whole:
        top, left = part.row_off - area.row_off, part.col_off - area.col_off
        squares = values.reshape(-1, area.height, area.width)
        squares[rows, top : top + part.height, left : left + part.width] = target.reshape(
            -1, part.height, part.width
        )


def _read_pixels(tiles: Sequence[Tile], window: Window, target: NDArray[np.floating[Any]]) -> None:
    """Fill `target`, (bands, P), from the bands of one file."""
    dataset = _kept.open(tiles[0], tiles[0].warp)
    box = window.col_off, window.row_off, window.width, window.height
    bands = [tile.band for tile in tiles]
    dataset.ReadRaster(*box, buf_type=_GDAL_TYPES[target.dtype], buf_obj=target, band_list=bands)
    for tile, row in zip(tiles, target, strict=True):
        _decode(tile, dataset, box, row)


def _decode(tile: Tile, dataset: Any, box: Box, row: NDArray[np.floating[Any]]) -> None:
    """Turn a file's numbers into values, (P,), with NaN where missing."""
    missing = _masks(tile, dataset, box, row.size)
    if tile.dtype == "Int8":
        row[row > _INT8_MAX] -= 256  # GDAL before 3.7 reads signed bytes as unsigned ones
    for start in range(0, row.size, _PIECE):
        piece = row[start : start + _PIECE]
        infinite = np.isinf(piece)
        if infinite.any():
            piece[infinite] = np.nan
    if tile.nodata is not None and not np.isnan(tile.nodata):
        row[is_nodata(row, tile.nodata)] = np.nan
    if tile.valid_range is not None:
        low, high = tile.valid_range
        row[(row < low) | (row > high)] = np.nan
    for mask in missing:
        row[mask] = np.nan
    if tile.dtype in {"Int64", "UInt64"} and (np.abs(row) >= _EXACT).any():
        raise ReadError(
            f"{tile.path}: has {tile.dtype} values of 2^53 or more, which double precision rounds: "
            "declare them with --nodata, or leave them out with --valid-range, if they stand for "
            "missing values"
        )
    if tile.scale != 1:
        row *= tile.scale
    if tile.offset != 0:
        row += tile.offset


def _masks(tile: Tile, dataset: Any, box: Box, pixels: int) -> Iterator[NDArray[np.bool_]]:
    """Yield masks, (P,), of what is missing: by the file's own mask, by a band, by bits."""
    if tile.masked and tile.warp is None:  # warping has used it
        mask = np.empty(pixels, dtype=np.uint8)
        band = dataset.GetRasterBand(tile.band)
        band.GetMaskBand().ReadRaster(*box, buf_type=gdal.GDT_Byte, buf_obj=mask)
        yield mask == 0
    if tile.mask_band is not None:
        numbers = _numbers(tile, tile.mask_band, dataset, box, pixels)
        yield (numbers == 0) | np.isnan(numbers)
    if tile.qa_band is not None:
        numbers = _numbers(tile, tile.qa_band, dataset, box, pixels)
        unknown = ~np.isfinite(numbers)
        yield unknown
        numbers[unknown] = 0
        bits = numbers.astype(np.int64)
        for mask_bits, number in tile.qa_bits:
            yield (bits & mask_bits) == number


def _numbers(tile: Tile, band: int, dataset: Any, box: Box, pixels: int) -> NDArray[np.float64]:
    """Return the numbers, (P,), of a band that says what is missing."""
    if tile.warp is not None:  # such numbers are not mixed with others
        dataset = _kept.open(tile, Warp(tile.warp.grid, UNMIXED))
    # As doubles: GDAL makes 0 of a negative number that is to be unsigned.
    numbers = np.empty(pixels, dtype=np.float64)
    dataset.GetRasterBand(band).ReadRaster(*box, buf_type=gdal.GDT_Float64, buf_obj=numbers)
    return numbers


def is_nodata(row: NDArray[np.number[Any]], nodata: float) -> NDArray[np.bool_]:
    """Return where numbers are the one that stands for missing, however its text was rounded."""
    if nodata <= -_FLOAT_MAX:
        return np.less_equal(row, -_FLOAT_MAX)
    if nodata >= _FLOAT_MAX:
        return np.greater_equal(row, _FLOAT_MAX)
    return np.equal(row, nodata)
