"""Drawing a map with Matplotlib: its layout, and nothing about rasters.

Distances are in inches and points, whatever the size of the map. Matplotlib is imported when
something is drawn: it is an extra.
"""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pixeltrend.errors import ArgumentError, MissingDependencyError
from pixeltrend.views.axes import ticks
from pixeltrend.views.colours import MISSING
from pixeltrend.views.hatching import hatches
from pixeltrend.views.labels import wrap
from pixeltrend.views.panel import draw_panel, stack, text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.transforms import Bbox

    from pixeltrend.views.axes import Axis, Frame
    from pixeltrend.views.panel import Picture

MAP_SIDE = 6.5  # inches, the longer side of a map

_THINNEST = 1 / 20  # of the longer side: a thinner map would not be seen
_WIDE = 2.0  # wider than this, the legend stands below
_TALLEST = 9.0  # inches, of a map in a picture of a given width
_BESIDE = 2.6  # inches that a legend beside a map takes
_NARROW = 4.0  # inches: of a narrower picture, letters are smaller
_PAD = 0.05
_SMALLEST = 0.3
_SETTINGS: Any = {
    "svg.hashsalt": "pixeltrend",
    "svg.fonttype": "none",
    "pdf.fonttype": 42,
    "text.parse_math": False,
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
class Page:
    """How large a picture is."""

    width: float | None
    """Inches; None for a map of 6.5 inches and what stands around it."""
    dpi: int
    """Pixels per inch."""

    @property
    def most_pixels(self) -> int:
        """Pixels along the longer side of the map at most."""
        return round((MAP_SIDE if self.width is None else max(self.width, _TALLEST)) * self.dpi)

    @property
    def font_size(self) -> float:
        """Points."""
        return 7.0 if self.width is not None and self.width < _NARROW else 8.0


def require_matplotlib() -> None:
    """Raise MissingDependencyError without Matplotlib and matplotlib-scalebar."""
    try:
        import matplotlib_scalebar.scalebar  # noqa: F401
    except ImportError as error:
        raise MissingDependencyError(
            f"pictures need Matplotlib and matplotlib-scalebar, but {error}: "
            "pip install matplotlib-scalebar"
        ) from error


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


def draw(picture: Picture, file_format: str, page: Page) -> bytes:
    """Return the bytes of a PNG, SVG or PDF."""
    import matplotlib as mpl

    with mpl.rc_context():
        mpl.rcdefaults()  # nobody's settings change what a map looks like
        mpl.rcParams.update({**_SETTINGS, "font.size": page.font_size})
        figure, box = _fitted(picture, page)
        stream = io.BytesIO()
        figure.savefig(
            stream,
            format=file_format,
            dpi=page.dpi,
            bbox_inches=box,
            facecolor="white",
            metadata=_METADATA[file_format],
        )
    return stream.getvalue()


def shown_width(png: bytes) -> int:
    """Return how wide a notebook shows a PNG: in pixels of CSS, of which an inch has 96."""
    import struct

    dots, per_metre = struct.unpack(">I", png[16:20])[0], 0
    if (start := png.find(b"pHYs")) >= 0:
        per_metre = struct.unpack(">I", png[start + 4 : start + 8])[0]
    return round(dots / per_metre / 0.0254 * 96) if per_metre else int(dots)


def _fitted(picture: Picture, page: Page) -> tuple[Figure, Bbox]:
    """Return the figure and the part of it to save, as wide as it is to be.

    Texts keep their size, so the map takes what they leave.
    """
    ratio, one_scale = _proportions(picture.frame)
    if page.width is None:
        side = MAP_SIDE / max(1.0, ratio)
        figure = _compose(picture, page, side, side * ratio, one_scale=one_scale)
        return figure, _box(figure)
    side = page.width * 0.7
    for _ in range(4):
        figure = _compose(picture, page, side, side * ratio, one_scale=one_scale)
        box = _box(figure)
        spare = page.width - box.width
        most = _TALLEST / ratio
        if abs(spare) < 0.5 / page.dpi or (spare > 0 and side >= most):
            break
        side = min(max(_SMALLEST, side + spare), most)
    left, width = box.x0, page.width
    if box.width < width:  # the map is as tall as it may be: it stands in the middle
        left -= (width - box.width) / 2
    return figure, type(box).from_bounds(left, box.y0, width, box.height)


def _box(figure: Figure) -> Bbox:
    """Return what is drawn, in inches, with a margin."""
    return figure.get_tightbbox().padded(_PAD)


def _compose(
    picture: Picture, page: Page, width: float, height: float, *, one_scale: bool
) -> Figure:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=page.dpi)
    axes = figure.add_axes((0, 0, 1, 1))  # all else stands around it: the saved part makes room
    _draw_map(axes, picture, page, width, height)
    below = width / height > _WIDE
    if page.width is not None:
        side = min(page.width * 0.4, _TALLEST * width / height)
        below = below or page.width - side < _BESIDE * page.font_size / 8
    total = page.width or (width if below else width + _BESIDE)
    columns = round(12 * 8 / page.font_size * max(total - 0.3, 1.5))
    size = page.font_size
    heading = [
        *text(wrap(picture.title, columns * 8 // 11), fontsize=size * 11 / 8, fontweight="bold"),
        *text(wrap(picture.subtitle, columns)),
    ]
    if heading:
        stack(axes, heading, "lower left", (0, 1), (0, 0.12))
    draw_panel(axes, picture, (width, height, size), below=below, one_scale=one_scale)
    return figure


def _proportions(frame: Frame) -> tuple[float, bool]:
    """Return the height of a map over its width, and whether both sides have one scale."""
    x, y = frame.x, frame.y
    ratio = (y.metres / x.metres) if x.metres and y.metres else 1.0
    ratio *= abs(y.stop - y.start) / abs(x.stop - x.start)
    return min(max(ratio, _THINNEST), 1 / _THINNEST), _THINNEST <= ratio <= 1 / _THINNEST


def _draw_map(axes: Axes, picture: Picture, page: Page, width: float, height: float) -> None:
    x, y = picture.frame.x, picture.frame.y
    colours = np.vstack([picture.classes.colours, np.array([MISSING], np.uint8)])
    extent = (x.start, x.stop, y.stop, y.start)
    place: Any = {"extent": extent, "interpolation": "nearest", "aspect": "auto"}
    axes.imshow(colours[picture.numbers], **place)
    if picture.hatched is not None:
        shape = max(1, round(height * page.dpi)), max(1, round(width * page.dpi))
        axes.imshow(hatches(picture.hatched, colours[picture.numbers], shape, page.dpi), **place)
    axes.set_xlim(min(x.start, x.stop), max(x.start, x.stop))
    axes.set_ylim(*sorted((y.start, y.stop), reverse=y.counts))
    for axis, side, inches in ((axes.xaxis, x, width), (axes.yaxis, y, height)):
        values, labels = ticks(side, inches, across=side is x)
        axis.set_ticks(values, labels=labels)
        if not _says_what_it_is(side):
            axis.set_label_text(side.label)


def _says_what_it_is(side: Axis) -> bool:
    """Return whether the coordinates of a side, as 12°E, need no name."""
    return bool(side.hemispheres)
