"""A function of one's own: the median of the slopes between all pairs of years.

pixeltrend map examples/theil_sen.py:theil_sen 'exports/*.tiff' -o sen.tif
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def theil_sen(pairs: NDArray[np.float64]) -> float:
    """Give the Theil-Sen slope of (n, 2) pairs of time and value.

    References
    ----------
    Sen, P. K. (1968). Estimates of the regression coefficient based on Kendall's tau. Journal of
    the American Statistical Association 63, 1379-1389.
    """
    slopes = [(y2 - y1) / (x2 - x1) for (x1, y1), (x2, y2) in itertools.combinations(pairs, 2)]
    return float(np.median(slopes)) if slopes else np.nan
