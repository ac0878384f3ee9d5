"""Statistics of a band, exact, as GDAL keeps them in its metadata.

They are sums of sums over segments, which are so many columns of one row. Whoever has a part of a
raster that is cut between segments can sum it up: the same segments in the same order give the same
bits, whoever did.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pixeltrend.raster.windows import Window

    Floats = NDArray[np.float64]

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


class Sums(NamedTuple):
    """What is summed up of a part of a raster, NaN left out."""

    totals: Floats
    """Number, sum and sum of squares of the values of each segment, (3, bands, rows, segments)."""
    low: Floats
    """The smallest value, (bands,); NaN if there is none."""
    high: Floats
    """The largest value, (bands,)."""

    def band(self, number: int) -> Sums:
        """Return those of one band."""
        rows = slice(number, number + 1)
        return Sums(self.totals[:, rows], self.low[rows], self.high[rows])


def segment_sums(values: NDArray[np.floating[Any]]) -> Sums:
    """Return the sums of `values`, (bands, rows, columns), whose first column is a segment's."""
    bands, rows, columns = values.shape
    whole = columns - columns % _COLUMNS
    sums = Sums(np.empty((3, bands, rows, -(-columns // _COLUMNS))), *np.full((2, bands), np.nan))
    parts = [(slice(0, whole), slice(0, whole // _COLUMNS), _COLUMNS)] if whole else []
    if whole < columns:
        parts.append((slice(whole, columns), slice(whole // _COLUMNS, None), columns - whole))
    with np.errstate(invalid="ignore", over="ignore"):  # of infinite values
        for of_values, of_sums, length in parts:
            step = max(1, _VALUES // (of_values.stop - of_values.start))
            for band in range(bands):
                for row in range(0, rows, step):
                    part = values[band, row : row + step, of_values]
                    sums.low[band] = np.fmin(sums.low[band], np.fmin.reduce(part, axis=None))
                    sums.high[band] = np.fmax(sums.high[band], np.fmax.reduce(part, axis=None))
                    part = part.reshape(len(part), -1, length)
                    _sum_up(part, sums.totals[:, band, row : row + step, of_sums])
    return sums


def _sum_up(values: NDArray[np.floating[Any]], totals: Floats) -> None:
    """Fill `totals`, (3, rows, segments), for `values`, (rows, segments, columns)."""
    missing = np.isnan(values)
    totals[0] = values.shape[-1]
    if missing.any():
        totals[0] -= missing.view(np.uint8).sum(axis=-1, dtype=np.uint32)
        values = np.where(missing, 0, values)
    doubles = values.astype(np.float64)
    totals[1] = doubles.sum(axis=-1)
    totals[2] = np.einsum("...i,...i->...", doubles, doubles)


class BandStatistics:
    """Smallest and largest value, mean and standard deviation of what was added, NaN left out.

    References
    ----------
    Chan, T. F., Golub, G. H. and LeVeque, R. J. (1983). The American Statistician 37, 242-247.
    """

    def __init__(self) -> None:
        self.low = self.high = math.nan
        """Smallest and largest value; NaN before there is one."""
        self.valid = 0
        """Values that are no NaN."""
        self._pixels = 0
        self._mean = self._squares = 0.0

    def add(self, sums: Sums, pixels: int) -> None:
        """Take up the sums of so many pixels of the band."""
        self._pixels += pixels
        self.low = float(np.fmin(self.low, sums.low[0]))
        self.high = float(np.fmax(self.high, sums.high[0]))
        valid, total, squares = sums.totals[:, sums.totals[0] > 0]
        if not valid.size:
            return
        added = float(valid.sum())
        count = self.valid + added
        with np.errstate(invalid="ignore", over="ignore"):  # of infinite values
            means = total / valid
            mean = float(total.sum()) / added
            step = mean - self._mean
            self._squares += float(np.maximum(squares - total * means, 0.0).sum())
            self._squares += float((valid * (means - mean) ** 2).sum())
            self._squares += step * step * self.valid * added / count
            self._mean += step * added / count
        self.valid = int(count)

    def items(self) -> dict[str, str]:
        """Return the metadata items; none without values, or with infinite ones."""
        if not self.valid or not math.isfinite(self._mean) or not math.isfinite(self._squares):
            return {}
        # What rounding leaves of the squares of a constant is not a deviation.
        squares = self._squares if self.low < self.high else 0.0
        numbers = {
            "MAXIMUM": repr(self.high),
            "MEAN": f"{self._mean:.12g}",
            "MINIMUM": repr(self.low),
            "STDDEV": f"{math.sqrt(squares / self.valid):.12g}",
            "VALID_PERCENT": f"{100 * self.valid / self._pixels:.4g}",
        }
        return {f"STATISTICS_{name}": text for name, text in numbers.items()}
