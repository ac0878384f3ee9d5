"""Suspects: constants that look like nodata in rasters that declare none, found in a sample."""

from __future__ import annotations

import dataclasses
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pixeltrend.consistency import Note
from pixeltrend.reader import close_rasters, read_chunk
from pixeltrend.sources import can_hold
from pixeltrend.windows import Window

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from pixeltrend.series import Series
    from pixeltrend.sources import Source

    Floats = NDArray[np.floating[Any]]

# What Earth Engine, MODIS, Landsat and GIS write for missing.
_USUAL = (0, -9999, -3000, -28672, -99999, -32768, 32767, 65535, 255, -999, -1e30, 1e20)
# Values that measurements have too: suspect only where they fill borders.
_ORDINARY = {0.0, 255.0}
# The part of a raster's border, or of its pixels, from which on a constant is suspect.
_BORDER_SHARE = 0.2
_SHARE = 5e-4
# A constant between the ends of the values is this many times as frequent as any other value.
_STANDS_OUT = 5
_FEW = 2
# Sides of the squares that are looked at, and the largest block that is decoded for one.
_SIDE = 256
_LARGEST_BLOCK = 2**22


@dataclass(frozen=True, slots=True)
class Sample:
    """The numbers of some rasters at the same places."""

    sources: tuple[Source, ...]
    """The rasters, N."""
    values: Floats
    """Numbers as the files have them, (N, P)."""
    border: NDArray[np.bool_]
    """Which of the pixels lie on the border of the grid, (P,)."""


def sample_windows(series: Series) -> list[Window]:
    """Give squares in the corners, at the edges and in the middle, along the blocks of the files.

    None where blocks are so large that a look would take long.
    """
    height, width = series.grid.height, series.grid.width
    block_height, block_width = series.block
    if block_height * block_width > _LARGEST_BLOCK:
        return []
    rows = _places(height, min(block_height, _SIDE), block_height)
    columns = _places(width, min(block_width, _SIDE), block_width)
    return [
        Window(top, left, bottom - top, right - left)
        for (top, bottom), (left, right) in itertools.product(rows, columns)
    ]


def _places(length: int, side: int, block: int) -> list[tuple[int, int]]:
    """Give up to three stretches, at both ends and in the middle, each within one block."""
    last = (length - 1) // block * block
    starts = sorted({0, last // block // 2 * block, max(last, length - side)})
    return [(start, min(start + side, length)) for start in starts]


def undeclared(series: Series, *, most: int | None = None, tagged: bool = False) -> list[Note]:
    """Warn of constants that look like nodata, in rasters that declare nothing missing.

    Parameters
    ----------
    series
        What is about to be read.
    most
        How many rasters to look at; by default all that declare nothing.
    tagged
        Whether to look at rasters too that declare another constant missing, or NaN.

    Raises
    ------
    ReadError
        A block cannot be decoded.
    """
    silent = [its for its in series.sources if _is_silent(its, series) and not _is_tagged(its)]
    notes = _look(series, silent, most, "no nodata is declared")
    if tagged:
        others = [its for its in series.sources if _is_silent(its, series) and _is_tagged(its)]
        notes += _look(series, others, most, "another nodata is declared")
    return notes


def _look(series: Series, sources: Sequence[Source], most: int | None, why: str) -> list[Note]:
    if not sources:
        return []
    chosen = sources
    if most is not None and len(sources) > most:
        chosen = [sources[i] for i in np.linspace(0, len(sources) - 1, most).round().astype(int)]
    try:
        sample = _take(series, chosen)
    finally:
        close_rasters()
    if sample is None:
        return []
    names = [source.path for source in sources]
    return [
        Note.of(names, f"{why}, but {text}")
        for text in _suspects(sample, _candidates(sample.sources))
    ]


def _is_silent(source: Source, series: Series) -> bool:
    """Tell whether nothing but a constant, if that, says what is missing."""
    return series.valid_range is None and all(
        not tile.masked and tile.mask_band is None and tile.qa_band is None and tile.warp is None
        for tile in source.tiles
    )


def _is_tagged(source: Source) -> bool:
    return any(tile.nodata is not None for tile in source.tiles)


def _take(series: Series, sources: Sequence[Source]) -> Sample | None:
    """Read the sample: numbers without scale and offset."""
    raw = tuple(
        dataclasses.replace(
            source,
            tiles=tuple(dataclasses.replace(tile, scale=1.0, offset=0.0) for tile in source.tiles),
        )
        for source in sources
    )
    looked_at = dataclasses.replace(series, times=series.times[: len(raw)], sources=raw)
    windows = sample_windows(series)
    if not windows:
        return None
    values = [read_chunk(looked_at, window).values for window in windows]
    border = [_on_border(window, series) for window in windows]
    return Sample(tuple(sources), np.concatenate(values, axis=1), np.concatenate(border))


def _on_border(window: Window, series: Series) -> NDArray[np.bool_]:
    rows = window.row_off + np.arange(window.height)[:, np.newaxis]
    columns = window.col_off + np.arange(window.width)[np.newaxis, :]
    on_rows = (rows == 0) | (rows == series.grid.height - 1)
    on_columns = (columns == 0) | (columns == series.grid.width - 1)
    return np.asarray(on_rows | on_columns).ravel()


def _candidates(sources: Iterable[Source]) -> list[float]:
    """Give the constants that may stand for missing in rasters of these types."""
    types = {tile.dtype for source in sources for tile in source.tiles}
    found = {float(value) for value in _USUAL}
    for dtype in types:
        if dtype == "Float32":
            found |= {float(np.finfo(np.float32).min), float(np.finfo(np.float32).max)}
        elif dtype == "Float64":
            found |= {float(np.finfo(np.float64).min), float(np.finfo(np.float64).max)}
        elif not dtype.startswith("Float"):
            limits = np.iinfo("uint8" if dtype == "Byte" else dtype.lower())
            found |= {float(limits.min), float(limits.max)}
    return sorted(value for value in found if any(can_hold(dtype, value) for dtype in types))


def _suspects(sample: Sample, candidates: Iterable[float]) -> Iterator[str]:
    """Say which constants are at the end of the values, or fill the border, and are too often."""
    known = sample.values[~np.isnan(sample.values)]
    if not known.size or known.min() == known.max():
        return
    ends = {float(known.min()), float(known.max())}
    total = known.size
    for value in candidates:
        is_it = sample.values == sample.values.dtype.type(value)
        count = int(is_it.sum())
        at_end = float(sample.values.dtype.type(value)) in ends
        on_border = is_it[:, sample.border].mean() if sample.border.any() else 0.0
        fills = on_border >= _BORDER_SHARE and (at_end or _stands_out(known, value, count))
        often = at_end and value not in _ORDINARY and count >= max(_FEW, _SHARE * total)
        if fills or often:
            where = f" and {on_border:.0%} of the border" if fills else ""
            yield (
                f"{value:g} is at {count:,} of {total:,} pixels "
                f"looked at{where}: if it means missing, give --nodata {value:g}"
            )


def _stands_out(known: Floats, value: float, count: int) -> bool:
    """Tell a constant among measurements, as 0 among NDVI, from one of a few classes or counts."""
    others = known[known != known.dtype.type(value)]
    return bool(np.unique(others, return_counts=True)[1].max() * _STANDS_OUT <= count)
