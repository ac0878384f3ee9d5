"""Corrections for serial correlation: pymannkendall without gaps, plain formulas with them."""

from fractions import Fraction
from itertools import combinations
from statistics import NormalDist

import numpy as np
import pymannkendall
import pytest
from scipy.signal import lfilter
from scipy.stats import norm, rankdata, theilslopes
from scipy.stats import t as student
from statsmodels.tsa.stattools import acf

import pixeltrend
from pixeltrend.errors import ArgumentError
from pixeltrend.reducers.methods import make_reducer
from pixeltrend.reducers.options import StatsOptions

TESTS = {
    "pre-whitening": pymannkendall.pre_whitening_modification_test,
    "trend-free-pre-whitening": pymannkendall.trend_free_pre_whitening_modification_test,
}
ALL = ("ar1", "hamed-rao", "yue-wang", *TESTS, "wang-swail")
YEARS = np.arange(1982.0, 2022.0)


def correlated(count, pixels, seed, rho=0.5):
    rng = np.random.default_rng(seed)
    values = rng.standard_normal((count, pixels))
    for i in range(1, count):
        values[i] += rho * values[i - 1]
    return values + 0.03 * np.arange(count)[:, np.newaxis]


def corrected(times, values, correction, more="", **options):
    return pixeltrend.reduce(
        times, values, method="mann-kendall", stats="s,var_s,z,pvalue" + more,
        correction=correction, **options,
    )  # fmt: skip


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")  # theirs, of a negative variance
@pytest.mark.parametrize("lags", [None, 1, 5])
@pytest.mark.parametrize("count", [21, 40])
def test_hamed_rao_is_pymannkendalls_with_three_lags_and_no_factor_under_one(count, lags):
    values = correlated(count, 60, count)
    found = corrected(YEARS[:count], values, "hamed-rao", lags=lags)
    plain = pixeltrend.reduce(YEARS[:count], values, method="mann-kendall", stats="s,pvalue")
    for pixel, series in enumerate(values.T):
        theirs = pymannkendall.hamed_rao_modification_test(series, lag=lags or 3)
        independent = pymannkendall.original_test(series)
        assert found["s"][pixel] == theirs.s
        if theirs.var_s > independent.var_s:
            assert found["var_s"][pixel] == pytest.approx(theirs.var_s, rel=1e-9)
            assert found["z"][pixel] == pytest.approx(theirs.z, rel=1e-9)
            assert found["pvalue"][pixel] == pytest.approx(theirs.p, rel=1e-6, abs=1e-14)
        else:  # serial correlation that makes S vary less is chance
            assert found["var_s"][pixel] == pytest.approx(independent.var_s, rel=1e-14)
            assert found["pvalue"][pixel] == plain["pvalue"][pixel]


@pytest.mark.parametrize("count", [21, 40])
def test_yue_wang_is_the_published_formula_with_pymannkendalls_r_1(count):
    values = correlated(count, 60, count)
    found = corrected(YEARS[:count], values, "yue-wang", ",factor,r1,n_eff")
    n = count
    for pixel, series in enumerate(values.T):
        theirs = pymannkendall.yue_wang_modification_test(series, lag=1)
        independent = pymannkendall.original_test(series)
        r = (theirs.var_s / independent.var_s - 1) / 2 / (1 - 1 / n)  # all that lag 1 adds there
        assert found["r1"][pixel] == pytest.approx(r, abs=1e-9)
        factor = 1 + 2 * (r ** (n + 1) - n * r**2 + (n - 1) * r) / (n * (r - 1) ** 2)
        assert found["factor"][pixel] == pytest.approx(factor, rel=1e-9)
        assert found["n_eff"][pixel] == pytest.approx(n / factor, rel=1e-9)
        z = (theirs.s - np.sign(theirs.s)) / np.sqrt(factor * independent.var_s)
        assert found["z"][pixel] == pytest.approx(z, rel=1e-9)
        assert found["pvalue"][pixel] == pytest.approx(2 * norm.sf(abs(z)), rel=1e-8)


@pytest.mark.parametrize("level", [0.05, 0.5])
@pytest.mark.parametrize("correction", ["pre-whitening", "trend-free-pre-whitening"])
@pytest.mark.parametrize("count", [21, 40])
def test_whitening_is_pymannkendalls_where_r_1_is_significant(count, correction, level):
    values = correlated(count, 60, count)
    found = corrected(YEARS[:count], values, correction, ",r1", lag_level=level)
    plain = pixeltrend.reduce(
        YEARS[:count], values, method="mann-kendall", stats="s,var_s,z,pvalue"
    )
    reach = NormalDist().inv_cdf(1 - level / 2) * np.sqrt(count - 2)
    whitened = 0
    for pixel, series in enumerate(values.T):
        free = correction.startswith("trend-free")
        left = series - theilslopes(series).slope * np.arange(count) if free else series
        r = acf(left, nlags=1)[1]
        if (-1 - reach) / (count - 1) <= r <= (-1 + reach) / (count - 1):
            assert found["r1"][pixel] == 0
            for name, array in plain.items():
                assert found[name][pixel] == array[pixel]
            continue
        whitened += 1
        theirs = TESTS[correction](series)
        assert found["r1"][pixel] == pytest.approx(r, rel=1e-9)
        assert found["s"][pixel] == theirs.s
        assert found["var_s"][pixel] == pytest.approx(theirs.var_s, rel=1e-9)
        assert found["pvalue"][pixel] == pytest.approx(theirs.p, rel=1e-6, abs=1e-14)
    assert 0 < whitened < 60


def zyps_steps(data):
    """Return S and r_1 as R's zyp 0.11 comes to them with method "zhang", step by step."""

    def r_1(y):
        y = y - np.nanmean(y)
        products = y[1:] * y[:-1]
        pairs = np.sum(~np.isnan(products))
        return np.nansum(products) / (pairs + 1) / np.nanmean(y**2)

    def whiten(r):
        y = (data[1:] - r * data[:-1]) / (1 - r)
        valid = np.flatnonzero(~np.isnan(y))
        return y[valid], theilslopes(y[valid], valid).slope

    r = c0 = r_1(data)
    if r < 0.05:
        y = data[~np.isnan(data)]
    else:
        y, trend = whiten(r)
        trend0 = trend
        for _ in range(499):
            c = r_1(data - trend * np.arange(len(data)))
            if c < 0.05 and abs(c - c0) <= 0.0001:
                break
            r = c
            y, trend = whiten(c)
            if abs((trend - trend0) / trend) <= 0.001 and abs(c - c0) <= 0.0001:
                break
            trend0, c0 = trend, c
    return sum(np.sign(later - early) for early, later in combinations(y, 2)), r if r >= 0.05 else 0


@pytest.mark.parametrize("gaps", [0.0, 0.3])
def test_wang_swail_is_as_zyp_iterates_it(gaps):
    values = correlated(30, 80, 9)
    values[np.random.default_rng(1).random(values.shape) < gaps] = np.nan
    found = corrected(YEARS[:30], values, "wang-swail", ",r1")
    for pixel, series in enumerate(values.T):
        s, r = zyps_steps(series)
        assert found["s"][pixel] == s
        assert found["r1"][pixel] == pytest.approx(r, abs=1e-4) or r < 0.05  # some never settle


def test_lags_and_their_level_belong_to_some_corrections_only():
    for correction, options, text in [
        ("yue-wang", {"lags": 3}, "yue-wang takes r_1 alone, as published"),
        ("ar1", {"lags": 3}, "only the correction hamed-rao has lags"),
        ("ar1", {"lag_level": 0.1}, "only the corrections hamed-rao, pre-whitening"),
        ("hamed-rao", {"lag_level": 0}, "must lie between 0 and 1"),
    ]:
        with pytest.raises(ArgumentError, match=text):
            corrected(YEARS, np.zeros(40), correction, **options)


def plain_ar1(times, series):
    """Write the formulas down for one pixel: factor, p, r_1 and n_eff."""
    valid = ~np.isnan(series)
    x, y = times[valid], series[valid]
    n = len(y)
    left = y - theilslopes(y, x).slope * x
    left -= left.mean()
    apart = np.abs(np.subtract.outer(x, x))
    next_to = np.triu(apart == 1)
    r = np.outer(left, left)[next_to].sum() / (next_to.sum() + 1) / np.mean(left**2)
    r = min(max((n * r + 2) / (n - 4), 0), 0.95)
    a = 2 * np.arange(1, n + 1) - n - 1
    factor = (np.outer(a, a) * 6 / np.pi * np.arcsin(r**apart / 2)).sum() / (a @ a)
    s = sum(np.sign(later - early) for early, later in combinations(y, 2))
    z = (s - np.sign(s)) / np.sqrt(n * (n - 1) * (2 * n + 5) / 18 * factor)
    n_eff = max(n * (1 - r) / (1 + r), 3)
    return factor, z, student.sf(abs(z), n_eff - 2), r, n_eff


@pytest.mark.parametrize("gaps", [0.0, 0.3])
@pytest.mark.parametrize("count", [12, 23, 40])
def test_ar1_is_the_formula(count, gaps):
    values = correlated(count, 100, count)
    values[np.random.default_rng(1).random(values.shape) < gaps] = np.nan
    found = corrected(YEARS[:count], values, "ar1", ",factor,r1,n_eff")
    one_sided = corrected(YEARS[:count], values, "ar1", alternative="increasing")["pvalue"]
    for pixel, series in enumerate(values.T):
        ours = [found[name][pixel] for name in ("factor", "z", "pvalue", "r1", "n_eff")]
        if np.sum(~np.isnan(series)) < 8:
            assert np.isnan(ours).all()
            continue
        factor, z, tail, r, n_eff = plain_ar1(YEARS[:count], series)
        np.testing.assert_allclose(ours, [factor, z, min(2 * tail, 1), r, n_eff], rtol=1e-9)
        np.testing.assert_allclose(one_sided[pixel], tail if z > 0 else 1 - tail, rtol=1e-9)


def test_ar1_keeps_its_level():
    # The shares of 20,000 series each, from two programs of others: per cent at 5 %.
    published = {10: (1.0, 2.6, 4.7), 20: (2.1, 4.5, 5.6), 40: (3.3, 4.7, 5.0)}
    pixels = 4000
    for count, shares in published.items():
        for rho, share in zip((0.0, 0.4, 0.6), shares, strict=True):
            noise = np.random.default_rng(count).standard_normal((count + 50, pixels))
            values = lfilter([1], [1, -rho], noise, axis=0)[50:]
            p = corrected(YEARS[:count], values, "ar1")["pvalue"]
            error = np.sqrt(share * (100 - share) * (1 / pixels + 1 / 20000))
            assert abs(100 * np.mean(p < 0.05) - share) < 4 * error, (count, rho)
            assert np.mean(p < 0.05) < 0.07


@pytest.mark.parametrize("correction", ALL)
def test_a_perfect_line_has_the_test_of_independent_values(correction):
    times = YEARS[:20]
    lines = np.stack([0.1 * times, 3 - 0.7 * (times - 1990) / 3, 1e6 + 0.3 * times], axis=1)
    found = corrected(times, lines, correction, ",reason")
    plain = pixeltrend.reduce(times, lines, method="mann-kendall", stats="pvalue")["pvalue"]
    assert (found["reason"] == 0).all()
    assert (np.abs(found["s"]) >= 171).all()  # whitened, a line has a value less
    if correction not in ("pre-whitening", "wang-swail"):  # they take a trend for correlation
        np.testing.assert_array_equal(found["pvalue"], plain)
    limits = pixeltrend.reduce(
        times, lines, method="theil-sen", stats="slope_lower,slope_upper", correction=correction
    )
    np.testing.assert_allclose(limits["slope_lower"], [0.1, -0.7 / 3, 0.3], rtol=1e-6)
    np.testing.assert_allclose(limits["slope_upper"], [0.1, -0.7 / 3, 0.3], rtol=1e-6)


@pytest.mark.parametrize("correction", ALL)
def test_corrections_need_eight_values(correction):
    values = correlated(12, 30, 1)
    values[7:, ::2] = np.nan
    values[8:, 1::2] = np.nan
    names = ("s", "pvalue", "slope_lower", "factor", "r1", "n_eff", "reason")
    found = pixeltrend.reduce(
        YEARS[:12], values, method="theil-sen", stats=names, correction=correction
    )
    assert (found.pop("reason") == np.tile([2, 0], 15)).all()
    assert not np.isnan(found.pop("s")).any()
    for name, array in found.items():
        assert (np.isnan(array) == np.tile([True, False], 15)).all(), name


@pytest.mark.parametrize("correction", ["ar1", "hamed-rao", "yue-wang"])
def test_limits_are_those_of_the_corrected_variance(correction):
    values = correlated(30, 200, 4)
    found = pixeltrend.reduce(
        YEARS[:30], values, method="theil-sen", correction=correction, confidence=0.9,
        stats="var_s,n_eff,slope,slope_lower,slope_upper,pvalue",
    )  # fmt: skip
    for pixel, series in enumerate(values.T):
        slopes = np.sort(
            [
                (b - a) / (j - i)
                for (i, a), (j, b) in combinations(zip(YEARS[:30], series, strict=True), 2)
            ]
        )
        quantile = (
            student.ppf(0.95, found["n_eff"][pixel] - 2) if correction == "ar1" else norm.ppf(0.95)
        )
        reach = quantile * np.sqrt(found["var_s"][pixel])
        lower = max(round((435 - reach) / 2) - 1, 0)
        upper = min(round((435 + reach) / 2), 434)
        assert found["slope_lower"][pixel] == slopes[lower]
        assert found["slope_upper"][pixel] == slopes[upper]
    outside = (found["slope_lower"] > 0) | (found["slope_upper"] < 0)
    assert np.mean(outside != (found["pvalue"] < 0.1)) < 0.03  # they differ by rounded ranks


@pytest.mark.parametrize("correction", ALL)
@pytest.mark.parametrize("method", ["theil-sen", "mann-kendall"])
def test_how_pixels_are_put_together_does_not_show(method, correction):
    values = correlated(25, 300, 6)
    values[np.random.default_rng(1).random(values.shape) < 0.4] = np.nan
    reducer = make_reducer(StatsOptions(method, stats="all,r1,n_eff,factor", correction=correction))
    whole = reducer.reduce(YEARS[:25], values)
    parts = [reducer.reduce(YEARS[:25], part) for part in np.split(values, [1, 70, 133], axis=1)]
    assert np.concatenate(parts, axis=1).tobytes() == whole.tobytes()
    order = np.random.default_rng(2).permutation(300)
    assert reducer.reduce(YEARS[:25], values[:, order]).tobytes() == whole[:, order].tobytes()


def plain_factor(times, series, correction, level=0.05):
    """Write the formulas down for one pixel, with exact residuals."""
    valid = ~np.isnan(series)
    slope = Fraction(float(theilslopes(series[valid], times[valid]).slope))
    places = (times[valid] - times[0]).astype(int)
    left = [
        Fraction(y) - slope * int(t) for y, t in zip(series[valid].tolist(), places, strict=True)
    ]
    if correction == "hamed-rao":
        # Rounding of the slope itself is all that can part two residuals that are equal.
        close = [[abs(a - b) < Fraction(1, 10**12) for b in left] for a in left]
        y = np.array(
            [
                sum(a < b and not c for a, c in zip(left, near, strict=True)) + (sum(near) + 1) / 2
                for b, near in zip(left, close, strict=True)
            ]
        )
    else:
        y = np.array([float(number) for number in left])
    n, length = len(y), places[-1] - places[0] + 1
    deviation = y - y.mean()
    total = r_1 = 0.0
    for lag in range(1, length):
        pairs = [(i, j) for i in range(n) for j in range(n) if places[j] - places[i] == lag]
        if not pairs:
            continue
        m = len(pairs)
        products = sum(deviation[i] * deviation[j] for i, j in pairs) / (m + lag)
        r = products / (np.sum(deviation**2) / n)
        r_1 = r if lag == 1 else r_1
        if correction == "yue-wang":
            total += m / n * r_1**lag
        elif lag <= 3 and abs(r) > NormalDist().inv_cdf(1 - level / 2) / np.sqrt(m + lag):
            total += m / n * (length - lag - 1) * (length - lag - 2) * r / (
                (length - 1) * (length - 2)
            )  # fmt: skip
    return 1 + 2 * total if correction == "yue-wang" else max(1 + 2 * total, 1)


@pytest.mark.parametrize("level", [0.05, 0.3])
@pytest.mark.parametrize("correction", ["hamed-rao", "yue-wang"])
@pytest.mark.parametrize("count", [20, 23])
def test_lags_are_distances_in_time(count, correction, level):
    times = YEARS[:count]
    values = correlated(count, 30, count)
    values[np.random.default_rng(1).random(values.shape) < 0.3] = np.nan
    plain = pixeltrend.reduce(times, values, method="mann-kendall", stats="var_s")["var_s"]
    options = {"lag_level": level} if correction == "hamed-rao" else {}
    found = corrected(times, values, correction, **options)["var_s"]
    for pixel, series in enumerate(values.T):
        expected = plain[pixel] * plain_factor(times, series, correction, level)
        assert found[pixel] == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("correction", ALL)
def test_a_missing_raster_is_a_gap_like_any_other(correction):
    values = correlated(40, 50, 3)
    values[[5, 6, 20]] = np.nan
    kept = np.delete(np.arange(40), [5, 6, 20])
    with_rows = corrected(YEARS, values, correction)
    without = corrected(YEARS[kept], values[kept], correction)
    for name, array in with_rows.items():
        np.testing.assert_array_equal(without[name], array, err_msg=name)


def test_whitening_takes_neighbours_in_time_only():
    values = correlated(30, 1, 5)[:, 0]
    values[[4, 5, 11]] = np.nan
    found = corrected(YEARS[:30], values, "pre-whitening", lag_level=0.999)
    y = values - np.nanmean(values)
    pairs = ~np.isnan(y[1:] * y[:-1])
    lag_one = np.nansum(y[1:] * y[:-1]) / (pairs.sum() + 1) / np.nanmean(y**2)
    white = (values[1:] - lag_one * values[:-1])[pairs]
    assert found["s"] == sum(np.sign(b - a) for i, a in enumerate(white) for b in white[i + 1 :])


def test_dropping_gaps_first_inflates_the_variance():
    # Independent values with a trend, and ten years missing: nothing is to be corrected. Where the
    # gap is dropped first, the trend becomes a step, and what is left of it looks correlated.
    values = (
        np.random.default_rng(0).standard_normal((40, 300)) + 0.3 * np.arange(40)[:, np.newaxis]
    )
    values[15:25] = np.nan
    ours = corrected(YEARS, values, "hamed-rao")["var_s"]
    plain = pixeltrend.reduce(YEARS, values, method="mann-kendall", stats="var_s")["var_s"]
    with np.errstate(invalid="ignore"):
        dropped = [
            pymannkendall.hamed_rao_modification_test(series[~np.isnan(series)], lag=3).var_s
            for series in values.T
        ]
        compressed = [
            pymannkendall.hamed_rao_modification_test(series, lag=3).var_s for series in values.T
        ]
    assert np.mean(ours > 1.5 * plain) < 0.05
    assert np.mean(np.array(dropped) > 1.5 * plain) > 0.2
    assert np.mean(np.array(compressed) > 1.5 * plain) > 0.95


def test_equal_residuals_share_their_rank():
    # The pair that the median slope comes from lies on the line; rounding must not part it.
    series = [4, 18, 2, 8, 3, 15, 14, 9, 30, 7, 13]
    slopes = [Fraction(b - a, j - i) for (i, a), (j, b) in combinations(enumerate(series), 2)]
    slope = sorted(slopes)[27]
    assert slope.denominator == 7  # no float has it
    left = [y - slope * t for t, y in enumerate(series)]
    ranks = rankdata([float(6 * number) for number in left])
    assert len(set(ranks)) < 11
    deviation = ranks - ranks.mean()
    r = np.correlate(deviation, deviation, "full")[10:] / (deviation @ deviation)
    found = corrected(YEARS[:11], np.array(series), "hamed-rao", ",r1")
    assert found["r1"] == pytest.approx(r[1], rel=1e-12)


@pytest.mark.parametrize("method", ["mann-kendall", "theil-sen"])
def test_a_complete_pixel_is_the_same_beside_pixels_with_gaps(method):
    """Their pairs are summed up once for all; those of pixels with gaps for each."""
    values = np.random.default_rng(3).standard_normal((25, 130)).cumsum(axis=0)
    gaps = values.copy()
    gaps[4:7, 1::2] = np.nan
    options = {"method": method, "correction": "ar1", "stats": "pvalue,r1,n_eff,factor"}
    complete = pixeltrend.reduce(YEARS[:25], values, **options)
    beside = pixeltrend.reduce(YEARS[:25], gaps, **options)
    for name, band in complete.items():
        np.testing.assert_array_equal(beside[name][::2], band[::2])
    assert (complete["factor"] > 1).all()
