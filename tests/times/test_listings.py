"""Listings of names as products, agencies and tools make them: each is read right, or refused."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixeltrend.errors import InputError
from pixeltrend.times.dates import decimal_year, parse_time
from pixeltrend.times.names import times_from_names

TEXT = (Path(__file__).parent / "listings.txt").read_text(encoding="utf-8")
LISTINGS = [line for line in TEXT.splitlines() if line and not line.startswith("#")]
# What stands in names besides: {} is the time.
TEMPLATES = [
    "{}",
    "ndvi_{}_h08v05",
    "T32TPS_{}_10m",
    "{}_v2.1",
    "MOD13_{}_061",
    "LST_{}_1km_epsg4326",
    "S2_{}_R031_N0204",
    "tile_07_ndvi_{}",
    "p127r046_{}_b4",
    "ndvi_{}_processed_{n}",
    "ndvi_{}_created_2021{n}",
    "{n}_ndvi_{}",
]
FORMS = [
    "%Y", "%Y%m", "%Y-%m", "%Y_%m_%d", "%Y%m%d", "%Y%j", "%d-%m-%Y", "%m_%Y", "%b_%Y", "%Y%b",
    "%d%b%Y", "%Y-%m-%dT%H%M%S", "%Y-M%m", "%B-%Y",
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


@given(
    st.lists(st.dates(dt.date(1981, 1, 1), dt.date(2025, 12, 31)), min_size=3, max_size=8),
    st.sampled_from(FORMS),
    st.sampled_from(TEMPLATES),
    st.data(),
)
def test_distracting_tokens_never_make_another_time(dates, form, template, data):
    has_day = "%d" in form or "%j" in form
    has_month = has_day or "%m" in form or "%b" in form.lower()
    names, expected = [], []
    for date in dates:
        first = date if has_day else date.replace(day=1, month=date.month if has_month else 1)
        number = data.draw(st.integers(1, 999)) if "{n}" in template else 0
        names.append(template.format(date.strftime(form), n=f"{number:03}") + ".tif")
        expected.append(decimal_year(first.year, first.month, first.day))
    try:
        times = times_from_names(names)
    except InputError:
        return
    if len(set(expected)) == 1:
        return  # the names differ in nothing but what distracts
    is_same_day = len({date.strftime(form).replace(str(date.year), "") for date in dates}) == 1
    assert times == expected or (is_same_day and times == [date.year for date in dates])
