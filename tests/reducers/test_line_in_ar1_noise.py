"""Least squares in AR(1) noise: plain formulas, R's nlme, and the levels that both keep."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.signal import lfilter
from scipy.stats import linregress
from scipy.stats import t as student

import pixeltrend
from pixeltrend.errors import ArgumentError
from pixeltrend.reducers.methods import make_reducer
from pixeltrend.reducers.options import StatsOptions
from pixeltrend.reducers.student import quantiles_of

YEARS = np.arange(1990.0, 2030.0)
NAMES = ("slope", "stderr", "tvalue", "pvalue", "slope_lower", "slope_upper", "r1", "n_eff")


def correlated(count, pixels, rho=0.5, gaps=0.0, trend=0.03):
    rng = np.random.default_rng(count)
    values = lfilter([1], [1, -rho], rng.standard_normal((count + 50, pixels)), axis=0)[50:]
    values += trend * np.arange(count)[:, np.newaxis]
    values[rng.random(values.shape) < gaps] = np.nan
    return values


def ar1(times, values, stats=NAMES, **options):
    return pixeltrend.reduce(times, values, stats=stats, correction="ar1", **options)


def gls(times, values, stats="all", **options):
    return pixeltrend.reduce(times, values, stats=stats, method="gls", **options)


@pytest.mark.parametrize("gaps", [0.0, 0.3])
@pytest.mark.parametrize("count", [14, 40])
def test_ar1_is_santers_formula(count, gaps):
    times = YEARS[:count]
    values = correlated(count, 60, gaps=gaps)
    found = ar1(times, values, confidence=0.9, per="decade")
    for pixel, series in enumerate(values.T):
        valid = ~np.isnan(series)
        x, y, n = times[valid], series[valid], valid.sum()
        line = linregress(x, y)
        left = y - line.intercept - line.slope * x
        neighbours = np.triu(np.subtract.outer(x, x) == -1)
        products = np.outer(left, left)[neighbours].sum() / (neighbours.sum() + 1)
        r = np.clip((n * products / np.mean(left**2) + 2) / (n - 4), 0, 0.95)
        n_eff = max(n * (1 - r) / (1 + r), 3)
        stderr = np.sqrt(left @ left / (n_eff - 2) / np.sum((x - x.mean()) ** 2))
        p = 2 * student.sf(abs(line.slope / stderr), n_eff - 2)
        half = student.ppf(0.95, n_eff - 2) * stderr
        limits = (10 * (line.slope - half), 10 * (line.slope + half))
        expected = [10 * line.slope, 10 * stderr, line.slope / stderr, p, *limits, r, n_eff]
        if n < 8:
            expected = [10 * line.slope] + 7 * [np.nan]
        np.testing.assert_allclose([found[name][pixel] for name in NAMES], expected, rtol=1e-8)


def test_ar1_keeps_its_level():
    # 20,000 series each of somebody else's program: per cent at 5 %. Ours: docs/statistics.md.
    published = {10: (3.0, 6.9, 9.7), 20: (3.2, 6.2, 7.6), 40: (3.9, 5.6, 5.7)}
    pixels = 4000
    for count, shares in published.items():
        for rho, share in zip((0.0, 0.4, 0.6), shares, strict=True):
            p = ar1(YEARS[:count], correlated(count, pixels, rho, trend=0), "pvalue")["pvalue"]
            error = np.sqrt(share * (100 - share) * (1 / pixels + 1 / 20000))
            assert abs(100 * np.mean(p < 0.05) - share) < 4 * error, (count, rho)


def test_quantiles_are_scipys():
    df = np.concatenate([np.linspace(1, 5, 400), np.geomspace(5, 1e6, 400)])
    for probability in (0.6, 0.975, 0.9995):
        expected = student.ppf(probability, df)
        np.testing.assert_allclose(quantiles_of(probability, df), expected, rtol=1e-12)


# The numbers that nlme 3.1-162 prints for `gls(y ~ x, correlation = corAR1(form = ~ x))` with x
# from 0 on: slope, its standard error, t, p, intercept, its standard error, r_1.
SERIES = {
    "complete": (
        "-1.333 -1.889 -0.876 -0.855 -0.655 -0.899 -0.174 1.847 1.166 0.881 2.591 0.536 0.062 "
        "1.249 1.623 0.874 0.872 -0.173 -0.032 0.231 0.859 -0.170 -1.190 0.913 0.694 0.938 "
        "0.218 0.846 0.275 0.873",
        (0.04915287385, 0.03858233241, 1.27397362425, 0.21314619664, -0.45199325553, 0.66921649769,
         0.60132057495),
    ),
    "three missing": (
        "-2.038 -0.355 -0.548 nan nan -0.533 1.810 1.453 0.336 1.487 nan -0.824 -0.033 0.795 "
        "0.902 1.644 -0.215 1.718 0.825 0.636 1.920 1.629 3.340 3.612 3.079 4.043 5.389 3.878 "
        "3.170 0.998",
        (0.146429865659, 0.040819222156, 3.587277217114, 0.001417575742, -0.977195282981,
         0.710060790113, 0.480034328572),
    ),
    "eight missing in a row": (
        "1.139 -0.577 -0.268 -1.871 -1.275 -0.327 0.491 -0.496 -0.657 -0.403 0.331 0.450 nan "
        "nan nan nan nan nan nan nan 1.995 0.841 1.912 -0.833 0.087 2.853 1.122 2.290 2.120 "
        "0.765",
        (0.078600988416, 0.022030904217, 3.567760435165, 0.001927336627, -0.663974300559,
         0.381669020764, 0.060916643209),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SERIES)
def test_gls_is_rs(name):
    text, expected = SERIES[name]
    series = np.array(text.split(), dtype=float)
    found = gls(1990 + np.arange(30.0), series, origin=1990)
    names = ("slope", "stderr", "tvalue", "pvalue", "intercept", "intercept_stderr", "r1")
    np.testing.assert_allclose([found[name] for name in names], expected, rtol=2e-6)


@pytest.mark.parametrize("gaps", [0.0, 0.3])
def test_gls_has_the_greatest_restricted_likelihood(gaps):
    times = YEARS[:25]
    values = correlated(25, 40, 0.4, gaps)
    found = gls(times, values)
    for pixel, series in enumerate(values.T):
        valid = ~np.isnan(series)
        y, n = series[valid], valid.sum()
        design = np.stack([np.ones(n), times[valid] - 2000], axis=1)
        steps = np.abs(np.subtract.outer(times[valid], times[valid]))

        def fit(r, y=y, n=n, design=design, steps=steps):
            inverse = np.linalg.inv(np.sign(r) ** steps * abs(r) ** steps)
            both = design.T @ inverse @ design
            coefficients = np.linalg.solve(both, design.T @ inverse @ y)
            left = y - design @ coefficients
            variance = left @ inverse @ left / (n - 2)
            criterion = (n - 2) * np.log(variance) - np.linalg.slogdet(inverse)[1]
            criterion += np.linalg.slogdet(both)[1]
            return (
                criterion,
                coefficients[1],
                np.sqrt(variance * np.linalg.inv(both)[1, 1]),
                variance,
            )

        tried = np.linspace(-0.98, 0.98, 99)
        best = tried[np.argmin([fit(r)[0] for r in tried])]
        bounds = (max(best - 0.02, -0.99), min(best + 0.02, 0.99))
        r = minimize_scalar(
            lambda r: fit(r)[0], bounds=bounds, method="bounded", options={"xatol": 1e-9}
        ).x
        if n < 8:
            assert np.isnan(found["slope"][pixel])
            continue
        assert found["r1"][pixel] == pytest.approx(r, abs=2e-6)
        slope, stderr = fit(r)[1:3]
        assert found["slope"][pixel] == pytest.approx(slope, abs=1e-5 * stderr)
        assert found["stderr"][pixel] == pytest.approx(stderr, rel=1e-5)
        half = student.ppf(0.975, n - 2) * stderr
        assert found["slope_upper"][pixel] == pytest.approx(slope + half, rel=1e-5, abs=1e-7)
        independent = stderr**2 / found["factor"][pixel]  # of noise as large
        deviations = times[valid] - times[valid].mean()
        assert independent * deviations @ deviations == pytest.approx(fit(r)[3], rel=1e-5)


def test_gls_without_correlation_is_least_squares():
    found = gls(YEARS, correlated(40, 400, 0.0))
    plain = pixeltrend.reduce(YEARS, correlated(40, 400, 0.0), stats="slope,stderr")
    near = np.abs(found["r1"]) < 0.01
    assert near.sum() > 5
    np.testing.assert_allclose(found["slope"][near], plain["slope"][near], atol=1e-4)
    np.testing.assert_allclose(found["stderr"][near], plain["stderr"][near], rtol=0.03)
    np.testing.assert_allclose(found["factor"][near], 1, atol=0.03)


@pytest.mark.parametrize("options", [{"correction": "ar1"}, {"method": "gls"}])
def test_a_perfect_line_has_the_errors_of_independent_values(options):
    times = YEARS[:20]
    lines = np.stack([0.1 * times, 3 - 0.7 * (times - 1990) / 3], axis=1)
    found = pixeltrend.reduce(times, lines, stats="slope,pvalue,r1,factor,slope_lower", **options)
    np.testing.assert_allclose(found["slope"], [0.1, -0.7 / 3], rtol=1e-12)
    np.testing.assert_allclose(found["slope_lower"], [0.1, -0.7 / 3], rtol=1e-9)
    assert (found["r1"] == 0).all()
    assert (found["pvalue"] < 1e-100).all()
    np.testing.assert_allclose(found["factor"], 1, rtol=1e-12)


@pytest.mark.parametrize("options", [{"correction": "ar1"}, {"method": "gls"}])
def test_eight_values_are_needed(options):
    values = correlated(12, 30)
    values[7:, ::2] = np.nan
    values[8:, 1::2] = np.nan
    names = ("pvalue", "stderr", "slope_lower", "r1", "n_eff", "factor", "reason")
    found = pixeltrend.reduce(YEARS[:12], values, stats=names, **options)
    assert (found.pop("reason") == np.tile([2, 0], 15)).all()
    for name, array in found.items():
        assert (np.isnan(array) == np.tile([True, False], 15)).all(), name


@pytest.mark.parametrize("options", [{"correction": "ar1"}, {"method": "gls"}])
def test_how_pixels_are_put_together_does_not_show(options):
    values = correlated(25, 300, gaps=0.4)
    reducer = make_reducer(StatsOptions(stats="all", **options))
    whole = reducer.reduce(YEARS[:25], values)
    parts = [reducer.reduce(YEARS[:25], part) for part in np.split(values, [1, 70, 133], axis=1)]
    assert np.concatenate(parts, axis=1).tobytes() == whole.tobytes()


@pytest.mark.parametrize("options", [{"correction": "ar1"}, {"method": "gls"}])
def test_an_absent_raster_is_as_one_of_nan(options):
    values = correlated(40, 20)
    absent = [5, 6, 20]
    values[absent] = np.nan
    names = ("slope", "pvalue", "r1", "intercept_stderr")
    with_nan = pixeltrend.reduce(YEARS, values, stats=names, **options)
    rows = np.delete(np.arange(40), absent)
    without = pixeltrend.reduce(YEARS[rows], values[rows], stats=names, **options)
    for name, array in with_nan.items():
        np.testing.assert_allclose(without[name], array, rtol=1e-6, err_msg=name)


def test_other_corrections_are_not_for_lines():
    with pytest.raises(ArgumentError, match="correction hamed-rao: is not one of method ols"):
        pixeltrend.reduce(YEARS, np.zeros(40), correction="hamed-rao")
    with pytest.raises(ArgumentError, match="correction is not an option of method gls"):
        gls(YEARS, np.zeros(40), correction="ar1")
