"""One slope with a level for each group: statsmodels with dummies, SciPy within groups, sizes."""

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from strategies import cuts

import pixeltrend
from pixeltrend.errors import ArgumentError
from pixeltrend.reducers.methods import make_reducer
from pixeltrend.reducers.options import StatsOptions

TIMES = np.arange(1990.0, 2020.0)
LEVELS = np.array([0] * 10 + [1] * 8 + [2] * 12)
STEPS = "2000,2008"
LINE = "slope,stderr,tvalue,pvalue,slope_lower,slope_upper,rmse,n_valid"


def series(pixels, seed=0, gaps=0.2):
    rng = np.random.default_rng(seed)
    values = rng.standard_normal((30, pixels)) + 0.05 * np.arange(30)[:, np.newaxis]
    values += np.array([0.0, 3.0, -1.0])[LEVELS, np.newaxis]
    values[rng.random(values.shape) < gaps] = np.nan
    return values


def fit_with_dummies(values, codes=LEVELS):
    valid = ~np.isnan(values)
    some = np.unique(codes[valid])
    dummies = (codes[valid, np.newaxis] == some).astype(float)
    design = np.column_stack([TIMES[valid] - 2000, dummies])
    return sm.OLS(values[valid], design).fit(), len(some)


def test_statsmodels_with_dummies_agrees():
    values = series(60)
    found = pixeltrend.reduce(TIMES, values, stats=LINE, steps=STEPS)
    assert list(found)[-4:] == ["step_1", "step_1_pvalue", "step_2", "step_2_pvalue"]
    for pixel, column in enumerate(values.T):
        fit, _ = fit_with_dummies(column)
        lower, upper = fit.conf_int()[0]
        wanted = {
            "slope": fit.params[0], "stderr": fit.bse[0], "tvalue": fit.tvalues[0],
            "pvalue": fit.pvalues[0], "slope_lower": lower, "slope_upper": upper,
            "rmse": np.sqrt(fit.ssr / fit.nobs), "n_valid": fit.nobs,
        }  # fmt: skip
        for number, contrast in enumerate(([0, -1, 1, 0], [0, 0, -1, 1]), 1):
            test = fit.t_test(contrast)
            wanted[f"step_{number}"] = test.effect[0]
            wanted[f"step_{number}_pvalue"] = float(test.pvalue)
        for name, value in wanted.items():
            assert found[name][pixel] == pytest.approx(value, rel=1e-8), name


def test_a_group_without_values_has_no_step_and_takes_no_degree_of_freedom():
    values = series(20, 1)
    values[LEVELS == 1] = np.nan
    found = pixeltrend.reduce(TIMES, values, stats="slope,pvalue", steps=STEPS)
    for pixel, column in enumerate(values.T):
        fit, groups = fit_with_dummies(column)
        assert groups == 2
        assert found["slope"][pixel] == pytest.approx(fit.params[0], rel=1e-9)
        assert found["pvalue"][pixel] == pytest.approx(fit.pvalues[0], rel=1e-9)
    assert np.isnan([found["step_1"], found["step_2"]]).all()


def test_groups_may_alternate():
    values = series(20, 2)
    codes = tuple(number % 2 for number in range(30))
    options = StatsOptions(stats="slope,pvalue", steps="sensor")
    reducer = make_reducer(options, [("LT05", "LE07")[code] for code in codes])
    assert [info.name for info in reducer.bands][2:] == ["step_1", "step_1_pvalue"]
    assert "from LT05 to LE07" in reducer.bands[2].description
    slope, pvalue, step, _ = reducer.reduce(TIMES, values)
    for pixel, column in enumerate(values.T):
        fit, _ = fit_with_dummies(column, np.array(codes))
        assert slope[pixel] == pytest.approx(fit.params[0], rel=1e-9)
        assert pvalue[pixel] == pytest.approx(fit.pvalues[0], rel=1e-9)
        assert step[pixel] == pytest.approx(fit.params[2] - fit.params[1], rel=1e-8)


@pytest.mark.parametrize("method", ["theil-sen", "mann-kendall"])
def test_ranks_are_compared_within_groups(method):
    values = np.round(series(40, 3), 1)
    found = pixeltrend.reduce(TIMES, values, method=method, stats="all", steps=STEPS)
    for pixel, column in enumerate(values.T):
        s = variance = 0.0
        slopes = []
        for code in range(3):
            rows = (code == LEVELS) & ~np.isnan(column)
            x, y = TIMES[rows], column[rows]
            i, j = np.triu_indices(len(x), 1)
            s += np.sign(y[j] - y[i]).sum()
            slopes += [*((y[j] - y[i]) / (x[j] - x[i]))]
            n, (_, t) = len(x), np.unique(y, return_counts=True)
            variance += n * (n - 1) * (2 * n + 5) / 18 - (t * (t - 1) * (2 * t + 5)).sum() / 18
        z = (s - np.sign(s)) / np.sqrt(variance)
        assert found["s"][pixel] == s
        assert found["var_s"][pixel] == pytest.approx(variance)
        assert found["pvalue"][pixel] == pytest.approx(min(2 * stats.norm.sf(abs(z)), 1))
        if method == "theil-sen":
            assert found["slope"][pixel] == np.median(slopes)
            reach = stats.norm.ppf(0.975) * np.sqrt(variance)
            low = np.sort(slopes)[round((len(slopes) - reach) / 2) - 1]
            assert found["slope_lower"][pixel] == low
            assert found["slope_upper"][pixel] > found["slope"][pixel]


@pytest.mark.parametrize("method", ["ols", "mann-kendall"])
def test_a_new_sensor_is_no_trend(method):
    """30 years, no trend, the last twelve half a standard deviation higher: 18 % become 5 %."""
    rng = np.random.default_rng(4)
    values = rng.standard_normal((30, 6000))
    values[18:] += 0.5
    plain = pixeltrend.reduce(TIMES, values, method=method, stats="pvalue")["pvalue"]
    within = pixeltrend.reduce(TIMES, values, method=method, stats="pvalue", steps="2008")
    assert 0.14 < (plain <= 0.05).mean() < 0.22
    spread = 3 * np.sqrt(0.05 * 0.95 / 6000)
    assert (within["pvalue"] <= 0.05).mean() == pytest.approx(0.05, abs=spread + 0.005)


def test_a_known_step_and_slope_come_back():
    rng = np.random.default_rng(5)
    values = rng.standard_normal((30, 3000)) * 0.2 + 0.03 * np.arange(30)[:, np.newaxis]
    values[18:] += 0.5
    found = pixeltrend.reduce(TIMES, values, stats="slope", steps="2008")
    error = found["slope"].std() / np.sqrt(3000)
    assert found["slope"].mean() == pytest.approx(0.03, abs=4 * error)
    assert found["step_1"].mean() == pytest.approx(
        0.5, abs=4 * found["step_1"].std() / np.sqrt(3000)
    )


def test_classes_go_with_steps():
    values = series(200, 6)
    found = pixeltrend.reduce(TIMES, values, stats="pvalue,slope", steps=STEPS)
    classes = pixeltrend.reduce(TIMES, values, stats="class", steps=STEPS)
    assert list(classes) == ["class"]
    sure = (found["pvalue"] <= 0.05) & (found["slope"] > 0)
    np.testing.assert_array_equal(classes["class"] == 6, sure)


@pytest.mark.parametrize("method", ["ols", "theil-sen"])
@settings(deadline=None, max_examples=15)
@given(data=st.data(), seed=st.integers(0, 99))
def test_a_pixel_depends_on_that_pixel_alone(method, data, seed):
    values = series(170, seed, 0.7)
    reducer = make_reducer(StatsOptions(method, stats="all", steps=STEPS))
    whole = reducer.reduce(TIMES, values)
    parts = np.split(values, data.draw(cuts(170)), axis=1)
    found = np.concatenate([reducer.reduce(TIMES, part) for part in parts], axis=1)
    assert found.tobytes() == whole.tobytes()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"steps": "soon"}, "expected sensor, or years"),
        ({"steps": "2010,2000"}, "years must rise"),
        ({"steps": "2000", "method": "linregress"}, "not an option of method linregress"),
        ({"steps": "2000", "stats": "intercept"}, "not a statistic of ols with steps"),
        ({"steps": "2000", "stats": "fragile"}, "not a statistic of ols with steps"),
        ({"steps": "2000", "stats": "detectable"}, "not a statistic of ols with steps"),
        ({"steps": "2000", "stats": "r1"}, "not a statistic of ols with steps"),
        ({"steps": "2000", "stats": "percent"}, "not a statistic of ols with steps"),
        ({"steps": "2000", "origin": 1990.0}, "origin: cannot go with steps"),
        ({"steps": "2000", "season": "month"}, "season: cannot go with steps"),
        ({"steps": "2000", "alternative": "increasing"}, "alternative is not an option of method"),
        (
            {"steps": "2000", "method": "mann-kendall", "independent_seasons": True},
            "independent_seasons: needs a season",
        ),
        ({"steps": ""}, "expected sensor, or years"),
        ({"steps": "2000,2000"}, "years must rise"),
        ({"steps": "2000,inf"}, "years must rise"),
        ({"steps": "2000", "predict": 2030.0}, "predict: cannot go with steps"),
        (
            {"steps": "2000", "method": "mann-kendall", "correction": "ar1"},
            "correction: cannot go with steps",
        ),
        ({"steps": "sensor"}, "arrays have no sensors"),
        ({"steps": "1990"}, "no raster before 1990, so that group is empty; the times go from 19"),
        ({"steps": "2000,2019.5"}, "no raster from 2019.5 on"),
    ],
)
def test_what_makes_no_sense_is_refused(options, said):
    with pytest.raises(ArgumentError, match=said):
        pixeltrend.reduce(TIMES, np.zeros((30, 1)), **options)
