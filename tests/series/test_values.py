"""Values: what counts as missing, and what numbers stand for, as NumPy reckons it."""

from __future__ import annotations

import numpy as np
import pytest
from osgeo import gdal
from reading import read, refuses

import pixeltrend

NAN = np.nan
YEARS = (2000, 2001, 2002)


# Valid range, scale and offset


RANGES = [(0, 10000), (-2000, 10000), (5, 5), (-100.5, 99.5), (0, np.inf), (-np.inf, 7)]
TYPES = ["uint8", "uint16", "int16", "int32", "uint32", "float32", "float64"]


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("valid_range", RANGES, ids=str)
def test_valid_range(tmp_path, write_stack, dtype, valid_range):
    kind = np.dtype(dtype)
    extremes = np.iinfo(kind) if kind.kind in "iu" else np.finfo(kind)
    low, high = valid_range
    around = [0, 1, 5, 6, 7, 8, 99, 100, 9999, 10000, 10001, -1, -100, -101, -2000, -2001, -3000]
    written = np.array([[*around, extremes.min, extremes.max]], np.float64)
    written = np.clip(written, extremes.min, extremes.max).astype(kind)
    write_stack(tmp_path, np.stack([written] * 2))
    as_float = written.astype(np.float64)
    expected = np.where((as_float >= low) & (as_float <= high), as_float, NAN)
    np.testing.assert_array_equal(read(tmp_path, valid_range=valid_range), [expected] * 2)


def test_valid_range_counts_before_scale_and_offset(tmp_path, write_stack):
    pixels = np.array([[-3000, -2000, 0, 10000, 10001]], np.int16)
    write_stack(tmp_path, np.stack([pixels] * 2), scale=1e-4, offset=0.5)
    values = read(tmp_path, valid_range=(-2000, 10000))
    np.testing.assert_allclose(values, [[[NAN, 0.3, 0.5, 1.5, NAN]]] * 2, rtol=1e-12)


@pytest.mark.parametrize(
    ("given_", "factor", "added"),
    [
        ({}, 0.1, 5),
        ({"scale": 2}, 2, 5),
        ({"offset": -1}, 0.1, -1),
        ({"scale": 2.75e-5, "offset": -0.2}, 2.75e-5, -0.2),
        ({"scale": 1, "offset": 0}, 1, 0),
        ({"scale": -0.5}, -0.5, 5),
    ],
    ids=str,
)
@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "float32", "float64"])
def test_scale_and_offset_replace_those_of_the_files(
    tmp_path, write_stack, dtype, given_, factor, added
):
    pixels = np.array([[1, 7, 200], [0, 3, 255]], dtype)
    write_stack(tmp_path, np.stack([pixels] * 2), scale=0.1, offset=5, nodata=7)
    expected = np.where(pixels == 7, NAN, pixels.astype(np.float64) * factor + added)
    np.testing.assert_allclose(read(tmp_path, **given_), [expected] * 2, rtol=1e-12)


def test_numbers_do_not_overflow(tmp_path, write_stack):
    for dtype in ("uint8", "int16", "uint16"):
        extremes = np.iinfo(dtype)
        pixels = np.array([[extremes.min, extremes.max]], dtype)
        write_stack(tmp_path / dtype, np.stack([pixels] * 2))
        values = read(tmp_path / dtype, scale=1000)
        np.testing.assert_array_equal(values, [pixels.astype(np.float64) * 1000] * 2)


def test_a_trend_of_bytes_does_not_overflow(tmp_path, write_stack, read_raster):
    write_stack(tmp_path, np.array([[[0, 255]], [[255, 0]]], np.uint8))
    pixeltrend.slope(tmp_path, tmp_path / "t.tif")
    np.testing.assert_array_equal(read_raster(tmp_path / "t.tif"), [[255, -255]])


def write_signed_bytes(path, values):
    """Write signed bytes, which old versions of GDAL have no type for."""
    height, width = values.shape
    driver = gdal.GetDriverByName("GTiff")
    if hasattr(gdal, "GDT_Int8"):
        dataset = driver.Create(str(path), width, height, 1, gdal.GDT_Int8)
    else:
        dataset = driver.Create(
            str(path), width, height, 1, gdal.GDT_Byte, ["PIXELTYPE=SIGNEDBYTE"]
        )
    kind = dataset.GetRasterBand(1).DataType
    dataset.WriteRaster(0, 0, width, height, values.astype(np.int8).tobytes(), buf_type=kind)
    dataset = None


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, [-128, -1, 0, 127]),
        ({"nodata": -128}, [NAN, -1, 0, 127]),
        ({"valid_range": (-100, 100)}, [NAN, -1, 0, NAN]),
        ({"scale": 0.5, "offset": 1}, [-63, 0.5, 1, 64.5]),
    ],
    ids=str,
)
def test_signed_bytes(tmp_path, options, expected):
    for year in YEARS[:2]:
        write_signed_bytes(tmp_path / f"n_{year}.tif", np.array([[-128, -1, 0, 127]]))
    np.testing.assert_array_equal(read(tmp_path, **options), [[expected]] * 2)


def test_nan_stays_missing_whatever_is_asked(tmp_path, write_stack):
    pixels = np.array([[NAN, np.inf, -np.inf, 1]], np.float32)
    write_stack(tmp_path, np.stack([pixels] * 2), nodata=-9999)
    for options in ({}, {"valid_range": (-np.inf, np.inf)}, {"scale": 2}, {"nodata": 0}):
        values = read(tmp_path, **options)
        np.testing.assert_array_equal(np.isnan(values), [[[True, True, True, False]]] * 2)


# Refused


@pytest.mark.parametrize(
    "typed",
    [
        ["--valid-range", 10, 0],
        ["--valid-range", 10],
        ["--scale", 0],
        ["--scale", "nan"],
        ["--offset", "inf"],
        ["--qa-band", 1],
        ["--qa-bits", 3],
    ],
    ids=lambda typed: " ".join(map(str, typed)),
)
def test_options_that_make_no_sense(tmp_path, write_stack, run_cli, typed):
    write_stack(tmp_path / "in", np.zeros((2, 2, 3, 3), np.int16))
    (tmp_path / "t.tif").write_bytes(b"old")
    refuses(run_cli("slope", "in", "-o", "t.tif", *typed), 2)
    refuses(run_cli("check", "in", *typed), 2)
    assert (tmp_path / "t.tif").read_bytes() == b"old"


@pytest.mark.parametrize(
    "typed",
    [["--mask-band", 3], ["--mask-band", "mask"], ["--qa-band", "QA", "--qa-bits", "1"]],
    ids=lambda typed: " ".join(map(str, typed)),
)
def test_bands_that_are_not_there(tmp_path, write_stack, run_cli, typed):
    write_stack(tmp_path / "in", np.zeros((2, 2, 3, 3), np.int16))
    (tmp_path / "t.tif").write_bytes(b"old")
    refuses(run_cli("slope", "in", "-o", "t.tif", *typed), 3, "ndvi_2000.tif", str(typed[1]))
    assert (tmp_path / "t.tif").read_bytes() == b"old"


def test_whole_numbers_that_double_precision_rounds_are_refused(tmp_path, write_stack):
    pixels = np.array([[1, 2**53 - 1, -(2**63)]], np.int64)
    write_stack(tmp_path, np.stack([pixels] * 2), nodata=-(2**63))
    np.testing.assert_array_equal(read(tmp_path)[:, 0], [[1, 2**53 - 1, NAN]] * 2)
    write_stack(tmp_path, np.stack([pixels, pixels + 2]), nodata=-(2**63))
    with pytest.raises(pixeltrend.ReadError, match=r"ndvi_2001\.tif: has Int64 values of 2\^53"):
        read(tmp_path)
    with pytest.raises(pixeltrend.ArgumentError, match=r"int64 of 2\^53 or more"):
        pixeltrend.reduce([2000, 2001], np.array([1, 2**53 + 1]))
