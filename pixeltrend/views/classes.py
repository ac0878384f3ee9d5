"""Classes of a band: which values each holds, what it is called and how it is drawn.

The one place that decides: a map, a style for QGIS and a table show the same classes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pixeltrend.errors import ArgumentError
from pixeltrend.views import colours, labels
from pixeltrend.views.kinds import Kind, confirmed
from pixeltrend.views.limits import (
    class_limits,
    class_numbers,
    class_shades,
    divided_at_zero,
    given_limits,
    symmetric_limits,
    whole_limits,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pixeltrend.views.categories import Category
    from pixeltrend.views.options import ClassOptions

_P_LIMITS = np.array([0, 0.001, 0.01, 0.05, 0.1, 1])
_CLASSES, _OF_CORRELATIONS, _SYMMETRIC = 5, 8, 6
_MOST_NUMBERS = 12
# Values whose class is looked up at a time.
_AT_ONCE = 2**20


@dataclass(frozen=True, slots=True)
class Classes:
    """Classes of a band, from the smallest values to the largest, or its categories by code."""

    kind: Kind
    """What the numbers are."""
    basis: str
    """How the limits were found: quantiles, equal, given, symmetric, fixed, whole, categories."""
    limits: NDArray[np.float64]
    """Limits, (K + 1,): a class holds what is above its lower limit, up to its upper one, and the
    first one its lower limit too. Of categories, their codes, (K,)."""
    colours: NDArray[np.uint8]
    """Red, green and blue of each class, (K, 3)."""
    bounds: tuple[tuple[str, ...], ...]
    """What each class is called: two texts (from, to), or one if it has one value or a name."""
    factor: float = 1.0
    """What numbers in `bounds` are multiples of: 1, or a power of ten."""
    wanted: int = 0
    """Classes that were asked for; ties can make fewer."""

    def __len__(self) -> int:
        return len(self.colours)

    @property
    def labels(self) -> tuple[str, ...]:
        """One text for each class."""
        power = labels.power(self.factor)
        times = f" \N{MULTIPLICATION SIGN} {power}" if power else ""
        return tuple(" to ".join(texts) + times for texts in self.bounds)

    def numbers(self, values: NDArray[Any]) -> NDArray[np.intp]:
        """Return the class of each value, from 0; of one that is missing, how many classes are."""
        if self.kind is not Kind.CATEGORY:
            return class_numbers(values, self.limits)
        found = np.searchsorted(self.limits, values)
        found[found == len(self)] = 0  # is no code, and not equal to the first one
        return np.where(self.limits[found] == values, found, len(self))

    def counts(self, values: NDArray[Any]) -> NDArray[np.int64]:
        """Return how many of the values each class holds, (K,)."""
        counts = np.zeros(len(self) + 1, np.int64)
        flat = values.reshape(-1)
        for start in range(0, flat.size, _AT_ONCE):
            counts += np.bincount(
                self.numbers(flat[start : start + _AT_ONCE]), minlength=len(counts)
            )
        return counts[:-1]


def classify(
    values: NDArray[Any],
    kind: Kind,
    options: ClassOptions,
    *,
    categories: Sequence[Category] = (),
    ends: tuple[float, float] | None = None,
) -> Classes:
    """Return the classes of a band.

    Parameters
    ----------
    values
        Values of any shape, NaN where missing; a sample of them will do. They stay as they are.
    kind
        What they are, by their name; values that cannot be that are plain numbers.
    options
        What a user asked for.
    categories
        Names and colours, if they are codes.
    ends
        Smallest and largest of all values; those of `values` by default.

    Raises
    ------
    ArgumentError
        Codes were to be divided at limits.
    """
    sample = np.array(values).reshape(-1)
    if categories or kind is Kind.CATEGORY:
        return _of_codes(sample, categories, options)
    if np.isnan(sample).all() and ends:  # few pixels have a value, and none of them is in it
        sample = np.array(ends)
    ends = ends or (float(np.nanmin(sample)), float(np.nanmax(sample)))
    kind = confirmed(kind, *ends)
    basis, wanted, limits = _limits(sample, kind, options, ends)
    limits[0], limits[-1] = min(limits[0], ends[0]), max(limits[-1], ends[1])
    if basis in {"quantiles", "equal"} and kind in {Kind.TREND, Kind.NUMBER}:
        limits = divided_at_zero(limits, sample, split=basis == "quantiles")
    factor, bounds = labels.bounds(limits, kind)
    return Classes(
        kind, basis, limits, _colours(sample, kind, limits, basis), bounds, factor, wanted
    )


def _limits(
    sample: NDArray[Any], kind: Kind, options: ClassOptions, ends: tuple[float, float]
) -> tuple[str, int, NDArray[np.float64]]:
    """Return how limits were found, how many classes were wanted, and the limits."""
    wanted = options.classes or _CLASSES
    if options.given:
        limits = given_limits(options.given, ends)
        return "given", len(limits) - 1, limits
    if options.symmetric:
        wanted = options.classes or _SYMMETRIC
        return "symmetric", wanted, symmetric_limits(sample, wanted, ends)
    if options.scheme is None:
        if kind is Kind.PVALUE and options.classes is None:
            return "fixed", len(_P_LIMITS) - 1, _P_LIMITS.copy()
        if kind in {Kind.CORRELATION, Kind.SHARE}:
            low = -1 if kind is Kind.CORRELATION else 0
            wanted = options.classes or (_OF_CORRELATIONS if low else _CLASSES)
            return "fixed", wanted, np.linspace(low, 1, wanted + 1)
        if kind in {Kind.COUNT, Kind.YEAR}:
            most = options.classes or _MOST_NUMBERS
            whole = whole_limits(sample, most, wanted, ends)
            if whole is not None:
                return "whole", min(wanted, len(whole) - 1), whole
    scheme = options.scheme or "quantiles"
    return scheme, wanted, class_limits(sample, wanted, scheme)


def _colours(
    sample: NDArray[Any], kind: Kind, limits: NDArray[np.float64], basis: str
) -> NDArray[np.uint8]:
    count = len(limits) - 1
    if kind is Kind.PVALUE:
        return colours.significance_colours(count)
    if kind in {Kind.COUNT, Kind.YEAR, Kind.SHARE}:
        return colours.amount_colours(count)
    scheme = "quantiles" if basis == "quantiles" else "equal"
    return colours.shade_colours(class_shades(sample, limits, scheme))


def _of_codes(
    sample: NDArray[Any], categories: Sequence[Category], options: ClassOptions
) -> Classes:
    """Return the categories that have a name, or that some pixel has."""
    if options.classes or options.scheme or options.limits or options.symmetric:
        raise ArgumentError(
            "classes, scheme, limits, symmetric: the band has codes, each with a class of its own"
        )
    present = set(np.unique(sample[~np.isnan(sample)]).tolist())
    known = {c.code: (c.name or str(c.code), c.colour) for c in categories}
    named = {c.code for c in categories if c.name}
    codes = sorted(named | present)
    entries = [known.get(code, (f"{code:g}", colours.code_colour(int(code)))) for code in codes]
    return Classes(
        Kind.CATEGORY,
        "categories",
        np.array(codes, np.float64),
        np.array([colour for _, colour in entries], np.uint8).reshape(-1, 3),
        tuple((name,) for name, _ in entries),
        wanted=len(codes),
    )
