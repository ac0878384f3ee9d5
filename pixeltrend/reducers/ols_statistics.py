"""Least squares: all statistics of a line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pixeltrend.reducers import student
from pixeltrend.reducers.kernels import load_kernel
from pixeltrend.reducers.options import PER
from pixeltrend.reducers.registry import METHODS

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from pixeltrend.reducers.options import StatsOptions

    Floats = NDArray[np.float64]

STATISTICS = METHODS["ols"].statistics  # in the order of the kernel
_OF_THE_ERROR = {"tvalue", "pvalue", "slope_lower", "slope_upper"}


def ols_statistics(
    times: Floats,
    values: NDArray[np.floating[Any]],
    names: Collection[str],
    options: StatsOptions,
) -> dict[str, Floats]:
    """Compute least-squares statistics of each pixel.

    With ``x`` the times, ``y`` the values and ``sxx``, ``sxy``, ``syy`` their centred sums of
    squares and products::

        slope = sxy / sxx                        stderr = sqrt(sse / (n - 2) / sxx)
        intercept = mean(y) - slope * mean(x)    tvalue = slope / stderr
        rvalue = sxy / sqrt(sxx * syy)           rmse = sqrt(sse / n)
        sse = syy - slope * sxy
        intercept_stderr = stderr * sqrt(sxx / n + mean(x) ** 2)

    The p-value is two-sided, from Student's t with n - 2 degrees of freedom, and the confidence
    limits are slope -/+ t(quantile) * stderr. For a correction, see `correct_errors`.

    Parameters
    ----------
    times
        Decimal years, (N,).
    values
        Values, (N, P); NaN where missing.
    names
        Names out of `STATISTICS`.
    options
        Confidence level, origin of the intercept, unit of time, correction.

    Returns
    -------
    dict of arrays (P,)
        These, and ``n_valid``.

    References
    ----------
    Draper, N. R. and Smith, H. (1998). Applied Regression Analysis, 3rd ed., chapter 1.
    `scipy.stats.linregress` for two points, a constant series, and names.
    """
    if options.correction is None:
        return _plain(times, values, names, options)
    from pixeltrend.reducers.ols_ar1 import correct_errors  # most runs have no correction

    y = values.astype(np.float64)
    plain = {"slope", "stderr", *set(STATISTICS).intersection(names)} - _OF_THE_ERROR
    return correct_errors(times, y, _plain(times, y, plain, options), names, options)


def _plain(
    times: Floats,
    values: NDArray[np.floating[Any]],
    names: Collection[str],
    options: StatsOptions,
) -> dict[str, Floats]:
    """Return the statistics for independent noise."""
    count, pixels = values.shape
    middle = np.rint(times.mean())
    x = times - middle
    names = {*names, "n_valid"}
    limits = not names.isdisjoint({"slope_lower", "slope_upper"})
    tails = np.empty((0, 0))
    if "pvalue" in names:
        tails = student.tails(count)
        names.add("tvalue")
    chosen = [number for number, name in enumerate(STATISTICS) if name in names]
    out = np.empty((len(chosen), pixels))
    load_kernel("ols_kernel").line_statistics(
        x,
        np.diff(x, prepend=x[0]),
        bool(np.array_equal(x, np.rint(x))),
        np.ascontiguousarray(values, dtype=np.float64),
        float(middle - options.origin),
        float(PER[options.per]),
        student.quantiles(0.5 + options.confidence / 2, count) if limits else np.zeros(count + 1),
        tails,
        np.array(chosen),
        out,
    )
    result = dict(zip((STATISTICS[number] for number in chosen), out, strict=True))
    if "pvalue" in names:
        beyond = np.flatnonzero(result["n_valid"] >= len(tails))
        if len(beyond):
            t, n = result["tvalue"][beyond], result["n_valid"][beyond]
            result["pvalue"][beyond] = student.two_sided(t, n - 2)
    return result
