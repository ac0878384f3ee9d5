"""pixeltrend report: a page about a written trend."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import click

from pixeltrend.cli import options
from pixeltrend.cli.exits import say, show
from pixeltrend.cli.fields import Command, add_options, options_from, parse_bytes
from pixeltrend.cli.progress import progress_of
from pixeltrend.views.report_options import ReportOptions


def _embed(ctx: click.Context, param: click.Parameter, value: Any) -> int | None:
    """Return the bytes of a size, which may be 0."""
    return 0 if str(value) == "0" else parse_bytes(ctx, param, value)


_REPORT: dict[str, dict[str, Any]] = {
    "embed": {"type": str, "callback": _embed, "default": "5MB"},
}


@click.command(cls=Command, no_args_is_help=True)
@click.argument("raster", metavar="TREND")
@click.argument("patterns", metavar="[PATTERN...]", nargs=-1)
@add_options(
    options.output_to("Page to write, .html; an older one is replaced."),
    *options_from(ReportOptions, _REPORT),
    *options.messages_options,
)
def report(
    raster: str,
    patterns: tuple[str, ...],
    output: str,
    *,
    as_json: bool,
    quiet: bool,
    **settings: Any,
) -> None:
    """Write a page about TREND to look at and to send: one HTML file, which loads nothing.

    It has a map of each band, in the classes of plot; a slider for the level of significance; a
    histogram; the table of areas; the series of the pixel that is clicked, with its line; inputs
    and warnings; methods and references for a paper; versions and commands. TREND's metadata say
    what it was made from; PATTERN says where that is now.

    Needs Bokeh: pip install bokeh

    \b
    pixeltrend report trend.tif -o report.html
    pixeltrend report trend.tif 'exports/*.tiff' -o report.html --embed 20MB
    pixeltrend report trend.tif -o report.html --embed 0
    """
    from pixeltrend.views import report as reports  # --help must not wait for NumPy and GDAL

    with progress_of(quiet=quiet, as_json=as_json) as progress:
        summary = reports.report(raster, output, patterns, progress=progress, **settings)
    for warning in summary.warnings:
        say(f"Warning: {warning}")
    if as_json:
        show(json.dumps(dataclasses.asdict(summary)))
    elif not quiet:
        of = "every pixel" if summary.exact else f"{summary.series:,} pixels"
        say(
            f"{output}: {len(summary.bands)} bands, {summary.map_pixels:,} pixels of map, series "
            f"of {of}, {summary.size / 2**20:.1f} MB"
        )
