"""Names with several times: refused with an expression for each reading, or a period."""

from __future__ import annotations

import re
import shlex

import pytest

from pixeltrend.errors import InputError
from pixeltrend.times.dates import parse_time
from pixeltrend.times.names import date_names, times_from_names


def refusal(names):
    with pytest.raises(InputError) as refused:
        times_from_names(names)
    said = str(refused.value)
    assert "\n" not in said
    assert "--date-regex" in said
    return said


REFUSED = [
    (["ndvi_1995_2000.tif", "ndvi_1996_2003.tif"], "1995 (YYYY) or 2000 (YYYY)"),
    (["ndvi_1995.tif", "made_2021_of_1996.tif"], "2021 (YYYY) or 1996 (YYYY)"),
    (["1995 seen in 1998.tif", "1996 seen in 2000.tif"], "1995 (YYYY) or 1998 (YYYY)"),
    (["it's 1996 of 1995.tif", "it's 1997 of 1996.tif"], "1996 (YYYY) or 1995 (YYYY)"),
    (
        ["ndvi_20150415_20180912.tif", "ndvi_20160416_20180913.tif"],
        "20150415 (YYYYMMDD) or 20180912 (YYYYMMDD)",
    ),
    (["2015-01-01_2015-06-30.tif"], "2015-01-01 (YYYY_MM_DD) or 2015-06-30 (YYYY_MM_DD)"),
    (["a199501_2016001.tif", "b199601_2017001.tif"], "199501 (YYYYMM) or 2016001 (YYYYDDD)"),
    (["x1_1_2016_001_1999.tif"], "2016_001 (YYYY_DDD) or 1999 (YYYY)"),
    (["19950101_195.tif_199502_2000.tif"], "19950101 (YYYYMMDD), 199502 (YYYYMM) or 2000 (YYYY)"),
    (["1_2_3_1995_1996.tif", "5 6 7_1996_2000.tif"], "1995 (YYYY) or 1996 (YYYY)"),
    (["1995_x_1998.tif", "1996 1 2 3_2000.tif"], "1995 (YYYY) or 1998 (YYYY)"),
    (["Jan_2001_20200301.tif", "Feb_2001_20200304.tif"], "2001 (YYYY with monthname) or 20200301"),
    (["180512_ndvi.tif", "190604_ndvi.tif"], "180512 (YYMMDD) or 180512 (DDMMYY)"),
]


@pytest.mark.parametrize(("names", "candidates"), REFUSED)
def test_several_possible_times_are_refused(names, candidates):
    said = refusal(names)
    assert any(said.startswith(f"{name}: the time could be {candidates}") for name in names), said


@pytest.mark.parametrize("names", [names for names, _ in REFUSED])
def test_each_reading_has_an_expression_that_works(names):
    said = refusal(names)
    suggested = re.findall(r"--date-regex ('[^']+') for", said)
    assert len(suggested) == said.partition(";")[0].count("(")
    readings = set()
    for text in suggested:
        times = times_from_names(names, date_regex=shlex.split(text)[0])
        assert len(set(times)) == len(names)
        assert all(1995 <= time < 2022 for time in times)
        readings.add(tuple(times))
    assert len(readings) == len(suggested)


@pytest.mark.parametrize(
    ("names", "starts", "ends"),
    [
        (["x_20150101_20151231.tif", "x_20160101_20161231.tif"], "2015 2016",
         "2015-12-31 2016-12-31"),
        (["x_2015-01-01_2015-01-10.tif", "x_2015-01-11_2015-01-20.tif"], "2015-01-01 2015-01-11",
         "2015-01-10 2015-01-20"),
        (["x_2015_2016.tif", "x_2016_2017.tif"], "2015 2016", "2016 2017"),
        (["x_2001_2003.tif", "x_2004_2007.tif"], "2001 2004", "2003 2007"),
        (["x_2000_2004.tif", "x_2001_2005.tif", "x_2002_2006.tif"], "2000 2001 2002",
         "2004 2005 2006"),
        (["x_201501-203412.tif", "x_203501-205412.tif"], "2015-01 2035-01", "2034-12 2054-12"),
        (["x_01012001_31122001.tif", "x_01012002_31122002.tif"], "2001 2002",
         "2001-12-31 2002-12-31"),
    ],
)  # fmt: skip
def test_two_times_in_each_name_are_a_period(names, starts, ends):
    start, end = ([parse_time(text) for text in times.split()] for times in (starts, ends))
    for which, times in ((None, start), ("start", start), ("end", end)):
        dated = date_names(names, time=which)
        assert dated.times == times
        assert all(text in names[0] for text in dated.period)
    middle = date_names(names, time="middle").times
    assert middle == pytest.approx([(a + b) / 2 for a, b in zip(start, end, strict=True)])


def test_names_without_periods_have_no_end():
    with pytest.raises(InputError, match="--time end needs a period in each name"):
        date_names(["x_2001.tif", "x_2002.tif"], time="end")
