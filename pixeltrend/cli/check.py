"""pixeltrend check: what a run would read, and what is wrong with it."""

from __future__ import annotations

import dataclasses
import json
import os
from typing import TYPE_CHECKING, Any

import click

from pixeltrend.cli import options
from pixeltrend.cli.exits import REFUSED_INPUTS, say, show
from pixeltrend.cli.fields import Command, Option, add_options, options_from
from pixeltrend.cli.progress import progress_of
from pixeltrend.errors import ArgumentError, InputError
from pixeltrend.execution.executors import Workers
from pixeltrend.times.dates import format_time

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pixeltrend.checks.origin import Origin
    from pixeltrend.checks.report import RasterReport, Report


@click.command(cls=Command, no_args_is_help=True)
@add_options(
    options.patterns_argument,
    click.option(
        "--pixels",
        is_flag=True,
        cls=Option,
        group="Checks",
        help="Decode some blocks, to find values that look like nodata and broken blocks.",
    ),
    click.option(
        "--full",
        is_flag=True,
        cls=Option,
        group="Checks",
        help="Decode all blocks, and name each broken one.",
    ),
    *options.input_options,
    *options_from(Workers, options.WORKERS, only=("workers", "memory")),
    *options.messages_options,
)
def check(patterns: list[str], *, quiet: bool, as_json: bool, **settings: Any) -> None:
    """Show what a run would read: times, files, grid and nodata, with all warnings and errors.

    Nothing is computed and nothing is written. The exit status is 3 if a run would refuse the
    files or fail to read them, and 0 otherwise; warnings do not change it.

    \b
    pixeltrend check '*.tiff'
    pixeltrend check '*.tiff' --pixels
    pixeltrend check exports --full --json > report.json
    pixeltrend check trend.tif     (what it was made from, and whether it is up to date)
    """
    if len(patterns) == 1 and not settings["bands_are_times"] and os.path.isfile(patterns[0]):
        from pixeltrend.checks.origin import is_output, trace

        if is_output(patterns[0]):
            if settings["pixels"] or settings["full"]:
                raise ArgumentError(
                    f"{patterns[0]}: was written by pixeltrend; --pixels and --full are for inputs"
                )
            _show(trace(patterns[0]), as_json=as_json)
            return
    from pixeltrend.checks.report import check as look  # --help must not wait for NumPy and GDAL

    try:
        with progress_of(quiet=quiet, as_json=as_json, unit="files") as progress:
            report = look(patterns, progress=progress, **settings)
    except InputError as error:
        problems = (error.problem, *error.others)
        if as_json:
            show(json.dumps({"problems": problems}))
        _complain(problems)
        click.get_current_context().exit(REFUSED_INPUTS)
    if as_json:
        show(json.dumps(_plain(dataclasses.asdict(report)), allow_nan=False))
    elif not quiet:
        show("\n".join(_lines(report)))
    else:
        for warning in report.warnings:
            say(f"Warning: {warning}")
    _complain(report.problems)
    if report.problems:
        click.get_current_context().exit(REFUSED_INPUTS)


def _show(origin: Origin, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(dataclasses.asdict(origin)))
        return
    click.echo(f"{origin.output}: {origin.method} of {_count(len(origin.inputs), 'raster')}")
    for time, name in zip(origin.times, origin.inputs, strict=False):
        click.echo(f"  {format_time(time)}  {name}")
    click.echo(f"Options: {origin.options or 'none that change numbers'}")
    known = {True: "yes", False: "no", None: "not known"}[origin.current]
    click.echo(f"Up to date: {known}{''.join(f'; {reason}' for reason in origin.reasons)}")


def _complain(problems: Iterable[str]) -> None:
    for problem in problems:
        say(f"Error: {problem}")


def _plain(value: Any) -> Any:
    """Return a value with "nan" in place of NaN, which JSON does not have."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return "nan" if isinstance(value, float) and value != value else value  # noqa: PLR0124


def _lines(report: Report) -> Iterator[str]:
    """Yield the lines of a report for people."""
    rows: list[tuple[str, ...]] = [
        ("time", "raster", "size", "band", "type", "nodata", "scale, offset", "warnings")
    ]
    rows += [_row(raster) for raster in report.rasters]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
    yield ""
    yield f"Grid: {report.width} x {report.height} pixels{_georeference(report)}"
    first, last = (report.rasters[end].date for end in (0, -1))
    missing = ", ".join(map(format_time, report.missing_years)) or "none"
    yield f"Times: {len(report.rasters)} from {first} to {last}, missing: {missing}"
    plan = report.plan
    yield (
        f"A run: {_count(plan.workers, 'worker')}, {_count(plan.windows, 'window')} of up to "
        f"{plan.window_pixels:,} pixels, up to {_bytes(plan.worker_bytes)} of pixels in a worker, "
        f"{_bytes(plan.decoded_bytes)} to decode in all"
    )
    yield (
        f"slope would {'fail to ' if report.problems else ''}fit a line to up to "
        f"{len(report.rasters)} values of each of {report.width * report.height:,} pixels"
    )
    if report.warnings:
        yield ""
        yield from (f"[{n}] {warning}" for n, warning in enumerate(report.warnings, 1))


def _row(raster: RasterReport) -> tuple[str, ...]:
    name = os.path.basename(raster.path)
    shards = f" ({raster.files} shards)" if raster.files > 1 else ""
    nodata = "none" if raster.nodata is None else f"{raster.nodata:g}"
    if raster.masked:
        nodata = "mask" if raster.nodata is None else f"{nodata}, mask"
    as_is = raster.scale == 1 and raster.offset == 0
    return (
        raster.date,
        name + shards,
        f"{raster.width} x {raster.height}",
        str(raster.band),
        raster.dtype,
        nodata,
        "" if as_is else f"{raster.scale:g}, {raster.offset:g}",
        " ".join(f"[{note}]" for note in raster.notes),
    )


def _georeference(report: Report) -> str:
    name = report.crs.partition('"')[2].partition('"')[0] or "no CRS"
    if report.geotransform is None:
        return ", not georeferenced"
    x, dx, _, y, _, dy = report.geotransform
    return f" of {abs(dx):.10g} x {abs(dy):.10g}, corner {x:.12g} {y:.12g}, {name}"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def _bytes(count: int) -> str:
    for unit, size in (("GB", 1e9), ("MB", 1e6)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count / 1e3:.1f} kB"
