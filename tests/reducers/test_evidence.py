"""The way to a p-value, beside statsmodels and SciPy."""

import math

import numpy as np
import pymannkendall
import pytest
import scipy.stats
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st

from pixeltrend.arrays import reduce
from pixeltrend.reducers.evidence import evidence
from pixeltrend.reducers.options import StatsOptions

YEARS = np.arange(1990.0, 2012.0)


def made(seed, *, gaps=3, ties=False):
    rng = np.random.default_rng(seed)
    values = 0.01 * (YEARS - 2000) + rng.normal(0, 0.1, len(YEARS))
    values = np.round(values, 1) if ties else values
    values[rng.choice(len(YEARS), gaps, replace=False)] = np.nan
    return values


def steps_of(found):
    return {step.name: step.value for step in found.steps}


@given(seed=st.integers(0, 1000))
@pytest.mark.parametrize("method", ["ols", "linregress"])
def test_least_squares_is_that_of_statsmodels(method, seed):
    values = made(seed)
    valid = ~np.isnan(values)
    found = evidence(YEARS, values, StatsOptions(method=method, per="decade", origin=2000.0))
    fit = sm.OLS(values[valid], sm.add_constant(YEARS[valid] - 2000)).fit()
    limits = fit.get_prediction().conf_int(obs=False)
    assert found.line[valid] == pytest.approx(fit.fittedvalues, abs=1e-12)
    assert found.lower[valid] == pytest.approx(limits[:, 0], abs=1e-10)
    assert found.upper[valid] == pytest.approx(limits[:, 1], abs=1e-10)
    assert found.leverage[valid] == pytest.approx(fit.get_influence().hat_matrix_diag, rel=1e-9)
    assert np.isnan(found.leverage[~valid]).all()
    steps = steps_of(found)
    assert steps["sse"] == pytest.approx(fit.ssr, rel=1e-9)
    assert steps["syy"] == pytest.approx(fit.centered_tss, rel=1e-9)
    assert steps["df"] == fit.df_resid
    assert steps["t"] == pytest.approx(fit.tvalues[1], rel=1e-9)
    assert steps["p"] == pytest.approx(fit.pvalues[1], rel=1e-7)
    assert steps["slope"] == pytest.approx(10 * steps["sxy"] / steps["sxx"], rel=1e-9)
    again = 10 * math.sqrt(steps["sse"] / steps["df"] / steps["sxx"])
    assert steps["stderr"] == pytest.approx(again, rel=1e-9)


def test_corrected_steps_lead_to_the_corrected_p():
    values = made(3, gaps=0)
    found = evidence(YEARS, values, StatsOptions(correction="ar1"))
    steps = steps_of(found)
    assert steps["df"] == pytest.approx(steps["n_eff"] - 2)
    variance = steps["factor"] * steps["sse"] / (steps["n"] - 2) / steps["sxx"]
    assert steps["stderr"] == pytest.approx(math.sqrt(variance), rel=1e-9)
    assert steps["p"] == pytest.approx(2 * scipy.stats.t.sf(abs(steps["t"]), steps["df"]), rel=1e-9)
    half = found.statistics["slope_upper"] - found.statistics["slope"]
    quantile = scipy.stats.t.ppf(0.975, steps["df"])
    assert half == pytest.approx(quantile * steps["stderr"], rel=1e-9)
    at_mean = np.interp(YEARS.mean(), YEARS, found.upper - found.line)
    middle = quantile * steps["stderr"] * math.sqrt(steps["sxx"] / steps["n"])
    assert at_mean == pytest.approx(middle, rel=1e-2)


@given(seed=st.integers(0, 1000), ties=st.booleans())
@pytest.mark.parametrize("method", ["mann-kendall", "theil-sen"])
def test_rank_tests_are_those_of_scipy(method, seed, ties):
    values = made(seed, ties=ties)
    valid = ~np.isnan(values)
    found = evidence(YEARS, values, StatsOptions(method=method))
    steps = steps_of(found)
    x, y = YEARS[valid], values[valid]
    expected = scipy.stats.kendalltau(x, y).pvalue
    if ties:  # SciPy has no continuity correction
        expected = pymannkendall.original_test(y).p
    assert steps["p"] == pytest.approx(expected, rel=1e-9)
    later = np.triu_indices(len(x), 1)
    signs = np.sign(y[later[1]] - y[later[0]])
    assert steps["S"] == signs.sum()
    assert steps["ties"] == (signs == 0).sum()
    assert steps["pairs"] == len(signs)
    z = (steps["S"] - np.sign(steps["S"])) / math.sqrt(steps["var_s"])
    assert steps["z"] == pytest.approx(z, abs=1e-12)
    exact = not (signs == 0).any()
    assert found.steps[-1].formula.startswith("exact" if exact else "normal")
    if method == "theil-sen":
        line = scipy.stats.theilslopes(y, x, method="separate")
        assert found.line[valid] == pytest.approx(line.intercept + line.slope * x, abs=1e-10)
        assert (found.lower <= found.upper).all()
    else:
        assert found.line is found.lower is None


@pytest.mark.parametrize(
    "options",
    [
        StatsOptions(method="mann-kendall", correction=name, stats="pvalue")
        for name in ("ar1", "hamed-rao", "yue-wang", "pre-whitening", "wang-swail")
    ]
    + [StatsOptions(method="gls"), StatsOptions(steps="2000"), StatsOptions(stats="class")],
    ids=["ar1", "hamed-rao", "yue-wang", "pre-whitening", "wang-swail", "gls", "steps", "class"],
)
def test_statistics_are_those_of_a_run(options):
    values = made(5, gaps=0)
    found = evidence(YEARS, values, options)
    kept = {"correction": options.correction, "steps": options.steps}
    expected = reduce(YEARS, values, method=options.method, stats="all", **kept)
    for name, value in expected.items():
        assert found.statistics[name] == value or (np.isnan(value) and name in found.statistics)
    steps = steps_of(found)
    assert steps["p"] == expected["pvalue"]
    if "factor" in steps and "var_independent" in steps:
        product = steps["factor"] * steps["var_independent"]
        assert steps["var_s"] == pytest.approx(product, rel=1e-12)


def test_seasons_add_up():
    months = np.round(np.arange(2000, 2006, 1 / 12) + 1e-9, 4)
    rng = np.random.default_rng(1)
    values = np.sin(2 * np.pi * months) + 0.05 * (months - 2000) + rng.normal(0, 0.1, len(months))
    found = evidence(months, values, StatsOptions(method="mann-kendall", season="12"))
    steps = steps_of(found)
    assert steps["pairs"] == 12 * 15
    expected = reduce(months, values, method="mann-kendall", season="12", stats="s,pvalue")
    assert (steps["S"], steps["p"]) == (expected["s"], expected["pvalue"])


@pytest.mark.parametrize("count", [0, 1, 2])
@pytest.mark.parametrize("method", ["ols", "theil-sen", "mann-kendall", "gls", "linregress"])
def test_few_values_are_no_defect(method, count):
    values = np.full(len(YEARS), np.nan)
    values[:count] = np.arange(count)
    found = evidence(YEARS, values, StatsOptions(method=method))
    assert found.steps[0].value == count
    assert count == 2 or np.isnan(found.steps[-1].value)
