"""pixeltrend map: any function of every pixel's series."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

import click

from pixeltrend.cli import options
from pixeltrend.cli.bands import run_each
from pixeltrend.cli.fields import Command, add_options, options_from, parse_pairs
from pixeltrend.cli.progress import progress_of, report
from pixeltrend.cli.rerun import is_current
from pixeltrend.reducers.function_options import FunctionOptions

if TYPE_CHECKING:
    from collections.abc import Iterable


def _arguments(ctx: click.Context, param: click.Parameter, values: Iterable[str]) -> dict[str, Any]:
    """Return values as Python reads them, and as text what Python cannot read."""
    arguments: dict[str, Any] = {}
    for name, text in parse_pairs(ctx, param, values).items():
        try:
            arguments[name] = ast.literal_eval(text)
        except (ValueError, SyntaxError):
            arguments[name] = text
    return arguments


function_options = options_from(
    FunctionOptions,
    {
        "arguments": {
            "names": ("--arg",),
            "multiple": True,
            "default": (),
            "callback": _arguments,
        },
    },
)


@click.command("map", cls=Command, no_args_is_help=True)
@click.argument("function", metavar="MODULE:FUNCTION")
@add_options(
    options.patterns_argument, *function_options, *options.composite_options, *options.run_options
)
def map(  # noqa: A001 - the command's name
    function: str,
    patterns: list[str],
    output: str,
    *,
    quiet: bool,
    as_json: bool,
    **settings: Any,
) -> None:
    """Write what any function makes of the series of every pixel.

    FUNCTION is a top-level function of a module, or of a file (FILE.py:FUNCTION). It gets the
    (n, 2) array of a pixel's (time, value) pairs, gaps left out; or, if two of its arguments are
    called x and y, as SciPy's are, the times as x and the values as y. It returns a number or a
    sequence of numbers.

    \b
    pixeltrend map scipy.stats:kendalltau '*.tiff' -o tau.tif --bands statistic,pvalue
    pixeltrend map mine.py:amplitude '*.tiff' -o amplitude.tif --arg low=10
    """
    calling = {"options": FunctionOptions, "function": function}

    def run(patterns: list[str], output: str, settings: dict[str, Any]) -> None:
        if settings["update"] and is_current(
            patterns, output, settings | {"as_json": as_json}, calling, quiet=quiet
        ):
            return
        from pixeltrend import trend  # --help must not wait for NumPy and GDAL

        with progress_of(quiet=quiet, as_json=as_json) as progress:
            summary = trend.map_pixels(
                function, patterns, output, progress=progress, count_missing=as_json, **settings
            )
        report(summary, quiet=quiet, as_json=as_json)

    run_each(run, patterns, output, settings)
