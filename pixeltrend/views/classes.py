"""Classes of a map: their limits, how many values each holds, and how dark each is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_PALEST = 0.3


def class_limits(
    values: NDArray[np.floating[Any]], classes: int, scheme: str
) -> NDArray[np.float64]:
    """Return the limits of classes: the smallest value, the limits between classes, the largest.

    A class holds the values above its lower limit, up to and including its upper limit; the first
    one holds the smallest value too. All limits of quantiles are values that occur, and
    without ties no two classes differ by more than one value. Equal limits are merged, so ties can
    make fewer classes than asked for.

    Parameters
    ----------
    values
        (N,), NaN where missing, one at least valid. They are put in another order.
    classes
        How many.
    scheme
        "quantiles": as many values in each. "equal": as wide as each other.

    Returns
    -------
    limits
        One more than there are classes, (K + 1,), never falling.
    """
    parts = classes if scheme == "quantiles" else 1
    valid = len(values) - np.count_nonzero(np.isnan(values))
    # Whole numbers: np.quantile multiplies floats, and can be one value off (77 values, 9/11).
    ranks = np.array([0, *(-(-valid * part // parts) - 1 for part in range(1, parts + 1))])
    values.partition(ranks)  # NaN come last
    limits = values[ranks].astype(np.float64) + 0.0  # there is one zero
    if scheme == "equal":
        low, high = limits
        # In halves: no float may hold the width.
        limits = np.clip(2 * np.linspace(low / 2, high / 2, classes + 1), low, high)
    low, *inner, high = limits
    return np.array([low, *(limit for limit in dict.fromkeys(inner) if limit < high), high])


def class_counts(
    values: NDArray[np.floating[Any]], limits: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Return how many of the values each class holds, (K,)."""
    limits = limits[1:, np.newaxis]  # arrays: a bare number would be rounded to the values' type
    return np.diff([0, *(np.count_nonzero(values <= limit) for limit in limits)])


def class_numbers(values: NDArray[Any], limits: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return the class of each value, from 0; of a missing one, the number of classes."""
    numbers = np.searchsorted(limits[1:-1], values, side="left")
    numbers[np.isnan(values)] = len(limits) - 1
    return numbers


def class_shades(
    values: NDArray[np.floating[Any]], limits: NDArray[np.float64], scheme: str
) -> NDArray[np.float64]:
    """Return where each class lies on a ramp centred on zero.

    A class is as dark as its middle is distant from zero, by one measure for both sides: a dark
    class below and a pale one above mean fast decreases and slow increases, however lopsided
    the values are. For quantiles, the middle is the median, and its distance the share of values
    that lie closer to zero. For equal classes, both are plain numbers. The darkest class has 1.

    Parameters
    ----------
    values
        Values of any shape, NaN where missing; a sample of them will do.
    limits
        As from `class_limits`, (K + 1,).
    scheme
        As for `class_limits`.

    Returns
    -------
    shades
        (K,), negative for classes below zero, positive above, 0 for a class that zero belongs to.
    """
    lower, upper = limits[:-1], limits[1:]
    above = lower >= 0
    above[0] = lower[0] > 0  # the first class holds its lower limit
    below = upper < 0
    middles = lower / 2 + upper / 2
    if scheme == "quantiles":
        numbers = class_numbers(values, limits)
        for number in np.unique(numbers[numbers < len(middles)]):
            middles[number] = np.median(values[numbers == number])
        ordered = np.sort(np.abs(values[np.isfinite(values)]))
        middles = np.searchsorted(ordered, np.abs(middles)) / max(1, len(ordered))
    distances = np.abs(middles)
    coloured = above | below
    largest = distances[coloured].max(initial=0)
    depth = distances / largest if largest > 0 else np.ones_like(distances)
    return np.where(coloured, (above * 1.0 - below) * (_PALEST + (1 - _PALEST) * depth), 0.0)


def thin(values: NDArray[np.floating[Any]], side: int) -> NDArray[np.floating[Any]]:
    """Return the values that a picture shows: those at the centres of its pixels.

    Parameters
    ----------
    values
        (rows, columns).
    side
        Pixels on the longer side of the picture, at most.
    """
    step = max(1.0, max(values.shape) / side)
    counts = [max(1, round(length / step)) for length in values.shape]
    centres = [
        ((np.arange(count) + 0.5) * length / count).astype(np.int64)
        for count, length in zip(counts, values.shape, strict=True)
    ]
    return values[np.ix_(*centres)]
