"""What compares pairs of values: the scores of Mann-Kendall, and the slopes of Theil and Sen."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pixeltrend.errors import ArgumentError
from pixeltrend.reducers.kernels import load_kernel
from pixeltrend.reducers.steps import months

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
    """Pairs of different times."""
    tied: Floats
    """Pairs of equal values or of one time, which neither increase nor decrease."""
    var_s: Floats
    """Variance of `s` among independent values, made smaller by ties."""
    both: Floats
    """What ties of values and ties of times together add to it."""
    untied: Floats
    """What tau-b divides by."""


def groups(times: Floats, season: str | None) -> NDArray[np.int64]:
    """Return the number of the season of each time, (N,): all the same without seasons."""
    if season is None:
        return np.zeros(len(times), dtype=np.int64)
    return months(times)


def mann_kendall_scores(times: Floats, values: Floats, season: str | None = None) -> Scores:
    """Compare every value with each later one of its season.

    ``S = sum of sign(y_j - y_i) over x_i < x_j``. With n values in all, N pairs, and t and u the
    numbers of values in groups of equal values and of equal times::

        var_s = (n (n - 1) (2 n + 5) - sum of t (t - 1) (2 t + 5) - sum of u (u - 1) (2 u + 5)) / 18
        both  = sum of t (t - 1) sum of u (u - 1) / (2 n (n - 1))
              + sum of t (t - 1) (t - 2) sum of u (u - 1) (u - 2) / (9 n (n - 1) (n - 2))
        untied = sqrt(N - sum of t (t - 1) / 2) sqrt(N - sum of u (u - 1) / 2)

    Seasons add up.

    Parameters
    ----------
    times
        Decimal years, (N,), increasing; several values may have one time.
    values
        Values, (N, P); NaN where missing.
    season
        "month" compares values of the same month only.

    References
    ----------
    Mann, H. B. (1945). Econometrica 13, 245-259.
    Kendall, M. G. (1970). Rank Correlation Methods, 4th ed., chapters 3 and 4 (ties).
    Hirsch, R. M., Slack, J. R. and Smith, R. A. (1982). Water Resources Research 18, 107-121
    (seasons).
    `scipy.stats.kendalltau` for ties in both.
    """
    group = groups(times, season)
    total = np.zeros((7, values.shape[1]))
    numbers = np.unique(group)
    for number in numbers:
        if len(numbers) == 1:
            return Scores(*_scores(times, values))
        total += _scores(times[group == number], values[group == number])
    return Scores(*total)


def _scores(times: Floats, values: Floats) -> list[Floats]:
    """Return the fields of `Scores` for one season."""
    n, s, equal, ties = _compare(values)
    one_time, both_equal, triples, ties_in_time = np.zeros((4, values.shape[1]))
    distinct, counts = np.unique(times, return_counts=True)
    for time in distinct[counts > 1]:
        u, s_within, equal_within, _ = _compare(values[times == time])
        s -= s_within
        one_time += u * (u - 1) / 2
        both_equal += equal_within
        triples += u * (u - 1) * (u - 2)
        ties_in_time += u * (u - 1) * (2 * u + 5)
    pairs = n * (n - 1) / 2
    # The kernel sums t (t - 1) (2 t + 5), which is 2 t (t - 1) (t - 2) + 9 t (t - 1).
    both = 2 * one_time * equal / np.maximum(n * (n - 1), 1)
    both += triples * (ties / 2 - 9 * equal) / np.maximum(9 * n * (n - 1) * (n - 2), 1)
    return [
        n,
        s,
        pairs - one_time,
        equal + one_time - both_equal,
        (n * (n - 1) * (2 * n + 5) - ties - ties_in_time) / 18,
        both,
        np.sqrt(pairs - one_time) * np.sqrt(pairs - equal),
    ]


def _compare(values: Floats) -> Floats:
    """Return what the kernel counts in `values`, (N, P), as (4, P)."""
    out = np.empty((4, values.shape[1]))
    load_kernel("pairs_kernel").mann_kendall_scores(values, out)
    return out


def sen_slopes(
    times: Floats, values: Floats, season: str | None = None, ranks: Floats | None = None
) -> Floats:
    """Return the median slope a year of each pixel, (1 + R, P), and those of `ranks`, (R, P).

    Pairs of one time have no slope and do not count.

    Parameters
    ----------
    times
        Decimal years, (N,), increasing; several values may have one time.
    values
        Values, (N, P), float64; NaN where missing.
    season
        "month" takes the slopes between values of the same month only.
    ranks
        Ranks among the sorted slopes, counted from 0.

    Raises
    ------
    ArgumentError
        There are so many times that the slopes of a few pixels fill the memory.
    """
    kernel = load_kernel("pairs_kernel")
    group = groups(times, season)
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
