"""Options that commands share, each defined once."""

from __future__ import annotations

import logging
import re
import sys
from typing import TYPE_CHECKING, Any, TypeVar

import click

from pixeltrend.errors import redact
from pixeltrend.series.options import EXTENTS, RESAMPLINGS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

F = TypeVar("F", bound="Callable[..., Any]")


def _bytes(_ctx: click.Context, param: click.Parameter, value: str | None) -> int | None:
    """Read 64MB, 1GB or 512K; a bare number counts megabytes."""
    if value is None:
        return None
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]?)i?B?", value.strip(), re.IGNORECASE)
    if not match or float(match[1]) == 0:
        raise click.BadParameter(f"{value!r} is no size: write 64MB or 1GB", param=param)
    return int(float(match[1]) * 1024 ** " KMGT".index(match[2].upper() or "M"))


def pairs(_ctx: click.Context, param: click.Parameter, values: Iterable[str]) -> dict[str, str]:
    """Read NAME=VALUE, each name once."""
    result = {}
    for text in values:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise click.BadParameter(f"{text!r}: expected NAME=VALUE", param=param)
        result[name] = value
    return result


def _read_stdin(_ctx: click.Context, _param: click.Parameter, values: Iterable[str]) -> list[str]:
    """Replace `-` with the lines of stdin."""
    result = []
    for value in values:
        if value == "-":
            lines = (line.lstrip("\ufeff").strip() for line in sys.stdin)
            result += [line for line in lines if line]
        else:
            result.append(value)
    return result


class _HidingFormatter(logging.Formatter):
    """Writes no keys and passwords, wherever in a message or a traceback they stand."""

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


def _set_up_log(_ctx: click.Context, _param: click.Parameter, verbose: bool) -> bool:
    if verbose:
        handler = logging.StreamHandler()
        handler.setFormatter(_HidingFormatter("%(name)s: %(message)s"))
        logging.basicConfig(level=logging.DEBUG, handlers=[handler], force=True)
    return verbose


patterns_argument = click.argument(
    "patterns", metavar="PATTERN...", nargs=-1, required=True, callback=_read_stdin
)
output_option = click.option(
    "-o",
    "--output",
    required=True,
    metavar="OUT",
    help="Raster to write. An older one is replaced.",
)
band_option = click.option(
    "--band", metavar="BAND", help="Number (from 1) or description of the band.  [default: 1]"
)

# What every command takes that reads a series.
input_options = (
    band_option,
    click.option(
        "--bands-are-times",
        is_flag=True,
        help="Every band of a file is a time: its description says which, or --years.",
    ),
    click.option(
        "--years",
        metavar="FIRST:LAST[:STEP]",
        help="Years of the files in order of their names, or of the bands, when names have none.",
    ),
    click.option(
        "--date-regex",
        metavar="REGEX",
        help="Where the time is in a name: the group named year (with month and day, or doy, if "
        r"wanted), or the first group, as 'v2_(\d{4})'.",
    ),
    click.option(
        "--times",
        metavar="FILE.csv",
        help="A table of times: a line for each file, its name and its time.",
    ),
    click.option(
        "--nodata",
        type=float,
        metavar="VALUE",
        help="Value that means missing, instead of the one that the files declare.",
    ),
    click.option(
        "--valid-range",
        type=(float, float),
        metavar="MIN MAX",
        help="Other values are missing. In the files' own numbers, before scale and offset.",
    ),
    click.option(
        "--scale", type=float, help="Values are numbers x scale + offset, whatever the files say."
    ),
    click.option("--offset", type=float, help="See --scale."),
    click.option(
        "--mask-band",
        metavar="BAND",
        help="Band that is 0 where a pixel is missing: number or description.",
    ),
    click.option("--qa-band", metavar="BAND", help="Band of quality bits, as Landsat's QA_PIXEL."),
    click.option(
        "--qa-bits",
        metavar="BITS",
        help="Bits of it that mean missing: 1-4 for any of bits 1 to 4, 8-9=3 for the number 3 in "
        "bits 8 and 9; several with commas.",
    ),
    click.option(
        "--extent",
        type=click.Choice(EXTENTS),
        help="Rasters of different extents on one pixel grid: what they share, all that any has, "
        "or that of the first.  [default: refuse them]",
    ),
    click.option(
        "--align",
        type=click.Choice(RESAMPLINGS),
        help="Warp rasters on other grids onto that of the first.  [default: refuse them]",
    ),
    click.option(
        "--allow-vrt",
        is_flag=True,
        help="Read VRTs too, and files that are something else than their names say.",
    ),
)
workers_option = click.option(
    "--workers",
    type=click.IntRange(min=1),
    metavar="N",
    help="Processes to run.  [default: the CPUs this process may use]",
)
memory_option = click.option(
    "--memory",
    callback=_bytes,
    metavar="SIZE",
    help="Pixels that one worker may hold in memory, as 64MB.  [default: 32MB, 128MB if they come "
    "over a network, or one block]",
)
dtype_option = click.option(
    "--dtype",
    type=click.Choice(["float32", "float64"]),
    default="float32",
    show_default=True,
    help="Type of the output.",
)
format_option = click.option(
    "--of",
    "file_format",
    type=click.Choice(["GTiff", "COG"]),
    help="Format of the output.  [default: by its extension]",
)
creation_option = click.option(
    "--co",
    "creation_options",
    multiple=True,
    callback=pairs,
    metavar="NAME=VALUE",
    help="Creation option of the output's GDAL driver. May be given again.",
)
overwrite_option = click.option(
    "--overwrite/--no-overwrite",
    default=True,
    show_default=True,
    help="Whether an older output may be replaced.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
quiet_option = click.option(
    "-q", "--quiet", is_flag=True, help="No progress and no summary; warnings and errors only."
)
verbose_option = click.option(
    "-v",
    "--verbose",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_set_up_log,
    help="Say more, with a traceback if something goes wrong.",
)


window_option = click.option(
    "--window",
    type=(int, int, int, int),
    metavar="ROW COL HEIGHT WIDTH",
    help="Only this part, in pixels; the first row and column are 0.",
)
bounds_option = click.option(
    "--bounds",
    type=(float, float, float, float),
    metavar="XMIN YMIN XMAX YMAX",
    help="Only this part, in the units of the CRS.",
)
executor_option = click.option(
    "--executor",
    type=click.Choice(["processes", "threads", "serial", "dask"]),
    default="processes",
    show_default=True,
    help="Where the work is done; dask: on a running cluster.",
)
scheduler_option = click.option(
    "--scheduler", metavar="ADDRESS", help="The Dask scheduler, as tcp://host:8786."
)
scheduler_file_option = click.option(
    "--scheduler-file", metavar="FILE", help="File in which a Dask scheduler wrote its address."
)

# What every command takes that reads a series and writes a raster.
run_options = (
    *input_options,
    window_option,
    bounds_option,
    workers_option,
    executor_option,
    scheduler_option,
    scheduler_file_option,
    memory_option,
    dtype_option,
    format_option,
    creation_option,
    overwrite_option,
    json_option,
    quiet_option,
    verbose_option,
)


def add_options(*options: Callable[[F], F]) -> Callable[[F], F]:
    """Decorate a command with several options, in this order."""

    def decorate(function: F) -> F:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate
