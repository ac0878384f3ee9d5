"""The report: a page about a written trend, one file that opens without a network."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pixeltrend.checks.remaking import remake
from pixeltrend.errors import ArgumentError, InputError
from pixeltrend.options import from_keywords, takes
from pixeltrend.raster import provenance
from pixeltrend.raster.parts import read_whole
from pixeltrend.raster.replacing import Replacement
from pixeltrend.views import report_facts, report_figures, report_page
from pixeltrend.views.directions import Directions
from pixeltrend.views.labels import map_title
from pixeltrend.views.methods_text import methods_text
from pixeltrend.views.report_data import layer_data, layer_facts, map_data, series_data
from pixeltrend.views.report_map import page_map
from pixeltrend.views.report_options import ReportOptions
from pixeltrend.views.report_series import page_series
from pixeltrend.views.table import table
from pixeltrend.views.table_options import TableOptions
from pixeltrend.views.table_text import class_rows, headlines, how_many

if TYPE_CHECKING:
    from collections.abc import Callable

    from pixeltrend.checks.remaking import Remade
    from pixeltrend.raster.header import Header
    from pixeltrend.raster.provenance import Provenance
    from pixeltrend.series.opening import Patterns
    from pixeltrend.views.report_map import PageMap
    from pixeltrend.views.report_series import PageSeries

_SHOWN = "shown with its series (--embed 0 does without)"


@dataclass(frozen=True, slots=True)
class ReportSummary:
    """What a page holds."""

    output: str
    """The page."""
    bands: tuple[str, ...]
    """The bands that its map has."""
    map_pixels: int
    """Pixels of the map."""
    series: int
    """Pixels whose series are in the page."""
    exact: bool
    """Whether those are all pixels."""
    size: int
    """Bytes."""
    warnings: tuple[str, ...]
    """What to know of the inputs."""


@takes(ReportOptions)
def report(
    raster: str | os.PathLike[str],
    output: str | os.PathLike[str],
    patterns: Patterns = (),
    *,
    progress: Callable[[int, int], None] | None = None,
    **options: Any,
) -> ReportSummary:
    """Write a page about a trend: map, histogram, areas, series, inputs and methods.

    It is one HTML file, which loads nothing and runs no script but its own.

    Parameters
    ----------
    raster
        What `slope` or `map` wrote.
    output
        The page: .html or .htm. An older one is replaced.
    patterns
        Where the inputs of the raster are now; none if they are where its record or its metadata
        say.
    progress
        Called with the pixels done and all of them, after each window of the inputs.
    **options
        The fields of `ReportOptions`.

    Raises
    ------
    ArgumentError
        The page would not end in .html.
    InputError
        The raster cannot be opened, was not written by pixeltrend, or has no value; or its inputs
        are not where it says.
    ReadError
        Pixels cannot be read.
    OutputError
        The page cannot be written.
    MissingDependencyError
        Bokeh is not installed.
    """
    (choices,) = from_keywords(options, ReportOptions)
    path, page = os.fspath(raster), os.fspath(output)
    if not page.lower().endswith((".html", ".htm")):
        raise ArgumentError(f"{page}: a page is HTML, so its name must end in .html")
    target = Replacement(page)
    report_page.require_bokeh()

    header = read_whole(path)
    facts = provenance.read(header.metadata)
    if facts is None:
        raise InputError(f"{path}: was not written by pixeltrend, so nothing tells how it was made")
    several = [patterns] if isinstance(patterns, (str, os.PathLike)) else patterns
    made = series = None
    if choices.embed:
        made = remake(path, _SHOWN, [os.fspath(pattern) for pattern in several])
        series = _series(made, header, choices.embed, progress)
    content, summary = _page(header, facts, choices, made, series, page)
    target.write(content)
    return summary


def _series(
    made: Remade, header: Header, most_bytes: int, progress: Callable[[int, int], None] | None
) -> PageSeries | None:
    done = 0

    def watch(pixels: int) -> None:
        nonlocal done
        done += pixels
        if progress is not None:
            progress(done, header.grid.pixels)

    return page_series(made, header, most_bytes, watch)


def _page(
    header: Header,
    facts: Provenance,
    choices: ReportOptions,
    made: Remade | None,
    series: PageSeries | None,
    output: str,
) -> tuple[bytes, ReportSummary]:
    """Return the page and what it holds."""
    shown = page_map(header, choices.alpha)
    name, grid, first = os.path.basename(header.path), header.grid, header.bands[0]
    title, subtitle = map_title(name, first.description, first.metadata, header.metadata)
    remarks = report_facts.warnings(header.metadata, made)
    figures = {
        "map": report_figures.map_figure(shown), "histogram": report_figures.histogram_figure(),
    }  # fmt: skip
    if series is not None:
        figures["series"] = report_figures.series_figure(series)
    said = {
        "title": title,
        "subtitle": subtitle,
        "layers": [layer_facts(layer) for layer in shown.layers],
        "pvalue": shown.pvalue,
        "alpha": f"{choices.alpha:g}",
        "levels": shown.levels,
        "level": shown.levels.index(choices.alpha),
        "ratio": f"{report_figures.proportion(shown.frame):.4g}",
        "map_notes": _map_notes(header, shown),
        "height": grid.height,
        "width": grid.width,
        "series_note": _series_note(series, choices, grid.pixels),
        "has_series": series is not None,
        "has_line": series is not None and series.line is not None,
        "areas": _areas(header, choices),
        "methods": methods_text(facts, header.metadata["PIXELTREND_VERSION"]),
        "warnings": remarks.texts,
        "no_warnings": remarks.if_none,
        "inputs": list(report_facts.inputs(facts, made)),
        "commands": list(report_facts.commands(facts, name, os.path.basename(output))),
        "versions": report_facts.versions(header.metadata),
    }
    data = {
        "map": {**map_data(shown), "layers": [layer_data(layer) for layer in shown.layers]},
        "grid": {"width": grid.width, "height": grid.height, "geotransform": grid.geotransform},
        "command": shlex.join(["pixeltrend", "pixel", name]),
        "series": None if series is None else series_data(series),
    }
    content = report_page.render(said, data, figures).encode()
    count = 0 if series is None else len(series.rows) * len(series.columns)
    summary = ReportSummary(
        output=output,
        bands=tuple(layer.name for layer in shown.layers),
        map_pixels=len(shown.rows) * len(shown.columns),
        series=count,
        exact=count == grid.pixels,
        size=len(content),
        warnings=remarks.texts,
    )
    return content, summary


def _areas(header: Header, choices: ReportOptions) -> dict[str, Any] | None:
    """Return the table of areas; None if no band says where a trend goes."""
    try:
        Directions.of(header, TableOptions(alpha=choices.alpha))
    except InputError:
        return None
    found = table(header.path, alpha=choices.alpha)
    what, where = headlines(found)
    what = what.removeprefix(f"{found.raster}: ")
    return {
        "caption": f"By {what}. {where}. {how_many(found)}.",
        "rows": class_rows(found.classes),
    }


def _map_notes(header: Header, shown: PageMap) -> list[str]:
    grid, (rows, columns) = header.grid, (len(shown.rows), len(shown.columns))
    part = ""
    if rows * columns < grid.pixels:
        part = (
            f"The map shows {columns:,} x {rows:,} of the {grid.width:,} x {grid.height:,} pixels."
        )
    return [note for note in (part, shown.note, shown.frame.note) if note]


def _series_note(series: PageSeries | None, choices: ReportOptions, pixels: int) -> str:
    size = f"{choices.embed / 2**20:.3g} MB (--embed)"
    if series is None:
        why = f"none fits into {size}" if choices.embed else "--embed was 0"
        return f"This page has no series of single pixels: {why}. The command above shows any."
    count = len(series.rows) * len(series.columns)
    line = "" if series.line is not None else " The method has no line to draw."
    if count == pixels:
        return f"This page has the series of every pixel.{line}"
    return (
        f"This page has the series of {count:,} of the {pixels:,} pixels, on an even grid of "
        f"{len(series.columns):,} x {len(series.rows):,}: as many as fit into {size}.{line}"
    )
