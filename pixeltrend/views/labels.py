"""Words and numbers on a map: limits, shares, titles, notes."""

from __future__ import annotations

import math
import textwrap
from typing import TYPE_CHECKING

import numpy as np

from pixeltrend.raster import provenance

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

_ALIKE = 0.001


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


def notes_on_classes(
    scheme: str, wanted: int, counts: NDArray[np.int64], shades: NDArray[np.float64]
) -> tuple[str, str]:
    """Return how to read the classes and their colours."""
    uneven = int(np.ptp(counts))
    if len(counts) == 1 < wanted:
        how = "All pixels have the same value."
    elif scheme == "equal":
        how = "All classes are equally wide."
    elif uneven <= _ALIKE * counts.sum():
        how = "All classes hold equally many pixels."
    elif uneven == 1:
        how = "All classes hold equally many pixels, give or take one."
    else:
        how = "Many pixels share a value, so classes hold different numbers of pixels."
    if 1 < len(counts) < wanted:
        how += f" {wanted} were asked for."
    white = "White: zero lies in the class. " if (shades == 0).any() else ""
    return how, white + "Darker: farther from zero."


def wrap(text: str, columns: int) -> list[str]:
    """Return the lines of a text, broken; what cannot be printed becomes a blank."""
    shown = ["".join(c if c.isprintable() else " " for c in line) for line in text.splitlines()]
    return [part for line in shown for part in textwrap.wrap(line, columns)]


def precision(limits: NDArray[np.float64]) -> tuple[float, int]:
    """Return a power of ten to write limits in, and how many decimals make them differ."""
    middle = limits[1:-1] if len(limits) > 2 and limits[1:-1].any() else limits  # noqa: PLR2004
    largest = float(np.abs(middle).max())
    if largest == 0:
        return 1.0, 0
    exponent = math.floor(math.log10(largest))
    factor = 1.0 if -4 <= exponent < 6 else 10.0 ** (3 * math.floor(exponent / 3))  # noqa: PLR2004
    unlike = np.unique(limits)
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
