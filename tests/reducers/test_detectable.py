"""The smallest slope that would be seen: dense matrices, Weatherhead's formula, and simulation."""

import numba
import numpy as np
import pytest
from scipy import stats

import pixeltrend
from pixeltrend.errors import ArgumentError
from pixeltrend.reducers.detectable_kernel import PAIR_SUMS, TOTAL, WEIGHTED, ar1_sums
from pixeltrend.reducers.lanes import LANES
from pixeltrend.reducers.steps import steps


def noise(count, pixels, r, seed=0):
    rng = np.random.default_rng(seed)
    values = rng.standard_normal((count, pixels))
    for i in range(1, count):
        values[i] = r * values[i - 1] + np.sqrt(1 - r * r) * values[i]
    return values


@numba.njit
def fill_sums(x, positions, values, mean, r, out):
    ar1_sums(x, positions, values, mean, r, out)  # which only kernels can call


def sums(times, values, r):
    x = times - np.rint(times.mean())
    mean = np.nanmean(np.where(np.isnan(values), np.nan, x[:, np.newaxis]), axis=0)
    out = np.empty((PAIR_SUMS, LANES))
    fill_sums(x, steps(times), values, mean, np.full(LANES, r), out)
    return out[[TOTAL, WEIGHTED]]


@pytest.mark.parametrize("r", [0.0, 0.4, 0.95])
def test_the_sums_are_those_of_the_whole_matrix(r):
    times = np.array([*range(1990, 2000), *range(2006, 2020)], dtype=np.float64)
    values = noise(24, LANES, 0.0)
    values[np.random.default_rng(1).random(values.shape) < 0.3] = np.nan
    found = sums(times, values, r)
    for pixel, column in enumerate(values.T):
        x = times[~np.isnan(column)]
        matrix = r ** np.abs(x[:, np.newaxis] - x)
        u = x - x.mean()
        np.testing.assert_allclose(found[:, pixel], [matrix.sum(), u @ matrix @ u], rtol=1e-10)


@pytest.mark.parametrize(("years", "r"), [(10, 0.0), (20, 0.3), (30, 0.6)])
def test_weatherhead_needs_as_many_years(years, r):
    # Eq. 3 of the paper: n* = (3.3 sd / trend sqrt((1 + r) / (1 - r)))^(2/3) years of months.
    times = 1990 + (np.arange(12 * years) + 0.5) / 12
    u = times - times.mean()
    _, weighted = sums(times, np.zeros((len(times), LANES)), r)[:, 0]
    trend = 3.3 * np.sqrt(weighted) / (u @ u)
    needed = (3.3 / trend * np.sqrt((1 + r) / (1 - r))) ** (2 / 3)
    assert needed == pytest.approx(years, rel=0.01)


def test_independent_values_need_what_textbooks_say():
    # Without neighbours there is no r: the standard error of SciPy, with quantiles of t.
    times = np.arange(1990.0, 2014.0)
    values = noise(24, 30, 0.0, 2)
    values[np.arange(24) % 3 == 1] = np.nan
    values[np.arange(24) % 6 == 2] = np.nan
    values[:2] = noise(2, 30, 0.0, 3)  # a step is one year all the same
    found = pixeltrend.reduce(times, values, stats="detectable,slope", alpha=0.1)["detectable"]
    r1 = pixeltrend.reduce(times, values, stats="r1", correction="ar1")["r1"]
    independent = 0
    for pixel, column in enumerate(values.T):
        valid = ~np.isnan(column)
        fit = stats.linregress(times[valid], column[valid])
        n = valid.sum()
        left = column - fit.intercept - fit.slope * times
        products = left[1:] * left[:-1]
        pairs = (~np.isnan(products)).sum()
        r = np.nansum(products) / (pairs + 1) / (np.nansum(left**2) / n)
        less = (n * r + 2) / (n - 4)
        assert r1[pixel] == pytest.approx(np.clip(less, 0, 0.95), rel=1e-7)
        if less < 0:
            independent += 1
            df = n - 2
            wanted = (stats.t.ppf(0.95, df) + stats.t.ppf(0.8, df)) * fit.stderr
            assert found[pixel] == pytest.approx(wanted, rel=1e-7)
    assert 3 < independent < 27


@pytest.mark.parametrize(("r", "count"), [(0.0, 30), (0.3, 40), (0.6, 60)])
def test_slopes_that_it_names_are_found_in_four_of_five_cases(r, count):
    """By a test that knows variance and autocorrelation: the median of what pixels say."""
    times = np.arange(2000.0, 2000.0 + count)
    values = noise(count, 4000, r, 4)
    slope = np.median(pixeltrend.reduce(times, values, stats="detectable")["detectable"])
    x = times - times.mean()
    error = np.sqrt(x @ r ** np.abs(x[:, np.newaxis] - x) @ x) / (x @ x)
    power = stats.norm.sf(stats.norm.ppf(0.975) - slope / error)
    assert 0.8 <= power < 0.9


def test_what_has_no_answer():
    times = np.arange(1990.0, 2010.0)
    values = noise(20, 3, 0.0)
    values[7:, 0] = np.nan
    values[:, 1] = 5.0
    values[:, 2] = 3 * times
    found = pixeltrend.reduce(times, values, stats="detectable")["detectable"]
    assert np.isnan(found[0])  # fewer than eight values
    np.testing.assert_allclose(found[1:], 0, atol=1e-9)  # no noise hides anything
    with pytest.raises(ArgumentError, match="steps"):
        pixeltrend.reduce(2000 + np.cumsum(np.arange(1, 9)) / 97, values[:8], stats="detectable")


@pytest.mark.parametrize("method", ["theil-sen", "mann-kendall"])
def test_rank_tests_say_the_same(method):
    times = np.arange(1990.0, 2010.0)
    values = noise(20, 50, 0.3)
    ours = pixeltrend.reduce(times, values, stats="detectable")["detectable"]
    found = pixeltrend.reduce(times, values, stats="detectable", method=method)["detectable"]
    np.testing.assert_array_equal(found, ours)
