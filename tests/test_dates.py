"""Times out of file names, as they occur in the wild."""

from __future__ import annotations

import calendar
import datetime as dt
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixeltrend.dates import (
    decimal_year,
    duplicates,
    format_time,
    name_order,
    parse_range,
    times_from_names,
    times_from_range,
)
from pixeltrend.errors import ArgumentError, InputError

YEARS = [1995, 1996, 2004, 2015]


@pytest.mark.parametrize(
    "name",
    [
        "{}.tif",
        "ndvi_{}.tiff",
        "ndvi{}.tif",
        "NDVI-max-{}-clip.TIF",
        "NDVI {} (1).tif",
        "ndvi.{}.v2.tif",
        "ndvi_{}_30m.tif",
        "ndvi_{}_2000m.tif",
        "ndvi_{}_epsg2154.tif",
        "export_2021_Hanoi_NDVI_{}.tif",
        "LANDSAT_LT05_C02_T1_L2_{}_NDVI.tif",
        "MOD13Q1.A{}.h28v06.061.tif",
        "Landsat_NDVI_{}-0000000000-0000023296.tif",
        "chm_20210417_{}.tif",
        "Année_{}_été.tif",
        "exports/1990/ndvi_{}.tif",
        "/data/2001-2020/run 2/ndvi_{}.tif",
    ],
)
def test_year_is_found(name):
    assert times_from_names([name.format(year) for year in YEARS]) == YEARS


def test_order_of_times_is_that_of_names():
    names = ["b_2003.tif", "a_2001.tif", "c_2002.tif"]
    assert times_from_names(names) == [2003, 2001, 2002]


def test_names_may_differ_when_each_has_one_year():
    assert times_from_names(["lt05_1995_sr.tif", "2013-landsat8.tif"]) == [1995, 2013]


@pytest.mark.parametrize(
    "name",
    [
        "ndvi.tif",
        "ndvi_95.tif",
        "ndvi_0012.tif",
        "ndvi_3005.tif",
        "scene_20150704.tif",
        "2001/ndvi.tif",
    ],
)
def test_name_without_year_is_refused(name):
    with pytest.raises(InputError, match=re.escape(name)) as refused:
        times_from_names(["ndvi_1995.tif", name])
    assert "--date-regex" in str(refused.value)
    assert "--years" in str(refused.value)


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["ndvi_1995_1996.tif", "ndvi_1996_1997.tif"], ["ndvi_1995_1996.tif", "1995", "1996"]),
        (["ndvi_1995_2000m.tif"], ["ndvi_1995_2000m.tif", "1995", "2000"]),
        (["ndvi_1995.tif", "made_2021_of_1996.tif"], ["made_2021_of_1996.tif", "2021", "1996"]),
        (["a2001b1999.tif", "c2001b2000.tif"], ["a2001b1999.tif", "2001", "1999"]),
    ],
    ids=["two places differ", "one file", "one name has two", "names are not alike"],
)
def test_several_possible_years_are_refused(names, said):
    with pytest.raises(InputError) as refused:
        times_from_names(names)
    assert "--date-regex" in str(refused.value)
    for text in said:
        assert text in str(refused.value)


def test_suggested_date_regex_works():
    names = ["period (1995) to 1996.tif", "period (1996) to 1997.tif"]
    with pytest.raises(InputError) as refused:
        times_from_names(names)
    suggested = re.search(r"--date-regex '(.+?)'", str(refused.value))
    assert times_from_names(names, date_regex=suggested[1]) == [1995, 1996]


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
    ],
)
def test_date_regex(date_regex, name, time):
    assert times_from_names([name], date_regex=date_regex) == [pytest.approx(time, rel=1e-15)]


@pytest.mark.parametrize(
    ("date_regex", "name"),
    [
        (r"v(\d{4})", "ndvi_1995.tif"),
        (r"(?P<year>\d{4})(?P<month>\d\d)", "199513.tif"),
        (r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)", "20150229.tif"),
        (r"(?P<year>\d{4})(?P<doy>\d{3})", "2015366.tif"),
        (r"(?P<year>\d{4})(?P<doy>\d{3})", "2015000.tif"),
        (r"([a-z]+)", "ndvi.tif"),
    ],
    ids=["no match", "month 13", "29 February", "day 366", "day 0", "no number"],
)
def test_date_regex_that_gives_no_date(date_regex, name):
    with pytest.raises(InputError, match=re.escape(name)):
        times_from_names([name], date_regex=date_regex)


@pytest.mark.parametrize(
    "date_regex",
    ["(", r"(?P<jahr>\d{4})", r"(?P<month>\d\d)", r"(?P<year>\d{4})(?P<month>\d\d)(?P<doy>\d{3})"],
)
def test_date_regex_that_makes_no_sense(date_regex):
    with pytest.raises(ArgumentError):
        times_from_names(["1995.tif"], date_regex=date_regex)


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
