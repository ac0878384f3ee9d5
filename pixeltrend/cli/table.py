"""pixeltrend table: how much of a trend goes which way."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
from typing import TYPE_CHECKING, Any

import click

from pixeltrend.cli import options
from pixeltrend.cli.exits import show
from pixeltrend.cli.fields import Command, Option, add_options, aligned, options_from
from pixeltrend.cli.progress import progress_of
from pixeltrend.errors import ArgumentError
from pixeltrend.views.table_options import TableOptions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pixeltrend.views.table import ClassArea, Table

# Square metres from which on areas are shown in square kilometres.
_LARGE = 1e6


@click.command(cls=Command, no_args_is_help=True)
@click.argument("raster", metavar="TREND")
@add_options(
    *options_from(TableOptions, {}),
    click.option(
        "--csv", "as_csv", is_flag=True, cls=Option, group="Output", help="Print the table as CSV."
    ),
    *options.messages_options,
)
def table(raster: str, *, as_csv: bool, as_json: bool, quiet: bool, **settings: Any) -> None:
    """Show how much of TREND goes which way: area, pixels and share of each class.

    Classes are those of a band of classes, or increase and decrease, significant at --alpha or not.
    Areas are square metres: on the map where the CRS is projected, on the ellipsoid where it is
    longitude and latitude. Shares are of what has a trend.

    \b
    pixeltrend table trend.tif
    pixeltrend table trend.tif --alpha 0.01 --csv > areas.csv
    """
    from pixeltrend.views import table as tables  # --help must not wait for NumPy and GDAL

    if as_csv and as_json:
        raise ArgumentError("csv and json: give one of them")
    with progress_of(quiet=quiet, as_json=as_json) as progress:
        found = tables.table(raster, progress=progress, **settings)
    if as_json:
        show(json.dumps(dataclasses.asdict(found)))
    elif as_csv:
        show(_csv(found))
    else:
        show("\n".join(_lines(found)))


def _csv(found: Table) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("class", "pixels", "area_m2", "share"))
    writer.writerows(
        (row.name, f"{row.pixels:.15g}", _exact(row.area), _exact(row.share))
        for row in found.classes
    )
    return text.getvalue().rstrip("\n")


def _exact(value: float | None) -> str:
    return "" if value is None else repr(value)


def _lines(found: Table) -> Iterator[str]:
    """Yield the lines of a table for people."""
    by = f", significant where {found.pvalue} <= {found.alpha:g}" if found.pvalue else ""
    yield f"{found.raster}: {found.band}{by}"
    known = found.classes[0].area is not None
    yield f"Areas {found.areas}" if known else f"Areas are unknown: {found.areas}"
    yield ""
    yield from aligned(_rows(found.classes))
    trended = sum(row.pixels for row in found.classes if row.share is not None)
    yield ""
    yield f"{trended:,.0f} of {sum(row.pixels for row in found.classes):,.0f} pixels have a trend"


def _rows(classes: tuple[ClassArea, ...]) -> list[tuple[str, ...]]:
    """Return a heading and a row for each class, and for all that have a trend."""
    known = [row.area for row in classes if row.area is not None]
    unit, size = ("km2", 1e6) if sum(known) >= _LARGE else ("m2", 1.0)
    rows: list[tuple[str, ...]]
    rows = [("class", "pixels", unit, "share") if known else ("class", "pixels", "share")]
    for row in classes:
        area = () if row.area is None else (f"{row.area / size:,.1f}",)
        share = "" if row.share is None else f"{row.share:.2%}"
        rows.append((row.name, f"{row.pixels:,.0f}", *area, share))
    return rows
