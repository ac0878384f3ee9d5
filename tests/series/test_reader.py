"""Reading: floats with NaN where missing, whatever says that it is missing."""

from __future__ import annotations

import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from osgeo import gdal

from pixeltrend.errors import InputError, ReadError
from pixeltrend.raster.whole import missing_end
from pixeltrend.raster.windows import Window
from pixeltrend.series.opening import open_series
from pixeltrend.series.reader import read_chunk

NAN = np.nan
FLOAT_MAX = float(np.finfo(np.float32).max)
DOUBLE_MAX = float(np.finfo(np.float64).max)


def read(folder, window=None, **options):
    """Read the whole series, or a window of it, as (N, P)."""
    series = open_series(folder, **options)
    window = window or Window(0, 0, series.grid.height, series.grid.width)
    return read_chunk(series, window).values


def case(name, dtype, written, expected, **settings):
    return pytest.param(np.array([written], dtype), expected, settings, id=name)


@pytest.mark.parametrize(
    ("written", "expected", "settings"),
    [
        case("nan", "f4", [1, NAN, 3], [1, NAN, 3]),
        case("nan tagged", "f4", [1, NAN, 3], [1, NAN, 3], nodata=NAN),
        case("inf", "f4", [np.inf, 2, -np.inf], [NAN, 2, NAN]),
        case("inf tagged", "f4", [np.inf, 2, 3], [NAN, 2, 3], nodata=np.inf),
        case("inf float64", "f8", [np.inf, 2, -np.inf], [NAN, 2, NAN]),
        case("float-max", "f4", [-FLOAT_MAX, 2, 3], [NAN, 2, 3], nodata=-FLOAT_MAX),
        case("float-max in 15", "f4", [-FLOAT_MAX, 2], [NAN, 2], nodata=-3.40282346638529e38),
        case("float-max in 8", "f4", [-FLOAT_MAX, 2], [NAN, 2], nodata=-3.4028235e38),
        case("float-max positive", "f4", [FLOAT_MAX, 2, 3], [NAN, 2, 3], nodata=FLOAT_MAX),
        case("float-max in float64", "f8", [-FLOAT_MAX, 2, 3], [NAN, 2, 3], nodata=-FLOAT_MAX),
        case("double-max", "f8", [-DOUBLE_MAX, 2, 3], [NAN, 2, 3], nodata=-DOUBLE_MAX),
        case("-9999 float32", "f4", [-9999, 2, 3], [NAN, 2, 3], nodata=-9999),
        case("fraction", "f4", [-0.1, 2, 3], [NAN, 2, 3], nodata=-0.1),
        case("rounded fraction", "f4", [-9999.9, 2, 3], [NAN, 2, 3], nodata=-9999.9),
        case("zero", "f4", [0, -0.0, 3], [NAN, NAN, 3], nodata=0),
        case("int16", "i2", [-32768, -3000, 9999], [NAN, -3000, 9999], nodata=-32768),
        case("uint16", "u2", [65535, 2, 0], [NAN, 2, 0], nodata=65535),
        case("uint8 zero", "u1", [0, 200, 255], [NAN, 200, 255], nodata=0),
        case("uint8 255", "u1", [0, 200, 255], [0, 200, NAN], nodata=255),
        case("uint8 untagged", "u1", [0, 200, 255], [0, 200, 255]),
        case("int32", "i4", [-(2**31), 2**24 + 1, 7], [NAN, 2**24 + 1, 7], nodata=-(2**31)),
        case("uint32", "u4", [2**32 - 1, 2**32 - 2, 7], [NAN, 2**32 - 2, 7], nodata=2**32 - 1),
        case("uint8 cannot hold", "u1", [0, 200, 241], [0, 200, 241], nodata=-9999),
        case("int16 nan", "i2", [-1, 0, 1], [-1, 0, 1], nodata=NAN),
        case("scale", "i2", [100, -50, 0], [0.01, -0.005, 0], scale=1e-4),
        case("scale, offset", "u2", [0, 7500, 15000], [NAN, 423.15, 573.15],
             nodata=0, scale=0.02, offset=273.15),
        case("offset", "f4", [1, NAN, 3], [274.15, NAN, 276.15], offset=273.15),
        case("nodata scaled to a value", "i2", [10, 1, 5], [1, NAN, 0.5], nodata=1, scale=0.1),
        case("mask inside", "u1", [1, 2, 3], [1, NAN, 3], mask=[[1, 0, 1]]),
        case("mask beside", "u1", [1, 2, 3], [NAN, 2, 3], mask=[[0, 1, 1]], internal_mask=False),
        case("mask of floats", "f4", [1, NAN, 3], [NAN, NAN, 3], mask=[[0, 1, 1]]),
    ],
)  # fmt: skip
def test_missing_values(tmp_path, write_stack, written, expected, settings):
    write_stack(tmp_path, np.stack([written] * 2), **settings)
    values = read(tmp_path)
    assert values.dtype in (np.float32, np.float64)
    tolerance = 1e-7 if values.dtype == np.float32 else 1e-14
    np.testing.assert_allclose(values, [expected] * 2, rtol=tolerance)


@pytest.mark.parametrize(
    ("nodata", "expected"),
    [(5, [NAN, -9999, 0]), (0, [5, -9999, NAN]), (NAN, [5, -9999, 0]), (-9999, [5, NAN, 0])],
)
@pytest.mark.parametrize("dtype", ["int16", "float32", "float64"])
def test_nodata_given_replaces_that_of_the_files(tmp_path, write_stack, dtype, nodata, expected):
    write_stack(tmp_path, np.array([[[5, -9999, 0]]] * 2, dtype), nodata=-9999)
    np.testing.assert_array_equal(read(tmp_path, nodata=nodata), [expected] * 2)


def test_each_file_has_its_own_nodata_and_type(tmp_path, write_raster):
    write_raster(tmp_path / "a_2000.tif", np.array([[0, 1, 2]], np.uint8), nodata=0)
    write_raster(tmp_path / "a_2001.tif", np.array([[0, 1, 2]], np.int16), nodata=1, scale=0.5)
    write_raster(tmp_path / "a_2002.tif", np.array([[0, 0.1, 2]], np.float32), nodata=0.1)
    values = read(tmp_path)
    np.testing.assert_array_equal(values, [[NAN, 1, 2], [0, NAN, 1], [0, NAN, 2]])


def test_alpha_band_says_what_is_missing(tmp_path, write_stack):
    layers = np.array([[[1, 2, 3]], [[255, 0, 255]]], np.uint8)
    write_stack(tmp_path, np.stack([layers] * 2), options=["ALPHA=YES"])
    np.testing.assert_array_equal(read(tmp_path, band=1), [[1, NAN, 3]] * 2)


def test_mask_holds_beside_nodata_given(tmp_path, write_stack):
    pixels = np.array([[[1, 2, 3]]] * 2, np.uint8)
    write_stack(tmp_path, pixels, mask=[[1, 0, 1]])
    np.testing.assert_array_equal(read(tmp_path, nodata=3), [[1, NAN, NAN]] * 2)


def test_nodata_in_a_file_beside_is_seen(tmp_path, write_stack):
    paths = write_stack(tmp_path, np.array([[[1, 2, 3]]] * 2, np.uint8))
    for path in paths:
        (tmp_path / f"{path.name}.aux.xml").write_text(
            '<PAMDataset><PAMRasterBand band="1"><NoDataValue>2</NoDataValue>'
            "</PAMRasterBand></PAMDataset>"
        )
    np.testing.assert_array_equal(read(tmp_path), [[1, NAN, 3]] * 2)


def test_signed_bytes_are_signed(tmp_path):
    for year in (2000, 2001):
        path = os.fspath(tmp_path / f"a_{year}.tif")
        driver = gdal.GetDriverByName("GTiff")
        if hasattr(gdal, "GDT_Int8"):  # GDAL 3.7
            dataset = driver.Create(path, 3, 1, 1, gdal.GDT_Int8)
        else:
            dataset = driver.Create(path, 3, 1, 1, gdal.GDT_Byte, ["PIXELTYPE=SIGNEDBYTE"])
        kind = dataset.GetRasterBand(1).DataType
        buffer = np.array([-100, 0, 127], np.int8).tobytes()
        dataset.GetRasterBand(1).WriteRaster(0, 0, 3, 1, buffer, buf_type=kind)
        dataset = None
    np.testing.assert_array_equal(read(tmp_path), [[-100, 0, 127]] * 2)


@pytest.mark.parametrize("band", [1, 2])
def test_band(tmp_path, write_stack, band):
    layers = np.array([[[1, 2]], [[10, 20]]], np.float32)
    write_stack(tmp_path, np.stack([layers, layers + 1]))
    expected = layers[band - 1]
    np.testing.assert_array_equal(read(tmp_path, band=band), [expected[0], expected[0] + 1])


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["TILED=YES", "BLOCKXSIZE=16", "BLOCKYSIZE=16"],
        ["COMPRESS=LZW"],
        ["COMPRESS=DEFLATE", "PREDICTOR=3"],
        ["BLOCKYSIZE=7"],
        ["ENDIANNESS=BIG"],
        ["BIGTIFF=YES", "INTERLEAVE=BAND"],
    ],
)
def test_layout_of_the_file_does_not_matter(tmp_path, write_stack, make_values, options):
    values = make_values(2, 21, 37, gaps=0.3)
    write_stack(tmp_path, values, options=options)
    np.testing.assert_array_equal(read(tmp_path), values.reshape(2, -1))


@pytest.fixture(scope="module")
def tiled(tmp_path_factory, write_stack, make_values):
    folder = tmp_path_factory.mktemp("tiled")
    values = make_values(3, 40, 50, gaps=0.2)
    write_stack(folder, values, options=["TILED=YES", "BLOCKXSIZE=16", "BLOCKYSIZE=16"])
    return open_series(folder), values


@settings(max_examples=40)
@given(st.data())
def test_any_window_is_that_part_of_the_whole(tiled, data):
    series, values = tiled
    row_off, col_off = data.draw(st.integers(0, 39)), data.draw(st.integers(0, 49))
    height, width = data.draw(st.integers(1, 40 - row_off)), data.draw(st.integers(1, 50 - col_off))
    chunk = read_chunk(series, Window(row_off, col_off, height, width))
    part = values[:, row_off : row_off + height, col_off : col_off + width]
    np.testing.assert_array_equal(chunk.values, part.reshape(3, -1))
    np.testing.assert_array_equal(chunk.times, [2000, 2001, 2002])


def test_file_cut_off_is_said_by_name(tmp_path, write_stack, make_values):
    paths = write_stack(tmp_path, make_values(2, 60, 60))
    series = open_series(tmp_path)
    os.truncate(paths[1], paths[1].stat().st_size // 2)
    with pytest.raises(ReadError, match=r"ndvi_2001\.tif"):
        read_chunk(series, Window(0, 0, 60, 60))


def test_a_file_whose_tags_are_cut_off_is_refused(tmp_path, write_stack, make_values):
    """Those behind the pixels, where GDAL writes them again: it would go on without them."""
    path = write_stack(tmp_path, make_values(2, 6, 6), nodata=-9999.25)[1]
    dataset = gdal.Open(str(path), gdal.GA_Update)
    dataset.SetMetadataItem("HISTORY", "corrected")
    dataset = None  # which writes
    size, kept = path.stat().st_size, path.read_bytes()
    for lost in range(1, size - 6 * 6 * 4):
        path.write_bytes(kept[: size - lost])
        with pytest.raises(InputError, match=r"ndvi_2001\.tif"):
            open_series(tmp_path)
        assert missing_end(path), lost


def test_file_that_has_gone_is_said_by_name(tmp_path, write_stack, make_values):
    paths = write_stack(tmp_path, make_values(2, 6, 6))
    series = open_series(tmp_path)
    paths[1].unlink()
    with pytest.raises(ReadError, match=r"ndvi_2001\.tif"):
        read_chunk(series, Window(0, 0, 6, 6))


def test_file_that_has_shrunk_is_said_by_name(tmp_path, write_stack, write_raster, make_values):
    write_stack(tmp_path, make_values(2, 6, 6))
    series = open_series(tmp_path)
    write_raster(tmp_path / "ndvi_2000.tif", make_values(1, 3, 3)[0])
    with pytest.raises(ReadError, match=r"ndvi_2000\.tif"):
        read_chunk(series, Window(0, 0, 6, 6))


def test_reading_leaves_the_folder_as_it_was(stack, tmp_path):
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    read(tmp_path)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before
