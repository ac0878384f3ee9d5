"""The reference method: SciPy's own function, pixel by pixel, over (time, value) pairs."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from oracles import NORRIS_SLOPE, NORRIS_X, NORRIS_Y, differ, linregress_slopes
from strategies import series

from pixeltrend.errors import ArgumentError
from pixeltrend.reducers.function import pairs
from pixeltrend.reducers.methods import make_reducer
from pixeltrend.reducers.options import StatsOptions


def slopes(times, values):
    return make_reducer(StatsOptions("linregress")).reduce(
        np.asarray(times, float), np.asarray(values)
    )[0]


@settings(max_examples=40)
@given(series())
def test_it_is_linregress_itself(drawn):
    times, values = drawn
    np.testing.assert_array_equal(slopes(times, values), linregress_slopes(times, values))


@settings(max_examples=40)
@given(series())
def test_both_methods_agree(drawn):
    times, values = drawn
    (ours,) = make_reducer(StatsOptions("ols")).reduce(times, values)
    assert not differ(ours, slopes(times, values), times, values).any()


def test_norris():
    slope = slopes(NORRIS_X, np.array(NORRIS_Y)[:, None])
    assert slope == pytest.approx(NORRIS_SLOPE, rel=1e-12)


def test_pairs_are_time_and_value_of_each_pixel():
    values = np.array([[1, 2, 3], [4, 5, 6]], np.float32)
    stacked = pairs(np.array([2000.0, 2001.0]), values)
    assert stacked.shape == (3, 2, 2)
    np.testing.assert_array_equal(stacked[1], [[2000, 2], [2001, 5]])


def test_no_pixels():
    assert slopes([2000, 2001], np.empty((2, 0))).shape == (0,)


def test_it_has_the_bands_of_ols():
    assert make_reducer(StatsOptions("linregress")).bands == make_reducer(StatsOptions("ols")).bands


def test_reducer_travels():
    reducer = make_reducer(StatsOptions("linregress"))
    travelled = pickle.loads(pickle.dumps(reducer))  # noqa: S301 - our own
    values = np.array([[1.0], [3.0], [5.0]])
    np.testing.assert_array_equal(travelled.reduce(np.arange(3.0), values), [[2.0]])


def test_unknown_method_is_refused():
    with pytest.raises(ArgumentError, match=r"lowess.*ols"):
        make_reducer(StatsOptions("lowess"))
