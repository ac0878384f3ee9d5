"""pixeltrend slope: the trend of every pixel."""

from __future__ import annotations

from typing import Any

import click

from pixeltrend.cli import options
from pixeltrend.cli.bands import run_each
from pixeltrend.cli.fields import Command, add_options, options_from
from pixeltrend.cli.progress import progress_of, report
from pixeltrend.cli.rerun import is_current
from pixeltrend.reducers.options import StatsOptions

statistics_options = options_from(StatsOptions, {"fdr": {"is_flag": False, "flag_value": "bh"}})


@click.command(cls=Command, no_args_is_help=True)
@add_options(
    options.patterns_argument, *statistics_options, *options.composite_options, *options.run_options
)
def slope(patterns: list[str], output: str, *, quiet: bool, as_json: bool, **settings: Any) -> None:
    """Write the trend of every pixel of a stack of yearly rasters.

    PATTERN is a glob in quotes ('exports/**/*.tif'), a file, a folder, a .zip or a URL (s3://,
    gs://, az://, https://); - reads a list from stdin. The time is taken from each file name. All
    rasters must lie on one grid. pixeltrend check shows what would be read.

    The result is the slope of the least-squares line through a pixel's valid values, in units of
    the values per year, or the statistics that --stats names, a band each. Missing values are left
    out pixel by pixel.

    \b
    pixeltrend slope '*.tiff' -o trend.tif --workers 4
    pixeltrend slope '*.tiff' -o trend.tif --stats slope,pvalue,slope_lower,slope_upper
    pixeltrend slope '*.tiff' -o trend.tif --method theil-sen --stats slope,pvalue --fdr
    """

    def run(patterns: list[str], output: str, settings: dict[str, Any]) -> None:
        if settings["update"] and is_current(
            patterns,
            output,
            settings | {"as_json": as_json},
            {"options": StatsOptions},
            quiet=quiet,
        ):
            return
        from pixeltrend import trend  # --help must not wait for NumPy and GDAL

        with progress_of(quiet=quiet, as_json=as_json) as progress:
            summary = trend.slope(
                patterns, output, progress=progress, count_missing=as_json, **settings
            )
        report(summary, quiet=quiet, as_json=as_json)

    run_each(run, patterns, output, settings)
