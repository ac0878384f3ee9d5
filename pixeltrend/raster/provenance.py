"""What an output was made from, as metadata of the output."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from pixeltrend.errors import redact
from pixeltrend.series.patterns import is_virtual, without_query
from pixeltrend.version import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pixeltrend.reducers import Reducer
    from pixeltrend.series.series import Series

# A raster with this item was written by pixeltrend.
MARK = "PIXELTREND_VERSION"


def describe(series: Series, reducer: Reducer, options: Mapping[str, str]) -> dict[str, str]:
    """Give the metadata of an output: names and facts, nothing that changes from run to run.

    Parameters
    ----------
    series
        The inputs.
    reducer
        What was computed.
    options
        What else the numbers depend on.
    """
    facts = {
        MARK: __version__,
        "PIXELTREND_METHOD": reducer.method,
        "PIXELTREND_TIMES": " ".join(f"{time:.10g}" for time in series.times),
        "PIXELTREND_INPUTS": json.dumps(_short_names(series.names)),
        "PIXELTREND_BANDS": " ".join(map(str, sorted({its.band for its in series.sources}))),
    }
    if options:
        facts["PIXELTREND_OPTIONS"] = " ".join(f"{key}={options[key]}" for key in sorted(options))
    if series.area_or_point:
        facts["AREA_OR_POINT"] = series.area_or_point
    return facts


def _short_names(paths: Sequence[str]) -> list[str]:
    """Strip the folders that all paths share: an output does not tell where it was made."""
    real = [
        redact(without_query(path)) if is_virtual(path) else os.path.realpath(path)
        for path in paths
    ]
    top = os.path.commonpath([os.path.dirname(path) for path in real])
    return [os.path.relpath(path, top) for path in real]
