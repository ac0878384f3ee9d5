"""Statistics of a band, exact, as GDAL keeps them in its metadata."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


class BandStatistics:
    """Smallest and largest value, mean and standard deviation of what was added, NaN left out.

    Equal rows in equal order give equal bits: sums are of double precision, merged row by row.

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

    def add(self, values: NDArray[np.floating[Any]]) -> None:
        """Take up values of any shape."""
        self._pixels += values.size
        missing = np.isnan(values)
        valid = values[~missing] if missing.any() else values.reshape(-1)
        if not valid.size:
            return
        self.low = min(self.low, float(valid.min()))
        self.high = max(self.high, float(valid.max()))
        count = self.valid + valid.size
        with np.errstate(invalid="ignore", over="ignore"):  # of infinite values
            mean = float(valid.mean(dtype=np.float64))
            distances = valid - np.float64(mean)
            distances *= distances
            step = mean - self._mean
            self._squares += float(distances.sum())
            self._squares += step * step * self.valid * valid.size / count
            self._mean += step * valid.size / count
        self.valid = count

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
