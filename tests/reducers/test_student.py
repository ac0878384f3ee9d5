"""Student's t as least squares uses it, against SciPy."""

import numpy as np
import pytest
from scipy import stats

import pixeltrend


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
