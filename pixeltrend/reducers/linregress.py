"""The reference: `scipy.stats.linregress`, pixel by pixel."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def linregress_slope(pairs: NDArray[np.float64]) -> float:
    """Give the least-squares slope of the (N, 2) array of (time, value) pairs of one pixel.

    References
    ----------
    `scipy.stats.linregress`
    """
    from scipy.stats import linregress  # in the worker, and only for this method

    return float(linregress(pairs[:, 0], pairs[:, 1]).slope)
