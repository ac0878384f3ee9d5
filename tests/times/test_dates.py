"""Decimal years: counted, written, read, picked out by a regular expression, given as ranges."""

from __future__ import annotations

import calendar
import datetime as dt
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixeltrend.errors import ArgumentError, InputError
from pixeltrend.times.dates import (
    decimal_year,
    duplicates,
    format_date,
    format_dates,
    format_time,
    name_order,
    parse_range,
    parse_time,
    times_from_range,
    times_from_regex,
)


@pytest.mark.parametrize(
    ("date_regex", "name", "time"),
    [
        (r"v2_(\d{4})", "2021_v2_1995.tif", 1995),
        (r"\d{4}(?=_ndvi)", "2021_1995_ndvi.tif", 1995),
        (r"(?P<year>\d{4})", "1995.tif", 1995),
        (r"(?P<year>\d{4})(?P<month>\d\d)", "s2_201607.tif", 2016 + 182 / 366),
        (r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)", "2015-12-31.tif", 2015 + 364 / 365),
        (r"A(?P<year>\d{4})(?P<doy>\d{3})", "MOD13Q1.A2016001.tif", 2016),
        (r"A(?P<year>\d{4})(?P<doy>\d{3})", "MOD13Q1.A2016366.tif", 2016 + 365 / 366),
        (r"(\d{4})/ndvi", "exports/2004/ndvi.tif", 2004),
        (r"(?P<monthname>[A-Za-z]+)_(?P<year>\d{4})", "Jan_2001.tif", 2001),
        (r"(?P<monthname>[A-Za-z]+)_(?P<year>\d{4})", "juillet_2001.tif", 2001 + 181 / 365),
        (r"(?P<year>\d{4})_Q(?P<quarter>\d)", "ndvi_2001_Q3.tif", 2001 + 181 / 365),
        (r"(?P<year>\d{4})_(?P<half>\d+)", "ndvi_2001_0712.tif", 2001 + 181 / 365),
        (r"(?P<year>\d{4})-W(?P<week>\d+)", "ndvi_2001-W05.tif", 2001 + 28 / 365),
        (r"(?P<year>\d{4})-(?P<month>\d+)-D(?P<dekad>\d)", "2001-02-D2.tif", 2001 + 41 / 365),
        (r"(?P<year>\d{4})_(?P<dekad>\d+)", "2001_36.tif", 2001 + 354 / 365),
        (r"(?P<year>\d{4})_(?P<month>\d\d)(?P<halfmonth>[ab])", "2001_01b.tif", 2001 + 15 / 365),
        (r"(?P<year>\d{4})_(?P<season>[A-Z]+)", "2001_DJF.tif", 2000 + 335 / 366),
    ],
)
def test_date_regex(date_regex, name, time):
    assert times_from_regex([name], date_regex) == [pytest.approx(time, rel=1e-15)]


@pytest.mark.parametrize(
    ("date_regex", "name"),
    [
        (r"v(\d{4})", "ndvi_1995.tif"),
        (r"(?P<year>\d{4})(?P<month>\d\d)", "199513.tif"),
        (r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)", "20150229.tif"),
        (r"(?P<year>\d{4})(?P<doy>\d{3})", "2015366.tif"),
        (r"(?P<year>\d{4})(?P<doy>\d{3})", "2015000.tif"),
        (r"([a-z]+)", "ndvi.tif"),
        (r"(?P<monthname>[a-z]+)(?P<year>\d{4})", "ndvi2001.tif"),
        (r"(?P<year>\d{4})(?P<month>\d\d)(?P<dekad>\d)", "ndvi2001014.tif"),
    ],
    ids=[
        "no match",
        "month 13",
        "29 February",
        "day 366",
        "day 0",
        "no number",
        "no month",
        "dekad 4",
    ],
)
def test_date_regex_that_gives_no_date(date_regex, name):
    with pytest.raises(InputError, match=re.escape(name)):
        times_from_regex([name], date_regex)


@pytest.mark.parametrize(
    "date_regex",
    ["(", r"(?P<jahr>\d{4})", r"(?P<month>\d\d)", r"(?P<year>\d{4})(?P<month>\d\d)(?P<doy>\d{3})"],
)
def test_date_regex_that_makes_no_sense(date_regex):
    with pytest.raises(ArgumentError):
        times_from_regex(["1995.tif"], date_regex)


@pytest.mark.parametrize(
    ("years", "times"),
    [
        ("1995:2015", list(range(1995, 2016))),
        ("2000:2010:5", [2000, 2005, 2010]),
        ("2000:2009:4", [2000, 2004, 2008]),
        ("2004:2004", [2004]),
    ],
)
def test_range_of_years(years, times):
    assert parse_range(years) == times
    assert times_from_range(years, len(times)) == times


@pytest.mark.parametrize("years", ["", "1995", "2015:1995", "1995-2015", "a:b", "1:2:0", "1:2:3:4"])
def test_no_range_of_years(years):
    with pytest.raises(ArgumentError, match="FIRST:LAST"):
        parse_range(years)


@pytest.mark.parametrize("count", [20, 22])
def test_range_with_another_count_than_files(count):
    with pytest.raises(InputError, match=rf"21 .*{count}"):
        times_from_range("1995:2015", count)


def test_names_are_ordered_by_their_numbers():
    names = ["img_10.tif", "img_2.tif", "img_1.tif", "img_03.tif", "abc_3.tif"]
    ordered = ["abc_3.tif", "img_1.tif", "img_2.tif", "img_03.tif", "img_10.tif"]
    assert sorted(names, key=name_order) == ordered


@given(st.lists(st.integers(0, 10**6), unique=True), st.randoms(use_true_random=False))
def test_name_order_is_that_of_the_numbers(numbers, random):
    names = [f"img_{number}.tif" for number in sorted(numbers)]
    shuffled = random.sample(names, len(names))
    assert sorted(shuffled, key=name_order) == names


@given(st.lists(st.text("a01._", max_size=6), unique=True), st.randoms(use_true_random=False))
def test_name_order_leaves_nothing_to_chance(names, random):
    shuffled = random.sample(names, len(names))
    assert sorted(shuffled, key=name_order) == sorted(names, key=name_order)


@given(st.dates(dt.date(1800, 1, 1), dt.date(2199, 12, 31)))
def test_decimal_year(date):
    days = 366 if calendar.isleap(date.year) else 365
    elapsed = (date - dt.date(date.year, 1, 1)).days
    assert decimal_year(date.year, date.month, date.day) == date.year + elapsed / days


@pytest.mark.parametrize(("time", "text"), [(1995.0, "1995"), (2016 + 16 / 366, "2016.0437")])
def test_times_are_written_as_people_do(time, text):
    assert format_time(time) == text


def test_duplicates():
    assert duplicates([2000.0, 2001.0, 2000.0, 2002.5]) == [2000.0]
    assert duplicates([2000.0, 2001.0]) == []


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("1995", 1995),
        (" 1995 ", 1995),
        ("1995-07", 1995 + 181 / 365),
        ("1995/7", 1995 + 181 / 365),
        ("199507", 1995 + 181 / 365),
        ("1995-07-15", 1995 + 195 / 365),
        ("1995/07/15", 1995 + 195 / 365),
        ("1995/7/5", 1995 + 185 / 365),
        ("1995_07_15", 1995 + 195 / 365),
        ("1995.07.15", 1995 + 195 / 365),
        ("19950715", 1995 + 195 / 365),
        ("19950715T103000", 1995 + 195 / 365),
        ("1995-07-15T10:30:00Z", 1995 + 195 / 365),
        ("1995-07-15T10:30:00.024+02:00", 1995 + 195 / 365),
        ("1995-07-15 10:30", 1995 + 195 / 365),
        ("1995-07-15 10:30:00 UTC", 1995 + 195 / 365),
        ("2016.0437", 2016.0437),
        ("2016,0437", 2016.0437),
        ("1995.0", 1995),
        ("2016-001", 2016),
        ("2016-366", 2016 + 365 / 366),
        ("2016001", 2016),
    ],
)
def test_a_time_as_a_person_writes_it(text, time):
    assert parse_time(text) == pytest.approx(time, rel=1e-15)


@pytest.mark.parametrize(
    "text",
    [
        "", "July", "95", "15.07.1995", "07/15/1995", "1995-13", "1995-02-29", "1995-07/15",
        "2015-366", "2015000", "-1995", "1995e3", "inf", "nan", "0.5", "0000", "1995-07-15Z10",
    ],
)  # fmt: skip
def test_what_is_no_time(text):
    with pytest.raises(ValueError, match=re.escape(repr(text))):
        parse_time(text)


@given(st.dates(dt.date(1800, 1, 1), dt.date(2199, 12, 31)))
def test_a_day_is_one_time_however_it_is_written(date):
    time = decimal_year(date.year, date.month, date.day)
    for form in ("%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%Y-%j", "%Y%j", "%Y-%m-%dT%H:%M:%SZ"):
        assert parse_time(date.strftime(form)) == time
    assert decimal_year(date.year, doy=date.timetuple().tm_yday) == time


@given(st.dates(dt.date(1800, 1, 1), dt.date(2199, 12, 31)))
def test_dates_are_written_as_they_were_read(date):
    written = format_date(decimal_year(date.year, date.month, date.day))
    short = 4 if (date.month, date.day) == (1, 1) else 7 if date.day == 1 else 10
    assert written == date.isoformat()[:short]


@pytest.mark.parametrize(
    ("texts", "written"),
    [
        ("2017 2018", "2017 2018"),
        ("2017-12 2018-01", "2017-12 2018-01"),
        ("2018-01-01 2018-01-17 2018-02-01", "2018-01-01 2018-01-17 2018-02-01"),
    ],
)
def test_all_dates_of_a_series_are_as_precise(texts, written):
    assert format_dates(list(map(parse_time, texts.split()))) == written.split()
