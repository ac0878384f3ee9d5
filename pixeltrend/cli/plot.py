"""pixeltrend plot: a map of one band, in classes."""

from __future__ import annotations

import dataclasses
import json

import click

from pixeltrend.cli import options


@click.command(no_args_is_help=True)
@click.argument("raster", metavar="TREND")
@options.add_options(
    click.option(
        "-o",
        "--output",
        required=True,
        metavar="OUT",
        help="Picture to write: .png, .svg or .pdf. An older one is replaced.",
    ),
    options.band_option,
    click.option(
        "--classes",
        type=click.IntRange(1, 12),
        default=5,
        show_default=True,
        metavar="N",
        help="How many classes.",
    ),
    click.option(
        "--scheme",
        type=click.Choice(["quantiles", "equal"]),
        default="quantiles",
        show_default=True,
        help="quantiles: as many pixels in each class. equal: all classes as wide.",
    ),
    click.option("--title", metavar="TEXT", help="Title, instead of what the metadata say."),
    click.option(
        "--dpi",
        type=click.IntRange(50, 1200),
        default=150,
        show_default=True,
        metavar="N",
        help="Pixels per inch.",
    ),
    options.json_option,
    options.quiet_option,
    options.verbose_option,
)
def plot(
    raster: str,
    output: str,
    *,
    band: str | None,
    classes: int,
    scheme: str,
    title: str | None,
    dpi: int,
    as_json: bool,
    quiet: bool,
) -> None:
    """Draw a band of TREND as a map, in quintiles.

    Classes below zero are brown, classes above zero blue: the darker, the farther from zero. A
    class that zero belongs to is white, a missing pixel grey. The legend gives the limits of the
    classes, and the part of the pixels that each has.

    Needs Matplotlib: pip install matplotlib

    \b
    pixeltrend plot trend.tif -o map.png
    pixeltrend plot trend.tif -o map.pdf --classes 7 --title 'Greening since 1995'
    pixeltrend plot trend.tif -o p.png --band pvalue --scheme equal
    """
    from pixeltrend.views.map import plot_map  # --help must not wait for NumPy and GDAL

    summary = plot_map(
        raster, output, band=band or 1, classes=classes, scheme=scheme, title=title, dpi=dpi
    )
    if as_json:
        click.echo(json.dumps(dataclasses.asdict(summary)))
    elif not quiet:
        read = " of a decimated read" if summary.decimated else ""
        click.echo(
            f"{output}: {summary.band} in {len(summary.counts)} classes, {summary.pixels:,} "
            f"pixels{read} ({summary.valid_pixels:,} with a value)",
            err=True,
        )
