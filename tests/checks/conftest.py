"""A stack with nothing wrong."""

from __future__ import annotations

import numpy as np
import pytest
from reports import PACKED, SHAPE, YEARS


@pytest.fixture
def values():
    """Six years of numbers as MODIS has them, none of which looks like nodata."""
    rng = np.random.default_rng(4)
    return rng.integers(1000, 9000, (len(YEARS), *SHAPE)).astype(np.int16)


@pytest.fixture
def folder(tmp_path, write_stack, values):
    """Good data."""
    write_stack(tmp_path / "in", values, YEARS, nodata=-3000, scale=1e-4, options=PACKED)
    return tmp_path / "in"
