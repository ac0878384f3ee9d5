"""Student's t for arrays, against SciPy."""

import numpy as np
import pytest
from scipy import stats

from pixeltrend.reducers.student import quantiles, two_sided


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 5, 8, 19, 40, 61, 120, 200, 201, 363])
def test_two_sided_equals_scipy(freedom):
    t = np.concatenate([np.linspace(-12, 12, 4001), np.geomspace(1e-6, 1e6, 500), [0.0]])
    expected = 2 * stats.t.sf(np.abs(t), freedom)
    np.testing.assert_allclose(
        two_sided(t, np.array([float(freedom)])), expected, rtol=2e-10, atol=1e-300
    )


def test_degrees_of_freedom_may_differ_from_pixel_to_pixel():
    rng = np.random.default_rng(0)
    df = rng.integers(-1, 30, 3000).astype(float)
    t = 3 * rng.standard_normal(3000)
    t[:3] = np.nan, np.inf, -np.inf
    df[:3] = 5
    found = two_sided(t, df)
    assert np.isnan(found[0])
    assert found[1] == found[2] < 1e-300
    none = df < 1
    assert np.isnan(found[none]).all()
    expected = 2 * stats.t.sf(np.abs(t[~none][3:]), df[~none][3:])
    np.testing.assert_allclose(found[~none][3:], expected, rtol=2e-10)
    # The same p whatever stands beside it.
    alone = np.array([two_sided(t[i : i + 1], df[i : i + 1])[0] for i in range(200)])
    np.testing.assert_array_equal(alone, found[:200])


def test_quantiles_equal_scipy():
    df = np.array([-1.0, 0, 1, 2, 19, 40])
    found = quantiles(0.975, df)
    assert np.isnan(found[:2]).all()
    np.testing.assert_allclose(found[2:], stats.t.ppf(0.975, df[2:]), rtol=1e-12)
