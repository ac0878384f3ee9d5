"""A part of the grid: by pixels, by coordinates, and put together again."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from osgeo import gdal

import pixeltrend
from pixeltrend.raster.grid import Grid
from pixeltrend.raster.parts import read_whole
from pixeltrend.raster.windows import plan_windows
from pixeltrend.views.map import plot_map


@pytest.fixture
def tiled(tmp_path, write_stack, make_values):
    options = ["TILED=YES", "BLOCKXSIZE=16", "BLOCKYSIZE=16"]
    return write_stack(tmp_path, make_values(5, 50, 40, gaps=0.1), options=options)


def test_a_window_is_that_part_of_the_whole(tmp_path, tiled, read_raster):
    pixeltrend.slope(tiled, tmp_path / "whole.tif")
    pixeltrend.slope(tiled, tmp_path / "part.tif", window=(7, 3, 30, 21), memory=30_000)
    np.testing.assert_array_equal(
        read_raster(tmp_path / "part.tif"), read_raster(tmp_path / "whole.tif")[7:37, 3:24]
    )
    geotransform = gdal.Open(str(tmp_path / "part.tif")).GetGeoTransform()
    assert geotransform == (578_000 + 3 * 30, 30, 0, 2_330_000 - 7 * 30, 0, -30)


def test_regions_read_together_as_one_vrt_are_the_whole(tmp_path, tiled, run_cli, read_raster):
    run_cli("slope", "ndvi_*.tif", "-o", "whole.tif")
    middle_x, middle_y = 578_000 + 13 * 30 + 4, 2_330_000 - 22 * 30 + 9
    right, bottom = 578_000 + 40 * 30, 2_330_000 - 50 * 30
    regions = {
        "a": (578_000, middle_y, middle_x, 2_330_000),
        "b": (middle_x, middle_y, right, 2_330_000),
        "c": (578_000, bottom, middle_x, middle_y),
        "d": (middle_x, bottom, right, middle_y),
    }
    for name, bounds in regions.items():
        done = run_cli("slope", "ndvi_*.tif", "-o", f"part_{name}.tif", "--bounds", *bounds)
        assert done.returncode == 0, done.stderr
    parts = [str(tmp_path / f"part_{name}.tif") for name in regions]
    gdal.BuildVRT(str(tmp_path / "together.vrt"), parts).FlushCache()
    np.testing.assert_array_equal(
        read_raster(tmp_path / "together.vrt"), read_raster(tmp_path / "whole.tif")
    )


def test_a_map_of_a_vrt_has_the_names_and_units_of_its_parts(tmp_path, tiled):
    names = []
    for row in (0, 25):
        names.append(str(tmp_path / f"rows_{row}.tif"))
        pixeltrend.slope(tiled, names[-1], stats="slope,pvalue", window=(row, 0, 25, 40))
    pixeltrend.slope(tiled, tmp_path / "whole.tif", stats="slope,pvalue")
    whole = read_whole(str(tmp_path / "whole.tif"))
    vrt = str(tmp_path / "t.vrt")
    for bands in ([1, 2], [2, 1], [2]):
        gdal.BuildVRT(vrt, names, bandList=bands).FlushCache()
        found = read_whole(vrt)
        assert found.metadata.items() >= whole.metadata.items()
        wanted = [whole.bands[number - 1] for number in bands]
        assert [(b.description, b.unit, b.metadata["DESCRIPTION"]) for b in found.bands] == [
            (b.description, b.unit, b.metadata["DESCRIPTION"]) for b in wanted
        ]
        assert not any("STATISTICS_MEAN" in band.metadata for band in found.bands)  # of one part
    pytest.importorskip("matplotlib_scalebar")
    assert plot_map(vrt, tmp_path / "map.png").band == "pvalue"


def test_parts_that_were_not_made_alike_lend_a_vrt_no_names(tmp_path, tiled):
    names = [str(tmp_path / "a.tif"), str(tmp_path / "b.tif")]
    pixeltrend.slope(tiled, names[0], window=(0, 0, 25, 40))
    pixeltrend.slope(tiled, names[1], stats="intercept", window=(25, 0, 25, 40))
    gdal.BuildVRT(str(tmp_path / "t.vrt"), names).FlushCache()
    found = read_whole(str(tmp_path / "t.vrt"))
    assert not any(name.startswith("PIXELTREND") for name in found.metadata)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--window", "45", "0", "10", "10"], "50 rows and 40 columns"),
        (["--window", "-1", "0", "10", "10"], "50 rows and 40 columns"),
        (["--window", "0", "0", "0", "10"], "50 rows and 40 columns"),
        (["--bounds", "0", "0", "10", "10"], "contain no pixel"),
        (["--window", "0", "0", "5", "5", "--bounds", "0", "0", "1", "1"], "give only one of them"),
    ],
)
def test_parts_that_are_not_there(run_cli, tiled, arguments, said):
    done = run_cli("slope", "ndvi_*.tif", "-o", "out.tif", *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_bounds_want_a_georeference():
    with pytest.raises(pixeltrend.ArgumentError, match="georeferenced"):
        Grid(4, 4, None, "").window_of((0, 0, 1, 1))


@given(
    size=st.tuples(st.integers(1, 90), st.integers(1, 90)),
    origin=st.tuples(st.integers(0, 70), st.integers(0, 70)),
    block=st.tuples(st.integers(1, 32), st.integers(1, 32)),
    max_pixels=st.integers(1, 4000),
)
def test_windows_of_a_part_cover_it_once_along_the_blocks_of_the_whole(
    size, origin, block, max_pixels
):
    touched = np.zeros(size, int)
    for window in plan_windows(*size, block, max_pixels=max_pixels, origin=origin):
        assert 0 < window.pixels <= max_pixels
        rows = slice(window.row_off, window.row_off + window.height)
        touched[rows, window.col_off : window.col_off + window.width] += 1
        if block[0] * block[1] <= max_pixels and window.row_off:
            assert (window.row_off + origin[0]) % min(block[0], size[0]) == 0
    assert (touched == 1).all()
