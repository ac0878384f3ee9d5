"""Classes that fit a band: what it is decides limits, names and colours."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pixeltrend.errors import ArgumentError
from pixeltrend.reducers.derived import DERIVED
from pixeltrend.reducers.registry import STATISTICS
from pixeltrend.views.categories import Category
from pixeltrend.views.classes import classify
from pixeltrend.views.kinds import Kind, kind_of
from pixeltrend.views.options import ClassOptions
from pixeltrend.views.threshold import Threshold

PLAIN = ClassOptions()
# Bands of pixeltrend that are amounts with a unit, and nothing more.
AMOUNTS = {
    "intercept", "stderr", "intercept_stderr", "rmse", "var_s", "n_eff", "factor", "fitted_first",
    "fitted_last", "predicted", "predicted_lower", "predicted_upper", "detectable",
}  # fmt: skip


def classes_of(values, name="slope", options=PLAIN, **more):
    return classify(np.array(values, dtype=float), kind_of(name), options, **more)


def test_every_statistic_has_a_kind():
    names = set(STATISTICS) | {name for each in DERIVED for name in each.statistics}
    assert {name for name in names if kind_of(name) is Kind.NUMBER} == AMOUNTS
    assert kind_of("step_2") is Kind.TREND
    assert kind_of("step_12_pvalue") is Kind.PVALUE


def test_p_values_have_the_limits_of_tables_and_the_significant_are_darkest():
    classes = classes_of([0.2, 0.9, 1e-5, 0.04], "pvalue_fdr")
    assert classes.limits.tolist() == [0, 0.001, 0.01, 0.05, 0.1, 1]
    assert classes.labels == (
        "0 to 0.001", "0.001 to 0.01", "0.01 to 0.05", "0.05 to 0.1", "0.1 to 1",
    )  # fmt: skip
    assert (np.diff(classes.colours.sum(axis=1).astype(int)) > 0).all()
    assert classes.counts(np.array([0.05, 0.0500001, np.nan, 0])).tolist() == [1, 0, 1, 1, 0]


def test_what_is_no_probability_is_no_p_value():
    assert classes_of([990, 1013, 1030], "p").kind is Kind.NUMBER
    assert classes_of([-3, 3], "r").kind is Kind.NUMBER


@pytest.mark.parametrize("name", ["rvalue", "tau"])
def test_correlations_go_from_minus_one_to_one(name):
    classes = classes_of([-0.2, 0.4], name)
    assert classes.limits.tolist() == [-1, -0.75, -0.5, -0.25, 0, 0.25, 0.5, 0.75, 1]


def test_counts_and_years_are_whole():
    assert classes_of([2006, 2009, 2006], "first_valid").labels == ("2006", "2007 to 2009")
    assert classes_of([1200, 1201], "n_valid").labels == ("1,200", "1,201")
    many = classes_of(np.arange(1, 41), "n_valid")
    assert many.labels == ("1 to 8", "9 to 16", "17 to 24", "25 to 32", "33 to 40")
    decimal = classes_of([2006.37, 2011.5], "last_valid")
    assert all(text[:2] == "20" and "," not in text for text in decimal.labels)


def test_values_that_a_sample_lacks_have_a_class_too():
    classes = classes_of([3, 7], "n_valid", ends=(1, 9))
    assert classes.labels == ("1", "2 to 3", "4 to 7", "8 to 9")
    slopes = classes_of([-1, 0.5, 2], ends=(-7, 8))
    assert (slopes.limits[0], slopes.limits[-1]) == (-7, 8)


def test_slopes_are_brown_below_zero_and_blue_above():
    classes = classes_of(np.linspace(-1, 2, 3001))
    assert 0 in classes.limits
    for (red, _, blue), upper in zip(classes.colours.astype(int), classes.limits[1:], strict=True):
        assert (red > blue) == (upper <= 0)


def test_codes_have_names_and_colours_and_others_are_told():
    known = (
        Category(1, "water", (0, 0, 255)), Category(2, "", (1, 2, 3)), Category(3, "", (9, 9, 9)),
    )  # fmt: skip
    classes = classes_of([2, 7, np.nan, 2], "landcover", categories=known)
    assert classes.labels == ("water", "2", "7")
    assert classes.colours[:2].tolist() == [[0, 0, 255], [1, 2, 3]]
    assert classes.numbers(np.array([7, 1, 3, np.nan, 99])).tolist() == [2, 0, 3, 3, 3]
    assert classes.counts(np.array([7, 1, 7, 3])).tolist() == [1, 0, 2]
    with pytest.raises(ArgumentError, match="each with a class of its own"):
        classes_of([1], "class", ClassOptions(scheme="equal"))


@settings(max_examples=400)
@given(
    st.sampled_from(["slope", "pvalue", "rvalue", "n_valid", "last_valid", "rmse"]),
    st.sampled_from(
        [{}, {"classes": 3}, {"scheme": "equal"}, {"limits": "-1,0,0.5"}, {"symmetric": True}]
    ),
    hnp.arrays(np.float64, st.integers(1, 40), elements=st.floats(-3000, 3000) | st.just(np.nan)),
)
def test_every_value_lies_in_the_class_that_says_so(name, options, values):
    values[0] = 0.25
    classes = classes_of(values, name, ClassOptions(**options))
    numbers = classes.numbers(values)
    assert len(classes.labels) == len(classes) == len(classes.limits) - 1
    assert (numbers[np.isnan(values)] == len(classes)).all()
    assert classes.counts(values).sum() == np.count_nonzero(~np.isnan(values))
    for value, number in zip(values, numbers, strict=True):
        if not np.isnan(value):
            assert classes.limits[number] <= value <= classes.limits[number + 1]
            assert number == 0 or value > classes.limits[number]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"limits": "1,1"}, "limits 1,1: must be at most 11 increasing numbers"),
        ({"limits": "a"}, "limits 'a': expected numbers: A,B,C"),
        ({"limits": "1,inf"}, "increasing numbers"),
        ({"limits": "1", "symmetric": True}, "limits and symmetric: both say where classes end"),
        ({"limits": "1", "classes": 3}, "limits and classes: the limits say how many"),
    ],
    ids=["ties", "words", "infinite", "two ways", "two numbers"],
)
def test_refused_options(options, message):
    with pytest.raises(ArgumentError, match=message):
        ClassOptions(**options)


@pytest.mark.parametrize(
    ("text", "met", "opposite"),
    [
        ("pvalue<0.05", [True, False, False], "pvalue ≥ 0.05"),
        ("pvalue <= 5e-2", [True, True, False], "pvalue > 0.05"),
        ("p value>0.05", [False, False, False], "p value ≤ 0.05"),
        ("2>=0.05", [False, True, False], "2 < 0.05"),
        ("n==0.01", [True, False, False], "n ≠ 0.01"),
        ("n!=0.01", [False, True, False], "n = 0.01"),
    ],
)
def test_conditions(text, met, opposite):
    condition = Threshold.parse(text)
    assert condition.holds(np.array([0.01, 0.05, np.nan])).tolist() == met
    assert condition.opposite == opposite


@pytest.mark.parametrize("text", ["", "pvalue", "<0.05", "pvalue<", "pvalue<nan", "pvalue<<1"])
def test_what_is_no_condition(text):
    with pytest.raises(ArgumentError, match="expected a band, one of"):
        Threshold.parse(text)
