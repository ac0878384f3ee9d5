"""Suspects: constants that look like nodata in rasters that declare none, found in a sample."""

from __future__ import annotations

import dataclasses
import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from pixeltrend.raster.windows import Window, plan_windows
from pixeltrend.series.notes import Note
from pixeltrend.series.reader import close_rasters, read_chunk
from pixeltrend.series.sources import can_hold

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from pixeltrend.series.series import Series
    from pixeltrend.series.sources import Source

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
_ROWS_OF_PIXELS = 2**20


@dataclass(slots=True)
class _Tally:
    """What has been seen of one raster: its numbers, and the constants that may mean missing."""

    candidates: list[float]
    low: float = np.inf
    high: float = -np.inf
    total: int = 0
    on_border: int = 0
    counts: dict[float, int] = field(default_factory=dict)
    border_counts: dict[float, int] = field(default_factory=dict)
    others: int = 0
    """At most how often any other value was seen in the windows that have such a constant."""

    def add(self, values: Floats, border: NDArray[np.bool_]) -> None:
        """Look at some pixels, (P,), of which `border` says whether they lie on the border."""
        known = values[~np.isnan(values)]
        if not known.size:
            return
        self.low = min(self.low, float(known.min()))
        self.high = max(self.high, float(known.max()))
        self.total += known.size
        self.on_border += int(border.sum())
        found = np.zeros(values.shape, dtype=bool)
        for value in self.candidates:
            number = float(values.dtype.type(value))  # as the pixels have it
            is_it = values == number
            count = int(is_it.sum())
            if count:
                found |= is_it
                self.counts[number] = self.counts.get(number, 0) + count
                on_border = int((is_it & border).sum())
                self.border_counts[number] = self.border_counts.get(number, 0) + on_border
        if found.any() and not (found | np.isnan(values)).all():
            others = values[~(found | np.isnan(values))]
            self.others += int(np.unique(others, return_counts=True)[1].max())

    def suspects(self) -> Iterator[float]:
        """Give the constants at the end of the values, or on the border, that are too frequent."""
        if self.low == self.high:
            return
        for value, count in self.counts.items():
            at_end = not self.low < value < self.high
            stands_out = count >= _STANDS_OUT * self.others
            fills = self.border_share(value) >= _BORDER_SHARE and (at_end or stands_out)
            often = at_end and value not in _ORDINARY and count >= max(_FEW, _SHARE * self.total)
            if fills or often:
                yield value

    def border_share(self, value: float) -> float:
        """Give the part of the border that a constant fills."""
        return self.border_counts.get(value, 0) / self.on_border if self.on_border else 0.0


def sample_windows(series: Series) -> list[Window]:
    """Give places at both ends and in the middle of rows and columns, along the blocks.

    None where blocks are so large that a look would take long.
    """
    height, width = series.grid.height, series.grid.width
    block_height, block_width = series.block
    if block_height * block_width > _LARGEST_BLOCK:
        return []
    if block_width >= width:  # whole rows are decoded anyhow
        columns = [(0, width)]
        rows = max(block_height, min(_SIDE // 2, _ROWS_OF_PIXELS // width))
        rows = -(-rows // block_height) * block_height
    else:
        columns = _places(width, min(block_width, _SIDE), block_width)
        rows = min(block_height, _SIDE)
    return [
        Window(top, left, bottom - top, right - left)
        for (top, bottom), (left, right) in itertools.product(
            _places(height, rows, block_height), columns
        )
    ]


def _places(length: int, side: int, block: int) -> list[tuple[int, int]]:
    """Give up to three stretches, at both ends and in the middle, that begin with a block."""
    last = (
        max(0, (length - side) // block * block) if side > block else (length - 1) // block * block
    )
    starts = sorted({0, last // block // 2 * block, max(last, length - side)})
    return [(start, min(start + side, length)) for start in starts]


def undeclared(
    series: Series, *, most: int | None = None, tagged: bool = False, full: bool = False
) -> list[Note]:
    """Warn of constants that look like nodata, in rasters that declare nothing missing.

    Parameters
    ----------
    series
        What is about to be read.
    most
        How many rasters to look at; by default all that declare nothing.
    tagged
        Whether to look at rasters too that declare another constant missing, or NaN.
    full
        Whether to look at all pixels, not at a sample.

    Raises
    ------
    ReadError
        A block cannot be decoded.
    """
    silent = [its for its in series.sources if _is_silent(its) and not _is_tagged(its)]
    notes = _look(series, silent, most, "no nodata is declared", full=full)
    if tagged:
        others = [its for its in series.sources if _is_silent(its) and _is_tagged(its)]
        notes += _look(series, others, most, "another nodata is declared", full=full)
    return notes


def _look(
    series: Series, sources: Sequence[Source], most: int | None, why: str, *, full: bool
) -> list[Note]:
    """Look at some of the sources."""
    chosen = list(sources)
    if most is not None and len(sources) > most:
        chosen = [sources[i] for i in np.linspace(0, len(sources) - 1, most).round().astype(int)]
    if not chosen:
        return []
    windows = sample_windows(series)
    if full:
        most_pixels = max(1, _LARGEST_BLOCK // len(chosen))
        grid = series.grid
        windows = list(plan_windows(grid.height, grid.width, series.block, max_pixels=most_pixels))
    found: dict[float, list[tuple[str, _Tally]]] = {}
    for source, tally in zip(chosen, _tallies(series, chosen, windows), strict=True):
        for value in tally.suspects():
            found.setdefault(value, []).append((source.path, tally))
    return [
        Note.of([name for name, _ in its], f"{why}, but {_said(value, [t for _, t in its])}")
        for value, its in sorted(found.items())
    ]


def _said(value: float, tallies: Sequence[_Tally]) -> str:
    count = sum(tally.counts[value] for tally in tallies)
    total = sum(tally.total for tally in tallies)
    share = max(tally.border_share(value) for tally in tallies)
    where = f", and at {share:.0%} of the border" if share >= _BORDER_SHARE else ""
    return (
        f"{value:g} is at {count:,} of {total:,} pixels looked at{where}: if it means missing, "
        f"give --nodata {value:g}"
    )


def _is_silent(source: Source) -> bool:
    """Return whether nothing but a constant, if that, says what is missing."""
    return all(
        not tile.masked
        and tile.mask_band is None
        and tile.qa_band is None
        and tile.valid_range is None
        and tile.warp is None
        for tile in source.tiles
    )


def _is_tagged(source: Source) -> bool:
    return any(tile.nodata is not None for tile in source.tiles)


def _tallies(series: Series, sources: Sequence[Source], windows: Iterable[Window]) -> list[_Tally]:
    """Look at rasters in some windows: at their numbers, without scale and offset."""
    raw = tuple(
        source._replace(tiles=tuple(tile._replace(scale=1.0, offset=0.0) for tile in source.tiles))
        for source in sources
    )
    looked_at = dataclasses.replace(series, times=series.times[: len(raw)], sources=raw)
    tallies = [_Tally(_candidates([source])) for source in sources]
    try:
        for window in windows:
            border = _on_border(window, series)
            for tally, values in zip(tallies, read_chunk(looked_at, window).values, strict=True):
                tally.add(values, border)
    finally:
        close_rasters()
    return tallies


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
