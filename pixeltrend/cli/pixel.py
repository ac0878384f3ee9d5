"""pixeltrend pixel: one pixel explained."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import os
import shutil
import sys
from typing import TYPE_CHECKING, Any

import click

from pixeltrend.cli import options
from pixeltrend.cli.exits import show
from pixeltrend.cli.fields import Command, Option, add_options, aligned, options_from
from pixeltrend.errors import ArgumentError
from pixeltrend.reducers.options import StatsOptions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pixeltrend.raster.places import Place, Point
    from pixeltrend.views.pixel_report import PixelPeriod, PixelReport, PixelValue

_HEADING = ("date", "value", "line", "why missing", "raster", "number", "leverage")
_OF_PERIODS = ("period", "value", "line", "scenes", "leverage")
_TEXTS = {"date", "period", "why missing", "raster"}
_WIDE = 100  # columns, where nobody knows how wide the terminal is


def _option(*names: str, **settings: Any) -> Any:
    return click.option(*names, cls=Option, group="Pixel", **settings)


@click.command(cls=Command, no_args_is_help=True)
@add_options(
    options.patterns_argument,
    _option(
        "--at",
        type=(float, float),
        multiple=True,
        metavar="X Y",
        help="Coordinates of a pixel, in the CRS of the raster. Can be repeated.",
    ),
    _option("--lonlat", is_flag=True, help="--at is longitude and latitude (WGS 84)."),
    _option("--rowcol", is_flag=True, help="--at is row and column, from 0."),
    _option(
        "--points",
        metavar="FILE",
        help="Pixels from a CSV table with columns x and y, lon and lat, or row and column, or "
        "from GeoJSON; name or id names them.",
    ),
    *options_from(StatsOptions, {}),
    *options.composite_options,
    *options.input_options,
    click.option(
        "--csv",
        "as_csv",
        is_flag=True,
        cls=Option,
        group="Output",
        help="Print the values as CSV, a row each.",
    ),
    options.output_to(
        "Picture to write besides: .png, .svg or .pdf; an older one is replaced.", required=False
    ),
    options.json_option,
    options.verbose_option,
    options.log_file_option,
)
def pixel(
    patterns: list[str],
    at: list[tuple[float, float]],
    points: str | None,
    output: str | None,
    *,
    lonlat: bool,
    rowcol: bool,
    as_csv: bool,
    as_json: bool,
    **settings: Any,
) -> None:
    """Explain a pixel: every value, why others are missing, the trend, and the way to its p-value.

    PATTERN is a result of slope or map: its metadata say what it was made from and how, and what is
    written there stands beside what is computed again. Patterns after it say where its inputs are
    now. Or PATTERN are inputs, with the options of slope.

    \b
    pixeltrend pixel trend.tif --at 578015 2329985
    pixeltrend pixel trend.tif --lonlat --at 105.75 21.07 -o pixel.png
    pixeltrend pixel '*.tiff' --rowcol --at 10 20 --method theil-sen --json
    """
    if as_csv and as_json:
        raise ArgumentError("csv and json: give one of them")
    places = _points(at, points, lonlat=lonlat, rowcol=rowcol)
    from pixeltrend.views.pixel import pixel as explain  # --help must not wait for NumPy and GDAL

    reports = explain(patterns, places, **settings)
    if output is not None:
        from pixeltrend.views.series_figure import plot_pixels

        plot_pixels(reports, output)
    if as_json:
        show(json.dumps([_plain(report) for report in reports]))
    elif as_csv:
        show(_csv(reports))
    else:
        show("\n\n".join("\n".join(_lines(report)) for report in reports))


def _points(
    at: list[tuple[float, float]], path: str | None, *, lonlat: bool, rowcol: bool
) -> list[Point]:
    from pixeltrend.raster.places import Point, read_points

    if lonlat and rowcol:
        raise ArgumentError("lonlat and rowcol: give one of them")
    system = "lonlat" if lonlat else "rowcol" if rowcol else "map"
    points = [Point(*pair, system) for pair in at]
    points += read_points(path) if path is not None else []
    if not points:
        raise ArgumentError("which pixel? Give --at X Y or --points FILE")
    return points


def _plain(report: PixelReport) -> dict[str, Any]:
    """Return a report for JSON, which has no NaN."""
    plain = dataclasses.asdict(report)
    plain["place"] = report.place._asdict()
    plain["steps"] = [
        {**step._asdict(), "value": None if step.value != step.value else step.value}
        for step in report.steps
    ]
    return plain


def _csv(reports: list[PixelReport]) -> str:
    from pixeltrend.views.pixel_report import PixelValue

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    fields = [field.name for field in dataclasses.fields(PixelValue)]
    writer.writerow(("name", "row", "column", *fields))
    for report in reports:
        place = report.place
        for value in report.values:
            cells = (getattr(value, name) for name in fields)
            plain = ("" if cell is None else cell for cell in cells)
            writer.writerow((place.name, place.row, place.column, *plain))
    return text.getvalue().rstrip("\n")


def _lines(report: PixelReport) -> Iterator[str]:
    """Yield the lines of a report for people."""
    yield _where(report.place, report.raster)
    yield f"{report.method}{f', {report.options}' if report.options else ''}"
    yield ""
    yield from _table(_HEADING, [_row(value) for value in report.values])
    if report.periods:
        yield ""
        yield from _table(_OF_PERIODS, [_row_of_period(period) for period in report.periods])
    yield ""
    yield from _chart(report)
    yield from aligned(
        [("statistic", "value"), *((n, _short(v)) for n, v in report.statistics.items())], left=(0,)
    )
    if report.steps:
        yield ""
        steps = [(step.name, _short(step.value), step.formula) for step in report.steps]
        yield from aligned([("test", "", ""), *steps], left=(0, 2))
    if report.written:
        yield ""
        yield from _written(report)


def _where(place: Place, raster: str) -> str:
    parts = [f"row {place.row}, column {place.column}"]
    if place.x is not None:
        parts.append(f"x {place.x:.10g}, y {place.y:.10g}")
    if place.longitude is not None:
        parts.append(f"longitude {place.longitude:.6f}, latitude {place.latitude:.6f}")
    called = f"{place.name}: " if place.name else ""
    return f"{called}{f'{raster}: ' if raster else ''}{'; '.join(parts)}"


def _table(heading: tuple[str, ...], rows: list[tuple[str, ...]]) -> Iterator[str]:
    """Yield a table without columns that are empty."""
    columns = list(zip(*rows, strict=True))
    kept = [number for number, column in enumerate(columns) if any(column)]
    lines = zip(*(columns[number] for number in kept), strict=True)
    left = [at for at, number in enumerate(kept) if heading[number] in _TEXTS]
    yield from aligned([tuple(heading[number] for number in kept), *lines], left=left)


def _row(value: PixelValue) -> tuple[str, ...]:
    return (
        value.date,
        _short(value.value),
        _short(value.line),
        value.why,
        f"{os.path.basename(value.file)}:{value.band}",
        _short(value.number),
        "" if value.leverage is None else f"{value.leverage:.3f}",
    )


def _row_of_period(period: PixelPeriod) -> tuple[str, ...]:
    return (
        period.date,
        _short(period.value),
        _short(period.line),
        f"{period.scenes}",
        "" if period.leverage is None else f"{period.leverage:.3f}",
    )


def _short(number: float | None) -> str:
    return "" if number is None or number != number else f"{number:.7g}"  # noqa: PLR0124


def _chart(report: PixelReport) -> Iterator[str]:
    from pixeltrend.views.chart import chart

    values = report.points
    width = shutil.get_terminal_size((_WIDE, 24)).columns if sys.stdout.isatty() else _WIDE
    rows = chart(
        [value.time for value in values],
        [value.value for value in values],
        [value.line for value in values],
        (values[0].date, values[-1].date),
        width,
    )
    if rows:
        yield from rows
        yield ""


def _written(report: PixelReport) -> Iterator[str]:
    """Yield what a result says beside what was computed again."""
    verdicts = {True: "equal", False: "differs", None: "not computed: needs all pixels"}
    rows = [
        (
            band.band,
            _exact(band.written),
            "" if band.same is None else _exact(band.computed),
            verdicts[band.same],
        )
        for band in report.written
    ]
    yield from aligned([("band", "written", "computed again", ""), *rows], left=(0, 3))
    different = [band.band for band in report.written if band.same is False]
    verdict = "all are equal to the last bit"
    if different:
        verdict = f"{', '.join(different)} {'differs' if len(different) == 1 else 'differ'}"
    yield f"Of what can be computed again, {verdict}."
    for change in report.changes:
        yield f"Since it was made: {change}"
    if different and not report.changes:
        yield (
            "Nothing tells what has changed; runs with --update record files, and then this does"
        )


def _exact(number: float | None) -> str:
    return "missing" if number is None else f"{number:.9g}"
