"""Words and numbers on a map: limits, shares, titles."""

from __future__ import annotations

import itertools
import math
import textwrap
from typing import TYPE_CHECKING

import numpy as np

from pixeltrend.raster import provenance
from pixeltrend.views.kinds import Kind
from pixeltrend.views.limits import BELOW_ZERO

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

# Powers of ten of smaller numbers are no floats.
_NOTHING = 1e-290


def map_title(
    file: str, band: str, band_items: Mapping[str, str], items: Mapping[str, str]
) -> tuple[str, str]:
    """Return two lines: what a map shows, and what that was made from.

    Parameters
    ----------
    file
        Name of the raster.
    band
        Description of the band.
    band_items, items
        Metadata of the band and of the raster, as `provenance.describe` returns them. A raster
        of another program has none: then the names must do.
    """
    title = band_items.get("DESCRIPTION") or band
    made_from = provenance.read(items)
    if made_from is None or not made_from.times or not made_from.inputs:
        return title, file
    span = _first_to_last(sorted({str(math.floor(time)) for time in made_from.times}))
    count = len(made_from.inputs)
    rasters = "1 raster" if count == 1 else f"{count} rasters"
    names = _first_to_last(made_from.inputs)
    return f"{title}, {span}", f"{file}: method {made_from.method}, {rasters}, {names}"


def _first_to_last(texts: Sequence[str]) -> str:
    return " to ".join(dict.fromkeys([texts[0], texts[-1]]))


def bounds(limits: NDArray[np.float64], kind: Kind) -> tuple[float, tuple[tuple[str, ...], ...]]:
    """Return the texts of limits of classes.

    Parameters
    ----------
    limits
        (K + 1,), never falling.
    kind
        What the numbers are: years have no separators, whole numbers begin above the class before.

    Returns
    -------
    factor
        The power of ten that the texts are multiples of.
    texts
        Of each class, (from, to), or (value,) if it has one.
    """
    if kind in {Kind.COUNT, Kind.YEAR} and (limits == np.rint(limits)).all():
        write = _year if kind is Kind.YEAR else _whole
        starts = [limits[0], *(limits[1:-1] + 1)]
        return 1.0, tuple(
            (write(low),) if low == high else (write(low), write(high))
            for low, high in zip(starts, limits[1:], strict=True)
        )
    shown = np.where(limits == BELOW_ZERO, 0.0, limits)
    factor, decimals = (1.0, 1) if kind is Kind.YEAR else precision(shown)
    texts = [
        f"{limit:.{decimals}f}" if kind is Kind.YEAR else _plain(limit / factor, decimals, kind)
        for limit in shown.tolist()
    ]
    pairs = zip(itertools.pairwise(texts), itertools.pairwise(limits), strict=True)
    return factor, tuple(
        (upper,) if low == high or (low == BELOW_ZERO and high == 0) else (lower, upper)
        for (lower, upper), (low, high) in pairs
    )


def _whole(value: float) -> str:
    return number(value, 0)


def _year(value: float) -> str:
    return f"{value:.0f}"


def _plain(value: float, decimals: int, kind: Kind) -> str:
    """Return a limit; limits of p-values, which are chosen, have no more digits than they need."""
    text = number(value, decimals)
    return f"{value:g}" if kind is Kind.PVALUE and float(f"{value:g}") == value else text


def wrap(text: str, columns: int) -> list[str]:
    """Return the lines of a text, broken; what cannot be printed becomes a blank."""
    shown = ["".join(c if c.isprintable() else " " for c in line) for line in text.splitlines()]
    return [part for line in shown for part in textwrap.wrap(line, columns)]


def precision(limits: NDArray[np.float64]) -> tuple[float, int]:
    """Return a power of ten to write limits in, and how many decimals make them differ."""
    middle = limits[1:-1] if len(limits) > 2 and limits[1:-1].any() else limits  # noqa: PLR2004
    largest = float(np.abs(middle).max())
    if largest < _NOTHING:
        return 1.0, 0
    exponent = math.floor(math.log10(largest))
    factor = 1.0 if -4 <= exponent < 6 else 10.0 ** (3 * math.floor(exponent / 3))  # noqa: PLR2004
    if factor == 1 and (limits == np.rint(limits)).all():
        return 1.0, 0
    unlike = np.array(sorted(set(limits.tolist())))
    steps = np.abs([*np.diff(unlike), *unlike]) / factor
    # Two digits of the smallest step, and one of the limit nearest to zero unless it is as good as.
    wide = steps[: len(unlike) - 1] if len(unlike) > 1 else steps
    decimals = 1 - math.floor(math.log10(wide.min()))
    nearest = -math.floor(math.log10(steps[steps > 0].min()))
    return factor, min(max(decimals, min(nearest, decimals + 2), 0), 9)


def power(factor: float) -> str:
    """Return a power of ten as text; nothing for 1."""
    if factor == 1:
        return ""
    superscripts = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
    return "10" + str(round(math.log10(factor))).translate(superscripts)


def number(value: float, decimals: int) -> str:
    """Return a number as text, with a true minus, and none before nothing but zeros."""
    if value == 0:
        return "0"
    text = f"{value:,.{decimals}f}"
    if not text.strip("-0.,"):
        text = text.lstrip("-")
    return text.replace("-", "\N{MINUS SIGN}")


def percent(share: float) -> str:
    """Return a share as text; only no pixel at all is 0.0 %."""
    return "<0.1 %" if 0 < share < 0.0005 else f"{share * 100:.1f} %"  # noqa: PLR2004
