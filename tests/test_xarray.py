"""xarray: the command line's numbers, lazily."""

from __future__ import annotations

import importlib
import pickle
import sys
from functools import partial

import dask
import dask.array as da
import numpy as np
import pytest
import xarray as xr
from cubes import bits, cube
from hypothesis import given
from hypothesis import strategies as st
from oracles import linregress_slopes
from running import run
from strategies import series

from pixeltrend.errors import MissingDependencyError
from pixeltrend.reducers.methods import make_reducer
from pixeltrend.reducers.options import StatsOptions
from pixeltrend.trend import slope
from pixeltrend.xarray import trend


@pytest.fixture
def values(make_values):
    return make_values(7, 9, 11, gaps=0.2)


@pytest.fixture
def no_compute():
    """A scheduler that refuses to do anything."""

    def refuse(*_, **__):
        raise AssertionError("computed before anybody asked")

    return partial(dask.config.set, scheduler=refuse)


# The numbers


@pytest.mark.parametrize("method", ["ols", "linregress"])
@pytest.mark.parametrize("dtype", ["float32", "float64", "int16", "int32"])
def test_numbers_are_those_of_the_command_line(
    tmp_path, write_stack, read_raster, values, method, dtype
):
    if dtype.startswith("int"):
        values = np.where(np.isnan(values), -9999, 1e4 * values)
    values = values.astype(dtype)
    years = [1984, 1985, 1987, 1990, 1991, 2000, 2001]
    paths = write_stack(tmp_path, values, years, nodata=-9999)
    slope(paths, tmp_path / "trend.tif", method=method, dtype="float64", workers=1)
    read = cube(np.stack([read_raster(path) for path in paths]), years)
    masked = read.where(read != -9999)
    assert bits(trend(masked, method=method)["slope"]) == bits(read_raster(tmp_path / "trend.tif"))


@pytest.mark.parametrize(
    "dtype", ["uint8", "int16", "uint16", "int32", "int64", ">i2", ">f4", "f2"]
)
def test_every_type_of_number_is_read_exactly(dtype):
    values = (np.arange(60).reshape(5, 3, 4) ** 2 % 251).astype(dtype)
    result = trend(cube(values))["slope"]
    assert bits(result) == bits(trend(cube(values.astype(np.float64)))["slope"])
    np.testing.assert_allclose(result, linregress_slopes(np.arange(5), values), atol=1e-12)


@given(series())
def test_numbers_are_those_of_the_reducer(series):
    times, values = series
    expected = make_reducer(StatsOptions("ols")).reduce(times, values)[0]
    dataarray = xr.DataArray(values, {"time": times}, ("time", "pixel"))
    assert bits(trend(dataarray)["slope"]) == bits(expected)


def test_more_pixels_than_one_piece(make_values):
    values = make_values(3, 300, 333, gaps=0.1)
    expected = make_reducer(StatsOptions("ols")).reduce(
        np.arange(2000.0, 2003), values.reshape(3, -1)
    )
    assert bits(trend(cube(values))["slope"]) == bits(expected)


def test_infinite_values_are_missing_as_in_files(values):
    infinite = np.where(np.isnan(values), np.inf, values)
    before = infinite.copy()
    assert bits(trend(cube(infinite))["slope"]) == bits(trend(cube(values))["slope"])
    np.testing.assert_array_equal(infinite, before)


def test_pixels_without_a_trend_are_nan():
    values = np.full((3, 1, 2), np.nan)
    values[0, 0, 0] = 1
    assert np.isnan(trend(cube(values))["slope"]).all()


@pytest.mark.parametrize("shape", [(3, 0, 4), (3, 2, 0)])
def test_no_pixels(shape):
    assert trend(cube(np.zeros(shape)))["slope"].shape == shape[1:]
    assert trend(cube(np.zeros(shape)).chunk())["slope"].compute().shape == shape[1:]


# Dask


def test_nothing_is_computed_until_asked(values, no_compute):
    lazy = cube(values).chunk({"time": 1, "y": 4})
    lazy = lazy.assign_coords(height=(("y", "x"), da.zeros((9, 11))))
    with no_compute():
        result = trend(lazy.isel(time=[3, 1, 0, 2, 6, 5, 4]))
        assert isinstance(result["slope"].data, da.Array)
        assert result["slope"].dtype == np.float64
        with pytest.raises(AssertionError, match="computed"):
            result.compute()
    assert bits(result["slope"]) == bits(trend(cube(values))["slope"])


def test_numpy_is_computed_at_once(values):
    assert isinstance(trend(cube(values))["slope"].data, np.ndarray)


@given(
    st.fixed_dictionaries({dim: st.integers(1, 6) for dim in ("time", "y", "x")}),
    st.integers(100, 2000),
)
def test_chunks_change_no_bit(make_values, sizes, limit):
    values = make_values(5, 4, 6, gaps=0.2)
    with dask.config.set({"scheduler": "sync", "array.chunk-size": limit}):
        result = trend(cube(values).chunk(sizes))["slope"].compute()
    assert bits(result) == bits(trend(cube(values))["slope"])


def test_chunks_of_pixels_stay_where_times_are_together(values):
    result = trend(cube(values).chunk({"time": -1, "y": (2, 7), "x": (5, 6)}))
    assert result["slope"].chunks == ((2, 7), (5, 6))


def test_chunks_of_times_are_joined_within_the_size_that_dask_wants():
    lazy = cube(da.zeros((40, 100, 100), chunks=(1, 100, 100)))
    with dask.config.set({"array.chunk-size": "400kB"}):
        chunks = trend(lazy)["slope"].chunks
    assert 40 * 8 * max(chunks[0]) * max(chunks[1]) <= 400_000


def test_coordinates_are_not_turned_into_dask_arrays(values):
    lazy = cube(values).assign_coords(lat=(("y", "x"), np.zeros((9, 11)))).chunk({"time": 2})
    lazy["lat"] = lazy["lat"].compute()
    assert isinstance(trend(lazy)["lat"].data, np.ndarray)


def test_tasks_can_go_to_other_machines(values):
    result = trend(cube(values).chunk({"x": 5}), method="linregress")
    again = pickle.loads(pickle.dumps(result))  # noqa: S301 - its own
    assert bits(again["slope"]) == bits(trend(cube(values), method="linregress")["slope"])


# Importing


def test_without_xarray(monkeypatch):
    monkeypatch.setitem(sys.modules, "xarray", None)
    monkeypatch.delitem(sys.modules, "pixeltrend.xarray")
    with pytest.raises(MissingDependencyError) as error:
        importlib.import_module("pixeltrend.xarray")
    assert str(error.value) == 'xarray is not installed: pip install xarray "dask[array]"'


def test_xarray_is_imported_for_nobody_else():
    code = "import sys, pixeltrend, pixeltrend.trend; sys.exit('xarray' in sys.modules)"
    assert run([sys.executable, "-c", code]).returncode == 0
