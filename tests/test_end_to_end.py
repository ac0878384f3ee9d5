"""The main job, as people do it."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from oracles import linregress_slopes
from osgeo import gdal

import pixeltrend


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    pixeltrend.make_series(folder, height=50, width=40, gaps=0.15, seed=3)
    return folder


def stack_of(folder, read_raster):
    return np.stack([read_raster(path) for path in sorted(folder.glob("ndvi_*.tiff"))])


@pytest.fixture(scope="module")
def trend(demo, tmp_path_factory):
    """The trend of the demo series, as a file."""
    path = tmp_path_factory.mktemp("trend") / "trend.tif"
    pixeltrend.slope(demo / "*.tiff", path, workers=1)
    return path


@pytest.mark.parametrize(
    ("workers", "memory"),
    [(1, "64MB"), (2, "64MB"), (3, "64MB"), (4, "64MB"), (1, "90K"), (4, "90K")],
)
def test_same_bytes_whatever_runs_it(run_cli, demo, trend, tmp_path, workers, memory):
    settings = ["--workers", workers, "--memory", memory]
    done = run_cli("slope", demo / "*.tiff", "-o", "trend.tif", *settings)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "trend.tif").read_bytes() == trend.read_bytes()


@pytest.mark.parametrize("method", ["ols", "linregress"])
def test_map_equals_scipy(run_cli, demo, tmp_path, read_raster, method):
    done = run_cli(
        "slope", demo / "*.tiff", "-o", "trend.tif", "--method", method, "--dtype", "float64"
    )
    assert done.returncode == 0, done.stderr
    expected = linregress_slopes(np.arange(1995, 2016), stack_of(demo, read_raster))
    np.testing.assert_allclose(read_raster(tmp_path / "trend.tif"), expected, rtol=1e-9)


def test_map_is_the_trend_the_series_was_made_with(demo, trend, read_raster):
    truth = read_raster(demo / "truth" / "slope.tif")
    found = read_raster(trend)
    assert found.dtype == np.float32
    assert np.corrcoef(found.ravel(), truth.ravel())[0, 1] > 0.9
    assert np.nanmean(np.abs(found - truth)) < 1e-3


def test_cron_runs_the_same_line_again(run_cli, tmp_path, write_stack, make_values, read_raster):
    values = make_values(6, 5, 7)
    write_stack(tmp_path, values[:5], name="ndvi_{}.tiff")
    line = ["slope", "*.tiff", "-o", "trend.tiff", "-q"]
    assert run_cli(*line).returncode == 0
    first = (tmp_path / "trend.tiff").read_bytes()
    assert run_cli(*line).returncode == 0
    assert (tmp_path / "trend.tiff").read_bytes() == first
    write_stack(tmp_path, values[5:], [2005], name="ndvi_{}.tiff")  # a new export has come in
    assert run_cli(*line).returncode == 0
    expected = linregress_slopes(np.arange(2000, 2006), values)
    np.testing.assert_allclose(read_raster(tmp_path / "trend.tiff"), expected, rtol=1e-6)
    names = [f"ndvi_{year}.tiff" for year in range(2000, 2006)]
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        *names,
        "trend.qml",
        "trend.tiff",
        "trend.tiff.aux.json",
    ]


@pytest.mark.parametrize("patterns", ["deep/copy/*.tiff", "**/*.tiff", "deep/copy", "-"])
def test_place_of_the_inputs_does_not_show(run_cli, demo, trend, tmp_path, patterns):
    shutil.copytree(demo, tmp_path / "deep" / "copy")
    stdin = "\n".join(map(str, demo.glob("*.tiff")))
    done = run_cli("slope", patterns, "-o", "again.tif", stdin=stdin)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "again.tif").read_bytes() == trend.read_bytes()


def test_what_is_written_says_what_it_is(demo, trend):
    dataset = gdal.Open(str(trend))
    facts = dataset.GetMetadata()
    assert facts["PIXELTREND_VERSION"] == pixeltrend.__version__
    assert facts["PIXELTREND_METHOD"] == "ols"
    assert len(facts["PIXELTREND_TIMES"].split()) == 21
    assert json.loads(facts["PIXELTREND_INPUTS"])[0] == "ndvi_1995.tiff"
    band = dataset.GetRasterBand(1)
    assert band.GetDescription() == "slope"
    assert band.GetUnitType() == "NDVI per year"
    for folder in (demo, trend.parent):
        assert str(folder) not in json.dumps(facts)


def test_unequal_steps_bytes_and_zero_as_nodata(run_cli, tmp_path, write_stack, read_raster):
    years = [1985, 1990, 1995, 2000, 2005, 2011, 2015, 2020]
    rng = np.random.default_rng(8)
    numbers = rng.integers(0, 256, (8, 2, 12, 15)).astype(np.uint8)
    numbers[rng.random(numbers.shape) < 0.3] = 0
    write_stack(tmp_path, numbers, years, name="peru_{}.tif", nodata=0)
    done = run_cli("slope", "*.tif", "--band", 2, "-o", "t", "--dtype", "float64")
    assert done.returncode == 0, done.stderr
    warning, _summary = done.stderr.splitlines()
    assert "times are unevenly spaced: 4 to 6 years apart" in warning
    values = np.where(numbers[:, 1] == 0, np.nan, numbers[:, 1])
    expected = linregress_slopes(years, values)
    found = read_raster(tmp_path / "t")
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-13)


def test_names_without_years(run_cli, tmp_path, write_stack, make_values, read_raster):
    values = make_values(12, 4, 4)
    write_stack(tmp_path, values, range(1, 13), name="export ({}).tif")
    done = run_cli("slope", "export*.tif", "-o", "t", "--years", "1995:2006", "--json")
    assert json.loads(done.stdout)["times"] == list(range(1995, 2007))
    expected = linregress_slopes(np.arange(1995, 2007), values)
    np.testing.assert_allclose(read_raster(tmp_path / "t"), expected, rtol=1e-6)


def test_cog(run_cli, demo, trend, tmp_path, read_raster):
    options = ["--of", "COG", "--co", "BLOCKSIZE=128"]
    done = run_cli("slope", demo / "*.tiff", "-o", "cog.tif", *options)
    assert done.returncode == 0, done.stderr
    np.testing.assert_array_equal(read_raster(tmp_path / "cog.tif"), read_raster(trend))
    structure = gdal.Open(str(tmp_path / "cog.tif")).GetMetadata("IMAGE_STRUCTURE")
    assert structure["LAYOUT"] == "COG"


def test_the_library_does_the_same(demo, trend, tmp_path):
    summary = pixeltrend.slope(str(demo / "*.tiff"), tmp_path / "trend.tif", workers=2)
    assert (tmp_path / "trend.tif").read_bytes() == trend.read_bytes()
    assert (summary.pixels, len(summary.times)) == (2000, 21)
