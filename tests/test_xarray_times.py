"""xarray: years, datetimes and times of any calendar."""

from __future__ import annotations

import datetime as dt

import cftime
import numpy as np
import pytest
from cubes import cube
from hypothesis import given
from hypothesis import strategies as st

from pixeltrend.times.dates import decimal_year
from pixeltrend.xarray import trend

CALENDARS = ["standard", "proleptic_gregorian", "julian", "noleap", "all_leap", "360_day"]


@pytest.fixture
def values(make_values):
    return make_values(7, 9, 11, gaps=0.2)


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
