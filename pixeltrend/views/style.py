"""Style: the classes of a band as a .qml file, so that QGIS draws it as the map does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pixeltrend.views.categories import Category
from pixeltrend.views.classes import classify
from pixeltrend.views.kinds import Kind, kind_of
from pixeltrend.views.options import ClassOptions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pixeltrend.views.classes import Classes

_ESCAPED = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"})
# The oldest QGIS that reads what is written here.
_QGIS = "3.4.0"


def band_style(
    sample: NDArray[Any],
    ends: tuple[float, float],
    name: str,
    codes: Sequence[tuple[str, tuple[int, int, int, int]]] = (),
) -> str:
    """Return the style of the first band of a raster.

    Parameters
    ----------
    sample
        Some of its values, NaN where missing.
    ends
        The smallest and the largest of all.
    name
        What the band is called.
    codes
        Names and colours by code from 0, which is missing, if its values are codes.
    """
    categories = [
        Category(code, text, colour[:3])
        for code, (text, colour) in enumerate(codes)
        if colour[3]  # what is missing cannot be seen
    ]
    kind = kind_of(name)
    return qml(classify(sample, kind, ClassOptions(), categories=categories, ends=ends))


def qml(classes: Classes, band: int = 1) -> str:
    """Return classes of a band as QGIS's XML."""
    entries = zip(classes.labels, classes.colours.tolist(), strict=True)
    colours = [(f'label="{label.translate(_ESCAPED)}"', _hex(colour)) for label, colour in entries]
    if classes.kind is Kind.CATEGORY:
        rows = [
            f'<paletteEntry value="{code:g}" {label} color="{colour}" alpha="255"/>'
            for code, (label, colour) in zip(classes.limits.tolist(), colours, strict=True)
        ]
        head, tail = '"paletted"', ""
        body = ["<colorPalette>", *rows, "</colorPalette>"]
    else:
        low, *upper = classes.limits.tolist()
        ends = [*map(repr, upper[:-1]), "inf"]  # a class holds its upper limit, the last one all
        rows = [
            f'<item value="{end}" {label} color="{colour}" alpha="255"/>'
            for end, (label, colour) in zip(ends, colours, strict=True)
        ]
        head = '"singlebandpseudocolor"'
        tail = f' classificationMin="{low!r}" classificationMax="{upper[-1]!r}"'
        body = [
            "<rastershader>",
            f'<colorrampshader colorRampType="DISCRETE" classificationMode="1" clip="0" '
            f'minimumValue="{low!r}" maximumValue="{upper[-1]!r}">',
            *rows,
            "</colorrampshader>",
            "</rastershader>",
        ]
    lines = [
        "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>",
        f'<qgis version="{_QGIS}" styleCategories="Symbology">',
        "<pipe>",
        f'<rasterrenderer type={head} band="{band}" opacity="1" alphaBand="-1"{tail}>',
        *body,
        "</rasterrenderer>",
        "</pipe>",
        "</qgis>",
    ]
    return "\n".join(lines) + "\n"


def _hex(colour: Sequence[int]) -> str:
    return "#" + "".join(f"{part:02x}" for part in colour)
