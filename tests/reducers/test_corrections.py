"""Corrections for serial correlation: pymannkendall without gaps, plain formulas with them."""

from fractions import Fraction
from itertools import combinations
from statistics import NormalDist

import numpy as np
import pymannkendall
import pytest
from scipy.stats import rankdata, theilslopes

import pixeltrend
from pixeltrend.errors import ArgumentError

TESTS = {
    "hamed-rao": pymannkendall.hamed_rao_modification_test,
    "yue-wang": pymannkendall.yue_wang_modification_test,
    "pre-whitening": pymannkendall.pre_whitening_modification_test,
    "trend-free-pre-whitening": pymannkendall.trend_free_pre_whitening_modification_test,
}
YEARS = np.arange(1982.0, 2022.0)


def correlated(count, pixels, seed, rho=0.5):
    rng = np.random.default_rng(seed)
    values = rng.standard_normal((count, pixels))
    for i in range(1, count):
        values[i] += rho * values[i - 1]
    return values + 0.03 * np.arange(count)[:, np.newaxis]


def corrected(times, values, correction, **options):
    return pixeltrend.reduce(
        times, values, method="mann-kendall", stats="s,var_s,z,pvalue", correction=correction,
        **options,
    )  # fmt: skip


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")  # theirs, of a negative variance
@pytest.mark.parametrize("lags", [None, 1, 3])
@pytest.mark.parametrize("correction", TESTS)
@pytest.mark.parametrize("count", [21, 40])
def test_complete_series_are_as_in_pymannkendall(count, correction, lags):
    if lags is not None and "whitening" in correction:
        with pytest.raises(ArgumentError, match="lags"):
            corrected(YEARS[:count], np.zeros(count), correction, lags=lags)
        return
    values = correlated(count, 60, count)
    found = corrected(YEARS[:count], values, correction, lags=lags)
    for pixel, series in enumerate(values.T):
        theirs = TESTS[correction](series, **({} if lags is None else {"lag": lags}))
        assert found["s"][pixel] == theirs.s
        if theirs.var_s > 0:
            assert found["var_s"][pixel] == pytest.approx(theirs.var_s, rel=1e-9)
            assert found["z"][pixel] == pytest.approx(theirs.z, rel=1e-9)
            assert found["pvalue"][pixel] == pytest.approx(theirs.p, rel=1e-6, abs=1e-14)
        else:
            assert np.isnan(
                [found["var_s"][pixel], found["z"][pixel], found["pvalue"][pixel]]
            ).all()


def plain_factor(times, series, correction, confidence=0.95):
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
    total = 0.0
    for lag in range(1, length):
        pairs = [(i, j) for i in range(n) for j in range(n) if places[j] - places[i] == lag]
        if not pairs:
            continue
        m = len(pairs)
        products = sum(deviation[i] * deviation[j] for i, j in pairs) / (m + lag)
        r = products / (np.sum(deviation**2) / n)
        if correction == "yue-wang":
            total += m / n * r
        elif abs(r) > NormalDist().inv_cdf(0.5 + confidence / 2) / np.sqrt(m + lag):
            total += m / n * (length - lag - 1) * (length - lag - 2) * r / (
                (length - 1) * (length - 2)
            )  # fmt: skip
    return 1 + 2 * total


@pytest.mark.parametrize("confidence", [0.95, 0.7])
@pytest.mark.parametrize("correction", ["hamed-rao", "yue-wang"])
@pytest.mark.parametrize("count", [20, 23])
def test_lags_are_distances_in_time(count, correction, confidence):
    times = YEARS[:count]
    values = correlated(count, 30, count)
    values[np.random.default_rng(1).random(values.shape) < 0.3] = np.nan
    plain = pixeltrend.reduce(times, values, method="mann-kendall", stats="var_s")["var_s"]
    found = corrected(times, values, correction, confidence=confidence)["var_s"]
    for pixel, series in enumerate(values.T):
        expected = plain[pixel] * plain_factor(times, series, correction, confidence)
        if expected > 0:
            assert found[pixel] == pytest.approx(expected, rel=1e-9)
        else:
            assert np.isnan(found[pixel])


@pytest.mark.parametrize("correction", TESTS)
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
    found = corrected(YEARS[:30], values, "pre-whitening")
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
    ours = corrected(YEARS, values, "hamed-rao", lags=3)["var_s"]
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


def test_a_variance_that_is_not_positive_is_nan_with_a_reason():
    series = np.array([1.0, -1.0] * 10) + np.linspace(0, 0.1, 20)
    found = pixeltrend.reduce(
        YEARS[:20], series, method="mann-kendall", stats="s,var_s,z,pvalue,reason",
        correction="yue-wang", lags=1,
    )  # fmt: skip
    assert np.isnan([found["var_s"], found["z"], found["pvalue"]]).all()
    assert found["reason"] == 4
    with np.errstate(invalid="ignore"):
        assert pymannkendall.yue_wang_modification_test(series, lag=1).var_s < 0


def test_equal_residuals_share_their_rank():
    # The pair that the median slope comes from lies on the line; rounding must not part it.
    series = [4, 18, 2, 8, 3, 15, 14]
    slopes = [Fraction(b - a, j - i) for (i, a), (j, b) in combinations(enumerate(series), 2)]
    slope = sorted(slopes)[10]
    assert slope.denominator == 3
    left = [y - slope * t for t, y in enumerate(series)]
    ranks = rankdata([float(6 * number) for number in left])
    assert len(set(ranks)) < 7
    deviation = ranks - ranks.mean()
    r = np.correlate(deviation, deviation, "full")[6:] / (deviation @ deviation)
    bound = NormalDist().inv_cdf(0.6) / np.sqrt(7)
    n = 7
    factor = 1 + 2 / (n * (n - 1) * (n - 2)) * sum(
        (n - k) * (n - k - 1) * (n - k - 2) * r[k] for k in range(1, n) if abs(r[k]) > bound
    )
    found = corrected(YEARS[:7], np.array(series), "hamed-rao", confidence=0.2)
    assert found["var_s"] == pytest.approx(factor * 7 * 6 * 19 / 18, rel=1e-12)
