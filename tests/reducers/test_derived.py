"""Derived statistics: what they go with, and that a pixel's depend on that pixel alone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import cuts, wide_series

import pixeltrend
from pixeltrend.errors import ArgumentError
from pixeltrend.reducers.methods import make_reducer
from pixeltrend.reducers.options import StatsOptions

LINES = "class,percent,change,fitted_first,fitted_last,slope_min,slope_max,fragile"


@pytest.mark.parametrize(
    "options",
    [
        {"stats": LINES, "predict": 2030, "stable": 0.1},
        {"stats": LINES + ",intercept,slope_lower", "predict": 2030, "stable": 0.1},
        {"method": "theil-sen", "stats": "class,percent,fragile", "stable": 0.1},
        {"method": "mann-kendall", "stats": "class,fragile", "alpha": 0.2},
    ],
    ids=["lines", "with others", "theil-sen", "mann-kendall"],
)
@settings(deadline=None, max_examples=25)
@given(case=wide_series(), data=st.data())
def test_a_pixel_depends_on_that_pixel_alone(options, case, data):
    times, values = case
    reducer = make_reducer(StatsOptions(**options))
    whole = reducer.reduce(times, values)
    parts = np.split(values, data.draw(cuts(values.shape[1])), axis=1)
    found = np.concatenate([reducer.reduce(times, part) for part in parts], axis=1)
    assert found.tobytes() == whole.tobytes()


@pytest.mark.parametrize("pixels", [1, 63, 65, 130])
def test_so_does_what_it_could_have_shown(pixels):
    times = np.arange(1990.0, 2020.0)
    values = np.random.default_rng(3).standard_normal((30, 130))
    values[np.random.default_rng(4).random(values.shape) < 0.3] = np.nan
    reducer = make_reducer(StatsOptions(stats="detectable"))
    whole = reducer.reduce(times, values)
    part = reducer.reduce(times, values[:, -pixels:])
    assert part.tobytes() == whole[:, -pixels:].tobytes()


def test_those_asked_for_besides_change_nothing():
    times = np.arange(1990.0, 2012.0)
    values = np.random.default_rng(5).standard_normal((22, 90)) + 3
    alone = pixeltrend.reduce(times, values, stats="class,percent,fitted_first", stable=0.1)
    options = {"stats": "all,class,percent,fitted_first", "stable": 0.1, "predict": 2030.0}
    beside = pixeltrend.reduce(times, values, **options)
    np.testing.assert_array_equal(beside["class"], alone["class"])
    for name in ("percent", "fitted_first"):
        np.testing.assert_allclose(beside[name], alone[name], rtol=1e-10)
    plain = pixeltrend.reduce(times, values, stats="all")
    for name, band in plain.items():
        np.testing.assert_array_equal(beside[name], band, err_msg=name)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"stats": "class", "method": "linregress"}, "not a statistic of linregress"),
        ({"stats": "slope_min", "method": "theil-sen"}, "not a statistic of theil-sen"),
        ({"stats": "predicted", "method": "theil-sen"}, "not a statistic of theil-sen"),
        ({"predict": 2030, "method": "theil-sen"}, "not an option of method theil-sen"),
        ({"stats": "predicted"}, "predict"),
        ({"alpha": 0.1}, "alpha: is an option of class, fragile, detectable"),
        ({"stable": 0.1, "stats": "slope"}, "stable: is an option of class"),
        ({"stable": -0.1, "stats": "class"}, "must be a slope above 0"),
        ({"stable": 0.1, "stats": "class", "method": "mann-kendall"}, "has no slope"),
        ({"alpha": 0.5, "stats": "class"}, "between 0 and 0.5"),
        ({"predict": np.inf}, "must be a year"),
        ({"percent_of": "last", "stats": "percent"}, "is not one of first, mean"),
        (
            {"stats": "class", "method": "mann-kendall", "alternative": "increasing"},
            "alternative: cannot go with class",
        ),
        (
            {"stats": "fragile", "method": "mann-kendall", "correction": "ar1"},
            "correction: cannot go with fragile",
        ),
        (
            {"stats": "detectable", "method": "mann-kendall", "season": "month"},
            "season: cannot go with detectable",
        ),
    ],
)
def test_what_makes_no_sense_is_refused(options, said):
    with pytest.raises(ArgumentError, match=said):
        StatsOptions(**options)
