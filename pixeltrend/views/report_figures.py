"""The figures of a page, drawn by Bokeh: the map, a histogram, one series.

They are empty until the script of the page fills them. Bokeh is imported when it is needed: it is
an extra.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pixeltrend.views.axes import Frame
    from pixeltrend.views.report_map import PageMap
    from pixeltrend.views.report_series import PageSeries

# Part of the map's sides that stays free around it, and numbers along each side, about.
_MARGIN, _TICKS = 0.02, 4
# Powers of ten between which numbers are written in full.
_PLAIN = -6, 9


def map_figure(page_map: PageMap) -> Any:
    """Return the map, still without an image."""
    from bokeh.models import LinearColorMapper, WheelZoomTool

    frame = page_map.frame
    plot = _figure("pan,box_zoom,reset", frame.x.label, frame.y.label, match_aspect=True)
    wheel = WheelZoomTool(modifiers="shift")
    plot.add_tools(wheel)
    plot.toolbar.active_scroll = wheel
    plot.aspect_scale = _aspect(frame)
    plot.x_range.range_padding = plot.y_range.range_padding = _MARGIN
    plot.x_range.flipped = frame.x.start > frame.x.stop
    plot.y_range.flipped = frame.y.counts
    across = "right" if frame.x.start > frame.x.stop else "left"
    codes = np.concatenate([layer.codes[:1, 0] for layer in page_map.layers])  # of their type
    plot.image(
        image=[codes[:1, np.newaxis]],
        **{name: [number] for name, number in _corner(frame).items()},
        color_mapper=LinearColorMapper(palette=["#000000"]),
        origin=f"{'top' if frame.y.start > frame.y.stop else 'bottom'}_{across}",
        name="image",
    )
    marker = _empty("x", "y")  # of two strokes
    for size, colour in ((5.0, "white"), (2.5, "black")):
        plot.scatter("x", "y", source=marker, marker="cross", size=22, line_width=size,
                     line_color=colour, name="marker")  # fmt: skip
    return plot


def _corner(frame: Frame) -> dict[str, float]:
    x, y = frame.x, frame.y
    return {
        "x": min(x.start, x.stop), "y": min(y.start, y.stop),
        "dw": abs(x.stop - x.start), "dh": abs(y.stop - y.start),
    }  # fmt: skip


def proportion(frame: Frame) -> float:
    """Return the width of a map over its height, as it is drawn."""
    corner = _corner(frame)
    return corner["dw"] * _aspect(frame) / corner["dh"]


def _aspect(frame: Frame) -> float:
    """Return how much wider a unit is drawn along x than along y."""
    if not frame.x.metres or not frame.y.metres:
        return 1.0
    return frame.x.metres / frame.y.metres


def histogram_figure() -> Any:
    """Return the histogram, still without bars."""
    plot = _figure("", "", "Pixels")
    plot.quad("left", "right", "top", 0, fill_color="colour", line_color="#808080", line_width=0.5,
              source=_empty("left", "right", "top", "colour"), name="bars")  # fmt: skip
    plot.y_range.start = 0
    return plot


def series_figure(series: PageSeries) -> Any:
    """Return the chart of one pixel, still without values."""
    unit = f" ({series.unit})" if series.unit else ""
    plot = _figure("xpan,xwheel_zoom,reset", "", f"Value{unit}")
    plot.toolbar.active_scroll = None
    plot.line("x", "y", source=_empty("x", "y"), line_width=2, color="#c4651a", name="line")
    plot.scatter("x", "y", source=_empty("x", "y"), size=7, name="values")
    return plot


def _empty(*names: str) -> Any:
    from bokeh.models import ColumnDataSource

    return ColumnDataSource({name: [] for name in names})


def _figure(tools: str, x: str, y: str, **options: Any) -> Any:
    """Return a figure that lets the page shine through; labels are text, and never formulas."""
    from bokeh.models import PlainText
    from bokeh.plotting import figure

    plot: Any = figure(
        tools=tools, sizing_mode="stretch_both", background_fill_alpha=0, border_fill_alpha=0,
        x_axis_label=PlainText(text=x), y_axis_label=PlainText(text=y), toolbar_location="above",
        **options,
    )  # fmt: skip
    plot.background_fill_color = plot.border_fill_color = None
    plot.toolbar.logo = None
    for axis in (*plot.xaxis, *plot.yaxis):
        axis.axis_label_text_font_style = "normal"
        axis.ticker.desired_num_ticks = _TICKS
        axis.formatter.power_limit_low, axis.formatter.power_limit_high = _PLAIN
    return plot
