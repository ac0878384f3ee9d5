"""Areas of pixels: on the map, and on the ellipsoid beside PROJ's equal-area projection."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from osgeo import osr
from scipy.integrate import quad

from pixeltrend.errors import InputError
from pixeltrend.raster.area import pixel_areas
from pixeltrend.raster.grid import Grid

osr.UseExceptions()


def wkt(text):
    crs = osr.SpatialReference()
    crs.SetFromUserInput(text)
    return crs.ExportToWkt()


WGS84 = wkt("EPSG:4326")


def equal_area(west, north, east, south):
    """Square metres between meridians and parallels, which EPSG:6933 makes straight lines."""
    geographic, cylindrical = osr.SpatialReference(), osr.SpatialReference()
    geographic.ImportFromEPSG(4326)
    geographic.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    cylindrical.ImportFromEPSG(6933)
    transform = osr.CoordinateTransformation(geographic, cylindrical)
    (left, top, _), (right, bottom, _) = transform.TransformPoints([(west, north), (east, south)])
    return abs((right - left) * (top - bottom))


@given(
    top=st.floats(-88, 89),
    dy=st.floats(1e-3, 1),
    dx=st.floats(1e-3, 1),
    south_up=st.booleans(),
)
def test_geographic_pixels_are_those_of_an_equal_area_projection(top, dy, dx, south_up):
    start, step = (top - dy, dy) if south_up else (top, -dy)
    [area] = pixel_areas(Grid(3, 1, (10.0, dx, 0.0, start, 0.0, step), WGS84)).of_rows
    assert area == pytest.approx(equal_area(10.0, top, 10.0 + dx, top - dy), rel=1e-8)


def test_the_whole_earth():
    areas = pixel_areas(Grid(720, 360, (-180.0, 0.5, 0.0, 90.0, 0.0, -0.5), WGS84))
    assert 720 * math.fsum(areas.of_rows) == pytest.approx(510_065_621_724_088, rel=1e-13)
    assert areas.how == "on the ellipsoid of WGS 84"
    assert np.array_equal(areas.of_rows, areas.of_rows[::-1])


def test_an_integral_over_the_ellipsoid():
    """Radii of curvature, integrated: another way to the same number."""
    a, f = 6378137.0, 1 / 298.257223563
    e2 = f * (2 - f)

    def ring(latitude):
        return a**2 * (1 - e2) * math.cos(latitude) / (1 - e2 * math.sin(latitude) ** 2) ** 2

    expected = math.radians(2) * quad(ring, math.radians(50), math.radians(53), epsabs=0)[0]
    [area] = pixel_areas(Grid(1, 1, (0.0, 2.0, 0.0, 53.0, 0.0, -3.0), WGS84)).of_rows
    assert area == pytest.approx(expected, rel=1e-12)


def test_a_sphere():
    sphere = wkt("+proj=longlat +R=6371000 +no_defs")
    areas = pixel_areas(Grid(4, 2, (-180.0, 90.0, 0.0, 90.0, 0.0, -90.0), sphere))
    assert areas.of_rows == pytest.approx([math.pi * 6371000**2 / 2] * 2, rel=1e-14)


def test_half_a_pixel_beyond_the_pole_has_no_area():
    centred = pixel_areas(Grid(1, 3, (0.0, 1.0, 0.0, 90.5, 0.0, -1.0), WGS84)).of_rows
    whole = pixel_areas(Grid(1, 1, (0.0, 1.0, 0.0, 90.0, 0.0, -0.5), WGS84)).of_rows
    assert centred[0] == pytest.approx(whole[0], rel=1e-12)


@pytest.mark.parametrize(
    ("crs", "geotransform", "expected"),
    [
        ("EPSG:32648", (0.0, 30.0, 0.0, 0.0, 0.0, -30.0), 900.0),
        ("EPSG:32648", (0.0, 24.0, 18.0, 0.0, 18.0, -24.0), 900.0),
        ("EPSG:2263", (0.0, 10.0, 0.0, 0.0, 0.0, -10.0), 100 * (1200 / 3937) ** 2),
    ],
    ids=["metres", "rotated", "survey-feet"],
)
def test_projected_pixels_are_those_of_the_map(crs, geotransform, expected):
    areas = pixel_areas(Grid(2, 3, geotransform, wkt(crs)))
    assert areas.of_rows == pytest.approx([expected] * 3, rel=1e-12)
    assert areas.how.startswith("on the map, in ")


@pytest.mark.parametrize(
    ("grid", "how"),
    [
        (Grid(2, 2, None, WGS84), "the raster is not georeferenced"),
        (Grid(2, 2, (0.0, 1.0, 0.0, 0.0, 0.0, -1.0), ""), "the raster has no CRS"),
        (
            Grid(2, 2, (0.0, 1.0, 0.0, 0.0, 0.0, -1.0), 'LOCAL_CS["site",UNIT["metre",1]]'),
            "site is neither a projected nor a geographic CRS",
        ),
    ],
    ids=["no-geotransform", "no-crs", "local"],
)
def test_unknown_areas_say_why(grid, how):
    assert pixel_areas(grid) == (None, how)


def test_rotated_longitudes_are_refused():
    with pytest.raises(InputError, match="longitudes and latitudes, and rotated: warp it first"):
        pixel_areas(Grid(2, 2, (0.0, 1.0, 0.1, 0.0, 0.1, -1.0), WGS84))
