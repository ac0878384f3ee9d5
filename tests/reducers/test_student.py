"""Student's t as least squares uses it, against SciPy."""

import numpy as np
import pytest
from scipy import special, stats

import pixeltrend
from pixeltrend.reducers import student


def lines(count, sizes, seed=0):
    """Series of `count` values around lines of many sizes: t from almost 0 to huge."""
    rng = np.random.default_rng(seed)
    slopes = sizes * rng.choice([-1.0, 1.0], len(sizes))
    return rng.standard_normal((count, len(sizes))) + slopes * np.arange(count)[:, np.newaxis]


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 5, 8, 19, 40, 61, 120, 200, 201, 363])
def test_pvalue_is_the_tail_of_t(freedom):
    count = freedom + 2
    sizes = np.concatenate([[0.0], np.geomspace(1e-9, 1e4, 1000)])
    found = pixeltrend.reduce(np.arange(count) + 1800.0, lines(count, sizes), stats="tvalue,pvalue")
    assert np.abs(found["tvalue"]).max() > 1e4
    expected = 2 * stats.t.sf(np.abs(found["tvalue"]), freedom)
    np.testing.assert_allclose(found["pvalue"], expected, rtol=1e-10, atol=1e-290)


@pytest.mark.parametrize("count", [30, 204])
def test_degrees_of_freedom_may_differ_from_pixel_to_pixel(count):
    rng = np.random.default_rng(1)
    values = lines(count, np.geomspace(1e-4, 10, 500))
    values[rng.random(values.shape) < np.linspace(0, 0.95, 500)] = np.nan
    found = pixeltrend.reduce(np.arange(count) + 1800.0, values, stats="tvalue,pvalue,n_valid")
    n = found["n_valid"]
    assert len(np.unique(n)) > 20
    tested = n > 2
    expected = 2 * stats.t.sf(np.abs(found["tvalue"][tested]), n[tested] - 2)
    np.testing.assert_allclose(found["pvalue"][tested], expected, rtol=1e-10, atol=1e-290)


def test_no_error_at_all_is_a_pvalue_of_zero_and_no_slope_one_of_one():
    times = np.arange(2000.0, 2007.0)
    found = pixeltrend.reduce(times, np.stack([times, (times - 2003) ** 2], axis=1), stats="pvalue")
    assert found["pvalue"][0] < 1e-60
    assert found["pvalue"][1] == pytest.approx(1, rel=1e-12)


@pytest.mark.parametrize("confidence", [0.5, 0.95, 0.999])
def test_limits_are_a_quantile_of_errors_away(confidence):
    values = np.tile(lines(40, np.array([0.1])), 38)
    for pixel in range(38):  # 3 to 40 values
        values[pixel + 3 :, pixel] = np.nan
    found = pixeltrend.reduce(np.arange(1982.0, 2022.0), values, stats="all", confidence=confidence)
    reach = stats.t.ppf(0.5 + confidence / 2, found["n_valid"] - 2) * found["stderr"]
    np.testing.assert_allclose(found["slope_upper"] - found["slope"], reach, rtol=1e-9)
    np.testing.assert_allclose(found["slope"] - found["slope_lower"], reach, rtol=1e-9)


@pytest.mark.parametrize("df", [1.001, 1.7, 2.0, 2.9, 5.5, 9.99, 30.3, 61.0, 123.4, 500.5, 4e3])
def test_tails_are_scipys_at_any_degrees_of_freedom(df):
    t = np.concatenate([[0.0], np.geomspace(1e-12, 1e6, 2000)])
    x = df / (df + t * t)
    expected = special.betainc(df / 2, 0.5, x)
    # Where x is rounded to nearly 1, SciPy's own tail knows more of t.
    expected = np.where(t < 0.1, 2 * special.stdtr(df, -t), expected)
    found = student.two_sided(t, np.full_like(t, df))
    some = expected > 1e-300
    assert some.sum() > 1000
    np.testing.assert_allclose(found[some], expected[some], rtol=1e-12 * max(1, df / 500))
    np.testing.assert_array_equal(found, student.two_sided(-t, np.full_like(t, df)))


def test_tails_of_one_degree_of_freedom_are_those_of_cauchys_distribution():
    # SciPy's differ from them by 5e-9.
    t = np.geomspace(1e-12, 1e6, 2000)
    found = student.two_sided(t, np.ones_like(t))
    np.testing.assert_allclose(found, 2 / np.pi * np.arctan(1 / t), rtol=1e-13)


def test_a_tail_depends_on_its_own_t_and_degrees_of_freedom_alone():
    rng = np.random.default_rng(0)
    t, df = 3 * rng.standard_normal(200), 1 + 300 * rng.random(200)
    together = student.two_sided(t, df)
    alone = [student.two_sided(t[i : i + 1], df[i : i + 1])[0] for i in range(200)]
    np.testing.assert_array_equal(together, alone)


def test_tails_of_infinity_and_of_what_is_missing():
    t = np.array([np.inf, -np.inf, np.nan, 1.0])
    found = student.two_sided(t, np.array([3.0, 1.5, 4.0, np.nan]))
    np.testing.assert_array_equal(found, [0, 0, np.nan, np.nan])
