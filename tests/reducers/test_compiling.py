"""Compiled kernels: what workers call is compiled before they start, and once."""

import sys

import numpy as np
import pytest

from pixeltrend.reducers.methods import make_reducer
from pixeltrend.reducers.options import StatsOptions


def compiled():
    """How often each kernel that Python calls has been compiled, for which types."""
    return {
        f"{name}.{function}": list(kernel.signatures)
        for name, module in sys.modules.items()
        if name.startswith("pixeltrend.reducers.")
        for function, kernel in vars(module).items()
        if hasattr(kernel, "signatures")
    }


@pytest.mark.parametrize(
    "options",
    [
        {"stats": "slope,pvalue"},
        {"stats": "all", "correction": "ar1"},
        {"method": "gls", "stats": "all"},
        {"method": "theil-sen", "stats": "all"},
        {"method": "theil-sen", "stats": "all", "correction": "ar1"},
        {"method": "mann-kendall", "stats": "all"},
        {"stats": "slope,detectable,slope_min,fragile"},
    ],
    ids=lambda options: ",".join(options.values()),
)
def test_a_run_compiles_nothing_more(options):
    reducer = make_reducer(StatsOptions(**options))
    reducer.prepare()
    prepared = compiled()
    times = np.arange(2000.0, 2012.0)
    times.flags.writeable = False  # as those of a series are
    values = np.random.default_rng(0).normal(size=(12, 100)).astype(np.float32)
    reducer.reduce(times, values)
    assert compiled() == prepared
    assert any(prepared.values())
