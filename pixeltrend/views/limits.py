"""Limits of classes: where they lie, how many values each class holds, how dark each is drawn."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_PALEST = 0.3
# Values that are enough to see how dark a class is.
_FOR_SHADES = 2**15
# Nothing in a raster is closer to zero: the class above it, up to zero, holds zeros alone.
BELOW_ZERO = -1e-300
# Part of the values that must be zeros for a class of their own.
_MANY_ZEROS = 0.005
# Part of an even class that is too little for one.
_SLIVER = 0.25
# Part of the values that the steps of symmetric limits reach over.
_WITHIN = 0.98
_ROUND = (1.0, 2.0, 2.5, 5.0, 10.0)


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
        (N,), NaN where missing, one at least valid. They are sorted.
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
    values.sort()  # NaN come last; faster than a partition at several ranks
    limits = values[ranks].astype(np.float64) + 0.0  # there is one zero
    if scheme == "equal":
        low, high = limits
        # In halves: no float may hold the width.
        limits = np.clip(2 * np.linspace(low / 2, high / 2, classes + 1), low, high)
    low, *inner, high = limits
    return np.array([low, *(limit for limit in dict.fromkeys(inner) if limit < high), high])


def divided_at_zero(
    limits: NDArray[np.float64], values: NDArray[np.floating[Any]], *, split: bool
) -> NDArray[np.float64]:
    """Return limits whose classes lie on one side of zero each; many zeros have their own.

    A limit that would leave next to nothing between itself and zero becomes zero.

    Parameters
    ----------
    limits
        As from `class_limits`, (K + 1,).
    values
        Those that they are limits of, NaN where missing.
    split
        Whether a class that zero lies within is divided there.
    """
    low, *inner, high = limits.tolist()
    if not low <= 0 <= high or low == high:
        return limits
    valid = int((~np.isnan(values)).sum())
    if split and low < 0 < high and 0.0 not in inner:
        below = max([low, *(limit for limit in inner if limit < 0)])
        above = min([high, *(limit for limit in inner if limit > 0)])
        few = valid * _SLIVER / (len(limits) - 1)
        if below in inner and int(((values > below) & (values <= 0)).sum()) <= few:
            inner.remove(below)
        elif above in inner and int(((values > 0) & (values <= above)).sum()) <= few:
            inner.remove(above)
        inner.append(0.0)
    zeros = int((values == 0).sum())
    if zeros >= _MANY_ZEROS * valid and zeros and (0.0 in inner or split):
        inner += [BELOW_ZERO] * (low < 0) + [0.0] * (high > 0)
    return np.array([low, *sorted(set(inner)), high])


def symmetric_limits(
    values: NDArray[np.floating[Any]], classes: int, ends: tuple[float, float]
) -> NDArray[np.float64]:
    """Return limits in equal, round steps to both sides of zero; the outer classes hold the rest.

    Parameters
    ----------
    values
        (N,), NaN where missing; the steps reach over 98 % of them.
    classes
        How many; of an odd number, the middle one lies around zero.
    ends
        Smallest and largest value.
    """
    most = float(np.nanquantile(np.abs(values), _WITHIN)), max(map(abs, ends)), 1.0
    step = _rounded_up(2 * (next(reach for reach in most if reach > -BELOW_ZERO) / classes))
    limits = np.linspace(-classes / 2, classes / 2, classes + 1) * step + 0.0
    limits[0], limits[-1] = min(limits[0], ends[0]), max(limits[-1], ends[1])
    return limits


def given_limits(limits: Sequence[float], ends: tuple[float, float]) -> NDArray[np.float64]:
    """Return limits that somebody chose, and the smallest and largest value where they lie beyond.

    The first class holds its lower limit.
    """
    low, high = ends
    return np.array([*[low] * (low < limits[0]), *limits, *[high] * (high > limits[-1])]) + 0.0


def whole_limits(
    values: NDArray[np.floating[Any]], most: int, classes: int, ends: tuple[float, float]
) -> NDArray[np.float64] | None:
    """Return limits for whole numbers: a class each if there are few, else quantiles.

    Parameters
    ----------
    values
        (N,), NaN where missing. They are sorted.
    most
        Different numbers that have a class each.
    classes
        How many there are of more numbers.
    ends
        Smallest and largest value.

    Returns
    -------
    limits
        None if the numbers are not whole.
    """
    if not (np.isnan(values) | (values == np.rint(values))).all():
        return None
    different = np.unique(np.append(values[~np.isnan(values)], ends)).astype(np.float64)
    if len(different) <= most:
        return np.array([different[0], *different])
    return class_limits(values, classes, "quantiles")


def _rounded_up(step: float) -> float:
    """Return the smallest round number that is not below a positive one."""
    power = 10.0 ** math.floor(math.log10(step))
    return next(power * digit for digit in _ROUND if power * digit >= step * (1 - 1e-9))


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
        (K,), negative for classes below zero, positive above, 0 for one that zero lies within or
        that holds zeros alone.
    """
    values = values.reshape(-1)[:: max(1, values.size // _FOR_SHADES)]
    lower, upper = limits[:-1], limits[1:]
    above = (lower >= 0) & (upper > 0)
    below = (upper <= 0) & (lower < BELOW_ZERO)
    middles = lower / 2 + upper / 2
    if scheme == "quantiles":
        numbers = class_numbers(values, limits)
        for number in range(len(middles)):
            if len(members := values[numbers == number]):
                # A value that occurs: the mean of two may be too large for a float.
                middles[number] = np.quantile(members, 0.5, method="lower")
        ordered = np.sort(np.abs(values[np.isfinite(values)]))
        middles = np.searchsorted(ordered, np.abs(middles)) / max(1, len(ordered))
    distances = np.abs(middles)
    coloured = above | below
    largest = distances[coloured].max(initial=0)
    depth = distances / largest if largest > 0 else np.ones_like(distances)
    return np.where(coloured, (above * 1.0 - below) * (_PALEST + (1 - _PALEST) * depth), 0.0)
