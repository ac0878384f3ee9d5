"""pixeltrend.reduce: statistics of arrays, quality bands, and what is refused."""

import datetime as dt
import sys

import cftime
import numpy as np
import pytest
from running import run
from scipy.stats import false_discovery_control, linregress

import pixeltrend
from pixeltrend.errors import ArgumentError

YEARS = np.arange(2000, 2008)


def test_shape_order_and_names():
    values = np.random.default_rng(0).standard_normal((8, 2, 3, 4))
    found = pixeltrend.reduce(YEARS, values, stats=["pvalue", "slope"])
    assert list(found) == ["pvalue", "slope"]
    assert found["slope"].shape == (2, 3, 4)
    assert found["slope"].dtype == np.float64
    backwards = pixeltrend.reduce(YEARS[::-1], values[::-1], stats="pvalue, slope")
    np.testing.assert_array_equal(backwards["slope"], found["slope"])
    one = pixeltrend.reduce(YEARS, values[:, 1, 2, 3])
    assert one["slope"] == found["slope"][1, 2, 3]


@pytest.mark.parametrize("method", ["ols", "linregress", "theil-sen", "mann-kendall"])
def test_input_is_left_alone_and_infinity_is_missing(method):
    values = np.random.default_rng(0).standard_normal((8, 5))
    values[3] = np.inf
    before = values.copy()
    found = pixeltrend.reduce(YEARS, values, method=method)
    np.testing.assert_array_equal(values, before)
    kept = YEARS != 2003
    without = pixeltrend.reduce(YEARS[kept], values[kept], method=method)
    for name, array in found.items():
        np.testing.assert_allclose(array, without[name], rtol=1e-12)


DAYS = ["1999-12-31", "2001-07-02", "2004-02-29", "2010-01-01"]
AS_DATES = {
    "ns": np.array(DAYS, "datetime64[ns]"),
    "D": np.array(DAYS, "datetime64[D]"),
    "datetime": [dt.datetime.fromisoformat(day) for day in DAYS],
    "date": [dt.date.fromisoformat(day) for day in DAYS],
    "with a zone": [dt.datetime.fromisoformat(f"{day}T00:00+00:00") for day in DAYS],
    "cftime": [cftime.datetime(*map(int, day.split("-")), calendar="standard") for day in DAYS],
}


@pytest.mark.parametrize("kind", AS_DATES)
def test_dates_are_decimal_years(kind):
    years = [1999 + 364 / 365, 2001 + 182 / 365, 2004 + 59 / 366, 2010]
    values = [[1.0, 2], [4, 3], [2, 2], [5, -1]]
    found = pixeltrend.reduce(AS_DATES[kind], values, stats="slope,first_valid")
    expected = linregress(years, [row[0] for row in values]).slope
    np.testing.assert_allclose(found["slope"][0], expected, rtol=1e-12)
    np.testing.assert_allclose(found["first_valid"], years[0], rtol=1e-15)


@pytest.mark.parametrize(
    "times",
    [
        np.array(["2001-01-01", "NaT", "2003-01-01"], "datetime64[D]"),
        np.array([0, 365, 730], "timedelta64[D]"),
        ["2001", "2002", "2003"],
        [dt.date(2001, 1, 1), 2002, None],
        [2001, 2002, 2003j],
    ],
    ids=["NaT", "timedelta", "text", "mixed", "complex"],
)
def test_what_is_no_time_is_refused(times):
    with pytest.raises(ArgumentError, match="times"):
        pixeltrend.reduce(times, [1, 2, 3])


def test_true_is_the_usual_adjustment():
    values = np.random.default_rng(5).standard_normal((8, 30))
    adjusted = pixeltrend.reduce(YEARS, values, stats="pvalue", fdr=True)["pvalue_fdr"]
    expected = false_discovery_control(pixeltrend.reduce(YEARS, values, stats="pvalue")["pvalue"])
    np.testing.assert_allclose(adjusted, expected, rtol=1e-12)
    assert list(pixeltrend.reduce(YEARS, values, stats="pvalue", fdr=False)) == ["pvalue"]


def test_p_values_that_are_all_missing_are_told(caplog):
    pixeltrend.reduce([2000, 2001], [[1.0, 2], [3, 5]], stats="slope,pvalue")
    assert "2 times are too few for a test" in caplog.text
    caplog.clear()
    pixeltrend.reduce(YEARS, np.eye(8)[:, :2], stats="slope,pvalue")
    assert caplog.text == ""


def test_quality_bands():
    values = np.full((8, 5), np.nan)
    values[[1, 2, 6], 0] = 1, 3, 2
    values[4, 1] = 1
    values[:, 3] = 0.5
    values[:, 4] = np.arange(8) ** 2
    found = pixeltrend.reduce(
        YEARS, values, stats="pvalue,first_valid,last_valid,longest_gap,reason,n_valid"
    )
    nan = np.nan
    np.testing.assert_array_equal(found["first_valid"], [2001, 2004, nan, 2000, 2000])
    np.testing.assert_array_equal(found["last_valid"], [2006, 2004, nan, 2007, 2007])
    np.testing.assert_array_equal(found["longest_gap"], [4, nan, nan, 1, 1])
    np.testing.assert_array_equal(found["reason"], [0, 2, 1, 3, 0])
    np.testing.assert_array_equal(found["n_valid"], [3, 1, 0, 8, 8])


@pytest.mark.parametrize("method", ["ols", "linregress", "theil-sen", "mann-kendall"])
def test_min_valid(method):
    values = np.random.default_rng(0).standard_normal((8, 2))
    values[:3, 0] = np.nan
    found = pixeltrend.reduce(YEARS, values, method=method, stats="pvalue" if method != "theil-sen"
                              else "slope,pvalue", min_valid=6)  # fmt: skip
    for array in found.values():
        assert np.isnan(array).tolist() == [True, False]
    if method == "ols":
        reason = pixeltrend.reduce(YEARS, values, stats="slope,reason", min_valid=6)["reason"]
        assert reason.tolist() == [2, 0]


@pytest.mark.parametrize(
    ("keywords", "said"),
    [
        ({"method": "olss"}, "method 'olss': is not one of ols, gls, linregress.*did you mean ols"),
        ({"methods": "ols"}, "methods: is not an option; did you mean method"),
        ({"stats": "slope,tau"}, "'tau' is not a statistic of ols, which has slope, intercept"),
        ({"stats": "slope,slope"}, "slope is asked for twice"),
        ({"confidence": 1.5}, "confidence 1.5: must lie between 0 and 1"),
        (
            {"season": "month"},
            "season is not an option of method ols, but of theil-sen, mann-kendall",
        ),
        ({"method": "theil-sen", "fdr": "b"}, "fdr 'b': is not one of bh, by"),
        ({"method": "theil-sen", "lags": 3}, "only the correction hamed-rao has lags"),
        (
            {"method": "theil-sen", "correction": "hamed-rao", "season": "month"},
            "cannot go together",
        ),
        ({"min_valid": -1}, "min_valid -1: must not be negative"),
        ({"origin": float("nan")}, "origin nan: must be a year"),
        ({"method": "linregress", "fdr": "bh"}, "fdr is not an option of method linregress"),
    ],
)
def test_options_that_make_no_sense_are_refused_in_one_line(keywords, said):
    with pytest.raises(ArgumentError, match=said) as caught:
        pixeltrend.reduce(YEARS, np.zeros(8), **keywords)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("times", "values", "said"),
    [
        (YEARS, np.zeros((7, 2)), r"times \(8,\) and values \(7, 2\)"),
        ([2000], np.zeros(1), "two or more"),
        ([2000, np.nan], np.zeros(2), "expected two or more finite numbers"),
        (YEARS, ["a"] * 8, "expected integers or floats"),
    ],
)
def test_arrays_that_make_no_sense_are_refused(times, values, said):
    with pytest.raises(ArgumentError, match=said):
        pixeltrend.reduce(times, values)


@pytest.mark.parametrize(
    ("keywords", "absent"),
    [
        ("", ["scipy", "numba"]),
        ("stats='slope,intercept,pvalue,n_valid,reason'", ["scipy.special", "scipy.stats"]),
        ("stats='all'", ["scipy.stats"]),
        ("method='theil-sen', stats='all'", ["scipy.stats"]),
    ],
)
def test_what_is_not_needed_is_not_imported(keywords, absent):
    program = (
        "import sys, numpy, pixeltrend; pixeltrend.reduce([2000, 2001, 2002], [1, 2, 4]"
        f"{', ' + keywords if keywords else ''}); "
        f"sys.exit(any(name in sys.modules for name in {absent!r}))"
    )
    assert run([sys.executable, "-c", program]).returncode == 0
