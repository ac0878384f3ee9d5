"""Drawing the series of pixels with Matplotlib: values, gaps, the line and its limits."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np

from pixeltrend.errors import ArgumentError
from pixeltrend.raster.replacing import Replacement
from pixeltrend.views.figure import picture_format, require_matplotlib

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from pixeltrend.views.pixel_report import PixelReport

MOST_PANELS = 20

_WIDTH, _PANEL = 7.0, 2.7  # inches
_DPI = 200
_SETTINGS: Any = {
    "svg.hashsalt": "pixeltrend",
    "svg.fonttype": "none",
    "pdf.fonttype": 42,
    "text.parse_math": False,
    "font.size": 8,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
}
# Nothing that changes from run to run.
_METADATA: dict[str, dict[str, Any]] = {
    "png": {"Software": None},
    "svg": {"Date": None},
    "pdf": {"CreationDate": None},
}
# Of ColorBrewer's RdBu and PuOr: the colour-blind tell them apart, and so does a grey print.
_LINE, _BAND, _VALUE, _MISSING = "#2166ac", "#d1e5f0", "#333333", "#b35806"


def plot_pixels(reports: Sequence[PixelReport], output: str | os.PathLike[str]) -> None:
    """Draw the series of pixels, one below the other.

    Parameters
    ----------
    reports
        As `pixel` returns them.
    output
        The picture: .png, .svg or .pdf. An older one is replaced.

    Raises
    ------
    ArgumentError
        The extension is that of no picture, or there are too many pixels for one.
    OutputError
        It cannot be written.
    MissingDependencyError
        Matplotlib or matplotlib-scalebar is not installed.
    """
    file_format, target = picture_format(str(output)), Replacement(output)
    if len(reports) > MOST_PANELS:
        raise ArgumentError(f"{output}: a picture shows up to {MOST_PANELS} pixels")
    require_matplotlib()
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context():
        mpl.rcdefaults()  # nobody's settings change what it looks like
        mpl.rcParams.update(_SETTINGS)
        size = _WIDTH, _PANEL * len(reports)
        figure = Figure(figsize=size, dpi=_DPI, layout="constrained")
        panels = figure.subplots(len(reports), squeeze=False)[:, 0]
        for axes, report in zip(panels, reports, strict=True):
            _draw(axes, report)
        stream = io.BytesIO()
        figure.savefig(
            stream, format=file_format, facecolor="white", metadata=_METADATA[file_format]
        )
    target.write(stream.getvalue())


def _draw(axes: Axes, report: PixelReport) -> None:
    values = report.points
    times = np.array([value.time for value in values])
    known, line, lower, upper = (
        np.array([np.nan if number is None else number for number in numbers], np.float64)
        for numbers in zip(
            *((v.value, v.line, v.line_lower, v.line_upper) for v in values), strict=True
        )
    )
    if not np.isnan(lower).all():
        axes.fill_between(
            times, lower, upper, color=_BAND, linewidth=0, label=_limits(report), zorder=1
        )
    axes.plot(times, known, color=_VALUE, linewidth=0.5, alpha=0.6, zorder=2)
    axes.plot(times, known, "o", color=_VALUE, markersize=3, label=report.unit or "value", zorder=4)
    if not np.isnan(line).all():
        axes.plot(times, line, color=_LINE, linewidth=1.5, label=_trend(report), zorder=3)
    missing = times[np.isnan(known)]
    if len(missing):
        axes.plot(
            missing,
            np.full(len(missing), 0.02),
            "x",
            color=_MISSING,
            markersize=4,
            transform=axes.get_xaxis_transform(),
            label=f"missing ({len(missing)})",
            zorder=4,
        )
    axes.set_title(_title(report), loc="left", fontsize=8, fontweight="bold")
    if np.isnan(line).all() and (trend := _trend(report)):
        axes.set_title(trend, loc="right", fontsize=7)
    axes.set_xlabel("year")
    axes.set_ylabel(report.unit or "value")
    axes.ticklabel_format(axis="both", useOffset=False)
    axes.legend(loc="upper left", bbox_to_anchor=(0, -0.2), ncols=4, frameon=False, fontsize=7)


def _title(report: PixelReport) -> str:
    place = report.place
    where = f"row {place.row}, column {place.column}"
    if place.longitude is not None and place.latitude is not None:
        where += f" ({_degrees(place.latitude, 'NS')} {_degrees(place.longitude, 'EW')})"
    return f"{place.name}: {where}" if place.name else where


def _degrees(angle: float, letters: str) -> str:
    return f"{abs(angle):.4f}° {letters[angle < 0]}"


def _trend(report: PixelReport) -> str:
    """Return the method with what it found, as far as it is defined."""
    found = report.statistics
    slope, tau, p = (found.get(name) for name in ("slope", "tau", "pvalue"))
    parts = []
    if slope is not None:
        parts.append(f"slope {slope:.4g} per {report.per}" if report.per else f"slope {slope:.4g}")
    elif tau is not None:
        parts.append(f"tau {tau:.3f}")
    if p is not None:
        parts.append(f"p {p:.2g}")
    return f"{report.method}: {', '.join(parts)}" if parts else ""


def _limits(report: PixelReport) -> str:
    level = f"{100 * (report.confidence or 0):g} %"
    if report.method == "theil-sen":
        return f"{level} limits of the slope, through the medians"
    return f"{level} confidence band of the line"
