"""Colours of classes: ramps of ColorBrewer, which many who do not see red or green can read.

They stand here as numbers: a style is written where Matplotlib is not installed.

References
----------
Harrower, M. and Brewer, C. A. (2003). The Cartographic Journal 40, 27-37.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Colours = NDArray[np.uint8]

MISSING = (173, 173, 173)
NEUTRAL = (247, 247, 247)

# Halves of BrBG and RdBu, from the middle outwards. To many who do not see red or green, the other
# half of either looks like another class, or like the grey of what is missing.
_BROWN = (
    (245, 245, 245), (246, 232, 195), (223, 194, 125), (191, 129, 45), (140, 81, 10), (84, 48, 5),
)  # fmt: skip
_BLUE = (
    (247, 247, 247), (209, 229, 240), (146, 197, 222), (67, 147, 195), (33, 102, 172), (5, 48, 97),
)  # fmt: skip
_PURPLES = (
    (239, 237, 245), (218, 218, 235), (188, 189, 220), (158, 154, 200), (128, 125, 186),
    (106, 81, 163), (84, 39, 143), (63, 0, 125),
)  # fmt: skip
_YELLOW_TO_BLUE = (
    (255, 255, 217), (237, 248, 177), (199, 233, 180), (127, 205, 187), (65, 182, 196),
    (29, 145, 192), (34, 94, 168), (37, 52, 148), (8, 29, 88),
)  # fmt: skip
# Paired, for codes that nobody gave a colour.
_PALETTE = (
    (31, 120, 180), (178, 223, 138), (227, 26, 28), (253, 191, 111), (106, 61, 154), (51, 160, 44),
    (251, 154, 153), (255, 127, 0), (166, 206, 227), (202, 178, 214), (177, 89, 40),
    (255, 255, 153),
)  # fmt: skip
_DARKEST = 0.9  # of a half: black is for borders


def shade_colours(shades: Sequence[float] | NDArray[np.float64]) -> Colours:
    """Return the colours, (K, 3), of positions from -1 to 1: brown below zero, blue above."""
    ramps = [(_BLUE if shade > 0 else _BROWN, abs(shade) * _DARKEST) for shade in shades]
    rows = [_along(ramp, np.array([at]))[0] if at else NEUTRAL for ramp, at in ramps]
    return np.array(rows, np.uint8).reshape(-1, 3)


def significance_colours(count: int) -> Colours:
    """Return the colours, (K, 3), of classes of p-values: the smaller they are, the darker."""
    return _along(_PURPLES, np.linspace(1, 0, count) if count > 1 else np.ones(1))


def amount_colours(count: int) -> Colours:
    """Return the colours, (K, 3), of classes from little to much."""
    return _along(_YELLOW_TO_BLUE, np.linspace(0, 1, count) if count > 1 else np.full(1, 0.5))


def code_colour(code: int) -> tuple[int, int, int]:
    """Return a colour for a code that has none of its own."""
    return _PALETTE[code % len(_PALETTE)]


def _along(ramp: Any, positions: NDArray[np.float64]) -> Colours:
    """Return the colours at positions from 0 to 1 along a ramp."""
    stops = np.linspace(0, 1, len(ramp))
    channels = [np.interp(positions, stops, channel) for channel in np.transpose(ramp)]
    return np.stack(channels, axis=-1).round().astype(np.uint8)
