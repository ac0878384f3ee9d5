"""Limits of classes, what lies in them, and how dark they are."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pixeltrend.views.limits import (
    BELOW_ZERO,
    class_limits,
    class_numbers,
    class_shades,
    divided_at_zero,
    given_limits,
    symmetric_limits,
    whole_limits,
)
from pixeltrend.views.reading import thin


def class_counts(values, limits):
    """How many of the values each class holds."""
    return np.bincount(class_numbers(values, limits), minlength=len(limits))[: len(limits) - 1]


@st.composite
def arrays(draw):
    """Values of any size, with ties and gaps, and at least one that is valid."""
    kind = draw(st.sampled_from([np.float32, np.float64]))
    width = 32 if kind == np.float32 else 64
    anything = st.floats(width=width)
    few = st.sampled_from([-1.5, -0.0, 0.0, 0.25, 7.0, np.nan])
    values = draw(
        hnp.arrays(kind, st.integers(1, 60), elements=draw(st.sampled_from([anything, few])))
    )
    values[np.isinf(values)] = np.nan
    values[draw(st.integers(0, len(values) - 1))] = draw(st.floats(-10, 10, width=width))
    return values


def limits_of(values, classes=5, scheme="quantiles"):
    return class_limits(np.array(values).ravel(), classes, scheme)


@given(arrays(), st.integers(1, 12))
def test_quantiles_are_values_of_the_sorted_list(values, classes):
    """The limit between classes is the smallest value with so many parts of all at or below it."""
    valid = sorted(value for value in values.tolist() if not math.isnan(value))
    inner = [
        next(v for v in valid if classes * sum(w <= v for w in valid) >= part * len(valid))
        for part in range(1, classes)
    ]
    kept = [limit for limit in dict.fromkeys(inner) if limit < valid[-1]]
    assert limits_of(values, classes).tolist() == [valid[0], *kept, valid[-1]]


def test_limits_do_not_suffer_from_rounded_fractions():
    """9 / 11 of 77 values are 63, but not in floats."""
    assert limits_of(np.arange(77.0), 11).tolist() == [0, *range(6, 77, 7)]


@given(arrays(), st.integers(1, 12))
def test_quantiles_of_different_values_hold_as_many_each(values, classes):
    values = np.unique(values[np.isfinite(values)])
    counts = class_counts(values, limits_of(values, classes))
    assert sum(counts) == len(values)
    if len(values) >= classes:
        assert len(counts) == classes
        assert max(counts) - min(counts) <= 1


@given(arrays(), st.integers(1, 12), st.sampled_from(["quantiles", "equal"]))
def test_limits_never_fall_and_every_value_has_one_class(values, classes, scheme):
    limits = limits_of(values, classes, scheme)
    assert 1 <= len(limits) - 1 <= classes
    assert np.isfinite(limits).all()
    assert (np.diff(limits) >= 0).all()
    assert (np.diff(limits)[1:] > 0).all()
    numbers = class_numbers(values, limits)
    valid = np.isfinite(values)
    assert (numbers[~valid] == len(limits) - 1).all()
    assert class_counts(values, limits).tolist() == [
        np.count_nonzero(numbers == number) for number in range(len(limits) - 1)
    ]
    for value, number in zip(values[valid], numbers[valid], strict=True):
        assert limits[number] <= value <= limits[number + 1]
        assert number == 0 or limits[number] < value


def test_equal_classes_are_as_wide():
    values = np.array([[-1.0, np.nan], [0.1, 3.0]])
    assert limits_of(values, 4, "equal").tolist() == [-1, 0, 1, 2, 3]
    widest = limits_of([-1.7e308, 1.7e308], 2, "equal")
    assert widest.tolist() == [-1.7e308, 0, 1.7e308]


@pytest.mark.parametrize("scheme", ["quantiles", "equal"])
def test_ties_merge_classes(scheme):
    assert limits_of(np.full((3, 4), 0.25), scheme=scheme).tolist() == [0.25, 0.25]
    assert limits_of([0.0, -0.0], scheme=scheme).tolist() == [0, 0]
    assert limits_of([0, 0, 0, 1, 2.0]).tolist() == [0, 0, 1, 2]
    assert limits_of([0, 1, 2, 2, 2.0]).tolist() == [0, 0, 1, 2]


def shades_of(values, scheme="quantiles", classes=5):
    return class_shades(values, limits_of(values, classes, scheme), scheme)


@pytest.mark.parametrize("scheme", ["quantiles", "equal"])
def test_shades_of_symmetric_values_are_symmetric(scheme):
    shades = shades_of(np.linspace(-1, 1, 1001), scheme)
    assert shades[2] == 0
    assert shades == pytest.approx(-shades[::-1], abs=0.01)
    assert (np.diff(shades) > 0.1).all()


@pytest.mark.parametrize("scheme", ["quantiles", "equal"])
def test_shades_of_one_sign_stay_on_one_side(scheme):
    positive = np.random.default_rng(0).gamma(2, 1, 1000) + 0.01
    assert (np.diff(shades_of(positive, scheme)) > 0.05).all()
    assert shades_of(positive, scheme)[0] > 0
    assert shades_of(positive, scheme).max() == 1
    assert (shades_of(-positive, scheme) < 0).all()


@pytest.mark.parametrize("scheme", ["quantiles", "equal"])
def test_as_dark_means_as_distant_on_both_sides(scheme):
    values = np.concatenate([np.linspace(-9, -8, 200), np.linspace(0.1, 2, 800)])
    shades = shades_of(values, scheme, classes=10)
    assert shades[0] == -1
    assert 0 < shades[-1] < 0.9


@given(arrays(), st.integers(1, 12), st.sampled_from(["quantiles", "equal"]))
def test_the_sign_of_a_shade_is_that_of_its_values(values, classes, scheme):
    limits = limits_of(values, classes, scheme)
    shades = class_shades(values, limits, scheme)
    assert (np.abs(shades) <= 1).all()
    for value, number in zip(values, class_numbers(values, limits), strict=True):
        if np.isfinite(value):
            assert shades[number] == 0 or np.sign(shades[number]) == np.sign(value) or value == 0
    if len(shades) == 1 and limits[0] == limits[1] != 0:
        assert shades[0] == np.sign(limits[0])


@given(st.integers(1, 50), st.integers(1, 50), st.integers(1, 60))
def test_a_thinned_picture_shows_the_pixels_at_its_centres(height, width, side):
    values = np.arange(height * width, dtype=float).reshape(height, width)
    shown = thin(values, side)
    assert max(shown.shape) == min(side, max(height, width))
    rows, columns = shown.shape
    for row in range(rows):
        for column in range(columns):
            y, x = divmod(shown[row, column], width)
            assert y <= (row + 0.5) * height / rows < y + 1
            assert x <= (column + 0.5) * width / columns < x + 1


@given(arrays(), st.integers(1, 12))
def test_no_class_of_quantiles_lies_on_both_sides_of_zero(values, classes):
    limits = divided_at_zero(limits_of(values, classes), values, split=True)
    assert (np.diff(limits)[1:] > 0).all()
    assert len(limits) <= classes + 4
    numbers = class_numbers(values, limits)
    for number in range(len(limits) - 1):
        inside = values[numbers == number]
        assert (inside <= 0).all() or (inside >= 0).all()
    if limits[0] < 0 < limits[-1]:
        shades = class_shades(values, limits, "quantiles")
        for number, shade in enumerate(shades):
            if shade == 0:
                assert (values[numbers == number] == 0).all()


def test_zeros_have_a_class_of_their_own_where_they_are_many():
    values = np.array([*np.linspace(-2, -1, 60), *np.zeros(80), *np.linspace(1, 2, 60)])
    limits = divided_at_zero(limits_of(values), values, split=True)
    zeros = limits.tolist().index(BELOW_ZERO)
    assert limits[zeros + 1] == 0
    assert class_counts(values, limits)[zeros] == 80
    shades = class_shades(values, limits, "quantiles")
    assert [number for number, shade in enumerate(shades) if shade == 0] == [zeros]
    few = np.array([*np.linspace(-2, -1, 600), 0, *np.linspace(1, 2, 600)])
    assert BELOW_ZERO not in divided_at_zero(limits_of(few), few, split=True)


def test_values_on_one_side_are_not_divided():
    values = np.arange(1.0, 101)
    assert divided_at_zero(limits_of(values), values, split=True).tolist() == [
        1,
        20,
        40,
        60,
        80,
        100,
    ]


@given(arrays(), st.integers(1, 12))
def test_symmetric_limits_mirror_each_other(values, classes):
    ends = float(np.nanmin(values)), float(np.nanmax(values))
    if max(map(abs, ends)) > 1e300 or 0 < max(map(abs, ends)) < 1e-300:
        return
    limits = symmetric_limits(values, classes, ends)
    assert len(limits) == classes + 1
    assert limits[0] <= ends[0]
    assert limits[-1] >= ends[1]
    inner = limits[1:-1]
    np.testing.assert_allclose(inner, -inner[::-1], rtol=1e-12)
    if len(inner) > 1:
        np.testing.assert_allclose(np.diff(inner), np.diff(inner)[0])
        assert f"{np.diff(inner)[0]:.2e}"[:4] in {"1.00", "2.00", "2.50", "5.00"}


def test_given_limits_keep_what_lies_beyond():
    assert given_limits((0, 1), (0, 1)).tolist() == [0, 1]
    assert given_limits((0, 1), (-2, 0.5)).tolist() == [-2, 0, 1]
    assert given_limits((-1, 1), (-2, 3)).tolist() == [-2, -1, 1, 3]


def test_few_whole_numbers_have_a_class_each():
    values = np.array([5, 7, np.nan, 7, 9.0])
    assert whole_limits(values, 12, 5, (5, 9)).tolist() == [5, 5, 7, 9]
    assert whole_limits(values, 12, 5, (4, 9)).tolist() == [4, 4, 5, 7, 9]
    assert whole_limits(values + 0.5, 12, 5, (5.5, 9.5)) is None
    assert whole_limits(np.arange(100.0), 12, 5, (0, 99)).tolist() == [0, 19, 39, 59, 79, 99]
