"""Options that commands share: those of the dataclasses, and how a command reads and speaks."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from pixeltrend.cli import log
from pixeltrend.cli.fields import Option, options_from, parse_bytes, parse_creation_options
from pixeltrend.cli.progress import STYLES, remember_style
from pixeltrend.errors import InputError
from pixeltrend.execution.executors import Workers
from pixeltrend.raster.output import OutputOptions
from pixeltrend.reducers.composite_options import CompositeOptions
from pixeltrend.series.options import InputOptions

if TYPE_CHECKING:
    from collections.abc import Iterable


def _read_stdin(_ctx: click.Context, _param: click.Parameter, values: Iterable[str]) -> list[str]:
    """Replace `-` with the lines of stdin."""
    patterns: list[str] = []
    for value in values:
        if value == "-":
            try:
                lines = [line.lstrip("\ufeff").strip() for line in sys.stdin]
            except OSError as error:
                raise InputError(f"stdin: cannot be read ({error.strerror})") from error
            patterns += filter(None, lines)
        else:
            patterns.append(value)
    return patterns


def _remember_bbox(ctx: click.Context, param: click.Parameter, text: str | None) -> None:
    """Keep GDAL's ``xmin,ymin,xmax,ymax`` for `bounds`, which is read after it."""
    if text is None:
        return
    try:
        xmin, ymin, xmax, ymax = map(float, text.split(","))
    except ValueError as error:
        raise click.BadParameter(f"{text!r}: expected XMIN,YMIN,XMAX,YMAX", param=param) from error
    ctx.meta["bbox"] = xmin, ymin, xmax, ymax


def _bounds(ctx: click.Context, param: click.Parameter, value: Any) -> Any:
    if value is not None and "bbox" in ctx.meta:
        raise click.BadParameter("bounds and bbox say the same: give one of them", param=param)
    return ctx.meta.get("bbox", value)


patterns_argument = click.argument(
    "patterns", metavar="PATTERN...", nargs=-1, required=True, callback=_read_stdin
)


def output_to(text: str, *, required: bool = True, metavar: str = "OUT") -> Any:
    """Return the option that names what a command writes."""
    return click.option(
        "-o",
        "--output",
        required=required,
        cls=Option,
        group="Output",
        metavar=metavar,
        help=text,
    )


output_option = output_to("Raster to write; an older one is replaced when the new one is complete.")
bbox_option = click.option(
    "--bbox",
    is_eager=True,
    expose_value=False,
    callback=_remember_bbox,
    cls=Option,
    group="Inputs",
    metavar="XMIN,YMIN,XMAX,YMAX",
    help="The same as --bounds, with commas.",
)
json_option = click.option(
    "--json", "as_json", is_flag=True, cls=Option, group="Output", help="Print a summary as JSON."
)
quiet_option = click.option(
    "-q",
    "--quiet",
    is_flag=True,
    cls=Option,
    group="Output",
    help="No progress and no summary; warnings and errors only.",
)
verbose_option = click.option(
    "-v",
    "--verbose",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=log.verbose,
    cls=Option,
    group="Output",
    help="Say more, with a traceback if something goes wrong.",
)
log_file_option = click.option(
    "--log-file",
    is_eager=True,
    expose_value=False,
    callback=log.log_file,
    cls=Option,
    group="Output",
    metavar="FILE",
    help="Append to FILE, with times, all that --verbose says, progress and the summary.",
)
progress_option = click.option(
    "--progress",
    type=click.Choice(STYLES),
    expose_value=False,
    callback=remember_style,
    cls=Option,
    group="Output",
    help="How progress is shown; lines: one each 10 % or each minute, of runs that take longer "
    "than some seconds.  [default: bar on a terminal, else lines; none with --json]",
)
log_options = (quiet_option, verbose_option, log_file_option)
messages_options = (json_option, progress_option, *log_options)

# What every command takes that reads a series.
input_options = (*options_from(InputOptions, {"bounds": {"callback": _bounds}}), bbox_option)
composite_options = options_from(CompositeOptions, {})
WORKERS: dict[str, dict[str, Any]] = {"memory": {"type": str, "callback": parse_bytes}}
workers_options = options_from(Workers, WORKERS)
# What every command takes that writes a raster.
OUTPUT: dict[str, dict[str, Any]] = {
    "dtype": {"names": ("--dtype", "--ot")},
    "file_format": {"names": ("-f", "--of", "--output-format")},
    "creation_options": {
        "names": ("--co", "--creation-option"),
        "multiple": True,
        "default": (),
        "callback": parse_creation_options,
    },
    "overwrite": {"names": ("--overwrite/--no-overwrite",)},
    "style": {"names": ("--style/--no-style",)},
}
writing_options = options_from(OutputOptions, OUTPUT)
run_options = (*input_options, *workers_options, output_option, *writing_options, *messages_options)
