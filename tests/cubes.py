"""DataArrays for the tests of xarray, and how to compare what comes out."""

from __future__ import annotations

import numpy as np
import xarray as xr


def bits(values):
    """Return every bit of some numbers, with one NaN for all."""
    values = np.asarray(values)
    assert values.dtype == np.float64
    return np.where(np.isnan(values), np.nan, values).tobytes()


def cube(values, times=None, **kwargs):
    """Make a DataArray (time, y, x)."""
    times = np.arange(2000, 2000 + len(values)) if times is None else times
    return xr.DataArray(values, {"time": times}, ("time", "y", "x"), **kwargs)
