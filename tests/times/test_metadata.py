"""Times out of metadata items as GDAL gives them, and out of time axes of NetCDF files."""

from __future__ import annotations

import datetime as dt
import sys

import cftime
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixeltrend.errors import InputError, MissingDependencyError
from pixeltrend.times.dates import decimal_year
from pixeltrend.times.metadata import time_from_metadata, times_from_cf


@pytest.mark.parametrize(
    ("key", "text", "time"),
    [
        ("DATE_ACQUIRED", "2013-04-15", (2013, 4, 15)),
        ("ACQUISITION_DATE", "2009-07-28", (2009, 7, 28)),
        ("SENSING_TIME", "2017-01-05T01:34:42.460Z", (2017, 1, 5)),
        ("DATATAKE_1_DATATAKE_SENSING_START", "2015-12-31T23:59:59.999Z", (2015, 12, 31)),
        ("PRODUCT_START_TIME", "2016-08-05T19:29:09.000Z", (2016, 8, 5)),
        ("PRODUCT_START", "2016-08-05T19:29:09Z", (2016, 8, 5)),
        ("ACQUISITION_START_TIME", "2015-07-05T06:42:41.504840", (2015, 7, 5)),
        ("ACQUISITIONDATETIME", "2010-12-01 10:11:12", (2010, 12, 1)),
        ("RANGEBEGINNINGDATE", "2016-01-17", (2016, 1, 17)),
        ("time_coverage_start", "1995-07-15T00:00:00Z", (1995, 7, 15)),
        ("NC_GLOBAL#time_coverage_start", "19950715T000000Z", (1995, 7, 15)),
        ("system:time_start", "1420070400000", (2015, 1, 1)),
        ("system:time_start", "1.420156799999E12", (2015, 1, 1)),
        ("system:time_start", "-1", (1969, 12, 31)),
        ("system:index", "LC08_127046_20130415", (2013, 4, 15)),
        ("system:index", "2016_01_17", (2016, 1, 17)),
        ("date", "2016-01-17", (2016, 1, 17)),
        ("acquisition_date", "20160117", (2016, 1, 17)),
        ("Date", "1995", (1995,)),
    ],
)
def test_known_items(key, text, time):
    other = {"AREA_OR_POINT": "Area", "TIFFTAG_DATETIME": "2021:05:06 07:08:09", "BAND": "1995"}
    assert time_from_metadata(other | {key: text}) == decimal_year(*time)


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"TIFFTAG_DATETIME": "2021:05:06 07:08:09", "AREA_OR_POINT": "Area"},
        {"PRODUCTIONDATETIME": "2021-05-06T07:08:09Z", "FILE_DATE": "2021-05-06"},
        {"date": "yesterday", "DATE_ACQUIRED": "", "system:index": "0_NDVI"},
        {"date": "7.5", "system:time_start": "never", "SENSING_TIME": "0001-01-01"},
        {"system:time_start": "1e30", "DATE_ACQUIRED": "2015-02-30"},
        {"system:time_start": "nan", "system:index": "20150101_20151231"},
    ],
)
def test_items_that_tell_no_time(metadata):
    assert time_from_metadata(metadata) is None


def test_the_most_certain_item_counts():
    metadata = {"date": "2001", "system:time_start": "1420070400000", "date_acquired": "1995"}
    assert time_from_metadata(metadata) == 1995
    metadata["date_acquired"] = "unknown"
    assert time_from_metadata(metadata) == 2015


@pytest.mark.parametrize(
    ("offsets", "units", "calendar", "times"),
    [
        ([0, 365, 730, 1096.5], "days since 1970-01-01", "standard",
         [1970, 1971, 1972, 1973 + 0.5 / 365]),
        ([0, 24 * 31], "hours since 2016-01-01 00:00:00", "", [2016, 2016 + 31 / 366]),
        ([0, 365, 730], "days since 2016-01-01", "noleap", [2016, 2017, 2018]),
        ([0, 30, 360], "days since 2016-01-01", "360_day", [2016, 2016 + 30 / 360, 2017]),
        ([0.0, 59.0], "days since 1900-01-01", "proleptic_gregorian", [1900, 1900 + 59 / 365]),
    ],
)  # fmt: skip
def test_axes_of_time(offsets, units, calendar, times):
    assert times_from_cf(offsets, units, calendar) == pytest.approx(times, rel=1e-15)


@given(st.lists(st.dates(dt.date(1600, 1, 1), dt.date(2199, 12, 31)), max_size=8))
def test_days_of_an_axis_are_those_of_names(dates):
    offsets = [(date - dt.date(1970, 1, 1)).days for date in dates]
    expected = [decimal_year(date.year, date.month, date.day) for date in dates]
    assert times_from_cf(offsets, "days since 1970-01-01", "standard") == expected


@pytest.mark.parametrize(
    ("offsets", "units", "calendar", "said"),
    [
        ([0], "days", "standard", "'days', calendar 'standard'"),
        ([0], "fortnights since 1970-01-01", "", "fortnights"),
        ([0], "days since 1970-01-01", "mayan", "'mayan'"),
        ([float("nan")], "days since 1970-01-01", "standard", "nan is not a time"),
        ([1e30], "days since 1970-01-01", "standard", "--years"),
        ([0], "days since yesterday", "standard", "--times FILE.csv"),
    ],
)
def test_axes_that_tell_no_time(offsets, units, calendar, said):
    with pytest.raises(InputError, match=said) as refused:
        times_from_cf(offsets, units, calendar)
    assert "\n" not in str(refused.value)


def test_without_cftime(monkeypatch):
    assert cftime is not None
    monkeypatch.setitem(sys.modules, "cftime", None)
    with pytest.raises(MissingDependencyError, match="pip install cftime"):
        times_from_cf([0], "days since 1970-01-01", "standard")
