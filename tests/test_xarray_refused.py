"""xarray: what has no trend."""

from __future__ import annotations

import datetime as dt

import cftime
import numpy as np
import pytest
import xarray as xr
from cubes import cube

from pixeltrend.errors import ArgumentError, InputError
from pixeltrend.xarray import trend


@pytest.fixture
def values(make_values):
    return make_values(7, 9, 11, gaps=0.2)


def refused(*args, **kwargs):
    with pytest.raises(InputError) as error:
        trend(*args, **kwargs)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_other_things_than_a_dataarray(values):
    assert "Dataset" in refused(cube(values, name="ndvi").to_dataset())
    assert "ndarray" in refused(values)


def test_missing_dimension(values):
    message = refused(cube(values), dim="year")
    assert "'year'" in message
    assert "'time', 'y', 'x'" in message


def test_times_that_nobody_knows(values):
    assert "'time'" in refused(cube(values).drop_vars("time"))


@pytest.mark.parametrize("dtype", ["complex64", "bool", "U3", "datetime64[ns]", "object"])
def test_values_that_are_no_real_numbers(dtype):
    message = refused(cube(np.zeros((3, 2, 2)).astype(dtype)))
    assert np.dtype(dtype).name.removesuffix("96") in message or dtype[1:] in message


@pytest.mark.parametrize("count", [0, 1])
@pytest.mark.parametrize("kind", ["int64", "datetime64[ns]", "object"])
def test_fewer_than_two_times(count, kind):
    times = np.array([2000])
    if kind == "object":
        times = np.array([cftime.datetime(2000, 1, 1, calendar="noleap")])
    elif kind != "int64":
        times = np.array(["2000"], dtype=kind)
    message = refused(cube(np.zeros((count, 2, 2)), times[:count]))
    assert "two times" in message
    assert str(count) in message


@pytest.mark.parametrize(
    ("times", "said"),
    [
        ([2000, 2001, 2000], "2000"),
        (np.array(["2000", "2001-05-03", "2001-05-03"], "datetime64[ns]"), "2001-05-03"),
        (
            [cftime.datetime(2000 + i % 2, 2, 30, calendar="360_day") for i in range(3)],
            "2000-02-30",
        ),
    ],
)
def test_one_time_twice(times, said):
    assert said in refused(cube(np.zeros((3, 2, 2)), times))


@pytest.mark.parametrize(
    ("times", "said"),
    [
        ([2000.0, np.nan, 2001.0], "nan"),
        ([2000.0, np.inf, 2001.0], "inf"),
        ([20000101, 20010101, 20020101], "20000101"),
        ([200001, 200101, 200201], "200001"),
        (np.array(["2000", "NaT", "2001"], "datetime64[ns]"), "NaT"),
        (["2000", "2001", "2002"], "str"),
        ([True, False, True], "bool"),
        (np.arange(3).astype("timedelta64[ns]"), "timedelta64"),
        (np.array([dt.date(2000 + i, 1, 1) for i in range(3)]), "date"),
    ],
)
def test_times_that_are_none(times, said):
    message = refused(cube(np.zeros((3, 2, 2)), times))
    assert said in message
    assert "time" in message


def test_times_that_were_not_decoded():
    dataarray = cube(np.zeros((3, 2, 2)), [0, 365, 730])
    dataarray["time"].attrs["units"] = "days since 1970-01-01"
    assert "days since 1970-01-01" in refused(dataarray)
    assert trend(xr.decode_cf(dataarray.to_dataset(name="ndvi"))["ndvi"])["slope"].shape == (2, 2)


def test_a_coordinate_with_the_name_of_a_band(values):
    assert "'slope'" in refused(cube(values).assign_coords(slope=(("y", "x"), np.ones((9, 11)))))
    assert "'slope'" in refused(cube(values).rename(x="slope"))


def test_unknown_methods_and_options(values):
    with pytest.raises(ArgumentError, match="median"):
        trend(cube(values), method="median")
    with pytest.raises(ArgumentError, match="colour"):
        trend(cube(values), colour="red")
