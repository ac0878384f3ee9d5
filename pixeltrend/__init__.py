"""Trends of rasters: how fast every pixel of a yearly stack changes, and how sure that is."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from pixeltrend.errors import (
    ArgumentError,
    CancelledError,
    FunctionError,
    InputError,
    MissingDependencyError,
    OutputError,
    PixelTrendError,
    ReadError,
    WorkerError,
)
from pixeltrend.version import __version__

if TYPE_CHECKING:
    from pixeltrend.arrays import reduce
    from pixeltrend.checks.report import Report, check
    from pixeltrend.composites import CompositeSummary, composite
    from pixeltrend.series.opening import open_series
    from pixeltrend.series.series import Series
    from pixeltrend.summary import Summary
    from pixeltrend.synthetic import make_series
    from pixeltrend.trend import map_pixels, slope
    from pixeltrend.views.map import MapSummary, plot_map
    from pixeltrend.views.pixel import pixel
    from pixeltrend.views.pixel_report import PixelReport
    from pixeltrend.views.report import ReportSummary, report
    from pixeltrend.views.table import Table, table

__all__ = [
    "ArgumentError",
    "CancelledError",
    "CompositeSummary",
    "FunctionError",
    "InputError",
    "MapSummary",
    "MissingDependencyError",
    "OutputError",
    "PixelReport",
    "PixelTrendError",
    "ReadError",
    "Report",
    "ReportSummary",
    "Series",
    "Summary",
    "Table",
    "WorkerError",
    "__version__",
    "check",
    "composite",
    "make_series",
    "map_pixels",
    "open_series",
    "pixel",
    "plot_map",
    "reduce",
    "report",
    "slope",
    "table",
]

# Imported when first used: importing pixeltrend loads no NumPy and no GDAL.
_HOMES = {
    "CompositeSummary": "pixeltrend.composites",
    "PixelReport": "pixeltrend.views.pixel_report",
    "Report": "pixeltrend.checks.report",
    "ReportSummary": "pixeltrend.views.report",
    "Series": "pixeltrend.series.series",
    "Summary": "pixeltrend.summary",
    "Table": "pixeltrend.views.table",
    "check": "pixeltrend.checks.report",
    "composite": "pixeltrend.composites",
    "make_series": "pixeltrend.synthetic",
    "map_pixels": "pixeltrend.trend",
    "MapSummary": "pixeltrend.views.map",
    "open_series": "pixeltrend.series.opening",
    "pixel": "pixeltrend.views.pixel",
    "plot_map": "pixeltrend.views.map",
    "reduce": "pixeltrend.arrays",
    "report": "pixeltrend.views.report",
    "slope": "pixeltrend.trend",
    "table": "pixeltrend.views.table",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'pixeltrend' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
