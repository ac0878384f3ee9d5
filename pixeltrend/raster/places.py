"""Places: which pixel of a grid lies at given coordinates, and where a pixel lies on the Earth."""

from __future__ import annotations

import csv
import json
import math
from typing import TYPE_CHECKING, Any, NamedTuple

from pixeltrend.errors import ArgumentError, InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pixeltrend.raster.grid import Grid

# What coordinates are: of the raster's CRS, longitude and latitude (WGS 84), or row and column.
SYSTEMS = ("map", "lonlat", "rowcol")
# Names of the columns of a table of points, in lower case.
_COLUMNS = {
    "lonlat": (("lon", "lat"), ("longitude", "latitude"), ("lng", "lat")),
    "rowcol": (("row", "column"), ("row", "col")),
    "map": (("x", "y"),),
}
_NAMES = ("name", "id", "point")


class Point(NamedTuple):
    """A place that somebody asks for."""

    first: float
    """x, longitude or row."""
    second: float
    """y, latitude or column."""
    system: str = "map"
    """One of `SYSTEMS`."""
    name: str = ""
    """What it is called; may be empty."""


class Place(NamedTuple):
    """A pixel and where it lies."""

    name: str
    """What it is called; may be empty."""
    row: int
    """Its row, from 0."""
    column: int
    """Its column, from 0."""
    x: float | None
    """Of its centre, in the units of the CRS; None if the raster is not georeferenced."""
    y: float | None
    """The same."""
    longitude: float | None
    """Of its centre, in degrees of WGS 84; None if the CRS does not tell."""
    latitude: float | None
    """The same."""


def locate(point: Point, grid: Grid) -> Place:
    """Return the pixel that holds a point.

    Raises
    ------
    ArgumentError
        No pixel of the grid does, or the raster has no CRS for longitude and latitude.
    """
    first, second = float(point.first), float(point.second)
    if point.system == "rowcol":
        row, column = first, second
        said = f"row {first:g}, column {second:g}"
        if not (row.is_integer() and column.is_integer()):
            raise ArgumentError(f"{said}: must be whole numbers, counted from 0")
    elif grid.geotransform is None:
        raise ArgumentError("the raster is not georeferenced: give row and column (--rowcol)")
    else:
        said = f"{first!r} {second!r}"
        if point.system == "lonlat":
            said = f"longitude {first:g}, latitude {second:g}"
            if not grid.crs:
                raise ArgumentError(f"{said}: the raster has no CRS; give map coordinates")
            first, second = _transform(grid, first, second, said)
        row, column = grid.position(first, second)
    if not (0 <= row < grid.height and 0 <= column < grid.width):
        raise ArgumentError(f"{said}: lies outside the raster, {_extent(grid)}")
    return _place(grid, point.name, math.floor(row), math.floor(column))


def _place(grid: Grid, name: str, row: int, column: int) -> Place:
    if grid.geotransform is None:
        return Place(name, row, column, None, None, None, None)
    x, y = grid.corner(row + 0.5, column + 0.5)
    try:
        longitude, latitude = _transform(grid, x, y, "", back=True) if grid.crs else (None, None)
    except ArgumentError:
        longitude = latitude = None
    return Place(name, row, column, x, y, longitude, latitude)


def _extent(grid: Grid) -> str:
    size = f"which has rows 0 to {grid.height - 1} and columns 0 to {grid.width - 1}"
    if grid.geotransform is None:
        return size
    (x, y), (x_end, y_end) = grid.corner(0, 0), grid.corner(grid.height, grid.width)
    return f"{size} and reaches from {x:.9g} {y:.9g} to {x_end:.9g} {y_end:.9g}"


def _transform(
    grid: Grid, x: float, y: float, said: str, *, back: bool = False
) -> tuple[float, float]:
    """Return longitude and latitude in the CRS of a grid, or the other way."""
    from osgeo import osr

    osr.UseExceptions()
    theirs, ours = osr.SpatialReference(grid.crs), osr.SpatialReference()
    ours.ImportFromEPSG(4326)
    for system in (theirs, ours):
        system.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    ends = (theirs, ours) if back else (ours, theirs)
    try:
        first, second, _ = osr.CoordinateTransformation(*ends).TransformPoint(x, y)
    except RuntimeError as error:
        raise ArgumentError(f"{said}: lies outside what the raster's CRS can show") from error
    if not (math.isfinite(first) and math.isfinite(second)):
        raise ArgumentError(f"{said}: lies outside what the raster's CRS can show")
    return first, second


def read_points(path: str) -> list[Point]:
    """Return the points of a CSV table or of a GeoJSON file.

    A table has columns x and y, lon and lat, or row and column (or col), and may have name or id.
    GeoJSON has longitudes and latitudes, as its standard says.

    Raises
    ------
    InputError
        It is neither, or has no points.
    """
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            text = file.read()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "is not UTF-8"
        raise InputError(f"{path}: cannot be read: {reason}") from error
    points = _of_geojson(path, text) if text.lstrip().startswith("{") else _of_table(path, text)
    if not points:
        raise InputError(f"{path}: has no points")
    return points


def _of_geojson(path: str, text: str) -> list[Point]:
    try:
        whole = json.loads(text)
        features = whole["features"] if whole.get("type") == "FeatureCollection" else [whole]
        points = []
        for feature in features:
            shape = feature.get("geometry", feature)
            if shape["type"] != "Point":
                raise InputError(f"{path}: has a {shape['type']}; only points are pixels")
            longitude, latitude = map(float, shape["coordinates"][:2])
            properties = feature.get("properties") or {}
            points.append(Point(longitude, latitude, "lonlat", _name_in(properties)))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise InputError(f"{path}: is not GeoJSON with points ({error})") from error
    return points


def _of_table(path: str, text: str) -> list[Point]:
    rows = csv.DictReader(text.splitlines())
    fields = {name.strip().lower(): name for name in rows.fieldnames or () if name}
    for system, pairs in _COLUMNS.items():
        for pair in pairs:
            if set(pair) <= fields.keys():
                return list(_rows(path, rows, [fields[name] for name in pair], system))
    raise InputError(
        f"{path}: its first row must name the columns x and y, lon and lat, or row and column"
    )


def _rows(
    path: str, rows: Iterable[Mapping[str, str]], names: Sequence[str], system: str
) -> Iterable[Point]:
    for number, row in enumerate(rows, 2):
        try:
            first, second = (float(row[name]) for name in names)
        except (ValueError, TypeError) as error:
            shown = ", ".join(f"{name} {row[name]!r}" for name in names)
            raise InputError(f"{path}: line {number}: {shown}: not numbers") from error
        yield Point(first, second, system, _name_in(row))


def _name_in(properties: Mapping[str, Any]) -> str:
    known = {str(name).strip().lower(): value for name, value in properties.items()}
    return next((str(known[name]) for name in _NAMES if known.get(name) not in {None, ""}), "")
