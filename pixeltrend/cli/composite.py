"""pixeltrend composite: a raster for each year, season or month."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import click

from pixeltrend.cli import options
from pixeltrend.cli.bands import run_each
from pixeltrend.cli.exits import say, show
from pixeltrend.cli.fields import Command, Option, add_options, options_from
from pixeltrend.cli.progress import progress_of
from pixeltrend.raster.output import OutputOptions

_NOT_OF_A_FOLDER = {"update", "resume"}
_writing = options_from(
    OutputOptions,
    options.OUTPUT,
    only=[f.name for f in dataclasses.fields(OutputOptions) if f.name not in _NOT_OF_A_FOLDER],
)


@click.command(cls=Command, no_args_is_help=True)
@add_options(
    options.patterns_argument,
    *options.composite_options,
    *options.input_options,
    *options.workers_options,
    options.output_to("Folder to write into; created if it does not exist.", metavar="FOLDER"),
    click.option(
        "--name",
        default="",
        cls=Option,
        group="Output",
        metavar="NAME",
        help="How the names of the rasters begin, as in NAME_2001.tif.  [default: the composite]",
    ),
    *_writing,
    *options.messages_options,
)
def composite(
    patterns: list[str], output: str, *, quiet: bool, as_json: bool, **settings: Any
) -> None:
    """Write a raster for each year, season or month: the maximum of its scenes, or another value.

    The rasters are NAME_2001.tif; of months and seasons, NAME_2001-06-01.tif, by their first day.
    slope and map read them; with --composite, they do the same without writing anything between.

    \b
    pixeltrend composite 'scenes/*.tif' -o years --composite max
    pixeltrend composite 'scenes/*.tif' -o summers --composite p90 --months 6-8 --name ndvi
    """
    from pixeltrend.composites import composite as write  # --help must not wait for NumPy and GDAL

    def run(patterns: list[str], output: str, settings: dict[str, Any]) -> None:
        with progress_of(quiet=quiet, as_json=as_json) as progress:
            summary = write(patterns, output, progress=progress, **settings)
        for warning in summary.warnings:
            say(f"Warning: {warning}")
        if as_json:
            show(json.dumps(dataclasses.asdict(summary)))
        elif not quiet:
            count, first, last = len(summary.outputs), summary.outputs[0], summary.outputs[-1]
            say(
                f"{first}{f' to {last}' if count > 1 else ''}: {count} rasters of "
                f"{sum(summary.scenes):,} scenes, {summary.seconds:.2f} s"
            )

    run_each(run, patterns, output, settings)
