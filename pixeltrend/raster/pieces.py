"""Pieces: the blocks of windows, while they wait until they fill a row of tiles."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pixeltrend.raster.statistics import Sums, segment_sums, segments

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from pixeltrend.raster.windows import Window


class Piece(NamedTuple):
    """The numbers of a window."""

    window: Window
    """Where they lie."""
    block: NDArray[Any]
    """The numbers, (bands, rows, columns), contiguous."""
    sums: Sums | None
    """Their `segment_sums`, if somebody has computed them."""


class Part(NamedTuple):
    """What a piece and an area have in common."""

    window: Window
    """Where it lies, counted from the area's first pixel."""
    piece: Piece
    """The piece."""
    inner: tuple[slice, slice]
    """Its rows and columns in the piece."""


def parts_in(pieces: Iterable[Piece], area: Window) -> list[Part]:
    """Return the parts of the pieces that lie in an area."""
    parts = []
    for piece in pieces:
        window = piece.window.overlap(area)
        if window.pixels:
            inner = window.moved(-piece.window.row_off, -piece.window.col_off).slices
            parts.append(Part(window.moved(-area.row_off, -area.col_off), piece, inner))
    return parts


def numbers_of(parts: Sequence[Part], area: Window, band: int) -> NDArray[Any]:
    """Return the numbers of a band, (rows, columns), in an area that the parts cover.

    They are a piece's own, if one has all, and a copy otherwise.
    """
    each = [part.piece.block[band][part.inner] for part in parts]
    if len(parts) == 1:
        return each[0]
    joined = np.empty((area.height, area.width), each[0].dtype)
    for part, numbers in zip(parts, each, strict=True):
        joined[part.window.slices] = numbers
    return joined


def sums_of(pieces: Sequence[Piece], rows: Window) -> list[Sums]:
    """Return the `segment_sums` of each band of whole rows that the pieces cover.

    Where pieces bring their sums, the smallest and largest values are those of whole pieces.
    """
    bands, parts = range(len(pieces[0].block)), parts_in(pieces, rows)
    brought = [piece.sums for piece in pieces if piece.sums is not None]
    if len(brought) < len(pieces):
        return [segment_sums(numbers_of(parts, rows, band)[np.newaxis]) for band in bands]
    totals = np.empty((3, len(bands), rows.height, segments(rows).stop))
    for window, piece, inner in parts:
        if piece.sums is not None:
            found = piece.sums.totals[:, :, inner[0]]
            totals[:, :, window.slices[0], segments(window)] = found
    low = np.fmin.reduce([sums.low for sums in brought])
    high = np.fmax.reduce([sums.high for sums in brought])
    every = Sums(totals, low, high)
    return [every.band(band) for band in bands]


def cuts(pieces: Sequence[Piece], width: int, tile_width: int, step: int) -> list[int]:
    """Return columns to cut a row of tiles at: at most so many apart, and where pieces are cut.

    All lie between tiles, so that each tile is in one part.
    """
    ends = {end for piece in pieces if (end := piece.window.slices[1].stop) % tile_width == 0}
    return sorted({*ends, *range(0, width, step), width})


def most_waiting(windows: Iterable[Window], tile_height: int) -> int:
    """Return how many windows wait at most until they fill a row of tiles: all that touch it.

    Windows come row by row, and those of one row do not begin before all above them are there.
    """
    touching = Counter[int]()
    for window in windows:
        first, last = window.row_off, window.row_off + window.height - 1
        touching.update(range(first // tile_height, last // tile_height + 1))
    return max(touching.values(), default=0)
