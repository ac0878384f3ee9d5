"""Why values are missing: the same pixels that a run takes for missing, each with its reason."""

import math

import numpy as np
import pytest

import pixeltrend
from pixeltrend.raster.windows import Window
from pixeltrend.series.explaining import read_pixel
from pixeltrend.series.reader import read_chunk


def reasons(series):
    """Why each pixel of the first raster is missing, checked beside what a run reads."""
    grid = series.grid
    chunk = read_chunk(series, Window(0, 0, grid.height, grid.width)).values
    found = {}
    for pixel in range(grid.pixels):
        row, column = divmod(pixel, grid.width)
        readings = read_pixel(series, row, column)
        values = np.array([reading.value for reading in readings])
        assert np.array_equal(values, chunk[:, pixel], equal_nan=True)
        assert [bool(reading.why) for reading in readings] == list(np.isnan(values))
        found[row, column] = readings[0]
    return found


def test_nodata_range_and_infinity(tmp_path, write_stack):
    layer = np.array([[-9.0, 0.2, math.inf], [math.nan, 7.0, -9.0]], np.float32)
    write_stack(tmp_path, [layer, layer], nodata=-9)
    found = reasons(pixeltrend.open_series(tmp_path, valid_range=(0, 1), scale=10, offset=1))
    assert {at: reading.why for at, reading in found.items()} == {
        (0, 0): "nodata (-9), outside the valid range 0 to 1",
        (0, 1): "",
        (0, 2): "not finite, outside the valid range 0 to 1",
        (1, 0): "not finite",
        (1, 1): "outside the valid range 0 to 1",
        (1, 2): "nodata (-9), outside the valid range 0 to 1",
    }
    assert found[0, 1].number == pytest.approx(0.2)
    assert found[0, 1].value == pytest.approx(3.0)
    assert found[1, 1].number == 7.0
    assert (found[0, 1].band, found[0, 1].time) == (1, 2000.0)
    assert found[0, 1].path.endswith("ndvi_2000.tif")


def test_masks_and_quality_bits(tmp_path, write_stack):
    values = [[1, 2, 3, 4, 5, 6]]
    clear = [[1, 1, 0, 1, 1, 1]]
    bits = [[0, 0b1000, 0, 0b11_0000, 0b01_0000, 0b1000]]
    layer = np.array([values, clear, bits], np.uint8)
    mask = [[1, 1, 1, 1, 1, 0]]
    write_stack(tmp_path, [layer, layer], mask=mask)
    found = reasons(
        pixeltrend.open_series(tmp_path, mask_band=2, qa_band=3, qa_bits="3,4-5=3", band=1)
    )
    assert [found[0, column].why for column in range(6)] == [
        "",
        "quality bit 3",
        "masked by band 2",
        "quality bits 4-5 = 3",
        "",
        "masked by the file, quality bit 3",
    ]


def test_where_no_shard_lies(tmp_path, write_stack, write_raster):
    for year in (2000, 2001):
        for column in (0, 4):
            if (year, column) != (2000, 4):
                name = f"ndvi_{year}-0000000000-{column:010d}.tif"
                where = (578_000.0 + 30 * column, 30.0, 0.0, 2_330_000.0, 0.0, -30.0)
                layer = np.full((2, 4), year + column, np.float32)
                write_raster(tmp_path / name, layer, geotransform=where)
    found = reasons(pixeltrend.open_series(tmp_path))
    assert found[1, 5].why == "no file lies there"
    assert math.isnan(found[1, 5].number)
    assert found[1, 3].path.endswith("ndvi_2000-0000000000-0000000000.tif")


def test_the_window_that_a_run_reads(tmp_path, write_stack):
    layers = np.arange(2 * 5 * 6, dtype=np.float32).reshape(2, 5, 6)
    write_stack(tmp_path, layers)
    series = pixeltrend.open_series(tmp_path, window=(2, 1, 3, 4))
    assert reasons(series)[2, 3].number == layers[0, 4, 4]
