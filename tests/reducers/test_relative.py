"""What a line says in other words, against statsmodels and arithmetic."""

import numpy as np
import pytest
import statsmodels.api as sm

import pixeltrend

TIMES = 1990.0 + np.array([0, 1, 2, 3, 5, 6, 7.5, 9, 10, 11, 12, 14])


def series(pixels=40):
    rng = np.random.default_rng(0)
    values = 4 + rng.standard_normal((12, pixels)) + 0.1 * np.arange(12)[:, np.newaxis]
    values[rng.random(values.shape) < 0.2] = np.nan
    return values


@pytest.mark.parametrize("year", [1985.0, 2004.0, 2030.5])
@pytest.mark.parametrize("others", ["", "intercept,intercept_stderr"])
def test_statsmodels_predicts_the_same(year, others):
    values = series()
    found = pixeltrend.reduce(TIMES, values, predict=year, stats=others or "slope", confidence=0.9)
    for pixel, column in enumerate(values.T):
        valid = ~np.isnan(column)
        fit = sm.OLS(column[valid], sm.add_constant(TIMES[valid])).fit()
        wanted = fit.get_prediction([[1.0, year]]).summary_frame(alpha=0.1).iloc[0]
        assert found["predicted"][pixel] == pytest.approx(wanted["mean"], rel=1e-9)
        assert found["predicted_lower"][pixel] == pytest.approx(wanted["obs_ci_lower"], rel=1e-9)
        assert found["predicted_upper"][pixel] == pytest.approx(wanted["obs_ci_upper"], rel=1e-9)


@pytest.mark.parametrize("method", ["ols", "theil-sen"])
@pytest.mark.parametrize("others", ["", ",intercept"])
def test_the_line_begins_and_ends_at_the_times_of_the_series(method, others):
    values = series()
    line = pixeltrend.reduce(TIMES, values, method=method, stats="slope,intercept")
    found = pixeltrend.reduce(
        TIMES,
        values,
        method=method,
        stats="percent,change,fitted_first,fitted_last" + others,
        per="decade",
    )
    first, last = (line["intercept"] + line["slope"] * year for year in (1990.0, 2004.0))
    np.testing.assert_allclose(found["fitted_first"], first, rtol=1e-9)
    np.testing.assert_allclose(found["fitted_last"], last, rtol=1e-9)
    np.testing.assert_allclose(found["change"], 14 * line["slope"], rtol=1e-12)
    np.testing.assert_allclose(found["percent"], 1000 * line["slope"] / first, rtol=1e-9)


def test_per_cent_of_the_mean_and_of_what_is_below_zero():
    values = series()
    line = pixeltrend.reduce(TIMES, values)["slope"]
    found = pixeltrend.reduce(TIMES, values, stats="percent", percent_of="mean")["percent"]
    np.testing.assert_allclose(found, 100 * line / np.nanmean(values, axis=0), rtol=1e-12)
    rising = pixeltrend.reduce([0, 1, 2], [-2.0, -1.0, 0.0], stats="percent")["percent"]
    assert rising == pytest.approx(50)
    assert np.isnan(pixeltrend.reduce([0, 1, 2], [0.0, 0.0, 0.0], stats="percent")["percent"])


def test_new_values_lie_within_the_limits_as_often_as_promised():
    rng = np.random.default_rng(1)
    values = rng.standard_normal((13, 5000))
    found = pixeltrend.reduce(np.arange(12.0), values[:12], predict=20, confidence=0.8)
    within = (values[12] > found["predicted_lower"]) & (values[12] < found["predicted_upper"])
    assert within.mean() == pytest.approx(0.8, abs=3 * np.sqrt(0.16 / 5000))
