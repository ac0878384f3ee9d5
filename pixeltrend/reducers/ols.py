"""Ordinary least squares in closed form, over whole chunks of pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pixeltrend.reducers import SLOPE, BandInfo

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

# Values worked on at once: they and what is computed from them stay in a core's cache.
TILE_VALUES = 8192 * 21


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

    method: str = "ols"
    bands: tuple[BandInfo, ...] = (SLOPE,)
    max_pixels: int | None = None

    def reduce(self, times: Floats, values: NDArray[np.floating[Any]]) -> Floats:
        """Reduce `values` (N, P), NaN where missing, at `times` (N,) to (bands, P)."""
        count, pixels = values.shape
        result = np.empty((1, pixels))
        tile = max(1, TILE_VALUES // count)
        x = times - np.rint(times.mean())
        with np.errstate(invalid="ignore", divide="ignore"):
            for start in range(0, pixels, tile):
                part = values[:, start : start + tile]
                result[0, start : start + tile] = _slope(x, part)
        return result


class LineSums(NamedTuple):
    """Sums over the valid values of each pixel, (P,) or, where all pixels share one, (1,)."""

    n: Floats
    """Number of values."""
    mean: Floats
    """Mean of their times."""
    sxx: Floats
    """Squared deviations of the times from their mean."""
    sxy: Floats
    """Products of the deviations of times and values from their means."""
    sy: Floats
    """Values, each less `y0`."""
    syy: Floats
    """Squares of the values less `y0`; zeros if not wanted."""
    y0: Floats
    """The first valid value."""
    y: Floats
    """Values less `y0`, (N, P); 0 where missing."""
    valid: NDArray[np.bool_]
    """Where values are, (N, P), or (N, 1) if none is missing."""


def line_sums(x: Floats, values: NDArray[np.floating[Any]], *, squares: bool) -> LineSums | None:
    """Sum up what a least-squares line needs; None if there is no value at all.

    Parameters
    ----------
    x
        Times, (N,), relative to one in the middle.
    values
        Values, (N, P); NaN where missing.
    squares
        Whether the squares of the values are wanted.
    """
    missing = np.isnan(values)
    gaps = bool(missing.any())
    if gaps and missing.all():
        return None
    y = values.astype(np.float64)
    y0 = _first_valid(y) if gaps else y[0].copy()
    valid = ~missing if gaps else np.ones((len(x), 1), dtype=bool)
    n, mean, sxx = _time_sums(x, valid)
    sy, sxy, syy = np.zeros((3, len(y0)))
    product = np.empty_like(y0)
    for x_i, y_i, missing_i in zip(x, y, missing, strict=True):
        y_i -= y0  # noqa: PLW2901 - in place: y is this function's own
        if gaps:
            np.putmask(y_i, missing_i, 0.0)  # adds nothing to the sums
        sy += y_i
        np.multiply(y_i, x_i, out=product)
        sxy += product
        if squares:
            np.multiply(y_i, y_i, out=product)
            syy += product
    sxy -= sy * mean
    return LineSums(n, mean, sxx, sxy, sy, syy, y0, y, valid)


def _slope(x: Floats, values: NDArray[np.floating[Any]]) -> Floats | float:
    """Give the slopes (P,) of `values` (N, P) at the centred times `x` (N,)."""
    sums = line_sums(x, values, squares=False)
    if sums is None:
        return np.nan
    slope: Floats = np.divide(sums.sxy, sums.sxx, out=sums.sxy)
    slope[np.broadcast_to(sums.n < 2, slope.shape)] = np.nan  # noqa: PLR2004 - two points: a line
    return slope


def _first_valid(y: Floats) -> Floats:
    """Give each pixel's first value that is not missing; NaN where all are."""
    first = y[0].copy()
    for y_i in y[1:]:
        wanted = np.flatnonzero(np.isnan(first))
        if not len(wanted):
            break
        first[wanted] = y_i[wanted]
    return first


def _time_sums(x: Floats, valid: NDArray[np.bool_]) -> tuple[Floats, Floats, Floats]:
    """Give the number, the mean and the centred sum of squares of each pixel's valid times.

    Whole years make sums of whole numbers, which are exact in any order, so a matrix product may
    take them; other times are summed one after the other.
    """
    if np.array_equal(x, np.rint(x)):
        powers = np.stack([np.ones_like(x), x, x * x])
        exact = np.float32 if powers.sum() < 2**24 else np.float64
        sums = powers.astype(exact) @ valid.astype(exact)
        n, sx, sxx = sums.astype(np.float64)
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
