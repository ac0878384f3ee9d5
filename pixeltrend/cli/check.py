"""pixeltrend check: what a run would read, and what is wrong with it."""

from __future__ import annotations

import dataclasses
import itertools
import json
import os
from typing import TYPE_CHECKING, Any

import click

from pixeltrend.cli import options
from pixeltrend.cli.exits import FAILED, REFUSED_INPUTS, say, show
from pixeltrend.cli.fields import Command, Option, add_options, options_from
from pixeltrend.cli.progress import progress_of
from pixeltrend.errors import ArgumentError, InputError
from pixeltrend.execution.executors import Workers
from pixeltrend.raster.paths import file_name
from pixeltrend.times.dates import format_dates, format_time

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pixeltrend.checks.origin import Origin
    from pixeltrend.checks.report import RasterReport, Report
    from pixeltrend.checks.verification import Verification


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
        help="Decode all blocks, and name each broken one; of an output, verify all pixels.",
    ),
    click.option(
        "--verify",
        is_flag=True,
        cls=Option,
        group="Checks",
        help="Compute an output again, and compare each number bit by bit: up to 9 windows of up "
        "to 65,536 pixels each, spread over it; with --full all.",
    ),
    *options.input_options,
    *options_from(Workers, options.WORKERS, only=("workers", "memory")),
    *options.messages_options,
)
def check(
    patterns: list[str], *, verify: bool, quiet: bool, as_json: bool, **settings: Any
) -> None:
    """Show what a run would read: times, files, grid and nodata, with all warnings and errors.

    Nothing is computed and nothing is written. The exit status is 3 if a run would refuse the
    files or fail to read them, and 0 otherwise; warnings do not change it. It is 1 if --verify
    finds an output not identical.

    \b
    pixeltrend check '*.tiff'
    pixeltrend check '*.tiff' --pixels
    pixeltrend check exports --full --json > report.json
    pixeltrend check trend.tif     (what it was made from, and whether it is up to date)
    pixeltrend check trend.tif --verify
    """
    if _is_output(patterns, settings):
        _check_output(patterns[0], settings, verify=verify, quiet=quiet, as_json=as_json)
        return
    if verify:
        raise ArgumentError("verify: give one output of pixeltrend")
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


def _is_output(patterns: list[str], settings: dict[str, Any]) -> bool:
    if len(patterns) > 1 or settings["bands_are_times"] or not os.path.isfile(patterns[0]):
        return False
    from pixeltrend.checks.origin import is_output

    return is_output(patterns[0])


def _check_output(
    output: str, settings: dict[str, Any], *, verify: bool, quiet: bool, as_json: bool
) -> None:
    from pixeltrend.checks.origin import trace

    if settings["pixels"] or (settings["full"] and not verify):
        raise ArgumentError(
            f"{output}: was written by pixeltrend; --pixels and --full are for inputs, but for "
            "--verify --full"
        )
    found = _verify(output, settings, quiet=quiet or as_json) if verify else None
    _show(trace(output), found, as_json=as_json)
    if found and found.differences:
        click.get_current_context().exit(FAILED)


def _verify(output: str, settings: dict[str, Any], *, quiet: bool) -> Verification:
    from pixeltrend.checks.verification import verify
    from pixeltrend.execution.pipeline import Watch

    workers = Workers(settings["workers"], settings["memory"])
    with progress_of(quiet=quiet, as_json=settings.get("as_json", False)) as progress:
        return verify(output, workers, Watch(progress), full=settings["full"])


def _show(origin: Origin, found: Verification | None, *, as_json: bool) -> None:
    if as_json:
        verified = {"verification": dataclasses.asdict(found)} if found else {}
        show(json.dumps(_plain(dataclasses.asdict(origin) | verified)))
        return
    click.echo(f"{origin.output}: {origin.method} of {_count(len(origin.inputs), 'raster')}")
    has_tiles = len(origin.inputs) > len(origin.times)
    dates = itertools.repeat("") if has_tiles else format_dates(origin.times)
    for date, name in zip(dates, origin.inputs, strict=False):
        click.echo(f"  {date}  {name}")
    click.echo(f"Options: {origin.options or 'none that change numbers'}")
    known = {True: "yes", False: "no", None: "not known"}[origin.current]
    click.echo(f"Up to date: {known}{''.join(f'; {reason}' for reason in origin.reasons)}")
    if found is None:
        return
    for band in found.differences:
        click.echo(
            f"Not identical: {band.band} at {_count(band.pixels, 'pixel')}, by up to "
            f"{band.largest:.9g}; first at row {band.row}, column {band.column}: "
            f"{band.written:.9g}, computed again {band.computed:.9g}"
        )
    count = len(found.differences)
    verdict = f"{count} band{'s differ' if count > 1 else ' differs'}" if count else "identical"
    click.echo(f"Verified: {verdict} in {found.pixels:,} of {found.of:,} pixels")
    for name in found.not_verified:
        click.echo(f"Not verified: {name}, which depends on all pixels: --verify --full does it")


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
    absent = [*map(format_time, report.missing_years), *report.missing_months]
    missing = ", ".join(absent) or "none"
    yield f"Times: {len(report.rasters)} from {first} to {last}, missing: {missing}"
    plan = report.plan
    yield (
        f"A run: {_count(plan.workers, 'worker')}, {_count(plan.windows, 'window')} of up to "
        f"{plan.window_pixels:,} pixels, up to {_bytes(plan.worker_bytes)} of pixels in a worker "
        f"and {_bytes(plan.all_bytes)} of memory in all, "
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
    name = file_name(raster.path)
    shards = f" ({raster.files} shards)" if raster.files > 1 else ""
    if raster.tiles > 1:
        shards = f" and others ({raster.tiles} tiles)"
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
    return f" of {abs(dx):.6g} x {abs(dy):.6g}, corner {x:.9g} {y:.9g}, {name}"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def _bytes(count: int) -> str:
    for unit, size in (("GB", 1e9), ("MB", 1e6)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count / 1e3:.1f} kB"
