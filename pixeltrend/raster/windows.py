"""Windows: rectangles of pixels, and the plan that covers a grid with them."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, NamedTuple

from pixeltrend.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Iterator


class Window(NamedTuple):
    """A rectangle of pixels."""

    row_off: int
    """First row."""
    col_off: int
    """First column."""
    height: int
    """Rows."""
    width: int
    """Columns."""

    @property
    def pixels(self) -> int:
        """Rows times columns."""
        return self.height * self.width

    @property
    def slices(self) -> tuple[slice, slice]:
        """Its rows and its columns, as NumPy takes them from an array."""
        return (
            slice(self.row_off, self.row_off + self.height),
            slice(self.col_off, self.col_off + self.width),
        )

    def overlap(self, other: Window) -> Window:
        """Return what both have in common, which has no pixels if they do not meet."""
        top, left = max(self.row_off, other.row_off), max(self.col_off, other.col_off)
        bottom = min(self.row_off + self.height, other.row_off + other.height)
        right = min(self.col_off + self.width, other.col_off + other.width)
        return Window(top, left, max(0, bottom - top), max(0, right - left))

    def moved(self, rows: int, columns: int) -> Window:
        """Return the same rectangle, moved by rows and columns."""
        return Window(self.row_off + rows, self.col_off + columns, self.height, self.width)

    def __str__(self) -> str:
        rows = f"rows {self.row_off} to {self.row_off + self.height - 1}"
        return f"{rows}, columns {self.col_off} to {self.col_off + self.width - 1}"


def plan_windows(
    height: int,
    width: int,
    block: tuple[int, int],
    *,
    max_pixels: int,
    target_pixels: int | None = None,
    tile_height: int = 0,
    origin: tuple[int, int] = (0, 0),
) -> Iterator[Window]:
    """Cover a grid with windows, each pixel once, row chunks from the top, left to right in each.

    Windows follow block boundaries, so that no block is decoded twice. Columns are split only when
    one row of blocks is too large (more than `max_pixels`, or twice `target_pixels`), and a block
    itself only when it holds more than `max_pixels`.

    Parameters
    ----------
    height, width
        Size of the grid in pixels.
    block
        Height and width of a block of the inputs.
    max_pixels
        What a window may hold at most.
    target_pixels
        What a window should hold at most, as far as whole blocks allow.
    tile_height
        Rows of a tile of the output: windows of whole rows end with tiles where blocks allow.
    origin
        Row and column of the grid's first pixel in the rasters that the blocks belong to.
    """
    chunk_height, chunk_width = window_size(
        height,
        width,
        block,
        max_pixels=max_pixels,
        target_pixels=target_pixels,
        tile_height=tile_height,
    )
    whole_rows = chunk_width == width
    columns = [(0, width)] if whole_rows else list(_cut(origin[1], width, chunk_width))
    for top, bottom in _cut(origin[0], height, chunk_height):
        for left, right in columns:
            yield Window(top, left, bottom - top, right - left)


def window_size(
    height: int,
    width: int,
    block: tuple[int, int],
    *,
    max_pixels: int,
    target_pixels: int | None = None,
    tile_height: int = 0,
) -> tuple[int, int]:
    """Return height and width of the windows of `plan_windows`; those at borders are smaller."""
    if max_pixels < 1:
        raise ArgumentError(f"a window of {max_pixels} pixels cannot hold anything")
    block_height, block_width = min(block[0], height), min(block[1], width)
    if block_height * block_width > max_pixels:
        block_width = min(block_width, max_pixels)
        block_height = max(1, max_pixels // block_width)
    target = max_pixels if target_pixels is None else min(target_pixels, max_pixels)
    if block_height * width <= min(2 * target, max_pixels) or block_width == width:
        chunk_height = block_height * max(1, target // (block_height * width))
        if tile_height:
            chunk_height = _ending_with_tiles(chunk_height, block_height, tile_height)
        chunk_width = width
    else:
        chunk_height = block_height
        blocks = -(-width // block_width)
        most = max(1, target // (block_height * block_width))
        chunk_width = block_width * -(-blocks // -(-blocks // most))  # all about as wide
    return min(chunk_height, height), min(chunk_width, width)


def _ending_with_tiles(height: int, block_height: int, tile_height: int) -> int:
    """Return a height, of whole blocks, that makes whole tiles or divides them; else the same.

    It is more than half of `height`, so that windows do not become many.
    """
    both = math.lcm(block_height, tile_height)
    if height >= both:
        return height // both * both
    for count in range(-(-tile_height // height), 2 * tile_height // height + 1):
        rows, rest = divmod(tile_height, count)
        if rest == 0 and rows % block_height == 0 and 2 * rows > height:
            return rows
    return height


def _cut(start: int, length: int, step: int) -> Iterator[tuple[int, int]]:
    """Cut `length` pixels where `start` plus their number is a multiple of `step`."""
    borders = [0, *range(step - start % step, length, step), length]
    return itertools.pairwise(borders)
