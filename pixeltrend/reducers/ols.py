"""Ordinary least squares in closed form, over whole chunks of pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pixeltrend.reducers.reducer import BandInfo

    Floats = NDArray[np.float64]
    _Mask = NDArray[np.bool_]

# Values worked on at once: they and what is computed from them stay in a core's cache.
_TILE_VALUES = 8192 * 21


@dataclass(frozen=True, slots=True)
class OLS:
    """The slope of the least-squares line, ``sxy / sxx``.

    Every step is elementwise over the pixels, one time after the other, so that a pixel's result
    does not depend on its neighbours. Values are taken relative to the pixel's first valid one and
    times relative to a time in the middle, so that nothing is lost when they are far from zero.

    References
    ----------
    Draper, N. R. and Smith, H. (1998). Applied Regression Analysis, 3rd ed., eq. 1.2.9.
    """

    bands: tuple[BandInfo, ...]
    method: str = "ols"
    max_pixels: int | None = None

    def reduce(self, times: Floats, values: NDArray[np.floating[Any]]) -> Floats:
        """Reduce `values` (N, P), NaN where missing, at `times` (N,) to (bands, P)."""
        count, pixels = values.shape
        result = np.empty((1, pixels))
        tile = max(1, _TILE_VALUES // count)
        x = times - np.rint(times.mean())
        work = _Workspace(count, min(tile, pixels))
        with np.errstate(invalid="ignore", divide="ignore"):
            for start in range(0, pixels, tile):
                part = values[:, start : start + tile]
                result[0, start : start + tile] = _slope(x, part, work)
        if not np.diff(times).all():  # no line goes through values of one time
            from pixeltrend.reducers.quality import at_one_time

            result[0, at_one_time(times, values)] = np.nan
        return result


class _Workspace:
    """Arrays for one tile after the other: fresh memory costs more than the sums in it."""

    def __init__(self, times: int, pixels: int) -> None:
        self._times = times
        self._y = np.empty(times * pixels)
        self._missing = np.empty(times * pixels, dtype=bool)
        self._valid = np.empty(times * pixels, dtype=bool)
        self._weights = np.empty(times * pixels, dtype=np.float32)

    def arrays(self, pixels: int) -> tuple[Floats, _Mask, _Mask, NDArray[np.float32]]:
        """Return contiguous arrays (N, `pixels`): of floats, two of bools, and one of Float32.

        NumPy 2.4's `isnan` writes wrong results into an `out` that is not contiguous.
        """
        shape = (self._times, pixels)
        size = self._times * pixels
        return (
            self._y[:size].reshape(shape),
            self._missing[:size].reshape(shape),
            self._valid[:size].reshape(shape),
            self._weights[:size].reshape(shape),
        )


def _slope(x: Floats, values: NDArray[np.floating[Any]], work: _Workspace) -> Floats | float:
    """Return the slopes (P,) of `values` (N, P) at the centred times `x` (N,)."""
    y, missing, valid, weights = work.arrays(values.shape[1])
    np.isnan(values, out=missing)
    gaps = bool(missing.any())
    if gaps and missing.all():
        return np.nan
    np.copyto(y, values)
    y0 = _first_valid(y) if gaps else y[0].copy()
    if gaps:
        np.logical_not(missing, out=valid)
    else:  # all pixels share one row of sums
        valid, weights = np.ones((len(x), 1), dtype=bool), weights[:, :1]
    n, mean, sxx = _time_sums(x, valid, weights)
    sy, below = np.zeros((2, len(y0)))
    scratch = np.empty_like(y0)
    # sum(x y) by parts: x_N sum(y) - sum of (x_i+1 - x_i) (y_1 + ... + y_i), an addition a year.
    for step, y_i in zip([*np.diff(x), 0.0], y, strict=True):
        y_i -= y0  # noqa: PLW2901 - in place: y is this function's own
        if gaps:
            # Missing values add nothing to the sums: 0, by loops that take half as long as a mask.
            np.fmax(y_i, 0.0, out=scratch)
            np.fmin(y_i, 0.0, out=y_i)
            np.add(y_i, scratch, out=y_i)
        sy += y_i
        if step == 1:
            below += sy
        elif step:
            below += np.multiply(sy, step, out=scratch)
    sxy = (x[-1] - mean) * sy - below
    slope: Floats = np.divide(sxy, sxx, out=sxy)
    slope[np.broadcast_to(n < 2, slope.shape)] = np.nan  # noqa: PLR2004 - two points: a line
    slope[np.isinf(y0)] = np.nan
    return slope


def _first_valid(y: Floats) -> Floats:
    """Return each pixel's first value that is not missing; NaN where all are."""
    first = y[0].copy()
    for y_i in y[1:]:
        empty = np.flatnonzero(np.isnan(first))
        if not len(empty):
            break
        first[empty] = y_i[empty]
    return first


def _time_sums(
    x: Floats, valid: _Mask, weights: NDArray[np.float32]
) -> tuple[Floats, Floats, Floats]:
    """Return the number, the mean and the centred sum of squares of each pixel's valid times.

    Whole years make sums of whole numbers, which are exact in any order, so a matrix product may
    take them; other times are summed one after the other. `weights` is scratch.
    """
    if np.array_equal(x, np.rint(x)):
        powers = np.stack([np.ones_like(x), x, x * x])
        if powers.sum() < 2**24:
            np.copyto(weights, valid)
            n, sx, sxx = (powers.astype(np.float32) @ weights).astype(np.float64)
        else:
            n, sx, sxx = powers @ valid.astype(np.float64)
        return n, sx / n, np.asarray((n * sxx - sx * sx) / n)
    n, sx, sxx = np.zeros((3, valid.shape[1]))
    for x_i, valid_i in zip(x, valid, strict=True):
        n += valid_i
        sx += x_i * valid_i
    mean = sx / n
    for x_i, valid_i in zip(x, valid, strict=True):
        deviation = (x_i - mean) * valid_i
        sxx += deviation * deviation
    return n, mean, sxx
