"""Least squares in closed form, against SciPy, rational arithmetic and NIST."""

from __future__ import annotations

import pickle
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles import NORRIS_SLOPE, NORRIS_X, NORRIS_Y, differ, exact_slopes, linregress_slopes
from strategies import cuts, series, wide_series

from pixeltrend.reducers.methods import make_reducer
from pixeltrend.reducers.options import StatsOptions

YEARS = np.arange(1995.0, 2016.0)


def slopes(times, values):
    """Slopes (P,) of (N, P) values; a warning is a defect."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = make_reducer(StatsOptions("ols")).reduce(
            np.asarray(times, float), np.asarray(values)
        )
    assert result.shape == (1, np.shape(values)[1])
    return result[0]


def bits(array):
    return np.ascontiguousarray(array).tobytes()


@given(series())
def test_slope_is_linregress(drawn):
    times, values = drawn
    expected = linregress_slopes(times, values)
    assert not differ(slopes(times, values), expected, times, values).any()


@given(series())
def test_slope_is_exact(drawn):
    times, values = drawn
    expected, terms = exact_slopes(times, values)
    difference = np.abs(slopes(times, values) - expected)
    np.testing.assert_array_equal(np.isnan(difference), np.isnan(expected))
    assert not np.any(difference > 1e-13 * terms)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("times", [YEARS, 1995 + np.arange(480) / 12], ids=["years", "months"])
@pytest.mark.parametrize(
    ("level", "noise", "slope"),
    [(0.6, 0.02, 0.003), (289.0, 0.5, 0.02), (1e6, 1.0, 0.1), (-1e6, 100.0, -3.0), (0, 1e-6, 1e-7)],
    ids=["ndvi", "kelvin", "1e6", "-1e6", "small"],
)
def test_slope_is_linregress_to_nine_digits(times, level, noise, slope, dtype):
    rng = np.random.default_rng(11)
    values = level + slope * (times - times[0])[:, None] + noise * rng.normal(size=(len(times), 40))
    values[rng.random(values.shape) < 0.2] = np.nan
    values = values.astype(dtype)
    np.testing.assert_allclose(slopes(times, values), linregress_slopes(times, values), rtol=1e-9)


def test_norris():
    order = np.argsort(NORRIS_X, kind="stable")
    times, values = np.array(NORRIS_X)[order], np.array(NORRIS_Y)[order]
    assert slopes(times, values[:, None]) == pytest.approx(NORRIS_SLOPE, rel=1e-12)


@given(series())
def test_fewer_than_two_values_have_no_slope(drawn):
    times, values = drawn
    enough = np.isfinite(values).sum(axis=0) >= 2
    np.testing.assert_array_equal(np.isfinite(slopes(times, values)), enough)


@pytest.mark.parametrize(
    ("values", "slope"),
    [
        ([np.nan, np.nan, np.nan, np.nan], np.nan),
        ([np.nan, 5, np.nan, np.nan], np.nan),
        ([np.nan, 5, np.nan, 9], 2.0),
        ([1, np.nan, np.nan, 7], 2.0),
        ([3, 3, 3, 3], 0.0),
        ([3, np.nan, 3, np.nan], 0.0),
        ([8, 6, 4, 2], -2.0),
        ([0, 0, 0, 0], 0.0),
    ],
    ids=["none", "one", "two", "ends", "constant", "constant, gaps", "falling", "zero"],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_small_cases(values, slope, dtype):
    found = slopes([2000, 2001, 2002, 2003], np.array(values, dtype)[:, None])
    np.testing.assert_array_equal(found, [slope])


@given(st.floats(-1e6, 1e6, width=32), series())
def test_constant_series_has_slope_zero(level, drawn):
    times, values = drawn
    values = np.where(np.isnan(values), values, np.float64(level))
    found = slopes(times, values)
    assert np.all((found == 0) | np.isnan(found))


def test_uneven_steps_count():
    times = np.array([1985, 1990, 2000, 2001, 2020])
    values = (3.0 + 0.25 * times)[:, None]
    np.testing.assert_allclose(slopes(times, values), [0.25], rtol=1e-14)


@pytest.mark.parametrize("step", [1, 10, 97], ids="every {} years".format)
def test_long_series(step):
    times = 2000.0 - step * np.arange(300.0)[::-1]
    rng = np.random.default_rng(9)
    values = 15 + 1e-4 * times[:, None] + rng.normal(0, 0.3, (len(times), 30))
    values[rng.random(values.shape) < 0.3] = np.nan
    whole = slopes(times, values)
    np.testing.assert_allclose(whole, linregress_slopes(times, values), rtol=1e-9)
    parts = [slopes(times, part) for part in np.split(values, [1, 2, 9, 20], axis=1)]
    assert bits(np.concatenate(parts)) == bits(whole)


@given(wide_series(), st.data())
def test_chunks_do_not_show(drawn, data):
    times, values = drawn
    whole = slopes(times, values)
    places = data.draw(cuts(values.shape[1]))
    parts = [slopes(times, part) for part in np.split(values, places, axis=1)]
    assert bits(np.concatenate(parts)) == bits(whole)


@given(wide_series(), st.integers(0, 2**32 - 1))
def test_permutation_of_the_pixels_does_not_show(drawn, seed):
    times, values = drawn
    order = np.random.default_rng(seed).permutation(values.shape[1])
    assert bits(slopes(times, values[:, order])) == bits(slopes(times, values)[order])


@given(wide_series(), st.data())
def test_a_pixel_alone_has_the_same_slope(drawn, data):
    times, values = drawn
    pixel = data.draw(st.integers(0, values.shape[1] - 1))
    alone = slopes(times, values[:, pixel : pixel + 1])
    assert bits(alone) == bits(slopes(times, values)[pixel : pixel + 1])


@pytest.mark.parametrize("pixels", [8191, 8192, 8193, 40_000])
def test_large_chunks_are_like_small_ones(pixels):
    rng = np.random.default_rng(5)
    values = rng.normal(289, 3, (21, pixels))
    values[rng.random(values.shape) < 0.1] = np.nan
    parts = [slopes(YEARS, values[:, i : i + 777]) for i in range(0, pixels, 777)]
    assert bits(np.concatenate(parts)) == bits(slopes(YEARS, values))


def test_memory_layout_of_values_does_not_show():
    values = np.random.default_rng(6).normal(size=(21, 100))
    expected = bits(slopes(YEARS, values))
    assert bits(slopes(YEARS, np.asfortranarray(values))) == expected
    assert bits(slopes(YEARS, np.repeat(values, 2, axis=1)[:, ::2])) == expected


def test_values_are_left_as_they_are():
    values = np.random.default_rng(7).normal(size=(21, 10))
    values[3, 4] = np.nan
    before = values.copy()
    slopes(YEARS, values)
    np.testing.assert_array_equal(values, before)


def test_no_pixels():
    assert slopes(YEARS, np.empty((21, 0))).shape == (0,)


def test_result_says_what_it_is():
    (band,) = make_reducer(StatsOptions("ols")).bands
    assert band.name == "slope"
    assert band.unit_for("K") == "K per year"
    assert band.unit_for("") == "per year"


def test_reducer_travels():
    reducer = make_reducer(StatsOptions("ols"))
    travelled = pickle.loads(pickle.dumps(reducer))  # noqa: S301 - our own
    assert travelled == reducer
    assert len(pickle.dumps(reducer)) < 2000


@pytest.mark.parametrize("first", [np.inf, -np.inf])
@pytest.mark.parametrize("rest", [(np.nan, 1.0), (1.0, np.nan, 2.0), (np.nan, np.nan, -np.inf)])
def test_no_line_goes_through_an_infinite_first_value(first, rest):
    values = np.array([[first, 1.0], *([value, 2.0] for value in rest)])
    found = slopes(np.arange(len(values)), values)
    assert np.isnan(found[0])
    assert np.isfinite(found[1])
