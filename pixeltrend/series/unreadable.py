"""Unreadable: a file whose pixels cannot all be read, block by block, with NaN for what cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pixeltrend.errors import InputError, ReadError
from pixeltrend.raster.datasets import first_line, is_exhausted
from pixeltrend.raster.windows import Window
from pixeltrend.series.kept import kept
from pixeltrend.series.pixels import read_pixels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pixeltrend.series.sources import Tile


def read_blocks(
    tiles: Sequence[Tile], window: Window, target: NDArray[np.floating[Any]], whole: Window
) -> tuple[int, int] | None:
    """Fill `target`, (bands, P), block by block and band by band, with NaN for what is unreadable.

    Each block is read whole, so that what is missing does not depend on the window.

    Parameters
    ----------
    tiles
        The bands of the file.
    window
        What is read, in pixels of the file.
    target
        (bands, P).
    whole
        All that is read of the file in the end.

    Returns
    -------
    tuple of int or None
        Blocks that could not be read and have their first pixel in the window, and pixels.
    """
    size = _block_size(tiles[0])
    if size is None:  # the file cannot be opened: all of it counts as a block for each band
        target[:] = np.nan
        is_first = (window.row_off, window.col_off) == (whole.row_off, whole.col_off)
        return len(tiles) * is_first, target.size
    squares = target.reshape(-1, window.height, window.width)
    blocks = pixels = 0
    height, width = size
    for top in range(window.row_off // height * height, window.row_off + window.height, height):
        for left in range(window.col_off // width * width, window.col_off + window.width, width):
            block = Window(top, left, height, width).overlap(_file_window(tiles[0]))
            shown = block.overlap(window)
            for tile, square in zip(tiles, squares, strict=True):
                layer = np.empty((1, block.pixels), dtype=target.dtype)
                inner = shown.moved(-window.row_off, -window.col_off)
                cut = shown.moved(-block.row_off, -block.col_off)
                try:
                    read_pixels([tile], block, layer)
                except (RuntimeError, InputError) as error:
                    if is_exhausted(tile.path):
                        raise ReadError(f"{tile.path}: {first_line(error)}") from error
                    layer[:] = np.nan
                    counted = block.overlap(whole)
                    blocks += shown[:2] == counted[:2]
                    pixels += shown.pixels
                _slice(square, inner)[:] = _slice(layer.reshape(block.height, block.width), cut)
    return (blocks, pixels) if pixels else None


def _block_size(tile: Tile) -> tuple[int, int] | None:
    """Return height and width of the blocks of a file, or of what it is warped to; None if none."""
    try:
        width, height = kept.open(tile, tile.warp).GetRasterBand(tile.band).GetBlockSize()
    except (RuntimeError, InputError):
        return None
    return height, width


def _file_window(tile: Tile) -> Window:
    return Window(0, 0, tile.area.height, tile.area.width)


def _slice(square: NDArray[Any], window: Window) -> NDArray[Any]:
    rows = slice(window.row_off, window.row_off + window.height)
    return square[rows, window.col_off : window.col_off + window.width]
