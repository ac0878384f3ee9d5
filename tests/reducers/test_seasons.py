"""Seasons: pymannkendall without gaps, the paper's formulas with them, dates of all kinds."""

from datetime import date, timedelta
from itertools import combinations

import numpy as np
import pymannkendall
import pytest
from scipy.signal import lfilter
from scipy.stats import norm, rankdata

import pixeltrend
from pixeltrend.errors import ArgumentError
from pixeltrend.reducers.calendars import count_months
from pixeltrend.reducers.seasons import seasons_of
from pixeltrend.times.dates import decimal_year

MONTHS = np.array([decimal_year(2001 + k // 12, k % 12 + 1) for k in range(108)])


def monthly(decimals=1, gaps=0.0):
    rng = np.random.default_rng(2)
    values = lfilter([1], [1, -0.6], rng.standard_normal((108, 30)), axis=0)
    values = np.round(values + 3 * np.sin(6 * MONTHS)[:, np.newaxis], decimals)
    values[rng.random(values.shape) < gaps] = np.nan
    return values


def seasonal(times, values, season="month", stats="s,var_s,z,pvalue", **options):
    return pixeltrend.reduce(
        times, values, method="mann-kendall", stats=stats, season=season, **options
    )


def test_independent_seasons_add_up_as_in_pymannkendall():
    values = monthly(gaps=0.1)
    found = pixeltrend.reduce(
        MONTHS, values, method="theil-sen", stats="all", season="month", independent_seasons=True
    )
    for pixel, series in enumerate(values.T):
        theirs = pymannkendall.seasonal_test(series, period=12)
        assert found["s"][pixel] == theirs.s
        assert found["var_s"][pixel] == pytest.approx(theirs.var_s)
        assert found["z"][pixel] == pytest.approx(theirs.z)
        assert found["pvalue"][pixel] == pytest.approx(theirs.p, rel=1e-9)
        untied = 0.0
        for month in series.reshape(9, 12).T:
            pairs = list(combinations(month[~np.isnan(month)], 2))
            untied += np.sqrt(len(pairs) * sum(a != b for a, b in pairs))
        assert found["tau"][pixel] == pytest.approx(theirs.s / untied)
    assert (found["slope_lower"] <= found["slope"]).all()
    assert (found["slope"] <= found["slope_upper"]).all()


@pytest.mark.parametrize("decimals", [0, 9])
def test_the_covariance_is_pymannkendalls_where_nothing_is_missing(decimals):
    values = monthly(decimals)
    found = seasonal(MONTHS, values)
    for pixel, series in enumerate(values.T):
        theirs = pymannkendall.correlated_seasonal_test(series, period=12)
        assert found["s"][pixel] == theirs.s
        assert found["var_s"][pixel] == round(3 * theirs.var_s) / 3  # theirs sums rounded thirds
        z = (theirs.s - np.sign(theirs.s)) / np.sqrt(theirs.var_s)  # theirs is not continuous
        assert found["z"][pixel] == pytest.approx(z, rel=1e-14)
        assert found["pvalue"][pixel] == pytest.approx(2 * norm.sf(abs(z)), rel=1e-9)


def hirsch_and_slack(table):
    """Return the sum of all covariances of S between the columns of years by seasons."""
    years, seasons = table.shape
    ranks, counts = np.empty_like(table), []
    for season in range(seasons):
        valid = ~np.isnan(table[:, season])
        counts.append(valid.sum())
        ranks[:, season] = (valid.sum() + 1) / 2
        ranks[valid, season] = rankdata(table[valid, season])
    total = 0.0
    for g in range(seasons):
        for h in range(seasons):
            k = sum(
                np.nan_to_num(np.sign((table[j, g] - table[i, g]) * (table[j, h] - table[i, h])))
                for i, j in combinations(range(years), 2)
            )
            products = 4 * ranks[:, g] @ ranks[:, h]
            total += (k + products - years * (counts[g] + 1) * (counts[h] + 1)) / 3
    return total


@pytest.mark.parametrize("gaps", [0.1, 0.5])
def test_the_covariance_is_the_papers_with_gaps(gaps):
    values = monthly(gaps=gaps)
    found = seasonal(MONTHS, values)["var_s"]
    for pixel, series in enumerate(values.T):
        assert found[pixel] == pytest.approx(hirsch_and_slack(series.reshape(9, 12)), rel=1e-12)
    absent = np.delete(np.arange(108), [5, 6, 50])  # as if they were all missing
    values[[5, 6, 50]] = np.nan
    for name, array in seasonal(MONTHS, values).items():
        np.testing.assert_array_equal(seasonal(MONTHS[absent], values[absent])[name], array)


def test_one_season_has_the_variance_of_independent_values():
    rng = np.random.default_rng(4)
    values = np.round(rng.standard_normal((25, 50)), 1)
    values[rng.random(values.shape) < 0.2] = np.nan
    years = np.arange(2000.0, 2025.0)
    plain = pixeltrend.reduce(years, values, method="mann-kendall", stats="s,var_s,z")
    for name, array in seasonal(years, values, stats="s,var_s,z").items():
        np.testing.assert_allclose(array, plain[name], rtol=1e-14, err_msg=name)


def test_levels():
    # 20 years of months without a trend; the audit had 15 and 28, and 5.9 and 5.6 %.
    times, pixels = 1990 + np.arange(240) / 12, 4000
    for rho, independent, share in [(0.3, 13.9, 5.2), (0.6, 30.4, 6.6)]:
        noise = np.random.default_rng(3).standard_normal((340, pixels))
        values = lfilter([1], [1, -rho], noise, axis=0)[100:]
        for expected, options in [(independent, {"independent_seasons": True}), (share, {})]:
            found = 100 * np.mean(seasonal(times, values, **options)["pvalue"] < 0.05)
            error = np.sqrt(expected * (100 - expected) * (1 / pixels + 1 / 20000))
            assert abs(found - expected) < 4 * error


def test_how_pixels_are_put_together_does_not_show():
    values = np.tile(monthly(gaps=0.3), 7)
    for options in ({}, {"season": "quarter"}):
        whole = seasonal(MONTHS, values, **options)
        parts = [seasonal(MONTHS, part, **options) for part in np.split(values, [1, 70], axis=1)]
        for name, array in whole.items():
            assert np.concatenate([part[name] for part in parts]).tobytes() == array.tobytes()


def test_months_of_decimal_years():
    for year in (1999, 2000, 2100):
        days = (date(year + 1, 1, 1) - date(year, 1, 1)).days
        for number in range(days):
            month = (date(year, 1, 1) + timedelta(number)).month
            found = count_months(np.array([year + number / days]))
            assert found == 12 * year + month - 1


def day(year, of_year):
    return decimal_year(year, doy=of_year)


KINDS = {
    "quarter": ("quarter", 4, lambda k: decimal_year(2001 + k // 4, 3 * (k % 4) + 2, 15)),
    "16 days by length": ("16day", 23, lambda k: day(2001 + k // 23, 1 + 16 * (k % 23))),
    "16 days by number": ("23", 23, lambda k: day(2001 + k // 23, 1 + 16 * (k % 23))),
    "Aqua by length": ("16day", 23, lambda k: day(2001 + k // 23, 9 + 16 * (k % 23))),
    "Aqua by number": ("23", 23, lambda k: day(2001 + k // 23, 9 + 16 * (k % 23))),
    "8 days": ("8day", 46, lambda k: day(2001 + k // 46, 1 + 8 * (k % 46))),
    "k/23": ("23", 23, lambda k: 2001 + k / 23),
    "k/23, two decimals": ("23", 23, lambda k: round(2001 + k / 23, 2)),
    "(k + 1/2)/23, two decimals": ("23", 23, lambda k: round(2001 + (k + 0.5) / 23, 2)),
    "k/4, two decimals": ("4", 4, lambda k: round(2001 + k / 4, 2)),
    "k/12, three decimals": ("month", 12, lambda k: round(2001 + k / 12, 3)),
    "days, three decimals": (
        "month", 12, lambda k: round(decimal_year(2001 + k // 12, k % 12 + 1, 1 + 9 * (k % 4)), 3),
    ),
    "days, four decimals": (
        "month", 12, lambda k: round(decimal_year(2001 + k // 12, k % 12 + 1, 1 + 9 * (k % 4)), 4),
    ),
    "moments": (
        "month", 12, lambda k: decimal_year(2001 + k // 12, k % 12 + 1, 1 + 9 * (k % 4)) + 1e-3,
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_a_season_is_that_of_the_date(kind):
    season, in_a_year, time = KINDS[kind]
    count = np.arange(8 * in_a_year)
    found = seasons_of(np.array([time(int(k)) for k in count]), season)
    np.testing.assert_array_equal(found.number, count % in_a_year)
    np.testing.assert_array_equal(found.year, 2001 + count // in_a_year)


def test_december_counts_to_the_next_years_winter():
    found = seasons_of(MONTHS, "meteorological")
    assert found.number[:13].tolist() == [0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 0, 0]
    assert found.year[:13].tolist() == [2001] * 11 + [2002] * 2


def test_of_several_values_in_a_season_the_median_is_taken(caplog):
    values = monthly(gaps=0.2)
    values[13::12] = 0.5
    winters = np.stack([np.nanmedian(values[k - 1 : k + 2], axis=0) for k in range(12, 108, 12)])
    rows = [k + shift for k in range(12, 108, 12) for shift in (-1, 0, 1)]
    found = pixeltrend.reduce(
        MONTHS[rows], values[rows], method="theil-sen", season="meteorological",
        stats="slope,s,var_s,n_valid",
    )  # fmt: skip
    plain = pixeltrend.reduce(
        MONTHS[rows[1::3]], winters, method="theil-sen", stats="slope,s,var_s,n_valid"
    )
    for name, array in found.items():
        np.testing.assert_allclose(array, plain[name], rtol=1e-12, err_msg=name)
    (note,) = caplog.messages
    assert note == (
        "season meteorological: 8 of 8 have several rasters, of which the median is taken; "
        "December to February of 2002 has 3"
    )


@pytest.mark.parametrize(
    ("times", "season", "text"),
    [
        ([2000.08, 2001.13, 2002.27], "month", "2000.08 could be in either of two seasons"),
        ([2000.33, 2001.13, 2002.27], "16day", "could be in either of two seasons: give dates"),
        (
            [2000.0, day(2000, 40), 2001.0],
            "month",
            "February has values of 2000 alone, but a trend needs two years of each season",
        ),
        ([2000.0, 2001.0, 2001.5], "2", "part 2 of the year has values of 2001 alone"),
        ([2000.0, 2001.0], "week", "is not month, quarter, meteorological, a length"),
        ([2000.0, 2001.0], "184day", "a length of 1 to 183 days"),
        ([2000.0, 2001.0], "1", "a number of parts of the year from 2 to 366"),
    ],
)
def test_what_is_not_a_season_is_refused(times, season, text):
    with pytest.raises(ArgumentError, match=text):
        seasonal(times, np.zeros(len(times)), season)


def test_independence_needs_seasons():
    with pytest.raises(ArgumentError, match="independent_seasons: needs a season"):
        seasonal(MONTHS, monthly(), season=None, independent_seasons=True)


def test_a_number_of_parts_may_be_a_number():
    times = 2000 + np.arange(30) / 3
    values = np.random.default_rng(1).standard_normal((30, 5))
    np.testing.assert_array_equal(
        seasonal(times, values, 3)["pvalue"], seasonal(times, values, "3")["pvalue"]
    )
