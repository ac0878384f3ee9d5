"""Kind: what the numbers of a band are, by its name; classes and colours follow from that.

Loads no NumPy and no GDAL.
"""

from __future__ import annotations

import re
from enum import StrEnum


class Kind(StrEnum):
    """What the numbers of a band are."""

    TREND = "trend"
    """A change, or a statistic with its sign: zero divides two opposites."""
    PVALUE = "pvalue"
    """Between 0 and 1; the smaller, the more significant."""
    CORRELATION = "correlation"
    """From -1 to 1."""
    SHARE = "share"
    """From 0 to 1."""
    COUNT = "count"
    """How many: 0 and up, whole where nothing was averaged."""
    YEAR = "year"
    """Years of the calendar, decimal ones too."""
    CATEGORY = "category"
    """Codes that stand for names."""
    NUMBER = "number"
    """Anything else."""


_NAMES = {
    Kind.TREND: (
        "slope", "slope_lower", "slope_upper", "slope_min", "slope_max", "tvalue", "s", "z",
        "percent", "change",
    ),
    Kind.PVALUE: ("pvalue", "pvalue_fdr", "p", "p_value", "pval"),
    Kind.CORRELATION: ("rvalue", "tau", "r1", "r", "rho", "correlation"),
    Kind.SHARE: ("rsquared", "r2", "share"),
    Kind.COUNT: ("n_valid", "n_scenes", "longest_gap", "fragile", "n", "count"),
    Kind.YEAR: ("first_valid", "last_valid", "year"),
    Kind.CATEGORY: ("class", "reason"),
}  # fmt: skip
_KINDS = {name: kind for kind, names in _NAMES.items() for name in names}
_RANGES = {
    Kind.PVALUE: (0.0, 1.0),
    Kind.CORRELATION: (-1.0, 1.0),
    Kind.SHARE: (0.0, 1.0),
    Kind.COUNT: (0.0, float("inf")),
}

# Bands that say how significant a trend is, the stricter one first.
SIGNIFICANCE = ("pvalue_fdr", "pvalue")


def kind_of(name: str) -> Kind:
    """Return the kind of a band by its name, as pixeltrend, SciPy or R call it."""
    if match := re.fullmatch(r"step_\d+(_pvalue)?", name):
        return Kind.PVALUE if match[1] else Kind.TREND
    return _KINDS.get(name.lower(), Kind.NUMBER)


def confirmed(kind: Kind, low: float, high: float) -> Kind:
    """Return the kind of a band whose values go from `low` to `high`.

    A name can mean something else: a "p" of 1,013 is not a probability.
    """
    least, most = _RANGES.get(kind, (low, high))
    return kind if least <= low and high <= most else Kind.NUMBER
