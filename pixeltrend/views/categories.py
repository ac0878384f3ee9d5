"""Categories: the names and colours of codes, as a raster carries them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from pixeltrend.reducers.quality import REASONS
from pixeltrend.views.colours import code_colour

if TYPE_CHECKING:
    from collections.abc import Mapping

# The metadata item of a band in which pixeltrend says what its codes are.
ITEM = "CLASSES"
_ENTRY = re.compile(r"(\d+) (.+?)(?:, (?=\d+ )|$)")

# Floats have no colour table in a TIFF.
_REASONS = {name: colour[:3] for name, colour in REASONS}


class Category(NamedTuple):
    """What one code stands for."""

    code: int
    """The value of a pixel."""
    name: str
    """What it means; empty if the raster has a colour for it and no name."""
    colour: tuple[int, int, int]
    """Red, green and blue, from 0 to 255."""


def read_categories(raster_band: Any, metadata: Mapping[str, str]) -> tuple[Category, ...]:
    """Return the categories of a band: those that pixeltrend wrote, or GDAL's names and colours.

    The code of what is missing is none of them. A band of numbers has no categories.
    """
    names = {int(code): name for code, name in _ENTRY.findall(metadata.get(ITEM, ""))}
    if not names:
        names = dict(enumerate(raster_band.GetCategoryNames() or ()))
    table = raster_band.GetColorTable()
    if table is None:
        colours = {code: _REASONS[name] for code, name in names.items() if name in _REASONS}
    else:
        entries = {code: table.GetColorEntry(code) for code in range(table.GetCount())}
        colours = {code: entry[:3] for code, entry in entries.items() if entry[3]}
    codes = sorted({code for code, name in names.items() if name} or colours)
    return tuple(
        Category(code, names.get(code, ""), colours.get(code) or code_colour(code))
        for code in codes
        if code != raster_band.GetNoDataValue()
    )
