"""The Mann-Kendall test: SciPy's where it is exact, pymannkendall's where that is right."""

import itertools

import numpy as np
import pymannkendall
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import pixeltrend
from pixeltrend.reducers.kendall_exact import at_most

ALL = "s,var_s,tau,z,pvalue,n_valid"
SIDES = {"two-sided": "two-sided", "increasing": "greater", "decreasing": "less"}


def mann_kendall(times, values, **options):
    return pixeltrend.reduce(times, values, method="mann-kendall", stats=ALL, **options)


def some_values(count, seed, decimals=3):
    rng = np.random.default_rng(seed)
    values = np.round(rng.standard_normal((count, 40)), decimals)
    values += np.linspace(0, 3, 40) * np.arange(count)[:, np.newaxis] / count
    values = np.round(values, decimals)
    values[rng.random(values.shape) < 0.15] = np.nan
    return values


@pytest.mark.parametrize("alternative", SIDES)
@pytest.mark.parametrize("count", [3, 8, 20, 33])
def test_without_ties_p_and_tau_are_scipys_exact_ones(count, alternative):
    times = np.arange(2000.0, 2000.0 + count)
    values = some_values(count, count, 12)
    found = mann_kendall(times, values, alternative=alternative)
    for pixel, series in enumerate(values.T):
        valid = ~np.isnan(series)
        if valid.sum() < 2:
            continue
        theirs = stats.kendalltau(times[valid], series[valid], alternative=SIDES[alternative])
        assert found["tau"][pixel] == pytest.approx(theirs.statistic, rel=1e-14)
        assert found["pvalue"][pixel] == pytest.approx(theirs.pvalue, rel=1e-11)


@pytest.mark.parametrize("alternative", SIDES)
def test_an_all_but_perfect_order_of_many_values_is_exact_too(alternative):
    times = np.arange(1980.0, 2022.0)
    rising = np.arange(42.0)
    one_swap = rising.copy()
    one_swap[[10, 11]] = one_swap[[11, 10]]
    values = np.stack([rising, -rising, one_swap, -one_swap], axis=1)
    found = mann_kendall(times, values, alternative=alternative)
    for pixel, series in enumerate(values.T):
        theirs = stats.kendalltau(times, series, alternative=SIDES[alternative])
        assert found["pvalue"][pixel] == pytest.approx(theirs.pvalue, rel=1e-12)


@pytest.mark.parametrize("count", [12, 42])
def test_with_ties_all_is_as_pymannkendall_has_it(count):
    values = some_values(count, count, 0)
    times = np.arange(2000.0, 2000.0 + count)
    found = mann_kendall(times, values)
    for pixel, column in enumerate(values.T):
        series = column[~np.isnan(column)]
        theirs = pymannkendall.original_test(series)
        assert found["s"][pixel] == theirs.s
        assert found["var_s"][pixel] == pytest.approx(theirs.var_s, rel=1e-14)
        assert found["z"][pixel] == pytest.approx(theirs.z, rel=1e-14)
        assert found["pvalue"][pixel] == pytest.approx(theirs.p, rel=1e-8)
        tau_b = stats.kendalltau(np.arange(len(series)), series).statistic
        assert found["tau"][pixel] == pytest.approx(tau_b, rel=1e-13)


def test_usepa_unified_guidance_example_17_6():
    # 23 sulfate values with S 194 and variance 1428, as R's EnvStats prints them. The test knows
    # values by their order alone: here is one with that S, one group of three equal values and two
    # of two, which make that variance.
    values = [0, 0, 0, 1, 1, 2, 2, *range(3, 19)]
    for _ in range(27):
        place = next(i for i in range(22, 0, -1) if values[i - 1] < values[i])
        values[place - 1], values[place] = values[place], values[place - 1]
    found = mann_kendall(np.arange(23.0) + 1989, np.array(values))
    assert found["s"] == 194
    assert found["var_s"] == pytest.approx(1428, rel=1e-14)
    assert found["z"] == pytest.approx(5.107322, abs=5e-7)
    assert found["pvalue"] == pytest.approx(3.267574e-07, rel=1e-6)
    tau_a, pairs, tied = 0.7667984, 253, 5  # tau-b has the tied pairs in it
    assert found["tau"] == pytest.approx(tau_a * np.sqrt(pairs / (pairs - tied)), abs=5e-8)


def test_the_exact_distribution_is_that_of_all_orders():
    for count in range(1, 8):
        discordant = [
            sum(a > b for a, b in itertools.combinations(order, 2))
            for order in itertools.permutations(range(count))
        ]
        for limit in range(count * (count - 1) // 2 + 1):
            expected = np.mean(np.array(discordant) <= limit)
            assert at_most(np.array([float(count)]), np.array([float(limit)])) == pytest.approx(
                expected, rel=1e-14
            )


def test_published_tails_of_the_exact_distribution():
    # n = 10: P(|S| >= 23) = 0.0466226, P(|S| >= 21) = 0.0725502
    for s, p in [(23, 0.0466226), (21, 0.0725502)]:
        below = at_most(np.array([10.0]), np.array([(45.0 - s) / 2]))
        assert 2 * below[0] == pytest.approx(p, abs=5e-8)


def test_no_trend_at_all_has_p_one_and_z_zero():
    found = mann_kendall(np.arange(4.0), np.array([[2.0, 3], [1, 1], [1, 4], [2, 2]]))
    assert found["s"].tolist() == [0, 0]
    assert found["z"].tolist() == [0, 0]
    assert found["pvalue"].tolist() == [1, 1]


def test_a_constant_series_has_s_and_no_test():
    found = mann_kendall(np.arange(2000.0, 2009.0), np.full((9, 1), 0.3))
    assert found["s"] == 0
    assert found["var_s"] == 0
    assert np.isnan([found["tau"][0], found["z"][0], found["pvalue"][0]]).all()


def test_too_few_values():
    values = np.full((5, 3), np.nan)
    values[0, 1:] = 1
    values[3, 2] = 2
    found = mann_kendall(np.arange(2000.0, 2005.0), values)
    assert found["n_valid"].tolist() == [0, 1, 2]
    for name in ("s", "var_s", "tau", "z", "pvalue"):
        assert np.isnan(found[name][:2]).all(), name
    assert found["pvalue"][2] == stats.kendalltau([0, 3], [1, 2]).pvalue == 1


def test_tails_are_not_zero():
    times = np.arange(1900.0, 2020.0)
    values = np.round(times / 3)  # ties: the normal distribution
    found = mann_kendall(times, values)
    assert 0 < found["pvalue"] < 1e-50
    assert pymannkendall.original_test(values).p == 0  # there it is 1 - cdf


def test_ties_are_counted_in_the_values_as_they_are():
    times = np.arange(2000.0, 2010.0)
    values = 16777216.0 + np.array([1, 0, 3, 2, 5, 4, 7, 6, 9, 8])  # alike in Float32 by pairs
    assert mann_kendall(times, values)["var_s"] == pytest.approx(10 * 9 * 25 / 18)
    assert mann_kendall(times, values)["s"] == 35


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.uint16, np.float32])
def test_integers_do_not_overflow(dtype):
    times = np.arange(2000.0, 2012.0)
    values = np.array([0, 120, 3, 100, 7, 127, 1, 90, 60, 30, 126, 2])
    plain = mann_kendall(times, values.astype(float))
    for name, array in mann_kendall(times, values.astype(dtype)).items():
        assert array == plain[name], name


def test_times_are_those_of_the_values_not_their_index():
    times = np.array([2000.0, 2001.0, 2010.0, 2011.0])
    found = pixeltrend.reduce(times, [0.0, 1.0, 10.0, 11.0], method="theil-sen")
    assert found["slope"] == 1
    assert pymannkendall.sens_slope([0.0, 1.0, 10.0, 11.0]).slope != 1


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 10**6),
    count=st.integers(2, 40),
    gaps=st.floats(0, 0.9),
    decimals=st.sampled_from([0, 1, 9]),
    alternative=st.sampled_from(list(SIDES)),
)
def test_properties(seed, count, gaps, decimals, alternative):
    rng = np.random.default_rng(seed)
    values = np.round(rng.standard_normal((count, 70)).cumsum(axis=0), decimals)
    values[rng.random(values.shape) < gaps] = np.nan
    times = np.arange(1980.0, 1980.0 + count)
    found = mann_kendall(times, values, alternative=alternative)
    p, tau = found["pvalue"], found["tau"]
    assert (np.isnan(p) | ((p >= 0) & (p <= 1))).all()
    assert (np.isnan(tau) | (np.abs(tau) <= 1)).all()
    # An increasing function of the values, or of the times, leaves the test as it is.
    same = mann_kendall(times * 7 + 3, np.arctan(values) * 5, alternative=alternative)
    for name, array in found.items():
        np.testing.assert_array_equal(same[name], array, err_msg=name)
    other = {"increasing": "decreasing", "decreasing": "increasing"}.get(alternative, alternative)
    np.testing.assert_array_equal(mann_kendall(times, -values, alternative=other)["pvalue"], p)
