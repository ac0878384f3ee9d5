"""Which pixel lies where: beside GDAL's own inverse geotransform, and PROJ."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from osgeo import gdal, osr

from pixeltrend.errors import ArgumentError, InputError
from pixeltrend.raster.grid import Grid
from pixeltrend.raster.places import Point, locate, read_points

osr.UseExceptions()


def wkt(code):
    crs = osr.SpatialReference()
    crs.ImportFromEPSG(code)
    return crs.ExportToWkt()


HANOI = Grid(40, 30, (578_000.0, 30.0, 0.0, 2_330_000.0, 0.0, -30.0), wkt(32648))


@given(across=st.floats(0, 0.999), down=st.floats(0, 0.999), turn=st.floats(-0.4, 0.4))
def test_the_pixel_is_the_one_that_gdal_finds(across, down, turn):
    geotransform = (5e5, 30.0, 30 * turn, 4e6, 30 * turn, -30.0)
    grid = Grid(40, 30, geotransform, wkt(32648))
    x, y = gdal.ApplyGeoTransform(geotransform, 40 * across, 30 * down)
    column, row = gdal.ApplyGeoTransform(gdal.InvGeoTransform(geotransform), x, y)
    if min(abs(column - round(column)), abs(row - round(row))) < 1e-6:
        return  # on a border
    place = locate(Point(x, y), grid)
    assert (place.row, place.column) == (math.floor(row), math.floor(column))
    assert locate(Point(place.x, place.y), grid) == place


def test_a_pixel_is_found_by_each_of_its_names():
    by_row = locate(Point(10, 20, "rowcol", "here"), HANOI)
    assert (by_row.x, by_row.y) == (578_615.0, 2_329_685.0)
    assert by_row.name == "here"
    place = locate(Point(by_row.longitude, by_row.latitude, "lonlat", "here"), HANOI)
    assert place == by_row
    assert (by_row.longitude, by_row.latitude) == pytest.approx((105.757, 21.068), abs=2e-3)


@pytest.mark.parametrize(
    ("point", "grid", "message"),
    [
        (Point(30, 0, "rowcol"), HANOI, r"row 30, column 0: lies outside .* rows 0 to 29"),
        (Point(1.5, 0, "rowcol"), HANOI, "must be whole numbers"),
        (Point(0, 0), HANOI, r"reaches from 578000 2330000 to 579200 2329100"),
        (Point(0, 95, "lonlat"), HANOI, "latitude 95: lies outside"),
        (Point(0, 0), Grid(2, 2, None, ""), "not georeferenced: give row and column"),
        (
            Point(0, 0, "lonlat"),
            Grid(2, 2, (0, 1, 0, 0, 0, -1), ""),
            "has no CRS; give map coordinates",
        ),
    ],
    ids=["row", "half", "map", "latitude", "no-geotransform", "no-crs"],
)
def test_what_is_no_pixel_is_refused(point, grid, message):
    with pytest.raises(ArgumentError, match=message):
        locate(point, grid)


@pytest.mark.parametrize(
    ("text", "points"),
    [
        ("x,y\n1,2\n3,4.5\n", [Point(1, 2), Point(3, 4.5)]),
        ("Name,Lon,Lat\nHanoi,105.8,21\n", [Point(105.8, 21, "lonlat", "Hanoi")]),
        ("\ufeffrow,col,id\n7,8,a\n", [Point(7, 8, "rowcol", "a")]),
    ],
    ids=["map", "lonlat", "rowcol"],
)
def test_tables_of_points(tmp_path, text, points):
    (tmp_path / "points.csv").write_text(text)
    assert read_points(str(tmp_path / "points.csv")) == points


def test_geojson_points(tmp_path):
    features = [
        {
            "type": "Feature",
            "properties": {"name": "a"},
            "geometry": {"type": "Point", "coordinates": [1, 2, 99]},
        },
        {
            "type": "Feature",
            "properties": None,
            "geometry": {"type": "Point", "coordinates": [3, 4]},
        },
    ]
    path = tmp_path / "points.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    assert read_points(str(path)) == [Point(1, 2, "lonlat", "a"), Point(3, 4, "lonlat")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,2\n", "its first row must name the columns"),
        ("x,y\n1,two\n", r"line 2: x '1', y 'two': not numbers"),
        ("x,y\n1\n", "line 2: x '1', y None: not numbers"),
        ("x,y\n", "has no points"),
        ('{"type": "Polygon", "coordinates": []}', "has a Polygon; only points"),
        ('{"type": "FeatureCollection"}', "is not GeoJSON with points"),
        ("{", "is not GeoJSON with points"),
    ],
    ids=["columns", "text", "short", "empty", "polygon", "no-features", "broken"],
)
def test_files_without_points_are_refused(tmp_path, text, message):
    (tmp_path / "points").write_text(text)
    with pytest.raises(InputError, match=message):
        read_points(str(tmp_path / "points"))
    with pytest.raises(InputError, match="cannot be read"):
        read_points(str(tmp_path / "none"))
