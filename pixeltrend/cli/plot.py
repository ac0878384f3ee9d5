"""pixeltrend plot: a map of one band, in classes."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import click

from pixeltrend.cli import options
from pixeltrend.cli.exits import say, show
from pixeltrend.cli.fields import Command, Option, add_options, options_from
from pixeltrend.views.options import PlotOptions


@click.command(cls=Command, no_args_is_help=True)
@click.argument("raster", metavar="TREND")
@add_options(
    click.option(
        "-o",
        "--output",
        required=True,
        cls=Option,
        group="Output",
        metavar="OUT",
        help="Picture to write: .png, .svg or .pdf; an older one is replaced.",
    ),
    *options_from(PlotOptions, {}),
    options.json_option,
    *options.log_options,
)
def plot(raster: str, output: str, *, as_json: bool, quiet: bool, **fields: Any) -> None:
    """Draw a band of TREND as a map, in quintiles.

    Classes below zero are brown, classes above zero blue: the darker, the farther from zero. A
    class that zero belongs to is white, a missing pixel grey. The legend gives the limits of the
    classes, and the part of the pixels that each has.

    Needs Matplotlib and matplotlib-scalebar: pip install matplotlib-scalebar

    \b
    pixeltrend plot trend.tif -o map.png
    pixeltrend plot trend.tif -o map.pdf --classes 7 --title 'Greening since 1995'
    pixeltrend plot trend.tif -o p.png --band pvalue --scheme equal
    """
    from pixeltrend.views.map import plot_map  # --help must not wait for NumPy and GDAL

    summary = plot_map(raster, output, **fields)
    if as_json:
        show(json.dumps(dataclasses.asdict(summary)))
    elif not quiet:
        read = " of a decimated read" if summary.decimated else ""
        say(
            f"{output}: {summary.band} in {len(summary.counts)} classes, {summary.pixels:,} "
            f"pixels{read} ({summary.valid_pixels:,} with a value)"
        )
