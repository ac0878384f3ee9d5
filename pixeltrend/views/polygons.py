"""Polygons: zones with borders, and how much of each pixel they cover."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from osgeo import ogr, osr

from pixeltrend.errors import InputError
from pixeltrend.options import nearest
from pixeltrend.raster.datasets import as_text, first_line, gdal, gdal_messages
from pixeltrend.raster.windows import Window

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from pixeltrend.raster.grid import Grid
    from pixeltrend.views.table_options import TableOptions

    # A zone, the numbers of pixels in a window, and how much of each it covers.
    Covered = tuple[int, NDArray[np.intp], NDArray[np.float64]]

ogr.UseExceptions()
osr.UseExceptions()

# Drivers that read the file that they are told to read, and no other.
DRIVERS = ("GPKG", "GeoJSON", "ESRI Shapefile", "FlatGeobuf", "GML", "KML", "SQLite", "Parquet")
_AREAS = {ogr.wkbPolygon, ogr.wkbMultiPolygon}
CENTRES = (
    "zones count whole pixels by their centres; with exactextract each counts by the part that a "
    "zone covers: pip install exactextract"
)


@dataclass(frozen=True, slots=True)
class _Part:
    """One polygon or multipolygon in the pixels of a grid: x is the column, y the row below 0."""

    zone: int
    shape: dict[str, Any]
    box: Window


@dataclass(frozen=True, slots=True)
class Polygons:
    """Zones with borders."""

    path: str
    """The file."""
    names: tuple[str, ...]
    """What the zones are called."""
    parts: tuple[_Part, ...]
    """Their polygons; a zone may have several."""
    notes: tuple[str, ...]
    """What to know of them."""

    def label(self, zone: int) -> str:
        """Return the name of a zone."""
        return self.names[zone]

    def known(self) -> list[int]:
        """Return all zones, in order."""
        return list(range(len(self.names)))

    def cover(self, window: Window) -> Iterator[Covered]:
        """Yield the zones in a window, the pixels that each has in it, and their covered parts."""
        here: dict[int, list[_Part]] = {}
        for part in self.parts:
            if part.box.overlap(window).pixels:
                here.setdefault(part.zone, []).append(part)
        fractions = _fractions if is_exact() else _centres
        for zone, parts in here.items():
            covered = np.zeros(window.pixels)
            for part in parts:
                try:
                    cells, fraction = fractions(part, window)
                except RuntimeError as error:
                    raise InputError(
                        f"{self.path}: zone {self.names[zone]}: its border is broken "
                        f"({first_line(error)})"
                    ) from error
                covered[cells] += fraction
            cells = np.flatnonzero(covered)
            if len(cells):
                yield zone, cells, np.minimum(covered[cells], 1.0)


def is_exact() -> bool:
    """Return whether covered parts of pixels are computed, rather than centres looked at."""
    try:
        import exactextract  # noqa: F401
    except ImportError:
        return False
    return True


def open_polygons(path: str) -> Any:
    """Return an open dataset with layers of polygons; None if the file is none of polygons."""
    with gdal_messages():
        try:
            dataset = gdal.OpenEx(
                path, gdal.OF_VECTOR | gdal.OF_READONLY, allowed_drivers=list(DRIVERS)
            )
        except RuntimeError:
            return None
    return dataset if dataset.GetLayerCount() else None


def read_polygons(path: str, dataset: Any, grid: Grid, options: TableOptions) -> Polygons:
    """Return the zones of a file, brought to the CRS and the pixels of a grid.

    Corners of polygons are brought there, and joined by straight lines.

    Raises
    ------
    InputError
        There is no such layer or field, or something else than polygons.
    """
    layer = _layer(path, dataset, options.layer)
    field = _field(path, layer, options.by)
    transformation, notes = _transformation(path, layer, grid)
    zones: dict[str, int] = {}
    parts = []
    for feature in layer:
        number = feature.GetFID()
        name = str(number) if field is None else as_text(feature.GetFieldAsString(field))
        zone = zones.setdefault(name or "(no name)", len(zones))
        geometry = feature.GetGeometryRef()
        if geometry is None or geometry.IsEmpty():
            continue
        where = f"{path}: polygon {number} ({name})"
        shape = _shape(where, geometry.Clone(), transformation)
        parts.append(_in_pixels(where, zone, shape, grid))
    if not parts:
        raise InputError(f"{path}: has no polygons")
    return Polygons(path, tuple(zones), tuple(parts), tuple(notes))


def _layer(path: str, dataset: Any, name: str | None) -> Any:
    names = [dataset.GetLayer(number).GetName() for number in range(dataset.GetLayerCount())]
    if name is None and len(names) > 1:
        raise InputError(f"{path}: has the layers {', '.join(names)}; say which with --layer")
    if name is not None and name not in names:
        known = ", ".join(names)
        raise InputError(f"{path}: no layer {name!r}; it has {known}{nearest(name, names)}")
    return dataset.GetLayer(names.index(name) if name else 0)


def _field(path: str, layer: Any, name: str | None) -> int | None:
    if name is None:
        return None
    schema = layer.GetLayerDefn()
    names = [schema.GetFieldDefn(number).GetName() for number in range(schema.GetFieldCount())]
    if name not in names:
        known = ", ".join(names) or "none"
        raise InputError(f"{path}: no field {name!r}; it has {known}{nearest(name, names)}")
    return names.index(name)


def _transformation(path: str, layer: Any, grid: Grid) -> tuple[Any, list[str]]:
    """Return what brings coordinates to the CRS of a grid, None if nothing has to; and a note."""
    notes = [] if is_exact() else [CENTRES]
    theirs = layer.GetSpatialRef()
    if theirs is None or not grid.crs:
        which = "the zones have" if theirs is None else "the raster has"
        return None, [*notes, f"{path}: {which} no CRS; coordinates are taken as they are"]
    theirs, ours = theirs.Clone(), osr.SpatialReference(grid.crs)
    for system in (theirs, ours):
        system.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    return osr.CoordinateTransformation(theirs, ours), notes


def _shape(where: str, geometry: Any, transformation: Any) -> dict[str, Any]:
    """Return a polygon in the CRS of the grid, as GeoJSON has it."""
    geometry.FlattenTo2D()
    geometry = geometry.GetLinearGeometry()
    if geometry.GetGeometryType() not in _AREAS:
        raise InputError(f"{where}: is a {geometry.GetGeometryName()}, which has no area")
    with gdal_messages():
        try:
            if transformation is not None:
                geometry.Transform(transformation)
        except RuntimeError as error:
            raise InputError(
                f"{where}: cannot be brought to the CRS of the raster ({first_line(error)})"
            ) from error
    shape: dict[str, Any] = json.loads(geometry.ExportToJson(["COORDINATE_PRECISION=17"]))
    return shape


def _in_pixels(where: str, zone: int, shape: dict[str, Any], grid: Grid) -> _Part:
    """Return a polygon in the pixels of a grid: parts of these are the same there."""
    polygons = shape["coordinates"] if shape["type"] == "MultiPolygon" else [shape["coordinates"]]
    moved = []
    edges: list[Sequence[float]] = []
    for polygon in polygons:
        rings = []
        for ring in polygon:
            places = np.array([grid.position(x, y) for x, y in ring])
            if not np.isfinite(places).all():
                raise InputError(f"{where}: has corners that the CRS of the raster cannot show")
            edges += [places.min(axis=0), places.max(axis=0)]
            rings.append([(column, -row) for row, column in places.tolist()])
        moved.append(rings)
    top, left = np.floor(np.min(edges, axis=0)).astype(int).tolist()
    bottom, right = np.ceil(np.max(edges, axis=0)).astype(int).tolist()
    box = Window(top, left, max(1, bottom - top), max(1, right - left))
    return _Part(zone, {"type": "MultiPolygon", "coordinates": moved}, box)


def _fractions(part: _Part, window: Window) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return the pixels of a window that a polygon covers, and how much of each.

    References
    ----------
    Baston, D. exactextract. https://github.com/isciences/exactextract
    """
    from exactextract import exact_extract
    from exactextract.raster import RasterSource

    class Pixels(RasterSource):  # type: ignore[misc]
        """A raster of the window's size that holds nothing."""

        def res(self) -> tuple[float, float]:
            return 1.0, 1.0

        def extent(self) -> tuple[float, float, float, float]:
            left, top = float(window.col_off), -float(window.row_off)
            return left, top - window.height, left + window.width, top

        def nodata_value(self) -> None:
            return None

        def srs_wkt(self) -> None:
            return None

        def read_window(self, _x: int, _y: int, width: int, height: int) -> NDArray[np.uint8]:
            return np.broadcast_to(np.uint8(1), (height, width))

    feature = {"type": "Feature", "properties": {}, "geometry": part.shape}
    [found] = exact_extract(Pixels(), [feature], ["cell_id", "coverage"])
    return found["properties"]["cell_id"].astype(np.intp), found["properties"]["coverage"]


def _centres(part: _Part, window: Window) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return the pixels of a window whose centres lie in a polygon."""
    here = part.box.overlap(window)
    target = gdal.GetDriverByName("MEM").Create("", here.width, here.height, 1, gdal.GDT_Byte)
    target.SetGeoTransform((here.col_off, 1, 0, -here.row_off, 0, -1))
    driver = gdal.GetDriverByName("Memory") or gdal.GetDriverByName("MEM")
    source = driver.Create("", 0, 0, 0, gdal.GDT_Unknown)
    layer = source.CreateLayer("", None, ogr.wkbMultiPolygon)
    feature = ogr.Feature(layer.GetLayerDefn())
    feature.SetGeometry(ogr.CreateGeometryFromJson(json.dumps(part.shape)))
    layer.CreateFeature(feature)
    with gdal_messages():  # it asks for a CRS
        gdal.RasterizeLayer(target, [1], layer, burn_values=[1])
    inside = np.frombuffer(target.ReadRaster(), np.uint8).reshape(here.height, here.width)
    rows, columns = np.nonzero(inside)
    rows, columns = rows + here.row_off - window.row_off, columns + here.col_off - window.col_off
    return rows * window.width + columns, np.ones(len(rows))
