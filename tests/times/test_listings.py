"""Listings of names as products, agencies and tools make them: each is read right, or refused."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pixeltrend.errors import InputError
from pixeltrend.times.dates import decimal_year, parse_time
from pixeltrend.times.names import times_from_names

TEXT = (Path(__file__).parent / "listings.txt").read_text(encoding="utf-8")
LISTINGS = [line for line in TEXT.splitlines() if line and not line.startswith("#")]
# What stands in names besides, before or after the time; one of a list for each name, or for all.
CONSTANT = [
    "h08v05", "T32TPS", "10m", "250m", "1km", "v2.1", "061", "epsg4326", "32632", "R031", "N0204",
    "tile_07", "p127r046", "127046", "193_027", "C02", "ssp245", "rcp85", "r1i1p1f1", "p90", "30S",
    "1_30_sec", "c20200301", "created2021-03-04", "0.05deg", "10.5281_zenodo_7654321", "NDVI",
    "L2SP_02_T1", "MOD13Q1", "X1024Y2048", "250", "100", "030", "3857", "54009",
]  # fmt: skip
VARYING = [
    "created202103{n:02}", "processed_2021-06-{n:02}", "c202104{n:02}", "{n:05}", "cloud{n}",
    "orbit{n:06}", "exported202105{n:02}", "v{n}", "uuid{n:03}a",
]  # fmt: skip
FORMS = [
    "%Y", "%Y%m", "%Y-%m", "%Y_%m_%d", "%Y%m%d", "%Y%j", "%Y.%j", "%d-%m-%Y", "%m_%Y", "%b_%Y",
    "%Y%b", "%d%b%Y", "%Y-%m-%dT%H%M%S", "%Y-M%m", "%B-%Y", "%Y.%m.%d", "%Y-%b-%d", "%Y_doy%j",
    "%d.%m.%Y", "y%Y_m%m", "%Y年%m月",
]  # fmt: skip


@pytest.mark.parametrize("listing", LISTINGS)
def test_a_listing_is_read_right_or_refused(listing):
    text, _, times = listing.partition(" | ")
    names = text.split()
    expected = [parse_time(time) for time in times.removeprefix("refused").split()]
    if not times.startswith("refused"):
        assert times_from_names(names) == expected
        return
    with pytest.raises(InputError, match=r"--(date-regex|times)") as refused:
        times_from_names(names)
    readings = [
        times_from_names(names, date_regex=regex)
        for regex in re.findall("--date-regex '([^']+)'", str(refused.value))
    ]
    assert not expected or expected in readings


def first_day(date, form):
    """Give the first day of what a form tells of a date."""
    if "%d" in form or "%j" in form:
        return date
    has_month = "%m" in form or "%b" in form.lower()
    return date.replace(day=1, month=date.month if has_month else 1)


def read_or_refused(names, expected):
    """Check that names are read right, or refused with an expression for what is right, or --times.

    Where all names have the same month or day, their years alone are as good.
    """
    try:
        times = times_from_names(names)
    except InputError as error:
        assert "--times" in str(error)  # noqa: PT017 - either outcome will do
        return False
    assert times in (expected, [int(time) for time in expected]), names
    if times != expected:
        assert len({round(time % 1, 1) for time in expected}) == 1, names
    return True


DATES = st.lists(
    st.dates(dt.date(1981, 1, 1), dt.date(2025, 12, 31)), min_size=3, max_size=8, unique=True
)


@given(DATES, st.sampled_from(FORMS), st.data())
def test_distracting_tokens_never_make_another_time(dates, form, data):
    around = st.lists(st.sampled_from(CONSTANT), max_size=2)
    before, after = data.draw(around), data.draw(around)
    varying = data.draw(st.sampled_from(["", *VARYING]))
    numbers = data.draw(
        st.lists(st.integers(1, 28), min_size=len(dates), max_size=len(dates), unique=True)
    )
    expected = [first_day(date, form) for date in dates]
    assume(len(set(expected)) > 1)
    names = [
        "_".join(["x", *before, date.strftime(form), *after, *filter(None, [varying.format(n=n)])])
        + ".tif"
        for date, n in zip(dates, numbers, strict=True)
    ]
    read_or_refused(names, [decimal_year(day.year, day.month, day.day) for day in expected])


@given(
    DATES,
    st.sampled_from(["%Y%m%d", "%Y-%m-%d", "%Y.%m.%d", "%Y%j"]),
    st.sampled_from(["_", "-", "_to_"]),
    st.integers(1, 500),
    st.data(),
)
def test_the_first_of_two_dates_is_never_taken_for_the_last(dates, form, gap, length, data):
    names = []
    for date in dates:
        end = date + dt.timedelta(length + data.draw(st.integers(0, 3)))
        names.append(f"x_{date.strftime(form)}{gap}{end.strftime(form)}.tif")
    read_or_refused(names, [decimal_year(date.year, date.month, date.day) for date in dates])


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("token", CONSTANT)
def test_a_token_that_all_names_share_is_no_reason_to_refuse(form, token):
    dates = [dt.date(2003, 1, 14), dt.date(2003, 11, 30), dt.date(2016, 7, 2), dt.date(2017, 6, 19)]
    expected = [first_day(date, form) for date in dates]
    names = [f"{token}_x_{date.strftime(form)}_x_{token}.tif" for date in dates]
    assert read_or_refused(names, [decimal_year(day.year, day.month, day.day) for day in expected])
