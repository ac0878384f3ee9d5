"""Series and Window to Chunk: what a worker reads, as floats with NaN where missing."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from osgeo import gdal

from pixeltrend.errors import InputError, ReadError
from pixeltrend.rasters import first_line, gdal_messages, open_raster

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pixeltrend.series import Series, Source
    from pixeltrend.windows import Window

# No measurement is this large: as nodata it stands for the largest Float32, however it was rounded
# on its way through the text of a TIFF tag.
_FLOAT_MAX = 3.4e38

_INT8_MAX = 127

# Pixels looked at in one go, so that they are looked at while they are in a core's cache.
_PIECE = 2**14

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
    values = np.empty((len(series.times), window.pixels), dtype=series.dtype)
    _kept.use_for(series)
    with gdal_messages():
        for source, row in zip(series.sources, values, strict=True):
            _read_source(source, window, series.origin, row)
    return Chunk(series.times, values)


class _KeptOpen(threading.local):
    """The rasters of one series that this thread of this process has open.

    A dataset belongs to the thread and to the process that opened it: a child that reads through
    its parent's gets wrong pixels.
    """

    owner: tuple[int, tuple[str, ...]] | None = None

    def __init__(self) -> None:
        self._datasets: dict[str, tuple[Any, Any]] = {}

    def use_for(self, series: Series) -> None:
        """Close what belongs to another series or was opened by the parent process."""
        owner = (os.getpid(), tuple(series.paths))
        if owner != self.owner:
            self._datasets.clear()
            self.owner = owner

    def open(self, path: str) -> Any:
        """Give the dataset; kept open unless there are many, or the file is a new one."""
        stamp = _stamp(path)
        dataset, its = self._datasets.pop(path, (None, None))
        if dataset is None or stamp is None or stamp != its:
            dataset = open_raster(path)
        if len(self._datasets) < _MOST_OPEN:
            self._datasets[path] = dataset, stamp
        return dataset

    def close(self) -> None:
        """Close all."""
        self._datasets.clear()
        self.owner = None


def _stamp(path: str) -> tuple[int, int, int] | None:
    """Tell one file from the next one of this name; None if it cannot be told."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


_kept = _KeptOpen()


def close_rasters() -> None:
    """Close what `read_chunk` keeps open in this thread between two windows."""
    _kept.close()


def _read_source(
    source: Source, window: Window, origin: tuple[int, int], row: NDArray[np.floating[Any]]
) -> None:
    """Fill `row`, (P,), with one raster's values."""
    area = (
        window.col_off + origin[1],
        window.row_off + origin[0],
        window.width,
        window.height,
    )
    try:
        dataset = _kept.open(source.path)
        band = dataset.GetRasterBand(source.band)
        band.ReadRaster(*area, buf_type=_GDAL_TYPES[row.dtype], buf_obj=row)
        mask = None
        if source.masked:
            mask = np.empty(row.shape, dtype=np.uint8)
            band.GetMaskBand().ReadRaster(*area, buf_type=gdal.GDT_Byte, buf_obj=mask)
    except (RuntimeError, InputError) as error:
        raise ReadError(f"{source.path}: cannot read {window}: {first_line(error)}") from error
    if source.dtype == "Int8":
        row[row > _INT8_MAX] -= 256  # GDAL before 3.7 reads signed bytes as unsigned ones
    for start in range(0, row.size, _PIECE):
        piece = row[start : start + _PIECE]
        infinite = np.isinf(piece)
        if infinite.any():
            piece[infinite] = np.nan
    if source.nodata is not None:
        row[_is_nodata(row, source.nodata)] = np.nan
    if mask is not None:
        row[mask == 0] = np.nan
    if source.scale != 1:
        row *= source.scale
    if source.offset != 0:
        row += source.offset


def _is_nodata(row: NDArray[np.floating[Any]], nodata: float) -> NDArray[np.bool_]:
    if nodata <= -_FLOAT_MAX:
        return np.less_equal(row, -_FLOAT_MAX)
    if nodata >= _FLOAT_MAX:
        return np.greater_equal(row, _FLOAT_MAX)
    return np.equal(row, nodata)
