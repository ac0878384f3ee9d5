"""Class limits and shades."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from strategies import cuts

from pixeltrend.errors import ArgumentError
from pixeltrend.views.classes import class_limits, class_numbers, class_shades


@st.composite
def arrays(draw):
    """Values of any size, with ties and gaps, and at least one that is there."""
    kind = draw(st.sampled_from([np.float32, np.float64]))
    width = 32 if kind == np.float32 else 64
    anything = st.floats(width=width)
    few = st.sampled_from([-1.5, -0.0, 0.0, 0.25, 7.0, np.nan])
    values = draw(
        hnp.arrays(kind, st.integers(1, 60), elements=draw(st.sampled_from([anything, few])))
    )
    values[draw(st.integers(0, len(values) - 1))] = draw(st.floats(-10, 10, width=width))
    return values


def counts_of(values, limits):
    return np.bincount(class_numbers(values, limits).ravel(), minlength=len(limits))


@given(arrays(), st.integers(1, 12))
def test_quantiles_are_those_of_numpy(values, classes):
    limits = class_limits(values, classes=classes)
    valid = values[np.isfinite(values)].astype(np.float64)
    inner = np.sort(valid)[[-(-len(valid) * i // classes) - 1 for i in range(1, classes)]]
    kept = [limit for limit in np.unique(inner) if limit < valid.max()]
    assert limits.tolist() == [valid.min(), *kept, valid.max()]


@given(arrays(), st.integers(1, 12))
def test_quantiles_of_different_values_hold_as_many_each(values, classes):
    values = np.unique(values[np.isfinite(values)])
    *counts, missing = counts_of(values, class_limits(values, classes=classes))
    assert missing == 0
    assert sum(counts) == len(values)
    if len(values) >= classes:
        assert len(counts) == classes
        assert max(counts) - min(counts) <= 1


@given(arrays(), st.integers(1, 12), st.sampled_from(["quantiles", "equal"]))
def test_limits_never_fall_and_every_value_has_one_class(values, classes, scheme):
    limits = class_limits(values, classes=classes, scheme=scheme)
    assert 1 <= len(limits) - 1 <= classes
    assert np.isfinite(limits).all()
    assert (np.diff(limits) >= 0).all()
    assert (np.diff(limits)[1:] > 0).all()
    numbers = class_numbers(values, limits)
    valid = np.isfinite(values)
    assert (numbers[~valid] == len(limits) - 1).all()
    for value, number in zip(values[valid], numbers[valid], strict=True):
        assert limits[number] <= value <= limits[number + 1]
        assert number == 0 or limits[number] < value


@given(arrays(), st.data())
def test_chunks_do_not_matter(values, data):
    chunks = np.split(values, data.draw(cuts(len(values))))
    assert class_limits(lambda: iter(chunks)).tolist() == class_limits(values).tolist()


def test_equal_classes_are_as_wide():
    values = np.array([[-1.0, np.nan], [0.1, 3.0]])
    assert class_limits(values, classes=4, scheme="equal").tolist() == [-1, 0, 1, 2, 3]
    widest = class_limits(np.array([-1.7e308, 1.7e308]), classes=2, scheme="equal")
    assert widest.tolist() == [-1.7e308, 0, 1.7e308]


@pytest.mark.parametrize("scheme", ["quantiles", "equal"])
def test_ties_merge_classes(scheme):
    assert class_limits(np.full((3, 4), 0.25), scheme=scheme).tolist() == [0.25, 0.25]
    assert class_limits(np.array([0.0, -0.0]), scheme=scheme).tolist() == [0, 0]
    assert class_limits(np.array([0, 0, 0, 1, 2.0])).tolist() == [0, 0, 1, 2]
    assert class_limits(np.array([0, 1, 2, 2, 2.0])).tolist() == [0, 0, 1, 2]


@pytest.mark.parametrize(
    ("values", "options", "message"),
    [
        ([np.nan, np.inf], {}, "no value is valid"),
        ([], {}, "no value is valid"),
        ([1.0], {"classes": 0}, "0 classes: at least one is wanted"),
        ([1.0], {"scheme": "jenks"}, "no scheme 'jenks'; there are quantiles, equal"),
    ],
)
def test_refused(values, options, message):
    with pytest.raises(ArgumentError) as caught:
        class_limits(np.array(values), **options)
    assert str(caught.value) == message


def shades_of(values, scheme="quantiles", classes=5):
    return class_shades(values, class_limits(values, classes=classes, scheme=scheme), scheme)


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
def test_as_dark_means_as_far_on_both_sides(scheme):
    values = np.concatenate([np.linspace(-9, -8, 200), np.linspace(0.1, 2, 800)])
    shades = shades_of(values, scheme, classes=10)
    assert shades[0] == -1
    assert 0 < shades[-1] < 0.9


@given(arrays(), st.integers(1, 12), st.sampled_from(["quantiles", "equal"]))
def test_the_sign_of_a_shade_is_that_of_its_values(values, classes, scheme):
    limits = class_limits(values, classes=classes, scheme=scheme)
    shades = class_shades(values, limits, scheme)
    assert (np.abs(shades) <= 1).all()
    for value, number in zip(values, class_numbers(values, limits), strict=True):
        if np.isfinite(value):
            assert shades[number] == 0 or np.sign(shades[number]) == np.sign(value)
    if len(shades) == 1 and limits[0] == limits[1] != 0:
        assert shades[0] == np.sign(limits[0])
