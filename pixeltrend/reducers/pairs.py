"""What compares pairs of values: the scores of Mann-Kendall, and the slopes of Theil and Sen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pixeltrend.errors import ArgumentError
from pixeltrend.reducers.kernels import load_kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pixeltrend.reducers.seasons import Seasons

    Floats = NDArray[np.float64]

# Bytes of slopes that a kernel may hold, those of the pixels in its lanes, and of each of them:
# Float64 and Float32.
_MEMORY = 3 * 2**29
_BYTES = 12
# Years: runs that are shorter, or longer than 1 / this, are not for Float32.
_LEAST_RUN = 1e-30


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


def mann_kendall_scores(
    times: Floats, values: Floats, seasons: Seasons | None = None, *, independent: bool = False
) -> Scores:
    """Compare every value with each later one of its season.

    ``S = sum of sign(y_j - y_i) over x_i < x_j``. With n values in all, N pairs, and t and u the
    numbers of values in groups of equal values and of equal times::

        var_s = (n (n - 1) (2 n + 5) - sum of t (t - 1) (2 t + 5) - sum of u (u - 1) (2 u + 5)) / 18
        both  = sum of t (t - 1) sum of u (u - 1) / (2 n (n - 1))
              + sum of t (t - 1) (t - 2) sum of u (u - 1) (u - 2) / (9 n (n - 1) (n - 2))
        untied = sqrt(N - sum of t (t - 1) / 2) sqrt(N - sum of u (u - 1) / 2)

    Seasons add up: S, its variance, and the covariances between seasons, unless they are taken for
    independent. With R the ranks of the values within their seasons g and h, the mean rank where a
    value is missing, and n years::

        cov(g, h) = (sum over i < j of sign((y_jg - y_ig) (y_jh - y_ih))
                     + 4 sum over i of R_ig R_ih - n (n_g + 1) (n_h + 1)) / 3

    Parameters
    ----------
    times
        Decimal years, (N,), increasing; several values may have one time.
    values
        Values, (N, P); NaN where missing.
    seasons
        The season and the year of each value, one value each: only those of one season are
        compared.
    independent
        Whether the seasons do not vary together.

    References
    ----------
    Mann, H. B. (1945). Econometrica 13, 245-259.
    Kendall, M. G. (1970). Rank Correlation Methods, 4th ed., chapters 3 and 4 (ties).
    Hirsch, R. M., Slack, J. R. and Smith, R. A. (1982). Water Resources Research 18, 107-121
    (seasons). Hirsch, R. M. and Slack, J. R. (1984). Water Resources Research 20, 727-732 (the
    covariance between them).
    `scipy.stats.kendalltau` for ties in both.
    """
    if seasons is None:
        return Scores(*_scores(times, values))
    total = np.zeros((7, values.shape[1]))
    for number in np.unique(seasons.number):
        rows = seasons.number == number
        total += _scores(times[rows], values[rows])
    scores = Scores(*total)
    return scores if independent else scores._replace(var_s=_seasonal_variance(values, seasons))


def _seasonal_variance(values: Floats, seasons: Seasons) -> Floats:
    """Return the variance of the S of all seasons, (P,), with the covariances between them."""
    years, year = np.unique(seasons.year, return_inverse=True)
    numbers, number = np.unique(seasons.number, return_inverse=True)
    rows = np.full((len(years), len(numbers)), len(values))
    rows[year, number] = np.arange(len(values))
    variance = np.empty(values.shape[1])
    load_kernel("pairs_kernel").seasonal_variance(np.ascontiguousarray(values), rows, variance)
    return variance


def _scores(times: Floats, values: Floats) -> list[Floats]:
    """Return the fields of `Scores` for one season."""
    n, s, equal, ties = _compare(values)
    pairs, var_s = n * (n - 1) / 2, n * (n - 1) * (2 * n + 5) - ties
    distinct, counts = np.unique(times, return_counts=True)
    if len(distinct) == len(times):
        both = np.zeros(len(n))
        return [n, s, pairs, equal, var_s / 18, both, np.sqrt(pairs) * np.sqrt(pairs - equal)]
    one_time, both_equal, triples, ties_in_time = np.zeros((4, values.shape[1]))
    for time in distinct[counts > 1]:
        u, s_within, equal_within, _ = _compare(values[times == time])
        s -= s_within
        one_time += u * (u - 1) / 2
        both_equal += equal_within
        triples += u * (u - 1) * (u - 2)
        ties_in_time += u * (u - 1) * (2 * u + 5)
    # The kernel sums t (t - 1) (2 t + 5), which is 2 t (t - 1) (t - 2) + 9 t (t - 1).
    both = 2 * one_time * equal / np.maximum(n * (n - 1), 1)
    both += triples * (ties / 2 - 9 * equal) / np.maximum(9 * n * (n - 1) * (n - 2), 1)
    return [
        n,
        s,
        pairs - one_time,
        equal + one_time - both_equal,
        (var_s - ties_in_time) / 18,
        both,
        np.sqrt(pairs - one_time) * np.sqrt(pairs - equal),
    ]


def _compare(values: Floats) -> Floats:
    """Return what the kernel counts in `values`, (N, P), as (4, P)."""
    out = np.empty((4, values.shape[1]))
    load_kernel("pairs_kernel").mann_kendall_scores(values, out)
    return out


def sen_slopes(
    times: Floats,
    values: Floats,
    seasons: Seasons | None = None,
    ranks: Floats | None = None,
    *,
    median: Floats | None = None,
) -> Floats:
    """Return the median slope a year of each pixel, (1 + R, P), and those of `ranks`, (R, P).

    Pairs of one time have no slope and do not count.

    Parameters
    ----------
    times
        Decimal years, (N,), increasing; several values may have one time.
    values
        Values, (N, P), float64; NaN where missing.
    seasons
        The season of each value: only slopes between values of one season are taken.
    ranks
        Ranks among the sorted slopes, counted from 0.
    median
        The median slopes, (P,), where they are known.

    Raises
    ------
    ArgumentError
        There are so many times that the slopes of a few pixels fill the memory.
    """
    group = np.zeros(len(times), dtype=np.int64) if seasons is None else seasons.number
    return slopes_within(times, group, values, ranks, median=median)


def slopes_within(
    times: Floats,
    group: NDArray[np.integer[Any]],
    values: Floats,
    ranks: Floats | None = None,
    *,
    median: Floats | None = None,
) -> Floats:
    """Return what `sen_slopes` does, of slopes between values of one group each."""
    kernel = load_kernel("sen_kernel")
    sizes = np.bincount(group)
    count = int((sizes * (sizes - 1) // 2).sum())
    if _BYTES * kernel.LANES * count > _MEMORY:
        raise ArgumentError(
            f"{len(times)} times make {count:,} pairs, too many for theil-sen: take one value a "
            "year, or compare within seasons"
        )
    pixels = values.shape[1]
    if ranks is None:
        ranks = np.empty((0, pixels))
    slopes = np.empty((1 + len(ranks), pixels))
    if median is not None:
        slopes[0] = median
    early, late = np.triu_indices(len(times), 1)
    paired = (group[early] == group[late]) & (times[early] < times[late])
    early, late = early[paired], late[paired]
    words = -(-len(early) // 64)
    pairs = np.zeros((2, 64 * words), dtype=np.uint64)
    pairs[:, : len(early)] = early, late
    run = np.full(64 * words, np.nan)
    run[: len(early)] = times[late] - times[early]
    part = np.full(len(run), np.nan, dtype=np.float32)
    x = np.zeros(len(times), dtype=np.float32)
    if len(early) and run[: len(early)].min() > _LEAST_RUN and np.ptp(times) < 1 / _LEAST_RUN:
        part[:] = 1 / run
        x[:] = times - times.mean()
    lanes = kernel.LANES
    kernel.sen_slopes(
        x,
        *pairs,
        run,
        part,
        bool(paired.all()),
        np.ascontiguousarray(values),
        ranks,
        median is not None,
        slopes,
        *(
            np.zeros((rows, lanes), dtype)
            for rows, dtype in (
                (len(times), np.float32),
                (-(-len(early) // 32) * 32, np.float32),
                (2 * words, np.int32),
                (words + 1, np.uint64),
                (len(times), np.float64),
                (64 * words + kernel.AHEAD, np.float64),
                (11, np.float32),
                (8, np.int32),
            )
        ),
        np.zeros(lanes, dtype=np.int64),
        np.zeros((10, lanes)),
    )
    return slopes
