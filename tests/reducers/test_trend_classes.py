"""Classes of trends: by statsmodels' p-values and its equivalence tests, and by adjusted ones."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

import pixeltrend

DEC_SURE, DEC, STABLE, UNDETERMINED, INC, INC_SURE = range(1, 7)
TIMES = np.arange(1990.0, 2010.0)


def series(pixels, seed=0):
    rng = np.random.default_rng(seed)
    values = rng.standard_normal((20, pixels))
    values += rng.uniform(-0.12, 0.12, pixels) * np.arange(20)[:, np.newaxis]
    values[rng.random(values.shape) < 0.1] = np.nan
    return values


def expected(times, values, alpha, delta):
    """Class of a series by statsmodels; two one-sided tests of its slope against -/+ delta."""
    valid = ~np.isnan(values)
    fit = sm.OLS(values[valid], sm.add_constant(times[valid])).fit()
    if delta is not None:
        slope, error, df = fit.params[1], fit.bse[1], fit.df_resid
        p_low = stats.t.sf((slope + delta) / error, df)
        p_high = stats.t.sf((delta - slope) / error, df)
        if max(p_low, p_high) < alpha:
            return STABLE
    if fit.pvalues[1] > 2 * alpha:
        return UNDETERMINED
    significant = fit.pvalues[1] <= alpha
    if fit.params[1] < 0:
        return DEC_SURE if significant else DEC
    return INC_SURE if significant else INC


@pytest.mark.parametrize(("alpha", "delta"), [(0.05, None), (0.05, 0.08), (0.01, 0.15)])
def test_statsmodels_and_two_one_sided_tests_agree(alpha, delta):
    values = series(300)
    found = pixeltrend.reduce(TIMES, values, stats="class", alpha=alpha, stable=delta)["class"]
    wanted = [expected(TIMES, column, alpha, delta) for column in values.T]
    np.testing.assert_array_equal(found, wanted)
    assert len(np.unique(found)) == (5 if delta is None else 6)
    assert (found == STABLE).any() == (delta is not None)


@pytest.mark.parametrize("method", ["theil-sen", "mann-kendall"])
def test_rank_tests_have_classes_by_their_own_p_and_limits(method):
    values = series(300, 1)
    sen = {
        "method": "theil-sen",
        "confidence": 0.9,
        "stats": "slope,pvalue,slope_lower,slope_upper",
    }
    trend = pixeltrend.reduce(TIMES, values, **sen)
    delta = 0.09 if method == "theil-sen" else None
    found = pixeltrend.reduce(TIMES, values, stats="class", method=method, stable=delta)["class"]
    stable = (trend["slope_lower"] > -0.09) & (trend["slope_upper"] < 0.09) & (delta is not None)
    np.testing.assert_array_equal(found == STABLE, stable)
    sure = (trend["pvalue"] <= 0.05) & ~stable
    np.testing.assert_array_equal((found == DEC_SURE) | (found == INC_SURE), sure)
    up = (trend["pvalue"] <= 0.1) & (trend["slope"] > 0) & ~stable
    np.testing.assert_array_equal(found >= INC, up)


def test_adjusted_p_values_decide_with_fdr():
    values = series(300, 2)
    plain = pixeltrend.reduce(TIMES, values, stats="slope,pvalue", fdr="bh")
    found = pixeltrend.reduce(TIMES, values, stats="class", fdr="bh")
    assert list(found) == ["class", "pvalue", "pvalue_fdr"]
    sure = plain["pvalue_fdr"] <= 0.05
    np.testing.assert_array_equal(np.isin(found["class"], (DEC_SURE, INC_SURE)), sure)
    assert sure.sum() < (plain["pvalue"] <= 0.05).sum()
    np.testing.assert_array_equal(found["class"] == UNDETERMINED, plain["pvalue_fdr"] > 0.1)


def test_a_series_without_a_test_is_missing():
    values = np.full((20, 3), np.nan)
    values[:2, 1] = 1, 2
    values[:, 2] = 7
    for method in ("ols", "theil-sen", "mann-kendall"):
        found = pixeltrend.reduce(TIMES, values[:, ::2], method=method, stats="class")
        assert np.isnan(found["class"]).all()
    found = pixeltrend.reduce(TIMES, values, stats="class,reason", stable=1)
    assert np.isnan(found["class"]).all()
    assert found["reason"].tolist() == [1, 2, 3]


def test_noise_is_stable_as_often_as_promised():
    # A slope of exactly DELTA is called stable by chance alone: at most in alpha of all cases.
    rng = np.random.default_rng(6)
    values = rng.standard_normal((20, 4000)) + 0.1 * np.arange(20)[:, np.newaxis]
    found = pixeltrend.reduce(TIMES, values, stats="class", stable=0.1)["class"]
    assert (found == STABLE).mean() < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 4000)
