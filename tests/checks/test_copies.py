"""Rasters with equal pixels, and months that are missing."""

from __future__ import annotations

import numpy as np
import pytest
from reports import SHAPE, YEARS, everything

import pixeltrend


@pytest.mark.parametrize("nodata", [None, 111])
@pytest.mark.parametrize(
    ("how", "told"), [("pixels", "--full compares all"), ("full", "pixels as")]
)
def test_a_copy_under_two_names_is_told(tmp_path, write_stack, nodata, how, told):
    values = np.random.default_rng(4).integers(10, 100, (6, *SHAPE)).astype(np.int16)
    values[4] = values[1]
    write_stack(tmp_path, values, YEARS, nodata=nodata)
    assert pixeltrend.check(tmp_path).warnings == ()
    (warning,) = pixeltrend.check(tmp_path, **{how: True}).warnings
    assert "ndvi_2004.tif: has the same pixels as" in warning
    assert "ndvi_2001.tif" in warning
    assert told in warning


def test_one_other_pixel_is_no_copy(tmp_path, write_stack):
    values = np.random.default_rng(4).integers(10, 100, (6, *SHAPE)).astype(np.int16)
    values[4] = values[1]
    values[4, 50, 60] += 1
    write_stack(tmp_path, values, YEARS)
    assert everything(pixeltrend.check(tmp_path, full=True)) == ""


def test_rasters_without_a_value_are_no_copies(tmp_path, write_stack):
    values = np.random.default_rng(4).integers(10, 100, (6, *SHAPE)).astype(np.float32)
    values[1] = values[4] = np.nan
    write_stack(tmp_path, values, YEARS, nodata=np.nan)
    assert everything(pixeltrend.check(tmp_path, full=True)) == ""


def test_a_copied_band_is_told(tmp_path, write_raster):
    values = np.random.default_rng(4).integers(10, 100, (4, *SHAPE)).astype(np.int16)
    values[3] = values[0]
    write_raster(tmp_path / "a.tif", values, descriptions=["2001", "2002", "2003", "2004"])
    (warning,) = pixeltrend.check(tmp_path, full=True, bands_are_times=True).warnings
    assert "a.tif, band 4: has the same pixels as" in warning
    assert "a.tif, band 1" in warning


def test_months_are_printed_as_months(tmp_path, write_raster, run_cli, values):
    for month, layer in zip((1, 2, 4, 5, 6), values, strict=False):
        write_raster(tmp_path / "in" / f"lst_2018{month:02}.tif", layer)
    report = pixeltrend.check(tmp_path / "in")
    assert [raster.date for raster in report.rasters] == [
        "2018-01", "2018-02", "2018-04", "2018-05", "2018-06",
    ]  # fmt: skip
    assert report.missing_months == ("2018-03",)
    assert report.warnings == ("a month is missing: 2018-03; the others are used as they are",)
    assert "from 2018-01 to 2018-06, missing: 2018-03" in run_cli("check", "in").stdout


def test_trailing_blanks_of_band_names_do_not_matter(tmp_path, write_raster, values):
    for year, layer in zip(YEARS, values, strict=True):
        write_raster(
            tmp_path / f"x_{year}.tif", layer, descriptions=["NDVI" + " " * (year == 2003)]
        )
    assert pixeltrend.check(tmp_path).warnings == ()
