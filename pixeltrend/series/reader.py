"""Series and Window to Chunk: what a worker reads, as floats with NaN where missing."""

from __future__ import annotations

import itertools
import math
import os
import threading
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from pixeltrend.errors import InputError, ReadError
from pixeltrend.raster.datasets import first_line, gdal, gdal_messages, open_raster
from pixeltrend.raster.fingerprint import fingerprint
from pixeltrend.raster.paths import is_remote, is_virtual
from pixeltrend.raster.remote import REQUESTS, EndingThreads, forget, why_unreadable
from pixeltrend.raster.windows import Window
from pixeltrend.series.sources import Warp
from pixeltrend.series.warping import UNMIXED, warped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from pixeltrend.series.series import Series
    from pixeltrend.series.sources import Tile

# No measurement is this large: as nodata it stands for the largest Float32, however it was rounded
# on its way through the text of a TIFF tag.
_FLOAT_MAX = 3.4e38

_INT8_MAX = 127

# Pixels looked at in one go, so that they are looked at while they are in a core's cache.
_PIECE = 2**14

# Sides of the squares of a sample, and their number along a side less one.
_SIDE = 32
_ACROSS = 8

# Rasters that a thread keeps open: a process may have some 1,000 files open.
_MOST_OPEN = 64

_GDAL_TYPES = {np.dtype(np.float32): gdal.GDT_Float32, np.dtype(np.float64): gdal.GDT_Float64}


@dataclass(frozen=True, slots=True)
class Chunk:
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
    read = partial(_read_file, series, area, values)
    if series.is_remote:
        _remote_threads.run(read, list(files.values()))
    else:
        for rows_of_file in files.values():
            read(rows_of_file)
    return Chunk(series.times, values)


def sample_chunks(series: Series) -> Iterator[Chunk]:
    """Read small squares, spread over the grid, from the middle on."""
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

    def use_for(self, series: Series) -> None:
        """Close what belongs to another series or was opened by the parent process."""
        owner = (os.getpid(), tuple(series.paths))
        if owner != self.owner:
            self._datasets.clear()
            self.owner = owner

    def open(self, tile: Tile, warp: Warp | None) -> Any:
        """Return the dataset; it stays open unless there are many, or the file is a new one."""
        key = tile.path, warp and warp.resampling
        # Every window asks a local file; a remote one would be asked over the network.
        now = None if is_virtual(tile.path) else fingerprint(tile.path)
        dataset, before = self._datasets.pop(key, (None, None))
        if dataset is None or now != before:
            dataset = open_raster(tile.path, allow_vrt=tile.allow_vrt, siblings=tile.siblings)
            if warp is not None:
                dataset = warped(dataset, tile, warp)
        if len(self._datasets) < _MOST_OPEN:
            self._datasets[key] = dataset, now
        return dataset

    def drop(self, path: str) -> None:
        """Close what is open of a file, for it to be opened anew."""
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
        """Have no threads: none survives a fork, and who held the lock is gone."""
        self._threads = []
        self._starting = threading.Lock()

    def run(self, read: Callable[[Any], None], files: Sequence[Any]) -> None:
        """Call `read` with each file; a file always goes to the same thread."""
        with self._starting:
            if not self._threads:
                self._threads = [EndingThreads(1) for _ in range(REQUESTS)]
            threads = self._threads
        waiting = [
            threads[place % len(threads)].submit(read, file) for place, file in enumerate(files)
        ]
        for future in waiting:
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
    series: Series,
    area: Window,
    values: NDArray[np.floating[Any]],
    wanted: Sequence[tuple[int, Tile]],
) -> None:
    """Fill the rows of `values`, (N, P), that one file has bands for.

    All its bands are read in one go: where they are stored pixel by pixel, one by one would decode
    everything once for each.
    """
    rows, tiles = [row for row, _ in wanted], [tile for _, tile in wanted]
    tile = tiles[0]
    part = tile.area.overlap(area)
    if not part.pixels:
        return
    whole = part == area and rows == list(range(rows[0], rows[0] + len(rows)))
    if whole:
        target = values[rows[0] : rows[0] + len(rows)]
    else:
        target = np.empty((len(rows), part.pixels), dtype=values.dtype)
    place = part.moved(-tile.area.row_off, -tile.area.col_off)
    box = place.col_off, place.row_off, place.width, place.height
    with gdal_messages():
        try:
            try:
                _read_pixels(series, tiles, box, target)
            except (RuntimeError, InputError):
                # GDAL asks a busy server again, but not if it wanted several parts at a time.
                if not is_remote(tile.path):
                    raise
                _kept.drop(tile.path)
                forget(tile.path)
                _read_pixels(series, tiles, box, target)
        except (RuntimeError, InputError) as error:
            _kept.drop(tile.path)
            raise ReadError(f"{tile.path}: cannot read {place}: {_reason(tile, error)}") from error
    if not whole:
        top, left = part.row_off - area.row_off, part.col_off - area.col_off
        squares = values.reshape(-1, area.height, area.width)
        squares[rows, top : top + part.height, left : left + part.width] = target.reshape(
            -1, part.height, part.width
        )


def _read_pixels(
    series: Series,
    tiles: Sequence[Tile],
    box: tuple[int, int, int, int],
    target: NDArray[np.floating[Any]],
) -> None:
    """Fill `target`, (bands, P), from the bands of one file."""
    _kept.use_for(series)
    dataset = _kept.open(tiles[0], tiles[0].warp)
    bands = [tile.band for tile in tiles]
    dataset.ReadRaster(*box, buf_type=_GDAL_TYPES[target.dtype], buf_obj=target, band_list=bands)
    for tile, row in zip(tiles, target, strict=True):
        _decode(tile, dataset, box, row)


def _reason(tile: Tile, error: Exception) -> str:
    """Say why a file cannot be read; of a far one, what the server says."""
    return why_unreadable(tile.path) if is_remote(tile.path) else first_line(error)


def _decode(
    tile: Tile,
    dataset: Any,
    box: tuple[int, int, int, int],
    row: NDArray[np.floating[Any]],
) -> None:
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
    if tile.scale != 1:
        row *= tile.scale
    if tile.offset != 0:
        row += tile.offset


def _masks(
    tile: Tile, dataset: Any, box: tuple[int, int, int, int], pixels: int
) -> Iterator[NDArray[np.bool_]]:
    """Give masks, (P,), of what is missing: the file's own, that of a band, that of bits."""
    if tile.masked and tile.warp is None:  # warping has used it
        mask = np.empty(pixels, dtype=np.uint8)
        band = dataset.GetRasterBand(tile.band)
        band.GetMaskBand().ReadRaster(*box, buf_type=gdal.GDT_Byte, buf_obj=mask)
        yield mask == 0
    if tile.mask_band is None and tile.qa_band is None:
        return
    unmixed = dataset
    if tile.warp is not None:  # numbers that say what is missing are not mixed with others
        unmixed = _kept.open(tile, Warp(tile.warp.grid, UNMIXED))
    if tile.mask_band is not None:
        said = np.empty(pixels, dtype=np.float64)
        unmixed.GetRasterBand(tile.mask_band).ReadRaster(
            *box, buf_type=gdal.GDT_Float64, buf_obj=said
        )
        yield (said == 0) | np.isnan(said)
    if tile.qa_band is not None:
        # As doubles: GDAL makes 0 of a negative number that is to be unsigned.
        said = np.empty(pixels, dtype=np.float64)
        unmixed.GetRasterBand(tile.qa_band).ReadRaster(
            *box, buf_type=gdal.GDT_Float64, buf_obj=said
        )
        unknown = ~np.isfinite(said)
        yield unknown
        said[unknown] = 0
        bits = said.astype(np.int64)
        for mask_bits, number in tile.qa_bits:
            yield (bits & mask_bits) == number


def is_nodata(row: NDArray[np.number[Any]], nodata: float) -> NDArray[np.bool_]:
    """Return where numbers are the one that stands for missing, however its text was rounded."""
    if nodata <= -_FLOAT_MAX:
        return np.less_equal(row, -_FLOAT_MAX)
    if nodata >= _FLOAT_MAX:
        return np.greater_equal(row, _FLOAT_MAX)
    return np.equal(row, nodata)
