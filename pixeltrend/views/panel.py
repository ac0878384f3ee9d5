"""The panel beside or below a map: scale bar, legend and notes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pixeltrend.views.colours import MISSING
from pixeltrend.views.kinds import Kind
from pixeltrend.views.labels import percent, power, wrap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.offsetbox import DrawingArea, TextArea
    from matplotlib.transforms import Transform
    from numpy.typing import NDArray

    from pixeltrend.views.axes import Frame
    from pixeltrend.views.classes import Classes

_ROW = 16.5  # points of a row of the legend
_STRIPES = 4.5  # points along a side of a field of the legend
_MOST_ROWS = 30
_TWO_COLUMNS = 4.0  # inches of a map below which notes stand beside the legend


@dataclass(frozen=True, slots=True)
class Picture:
    """What a map shows."""

    numbers: NDArray[np.integer[Any]]
    """Class of each pixel, (rows, columns); missing pixels have the number of classes."""
    hatched: NDArray[np.bool_] | None
    """Which pixels have stripes, (rows, columns); None for a map without."""
    frame: Frame
    """Coordinates."""
    classes: Classes
    """The classes."""
    shares: NDArray[np.float64]
    """Part of the valid pixels in each class, (K,)."""
    missing: float
    """Part of all pixels."""
    unmet: tuple[str, float]
    """What stripes mean, and the part of the valid pixels that has them."""
    title: str
    """Nothing if empty, as the following."""
    subtitle: str
    name: str
    """What the values are."""
    unit: str
    """Their unit; may be empty."""
    notes: tuple[str, ...]
    """What else to know."""


def draw_panel(
    axes: Axes,
    picture: Picture,
    sizes: tuple[float, float, float],
    *,
    below: bool,
    one_scale: bool,
) -> None:
    """Draw scale bar, legend and notes.

    Parameters
    ----------
    axes
        Those of the map.
    picture
        What it shows.
    sizes
        Width and height of the map, in inches, and points of the letters.
    below
        Whether the panel stands below the map, or right of it.
    one_scale
        Whether both axes have one scale; if not, there is no scale bar.
    """
    width, height, size = sizes
    labelled = 0.32 if picture.frame.x.hemispheres else 0.5
    corner, right, up = ((0, 0), 0.0, -labelled) if below else ((1, 1), 0.25, 0.0)
    metres, notes = picture.frame.x.metres, list(picture.notes)
    if not one_scale:
        notes.insert(0, "The two axes have different scales.")
    elif metres:
        axes.add_artist(_scale_bar(axes, metres, (width, height), corner, (right, up)))
        notes.insert(0, picture.frame.scale_note)
        up -= 0.3 * size / 8
    unit = " ".join(filter(None, [power(picture.classes.factor), picture.unit]))
    beside = below and width >= _TWO_COLUMNS
    columns = round((width - 2.8 if beside else max(width, 2.6) if below else 2.6) * 14.5)
    small: Any = {"fontsize": size * 7 / 8, "color": "0.35"}
    written = text([line for note in notes for line in wrap(note, columns)], **small)
    rows = [
        *text(wrap(picture.name, 34), fontsize=size * 9 / 8, fontweight="bold"),
        *text(wrap(unit, 40)),
        _legend(picture, size),
    ]
    if not beside:
        stack(axes, [*rows, *written], "upper left", corner, (right, up))
        return
    stack(axes, rows, "upper left", corner, (right, up))
    if written:
        stack(axes, written, "upper left", corner, (2.8, up))


def _scale_bar(
    axes: Axes, metres: float, size: tuple[float, float], corner: Any, inches: tuple[float, float]
) -> Any:
    from matplotlib_scalebar.scalebar import ScaleBar

    width, height = size
    return ScaleBar(
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
        bbox_transform=shifted(axes, *inches),
    )


def _distance(value: float, unit: str) -> str:
    """Return the length of a scale bar, without megametres."""
    return f"{value:g},000 km" if unit == "Mm" else f"{value:g} {unit}"


def _rows(picture: Picture) -> list[tuple[Any, tuple[str, ...], str]]:
    """Return colour, texts and share of the rows of a legend, from below."""
    classes = picture.classes
    codes = classes.kind is Kind.CATEGORY
    shown = np.arange(len(classes))
    if codes:  # what no pixel has is no news, and of many categories the rarest neither
        shown = np.flatnonzero(picture.shares)
        if len(shown) > _MOST_ROWS:
            shown = np.sort(np.argsort(picture.shares)[-_MOST_ROWS:])
        shown = shown[::-1]
    return [
        (classes.colours[k] / 255, classes.bounds[k], percent(picture.shares[k])) for k in shown
    ]


def _legend(picture: Picture, size: float) -> DrawingArea:
    """Return the classes, the largest values on top, with their limits and shares."""
    from matplotlib.offsetbox import DrawingArea
    from matplotlib.patches import Rectangle
    from matplotlib.text import Text

    classes = picture.classes
    unit = size / 8  # of the lengths below, which are those of letters of 8 points
    rows = _rows(picture)
    parts = {len(texts) for _, texts, _ in rows}
    longest = max((len(part) for _, texts, _ in rows for part in texts), default=0)
    digits = (5.2 if classes.kind is not Kind.CATEGORY else 4.9) * longest
    is_range = 2 in parts  # noqa: PLR2004 - from and to
    high = 46 + 2 * digits if is_range else 30 + digits
    edges = (27 + digits, 41 + digits, high, high + 40)
    below: list[Any] = []
    if picture.missing > 0:
        below.append((MISSING, f"missing: {percent(picture.missing)} of all pixels"))
    if picture.hatched is not None:
        below.append((None, f"{picture.unmet[0]}: {percent(picture.unmet[1])}"))
    gap = 0.4 if below else 0.0
    box = DrawingArea(edges[-1] * unit, _ROW * unit * (len(rows) + len(below) + gap))

    def field(bottom: float, colour: Any) -> None:
        style = {"facecolor": colour, "edgecolor": "0.4", "linewidth": 0.5}
        box.add_artist(Rectangle((0, bottom * unit), 22 * unit, 13 * unit, **style))

    def write(x: float, bottom: float, what: str, **style: Any) -> None:
        box.add_artist(Text(x * unit, (bottom + 3.5) * unit, what, fontsize=size, **style))

    for row, (colour, what) in enumerate(below):
        bottom = _ROW * row + 1
        field(bottom, "white" if colour is None else np.array(colour) / 255)
        if colour is None:
            _add_stripes(box, bottom, unit)
        write(27, bottom, what)
    for row, (colour, texts, share) in enumerate(rows):
        bottom = _ROW * (row + len(below) + gap) + 1
        field(bottom, colour)
        if classes.kind is Kind.CATEGORY:
            write(27, bottom, texts[0])
        else:
            write(edges[2], bottom, texts[-1], horizontalalignment="right")
        if len(texts) == 2:  # noqa: PLR2004
            write(edges[0], bottom, texts[0], horizontalalignment="right")
            write(edges[1], bottom, "to", horizontalalignment="right")
        write(edges[3], bottom, share, horizontalalignment="right")
    return box


def _add_stripes(box: DrawingArea, bottom: float, unit: float) -> None:
    """Draw stripes as in the map into a field of the legend."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Rectangle

    clip = Rectangle((0, bottom * unit), 22 * unit, 13 * unit, transform=box.get_transform())
    for start in np.arange(-13, 22, _STRIPES):
        line = Line2D(
            [start * unit, (start + 13) * unit],
            [bottom * unit, (bottom + 13) * unit],
            color="0.2",
            linewidth=0.6,
        )
        box.add_artist(line)
        line.set_clip_path(clip)


def text(lines: Sequence[str], **style: Any) -> list[TextArea]:
    """Return one block of text; none for no lines."""
    from matplotlib.offsetbox import TextArea

    return [TextArea("\n".join(lines), textprops={"linespacing": 1.3} | style)] if lines else []


def stack(axes: Axes, parts: list[Any], location: str, corner: Any, inches: Any) -> None:
    """Draw parts below each other, so many inches right of and above a corner of the map."""
    from matplotlib.offsetbox import AnchoredOffsetbox, VPacker

    below = AnchoredOffsetbox(
        location,
        child=VPacker(children=parts, align="left", pad=0, sep=3),
        pad=0,
        borderpad=0,
        frameon=False,
        bbox_to_anchor=corner,
        bbox_transform=shifted(axes, *inches),
    )
    axes.add_artist(below)


def shifted(axes: Axes, right: float, up: float) -> Transform:
    """Return the transform of the axes, moved by inches."""
    from matplotlib.transforms import ScaledTranslation

    return axes.transAxes + ScaledTranslation(right, up, axes.figure.dpi_scale_trans)
