"""Tables of areas: counted again with NumPy from what the raster says."""

import csv
import io
import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from osgeo import osr

import pixeltrend
from pixeltrend.errors import ArgumentError, InputError
from pixeltrend.raster.area import pixel_areas
from pixeltrend.raster.grid import Grid
from pixeltrend.views import bands as view_bands
from pixeltrend.views.table import table

osr.UseExceptions()
UP, DOWN = "significant increase", "significant decrease"
LAYERS = ["slope", "pvalue"]


def trend(write_raster, path, slope, p, **kwargs):
    values = np.array([slope, p], np.float32)
    return write_raster(path, values, nodata=math.nan, descriptions=LAYERS, **kwargs)


def by_name(found):
    return {row.name: row for row in found.classes}


def test_signs_and_significance(tmp_path, write_raster):
    slope = [[1, 1, -1, -1], [0, math.nan, 2, -3]]
    p = [[0.05, 0.06, 0.01, 0.9], [1.0, math.nan, math.nan, 0.04]]
    found = table(trend(write_raster, tmp_path / "trend.tif", slope, p))
    rows = by_name(found)
    assert {name: row.pixels for name, row in rows.items()} == {
        DOWN: 2,
        "decrease (not significant)": 1,
        "no change": 1,
        "increase (not significant)": 1,
        UP: 1,  # p = 0.05 as Float32 is the level itself
        "not tested": 1,
        "missing": 1,
    }
    assert rows[DOWN].area == pytest.approx(2 * 900)
    assert rows[DOWN].share == pytest.approx(2 / 7)
    assert rows["missing"].share is None
    assert (found.band, found.pvalue, found.alpha) == ("slope", "pvalue", 0.05)
    assert by_name(table(found.raster, alpha=0.02))[DOWN].pixels == 1


@pytest.mark.parametrize("geographic", [False, True], ids=["projected", "geographic"])
@given(seed=st.integers(0, 2**32 - 1), pixels=st.integers(1, 400))
def test_windows_and_numpy_agree(tmp_path_factory, write_raster, geographic, seed, pixels):
    rng = np.random.default_rng(seed)
    slope = rng.normal(size=(21, 35)).astype(np.float32)
    slope[rng.random(slope.shape) < 0.2] = np.nan
    p = rng.random(slope.shape).astype(np.float32)
    where = (
        {"geotransform": (5.0, 0.1, 0, 61.0, 0, -0.25), "crs": "EPSG:4326"} if geographic else {}
    )
    folder = tmp_path_factory.mktemp("table")
    options = ["TILED=YES", "BLOCKXSIZE=16", "BLOCKYSIZE=16"]
    path = trend(write_raster, folder / "trend.tif", slope, p, options=options, **where)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(view_bands, "_WINDOW_PIXELS", pixels)
        found = table(path)
    assert found == table(path)
    crs = osr.SpatialReference()
    crs.SetFromUserInput("EPSG:4326")
    if geographic:
        areas = pixel_areas(Grid(35, 21, where["geotransform"], crs.ExportToWkt())).of_rows
    else:
        areas = np.full(21, 900.0)
    weights = np.broadcast_to(areas[:, None], slope.shape)
    up = (slope > 0) & (p <= np.float32(0.05))
    row = by_name(found)[UP]
    assert row.pixels == up.sum()
    assert row.area == pytest.approx(weights[up].sum(), rel=1e-12, abs=0)
    assert row.share == pytest.approx(row.area / weights[~np.isnan(slope)].sum(), rel=1e-12)
    assert sum(row.pixels for row in found.classes) == slope.size


def test_a_band_of_classes_has_its_own_names(tmp_path, stack):
    pixeltrend.slope(tmp_path / "ndvi_*.tif", tmp_path / "class.tif", stats="class", workers=1)
    found = table(tmp_path / "class.tif")
    names = [name for name, _ in pixeltrend.reducers.classes.CLASSES]
    assert [row.name for row in found.classes] == [*names[1:], "missing"]
    assert (found.band, found.pvalue) == ("class", "")
    assert sum(row.pixels for row in found.classes) == 48


def test_directions_without_a_test(tmp_path, write_raster):
    path = write_raster(tmp_path / "span.tif", np.array([[1.0, -2.0, 0.0]]))
    with pytest.raises(InputError, match=r"say with --band which one has the direction"):
        table(path)
    found = table(path, band=1)
    assert [row.name for row in found.classes] == ["decrease", "no change", "increase", "missing"]
    assert [row.pixels for row in found.classes] == [1, 1, 1, 0]
    assert found.band == "band 1"


def test_pixels_alone_where_areas_are_unknown(tmp_path, write_raster, run_cli):
    trend(write_raster, tmp_path / "trend.tif", [[1.0, -1.0]], [[0.01, 0.5]], crs="")
    done = run_cli("table", "trend.tif")
    assert done.returncode == 0
    assert "Areas are unknown: the raster has no CRS" in done.stdout
    assert [row.area for row in table(tmp_path / "trend.tif").classes] == [None] * 7
    text = run_cli("table", "trend.tif", "--csv").stdout
    assert f"{UP},1,,0.5" in text.splitlines()


def test_text_csv_and_json_say_the_same(tmp_path, write_raster, run_cli):
    slope = np.linspace(-1, 1, 60).reshape(6, 10)
    trend(write_raster, tmp_path / "trend.tif", slope, np.abs(slope) / 2)
    found = table(tmp_path / "trend.tif")
    text = run_cli("table", "trend.tif").stdout
    rows = list(csv.DictReader(io.StringIO(run_cli("table", "trend.tif", "--csv").stdout)))
    data = json.loads(run_cli("table", "trend.tif", "--json").stdout)
    assert "trend.tif: slope, significant where pvalue <= 0.05" in text
    assert "60 of 60 pixels have a trend" in text
    for row, from_csv, from_json in zip(found.classes, rows, data["classes"], strict=True):
        assert (row.name, row.area) == (from_csv["class"], float(from_csv["area_m2"]))
        assert (row.name, row.area, row.share) == (
            from_json["name"],
            from_json["area"],
            from_json["share"],
        )
        [line] = [line for line in text.splitlines() if line.startswith(row.name + " ")]
        assert f"{row.area:,.1f}" in line


def test_what_makes_no_sense_is_refused(tmp_path, write_raster, run_cli):
    trend(write_raster, tmp_path / "trend.tif", [[1.0]], [[0.5]])
    with pytest.raises(ArgumentError, match="alpha 2: must lie between 0 and 1"):
        table(tmp_path / "trend.tif", alpha=2)
    done = run_cli("table", "trend.tif", "--band", "slop")
    assert done.returncode == 3
    assert "no band called 'slop'" in done.stderr
    done = run_cli("table", "trend.tif", "--csv", "--json")
    assert (done.returncode, done.stdout) == (2, "")
