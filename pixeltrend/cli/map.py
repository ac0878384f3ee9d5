"""pixeltrend map: any function of every pixel's series."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

import click

from pixeltrend.cli import options
from pixeltrend.cli.fields import options_from
from pixeltrend.cli.progress import progress_bar, report
from pixeltrend.reducers.function_options import FunctionOptions

if TYPE_CHECKING:
    from collections.abc import Iterable


def _names(_ctx: click.Context, _param: click.Parameter, value: str | None) -> list[str] | None:
    return None if value is None else [name.strip() for name in value.split(",")]


def _arguments(ctx: click.Context, param: click.Parameter, values: Iterable[str]) -> dict[str, Any]:
    """Read values as Python does, and as text what Python cannot read."""
    result: dict[str, Any] = {}
    for name, text in options.pairs(ctx, param, values).items():
        try:
            result[name] = ast.literal_eval(text)
        except (ValueError, SyntaxError):
            result[name] = text
    return result


@click.command("map", no_args_is_help=True)
@click.argument("function", metavar="MODULE:FUNCTION")
@options.add_options(
    options.patterns_argument,
    options.output_option,
    *options_from(
        FunctionOptions,
        {
            "bands": {"callback": _names},
            "arguments": {"names": ("--arg",), "multiple": True, "callback": _arguments},
        },
    ),
    *options.run_options,
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
    called x and y, as SciPy's are, the times as x and the values as y. It gives a number or a
    sequence of numbers.

    \b
    pixeltrend map scipy.stats:kendalltau '*.tiff' -o tau.tif --bands statistic,pvalue
    pixeltrend map mine.py:amplitude '*.tiff' -o amplitude.tif --arg low=10
    """
    from pixeltrend import trend  # --help must not wait for NumPy and GDAL

    with progress_bar(quiet=quiet or as_json) as progress:
        summary = trend.map_pixels(function, patterns, output, progress=progress, **settings)
    report(summary, quiet=quiet, as_json=as_json)
