"""The false discovery rate, against scipy.stats.false_discovery_control."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

import pixeltrend
from pixeltrend.execution.fdr import Spill, adjust_file, factor


def scipys(pvalues, method):
    expected = np.full(pvalues.shape, np.nan)
    valid = ~np.isnan(pvalues)
    expected[valid] = false_discovery_control(pvalues[valid], method=method)
    return expected


def on_disk(pvalues, method, folder, held):
    spill = Spill(folder)
    spill.append(pvalues)
    result = adjust_file(spill, method, folder, held)
    adjusted = result.read(0, len(pvalues))
    spill.close()
    result.close()
    return adjusted


@pytest.mark.parametrize("method", ["bh", "by"])
@pytest.mark.parametrize("held", [7, 100, 2**20])
def test_files_equal_scipy_to_the_last_bit(tmp_path, method, held):
    rng = np.random.default_rng(1)
    pvalues = rng.random(1500) ** 4
    pvalues[::7] = np.nan
    pvalues[::5] = np.round(pvalues[::5], 2)  # ties, zeros among them
    pvalues[3:6] = 1e-300, 1.0, 0.0
    np.testing.assert_array_equal(on_disk(pvalues, method, tmp_path, held), scipys(pvalues, method))


@settings(deadline=None, max_examples=60)
@given(
    pvalues=st.lists(st.floats(0, 1) | st.just(np.nan) | st.sampled_from([0.01, 0.5]), max_size=60),
    held=st.integers(1, 20),
)
def test_any_memory_gives_the_same(tmp_path_factory, pvalues, held):
    pvalues = np.array(pvalues, dtype=float)
    folder = tmp_path_factory.mktemp("fdr")
    np.testing.assert_array_equal(on_disk(pvalues, "bh", folder, held), scipys(pvalues, "bh"))
    assert not list(folder.iterdir())


def test_harmonic_numbers_of_large_rasters():
    for total in (2**20 + 1, 3 * 10**6, 5_000_011):
        assert factor(total, "by") == np.sum(1 / np.arange(1.0, total + 1))
    assert factor(10**7, "by") == pytest.approx(np.log(1e7) + np.euler_gamma + 5e-8, rel=1e-14)


def test_reduce_adds_adjusted_pvalues():
    values = np.random.default_rng(3).standard_normal((20, 6, 9))
    values[:, 2, 3] = np.nan
    found = pixeltrend.reduce(np.arange(2000, 2020), values, fdr="by")
    assert list(found) == ["slope", "pvalue", "pvalue_fdr"]
    np.testing.assert_array_equal(found["pvalue_fdr"], scipys(found["pvalue"], "by"))
