"""Every least-squares statistic, against SciPy, statsmodels and NIST."""

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from strategies import cuts, wide_series

import pixeltrend
from pixeltrend.reducers.methods import make_reducer
from pixeltrend.reducers.options import StatsOptions

SCIPY = ("slope", "intercept", "rvalue", "pvalue", "stderr", "intercept_stderr")


def noise(count, pixels, seed, gaps=0.0):
    rng = np.random.default_rng(seed)
    values = rng.standard_normal((count, pixels)) + 0.05 * np.arange(count)[:, np.newaxis]
    values[rng.random(values.shape) < gaps] = np.nan
    return values


@pytest.mark.parametrize("gaps", [0.0, 0.3])
@pytest.mark.parametrize("offset", [0.0, 300.0, 1e6])
@pytest.mark.parametrize(
    "times", [np.arange(1995.0, 2016.0), 1985 + np.array([0, 5, 10.5, 15, 20.25, 30, 35])]
)
def test_scipy_agrees_on_every_statistic_it_has(times, offset, gaps):
    values = noise(len(times), 60, 1, gaps) + offset
    found = pixeltrend.reduce(times, values, stats=SCIPY)
    for pixel, series in enumerate(values.T):
        valid = ~np.isnan(series)
        if valid.sum() < 3:
            continue
        fit = stats.linregress(times[valid], series[valid])
        for name in SCIPY:
            expected = getattr(fit, name)
            assert found[name][pixel] == pytest.approx(expected, rel=1e-7, abs=1e-10), name


def test_statsmodels_agrees_on_what_scipy_does_not_have():
    times = np.arange(1982.0, 2024.0)
    values = noise(42, 40, 2, 0.2)
    found = pixeltrend.reduce(
        times, values, stats="tvalue,rsquared,slope_lower,slope_upper,rmse,n_valid", confidence=0.9
    )
    for pixel, series in enumerate(values.T):
        valid = ~np.isnan(series)
        fit = sm.OLS(series[valid], sm.add_constant(times[valid])).fit()
        lower, upper = fit.conf_int(alpha=0.1)[1]
        assert found["tvalue"][pixel] == pytest.approx(fit.tvalues[1], rel=1e-8)
        assert found["rsquared"][pixel] == pytest.approx(fit.rsquared, rel=1e-8)
        assert found["slope_lower"][pixel] == pytest.approx(lower, rel=1e-8)
        assert found["slope_upper"][pixel] == pytest.approx(upper, rel=1e-8)
        assert found["rmse"][pixel] == pytest.approx(np.sqrt(fit.ssr / valid.sum()), rel=1e-8)
        assert found["n_valid"][pixel] == valid.sum()


@pytest.mark.parametrize("method", ["ols", "linregress"])
def test_two_points_have_a_line_and_no_error(method):
    # As in R's lm and SciPy 1.18; older ones call the line certain, with p = 0.
    certain = {"pvalue", "stderr", "intercept_stderr"}
    found = pixeltrend.reduce([2000, 2003], [[1.0, 2.0], [4.0, 2.0]], method=method, stats="all")
    for pixel, series in enumerate([(1.0, 4.0), (2.0, 2.0)]):
        fit = stats.linregress([2000, 2003], series)
        for name in SCIPY:
            expected = np.nan if name in certain else getattr(fit, name)
            np.testing.assert_allclose(found[name][pixel], expected, err_msg=name)
    for name in {"slope_lower", "slope_upper", "tvalue"} & found.keys():
        assert np.isnan(found[name]).all()


def test_a_constant_series_has_a_slope_and_no_test():
    found = pixeltrend.reduce(np.arange(2000, 2008), np.full((8, 2), 0.1), stats="all")
    assert (found["slope"] == 0).all()
    assert (found["rmse"] == 0).all()
    for name in ("rvalue", "rsquared", "pvalue", "stderr", "tvalue", "slope_lower"):
        assert np.isnan(found[name]).all(), name


def test_no_value_and_one_value_give_nan():
    values = np.full((6, 3), np.nan)
    values[2, 1] = 5.0
    values[:, 2] = np.arange(6)
    found = pixeltrend.reduce(np.arange(2000, 2006), values, stats="all")
    assert found.pop("n_valid").tolist() == [0, 1, 6]
    for name, array in found.items():
        assert np.isnan(array[:2]).all(), name
    alone = pixeltrend.reduce(np.arange(2000, 2006), values[:, :1], stats="all")
    assert np.isnan(alone["pvalue"]).all()


def test_all_but_perfect_lines_keep_the_digits_of_their_residuals():
    times = np.arange(1990.0, 2020.0)
    residual = 1e-9 * np.random.default_rng(5).standard_normal(30)
    found = pixeltrend.reduce(times, (3.0 * (times - 1990) + residual), stats="stderr,rmse")
    # The same residuals around another line, and around none, leave the same error.
    fit = stats.linregress(times, residual)
    assert found["stderr"] == pytest.approx(fit.stderr, rel=1e-4)


def test_tails_are_not_zero_and_the_sign_of_t_is_kept():
    times = np.arange(1980.0, 2020.0)
    series = -2.0 * times + np.random.default_rng(3).standard_normal(40)
    found = pixeltrend.reduce(times, series, stats="pvalue,tvalue")
    assert 0 < found["pvalue"] < 1e-40
    assert found["tvalue"] < -100


def test_origin_moves_the_intercept_and_a_decade_is_ten_years():
    times = np.arange(1995.0, 2016.0)
    values = noise(21, 9, 7, 0.1)
    base = pixeltrend.reduce(times, values, stats="all")
    moved = pixeltrend.reduce(times, values, stats="all", origin=2000.0)
    fits = [stats.linregress((times - 2000)[~np.isnan(y)], y[~np.isnan(y)]) for y in values.T]
    np.testing.assert_allclose(moved["intercept"], [fit.intercept for fit in fits])
    np.testing.assert_allclose(moved["intercept_stderr"], [fit.intercept_stderr for fit in fits])
    decade = pixeltrend.reduce(times, values, stats="all", per="decade")
    for name, array in base.items():
        factor = 10 if name in {"slope", "stderr", "slope_lower", "slope_upper"} else 1
        np.testing.assert_array_equal(decade[name], factor * array, err_msg=name)


def test_the_slope_is_bit_for_bit_that_of_the_bare_slope():
    times = np.arange(1995.0, 2016.0)
    values = noise(21, 500, 11, 0.2).astype(np.float32)
    bare = make_reducer(StatsOptions()).reduce(times, values)[0]
    full = make_reducer(StatsOptions("ols", stats="slope,pvalue,n_valid")).reduce(times, values)[0]
    np.testing.assert_array_equal(bare, full)


def test_the_reference_method_gives_the_same_statistics():
    times = np.arange(1995.0, 2016.0)
    values = noise(21, 12, 13, 0.3)
    ours = pixeltrend.reduce(times, values, stats=SCIPY, origin=2000.0, per="decade")
    theirs = pixeltrend.reduce(
        times, values, method="linregress", stats=SCIPY, origin=2000.0, per="decade"
    )
    assert list(ours) == list(theirs) == list(SCIPY)
    for name in SCIPY:
        np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-9)


def test_integers_do_not_overflow():
    times = np.arange(2000, 2010)
    values = np.array([[250, 10], [3, 200]] * 5, dtype=np.uint8)
    found = pixeltrend.reduce(times, values, stats="slope,pvalue")
    for pixel in range(2):
        fit = stats.linregress(times, values[:, pixel].astype(float))
        assert found["slope"][pixel] == pytest.approx(fit.slope)
        assert found["pvalue"][pixel] == pytest.approx(fit.pvalue)


@settings(deadline=None)
@given(wide_series(), st.data())
def test_how_pixels_are_put_together_does_not_show(drawn, data):
    times, values = drawn
    reducer = make_reducer(StatsOptions("ols", stats="all"))
    whole = reducer.reduce(times, values)
    places = data.draw(cuts(values.shape[1]))
    parts = [reducer.reduce(times, part) for part in np.split(values, places, axis=1)]
    assert np.concatenate(parts, axis=1).tobytes() == whole.tobytes()
    order = np.random.default_rng(len(places)).permutation(values.shape[1])
    assert reducer.reduce(times, values[:, order]).tobytes() == whole[:, order].tobytes()
    # Nor do the type, if it holds the values, and the layout of the array.
    for same in (values.astype(np.float64), np.asfortranarray(values)):
        assert reducer.reduce(times, same).tobytes() == whole.tobytes()
    strided = np.repeat(values, 2, axis=1)[:, ::2]
    assert reducer.reduce(times, strided).tobytes() == whole.tobytes()


@pytest.mark.parametrize("count", [3, 21, 250])
def test_large_chunks_are_like_small_ones(count):
    times = 2100.0 - np.arange(count)[::-1]
    values = noise(count, 20_000, 17, 0.3).astype(np.float32)
    reducer = make_reducer(StatsOptions("ols", stats="all"))
    parts = [reducer.reduce(times, values[:, i : i + 777]) for i in range(0, 20_000, 777)]
    assert np.concatenate(parts, axis=1).tobytes() == reducer.reduce(times, values).tobytes()


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 10**6),
    gaps=st.floats(0, 0.8),
    cut=st.integers(1, 30),
    shift=st.floats(-1e3, 1e3),
    scale=st.floats(0.01, 100) | st.floats(-100, -0.01),
    years=st.integers(-50, 50),
)
def test_properties(seed, gaps, cut, shift, scale, years):
    times = np.arange(1990.0, 2008.0)
    values = noise(18, 31, seed, gaps)
    reducer = make_reducer(StatsOptions("ols", stats="all,reason"))
    names = [band.name for band in reducer.bands]
    whole = reducer.reduce(times, values)
    found = dict(zip(names, whole, strict=True))

    # However pixels are put together, a pixel's numbers stay the same to the last bit.
    parts = [reducer.reduce(times, values[:, :cut]), reducer.reduce(times, values[:, cut:])]
    np.testing.assert_array_equal(np.concatenate(parts, axis=1), whole)
    order = np.random.default_rng(seed).permutation(31)
    np.testing.assert_array_equal(reducer.reduce(times, values[:, order]), whole[:, order])

    moved = dict(zip(names, reducer.reduce(times, values * scale + shift), strict=True))
    later = dict(zip(names, reducer.reduce(times + years, values), strict=True))
    tolerance = {"rtol": 1e-5, "atol": 1e-9}
    np.testing.assert_allclose(moved["slope"], scale * found["slope"], **tolerance)
    np.testing.assert_allclose(moved["pvalue"], found["pvalue"], **tolerance)
    np.testing.assert_allclose(moved["rvalue"], np.sign(scale) * found["rvalue"], **tolerance)
    np.testing.assert_allclose(later["slope"], found["slope"], **tolerance)
    np.testing.assert_allclose(later["stderr"], found["stderr"], **tolerance)

    p = found["pvalue"][~np.isnan(found["pvalue"])]
    assert ((p >= 0) & (p <= 1)).all()
    three = found["n_valid"] >= 3
    assert (found["slope_lower"][three] <= found["slope"][three]).all()
    assert (found["slope"][three] <= found["slope_upper"][three]).all()


def test_an_infinite_t_has_p_zero():
    # Powers of two: no residual is left at all.
    found = pixeltrend.reduce(np.arange(5.0), 2.0 * np.arange(5.0), stats="tvalue,pvalue,stderr")
    assert found["stderr"] == 0
    assert np.isinf(found["tvalue"])
    assert found["pvalue"] == 0
    assert stats.linregress(np.arange(5.0), 2.0 * np.arange(5.0)).stderr == 0


def test_lines_over_an_r_squared_of_099_keep_the_digits_of_their_residuals():
    times = np.arange(1990.0, 2020.0)
    residual = np.random.default_rng(5).standard_normal(30)
    exact = stats.linregress(times, residual).stderr
    for slope in (2.0, 5.0, 50.0):
        found = pixeltrend.reduce(times, slope * (times - 1990) + residual, stats="stderr,rsquared")
        assert found["rsquared"] > 0.99
        assert found["stderr"] == pytest.approx(exact, rel=1e-13)
