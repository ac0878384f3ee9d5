"""pixeltrend demo: a made-up series."""

from __future__ import annotations

import click

from pixeltrend.cli import options
from pixeltrend.cli.exits import say
from pixeltrend.cli.fields import Command, add_options, options_from
from pixeltrend.raster.output import OutputOptions


@click.command(cls=Command, no_args_is_help=True)
@click.argument("folder", metavar="DIR")
@add_options(
    click.option(
        "--size",
        type=(click.IntRange(min=1), click.IntRange(min=1)),
        default=(716, 1021),
        show_default=True,
        metavar="WIDTH HEIGHT",
        help="Size of the rasters in pixels.",
    ),
    click.option(
        "--years", default="1995:2015", show_default=True, metavar="FIRST:LAST", help="Years."
    ),
    click.option(
        "--gaps",
        type=click.FloatRange(0, 1, max_open=True),
        default=0.0,
        show_default=True,
        metavar="FRACTION",
        help="Part of the values that clouds hide.",
    ),
    click.option(
        "--noise",
        type=click.FloatRange(0),
        default=0.02,
        show_default=True,
        metavar="SD",
        help="Standard deviation of a value around its trend.",
    ),
    click.option(
        "--seed", type=int, default=0, show_default=True, help="Another seed makes another city."
    ),
    *options_from(OutputOptions, options.OUTPUT, only=("creation_options",)),
    *options.log_options,
)
def demo(
    folder: str,
    *,
    size: tuple[int, int],
    years: str,
    gaps: float,
    noise: float,
    seed: int,
    creation_options: dict[str, str],
    quiet: bool,
) -> None:
    """Write a made-up yearly NDVI series into DIR, to try things on.

    DIR gets one raster a year, ndvi_1995.tiff to ndvi_2015.tiff, and truth/slope.tif, the trend
    that the series was made with. Files that are there already are replaced only if pixeltrend
    demo made them.

    \b
    pixeltrend demo demo
    pixeltrend slope 'demo/*.tiff' -o demo/trend.tif
    """
    from pixeltrend.synthetic import make_series  # --help must not wait for GDAL

    paths = make_series(
        folder,
        width=size[0],
        height=size[1],
        years=years,
        gaps=gaps,
        noise=noise,
        seed=seed,
        creation_options=creation_options,
    )
    if not quiet:
        say(f"{folder}: {len(paths)} rasters of {size[0]} x {size[1]} pixels")
