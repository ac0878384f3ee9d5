"""pixeltrend fdr: p-values of a written trend, adjusted for the number of its pixels."""

from __future__ import annotations

import click

from pixeltrend.cli import options
from pixeltrend.cli.exits import say
from pixeltrend.cli.fields import Command, Option, add_options


@click.command(cls=Command, no_args_is_help=True)
@click.argument("raster", metavar="TREND")
@add_options(
    options.output_to(
        "Raster to write.  [default: TREND is replaced when the new one is complete]",
        required=False,
    ),
    click.option(
        "--method",
        type=click.Choice(["bh", "by"]),
        default="bh",
        show_default=True,
        cls=Option,
        group="Significance",
        help="Benjamini and Hochberg, or Benjamini and Yekutieli.",
    ),
    *options.log_options,
)
def fdr(raster: str, output: str | None, method: str, *, quiet: bool) -> None:
    """Write TREND with a band pvalue_fdr: its p-values adjusted for the number of its pixels.

    TREND is a raster that pixeltrend wrote with --stats slope,pvalue, or a VRT of such parts of one
    map. The numbers are those of slope --fdr.

    \b
    gdalbuildvrt trend.vrt rows_*.tif
    pixeltrend fdr trend.vrt -o trend.tif
    """
    from pixeltrend.fdr import adjust  # --help must not wait for NumPy and GDAL

    count = adjust(raster, output, method)
    if not quiet:
        say(f"{output or raster}: {count:,} p-values adjusted")
