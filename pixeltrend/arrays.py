"""Trends of arrays in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from pixeltrend.errors import ArgumentError
from pixeltrend.execution.fdr import adjust
from pixeltrend.reducers.methods import make_reducer
from pixeltrend.reducers.reducer import prepare

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from pixeltrend.reducers.options import StatsKeywords

# Pixels made into floats at a time.
_PIECE = 2**16


def reduce(
    times: ArrayLike,
    values: ArrayLike,
    *,
    method: str = "ols",
    **options: Unpack[StatsKeywords],
) -> dict[str, NDArray[np.float64]]:
    """Compute statistics of the trend of every series in an array.

    The numbers are those that ``pixeltrend slope --dtype float64`` writes, to the last bit.

    Parameters
    ----------
    times
        Decimal years, (N,), in any order, no two alike.
    values
        Integers or floats, (N, ...). NaN and infinite values are missing.
    method
        "ols", "linregress", "theil-sen" or "mann-kendall".
    **options
        ``stats="slope,pvalue"`` and all other fields of
        `pixeltrend.reducers.options.StatsOptions`.

    Returns
    -------
    dict of arrays (...)
        float64 arrays by the names of the statistics, in the order asked for; NaN where a
        statistic is not defined.

    Raises
    ------
    ArgumentError
        Shapes, times or a parameter make no sense.

    References
    ----------
    See docs/statistics.md: each formula with its source.

    Examples
    --------
    >>> import numpy, pixeltrend
    >>> years = numpy.arange(2000, 2006)
    >>> found = pixeltrend.reduce(years, [1, 2, 4, 3, 6, 7], stats="slope,pvalue")
    >>> round(float(found["slope"]), 4)
    1.1714
    """
    reducer = make_reducer(method, **options)
    prepare(reducer)
    x = np.asarray(times, dtype=np.float64)
    y = np.asarray(values)
    if x.ndim != 1 or y.ndim < 1 or len(x) != len(y):
        raise ArgumentError(
            f"times {x.shape} and values {y.shape}: wanted are (N,) and (N, ...) with the same N"
        )
    if y.dtype.kind not in "biuf":
        raise ArgumentError(f"values are {y.dtype}: wanted are integers or floats")
    if len(x) < 2 or not np.isfinite(x).all():  # noqa: PLR2004 - a slope takes two
        raise ArgumentError("times: two or more are wanted, all of them numbers")
    order = np.argsort(x)
    if (np.diff(x[order]) == 0).any():
        twice = x[order][1:][np.diff(x[order]) == 0][0]
        raise ArgumentError(f"times: {twice:.10g} comes twice")
    flat = y.reshape(len(x), -1)
    # As files are read: Float32 where that is exact.
    floats = np.float32 if np.can_cast(y.dtype, np.float32) else np.float64
    result = np.empty((len(reducer.bands), flat.shape[1]))
    step = min(_PIECE, reducer.max_pixels or _PIECE)
    for start in range(0, flat.shape[1], step):
        piece: NDArray[Any] = flat[order, start : start + step].astype(floats)
        piece[np.isinf(piece)] = np.nan
        result[:, start : start + step] = reducer.reduce(x[order], piece)
    found = {
        info.name: row.reshape(y.shape[1:]) for info, row in zip(reducer.bands, result, strict=True)
    }
    fdr = options.get("fdr")
    if fdr is not None:
        found["pvalue_fdr"] = adjust(found["pvalue"], fdr)
    return found
