"""Report data: what the template and the script of a page are given, made of map and series."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pixeltrend.views.colours import MISSING
from pixeltrend.views.labels import percent
from pixeltrend.views.report_page import packed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pixeltrend.views.report_map import Layer, PageMap
    from pixeltrend.views.report_series import PageSeries


def layer_facts(layer: Layer) -> dict[str, Any]:
    """Return the legend of a band."""
    valid = int(layer.counts.sum())
    total = valid + layer.missing
    rows = [
        {"colour": _hex(colour), "label": label, "share": percent(count / valid)}
        for colour, label, count in zip(
            layer.classes.colours.tolist(), layer.classes.labels, layer.counts.tolist(), strict=True
        )
    ]
    if layer.missing:
        share = f"{percent(layer.missing / total)} of all"
        rows.append({"colour": _hex(MISSING), "label": "missing", "share": share})
    return {"name": layer.name, "caption": _label(layer), "legend": rows, "notes": layer.notes}


def layer_data(layer: Layer) -> dict[str, Any]:
    """Return the pixels, colours and histogram of a band; the last colour is of what is missing."""
    colours = [_hex(colour) for colour in (*layer.classes.colours.tolist(), MISSING)]
    bars = None
    if layer.histogram is not None:
        edges, counts, beyond = layer.histogram
        middles = (edges[:-1] + edges[1:]) / 2
        bars = {
            "left": edges[:-1].tolist(),
            "right": edges[1:].tolist(),
            "top": counts.tolist(),
            "colour": [colours[number] for number in layer.classes.numbers(middles).tolist()],
            "beyond": f"{beyond:,} more pixels lie beyond the bars." if beyond else "",
        }
    label = _label(layer)
    return {"label": label, "colours": colours, "codes": packed(layer.codes), "histogram": bars}


def map_data(shown: PageMap) -> dict[str, Any]:
    """Return what all bands of a map share."""
    x, y = shown.frame.x, shown.frame.y
    tested = shown.significant[-1]  # at level 1 or below
    levels = [
        {
            "text": f"{level:g}",
            "said": f"{shown.pvalue} <= {level:g}: {count:,} of {tested:,} pixels with a p-value "
            f"({percent(count / tested)}).",
        }
        for level, count in zip(shown.levels, shown.significant, strict=True)
    ] if shown.pvalue and tested else []  # fmt: skip
    return {
        "frame": {"x": [x.start, x.stop], "y": [y.start, y.stop]},
        "rows": shown.rows.tolist(),
        "columns": shown.columns.tolist(),
        "levels": levels,
        "passed": packed(shown.passed),
    }


def series_data(series: PageSeries) -> dict[str, Any]:
    """Return the series of pixels."""
    return {
        "rows": series.rows.tolist(),
        "columns": series.columns.tolist(),
        "times": series.times,
        "dates": series.dates,
        "origin": series.origin,
        "names": series.names,
        "values": packed(series.values),
        "line": None if series.line is None else packed(series.line),
        "written": packed(series.written),
    }


def _label(layer: Layer) -> str:
    unit = f" ({layer.unit})" if layer.unit else ""
    return f"{layer.description or layer.name}{unit}"


def _hex(colour: Sequence[int]) -> str:
    return "#" + "".join(f"{part:02x}" for part in colour)
