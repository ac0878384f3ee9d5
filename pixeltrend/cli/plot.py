"""pixeltrend plot: a map of one band, in classes."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import click

from pixeltrend.cli import options
from pixeltrend.cli.exits import say, show
from pixeltrend.cli.fields import Command, add_options, options_from
from pixeltrend.views.options import PlotOptions

PLOT: dict[str, dict[str, Any]] = {
    "significance": {"names": ("--significance/--no-significance",)},
    "subtitle": {"names": ("--subtitle/--no-subtitle",)},
}


@click.command(cls=Command, no_args_is_help=True)
@click.argument("raster", metavar="TREND")
@add_options(
    options.output_to("Picture to write: .png, .svg or .pdf; an older one is replaced."),
    *options_from(PlotOptions, PLOT),
    options.json_option,
    *options.log_options,
)
def plot(raster: str, output: str, *, as_json: bool, quiet: bool, **fields: Any) -> None:
    """Draw a band of TREND as a map, in classes that fit it.

    Slopes are drawn in quintiles, which zero divides: brown below zero, blue above, the darker, the
    farther from zero. p-values have the classes 0.001, 0.01, 0.05, 0.1 and 1, counts and years
    whole numbers, classes and reasons their names. A missing pixel is grey; what is not significant
    at 0.05 is hatched where TREND has p-values. The legend gives the limits of the classes, and
    the part of the pixels that each has.

    Needs Matplotlib and matplotlib-scalebar: pip install matplotlib-scalebar

    \b
    pixeltrend plot trend.tif -o map.png
    pixeltrend plot trend.tif -o map.pdf --width 85mm --title '' --no-subtitle
    pixeltrend plot trend.tif -o map.png --symmetric --where 'pvalue<0.01'
    pixeltrend plot trend.tif -o p.png --band pvalue
    """
    from pixeltrend.views.map import plot_map  # --help must not wait for NumPy and GDAL

    summary = plot_map(raster, output, **fields)
    if as_json:
        facts = dataclasses.asdict(summary)
        del facts["picture"]
        show(json.dumps(facts))
    elif not quiet:
        unmet = f", {summary.unmet_pixels:,} with {summary.unmet}" if summary.unmet else ""
        read = " of a decimated read" if summary.decimated else ""
        say(
            f"{output}: {summary.band} in {len(summary.counts)} classes, {summary.pixels:,} "
            f"pixels{read} ({summary.valid_pixels:,} with a value{unmet})"
        )
