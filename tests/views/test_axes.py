"""Coordinates and numbers on a map."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixeltrend.views.axes import Axis, ticks
from pixeltrend.views.labels import map_title, number, percent, precision


@given(
    st.floats(-2e7, 2e7),
    st.floats(1e-3, 4e7),
    st.floats(0.3, 7),
    st.booleans(),
    st.booleans(),
)
def test_ticks_lie_on_the_axis_and_have_room(start, length, inches, across, down):
    ends = (start + length, start) if down else (start, start + length)
    values, labels = ticks(Axis("x", *ends), inches, across=across)
    assert len(values) == len(labels) == len(set(labels)) >= 1
    assert min(values) >= start - length * 1e-6
    assert max(values) <= start + length * (1 + 1e-6)
    for gap in np.diff(values) * inches / length:
        assert gap >= (0.075 * max(map(len, labels)) if across else 0.49)


def test_degrees_have_hemispheres():
    axis = Axis("Longitude", 170, 200, hemispheres="EW")
    assert ticks(axis, 3, across=True)[1] == ["170°E", "180°E", "170°W", "160°W"]
    axis = Axis("Latitude", 0.1, -0.1, hemispheres="NS")
    assert ticks(axis, 2, across=False)[1] == ["0.10°S", "0.05°S", "0.00°", "0.05°N", "0.10°N"]


def test_pixels_are_whole():
    assert ticks(Axis("Row", 0, 2, counts=True), 6.5, across=False)[1] == ["0", "1", "2"]


@given(st.lists(st.floats(-1e5, 1e5), min_size=2, max_size=9, unique=True))
def test_limits_can_be_told_apart(limits):
    limits = np.round(np.sort(limits), 7)
    factor, decimals = precision(np.array(limits))
    labels = [number(limit / factor, decimals) for limit in np.unique(limits)]
    if decimals < 9:
        assert len(set(labels)) == len(labels)


@pytest.mark.parametrize(
    ("limits", "labels"),
    [
        ([-0.0144, -0.00483, 0.00115, 0.0069], ["-0.0144", "-0.0048", "0.0011", "0.0069"]),
        ([0, 0, 1, 2], ["0", "0", "1", "2"]),
        ([-5e-9, -1e-9, 2e-9], ["-5.0", "-1.0", "2.0"]),
        ([1e7, 2e7, 4.5e7], ["10", "20", "45"]),
        ([-0.2, 0.0004, 0.3], ["-0.2000", "0.0004", "0.3000"]),
    ],
)
def test_limits_are_written_as_people_do(limits, labels):
    factor, decimals = precision(np.array(limits, dtype=float))
    shown = [number(limit / factor, decimals) for limit in limits]
    assert [text.replace("\N{MINUS SIGN}", "-") for text in shown] == labels


def test_numbers():
    assert [percent(share) for share in (0, 1e-6, 0.2, 1)] == [
        "0.0 %",
        "<0.1 %",
        "20.0 %",
        "100.0 %",
    ]
    assert number(-0.0001, 2) == "0.00"


def test_titles_without_metadata_are_names():
    assert map_title("t.tif", "band 1", {}, {}) == ("band 1", "t.tif")
    assert map_title("t.tif", "tau", {"DESCRIPTION": "Kendall's tau"}, {}) == (
        "Kendall's tau",
        "t.tif",
    )
