"""Several values at one time: NIST's, SciPy's, and what is refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import NORRIS_SLOPE, NORRIS_X, NORRIS_Y
from scipy import stats

import pixeltrend
from pixeltrend.errors import ArgumentError

LINE = "slope,intercept,slope_lower,slope_upper"


def test_norris_as_nist_certifies_it():
    fit = pixeltrend.reduce(NORRIS_X, NORRIS_Y, stats="all")
    assert fit["slope"] == pytest.approx(NORRIS_SLOPE, rel=1e-12)
    assert fit["intercept"] == pytest.approx(-0.262323073774029, rel=1e-12)
    assert fit["stderr"] == pytest.approx(0.429796848199937e-03, rel=1e-12)
    assert fit["intercept_stderr"] == pytest.approx(0.232818234301152, rel=1e-12)
    assert fit["rmse"] * np.sqrt(36 / 34) == pytest.approx(0.884796396144373, rel=1e-12)
    assert fit["rsquared"] == pytest.approx(0.999993745883712, rel=1e-14)
    assert fit["n_valid"] == 36
    assert pixeltrend.reduce(NORRIS_X, NORRIS_Y)["slope"] == pytest.approx(NORRIS_SLOPE, rel=1e-12)


def test_norris_by_theil_and_sen_as_scipy_has_it():
    theirs = stats.theilslopes(NORRIS_Y, NORRIS_X)
    ours = pixeltrend.reduce(NORRIS_X, NORRIS_Y, method="theil-sen", stats=LINE)
    assert tuple(ours.values()) == (
        theirs.slope, theirs.intercept, theirs.low_slope, theirs.high_slope,
    )  # fmt: skip


def repeated(seed, count, years):
    """Make values at times that come several times, in any order, with gaps and ties."""
    rng = np.random.default_rng(seed)
    times = rng.choice(1990 + np.sort(rng.uniform(0, 20, years)), count)
    values = np.round(rng.standard_normal((count, 30)) + 0.1 * (times[:, np.newaxis] - 2000), 1)
    values[rng.random(values.shape) < 0.3] = np.nan
    return times, values


@settings(max_examples=40)
@given(seed=st.integers(0, 10**6), count=st.integers(2, 30), years=st.integers(1, 12))
def test_lines_are_scipys_and_values_of_one_time_have_none(seed, count, years):
    times, values = repeated(seed, count, years)
    sen = pixeltrend.reduce(times, values, method="theil-sen", stats=LINE)
    fits = {
        method: pixeltrend.reduce(
            times, values, method=method, stats="slope,intercept,rvalue,stderr", origin=2000
        )
        for method in ("ols", "linregress")
    }
    bare = pixeltrend.reduce(times, values)["slope"]
    reason = pixeltrend.reduce(times, values, stats="slope,n_valid,reason")
    for pixel, column in enumerate(values.T):
        valid = ~np.isnan(column)
        x, y = times[valid], column[valid]
        assert reason["n_valid"][pixel] == len(y)
        ours = [array[pixel] for array in sen.values()]
        if len(set(x)) < 2:
            assert np.isnan([*ours, bare[pixel]]).all()
            assert all(np.isnan(array[pixel]) for fit in fits.values() for array in fit.values())
            assert reason["reason"][pixel] != 0
            continue
        theirs = stats.theilslopes(y, x)
        limits = [theirs.low_slope, theirs.high_slope] if len(x) >= 5 else [np.nan, np.nan]
        np.testing.assert_array_equal(ours, [theirs.slope, theirs.intercept, *limits])
        line = stats.linregress(x - 2000, y)
        for fit in fits.values():
            assert fit["slope"][pixel] == pytest.approx(line.slope, rel=1e-9, abs=1e-12)
            assert fit["intercept"][pixel] == pytest.approx(line.intercept, rel=1e-12, abs=1e-11)
        assert bare[pixel] == pytest.approx(line.slope, rel=1e-9, abs=1e-12)


@settings(max_examples=40)
@given(seed=st.integers(0, 10**6), count=st.integers(3, 45), years=st.integers(2, 30))
def test_values_of_one_time_are_not_compared_as_in_kendalls_tau_b(seed, count, years):
    times, values = repeated(seed, count, years)
    ours = pixeltrend.reduce(times, values, method="mann-kendall", stats="all")
    for pixel, column in enumerate(values.T):
        valid = ~np.isnan(column)
        x, y = times[valid], column[valid]
        if len(set(x)) < 2 or len(set(y)) < 2:
            continue
        theirs = stats.kendalltau(x, y)
        s = np.sum(np.sign(np.subtract.outer(x, x)) * np.sign(np.subtract.outer(y, y))) / 2
        assert ours["s"][pixel] == s
        assert ours["tau"][pixel] == pytest.approx(theirs.statistic, rel=1e-12, abs=1e-15)
        if len(set(x)) < len(x) or len(set(y)) < len(y):  # SciPy has no continuity correction
            p = 2 * stats.norm.sf(abs(s) / np.sqrt(ours["var_s"][pixel]))
            assert p == pytest.approx(stats.kendalltau(x, y, method="asymptotic").pvalue, rel=1e-9)
            z = (s - np.sign(s)) / np.sqrt(ours["var_s"][pixel])
            assert ours["z"][pixel] == pytest.approx(z, rel=1e-12)
        else:
            assert ours["pvalue"][pixel] == pytest.approx(theirs.pvalue, rel=1e-9)


@pytest.mark.parametrize("correction", ["hamed-rao", "pre-whitening"])
def test_corrections_need_one_value_at_each_time(correction):
    with pytest.raises(ArgumentError, match="2001 is the time of several values"):
        pixeltrend.reduce(
            [2000, 2002, 2001, 2001], [1, 2, 3, 5], method="mann-kendall", correction=correction
        )
