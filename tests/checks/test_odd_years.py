"""Years that say another time, lie on another grid, differ from the others, or are missing."""

from __future__ import annotations

import numpy as np
import pytest
from earth_engine import GEOTRANSFORM, shard_name, shift, write_shards
from osgeo import gdal
from reports import YEARS, everything, noted

import pixeltrend


def test_a_swapped_year_in_the_band_name(tmp_path, write_raster, values):
    for year, layer in zip(YEARS, values, strict=True):
        said = {2003: 2004, 2004: 2003}.get(year, year)
        write_raster(tmp_path / f"ndvi_{year}.tif", layer, descriptions=[f"{said}_NDVI"])
    report = pixeltrend.check(tmp_path)
    assert "ndvi_2003.tif" in everything(report)
    assert "2004" in everything(report)
    assert noted(report) == [2003, 2004]


@pytest.mark.parametrize("description", ["{}_NDVI", "NDVI_{}", "{}", "X{}"])
def test_one_file_that_says_the_year_of_another(tmp_path, write_raster, values, description):
    for year, layer in zip(YEARS, values, strict=True):
        said = 2004 if year == 2003 else year
        write_raster(tmp_path / f"ndvi_{year}.tif", layer, descriptions=[description.format(said)])
    report = pixeltrend.check(tmp_path)
    (warning,) = report.warnings
    for text in ("ndvi_2003.tif", "2003", "2004"):
        assert text in warning
    assert noted(report) == [2003]


def say(path, **items):
    """Write items of metadata into a raster."""
    dataset = gdal.Open(str(path), gdal.GA_Update)
    for key, text in items.items():
        dataset.SetMetadataItem(key, text)
    dataset = None


MILLISECONDS = {year: str((year - 1970) * 31_556_952_000 + 15_000_000_000) for year in YEARS}


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize(
    ("key", "texts"),
    [
        ("DATE_ACQUIRED", {year: f"{year}-07-14" for year in YEARS}),
        ("system:time_start", MILLISECONDS),
    ],
)
def test_a_swapped_year_in_the_metadata(tmp_path, write_stack, values, key, texts, swapped):
    paths = write_stack(tmp_path, values, YEARS)
    for year, path in zip(YEARS, paths, strict=True):
        said = {2003: 2004, 2004: 2003}.get(year, year) if swapped else year
        say(path, **{key: texts[said]})
    report = pixeltrend.check(tmp_path, pixels=True)
    if swapped:
        (warning,) = report.warnings
        assert "ndvi_2003.tif" in warning
        assert "2004" in warning
        assert noted(report) == [2003, 2004]
    else:
        assert everything(report) == ""


@pytest.mark.parametrize("offset", [(0.5, 0.5), (0, 0.1), (-0.25, 3)])
def test_a_shifted_grid(run_cli, tmp_path, write_stack, write_raster, values, offset):
    write_stack(tmp_path / "in", values, YEARS)
    there = shift(GEOTRANSFORM, *offset)
    write_raster(tmp_path / "in" / "ndvi_2003.tif", values[3], geotransform=there)
    done = run_cli("check", "in")
    assert done.returncode == 3
    (line,) = done.stderr.splitlines()
    for text in ("ndvi_2003.tif", f"{offset[0]:g} row", f"{offset[1]:g} col", "--align"):
        assert text in line


def test_all_refused_files_are_listed(run_cli, tmp_path, write_stack, write_raster, values):
    write_stack(tmp_path / "in", values, YEARS)
    for year in (2003, 2005):
        there = shift(GEOTRANSFORM, 0.5, 0)
        write_raster(tmp_path / "in" / f"ndvi_{year}.tif", values[3], geotransform=there)
    done = run_cli("check", "in")
    assert done.returncode == 3
    assert "ndvi_2003.tif" in done.stderr
    assert "ndvi_2005.tif" in done.stderr


def test_an_absent_shard(tmp_path, write_raster, run_cli, values):
    for year, layer in zip(YEARS, values, strict=True):
        write_shards(write_raster, tmp_path / "in" / f"ndvi_{year}", layer, [32, 64], [64])
    (tmp_path / "in" / shard_name("ndvi_2003", 32, 64)).unlink()
    report = pixeltrend.check(tmp_path / "in")
    (warning,) = report.warnings
    for text in ("ndvi_2003", "32", "64"):
        assert text in warning
    assert noted(report) == [2003]
    done = run_cli("check", "in")
    assert done.returncode == 0
    assert warning.rpartition("/")[2] in done.stdout


def test_a_missing_year(tmp_path, write_stack, run_cli, values):
    write_stack(tmp_path / "in", values[:5], [2000, 2001, 2002, 2004, 2005])
    report = pixeltrend.check(tmp_path / "in")
    assert report.missing_years == (2003,)
    (warning,) = report.warnings
    assert "2003" in warning
    assert "missing: 2003" in run_cli("check", "in").stdout


@pytest.mark.parametrize(
    ("odd", "said"),
    [
        ({"nodata": -1}, ["nodata", "-1", "-3000"]),
        ({"nodata": None}, ["nodata", "none", "-3000"]),
        ({"scale": 0.001}, ["scale", "0.001", "0.0001"]),
        ({"scale": None}, ["scale", "0.0001"]),
        ({"unit": "K"}, ["unit", "K"]),
        ({"descriptions": ["EVI"]}, ["band name", "EVI", "NDVI"]),
    ],
    ids=str,
)
def test_one_file_differs(tmp_path, write_raster, values, odd, said):
    usual = {"nodata": -3000, "scale": 1e-4, "descriptions": ["NDVI"]}
    for year, layer in zip(YEARS, values, strict=True):
        write_raster(
            tmp_path / f"ndvi_{year}.tif", layer, **(usual | odd if year == 2003 else usual)
        )
    report = pixeltrend.check(tmp_path)
    (warning,) = report.warnings
    for text in ("ndvi_2003.tif", *said):
        assert text in warning
    assert noted(report) == [2003]


def test_one_file_has_another_type(tmp_path, write_stack, write_raster, values):
    write_stack(tmp_path, values, YEARS)
    write_raster(tmp_path / "ndvi_2003.tif", values[3].astype(np.float32))
    report = pixeltrend.check(tmp_path)
    (warning,) = report.warnings
    for text in ("ndvi_2003.tif", "Float32", "Int16"):
        assert text in warning
    assert [raster.dtype for raster in report.rasters].count("Float32") == 1


def test_a_stack_with_an_odd_band(tmp_path, write_raster, values):
    names = [f"{year}_NDVI" for year in YEARS]
    names[3] = "2003_EVI"
    write_raster(tmp_path / "stack.tif", values, descriptions=names)
    report = pixeltrend.check(tmp_path / "stack.tif", bands_are_times=True)
    (warning,) = report.warnings
    for text in ("stack.tif", "band 4", "EVI", "NDVI"):
        assert text in warning
    assert noted(report) == [2003]


def test_two_dates_that_are_one_in_the_metadata(tmp_path, write_raster):
    """A copy under a name whose date is too near to contradict its metadata."""
    days = ["20030101", "20030117", "20030202", "20030218", "20030306"]
    for day in days:
        path = write_raster(tmp_path / f"evi_{day}.tif", np.ones((2, 3), np.float32))
        said = "20030117" if day == "20030202" else day
        say(path, DATE_ACQUIRED=f"{said[:4]}-{said[4:6]}-{said[6:]}")
    (warning,) = pixeltrend.check(tmp_path).warnings
    assert "evi_20030202.tif: says itself that it is of 2003-01-17, as " in warning
    assert "evi_20030117.tif does: one may be a copy" in warning


@pytest.mark.parametrize("text", ["2003", "2003-01-05"], ids=["year", "product"])
def test_what_all_files_say_is_no_time_of_theirs(tmp_path, write_raster, text):
    for month in ("01", "02"):
        path = write_raster(tmp_path / f"evi_2003{month}.tif", np.ones((2, 3), np.float32))
        say(path, DATE=text)
    assert pixeltrend.check(tmp_path).warnings == ()


@pytest.mark.parametrize("time", [None, "start", "middle", "end"])
def test_metadata_have_no_period(tmp_path, write_raster, time):
    for number, date in (("a", "2003-01-05"), ("b", "2004-01-05")):
        path = write_raster(tmp_path / f"{number}.tif", np.ones((2, 3), np.float32))
        say(path, DATE_ACQUIRED=date)
    series = pixeltrend.open_series(tmp_path, time=time)
    np.testing.assert_allclose(series.times % 1, [4 / 365, 4 / 366])
    (warning,) = series.warnings
    expected = f"--time {time} does not count" if time else "the names hold no times"
    assert expected in warning
