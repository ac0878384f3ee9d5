"""Warnings of a series: what differs between rasters, and values that look like nodata."""

from __future__ import annotations

import numpy as np
import pytest
from osgeo import gdal
from reading import warnings_of

import pixeltrend

NAN = np.nan


# Warnings about what differs


def test_good_data_has_no_warnings(tmp_path, write_stack, make_values):
    write_stack(tmp_path, make_values(4, 5, 6, gaps=0.1), nodata=NAN, descriptions=["NDVI"])
    assert warnings_of(tmp_path) == ()


@pytest.mark.parametrize(
    ("usual", "odd", "said"),
    [
        ({"nodata": -9999}, {"nodata": -1}, ["nodata", "-1", "-9999"]),
        ({"nodata": -9999}, {}, ["nodata", "none", "-9999"]),
        ({"scale": 0.1}, {"scale": 0.5}, ["scale", "0.5", "0.1"]),
        ({}, {"scale": 0.0001}, ["scale", "0.0001", "1"]),
        ({"offset": 1}, {"offset": 2}, ["offset", "2", "1"]),
        ({"unit": "K"}, {"unit": "degC"}, ["unit", "degC", "K"]),
        ({"unit": "K"}, {}, ["unit", "none", "K"]),
        ({"descriptions": ["NDVI"]}, {"descriptions": ["EVI"]}, ["band name", "EVI", "NDVI"]),
        ({"descriptions": ["SR_B4"]}, {"descriptions": ["SR_B5"]}, ["SR_B5", "SR_B4"]),
    ],
    ids=str,
)
def test_one_year_differs(tmp_path, write_raster, usual, odd, said):
    pixels = np.arange(6, dtype=np.int16).reshape(2, 3)
    for year in range(2000, 2005):
        settings_ = odd if year == 2003 else usual
        write_raster(tmp_path / f"ndvi_{year}.tif", pixels, **settings_)
    (warning,) = warnings_of(tmp_path)
    for text in ("ndvi_2003.tif", *said):
        assert text in warning
    assert "2001" not in warning


def test_one_year_has_another_type(tmp_path, write_raster):
    for year in range(2000, 2005):
        kind = np.float32 if year == 2003 else np.int16
        write_raster(tmp_path / f"ndvi_{year}.tif", np.ones((2, 3), kind))
    (warning,) = warnings_of(tmp_path)
    for text in ("ndvi_2003.tif", "Float32", "Int16"):
        assert text in warning


def test_band_names_that_hold_the_year_do_not_differ(tmp_path, write_raster):
    for year in range(2000, 2005):
        name = [f"{year}_NDVI"]
        write_raster(tmp_path / f"ndvi_{year}.tif", np.ones((2, 3), np.float32), descriptions=name)
    assert warnings_of(tmp_path) == ()


@pytest.mark.parametrize(
    ("years", "missing"),
    [
        ([2000, 2001, 2003, 2004], ["2002"]),
        ([1995, 1996, 1997, 2000, 2001, 2002, 2004], ["1998", "1999", "2003"]),
        ([2000, 2005, 2010, 2020], ["2015"]),
    ],
)
def test_missing_years(tmp_path, write_stack, years, missing):
    write_stack(tmp_path, np.ones((len(years), 2, 3), np.float32), years)
    (warning,) = warnings_of(tmp_path)
    for year in missing:
        assert year in warning
    assert "missing" in warning


@pytest.mark.parametrize("years", [[2000, 2001], [2000, 2005, 2010], range(1990, 2020)])
def test_no_missing_years(tmp_path, write_stack, years):
    write_stack(tmp_path, np.ones((len(years), 2, 3), np.float32), years)
    assert warnings_of(tmp_path) == ()


@pytest.mark.parametrize("years", [[1990, 2000, 2013], [1987, 1988, 2001, 2022]])
def test_unequal_times(tmp_path, write_stack, years):
    write_stack(tmp_path, np.ones((len(years), 2, 3), np.float32), years)
    (warning,) = warnings_of(tmp_path)
    assert "unevenly" in warning


@pytest.mark.parametrize(("nodata", "said"), [(-9999, "-9999"), (300, "300"), (0.5, "0.5")])
def test_nodata_that_the_type_cannot_hold(tmp_path, write_stack, nodata, said):
    write_stack(tmp_path, np.ones((3, 2, 3), np.uint8))
    assert any(said in text for text in warnings_of(tmp_path, nodata=nodata))


# Warnings about values that look like nodata, in a run


def bordered(value, dtype):
    """Three years of 40 x 50 pixels with a border of `value`, and the number of its pixels."""
    rng = np.random.default_rng(2)
    values = rng.integers(20, 90, (3, 40, 50)).astype(dtype)
    inside = np.zeros((40, 50), bool)
    inside[5:-5, 8:-8] = True
    values[:, ~inside] = value
    return values, int((~inside).sum())


UNDECLARED = [
    (-9999, "int16"),
    (-9999, "float32"),
    (-3000, "int16"),
    (32767, "int16"),
    (-32768, "int16"),
    (0, "int16"),
    (0, "uint8"),
    (0, "float32"),
    (255, "uint8"),
    (65535, "uint16"),
]


@pytest.mark.parametrize(("value", "dtype"), UNDECLARED)
def test_undeclared_nodata_is_told_with_the_count(tmp_path, write_stack, run_cli, value, dtype):
    values, count = bordered(value, dtype)
    write_stack(tmp_path / "in", values)
    done = run_cli("slope", "in", "-o", "t.tif")
    assert done.returncode == 0
    warnings = [line for line in done.stderr.splitlines() if line.startswith("Warning: ")]
    (warning,) = [line for line in warnings if str(value) in line]
    counts = {f"{count:,}", str(count), f"{3 * count:,}", str(3 * count)}
    assert any(text in warning for text in counts), warning
    assert "--nodata" in warning


@pytest.mark.parametrize(("value", "dtype"), UNDECLARED)
def test_declared_nodata_is_not_told(tmp_path, write_stack, value, dtype):
    values, _ = bordered(value, dtype)
    write_stack(tmp_path / "in", values, nodata=value)
    assert pixeltrend.slope(tmp_path / "in", tmp_path / "t.tif").warnings == ()


@pytest.mark.parametrize("options", [{"nodata": -9999}, {"valid_range": (0, 100)}], ids=str)
def test_nodata_that_is_given_is_not_told(tmp_path, write_stack, options):
    values, _ = bordered(-9999, "int16")
    write_stack(tmp_path / "in", values)
    assert pixeltrend.slope(tmp_path / "in", tmp_path / "t.tif", **options).warnings == ()


def test_zeros_within_are_values(tmp_path, write_stack):
    rng = np.random.default_rng(2)
    values = rng.integers(-20, 21, (3, 40, 50)).astype(np.int16)
    write_stack(tmp_path / "in", values)
    assert pixeltrend.slope(tmp_path / "in", tmp_path / "t.tif").warnings == ()


def test_constant_layers_are_told_or_not_but_run(tmp_path, write_stack):
    write_stack(tmp_path / "in", np.full((3, 5, 5), 7, np.int16))
    assert pixeltrend.slope(tmp_path / "in", tmp_path / "t.tif").warnings == ()


# Warnings about what makes no trend


@pytest.mark.parametrize("kind", ["colours", "names"])
def test_class_numbers_have_no_trend(tmp_path, write_stack, kind):
    layers = np.random.default_rng(2).integers(1, 5, (4, 5, 6)).astype(np.uint8)
    for path in write_stack(tmp_path, layers, nodata=0):
        dataset = gdal.OpenEx(str(path), gdal.OF_UPDATE)
        if kind == "colours":
            table = gdal.ColorTable()
            table.SetColorEntry(1, (0, 90, 0, 255))
            dataset.GetRasterBand(1).SetColorTable(table)
        else:
            dataset.GetRasterBand(1).SetCategoryNames(["", "forest", "crops", "city", "water"])
        dataset = None
    (warning,) = warnings_of(tmp_path)
    assert "and 3 more: " in warning
    assert "a trend of class numbers means nothing" in warning
    summary = pixeltrend.slope(tmp_path, tmp_path / "t.tif", workers=1)
    assert warning in summary.warnings
    # The number of years is one that makes sense.
    counted = pixeltrend.map_pixels(len, tmp_path / "ndvi_*.tif", tmp_path / "n.tif", bands=["n"])
    assert warning not in counted.warnings


def test_a_missing_crs_is_told(tmp_path, write_stack, make_values):
    write_stack(tmp_path, make_values(4, 5, 6), nodata=NAN, crs="")
    (warning,) = warnings_of(tmp_path)
    assert "CRS" in warning
    assert "gdal_translate -a_srs" in warning


@pytest.mark.parametrize(
    ("count", "constant", "method", "said"),
    [
        (2, False, "ols", "2 times are too few"),
        (5, True, "ols", "all of them equal"),
        (5, True, "theil-sen", "--stats reason says which"),
        (5, False, "ols", None),
    ],
    ids=["two years", "constant", "constant ranks", "a trend"],
)
def test_p_values_that_are_all_missing_are_told(
    tmp_path, write_stack, make_values, read_raster, count, constant, method, said
):
    values = np.ones((count, 5, 6), np.float32) if constant else make_values(count, 5, 6)
    write_stack(tmp_path, values, nodata=NAN)
    for stats in ("slope,pvalue", "pvalue,slope"):
        summary = pixeltrend.slope(
            tmp_path / "ndvi_*.tif", tmp_path / "t.tif", workers=1, stats=stats, method=method
        )
        row = stats.split(",").index("pvalue") + 1
        all_missing = np.isnan(read_raster(tmp_path / "t.tif", row)).all()
        told = [text for text in summary.warnings if "every p-value is NaN" in text]
        assert len(told) == all_missing == (said is not None)
        assert all(said in text for text in told)
