"""Drawing a map with Matplotlib: where everything stands, and nothing about rasters.

All places are in inches, so what stands where does not depend on the size of the map. Matplotlib is
imported when something is drawn: it is an extra.
"""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pixeltrend.errors import ArgumentError, MissingDependencyError
from pixeltrend.views.axes import ticks
from pixeltrend.views.labels import number, percent, power, precision, round_down, wrap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.transforms import Transform
    from numpy.typing import NDArray

    from pixeltrend.views.axes import Frame

MAP_SIDE = 6.5  # inches, the longer side of a map
MISSING = (0.68, 0.68, 0.68)
NEUTRAL = (0.97, 0.97, 0.97)

_LEFT = _BOTTOM = 1.0  # of the map; the picture is cut to what stands on it
_THINNEST = 1 / 20  # of the longer side: a thinner map would not be seen
_WIDE = 2.2  # wider than this, the legend stands below
_GREY = "0.35"
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
    """Place of each class on the ramp, from -1 to 1, (K,)."""
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
    """Raise MissingDependencyError without Matplotlib."""
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError as error:
        raise MissingDependencyError(
            f"pictures need Matplotlib, which cannot be imported ({error}): pip install matplotlib"
        ) from error


def shade_colours(shades: Sequence[float] | NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the colours, (K, 3), of places on the ramp: brown below zero, blue above."""
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
    """Draw a map and give the bytes of the PNG, SVG or PDF."""
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with mpl.rc_context():
        mpl.rcdefaults()  # nobody's settings change what a map looks like
        mpl.rcParams.update(
            {"svg.hashsalt": "pixeltrend", "pdf.fonttype": 42, "text.parse_math": False}
        )
        width, height, true_scale = _size(picture.frame)
        figure = Figure(figsize=(width + 4, height + 2), dpi=dpi)
        FigureCanvasAgg(figure)
        axes = figure.add_axes(
            (
                _LEFT / (width + 4),
                _BOTTOM / (height + 2),
                width / (width + 4),
                height / (height + 2),
            )
        )
        _draw_map(axes, picture, width, height)
        _draw_panel(figure, picture, width, height, true_scale=true_scale)
        top = _BOTTOM + height + 0.12
        columns = max(48, round((width + 2.2) * 10))
        for text, size, weight in ((picture.subtitle, 8, "normal"), (picture.title, 11, "bold")):
            lines = wrap(text, columns * 8 // size + 10)
            _text(figure, _LEFT, top, "\n".join(lines), size=size, weight=weight, va="bottom")
            top += len(lines) * size * 1.35 / 72 + 0.05
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
    """Give width and height of the map, and whether both have one scale."""
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
        places, labels = ticks(side, inches, across=side is x)
        axis.set_ticks(places, labels=labels)
        axis.set_label_text(side.label, fontsize=8)
    axes.tick_params(labelsize=8, width=0.6)
    for spine in axes.spines.values():
        spine.set_linewidth(0.6)


def _draw_panel(
    figure: Figure, picture: Picture, width: float, height: float, *, true_scale: bool
) -> None:
    """Draw legend, scale bar and notes: right of the map, or below a wide one."""
    below = width / height > _WIDE
    left = _LEFT if below else _LEFT + width + 0.3
    top = _BOTTOM - 0.7 if below else _BOTTOM + height
    right, bottom = _draw_legend(figure, picture, left, top)
    if below:
        left, bottom = right + 0.5, top - 0.05
    x, notes = picture.frame.x, [*picture.notes, picture.frame.note]
    if not true_scale:
        notes.insert(0, "The two axes have different scales.")
    elif x.metres:
        per_inch = x.metres * abs(x.stop - x.start) / width
        bottom = _draw_scale_bar(figure, per_inch, min(1.9, max(0.7, width / 3)), left, bottom)
        if picture.frame.scale_note:
            notes.insert(0, picture.frame.scale_note)
    lines = [line for note in notes for line in wrap(note, 46)]
    _text(figure, left, bottom - 0.12, "\n".join(lines), size=7, color=_GREY)


def _draw_legend(figure: Figure, picture: Picture, left: float, top: float) -> tuple[float, float]:
    """Draw the classes, the largest values on top; give the right and the lower edge."""
    from matplotlib.patches import Rectangle

    factor, decimals = precision(picture.limits)
    unit = " ".join(filter(None, [power(factor), picture.unit]))
    heading = wrap(picture.name, 34)
    _text(figure, left, top, "\n".join(heading), size=9, weight="bold")
    top -= len(heading) * 0.17
    lines = wrap(unit, 40)
    _text(figure, left, top, "\n".join(lines), size=8)
    top -= len(lines) * 0.16 + 0.08
    labels = [number(limit / factor, decimals) for limit in picture.limits]
    colours = [*shade_colours(picture.shades), MISSING]
    columns: tuple[list[Any], ...] = ([], [], [], [])
    rows = len(picture.shades)
    tops = [top - 0.23 * (rows - 1 - number) for number in range(rows)]
    if picture.missing > 0:
        tops.append(top - 0.23 * rows - 0.06)
    for row, place in enumerate(tops):
        figure.add_artist(
            Rectangle(
                (left, place - 0.18),
                0.3,
                0.18,
                facecolor=colours[row],
                edgecolor="0.4",
                linewidth=0.5,
                transform=_inches(figure),
            )
        )
        if row == rows:
            text = f"missing: {percent(picture.missing)} of all pixels"
            _text(figure, left + 0.38, place - 0.03, text, size=8)
            continue
        ends = labels[row : row + 2]
        if picture.limits[row] == picture.limits[row + 1]:
            ends = ["", ends[1]]
        texts = (ends[0], "to" if ends[0] else "", ends[1], percent(picture.shares[row]))
        for column, text in zip(columns, texts, strict=True):
            column.append(_text(figure, 0, place - 0.03, text, size=8, ha="right"))
    edge = left + 0.38
    for column, gap in zip(columns, (0, 0.08, 0.08, 0.22), strict=True):
        widths = [text.get_window_extent().width / figure.dpi for text in column]
        edge += max(widths) + (gap if max(widths) else 0)
        for text in column:
            text.set_x(edge)
    return max(edge, left + 2.2), tops[-1 if picture.missing > 0 else 0] - 0.18


def _draw_scale_bar(
    figure: Figure, per_inch: float, inches: float, left: float, top: float
) -> float:
    """Draw a bar of a round length, at most `inches` long; give its lower edge."""
    from matplotlib.lines import Line2D

    metres = round_down(per_inch * inches)
    length = metres / per_inch
    text = f"{metres / 1000:,g} km" if metres >= 1000 else f"{metres:g} m"  # noqa: PLR2004
    y = top - 0.35
    x = [left, left, left + length, left + length]
    line = Line2D(x, [y + 0.07, y, y, y + 0.07], color="black", linewidth=1.2)
    line.set_transform(_inches(figure))
    figure.add_artist(line)
    _text(figure, left, y - 0.05, text, size=8)
    return y - 0.2


def _inches(figure: Figure) -> Transform:
    """Give the way from inches to the figure: `dpi_scale_trans` is left behind when it is cut."""
    from matplotlib.transforms import Affine2D

    width, height = figure.get_size_inches()
    return Affine2D().scale(1 / width, 1 / height) + figure.transFigure


def _text(figure: Figure, x: float, y: float, text: str, **kwargs: Any) -> Any:
    style: dict[str, Any] = {"va": "top", "linespacing": 1.3} | kwargs
    return figure.text(x, y, text, transform=_inches(figure), **style)
