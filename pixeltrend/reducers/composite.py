"""Composite: the scenes of a period become one value, pixel by pixel, before anything else."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pixeltrend.reducers.composite_options import CompositeOptions
from pixeltrend.reducers.periods import periods, same_times
from pixeltrend.reducers.reducer import BandInfo, prepare

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from pixeltrend.reducers.periods import Periods
    from pixeltrend.reducers.reducer import Reducer

    Floats = NDArray[np.floating[Any]]

# Values worked on at once: they and what is computed from them stay in a core's cache.
_TILE_VALUES = 8192 * 21
# Bytes of a composite at most; those that are values of the pixel itself may have half as many.
_BYTES = 8
# Composites that are values of the pixel itself, and so need no more digits than these have.
_OF_THE_PIXEL = {"max", "min", "first", "last"}


@dataclass(frozen=True, slots=True)
class Composite:
    """Reduces the composites of periods in place of single scenes.

    Every step is elementwise over the pixels, one scene after the other, so that a pixel's result
    does not depend on its neighbours.
    """

    inner: Reducer
    """Gets the time and the values of each period."""
    options: CompositeOptions = CompositeOptions()  # noqa: RUF009 - frozen
    """Periods, and what their value is; all scenes given are in the months that are asked for."""
    duplicates: str | None = None
    """What the value of several scenes of one time is, before periods are made: first or last that
    is not missing, mean; None if they count as several scenes."""

    @property
    def method(self) -> str:
        """Name of the method."""
        return self.inner.method

    @property
    def bands(self) -> tuple[BandInfo, ...]:
        """Those of the inner reducer; of periods, the number of their scenes too."""
        if self.options.composite is None:
            return self.inner.bands
        text = f"Mean number of scenes in a {self.options.period} that has a value"
        return (*self.inner.bands, BandInfo("n_scenes", text, ""))

    @property
    def max_pixels(self) -> int | None:
        """Pixels to reduce in one go at most."""
        return self.inner.max_pixels

    def prepare(self) -> None:
        """Load or compile what workers need, once and before they start."""
        prepare(self.inner)
        self.compose(np.array([2000.0, 2000.5]), np.array([[0.0], [1.0]]))

    def scratch_bytes(self, times: NDArray[np.float64], pixels: int) -> int:
        """Return the bytes of what is made of values at `times` (N,), and of what is made of it."""
        size = 0
        for found, _, _ in self._steps(times):
            times = found.times
            size += _BYTES * len(times) * pixels
        inner = getattr(self.inner, "scratch_bytes", lambda _times, _pixels: 0)
        return size + int(inner(times, pixels)) + 2 * _BYTES * pixels

    def _steps(self, times: NDArray[np.float64]) -> Iterator[tuple[Periods, str, int]]:
        """Yield which rows make one value each, which one, and how many of them at least.

        One value is made of duplicates first, then of what that left of each period.
        """
        if self.duplicates is not None:
            found = same_times(times)
            times = found.times
            yield found, self.duplicates, 1
        if self.options.composite is not None:
            yield periods(times, self.options), self.options.composite, self.options.least

    def reduce(self, times: NDArray[np.float64], values: Floats) -> Floats:
        """Reduce `values` (N, P), NaN where missing, at increasing `times` (N,) to (bands, P)."""
        return self.reduce_counting(times, values)[0]

    def reduce_counting(
        self, times: NDArray[np.float64], values: Floats
    ) -> tuple[NDArray[np.float64], int]:
        """Reduce, and count the pixels at which a user's function raised."""
        times, values, n_scenes = self.compose(times, values)
        inner: Any = self.inner
        if hasattr(inner, "reduce_counting"):
            block, failures = inner.reduce_counting(times, values)
        else:
            block, failures = inner.reduce(times, values), 0
        if self.options.composite is not None:
            block = np.concatenate([block, n_scenes[np.newaxis]])
        return block, failures

    def compose(
        self, times: NDArray[np.float64], values: Floats
    ) -> tuple[NDArray[np.float64], Floats, NDArray[np.float64]]:
        """Return the times (M,) and values (M, P) of periods; and of each pixel its `n_scenes`."""
        n_scenes = np.empty(0)
        for found, name, least in self._steps(times):
            times, (values, n_scenes) = found.times, combine(values, found, name, least)
        return times, values, n_scenes


@dataclass(frozen=True, slots=True)
class Values:
    """The values themselves, a band for each time."""

    count: int
    """Number of times."""
    method: str = "composite"
    max_pixels: int | None = None

    @property
    def bands(self) -> tuple[BandInfo, ...]:
        """A band for each time."""
        return tuple(BandInfo(str(number), "", "{unit}") for number in range(self.count))

    def reduce(self, times: NDArray[np.float64], values: Floats) -> Floats:  # noqa: ARG002
        """Return `values` (N, P)."""
        return values


def combine(
    values: Floats, of: Periods, statistic: str, least: int
) -> tuple[Floats, NDArray[np.float64]]:
    """Return a value for each period, and how many scenes a period has.

    Parameters
    ----------
    values
        Values, (N, P); NaN where missing.
    of
        Which rows make one value.
    statistic
        max, min, mean, median, sum, count, first, last, or pNN: a percentile, between two values
        on the line between them.
    least
        A period with fewer values is NaN. Nothing but a sum or a count can be made of none.

    Returns
    -------
    composites
        (M, P).
    n_scenes
        Mean number of values of the periods that are not NaN, (P,); NaN where all are.

    References
    ----------
    Hyndman, R. J. and Fan, Y. (1996). Sample Quantiles in Statistical Packages. The American
    Statistician 50, definition 7; `numpy.percentile` and xarray's `quantile` by default.
    """
    pixels = values.shape[1]
    dtype = values.dtype if statistic in _OF_THE_PIXEL else np.dtype(np.float64)
    result = np.empty((len(of.times), pixels), dtype)
    scenes, counted = np.zeros((2, pixels))
    if statistic not in {"sum", "count"}:
        least = max(least, 1)
    for row, (first, stop) in zip(result, itertools.pairwise(of.bounds), strict=True):
        tile = max(1, _TILE_VALUES // int(stop - first))
        for start in range(0, pixels, tile):
            part = slice(start, start + tile)
            n = _fill(row[part], values[first:stop, part], statistic)
            few = n < least
            if few.any():
                row[part][few] = np.nan
                n[few] = 0
            scenes[part] += n
            counted[part] += ~few
    with np.errstate(invalid="ignore"):
        return result, np.divide(scenes, counted, out=scenes)


def _fill(out: Floats, block: Floats, statistic: str) -> NDArray[np.int32]:
    """Fill `out`, (P,), with what is made of a period's `block`, (n, P); return their numbers."""
    missing = np.isnan(block)
    n = len(block) - _sum_of_bytes(missing.view(np.uint8))
    if statistic in {"max", "min"}:
        (np.fmax if statistic == "max" else np.fmin).reduce(block, axis=0, out=out)
        out += 0.0  # of 0 and -0, either may come first: it depends on the neighbours
    elif statistic in {"first", "last"}:
        rows = block if statistic == "first" else block[::-1]
        out[:] = rows[0]
        for row in rows[1:]:
            np.copyto(out, row, where=np.isnan(out))
    elif statistic == "count":
        out[:] = n
    elif statistic in {"sum", "mean"}:
        out[:] = 0.0
        if missing.any():
            block = _with_zeros(block, missing)
        for row in block:
            out += row
        if statistic == "mean":
            with np.errstate(invalid="ignore"):
                out /= n
    else:
        from pixeltrend.reducers.kernels import load_kernel  # the others do without Numba

        kernel = load_kernel("select_kernel")
        doubles = np.ascontiguousarray(block, dtype=np.float64)
        if statistic == "median":
            kernel.medians(doubles, out)
        else:
            kernel.percentiles(doubles, int(statistic[1:]) / 100, out)
    return n


def _with_zeros(block: Floats, missing: NDArray[np.bool_]) -> Floats:
    """Return a copy of `block` with 0 where it is missing: bits are faster than a choice."""
    whole = np.dtype(f"u{block.itemsize}")
    bits = missing.astype(whole)
    bits -= whole.type(1)  # all of them where there is a value, none where it is missing
    bits &= block.view(whole)
    return bits.view(block.dtype)


def _sum_of_bytes(rows: NDArray[np.uint8]) -> NDArray[np.int32]:
    """Return the sums of rows of 0 and 1, (n, P): bytes add fastest, as far as they hold them."""
    total = np.zeros(rows.shape[1], dtype=np.int32)
    for start in range(0, len(rows), 255):
        total += np.add.reduce(rows[start : start + 255], axis=0, dtype=np.uint8)
    return total
