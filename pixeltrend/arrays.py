"""Trends of arrays in memory."""

from __future__ import annotations

import logging
import math
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from pixeltrend.errors import ArgumentError
from pixeltrend.options import from_keywords, takes
from pixeltrend.reducers.classes import judge
from pixeltrend.reducers.derived import CLASS
from pixeltrend.reducers.methods import make_reducer
from pixeltrend.reducers.notes import notes, untested
from pixeltrend.reducers.options import StatsOptions
from pixeltrend.reducers.reducer import prepare
from pixeltrend.times.dates import decimal_year_of_cftime

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from pixeltrend.reducers.reducer import Reducer

    Floats = NDArray[np.float64]

log = logging.getLogger(__name__)

# Pixels made into floats at a time.
_PIECE = 2**16
# From here on not every whole number is a double.
_EXACT = 2.0**53


@takes(StatsOptions)
def reduce(times: ArrayLike, values: ArrayLike, **options: Any) -> dict[str, Floats]:
    """Compute statistics of the trend of every series in an array.

    The numbers are those that ``pixeltrend slope --dtype float64`` writes, to the last bit.

    Parameters
    ----------
    times
        Decimal years or dates (datetime64, datetime, cftime of any calendar), (N,), in any order;
        several values may have one time. A date is year + (day of year - 1) / days in that year.
    values
        Integers or floats, (N, ...). NaN and infinite values are missing.
    **options
        ``method="theil-sen"``, ``stats="slope,pvalue"`` and all other fields of
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
    >>> trend = pixeltrend.reduce(years, [1, 2, 4, 3, 6, 7], stats="slope,pvalue")
    >>> round(float(trend["slope"]), 4)
    1.1714
    """
    (statistics,) = from_keywords(options, StatsOptions)
    reducer = make_reducer(statistics)
    prepare(reducer)
    x = _years_of(times)
    y = np.asarray(values)
    if x.ndim != 1 or y.ndim < 1 or len(x) != len(y):
        raise ArgumentError(
            f"times {x.shape} and values {y.shape}: expected (N,) and (N, ...) with the same N"
        )
    if y.dtype.kind not in "biuf":
        raise ArgumentError(f"values are {y.dtype}: expected integers or floats")
    if len(x) < 2 or not np.isfinite(x).all():  # noqa: PLR2004 - a slope takes two
        raise ArgumentError(f"times {times!r}: expected two or more finite numbers")
    for text in notes(np.sort(x), statistics):
        log.warning(text)
    rows = reduce_pixels(reducer, x, y.reshape(len(x), math.prod(y.shape[1:])))
    result = {
        info.name: row.reshape(y.shape[1:]) for info, row in zip(reducer.bands, rows, strict=True)
    }
    if "pvalue" in result and np.isnan(result["pvalue"]).all():
        log.warning(untested(len(np.unique(x)), has_reason=True))
    if statistics.fdr:
        from scipy.stats import false_discovery_control  # takes as long to import as NumPy and GDAL

        adjusted = result["pvalue"].copy()
        valid = ~np.isnan(adjusted)
        adjusted[valid] = false_discovery_control(adjusted[valid], method=statistics.fdr)
        result["pvalue_fdr"] = adjusted
        if CLASS in result:
            result[CLASS] = judge(result[CLASS], adjusted, statistics.alpha)
    return result


def _years_of(times: ArrayLike) -> Floats:
    """Return decimal years of years or dates."""
    given = np.asarray(times)
    try:
        if given.dtype == object and all(hasattr(time, "calendar") for time in given.flat):
            return np.array([decimal_year_of_cftime(time) for time in given.flat])
        if given.dtype == object:
            days = [t.replace(tzinfo=None) if isinstance(t, datetime) else t for t in given.flat]
            given = np.array(days, dtype="datetime64[us]").reshape(given.shape)
        if given.dtype.kind == "M":
            return years_of_datetimes(given)
        if given.dtype.kind in "iuf":
            return given.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise ArgumentError(f"times {times!r}: expected decimal years or dates") from error
    raise ArgumentError(f"times are {given.dtype}: expected decimal years or dates")


def years_of_datetimes(values: NDArray[Any]) -> Floats:
    """Return decimal years of datetime64 of any unit; NaN for what is no time."""
    # xarray's dt.decimal_year refuses NaT and days before 1678.
    moments = values.astype("datetime64[us]")  # nanoseconds begin in the middle of 1677
    starts = moments.astype("datetime64[Y]")
    ends = (starts + np.timedelta64(1, "Y")).astype("datetime64[D]")
    days = (ends - starts) / np.timedelta64(1, "D")
    passed = (moments - starts) / np.timedelta64(1, "D")  # NaN for NaT
    return np.asarray(starts.astype(np.int64) + 1970 + passed / days)


def reduce_pixels(reducer: Reducer, times: Floats, values: NDArray[Any]) -> Floats:
    """Reduce `values` (N, P) of any type at `times` (N,), in any order, to (bands, P)."""
    order = np.argsort(times, kind="stable")
    # As files are read: Float32 where that is exact.
    floats = np.float32 if np.can_cast(values.dtype, np.float32) else np.float64
    result = np.empty((len(reducer.bands), values.shape[1]))
    step = min(_PIECE, reducer.max_pixels or _PIECE)
    for start in range(0, values.shape[1], step):
        # A copy, so that a reducer may do with it what it likes.
        piece = values[order, start : start + step].astype(floats, order="C")
        if values.dtype in (np.int64, np.uint64) and (np.abs(piece) >= _EXACT).any():
            raise ArgumentError(
                f"values of {values.dtype} of 2^53 or more, which double precision rounds"
            )
        piece[np.isinf(piece)] = np.nan
        result[:, start : start + step] = reducer.reduce(times[order], piece)
    return result
