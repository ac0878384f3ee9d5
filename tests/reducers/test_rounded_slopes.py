"""Slopes and scores found by way of Float32 are those of all pairs in Float64."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pixeltrend
from pixeltrend.reducers.pairs import mann_kendall_scores, sen_slopes

COUNT, PIXELS = 24, 130


def some_ranks(n):
    """Choose the first, some inner, and the last of n slopes."""
    return [0, n // 7, n // 3, n - 2, n - 1]


def assert_all_pairs(times, values):
    """Compare with a sort of all slopes of each pixel."""
    early, late = np.triu_indices(len(times), 1)
    apart = times[early] < times[late]
    early, late = early[apart], late[apart]
    with np.errstate(all="ignore"):
        run = (times[late] - times[early])[:, np.newaxis]
        slopes = np.sort((values[late] - values[early]) / run, axis=0)  # NaN last
    ranks = np.zeros((5, values.shape[1]))
    expected = np.full((6, values.shape[1]), np.nan)
    for pixel, n in enumerate((~np.isnan(slopes)).sum(axis=0)):
        if n > 2:
            ranks[:, pixel] = some_ranks(n)
            a, b = slopes[(n - 1) // 2, pixel], slopes[n // 2, pixel]
            expected[0, pixel] = a if a == b else 0.5 * (a + b)
            expected[1:, pixel] = slopes[some_ranks(n), pixel]
    found = sen_slopes(times, values, ranks=ranks)
    chosen = ~np.isnan(expected[1])
    assert chosen.any()
    np.testing.assert_array_equal(found[:, chosen], expected[:, chosen])
    zeros = found[found == 0.0]
    assert not np.signbit(zeros).any()


def make(kind):
    rng = np.random.default_rng(3)
    noise = rng.standard_normal((COUNT, PIXELS))
    steps = np.arange(COUNT)[:, np.newaxis]
    some = rng.random((COUNT, PIXELS))
    return {
        "skewed": np.exp(4 * noise),  # the least-squares line leads astray
        "outlier": np.where(steps == 7, 1e9, noise),
        "all slopes equal": steps * rng.integers(-3, 4, PIXELS) * 1.0,
        "slopes equal but for rounding": steps * (rng.random(PIXELS) / 3),
        "two slopes": np.abs(steps - 12) * np.ones(PIXELS),
        "zeros": (some < 0.2) * 1.0,
        "negative zeros": np.round(0.4 * noise),
        "few values": np.where(some < 0.8, np.nan, noise),
        "equal as Float32": 1.0 + 1e-12 * noise,
        "beyond Float32": 1e200 * noise,
        "below Float32": 1e-200 * noise,
        "subnormal": 1e-310 * noise,
        "differences overflow": np.sign(noise) * 1.7e308 * some,
        "infinite": np.where(some < 0.1, np.sign(noise) * np.inf, noise),
        "beside another kind": np.where(np.arange(PIXELS) % 2, np.round(noise), np.exp(5 * noise)),
    }[kind]


KINDS = [
    "skewed", "outlier", "all slopes equal", "slopes equal but for rounding", "two slopes",
    "zeros", "negative zeros", "few values", "equal as Float32", "beyond Float32", "below Float32",
    "subnormal", "differences overflow", "infinite", "beside another kind",
]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_slopes_are_those_of_a_sort(kind):
    assert_all_pairs(2000.0 + np.arange(COUNT), make(kind))


@pytest.mark.parametrize("kind", KINDS)
def test_slopes_between_near_and_far_times(kind):
    rng = np.random.default_rng(5)
    times = np.cumsum(rng.choice([1e-9, 0.01, 1.0, 30.0], COUNT))
    times[4] = times[5]
    assert_all_pairs(times, make(kind))


@pytest.mark.parametrize("scale", [1e-45, 1e-35, 1e35, 1e45])
def test_runs_that_float32_does_not_hold(scale):
    assert_all_pairs(scale * np.arange(COUNT), make("negative zeros"))


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    count=st.integers(3, 30),
    digits=st.integers(-1, 8),
    gaps=st.sampled_from([0.0, 0.15, 0.6]),
    power=st.floats(0.2, 5),
)
def test_any_spread_and_ties(seed, count, digits, gaps, power):
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal((count, 70))
    values = np.round(np.sign(noise) * np.abs(noise) ** power, digits) * 0.0001
    values[:, 1:][rng.random((count, 69)) < gaps] = np.nan
    assert_all_pairs(np.sort(rng.uniform(1984, 2020, count)), values)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), count=st.integers(2, 30), width=st.integers(0, 3))
def test_scores_of_values_that_float32_cannot_tell_apart(seed, count, width):
    rng = np.random.default_rng(seed)
    values = 1.0 + 2.0**-50 * rng.integers(0, 10**width, (count, 70))
    values[:, ::2] = np.round(rng.standard_normal((count, 35)), width)
    scores = mann_kendall_scores(np.arange(float(count)), values)
    early, late = np.triu_indices(count, 1)
    signs = np.sign(values[late] - values[early])
    np.testing.assert_array_equal(scores.s, signs.sum(axis=0))
    np.testing.assert_array_equal(scores.tied, (signs == 0).sum(axis=0))
    for pixel, column in enumerate(values.T):
        t = np.unique(column, return_counts=True)[1]
        ties = (t * (t - 1) * (2 * t + 5)).sum()
        total = count * (count - 1) * (2 * count + 5)
        assert scores.var_s[pixel] == (total - ties) / 18


def test_a_pixel_does_not_feel_its_neighbours():
    times = 2000.0 + np.arange(COUNT)
    values = np.concatenate([make(kind) for kind in KINDS], axis=1)
    order = np.random.default_rng(1).permutation(values.shape[1])
    names = "slope,slope_lower,slope_upper,pvalue"
    one = pixeltrend.reduce(times, values, method="theil-sen", stats=names)
    other = pixeltrend.reduce(times, values[:, order], method="theil-sen", stats=names)
    for name, band in one.items():
        assert band[order].tobytes() == other[name].tobytes(), name
