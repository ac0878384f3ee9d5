"""Years left out one by one: against SciPy and statsmodels, which compute each series anew."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats.outliers_influence import OLSInfluence

import pixeltrend
from pixeltrend.errors import ArgumentError

YEARLY = np.arange(1990.0, 2012.0)
SEVERAL = 1990 + np.arange(60) / 5
IRREGULAR = 1000 + np.sort(np.random.default_rng(9).random(25)) * 20


def series(times, pixels=60, *, tied=False):
    rng = np.random.default_rng(1)
    values = rng.standard_normal((len(times), pixels)) + 0.06 * (times - times[0])[:, np.newaxis]
    values[rng.random(values.shape) < 0.2] = np.nan
    return np.round(values) if tied else values


def anew(times, values):
    """Yield the times and values of a series without one of its years, for each year."""
    valid = ~np.isnan(values)
    years = np.floor(times + 1e-9)
    for year in np.unique(years[valid]):
        rest = valid & (years != year)
        yield times[rest], values[rest]


@pytest.mark.parametrize("times", [YEARLY, SEVERAL, IRREGULAR], ids=["one", "five", "some"])
@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_scipy_finds_the_same_without_each_year(times, offset):
    values = series(times) + offset
    found = pixeltrend.reduce(times, values, stats="slope_min,slope_max,fragile,pvalue")
    for pixel, column in enumerate(values.T):
        fits = [stats.linregress(x, y) for x, y in anew(times, column)]
        slopes = [fit.slope for fit in fits]
        assert found["slope_min"][pixel] == pytest.approx(min(slopes), rel=1e-6, abs=1e-9)
        assert found["slope_max"][pixel] == pytest.approx(max(slopes), rel=1e-6, abs=1e-9)
        full = found["pvalue"][pixel] <= 0.05
        assert found["fragile"][pixel] == sum((fit.pvalue <= 0.05) != full for fit in fits)
    assert (found["fragile"] > 0).any()


def test_statsmodels_has_the_same_deleted_slopes():
    values = series(YEARLY, 1)[:, 0]
    x, y = YEARLY[~np.isnan(values)], values[~np.isnan(values)]
    fit = sm.OLS(y, sm.add_constant(x)).fit()
    deleted = fit.params[1] - OLSInfluence(fit).dfbeta[:, 1]
    found = pixeltrend.reduce(YEARLY, values, stats="slope_min,slope_max", per="decade")
    assert found["slope_min"] == pytest.approx(10 * deleted.min(), rel=1e-9)
    assert found["slope_max"] == pytest.approx(10 * deleted.max(), rel=1e-9)


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("times", [YEARLY, SEVERAL], ids=["one", "five"])
@pytest.mark.parametrize("alternative", ["two-sided", "increasing", "decreasing"])
def test_rank_tests_without_each_year_are_those_of_what_stays(times, tied, alternative):
    values = series(times, 30, tied=tied)
    options = {"method": "mann-kendall", "alternative": alternative}
    found = pixeltrend.reduce(times, values, stats="pvalue,fragile", alpha=0.1, **options)
    for pixel, column in enumerate(values.T):
        full = found["pvalue"][pixel] <= 0.1
        turned = [
            (pixeltrend.reduce(x, y, stats="pvalue", **options)["pvalue"] <= 0.1) != full
            for x, y in anew(times, column)
        ]
        assert found["fragile"][pixel] == sum(turned)


def test_scipy_tests_ranks_without_a_year_as_we_do():
    values = series(YEARLY, 60)
    found = pixeltrend.reduce(YEARLY, values, stats="fragile", method="theil-sen")["fragile"]
    for pixel, column in enumerate(values.T):
        valid = ~np.isnan(column)
        full = stats.kendalltau(YEARLY[valid], column[valid]).pvalue <= 0.05
        turned = [(stats.kendalltau(x, y).pvalue <= 0.05) != full for x, y in anew(YEARLY, column)]
        assert found[pixel] == sum(turned)


def test_lines_with_one_value_beside_them():
    values = np.array([[0, 0, 0, 0, 0, 5.0], [1, 2, 3, 4, 5, 0], [2, 2, 2, 2, 2, 2]]).T
    times = np.arange(2000.0, 2006.0)
    found = pixeltrend.reduce(times, values, stats="slope_min,slope_max,fragile")
    np.testing.assert_allclose(found["slope_min"], [0, -0.2, 0], atol=1e-15)
    np.testing.assert_allclose(found["slope_max"], [1, 1, 0], rtol=1e-12)
    # Constant values have no test; a perfect line is significant.
    np.testing.assert_array_equal(found["fragile"], [0, 1, np.nan])


def test_few_values_have_no_slope_or_test_without_a_year():
    values = np.array([[1, 2, np.nan, np.nan], [1, 3, 2, np.nan], [1, 3, 2, 5.0]]).T
    stats_ = "slope_min,slope_max,fragile"
    found = pixeltrend.reduce([2000, 2001, 2002, 2003], values, stats=stats_)
    assert np.isnan([band[0] for band in found.values()]).all()
    assert found["slope_min"][1] == -1
    assert found["slope_max"][1] == 2
    assert np.isnan(found["fragile"]).tolist() == [True, True, False]


def test_a_rank_test_of_several_values_at_one_time_is_refused():
    with pytest.raises(ArgumentError, match="one value at each time"):
        pixeltrend.reduce([0, 1, 1, 2], [1.0, 2, 3, 4], method="mann-kendall", stats="fragile")


@pytest.mark.parametrize("method", ["gls", "theil-sen", "mann-kendall", "linregress"])
def test_slopes_without_a_year_are_those_of_least_squares_alone(method):
    with pytest.raises(ArgumentError, match=f"'slope_min' is not a statistic of {method}"):
        pixeltrend.reduce(YEARLY, np.zeros((22, 1)), method=method, stats="slope_min")
