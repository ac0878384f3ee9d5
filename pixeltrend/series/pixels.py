"""Pixels: from a file's numbers to values with NaN where missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pixeltrend.errors import ReadError
from pixeltrend.raster.datasets import gdal
from pixeltrend.series.kept import kept
from pixeltrend.series.sources import Warp
from pixeltrend.series.warping import UNMIXED

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from pixeltrend.raster.windows import Window
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

_GDAL_TYPES = {np.dtype(np.float32): gdal.GDT_Float32, np.dtype(np.float64): gdal.GDT_Float64}


def read_pixels(tiles: Sequence[Tile], window: Window, target: NDArray[np.floating[Any]]) -> None:
    """Fill `target`, (bands, P), from the bands of one file."""
    dataset = kept.open(tiles[0], tiles[0].warp)
    box = window.col_off, window.row_off, window.width, window.height
    bands = [tile.band for tile in tiles]
    dataset.ReadRaster(*box, buf_type=_GDAL_TYPES[target.dtype], buf_obj=target, band_list=bands)
    for tile, row in zip(tiles, target, strict=True):
        _decode(tile, dataset, box, row)


def _decode(tile: Tile, dataset: Any, box: Box, row: NDArray[np.floating[Any]]) -> None:
    """Turn a file's numbers into values, (P,), with NaN where missing."""
    missing = _masks(tile, dataset, box, row.size)
    _sign(tile, row)
    may_be_infinite = tile.dtype.startswith("Float") or tile.warp is not None
    for start in range(0, row.size if may_be_infinite else 0, _PIECE):
        piece = row[start : start + _PIECE]
        infinite = np.isinf(piece)
        if infinite.any():
            piece[infinite] = np.nan
    if tile.nodata is not None and not np.isnan(tile.nodata):
        row[is_nodata(row, tile.nodata)] = np.nan
    if tile.valid_range is not None:
        low, high = tile.valid_range
        row[(row < low) | (row > high)] = np.nan
    for _, mask in missing:
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


def _sign(tile: Tile, row: NDArray[np.floating[Any]]) -> None:
    if tile.dtype == "Int8":
        row[row > _INT8_MAX] -= 256  # GDAL before 3.7 reads signed bytes as unsigned ones


def explain_pixel(tile: Tile, row: int, column: int) -> tuple[float, str]:
    """Return the number that a file has at a pixel of its own, and why it is missing.

    The reasons are those of `read_pixels`, in its order; empty if the number is a value.
    """
    dataset = kept.open(tile, tile.warp)
    box = column, row, 1, 1
    number = np.empty(1)
    band = dataset.GetRasterBand(tile.band)
    band.ReadRaster(*box, buf_type=gdal.GDT_Float64, buf_obj=number)
    _sign(tile, number)
    reasons = [] if np.isfinite(number[0]) else ["not finite"]
    if tile.nodata is not None and is_nodata(number, tile.nodata)[0]:
        reasons.append(f"nodata ({tile.nodata:.9g})")
    if tile.valid_range is not None:
        low, high = tile.valid_range
        if number[0] < low or number[0] > high:
            reasons.append(f"outside the valid range {low:g} to {high:g}")
    reasons += [why for why, mask in _masks(tile, dataset, box, 1) if mask[0]]
    return float(number[0]), ", ".join(reasons)


def _masks(
    tile: Tile, dataset: Any, box: Box, pixels: int
) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Yield what says that pixels are missing, and which, (P,): the file's mask, a band, bits."""
    if tile.masked and tile.warp is None:  # warping has used it
        mask = np.empty(pixels, dtype=np.uint8)
        band = dataset.GetRasterBand(tile.band)
        band.GetMaskBand().ReadRaster(*box, buf_type=gdal.GDT_Byte, buf_obj=mask)
        yield "masked by the file", mask == 0
    if tile.mask_band is not None:
        numbers = _numbers(tile, tile.mask_band, dataset, box, pixels)
        yield f"masked by band {tile.mask_band}", (numbers == 0) | np.isnan(numbers)
    if tile.qa_band is not None:
        numbers = _numbers(tile, tile.qa_band, dataset, box, pixels)
        unknown = ~np.isfinite(numbers)
        yield "no quality bits", unknown
        numbers[unknown] = 0
        bits = numbers.astype(np.int64)
        for mask_bits, number in tile.qa_bits:
            yield _bits(mask_bits, number), (bits & mask_bits) == number


def _bits(mask: int, number: int) -> str:
    """Return which bits of a quality band have which number."""
    first, last = (mask & -mask).bit_length() - 1, mask.bit_length() - 1
    if first == last and number:
        return f"quality bit {first}"
    where = f"bit {first}" if first == last else f"bits {first}-{last}"
    return f"quality {where} = {number >> first}"


def _numbers(tile: Tile, band: int, dataset: Any, box: Box, pixels: int) -> NDArray[np.float64]:
    """Return the numbers, (P,), of a band that says what is missing."""
    if tile.warp is not None:  # such numbers are not mixed with others
        dataset = kept.open(tile, Warp(tile.warp.grid, UNMIXED))
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
