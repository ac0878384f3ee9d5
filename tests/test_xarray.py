"""xarray: the command line's numbers, lazily, with coordinates and CRS."""

from __future__ import annotations

import datetime as dt
import importlib
import pickle
import sys
from dataclasses import dataclass
from functools import partial

import cftime
import dask
import dask.array as da
import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from oracles import linregress_slopes
from running import run
from strategies import series

import pixeltrend.xarray
from pixeltrend.errors import ArgumentError, InputError, MissingDependencyError
from pixeltrend.reducers.methods import make_reducer
from pixeltrend.reducers.reducer import BandInfo
from pixeltrend.times.dates import decimal_year
from pixeltrend.trend import slope
from pixeltrend.xarray import trend

CALENDARS = ["standard", "proleptic_gregorian", "julian", "noleap", "all_leap", "360_day"]


def bits(values):
    """Give every bit of some numbers, with one NaN for all."""
    values = np.asarray(values)
    assert values.dtype == np.float64
    return np.where(np.isnan(values), np.nan, values).tobytes()


def cube(values, times=None, **kwargs):
    """Make a DataArray (time, y, x)."""
    times = np.arange(2000, 2000 + len(values)) if times is None else times
    return xr.DataArray(values, {"time": times}, ("time", "y", "x"), **kwargs)


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
    expected = make_reducer("ols").reduce(times, values)[0]
    dataarray = xr.DataArray(values, {"time": times}, ("time", "pixel"))
    assert bits(trend(dataarray)["slope"]) == bits(expected)


def test_more_pixels_than_one_piece(make_values):
    values = make_values(3, 300, 333, gaps=0.1)
    expected = make_reducer("ols").reduce(np.arange(2000.0, 2003), values.reshape(3, -1))
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


# Times


@pytest.mark.filterwarnings("ignore:Converting non-nanosecond")  # older versions of xarray
@pytest.mark.parametrize("unit", ["ns", "us", "s", "D"])
def test_first_of_january_is_a_whole_year(values, unit):
    years = np.arange(1999, 2006)
    stamps = np.array([f"{year}-01-01" for year in years], dtype=f"datetime64[{unit}]")
    assert trend(cube(values, stamps)).identical(trend(cube(values, years)))


@pytest.mark.parametrize("calendar", CALENDARS)
def test_first_of_january_is_a_whole_year_in_every_calendar(values, calendar):
    years = np.arange(1999, 2006)
    stamps = [cftime.datetime(year, 1, 1, calendar=calendar) for year in years]
    assert trend(cube(values, stamps)).identical(trend(cube(values, years)))


@pytest.mark.filterwarnings("ignore:Converting non-nanosecond")  # older versions of xarray
@given(
    st.lists(st.dates(dt.date(1678, 1, 1), dt.date(2262, 4, 11)), min_size=2, unique=True),
    st.sampled_from(["s", "D"]),
)
def test_days_are_the_decimal_years_of_file_names(dates, unit):
    values = np.random.default_rng(1).random((len(dates), 1, 3))
    expected = trend(cube(values, [decimal_year(d.year, d.month, d.day) for d in dates]))
    stamps = np.array(dates, dtype=f"datetime64[{unit}]")
    assert trend(cube(values, stamps)).identical(expected)
    of_model = [cftime.datetime(d.year, d.month, d.day, calendar="standard") for d in dates]
    assert trend(cube(values, of_model)).identical(expected)


def test_nanoseconds_begin_in_the_middle_of_1677():
    stamps = np.array(["1677-12-31", "1678-12-31", "1969-07-01"], dtype="datetime64[ns]")
    expected = [decimal_year(1677, 12, 31), decimal_year(1678, 12, 31), decimal_year(1969, 7)]
    values = np.array([1.0, 5.0, 2.0]).reshape(3, 1, 1)
    assert trend(cube(values, stamps)).identical(trend(cube(values, expected)))


@pytest.mark.parametrize(
    ("calendar", "days"),
    [("noleap", 365), ("all_leap", 366), ("360_day", 360), ("julian", 366), ("standard", 366)],
)
def test_a_year_has_the_days_of_its_calendar(calendar, days):
    stamps = [
        cftime.datetime(2000, 1, 1, calendar=calendar),
        cftime.datetime(2000, 3, 1, 6, calendar=calendar),
    ]
    passed = 59 + (days == 366) + (days == 360) + 0.25
    result = trend(cube(np.array([0.0, 1.0]).reshape(2, 1, 1), stamps))["slope"]
    assert result.item() == pytest.approx(days / passed, rel=1e-12)


def test_the_year_of_the_reform_has_355_days():
    stamps = [cftime.datetime(1582, 10, day, calendar="standard") for day in (4, 15)]
    result = trend(cube(np.array([0.0, 1.0]).reshape(2, 1, 1), stamps))["slope"]
    assert result.item() == pytest.approx(355, rel=1e-9)


def test_time_of_day_is_a_part_of_the_day():
    stamps = np.array(["2001-01-01T00", "2001-01-01T18"], dtype="datetime64[ns]")
    values = np.array([0.0, 1.0]).reshape(2, 1, 1)
    assert trend(cube(values, stamps))["slope"].item() == pytest.approx(365 / 0.75, rel=1e-9)
    of_model = [cftime.datetime(2001, 1, 1, hour, calendar="standard") for hour in (0, 18)]
    assert trend(cube(values, stamps)).identical(trend(cube(values, of_model)))


@pytest.mark.parametrize("kind", [np.uint16, np.int32, np.float32, np.float64])
def test_years_are_numbers_of_any_type(values, kind):
    years = np.arange(1999, 2006)
    assert trend(cube(values, years.astype(kind))).identical(trend(cube(values, years)))


def test_decimal_years_are_taken_as_they_are():
    values = np.array([0.0, 1.0, 2.0]).reshape(3, 1, 1)
    result = trend(cube(values, [2000.25, 2000.5, 2000.75]))
    assert result["slope"].item() == pytest.approx(4, rel=1e-12)
    assert result.attrs["pixeltrend_times"] == "2000.25 2000.5 2000.75"


@given(order=st.permutations(range(7)), lazy=st.booleans())
def test_order_of_times_changes_no_bit(make_values, order, lazy):
    values = make_values(7, 2, 3, gaps=0.2)
    shuffled = cube(values).isel(time=order)
    before = shuffled.copy(deep=True)
    result = trend(shuffled.chunk({"time": 3}) if lazy else shuffled).compute(scheduler="sync")
    assert result.identical(trend(cube(values)))
    assert shuffled.identical(before)


# Dimensions, coordinates, CRS, attributes


@pytest.mark.parametrize(
    "dims", [("time", "y", "x"), ("y", "time", "x"), ("x", "y", "time"), ("time", "x", "y")]
)
@pytest.mark.parametrize("lazy", [False, True])
def test_order_of_dimensions_is_kept(values, dims, lazy):
    expected = trend(cube(values))
    turned = cube(values).transpose(*dims)
    result = trend(turned.chunk({"x": 4}) if lazy else turned)
    assert result["slope"].dims == tuple(dim for dim in dims if dim != "time")
    assert bits(result["slope"].transpose("y", "x")) == bits(expected["slope"])


def test_one_series_and_many_dimensions(values):
    one = cube(values)[:, 2, 3]
    expected = trend(cube(values))["slope"]
    assert trend(one)["slope"].dims == ()
    assert bits(trend(one)["slope"]) == bits(expected[2, 3])
    many = xr.concat([cube(values), 2 * cube(values)], "model").transpose("y", "model", "time", "x")
    result = trend(many)["slope"]
    assert result.dims == ("y", "model", "x")
    assert bits(result[:, 0]) == bits(expected)


def test_dimension_of_time_has_any_name(values):
    named = cube(values).rename(time="year")
    assert trend(named, dim="year").identical(trend(cube(values)))
    assert trend(named, "year", "ols").identical(trend(cube(values)))


@pytest.fixture
def georeferenced(values):
    """Make what rioxarray makes: the CRS in a coordinate, its name in the encoding."""
    dataarray = cube(values, name="ndvi").assign_coords(
        y=("y", 2_330_000.0 - 30 * np.arange(9), {"axis": "Y", "units": "metre"}),
        x=("x", 578_000.0 + 30 * np.arange(11), {"axis": "X", "units": "metre"}),
        spatial_ref=(
            (),
            0,
            {"crs_wkt": 'PROJCS["..."]', "GeoTransform": "577985 30 0 2330015 0 -30"},
        ),
        band=1,
        lat=(("y", "x"), np.full((9, 11), 21.0), {"units": "degrees_north"}),
        sensor=("time", list("5555788")),
    )
    dataarray.encoding = {
        "grid_mapping": "spatial_ref", "_FillValue": -9999, "scale_factor": 1e-4, "dtype": "int16",
    }  # fmt: skip
    dataarray.attrs = {"units": "K", "long_name": "Surface temperature", "valid_range": [200, 350]}
    return dataarray


@pytest.mark.parametrize("lazy", [False, True])
def test_coordinates_and_crs_are_kept(georeferenced, lazy):
    given_array = georeferenced.chunk({"time": 2}) if lazy else georeferenced
    result = trend(given_array)
    assert set(result.coords) == {"y", "x", "spatial_ref", "band", "lat"}
    for name in result.coords:
        assert result[name].identical(georeferenced[name].drop_vars("sensor", errors="ignore"))
    assert result["slope"].encoding["grid_mapping"] == "spatial_ref"
    assert result["slope"].sel(x=578_030, y=2_330_000).dims == ()


def test_grid_mapping_among_the_attributes_stays_there(georeferenced):
    georeferenced.attrs["grid_mapping"] = georeferenced.encoding.pop("grid_mapping")
    result = trend(georeferenced)["slope"]
    assert result.attrs["grid_mapping"] == "spatial_ref"
    assert "grid_mapping" not in result.encoding


def test_how_values_were_packed_is_forgotten(georeferenced):
    encoding = trend(georeferenced)["slope"].encoding
    assert np.isnan(encoding.pop("_FillValue"))
    assert encoding == {"grid_mapping": "spatial_ref"}


def test_result_comes_back_from_a_file(georeferenced, tmp_path):
    result = trend(georeferenced)
    result.to_netcdf(tmp_path / "trend.nc", engine="scipy")
    with xr.open_dataset(tmp_path / "trend.nc", engine="scipy", decode_coords="all") as read:
        assert bits(read["slope"].astype("f8")) == bits(result["slope"])
        assert read["spatial_ref"].attrs == result["spatial_ref"].attrs
        assert read["slope"].attrs == result["slope"].attrs
        assert read.attrs == result.attrs


def test_result_says_what_it_is(georeferenced):
    result = trend(georeferenced, method="linregress")
    assert result.attrs == {
        "pixeltrend_version": pixeltrend.__version__,
        "pixeltrend_method": "linregress",
        "pixeltrend_times": "2000 2001 2002 2003 2004 2005 2006",
    }
    assert result["slope"].attrs == {
        "long_name": "Slope of the least-squares line",
        "units": "K per year",
    }


def test_unknown_unit(values):
    assert trend(cube(values))["slope"].attrs["units"] == "per year"


# Methods of several bands, and their options


@dataclass(frozen=True)
class Line:
    """A reducer of three bands, with an option."""

    method: str
    factor: float
    max_pixels: int | None = 5
    bands: tuple[BandInfo, ...] = (
        BandInfo("slope", "Slope", "{unit} per year"),
        BandInfo("intercept", "Value at year 0", "{unit}"),
        BandInfo("last", "Number of the last time", ""),
    )

    def reduce(self, times, values):
        assert values.shape[1] <= self.max_pixels
        slopes = linregress_slopes(times, values)
        intercepts = np.nanmean(values, axis=0) - slopes * times.mean()
        values[:] = 0  # a reducer may do with its values what it likes
        return np.stack([self.factor * slopes, intercepts, np.full(len(slopes), times[-1])])


@pytest.fixture
def three_bands(monkeypatch):
    monkeypatch.setattr(pixeltrend.xarray, "make_reducer", Line)


@pytest.mark.usefixtures("three_bands")
@pytest.mark.parametrize("lazy", [False, True])
def test_a_variable_for_each_band(georeferenced, lazy):
    given_array = georeferenced.chunk({"time": 2, "y": 4}) if lazy else georeferenced
    before = georeferenced.copy(deep=True)
    result = trend(given_array, method="line", factor=10.0)
    assert list(result) == ["slope", "intercept", "last"]
    assert [result[name].attrs.get("units") for name in result] == ["K per year", "K", None]
    assert result.attrs["pixeltrend_method"] == "line"
    assert result.attrs["pixeltrend_options"] == "factor=10.0"
    slopes = linregress_slopes(range(2000, 2007), georeferenced)
    np.testing.assert_array_equal(result["slope"], 10 * slopes)
    np.testing.assert_allclose(
        result["intercept"], georeferenced.mean("time") - 2003 * slopes, rtol=1e-4
    )
    assert (result["last"] == 2006).all()
    assert georeferenced.identical(before)


@pytest.mark.usefixtures("three_bands")
def test_all_bands_are_computed_in_one_go(values):
    calls = []
    lazy = cube(
        da.from_array(values, chunks=(7, 9, 11)).map_blocks(
            lambda b: calls.append(1) or b, dtype="f4", meta=np.empty((0, 0, 0), "f4")
        )
    )
    trend(lazy, method="line", factor=1.0).compute(scheduler="sync")
    assert len(calls) == 1


# What is refused


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
    with pytest.raises(TypeError, match="colour"):
        trend(cube(values), colour="red")


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
