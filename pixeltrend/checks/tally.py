"""Tally: the numbers of a raster, and the constants among them that may mean missing."""

from __future__ import annotations

import math
import zlib
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from pixeltrend.series.pixels import is_nodata
from pixeltrend.series.sources import can_hold

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from pixeltrend.raster.windows import Window
    from pixeltrend.series.sources import Tile

    Numbers = NDArray[np.number[Any]]

# What Earth Engine, MODIS, Landsat and GIS write for missing.
_USUAL = (0, -9999, -3000, -28672, -99999, -32768, 32767, 65535, 255, -999, -1e30, 1e20)
# Values that measurements have too: suspect only where they fill borders.
_ORDINARY = {0.0, 255.0}
# The part of a raster's border, or of its pixels, from which on a constant is suspect.
BORDER_SHARE = 0.2
_SHARE = 5e-4
# A constant between the ends of the values is this many times as frequent as any other value.
_STANDS_OUT = 5
_FEW = 2


class Tally:
    """What has been seen of one raster, in the numbers of its files."""

    def __init__(self) -> None:
        self.low, self.high = math.inf, -math.inf
        # Numbers that are not missing, and all pixels on the border of the grid.
        self.total = self.on_border = 0
        # How often constants were seen that may mean missing; the same on the border.
        self.counts: Counter[float] = Counter()
        self.border_counts: Counter[float] = Counter()
        # A checksum of each window; whether the numbers of any differ.
        self.checksums: dict[Window, int] = {}
        self.varies = False
        # At most how often any other number was seen in the windows that have such a constant.
        self.others = 0

    def add(self, tile: Tile, numbers: Numbers, border: Numbers) -> None:
        """Count numbers of a tile, (P,), of which `border` are those on the border of the grid."""
        on_border = border.size
        numbers, border = (_known(part, tile.nodata) for part in (numbers, border))
        if not numbers.size:
            return
        low, high = float(numbers.min()), float(numbers.max())
        self.low, self.high = min(self.low, low), max(self.high, high)
        self.total += numbers.size
        self.on_border += on_border
        seen = []
        for value in _candidates(tile.dtype):
            constant: Any = numbers.dtype.type(value)  # type: ignore[arg-type] # as pixels have it
            if low <= constant <= high and (count := np.count_nonzero(numbers == constant)):
                seen.append(constant)
                self.counts[float(constant)] += int(count)
                self.border_counts[float(constant)] += int(np.count_nonzero(border == constant))
        if seen:
            self.others += _most_frequent(numbers[~np.isin(numbers, seen)])

    def sum_up(self, window: Window, numbers: Numbers) -> None:
        """Keep the checksum of a window, so that copies are found."""
        self.checksums[window] = zlib.crc32(numbers.data)
        finite = numbers[np.isfinite(numbers)]
        self.varies = self.varies or bool(finite.size and finite.min() < finite.max())

    def merge(self, other: Tally) -> None:
        """Count what another tally has seen."""
        self.checksums |= other.checksums
        self.varies = self.varies or other.varies
        self.low, self.high = min(self.low, other.low), max(self.high, other.high)
        self.total += other.total
        self.on_border += other.on_border
        self.others += other.others
        self.counts.update(other.counts)
        self.border_counts.update(other.border_counts)

    def suspects(self) -> Iterator[float]:
        """Yield the constants at the end of the values, or on the border, that are too frequent."""
        if self.low == self.high:
            return
        for value, count in self.counts.items():
            at_end = not self.low < value < self.high
            stands_out = count >= _STANDS_OUT * self.others
            fills = self.border_share(value) >= BORDER_SHARE and (at_end or stands_out)
            often = at_end and value not in _ORDINARY and count >= max(_FEW, _SHARE * self.total)
            if fills or often:
                yield value

    def border_share(self, value: float) -> float:
        """Return the part of the border that a constant fills."""
        return self.border_counts[value] / self.on_border if self.on_border else 0.0


def _known(numbers: Numbers, nodata: float | None) -> Numbers:
    """Return the numbers that are not missing."""
    if numbers.dtype.kind == "f" and numbers.size:
        ends = numbers.min(), numbers.max()  # NaN if any number is
        if not np.isfinite(ends).all():
            numbers = numbers[np.isfinite(numbers)]
    if nodata is None or math.isnan(nodata):
        return numbers
    return numbers[~is_nodata(numbers, nodata)]


def _most_frequent(numbers: Numbers) -> int:
    """Return how often the most frequent number occurs."""
    if not numbers.size:
        return 0
    if numbers.dtype.kind in "iu" and numbers.dtype.itemsize <= np.dtype(np.int16).itemsize:
        shifted = numbers.astype(np.intp) - int(numbers.min())
        return int(np.bincount(shifted).max())
    return int(np.unique(numbers, return_counts=True)[1].max())


def _candidates(dtype: str) -> list[float]:
    """Return the constants that may stand for missing in a raster of a type, by GDAL's name."""
    name = "uint8" if dtype == "Byte" else dtype.lower()
    limits = np.finfo(name) if dtype.startswith("Float") else np.iinfo(name)
    constants = {float(value) for value in (*_USUAL, limits.min, limits.max)}
    return sorted(value for value in constants if can_hold(dtype, value))
