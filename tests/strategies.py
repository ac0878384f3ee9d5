"""Hypothesis strategies: times, series of pixels with gaps, and ways to cut pixels into chunks."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

years = st.lists(st.integers(1850, 2150), min_size=2, max_size=24, unique=True).map(
    lambda found: np.array(sorted(found), dtype=np.float64)
)
days = st.lists(
    st.tuples(st.integers(1980, 2030), st.integers(0, 364)), min_size=2, max_size=24, unique=True
).map(lambda found: np.array([year + day / 365 for year, day in sorted(found)]))
times = years | days

# NDVI, Kelvin, elevations, counts far from zero.
levels = st.sampled_from([0.0, 0.5, 289.4, -9000.0, 1e6, -1e6])
spreads = st.sampled_from([1e-3, 1e-2, 1.0, 40.0, 1e4])


@st.composite
def series(draw: st.DrawFn, max_pixels: int = 8) -> tuple[np.ndarray, np.ndarray]:
    """Times (N,) and values (N, P), Float32 or Float64, any of them missing."""
    when = draw(times)
    shape = (len(when), draw(st.integers(1, max_pixels)))
    around = draw(hnp.arrays(np.float64, shape, elements=st.floats(-1, 1, width=32)))
    values = draw(levels) + draw(spreads) * around
    values[draw(hnp.arrays(np.bool_, shape))] = np.nan
    return when, values.astype(draw(st.sampled_from([np.float32, np.float64])))


@st.composite
def wide_series(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Times and values of up to a thousand pixels; many, so drawn by their seed."""
    when = draw(times)
    pixels = draw(st.integers(1, 1000))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    values = draw(levels) + draw(spreads) * rng.standard_normal((len(when), pixels))
    values[rng.random(values.shape) < draw(st.sampled_from([0.0, 0.1, 0.9]))] = np.nan
    some = rng.random(pixels) < 0.1
    values[:, some] = np.nan
    return when, values.astype(draw(st.sampled_from([np.float32, np.float64])))


def cuts(length: int) -> st.SearchStrategy[list[int]]:
    """Where to cut `length` things: sorted places between them."""
    return st.lists(st.integers(1, max(1, length - 1)), max_size=6, unique=True).map(sorted)
