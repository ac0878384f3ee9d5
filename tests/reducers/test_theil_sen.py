"""Theil-Sen slopes, intercepts and limits: SciPy's, exactly."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import pixeltrend
from pixeltrend.reducers.methods import make_reducer
from pixeltrend.reducers.options import StatsOptions

LINE = "slope,intercept,slope_lower,slope_upper"


def assert_as_scipy(times, values, *, confidence=0.95):
    found = pixeltrend.reduce(times, values, method="theil-sen", stats=LINE, confidence=confidence)
    for pixel, series in enumerate(values.T):
        valid = ~np.isnan(series)
        ours = tuple(array[pixel] for array in found.values())
        if valid.sum() < 2:
            assert np.isnan(ours).all()
            continue
        fit = stats.theilslopes(series[valid].astype(float), times[valid], alpha=confidence)
        # The outermost slopes of four values have a level of 92 %, whatever SciPy says.
        limits = (fit.low_slope, fit.high_slope) if valid.sum() >= 5 else (np.nan, np.nan)
        np.testing.assert_array_equal(ours, (fit.slope, fit.intercept, *limits), str(pixel))


@pytest.mark.parametrize("confidence", [0.68, 0.95, 0.999])
@pytest.mark.parametrize("count", [2, 3, 4, 5, 21, 42])
def test_equal_to_scipy(count, confidence):
    rng = np.random.default_rng(count)
    times = 1990 + np.cumsum(rng.integers(1, 4, count)).astype(float)
    values = rng.standard_normal((count, 70))
    values[:, 20:50] = np.round(3 * values[:, 20:50])  # ties
    values[:, 60:] *= np.exp(5 * rng.standard_normal((count, 10)))  # wild outliers
    values[rng.random(values.shape) < 0.1] = np.nan
    assert_as_scipy(times, values, confidence=confidence)


def test_unequal_decimal_years_equal_scipy():
    rng = np.random.default_rng(8)
    times = np.sort(rng.uniform(1984, 2020, 25))
    assert_as_scipy(times, rng.standard_normal((25, 40)))


def test_extreme_values_equal_scipy():
    times = np.arange(2000.0, 2008.0)
    rng = np.random.default_rng(9)
    columns = [
        np.full(8, 7.5),
        np.zeros(8),
        np.arange(8.0),
        1e300 * rng.standard_normal(8),
        1e-310 * rng.standard_normal(8),
        np.array([0, 0, 0, 0, 0, 0, 0, 1e9]),
        1e15 + rng.integers(0, 3, 8),
    ]
    assert_as_scipy(times, np.stack(columns, axis=1))


def test_sen_1968_as_in_scipys_documentation():
    # Sen (1968), section 6; SciPy's tests give 4, 4.38 and 3.71 for alpha = 0.07.
    x = np.array([1, 2, 3, 4, 10, 12, 18], dtype=float)
    y = np.array([9, 15, 19, 20, 45, 55, 78])
    found = pixeltrend.reduce(x, y, method="theil-sen", stats=LINE, confidence=0.93)
    assert found["slope"] == 4
    assert round(float(found["slope_upper"]), 2) == 4.38
    assert round(float(found["slope_lower"]), 2) == 3.71


@settings(deadline=None, max_examples=150)
@given(data=st.data(), count=st.integers(2, 12), digits=st.sampled_from([0, 1, 12]))
def test_any_gaps_and_ties_equal_scipy(data, count, digits):
    numbers = st.floats(-5, 5).map(lambda number: round(number, digits) + 0.0) | st.just(np.nan)
    column = st.lists(numbers, min_size=count, max_size=count)
    values = np.array(data.draw(st.lists(column, min_size=1, max_size=4))).T
    assert_as_scipy(np.arange(2000.0, 2000.0 + count), values)


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 10**6),
    pixels=st.integers(1, 140),
    cut=st.integers(0, 140),
    power=st.integers(-8, 8),
)
def test_properties(seed, pixels, cut, power):
    rng = np.random.default_rng(seed)
    times = np.arange(1990.0, 2004.0)
    values = np.round(rng.standard_normal((14, pixels)), 1)
    values[rng.random(values.shape) < 0.3] = np.nan
    reducer = make_reducer(StatsOptions("theil-sen", stats="all"))
    whole = reducer.reduce(times, values)
    parts = [reducer.reduce(times, values[:, :cut]), reducer.reduce(times, values[:, cut:])]
    np.testing.assert_array_equal(np.concatenate(parts, axis=1), whole)
    order = rng.permutation(pixels)
    np.testing.assert_array_equal(reducer.reduce(times, values[:, order]), whole[:, order])
    names = [band.name for band in reducer.bands]
    slope, lower, upper = (
        whole[names.index(name)] for name in ("slope", "slope_lower", "slope_upper")
    )
    valid = ~np.isnan(lower)
    assert (lower[valid] <= slope[valid]).all()
    assert (slope[valid] <= upper[valid]).all()
    # A power of two scales without rounding, and a mirror swaps the limits.
    scaled = reducer.reduce(times, -(2.0**power) * values)
    np.testing.assert_array_equal(scaled[names.index("slope")], -(2.0**power) * slope)
    np.testing.assert_array_equal(scaled[names.index("pvalue")], whole[names.index("pvalue")])
    np.testing.assert_array_equal(scaled[names.index("s")], -whole[names.index("s")])


def test_decades_and_origin():
    times = np.arange(1990.0, 2004.0)
    values = np.random.default_rng(4).standard_normal((14, 20))
    base = pixeltrend.reduce(times, values, method="theil-sen", stats=LINE)
    decade = pixeltrend.reduce(times, values, method="theil-sen", stats=LINE, per="decade")
    moved = pixeltrend.reduce(times, values, method="theil-sen", stats=LINE, origin=1990.0)
    np.testing.assert_array_equal(decade["slope"], 10 * base["slope"])
    np.testing.assert_array_equal(decade["slope_upper"], 10 * base["slope_upper"])
    np.testing.assert_array_equal(decade["intercept"], base["intercept"])
    np.testing.assert_allclose(moved["intercept"], base["intercept"] + 1990 * base["slope"])
    assert (moved["slope"] == base["slope"]).all()


def test_too_many_times_are_refused():
    times = 2000 + np.arange(2500) / 100
    with pytest.raises(pixeltrend.ArgumentError, match="2500 times make 3,123,750 pairs"):
        pixeltrend.reduce(times, np.zeros(2500), method="theil-sen")
