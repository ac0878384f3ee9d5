"""Grids: what counts as the same place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from osgeo import osr

from pixeltrend.raster.grid import Grid


def wkt(code: int, version: str = "WKT1_GDAL") -> str:
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(code)
    return reference.ExportToWkt([f"FORMAT={version}"])


UTM = (578_000.0, 30.0, 0.0, 2_330_000.0, 0.0, -30.0)
# MODIS' sinusoidal grid: pixels of 463 m, as its files give them.
MODIS = (-7_783_653.637667, 463.312716528, 0.0, 2_223_901.039333, 0.0, -463.312716527917)
# Earth Engine's 30 m in degrees.
DEGREES = (105.7, 0.00026949458523585647, 0.0, 21.1, 0.0, -0.00026949458523585647)
ROTATED = (578_000.0, 26.0, 15.0, 2_330_000.0, 15.0, -26.0)
NORTHWARD = (578_000.0, 30.0, 0.0, 2_300_000.0, 0.0, 30.0)


def grid(geotransform=UTM, width=1000, height=800, crs=""):
    return Grid(width, height, geotransform, crs)


def moved(geotransform, *, columns=0.0, rows=0.0):
    x, dx, rx, y, ry, dy = geotransform
    return (x + columns * dx + rows * rx, dx, rx, y + columns * ry + rows * dy, ry, dy)


every_grid = pytest.mark.parametrize(
    "geotransform",
    [UTM, MODIS, DEGREES, ROTATED, NORTHWARD],
    ids=["utm", "modis", "degrees", "rotated", "northward"],
)


@every_grid
def test_grid_equals_itself(geotransform):
    assert grid(geotransform).difference(grid(geotransform)) is None


@given(st.lists(st.sampled_from([-1e-6, 0.0, 1e-6]), min_size=6, max_size=6))
def test_jitter_of_exports_is_accepted(jitter):
    other = tuple(number + change for number, change in zip(MODIS, jitter, strict=True))
    ours, theirs = grid(MODIS, 4800, 4800), grid(other, 4800, 4800)
    assert ours.difference(theirs) is None
    assert theirs.difference(ours) is None


@every_grid
@pytest.mark.parametrize("shift", [1e-4, -1e-4])
def test_shift_of_almost_nothing_is_accepted(geotransform, shift):
    other = grid(moved(geotransform, columns=shift, rows=shift))
    assert grid(geotransform).difference(other) is None


@every_grid
@pytest.mark.parametrize("shift", [{"columns": 0.25}, {"rows": -0.5}, {"columns": 1}, {"rows": 3}])
def test_shift_is_refused(geotransform, shift):
    ours, theirs = grid(geotransform), grid(moved(geotransform, **shift))
    assert ours.difference(theirs) is not None
    assert theirs.difference(ours) is not None


def test_small_errors_of_the_pixel_size_add_up():
    wider = (UTM[0], UTM[1] * 1.0005, *UTM[2:])  # half a pixel after a thousand columns
    assert grid(UTM, width=1000).difference(grid(wider, width=1000)) is not None
    assert grid(UTM, width=10).difference(grid(wider, width=10)) is None


def test_upside_down_is_refused():
    flipped = (UTM[0], UTM[1], 0.0, UTM[3] + 800 * UTM[5], 0.0, -UTM[5])
    assert grid(UTM).difference(grid(flipped)) is not None


def test_sizes_are_said():
    assert grid(width=716, height=1021).difference(grid(width=716, height=1020)) == (
        "716 x 1021 pixels",
        "716 x 1020 pixels",
    )


def test_both_origins_are_said():
    ours, theirs = grid().difference(grid(moved(UTM, columns=1)))
    assert "578000" in ours
    assert "578030" in theirs


def test_no_georeference_on_both_sides_is_the_same():
    assert grid(None).difference(grid(None)) is None
    assert grid(None).difference(grid(UTM)) is not None
    assert grid(UTM).difference(grid(None)) is not None


def test_crs_in_another_spelling_is_the_same():
    spellings = [wkt(32648), wkt(32648, "WKT2_2019"), wkt(32648, "WKT2_2015")]
    for ours in spellings:
        for theirs in spellings:
            assert grid(crs=ours).difference(grid(crs=theirs)) is None


def test_another_crs_is_refused_with_both_names():
    ours, theirs = grid(crs=wkt(32648)).difference(grid(crs=wkt(32649)))
    assert "zone 48N" in ours
    assert "zone 49N" in theirs


def test_crs_on_one_side_only_is_refused():
    assert grid(crs=wkt(32648)).difference(grid(crs="")) is not None
    assert grid(crs="").difference(grid(crs=wkt(32648))) is not None


def test_pixels():
    assert grid(width=716, height=1021).pixels == 731_036
