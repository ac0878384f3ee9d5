"""pixeltrend table: how much of a trend goes which way."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
from typing import TYPE_CHECKING, Any

import click

from pixeltrend.cli import options
from pixeltrend.cli.exits import say, show
from pixeltrend.cli.fields import Command, Option, add_options, aligned, options_from
from pixeltrend.cli.progress import progress_of
from pixeltrend.errors import ArgumentError
from pixeltrend.views.table_options import TableOptions
from pixeltrend.views.table_text import area_unit, class_rows, headlines, how_many

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pixeltrend.views.table import Table


@click.command(cls=Command, no_args_is_help=True)
@click.argument("raster", metavar="TREND")
@click.argument("patterns", metavar="[PATTERN...]", nargs=-1)
@add_options(
    *options_from(TableOptions, {"means": {"names": ("--means/--no-means",)}}),
    click.option(
        "--csv", "as_csv", is_flag=True, cls=Option, group="Output", help="Print the table as CSV."
    ),
    *options.messages_options,
)
def table(
    raster: str,
    patterns: tuple[str, ...],
    *,
    as_csv: bool,
    as_json: bool,
    quiet: bool,
    **settings: Any,
) -> None:
    """Show how much of TREND goes which way: area, pixels and share of each class.

    Classes are those of a band of classes, or increase and decrease, significant at --alpha or not.
    Areas are square metres: on the map where the CRS is projected, on the ellipsoid where it is
    longitude and latitude. Shares are of what has a trend.

    With --zones the same for each zone, and the trend of the mean of its values, weighted by area,
    by the method of TREND: to average slopes is no test. TREND's metadata say what it was made
    from; PATTERN says where that is now.

    \b
    pixeltrend table trend.tif
    pixeltrend table trend.tif 'exports/*.tiff' --zones regions.gpkg --by NAME
    pixeltrend table trend.tif --alpha 0.01 --csv > areas.csv
    """
    from pixeltrend.views import table as tables  # --help must not wait for NumPy and GDAL

    if as_csv and as_json:
        raise ArgumentError("csv and json: give one of them")
    with progress_of(quiet=quiet, as_json=as_json) as progress:
        found = tables.table(raster, patterns, progress=progress, **settings)
    for note in found.notes:
        say(f"Warning: {note}")
    if as_json:
        show(json.dumps(dataclasses.asdict(found)))
    elif as_csv:
        show(_csv(found))
    else:
        show("\n".join(_lines(found)))


def _csv(found: Table) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    if found.zones:
        writer.writerows(_zone_cells(found))
    else:
        writer.writerow(("class", "pixels", "area_m2", "share"))
        writer.writerows(
            (row.name, f"{row.pixels:.15g}", _exact(row.area), _exact(row.share))
            for row in found.classes
        )
    return text.getvalue().rstrip("\n")


def _zone_cells(found: Table) -> Iterator[tuple[str, ...]]:
    """Yield a heading and a row for each zone: its pixels and area by class, and its trend."""
    names = [row.name for row in found.classes]
    statistics = _statistics(found)
    yield (
        "zone",
        *(f"pixels: {name}" for name in names),
        *(f"area_m2: {name}" for name in names),
        *(f"mean: {name}" for name in statistics),
        "mean: least_valid",
    )
    for zone in found.zones:
        trend = zone.trend or {}
        yield (
            zone.name,
            *(f"{row.pixels:.15g}" for row in zone.classes),
            *(_exact(row.area) for row in zone.classes),
            *(_exact(trend.get(name)) for name in statistics),
            _exact(zone.least_valid),
        )


def _statistics(found: Table) -> list[str]:
    """Return the names of the statistics of the zones' means."""
    return list(dict.fromkeys(name for zone in found.zones for name in zone.trend or ()))


def _exact(value: float | None) -> str:
    return "" if value is None else repr(value)


def _lines(found: Table) -> Iterator[str]:
    """Yield the lines of a table for people."""
    yield from headlines(found)
    yield ""
    yield from aligned(class_rows(found.classes))
    yield ""
    yield how_many(found)
    if found.zones:
        yield ""
        yield from _zone_lines(found)


def _zone_lines(found: Table) -> Iterator[str]:
    """Yield the zones: a row each, with the shares of the classes, and the trend of the mean."""
    shown = [row.name for row in found.classes if row.share is not None and row.pixels]
    letters = [chr(ord("A") + number) for number in range(len(shown))]
    pairs = zip(letters, shown, strict=True)
    yield f"Shares of zones: {', '.join(f'{letter} {name}' for letter, name in pairs)}"
    statistics = _statistics(found)
    if statistics:
        yield (
            f"{', '.join(statistics)}: of each zone's mean, weighted by area ({found.method}); "
            "least valid: of the area that has values, the least part that has one at a time"
        )
    unit, size = area_unit(found.classes)
    rows = [("zone", unit or "pixels", *letters, *statistics)]
    rows[0] += ("least valid",) if statistics else ()
    for zone in found.zones:
        trended = [row for row in zone.classes if row.share is not None]
        total = sum(row.pixels if row.area is None else row.area / size for row in trended)
        shares = {row.name: f"{row.share:.1%}" for row in trended}
        cells = [zone.name, f"{total:,.1f}", *(shares.get(name, "") for name in shown)]
        trend = zone.trend or {}
        cells += [_short(trend.get(name)) for name in statistics]
        if statistics:
            cells.append("" if zone.least_valid is None else f"{zone.least_valid:.1%}")
        rows.append(tuple(cells))
    yield from aligned(rows)


def _short(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"
