"""Statistics of a band, exact, as GDAL keeps them in its metadata.

They are sums of sums over segments, which are so many columns of one row. Whoever has a part of a
raster that is cut between segments can sum it up: the same segments in the same order give the same
bits, whoever did.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pixeltrend.raster.windows import Window

    # (5, bands, rows, segments): number, smallest, largest, sum and sum of squares of the values.
    Sums = NDArray[np.float64]

# Columns of a segment; the last one of a row may have fewer.
_COLUMNS = 256
# Columns of a window that is worth summing up on its own: the sums of fewer are as long as they.
_FEWEST = 64
# Values that are summed up at a time, which stay in a core's cache.
_VALUES = 2**16
# Bytes of sums for each value of a window, at most.
BYTES_A_VALUE = 1


def has_segments(window: Window, width: int) -> bool:
    """Return whether a window is cut between segments, of a raster of so many columns."""
    end = window.col_off + window.width
    cut = window.col_off % _COLUMNS == 0 and (end % _COLUMNS == 0 or end == width)
    return cut and window.width >= _FEWEST


def segments(window: Window) -> slice:
    """Return which segments of its rows a window has that is cut between them."""
    return slice(window.col_off // _COLUMNS, -(-(window.col_off + window.width) // _COLUMNS))


def segment_sums(values: NDArray[np.floating[Any]]) -> Sums:
    """Return the sums of each segment of `values`, (bands, rows, columns), NaN left out.

    The first column is that of a segment.
    """
    bands, rows, columns = values.shape
    whole = columns - columns % _COLUMNS
    sums = np.empty((5, bands, rows, -(-columns // _COLUMNS)))
    parts = [(slice(0, whole), slice(0, whole // _COLUMNS), _COLUMNS)] if whole else []
    if whole < columns:
        parts.append((slice(whole, columns), slice(whole // _COLUMNS, None), columns - whole))
    with np.errstate(invalid="ignore", over="ignore"):  # of infinite values
        for of_values, of_sums, length in parts:
            step = max(1, _VALUES // (of_values.stop - of_values.start))
            for band in range(bands):
                for row in range(0, rows, step):
                    part = values[band, row : row + step, of_values]
                    part = part.reshape(len(part), -1, length)
                    _sum_up(part, sums[:, band, row : row + step, of_sums])
    return sums


def _sum_up(values: NDArray[np.floating[Any]], sums: Sums) -> None:
    """Fill `sums`, (5, rows, segments), for `values`, (rows, segments, columns)."""
    missing = np.isnan(values)
    sums[0] = values.shape[-1]
    sums[1] = np.fmin.reduce(values, axis=-1)
    sums[2] = np.fmax.reduce(values, axis=-1)
    if missing.any():
        sums[0] -= missing.view(np.uint8).sum(axis=-1, dtype=np.uint32)
        values = np.where(missing, 0, values)
    doubles = values.astype(np.float64)
    sums[3] = doubles.sum(axis=-1)
    sums[4] = np.einsum("...i,...i->...", doubles, doubles)


class BandStatistics:
    """Smallest and largest value, mean and standard deviation of what was added, NaN left out.

    References
    ----------
    Chan, T. F., Golub, G. H. and LeVeque, R. J. (1983). The American Statistician 37, 242-247.
    """

    def __init__(self) -> None:
        self.low, self.high = math.inf, -math.inf
        """Smallest and largest value."""
        self.valid = 0
        """Values that are no NaN."""
        self._pixels = 0
        self._mean = self._squares = 0.0

    def add(self, sums: Sums, pixels: int) -> None:
        """Take up the sums, (5, rows, segments), of so many pixels of the band."""
        self._pixels += pixels
        valid, low, high, total, squares = sums[:, sums[0] > 0]
        if not valid.size:
            return
        self.low = min(self.low, float(low.min()))
        self.high = max(self.high, float(high.max()))
        added = float(valid.sum())
        count = self.valid + added
        with np.errstate(invalid="ignore", over="ignore"):  # of infinite values
            means = total / valid
            within = np.where(low < high, squares - total * means, 0.0)
            mean = float(total.sum()) / added
            step = mean - self._mean
            self._squares += float(np.maximum(within, 0.0).sum())
            self._squares += float((valid * (means - mean) ** 2).sum())
            self._squares += step * step * self.valid * added / count
            self._mean += step * added / count
        self.valid = int(count)

    def items(self) -> dict[str, str]:
        """Return the metadata items; none without values, or with infinite ones."""
        if not self.valid or not math.isfinite(self._mean) or not math.isfinite(self._squares):
            return {}
        numbers = {
            "MAXIMUM": repr(self.high),
            "MEAN": f"{self._mean:.12g}",
            "MINIMUM": repr(self.low),
            "STDDEV": f"{math.sqrt(self._squares / self.valid):.12g}",
            "VALID_PERCENT": f"{100 * self.valid / self._pixels:.4g}",
        }
        return {f"STATISTICS_{name}": text for name, text in numbers.items()}
