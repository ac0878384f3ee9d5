"""Any function of one pixel's series, called pixel by pixel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pixeltrend.reducers import BandInfo

PairsFunction = Callable[["NDArray[np.float64]"], Any]


def pairs(times: NDArray[np.float64], values: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Stack (N,) times and (N, P) values into the (P, N, 2) array of (time, value) pairs."""
    result = np.empty((values.shape[1], values.shape[0], 2))
    result[..., 0] = times
    result[..., 1] = values.T
    return result


@dataclass(frozen=True, slots=True)
class PixelFunction:
    """Calls `function` with the (N, 2) pairs of each pixel that has enough values."""

    function: PairsFunction
    """Takes the (n, 2) array of a pixel's valid (time, value) pairs; gives a number or a sequence.

    Picklable: a function of a module, or a `functools.partial` of one.
    """
    bands: tuple[BandInfo, ...]
    """What the numbers are."""
    method: str
    """Name of the method."""
    min_valid: int
    """A pixel with fewer values gets NaN."""
    max_pixels: int | None = 4096

    def reduce(
        self, times: NDArray[np.float64], values: NDArray[np.floating[Any]]
    ) -> NDArray[np.float64]:
        """Reduce `values` (N, P), NaN where missing, at `times` (N,) to (bands, P)."""
        result = np.full((len(self.bands), values.shape[1]), np.nan)
        valid = ~np.isnan(values)
        enough = np.flatnonzero(valid.sum(axis=0) >= self.min_valid)
        for pixel, series in zip(enough, pairs(times, values[:, enough]), strict=True):
            result[:, pixel] = self.function(series[valid[:, pixel]])
        return result
