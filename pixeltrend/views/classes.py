"""Classes of a map: their limits, how many values each holds, and how dark each is drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from pixeltrend.errors import ArgumentError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pixeltrend.raster.windows import Window

SCHEMES = ("quantiles", "equal")

# Called again for every pass: what is too large for memory is read more than once.
Chunks = Callable[[], Iterable["NDArray[np.floating[Any]]"]]

_DIGIT = 16  # bits of a value that one pass looks at
_PALEST = 0.3


def class_limits(
    values: NDArray[np.floating[Any]] | Chunks, *, classes: int = 5, scheme: str = "quantiles"
) -> NDArray[np.float64]:
    """Find the limits of classes: the smallest value, the limits between classes, the largest.

    A class holds the values above its lower limit, up to and including its upper limit; the first
    one holds the smallest value too. All limits of quantiles are values that occur, and
    without ties no two classes differ by more than one value. Equal limits are merged, so ties can
    make fewer classes than asked for.

    Parameters
    ----------
    values
        Values of any shape, NaN or infinite where missing. Or a function that gives them in chunks
        of one type, the same at each call: memory does not grow with the number of values.
    classes
        How many.
    scheme
        "quantiles": as many values in each. "equal": as wide as each other.

    Returns
    -------
    limits
        One more than there are classes, (K + 1,), never falling.

    Raises
    ------
    ArgumentError
        There is no such scheme, no class is wanted, or no value is valid.
    """
    if scheme not in SCHEMES:
        raise ArgumentError(f"no scheme {scheme!r}; there are {', '.join(SCHEMES)}")
    if classes < 1:
        raise ArgumentError(f"{classes} classes: at least one is wanted")
    chunks: Chunks = values if callable(values) else lambda: [values]
    if scheme == "quantiles":
        limits = _order_statistics(chunks, classes)
    else:
        low, high = _order_statistics(chunks, 1)
        # In halves: no float may hold the width.
        limits = np.clip(2 * np.linspace(low / 2, high / 2, classes + 1), low, high)
    low, *inner, high = limits
    kept = [limit for limit in dict.fromkeys(inner) if limit < high]
    return np.array([low, *kept, high])


def class_numbers(values: NDArray[Any], limits: NDArray[np.float64]) -> NDArray[np.intp]:
    """Give the class of each value, from 0; of a missing one, the number of classes."""
    numbers = np.searchsorted(limits[1:-1], values, side="left")
    numbers[~np.isfinite(values)] = len(limits) - 1
    return numbers


def class_shades(
    values: NDArray[np.floating[Any]], limits: NDArray[np.float64], scheme: str
) -> NDArray[np.float64]:
    """Say how each class is drawn on a ramp centred on zero.

    A class is as dark as its middle is far from zero, by one measure for both sides: a dark class
    below and a pale one above mean fast decreases and slow increases, however lopsided
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
    above[0] = lower[0] > 0  # it holds its lower limit
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
    farthest = distances[coloured].max(initial=0)
    depth = distances / farthest if farthest > 0 else np.ones_like(distances)
    return np.where(coloured, (above * 1.0 - below) * (_PALEST + (1 - _PALEST) * depth), 0.0)


def count_and_thin(
    windows: Iterable[tuple[Window, NDArray[np.floating[Any]]]],
    limits: NDArray[np.float64],
    shape: tuple[int, int],
    side: int,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Count the values in each class, and keep those that a picture shows.

    Parameters
    ----------
    windows
        Windows that cover all rows and columns, each with its values.
    limits
        As from `class_limits`, (K + 1,).
    shape
        Rows and columns.
    side
        Pixels on the longer side of the picture, at most.

    Returns
    -------
    counts
        (K,).
    thinned
        (rows, columns), the values nearest to the centres of the picture's pixels.
    """
    step = max(1.0, max(shape) / side)
    rows, columns = (_centres(length, max(1, round(length / step))) for length in shape)
    thinned = np.empty((len(rows), len(columns)))
    counts = np.zeros(len(limits), np.int64)
    for window, values in windows:
        counts += np.bincount(class_numbers(values, limits).ravel(), minlength=len(limits))
        top, left = window.row_off, window.col_off
        inside = slice(*np.searchsorted(rows, [top, top + window.height]))
        across = slice(*np.searchsorted(columns, [left, left + window.width]))
        thinned[inside, across] = values[np.ix_(rows[inside] - top, columns[across] - left)]
    return counts[:-1], thinned


def _centres(length: int, count: int) -> NDArray[np.int64]:
    """Choose the pixels nearest to the centres of `count` equal parts."""
    return ((np.arange(count) + 0.5) * length / count).astype(np.int64)


def _order_statistics(chunks: Chunks, parts: int) -> NDArray[np.float64]:
    """Give the smallest value and the largest one of each of `parts` parts with equally many.

    Exact selection by digits: the values become whole numbers in the same order, and each pass
    counts, for the leading digits that a wanted value is known to have, what the next one is.
    """
    wanted: list[int] = []
    heads = np.zeros(parts + 1, np.uint64)
    shift = 0
    kind: np.dtype[Any] = np.dtype(np.float64)
    while not wanted or shift:
        groups = np.unique(heads)
        counts = np.zeros((len(groups), 2**_DIGIT), np.int64)
        for values in chunks():
            kind = np.dtype(np.float32 if values.dtype == np.float32 else np.float64)
            keys = _keys(values[np.isfinite(values)].astype(kind, copy=False))
            now = shift or kind.itemsize * 8
            digits = (keys >> (now - _DIGIT)) & (2**_DIGIT - 1)
            for place, group in enumerate(groups):
                found = digits[keys >> now == group] if wanted else digits
                counts[place] += np.bincount(found.astype(np.intp), minlength=2**_DIGIT)
        if not wanted:
            shift, total = kind.itemsize * 8, int(counts.sum())
            if total == 0:
                raise ArgumentError("no value is valid")
            wanted = [0, *(-(-total * part // parts) - 1 for part in range(1, parts + 1))]
        sums = np.cumsum(counts, axis=1)
        for place, head in enumerate(heads):
            row = sums[np.searchsorted(groups, head)]
            digit = int(np.searchsorted(row, wanted[place], side="right"))
            wanted[place] -= int(row[digit - 1]) if digit else 0
            heads[place] = (int(head) << _DIGIT) | digit
        shift -= _DIGIT
    return _values(heads, kind)


def _keys(values: NDArray[np.floating[Any]]) -> NDArray[np.unsignedinteger[Any]]:
    """Turn floats into whole numbers in the same order."""
    bits = (values + values.dtype.type(0)).view(f"u{values.itemsize}")  # + 0: there is one zero
    top = bits.dtype.type(1 << (values.itemsize * 8 - 1))
    return np.where(bits & top, ~bits, bits | top)


def _values(keys: NDArray[np.uint64], kind: np.dtype[Any]) -> NDArray[np.float64]:
    """Turn the whole numbers back."""
    bits = keys.astype(f"u{kind.itemsize}")
    top = bits.dtype.type(1 << (kind.itemsize * 8 - 1))
    return np.where(bits & top, bits ^ top, ~bits).view(kind).astype(np.float64)
