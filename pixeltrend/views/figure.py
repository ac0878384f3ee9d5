"""Drawing a map with Matplotlib: its layout and colours, and nothing about rasters.

Distances are in inches and points, whatever the size of the map. Matplotlib is imported when
something is drawn: it is an extra.
"""

from __future__ import annotations

import io
import itertools
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pixeltrend.errors import ArgumentError, MissingDependencyError
from pixeltrend.views.axes import ticks
from pixeltrend.views.labels import number, percent, power, precision, wrap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.offsetbox import DrawingArea, TextArea
    from matplotlib.transforms import Transform
    from numpy.typing import NDArray

    from pixeltrend.views.axes import Frame

MAP_SIDE = 6.5  # inches, the longer side of a map
MISSING = (0.68, 0.68, 0.68)
NEUTRAL = (0.97, 0.97, 0.97)

_THINNEST = 1 / 20  # of the longer side: a thinner map would not be seen
_WIDE = 2.2  # wider than this, the legend stands below
_ROW = 16.5  # points of a row of the legend
_SETTINGS: Any = {
    "svg.hashsalt": "pixeltrend",
    "pdf.fonttype": 42,
    "text.parse_math": False,
    "font.size": 8,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
}
# Nothing that changes from run to run.
_METADATA: dict[str, dict[str, Any]] = {
    "png": {"Software": None},
    "svg": {"Date": None},
    "pdf": {"CreationDate": None},
}


@dataclass(frozen=True, slots=True)
class Picture:
    """What a map shows."""

    numbers: NDArray[np.integer[Any]]
    """Class of each pixel, (rows, columns); missing pixels have the number of classes."""
    frame: Frame
    """Coordinates."""
    limits: NDArray[np.float64]
    """Class limits, (K + 1,)."""
    shades: NDArray[np.float64]
    """Position of each class on the ramp, from -1 to 1, (K,)."""
    shares: NDArray[np.float64]
    """Part of the valid pixels in each class, (K,)."""
    missing: float
    """Part of all pixels."""
    title: str
    subtitle: str
    name: str
    """What the values are."""
    unit: str
    """Their unit; may be empty."""
    notes: tuple[str, ...]
    """What else to know."""


def require_matplotlib() -> None:
    """Raise MissingDependencyError without Matplotlib and matplotlib-scalebar."""
    try:
        import matplotlib_scalebar.scalebar  # noqa: F401
    except ImportError as error:
        raise MissingDependencyError(
            f"pictures need Matplotlib and matplotlib-scalebar, but {error}: "
            "pip install matplotlib-scalebar"
        ) from error


def shade_colours(shades: Sequence[float] | NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the colours, (K, 3), of positions on the ramp: brown below zero, blue above."""
    from matplotlib import colormaps

    # Halves of ColorBrewer's BrBG and RdBu. To many who do not see red or green, the other half
    # of either looks like another class, or like the grey of what is missing.
    brown, blue = colormaps["BrBG"], colormaps["RdBu"]
    return np.array(
        [
            NEUTRAL if shade == 0 else (blue if shade > 0 else brown)(0.5 + 0.45 * shade)[:3]
            for shade in shades
        ]
    )


def picture_format(output: str) -> str:
    """Return the format that the extension of a picture's name stands for.

    Raises
    ------
    ArgumentError
        It stands for none that can be drawn.
    """
    extension = os.path.splitext(output)[1].lower().removeprefix(".")
    if extension not in _METADATA:
        known = ", ".join(f".{name}" for name in _METADATA)
        raise ArgumentError(f"{output}: a picture's name ends in one of {known}")
    return extension


def draw(picture: Picture, file_format: str, dpi: int) -> bytes:
    """Return the bytes of a PNG, SVG or PDF."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context():
        mpl.rcdefaults()  # nobody's settings change what a map looks like
        mpl.rcParams.update(_SETTINGS)
        width, height, one_scale = _size(picture.frame)
        figure = Figure(figsize=(width, height), dpi=dpi)
        axes = figure.add_axes((0, 0, 1, 1))  # all else stands around it: savefig makes room
        _draw_map(axes, picture, width, height)
        columns = round(12 * (max(width, 2) + 2.2))
        heading = [
            *_text(wrap(picture.title, columns * 8 // 11), fontsize=11, fontweight="bold"),
            *_text(wrap(picture.subtitle, columns)),
        ]
        _stack(axes, heading, "lower left", (0, 1), (0, 0.12))
        _draw_panel(axes, picture, width, height, one_scale=one_scale)
        stream = io.BytesIO()
        figure.savefig(
            stream,
            format=file_format,
            dpi=dpi,
            bbox_inches="tight",
            pad_inches=0.15,
            facecolor="white",
            metadata=_METADATA[file_format],
        )
    return stream.getvalue()


def _size(frame: Frame) -> tuple[float, float, bool]:
    """Return width and height of the map, in inches, and whether both have one scale."""
    x, y = frame.x, frame.y
    ratio = (y.metres / x.metres) if x.metres and y.metres else 1.0
    width, height = abs(x.stop - x.start), abs(y.stop - y.start) * ratio
    longer = max(width, height)
    sides = [max(side / longer, _THINNEST) * MAP_SIDE for side in (width, height)]
    return sides[0], sides[1], min(width, height) >= longer * _THINNEST


def _draw_map(axes: Axes, picture: Picture, width: float, height: float) -> None:
    x, y = picture.frame.x, picture.frame.y
    colours = np.vstack([shade_colours(picture.shades), MISSING])
    axes.imshow(
        (colours[picture.numbers] * 255).round().astype(np.uint8),
        extent=(x.start, x.stop, y.stop, y.start),
        interpolation="nearest",
        aspect="auto",
    )
    axes.set_xlim(min(x.start, x.stop), max(x.start, x.stop))
    axes.set_ylim(*sorted((y.start, y.stop), reverse=y.counts))
    for axis, side, inches in ((axes.xaxis, x, width), (axes.yaxis, y, height)):
        values, labels = ticks(side, inches, across=side is x)
        axis.set_ticks(values, labels=labels)
        axis.set_label_text(side.label)


def _draw_panel(
    axes: Axes, picture: Picture, width: float, height: float, *, one_scale: bool
) -> None:
    """Draw scale bar, legend and notes: right of the map, or below a wide one."""
    below = width / height > _WIDE
    corner, right, up = ((0, 0), 0.0, -0.65) if below else ((1, 1), 0.3, 0.0)
    metres, notes = picture.frame.x.metres, [*picture.notes, picture.frame.note]
    if not one_scale:
        notes.insert(0, "The two axes have different scales.")
    elif metres:
        from matplotlib_scalebar.scalebar import ScaleBar

        scale_bar = ScaleBar(
            metres,
            length_fraction=min(width, 1.6, max(0.7, width / 3)) / width,
            width_fraction=0.02 / height,
            location="upper left",
            pad=0,
            border_pad=0,
            frameon=False,
            scale_loc="right",
            scale_formatter=_distance,
            rotation="horizontal-only",  # whatever the aspect of the axes
            bbox_to_anchor=corner,
            bbox_transform=_shifted(axes, right, up),
        )
        axes.add_artist(scale_bar)
        notes.insert(0, picture.frame.scale_note)
        up -= 0.35
    factor, decimals = precision(picture.limits)
    unit = " ".join(filter(None, [power(factor), picture.unit]))
    lines = [line for note in notes for line in wrap(note, 90 if below else 46)]
    parts = [
        *_text(wrap(picture.name, 34), fontsize=9, fontweight="bold"),
        *_text(wrap(unit, 40)),
        _legend(picture, [number(limit / factor, decimals) for limit in picture.limits]),
        *_text(lines, fontsize=7, color="0.35"),
    ]
    _stack(axes, parts, "upper left", corner, (right, up))


def _distance(value: float, unit: str) -> str:
    """Return the length of a scale bar, without megametres."""
    return f"{value:g},000 km" if unit == "Mm" else f"{value:g} {unit}"


def _legend(picture: Picture, labels: Sequence[str]) -> DrawingArea:
    """Return the classes, the largest values on top, with their limits and shares."""
    from matplotlib.offsetbox import DrawingArea
    from matplotlib.patches import Rectangle
    from matplotlib.text import Text

    digits = 5.2 * max(map(len, labels))  # points
    edges = (27 + digits, 41 + digits, 46 + 2 * digits, 90 + 2 * digits)
    rows: list[Any] = []
    if picture.missing > 0:
        rows.append((MISSING, [(27, f"missing: {percent(picture.missing)} of all pixels", "left")]))
    limits = itertools.pairwise(zip(picture.limits, labels, strict=True))
    for colour, share, ((low, lower), (high, upper)) in zip(
        shade_colours(picture.shades), picture.shares, limits, strict=True
    ):
        texts = ("" if low == high else lower, "" if low == high else "to", upper, percent(share))
        rows.append((colour, [(*cell, "right") for cell in zip(edges, texts, strict=True)]))
    box = DrawingArea(edges[-1], _ROW * (len(rows) + 0.5))
    for row, (colour, cells) in enumerate(rows):
        bottom = _ROW * (row + 0.5)
        style = {"facecolor": colour, "edgecolor": "0.4", "linewidth": 0.5}
        box.add_artist(Rectangle((0, bottom), 22, 13, **style))
        for x, text, align in cells:
            box.add_artist(Text(x, bottom + 3.5, text, horizontalalignment=align))
    return box


def _text(lines: Sequence[str], **style: Any) -> list[TextArea]:
    """Return one block of text; none for no lines."""
    from matplotlib.offsetbox import TextArea

    return [TextArea("\n".join(lines), textprops={"linespacing": 1.3} | style)] if lines else []


def _stack(axes: Axes, parts: list[Any], location: str, corner: Any, inches: Any) -> None:
    """Draw parts below each other, so many inches right of and above a corner of the map."""
    from matplotlib.offsetbox import AnchoredOffsetbox, VPacker

    stack = AnchoredOffsetbox(
        location,
        child=VPacker(children=parts, align="left", pad=0, sep=3),
        pad=0,
        borderpad=0,
        frameon=False,
        bbox_to_anchor=corner,
        bbox_transform=_shifted(axes, *inches),
    )
    axes.add_artist(stack)


def _shifted(axes: Axes, right: float, up: float) -> Transform:
    """Return the transform of the axes, moved by inches."""
    from matplotlib.transforms import ScaledTranslation

    return axes.transAxes + ScaledTranslation(right, up, axes.figure.dpi_scale_trans)
