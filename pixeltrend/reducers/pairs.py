"""What compares pairs of values: the scores of Mann-Kendall, and the slopes of Theil and Sen."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pixeltrend.errors import ArgumentError
from pixeltrend.reducers.kernels import load_kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

# Bytes of slopes that a kernel may hold, those of the pixels in its lanes.
_MEMORY = 2**30


class Scores(NamedTuple):
    """What the test knows of each pixel, (P,)."""

    n: Floats
    """Number of values."""
    s: Floats
    """Increasing minus decreasing pairs."""
    pairs: Floats
    """Pairs compared."""
    tied: Floats
    """Pairs of equal values."""
    var_s: Floats
    """Variance of `s` among independent values, made smaller by ties."""
    untied: Floats
    """Square root of pairs times untied pairs, what tau-b divides by."""


def groups(times: Floats, season: str | None) -> NDArray[np.int64]:
    """Return the number of the season of each time, (N,): all the same without seasons."""
    if season is None:
        return np.zeros(len(times), dtype=np.int64)
    year = np.floor(times)
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    day = np.rint((times - year) * np.where(leap, 366, 365)).astype(np.int64)
    first = np.cumsum([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30])
    day -= leap & (day >= first[2])  # 29 February counts as the 28th
    return np.searchsorted(first, day, "right")


def mann_kendall_scores(values: Floats, group: NDArray[np.int64]) -> Scores:
    """Compare every value with each later one of its group.

    ``S = sum of sign(y_j - y_i) over i < j`` and ``var_s = (n (n - 1) (2 n + 5) - sum of
    t (t - 1) (2 t + 5)) / 18`` with t the sizes of the groups of equal values. Several groups
    (seasons) add up.

    Parameters
    ----------
    values
        Values, (N, P); NaN where missing.
    group
        The group of each row, (N,).

    References
    ----------
    Mann, H. B. (1945). Econometrica 13, 245-259.
    Kendall, M. G. (1970). Rank Correlation Methods, 4th ed., chapter 4 (ties).
    Hirsch, R. M., Slack, J. R. and Smith, R. A. (1982). Water Resources Research 18, 107-121
    (seasons).
    """
    kernel = load_kernel("pairs_kernel")
    total = np.zeros((6, values.shape[1]))
    out = np.empty((4, values.shape[1]))
    seasons = np.unique(group)
    for season in seasons:
        rows = values if len(seasons) == 1 else values[group == season]
        kernel.mann_kendall_scores(rows, out)
        n, s, tied, ties = out
        pairs = n * (n - 1) / 2
        var_s = (n * (n - 1) * (2 * n + 5) - ties) / 18
        total += (n, s, pairs, tied, var_s, np.sqrt(pairs) * np.sqrt(pairs - tied))
    return Scores(*total)


def sen_slopes(
    times: Floats, values: Floats, group: NDArray[np.int64], ranks: Floats | None = None
) -> Floats:
    """Return the median slope a year of each pixel, (1 + R, P), and those of `ranks`, (R, P).

    Parameters
    ----------
    times, group
        Decimal year and season of each row, (N,).
    values
        Values, (N, P), float64; NaN where missing.
    ranks
        Ranks among the sorted slopes, counted from 0.

    Raises
    ------
    ArgumentError
        There are so many times that the slopes of a few pixels fill the memory.
    """
    kernel = load_kernel("pairs_kernel")
    sizes = np.bincount(group)
    pairs = int((sizes * (sizes - 1) // 2).sum())
    if 8 * kernel.LANES * pairs > _MEMORY:
        raise ArgumentError(
            f"{len(times)} times make {pairs:,} pairs, too many for theil-sen: take one value a "
            "year, or compare within seasons"
        )
    pixels = values.shape[1]
    if ranks is None:
        ranks = np.empty((0, pixels))
    slopes = np.empty((1 + len(ranks), pixels))
    kernel.sen_slopes(times, group, np.ascontiguousarray(values), ranks, slopes)
    return slopes
