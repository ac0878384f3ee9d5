"""A function of one pixel that is Python from end to end, for `pixeltrend map`."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from numpy.typing import NDArray


def slope(x: NDArray[float], y: NDArray[float]) -> float:
    """Return the least-squares slope."""
    return statistics.linear_regression(x.tolist(), y.tolist()).slope
