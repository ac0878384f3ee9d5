"""Extents: rasters on one pixel grid that reach to different places, as NumPy puts them."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from earth_engine import GEOTRANSFORM, shift, write_shards
from hypothesis import given, settings
from hypothesis import strategies as st
from osgeo import gdal
from reading import read

import pixeltrend
from pixeltrend.errors import InputError
from pixeltrend.raster.windows import Window

NAN = np.nan
YEARS = (2000, 2001, 2002)


def write_placed(write_raster, folder, offsets, layers, **settings):
    """Write a raster a year, (rows, columns) off the first pixel of `GEOTRANSFORM`."""
    for year, (rows, columns), layer in zip(YEARS, offsets, layers, strict=False):
        geotransform = shift(GEOTRANSFORM, rows, columns)
        write_raster(folder / f"ndvi_{year}.tif", layer, geotransform=geotransform, **settings)


def placed(layer, offset, frame):
    """Return what a layer has of a frame (row, column, height, width), NaN where it has nothing."""
    top, left, height, width = frame
    big = np.full((height + 200, width + 200), NAN)
    row, column = offset[0] - top + 100, offset[1] - left + 100
    big[row : row + layer.shape[0], column : column + layer.shape[1]] = layer
    return big[100 : 100 + height, 100 : 100 + width]


def frame_of(extent, offsets, layers):
    """Return first row and column, height and width of an extent."""
    tops, lefts = zip(*offsets, strict=True)
    bottoms = [top + layer.shape[0] for top, layer in zip(tops, layers, strict=True)]
    rights = [left + layer.shape[1] for left, layer in zip(lefts, layers, strict=True)]
    if extent == "union":
        top, left, bottom, right = min(tops), min(lefts), max(bottoms), max(rights)
    elif extent == "intersection":
        top, left, bottom, right = max(tops), max(lefts), min(bottoms), min(rights)
    else:
        top, left, bottom, right = tops[0], lefts[0], bottoms[0], rights[0]
    return top, left, max(bottom - top, 0), max(right - left, 0)


SHAPES = [(10, 12), (8, 9), (14, 7)]
OFFSETS = [(0, 0), (-3, 4), (2, -1)]


@pytest.fixture
def layers():
    """Three layers of different sizes, each value once."""
    return [
        (1000 * number + np.arange(height * width, dtype=np.float32)).reshape(height, width)
        for number, (height, width) in enumerate(SHAPES)
    ]


@pytest.fixture
def folder(tmp_path, write_raster, layers):
    """Three rasters that overlap in part."""
    write_placed(write_raster, tmp_path / "in", OFFSETS, layers)
    return tmp_path / "in"


@pytest.mark.parametrize(
    ("extent", "frame"),
    [
        ("first", (0, 0, 10, 12)),
        ("union", (-3, -1, 19, 14)),
        ("intersection", (2, 4, 3, 2)),
    ],
)
def test_extent(folder, layers, extent, frame):
    expected = [placed(its, off, frame) for its, off in zip(layers, OFFSETS, strict=True)]
    np.testing.assert_array_equal(read(folder, extent=extent), expected)
    grid = pixeltrend.open_series(folder, extent=extent).grid
    assert (grid.height, grid.width) == frame[2:]
    assert grid.geotransform == shift(GEOTRANSFORM, *frame[:2])


@pytest.mark.parametrize("extent", ["first", "union", "intersection"])
def test_extent_of_a_trend(folder, tmp_path, run_cli, layers, read_raster, extent):
    done = run_cli(
        "slope", "in", "-o", "t.tif", "--extent", extent, "--stats", "slope,n_valid", "-q"
    )
    assert (done.returncode, done.stderr) == (0, "")
    frame = frame_of(extent, OFFSETS, layers)
    stacked = [placed(its, off, frame) for its, off in zip(layers, OFFSETS, strict=True)]
    counted = np.isfinite(stacked).sum(axis=0)
    np.testing.assert_array_equal(read_raster(tmp_path / "t.tif", 2), counted)
    dataset = gdal.Open(str(tmp_path / "t.tif"))
    assert dataset.GetGeoTransform() == shift(GEOTRANSFORM, *frame[:2])


def test_other_extents_are_refused_and_the_option_named(folder, run_cli, tmp_path):
    (tmp_path / "t.tif").write_bytes(b"old")
    done = run_cli("slope", "in", "-o", "t.tif")
    assert (done.returncode, done.stdout) == (3, "")
    (line,) = done.stderr.splitlines()
    for text in ("ndvi_2001.tif", "ndvi_2000.tif", "9 x 8", "12 x 10", "--extent"):
        assert text in line
    assert "-3 rows" in line
    assert " 4 columns" in line
    assert (tmp_path / "t.tif").read_bytes() == b"old"


def test_the_same_size_elsewhere_is_refused_too(tmp_path, write_raster):
    layer = np.zeros((5, 5), np.float32)
    write_placed(write_raster, tmp_path, [(0, 0), (0, 2)], [layer, layer])
    with pytest.raises(InputError, match=r"ndvi_2001.tif: .*--extent"):
        pixeltrend.open_series(tmp_path)


@pytest.mark.parametrize("offset", [(0, 12), (10, 0), (-200, 3), (40, -40)])
def test_rasters_that_do_not_touch(tmp_path, write_raster, layers, offset):
    write_placed(write_raster, tmp_path, [(0, 0), offset], layers[:2])
    with pytest.raises(InputError, match=r"no pixel.*--extent"):
        pixeltrend.open_series(tmp_path, extent="intersection")
    np.testing.assert_array_equal(
        read(tmp_path, extent="first"), [layers[0], np.full_like(layers[0], NAN)]
    )
    frame = frame_of("union", [(0, 0), offset], layers[:2])
    both = read(tmp_path, extent="union")
    assert both.shape[1:] == frame[2:]
    assert [np.nansum(its) for its in both] == [its.sum() for its in layers[:2]]


def test_extents_with_nodata_scale_and_masks(tmp_path, write_raster):
    pixels = np.array([[[1, 2], [3, -1]], [[1, 0], [1, 1]]], np.int16)
    write_placed(write_raster, tmp_path, [(0, 0), (1, 1)], [pixels, pixels], nodata=-1, scale=10.0)
    values = read(tmp_path, extent="union", mask_band=2)
    expected = [
        [[10, NAN, NAN], [30, NAN, NAN], [NAN, NAN, NAN]],
        [[NAN, NAN, NAN], [NAN, 10, NAN], [NAN, 30, NAN]],
    ]
    np.testing.assert_array_equal(values, expected)


def test_jitter_in_the_last_digits_is_no_other_grid(tmp_path, write_raster, layers):
    for year, jitter in zip(YEARS, (0.0, 1e-6, -1e-6), strict=True):
        there = tuple(number * (1 + jitter / 1e3) for number in GEOTRANSFORM)
        write_raster(tmp_path / f"ndvi_{year}.tif", layers[0], geotransform=there)
    np.testing.assert_array_equal(read(tmp_path), [layers[0]] * 3)


def test_extent_of_shards(tmp_path, write_raster, make_values):
    values = make_values(2, 20, 20)
    write_shards(write_raster, tmp_path / "ndvi_2000", values[0], [8, 16], [8, 16])
    there = shift(GEOTRANSFORM, 5, -5)
    write_shards(write_raster, tmp_path / "ndvi_2001", values[1], [10], [10], geotransform=there)
    for extent in ("first", "union", "intersection"):
        frame = frame_of(extent, [(0, 0), (5, -5)], values)
        expected = [
            placed(its, off, frame) for its, off in zip(values, [(0, 0), (5, -5)], strict=True)
        ]
        np.testing.assert_array_equal(read(tmp_path, extent=extent), expected)


@st.composite
def arrangements(draw):
    """Offsets and sizes of three rasters."""
    offsets = draw(st.lists(st.tuples(*[st.integers(-12, 12)] * 2), min_size=3, max_size=3))
    shapes = draw(st.lists(st.tuples(*[st.integers(1, 16)] * 2), min_size=3, max_size=3))
    return offsets, shapes


@settings(max_examples=60)
@given(
    arrangement=arrangements(),
    extent=st.sampled_from(["first", "union", "intersection"]),
    rotated=st.booleans(),
    data=st.data(),
)
def test_any_arrangement(tmp_path_factory, write_raster, arrangement, extent, rotated, data):
    offsets, shapes = arrangement
    base = (578_000.0, 21.0, 14.0, 2_330_000.0, 14.0, -21.0) if rotated else GEOTRANSFORM
    layers = [
        (1000 * number + np.arange(height * width, dtype=np.float32)).reshape(height, width)
        for number, (height, width) in enumerate(shapes, 1)
    ]
    folder = tmp_path_factory.mktemp("arrangement")
    for year, offset, layer in zip(YEARS, offsets, layers, strict=True):
        there = shift(base, *offset)
        write_raster(folder / f"ndvi_{year}.tif", layer, geotransform=there)
    frame = frame_of(extent, offsets, layers)
    if not frame[2] * frame[3]:
        with pytest.raises(InputError, match="no pixel in common"):
            pixeltrend.open_series(folder, extent=extent)
        return
    expected = np.array([placed(i, off, frame) for i, off in zip(layers, offsets, strict=True)])
    np.testing.assert_array_equal(read(folder, extent=extent), expected)
    grid = pixeltrend.open_series(folder, extent=extent).grid
    assert grid.geotransform == pytest.approx(shift(base, *frame[:2]), abs=1e-6)
    top, left = data.draw(st.integers(0, frame[2] - 1)), data.draw(st.integers(0, frame[3] - 1))
    part = Window(top, left, frame[2] - top, frame[3] - left)
    np.testing.assert_array_equal(read(folder, part, extent=extent), expected[:, top:, left:])
    shutil.rmtree(folder)


def test_rasters_on_the_grid_but_elsewhere_need_no_warp(tmp_path, write_raster, layers):
    write_placed(write_raster, tmp_path, OFFSETS, layers)
    frame = frame_of("first", OFFSETS, layers)
    expected = [placed(its, off, frame) for its, off in zip(layers, OFFSETS, strict=True)]
    for align in ("nearest", "bilinear"):
        np.testing.assert_array_equal(read(tmp_path, align=align), expected)
