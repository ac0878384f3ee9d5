"""Constants that look like nodata where none is declared."""

from __future__ import annotations

import numpy as np
import pytest
from reports import SHAPE, YEARS, everything, looked_at, noted, with_border

import pixeltrend

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
@pytest.mark.parametrize("options", [["--pixels"], ["--full"]])
def test_undeclared_nodata(run_cli, tmp_path, write_stack, value, dtype, options):
    values = np.random.default_rng(4).integers(10, 100, (6, *SHAPE)).astype(dtype)
    count = with_border(values, value)
    write_stack(tmp_path / "in", values, YEARS)
    done = run_cli("check", "in", *options, "-q")
    assert (done.returncode, done.stdout) == (0, "")
    (warning,) = done.stderr.splitlines()
    assert warning.startswith("Warning: ")
    assert f"--nodata {value:g}" in warning or f"--nodata {value}" in warning
    assert 0 < looked_at(warning) <= 6 * count


@pytest.mark.parametrize(("value", "dtype"), [(-9999, "int16"), (-9999, "float32")])
def test_undeclared_nodata_scattered(tmp_path, write_stack, value, dtype):
    rng = np.random.default_rng(4)
    values = rng.integers(10, 100, (6, *SHAPE)).astype(dtype)
    values[rng.random(values.shape) < 0.05] = value
    write_stack(tmp_path, values, YEARS)
    (warning,) = pixeltrend.check(tmp_path, pixels=True).warnings
    assert str(value) in warning
    assert 0 < looked_at(warning) <= (values == value).sum()


@pytest.mark.parametrize(("value", "dtype"), [(-9999, "int16"), (-3000, "int16"), (0, "uint8")])
def test_undeclared_nodata_in_one_year(tmp_path, write_raster, value, dtype):
    values = np.random.default_rng(4).integers(10, 100, (6, *SHAPE)).astype(dtype)
    with_border(values[3:4], value)
    for year, layer in zip(YEARS, values, strict=True):
        nodata = None if year == 2003 else 111
        write_raster(tmp_path / f"ndvi_{year}.tif", layer, nodata=nodata)
    report = pixeltrend.check(tmp_path, pixels=True)
    (warning,) = [text for text in report.warnings if f"--nodata {value}" in text]
    assert "ndvi_2003.tif" in warning
    assert noted(report) == [2003]


def test_zeros_at_the_border_of_what_has_negative_values_too(tmp_path, write_stack):
    values = np.random.default_rng(4).integers(-50, 100, (6, *SHAPE)).astype(np.int16)
    with_border(values, 0)
    write_stack(tmp_path, values, YEARS)
    (warning,) = pixeltrend.check(tmp_path, pixels=True).warnings
    assert "--nodata 0" in warning


def test_a_second_undeclared_value(tmp_path, write_stack):
    """Fill and saturation of the same product."""
    values = np.random.default_rng(4).integers(10, 100, (6, *SHAPE)).astype(np.int16)
    with_border(values, -9999)
    values[:, 20:30, 20:30] = 32767
    write_stack(tmp_path, values, YEARS)
    told = everything(pixeltrend.check(tmp_path, pixels=True))
    assert "-9999" in told
    assert "32767" in told


def test_declared_nodata_is_not_told(tmp_path, write_stack):
    values = np.random.default_rng(4).integers(10, 100, (6, *SHAPE)).astype(np.int16)
    with_border(values, -9999)
    write_stack(tmp_path, values, YEARS)
    assert everything(pixeltrend.check(tmp_path, pixels=True, nodata=-9999)) == ""
    write_stack(tmp_path, values, YEARS, nodata=-9999)
    assert everything(pixeltrend.check(tmp_path, pixels=True)) == ""


def test_zeros_of_classes_and_counts_are_values(tmp_path, write_stack):
    rng = np.random.default_rng(4)
    write_stack(tmp_path, rng.integers(-1, 2, (6, *SHAPE)).astype(np.int16), YEARS)
    assert everything(pixeltrend.check(tmp_path, pixels=True)) == ""


@pytest.mark.parametrize("nodata", [0, np.nan])
def test_another_constant_than_the_one_declared_is_told(tmp_path, write_stack, make_values, nodata):
    values = make_values(3, 40, 50)
    values[:, :5] = -9999
    write_stack(tmp_path, values, nodata=nodata)
    said = "another nodata is declared, but -9999"
    assert any(said in text for text in pixeltrend.check(tmp_path, pixels=True).warnings)
    assert pixeltrend.check(tmp_path).warnings == ()


@pytest.mark.parametrize("options", [[], ["TILED=YES", "BLOCKXSIZE=64", "BLOCKYSIZE=64"]])
@pytest.mark.parametrize("how", ["pixels", "full"])
def test_a_patch_of_one_year_is_told(tmp_path, write_stack, make_values, options, how):
    values = make_values(8, 300, 280)
    values[3, 20:60, 30:70] = -9999
    write_stack(tmp_path, values, options=options)
    warnings = pixeltrend.check(tmp_path, **{how: True}).warnings
    assert len(warnings) == 1
    assert "ndvi_2003.tif: no nodata is declared, but -9999 is at" in warnings[0]
    if how == "full":
        assert "1,600 of 84,000 pixels" in warnings[0]


def test_full_finds_what_a_sample_misses(tmp_path, write_stack, make_values):
    values = make_values(3, 640, 640)
    values[1, 130:190, 450:500] = -9999
    write_stack(tmp_path, values, options=["TILED=YES", "BLOCKXSIZE=64", "BLOCKYSIZE=64"])
    assert pixeltrend.check(tmp_path, pixels=True).warnings == ()
    assert "-9999" in pixeltrend.check(tmp_path, full=True).warnings[0]


@pytest.mark.parametrize("constant", [-1e30, 1e20, -3.4028234663852886e38])
def test_constants_that_float32_rounds_are_told(tmp_path, write_stack, make_values, constant):
    values = make_values(3, 60, 50)
    values[1, 20:30, 20:30] = constant
    write_stack(tmp_path, values)
    [warning] = pixeltrend.check(tmp_path, pixels=True).warnings
    assert f"{constant:g} is at 100 of 3,000" in warning


def test_slope_looks_where_nan_is_declared(run_cli, tmp_path, write_stack):
    values = np.random.default_rng(4).integers(10, 100, (6, *SHAPE)).astype(np.float32)
    with_border(values, 0)
    write_stack(tmp_path / "in", values, YEARS, nodata=np.nan)
    done = run_cli("slope", "in", "-o", "trend.tif", "-q")
    assert done.returncode == 0
    assert "another nodata is declared, but 0 is at" in done.stderr
    assert "give --nodata 0" in done.stderr
