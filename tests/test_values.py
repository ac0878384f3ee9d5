"""Values: what counts as missing, and what numbers stand for, as NumPy reckons it."""

from __future__ import annotations

import os
import shutil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from osgeo import gdal

import pixeltrend
from pixeltrend.errors import ArgumentError
from pixeltrend.raster.windows import Window
from pixeltrend.series.reader import read_chunk

NAN = np.nan
YEARS = (2000, 2001, 2002)


def read(patterns, window=None, **options):
    """Read a series, or a window of it, as (N, rows, columns)."""
    series = pixeltrend.open_series(patterns, **options)
    window = window or Window(0, 0, series.grid.height, series.grid.width)
    return read_chunk(series, window).values.reshape(-1, window.height, window.width)


def warnings_of(patterns, **options):
    return pixeltrend.open_series(patterns, **options).warnings


def refuses(done, status, *said):
    """One line of error, nothing on stdout."""
    assert (done.returncode, done.stdout) == (status, "")
    assert "Traceback" not in done.stderr
    last = done.stderr.splitlines()[-1]
    assert last.startswith("Error: ")
    for text in said:
        assert text in last


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


# Mask bands


@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32"])
@pytest.mark.parametrize("mask_band", [2, "2", "valid"])
def test_mask_band(tmp_path, write_stack, dtype, mask_band):
    rng = np.random.default_rng(1)
    values = rng.integers(0, 100, (3, 9, 7)).astype(dtype)
    mask = rng.integers(0, 3, (3, 9, 7)).astype(dtype)
    both = np.stack([values, mask], axis=1)
    write_stack(tmp_path, both, descriptions=["ndvi", "valid"])
    np.testing.assert_array_equal(
        read(tmp_path, mask_band=mask_band), np.where(mask == 0, NAN, values)
    )
    part = read(tmp_path, Window(2, 3, 4, 2), mask_band=mask_band)
    np.testing.assert_array_equal(part, np.where(mask == 0, NAN, values)[:, 2:6, 3:5])


@pytest.mark.parametrize("interleave", ["PIXEL", "BAND"])
def test_mask_band_before_the_band(tmp_path, write_stack, interleave):
    rng = np.random.default_rng(1)
    layers = rng.integers(0, 3, (3, 5, 9, 7)).astype(np.int16)
    write_stack(tmp_path, layers, options=[f"INTERLEAVE={interleave}", "TILED=YES"])
    values = read(tmp_path, band=4, mask_band=2)
    np.testing.assert_array_equal(values, np.where(layers[:, 1] == 0, NAN, layers[:, 3]))


# Quality bits


def slow_missing(bits, said):
    """Tell whether a number is missing, by the words of the help, one bit after another."""
    for part in said.split(","):
        places, _, numbers = part.partition("=")
        first, _, last = places.strip().partition("-")
        digits = [bits // 2**place % 2 for place in range(int(first), int(last or first) + 1)]
        if not numbers:
            if any(digits):
                return True
            continue
        number = sum(digit * 2**place for place, digit in enumerate(digits))
        if number in [int(text) for text in numbers.split("|")]:
            return True
    return False


def test_landsat_pixel_quality(tmp_path, write_stack):
    # Landsat Collection 2: 0 fill, 1 dilated cloud, 3 cloud, 4 shadow, 5 snow, 6 clear, 7 water.
    known = {
        1: True,  # fill
        21824: False,  # clear
        21952: False,  # clear, water
        21826: True,  # dilated cloud over land
        22280: True,  # high confidence cloud
        23888: True,  # cloud shadow
        30048: False,  # snow, not asked for
        54596: False,  # cirrus, not asked for
    }
    quality = np.array([list(known)], np.uint16)
    values = np.arange(len(known), dtype=np.uint16)[None]
    layers = np.stack([values, quality])
    write_stack(tmp_path, np.stack([layers] * 2), descriptions=["SR_B4", "QA_PIXEL"])
    found = read(tmp_path, qa_band="QA_PIXEL", qa_bits="0,1,3,4")
    np.testing.assert_array_equal(np.isnan(found), [[list(known.values())]] * 2)


@st.composite
def qa_specifications(draw):
    """What may be given to --qa-bits for 16 bits."""
    parts = []
    for _ in range(draw(st.integers(1, 4))):
        first = draw(st.integers(0, 15))
        last = draw(st.integers(first, min(15, first + 5)))
        places = str(first) if first == last and draw(st.booleans()) else f"{first}-{last}"
        if draw(st.booleans()):
            numbers = st.lists(st.integers(0, 2 ** (last - first + 1) - 1), min_size=1, max_size=3)
            places += "=" + "|".join(map(str, draw(numbers)))
        parts.append(places)
    return draw(st.sampled_from([",", ", "])).join(parts)


@pytest.fixture(scope="module")
def landsat(tmp_path_factory, write_stack):
    """All 16-bit numbers as quality, once a year as UInt16, Int16, Int32 and Float32."""
    folder = tmp_path_factory.mktemp("landsat")
    quality = np.arange(2**16, dtype=np.uint16).reshape(256, 256)
    for kind in ("uint16", "int16", "int32", "float32"):
        layers = np.stack([np.ones_like(quality), quality]).astype(kind)
        write_stack(folder / kind, np.stack([layers] * 2), options=["COMPRESS=LZW"])
    yield folder
    shutil.rmtree(folder)


@settings(max_examples=40)
@given(said=qa_specifications(), kind=st.sampled_from(["uint16", "int16", "int32", "float32"]))
def test_any_quality_bits(landsat, said, kind):
    found = np.isnan(read(landsat / kind, qa_band=2, qa_bits=said)).reshape(2, -1)
    some = [*range(0, 2**16, 251), 2**15, 2**16 - 1, 0, 1]
    expected = [slow_missing(bits, said) for bits in some]
    np.testing.assert_array_equal(found[:, some], [expected] * 2)


@pytest.mark.parametrize("bits", ["31", "30-31=2", "0"])
def test_the_highest_of_32_bits(tmp_path, write_stack, bits):
    quality = np.array([[0, 1, 2**31, 2**31 + 1, 2**30, 2**32 - 1]], np.uint32)
    layers = np.stack([np.ones_like(quality), quality])
    write_stack(tmp_path, np.stack([layers] * 2))
    found = np.isnan(read(tmp_path, qa_band=2, qa_bits=bits))
    expected = [slow_missing(int(number), bits) for number in quality[0]]
    np.testing.assert_array_equal(found, [[expected]] * 2)


def test_quality_that_is_missing_itself_vouches_for_nothing(tmp_path, write_stack):
    quality = np.array([[0, np.nan, 8, np.inf]], np.float32)
    write_stack(tmp_path, np.stack([np.stack([np.ones_like(quality), quality])] * 2))
    found = np.isnan(read(tmp_path, qa_band=2, qa_bits="3"))
    np.testing.assert_array_equal(found, [[[False, True, True, True]]] * 2)


@pytest.mark.parametrize("bits", ["", "x", "-1", "32", "4-1", "1-", "1;2", "8-9=4", "3=2", "1,,2"])
def test_quality_bits_that_are_none(landsat, run_cli, tmp_path, bits):
    with pytest.raises(ArgumentError, match="qa_bits"):
        read(landsat / "uint16", qa_band=2, qa_bits=bits)
    done = run_cli("slope", landsat / "uint16", "-o", "t.tif", "--qa-band", 2, "--qa-bits", bits)
    refuses(done, 2)
    assert os.listdir(tmp_path) == []


def test_everything_at_once(tmp_path, write_stack, run_cli, read_raster):
    rng = np.random.default_rng(5)
    values = rng.integers(-3000, 11000, (3, 20, 20)).astype(np.int16)
    mask = rng.integers(0, 2, (3, 20, 20)).astype(np.int16)
    quality = rng.integers(0, 64, (3, 20, 20)).astype(np.int16)
    values[rng.random(values.shape) < 0.1] = -28672
    layers = np.stack([quality, values, mask], axis=1)
    write_stack(tmp_path / "in", layers, nodata=-9999, descriptions=["qa", "ndvi", "mask"])
    expected = values * 0.0001 + 0.1
    expected[(values < -2000) | (values > 10000)] = NAN
    expected[mask == 0] = NAN
    expected[(quality & 1 == 1) | (quality >> 2 & 3 == 2)] = NAN
    typed = ["--band", "ndvi", "--mask-band", "mask", "--qa-band", "qa", "--qa-bits", "0,2-3=2"]
    typed += ["--valid-range", -2000, 10000, "--scale", 0.0001, "--offset", 0.1]
    typed += ["--nodata", -28672]
    done = run_cli("slope", "in", "-o", "t.tif", *typed, "--stats", "n_valid,intercept", "-q")
    assert (done.returncode, done.stdout) == (0, "")
    counted = np.isfinite(expected).sum(axis=0)
    np.testing.assert_array_equal(read_raster(tmp_path / "t.tif"), counted)
    options = {"band": "ndvi", "mask_band": "mask", "qa_band": "qa", "qa_bits": "0,2-3=2"}
    options |= {"valid_range": (-2000, 10000), "scale": 1e-4, "offset": 0.1, "nodata": -28672}
    np.testing.assert_allclose(read(tmp_path / "in", **options), expected, rtol=1e-12)


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
    assert "unequal" in warning


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
