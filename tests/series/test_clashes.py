"""Rasters of one time, or of none, that a folder or an option would tell apart."""

from __future__ import annotations

import re
import shlex

import numpy as np
import pytest
from osgeo import gdal

import pixeltrend
from pixeltrend.errors import ArgumentError, InputError

LAYER = np.arange(12, dtype=np.float32).reshape(3, 4)


def refusal(inputs, **options):
    with pytest.raises(InputError) as refused:
        pixeltrend.open_series(inputs, **options)
    said = str(refused.value)
    assert "\n" not in said
    return said


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (
            ["S2A_MSIL2A_20170105T013442_R031_T32TPS", "S2A_MSIL2A_20170105T013442_R074_T32TPS"],
            "2017-01-05: .*two orbits, R031 and R074: keep one",
        ),
        (["x_h18v04_200102", "x_h19v04_200102", "x_h18v04_200103"], "2001-02: .*two tiles, h18v04"),
        (["LC08_193027_20180512_x", "LC08_193028_20180512_x", "LC08_193027_20180528_x"],
         "2018-05-12: .*two paths, 193027 and 193028"),
        (["x_2001_B04", "x_2001_B08", "x_2002_B04"], "2001: .*two bands, B04 and B08"),
        (["x_2001_dry", "x_2001_old"], "2001: .*differ in dry and old, which is not read"),
    ],
)  # fmt: skip
def test_two_rasters_of_one_time(tmp_path, write_raster, names, said):
    for name in names:
        write_raster(tmp_path / f"{name}.tif", LAYER)
    assert re.search(said, refusal(tmp_path))


@pytest.mark.parametrize(
    ("paths", "times"),
    [
        (["2001/ndvi.tif", "2002/ndvi.tif"], [2001, 2002]),
        (["y2001/tile/ndvi.tif", "y2002/tile/ndvi.tif"], [2001, 2002]),
        (["2001/01/ndvi.tif", "2001/02/ndvi.tif"], [2001, 2001 + 31 / 365]),
        (["2001/Jan.tif", "2001/Feb.tif"], [2001, 2001 + 31 / 365]),
        (["2001/v_2020.tif", "2002/v_2020.tif"], [2001, 2002]),
    ],
)
def test_times_in_the_names_of_folders_have_an_expression(tmp_path, write_raster, paths, times):
    for path in paths:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        write_raster(tmp_path / path, LAYER)
    pattern = str(tmp_path / "**" / "*.tif")
    (text,) = re.findall(r"folders hold times: --date-regex ('[^']+')", refusal(pattern))
    series = pixeltrend.open_series(pattern, date_regex=shlex.split(text)[0])
    assert series.times.tolist() == pytest.approx(times)


def test_a_period_in_each_name_has_a_start_and_an_end(tmp_path, write_raster):
    for name in ("x_20150101_20151231", "x_20160101_20161231"):
        write_raster(tmp_path / f"{name}.tif", LAYER)
    series = pixeltrend.open_series(tmp_path)
    assert series.times.tolist() == [2015, 2016]
    assert "20150101 and 20151231 are taken for a period" in series.warnings[0]
    last = pixeltrend.open_series(tmp_path, time="end")
    assert last.warnings == ()
    assert last.times.tolist() == pytest.approx([2015 + 364 / 365, 2016 + 365 / 366])
    with pytest.raises(ArgumentError, match="time end is of a period in the names"):
        pixeltrend.open_series(tmp_path, time="end", years="2015:2016")


def test_a_stack_that_is_named_after_its_years(tmp_path, write_raster):
    write_raster(tmp_path / "x_2001-2003.tif", np.stack([LAYER] * 3))
    options = "--bands-are-times --years 2001:2003"
    assert refusal(tmp_path).endswith(f"its 3 bands may be times: {options}")
    assert refusal(tmp_path, bands_are_times=True).endswith("give --years 2001:2003")
    series = pixeltrend.open_series(tmp_path, bands_are_times=True, years="2001:2003")
    assert series.times.tolist() == [2001, 2002, 2003]


def test_a_folder_points_to_the_rasters_below_it(tmp_path, write_raster):
    for year in (2001, 2002):
        (tmp_path / str(year)).mkdir()
        write_raster(tmp_path / str(year) / f"x_{year}.TIF", LAYER)
    (pattern,) = re.findall(r": ('[^']+')$", refusal(tmp_path))
    assert pixeltrend.open_series(shlex.split(pattern)).times.tolist() == [2001, 2002]


@pytest.mark.skipif(gdal.GetDriverByName("PCIDSK") is None, reason="GDAL has no PCIDSK driver")
@pytest.mark.skipif(gdal.GetDriverByName("RRASTER") is None, reason="GDAL has no RRASTER driver")
def test_a_format_that_is_not_read_is_named(tmp_path):
    memory = gdal.GetDriverByName("MEM").Create("", 4, 3, 1, gdal.GDT_Float32)
    memory.GetRasterBand(1).WriteArray(LAYER)
    for year in (2001, 2002):
        gdal.GetDriverByName("PCIDSK").CreateCopy(str(tmp_path / f"x_{year}.pix"), memory)
        gdal.GetDriverByName("RRASTER").CreateCopy(str(tmp_path / f"r_{year}.grd"), memory)
    said = refusal(tmp_path / "*.pix")
    assert "is a PCIDSK" in said
    assert "gdal_translate " in said
    series = pixeltrend.open_series(tmp_path / "r_*")
    assert len(series.paths) == 2
    assert series.times.tolist() == [2001, 2002]
