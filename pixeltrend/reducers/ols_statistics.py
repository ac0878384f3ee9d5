"""Least squares: all statistics of a line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pixeltrend.reducers import student
from pixeltrend.reducers.kernels import load_kernel
from pixeltrend.reducers.options import PER
from pixeltrend.reducers.registry import METHODS, SERIAL

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from pixeltrend.reducers.options import StatsOptions

    Floats = NDArray[np.float64]

STATISTICS = METHODS["ols"].statistics  # in the order of the kernel


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
    limits are slope -/+ t(quantile) * stderr.

    In AR(1) noise, with r the autocorrelation of the residuals at a distance of one step, less its
    bias, and ``n_eff = n (1 - r) / (1 + r)``, at least 3, the residual variance is
    ``sse / (n_eff - 2)``, and t has n_eff - 2 degrees of freedom.

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
    `scipy.stats.linregress` for two points, a constant series, and names. Santer, B. D. et al.
    (2000). Journal of Geophysical Research 105, 7337-7356, for AR(1) noise; for the bias, see
    `serial_correlation.correct`.
    """
    count, pixels = values.shape
    middle, *centred = centred_times(times)
    y = np.ascontiguousarray(values, dtype=np.float64)
    units = float(middle - options.origin), float(PER[options.per])
    names = {*names, "n_valid"}
    limits = not names.isdisjoint({"slope_lower", "slope_upper"})
    probability = 0.5 + options.confidence / 2
    if options.correction is not None:  # most runs have none, and no use for what it imports
        from pixeltrend.reducers.serial_correlation import FEWEST
        from pixeltrend.reducers.steps import steps

        known = (*STATISTICS, *SERIAL)
        chosen = [number for number, name in enumerate(known) if name in names]
        out = np.empty((len(chosen), pixels))
        logarithms = student.logarithms(probability) if limits else np.zeros(1)
        load_kernel("ols_ar1_kernel").ar1_line_statistics(
            *centred, steps(times), y, *units, logarithms, FEWEST, np.array(chosen), out
        )
        return dict(zip((known[number] for number in chosen), out, strict=True))
    tails = np.empty((0, 0))
    if "pvalue" in names:
        tails = student.tails(count)
        names.add("tvalue")
    chosen = [number for number, name in enumerate(STATISTICS) if name in names]
    out = np.empty((len(chosen), pixels))
    quantiles = student.quantiles(probability, count) if limits else np.zeros(count + 1)
    load_kernel("ols_kernel").line_statistics(
        *centred, y, *units, quantiles, tails, np.array(chosen), out
    )
    result = dict(zip((STATISTICS[number] for number in chosen), out, strict=True))
    if "pvalue" in names:
        beyond = np.flatnonzero(result["n_valid"] >= len(tails))
        if len(beyond):
            t, n = result["tvalue"][beyond], result["n_valid"][beyond]
            result["pvalue"][beyond] = student.two_sided(t, n - 2)
    return result


def centred_times(times: Floats) -> tuple[float, Floats, Floats, bool]:
    """Return what the kernels take times by.

    A time in the middle, the times relative to it, what each is after the one before, and whether
    all are whole years.
    """
    middle = float(np.rint(times.mean()))
    x = times - middle
    return middle, x, np.diff(x, prepend=x[0]), bool(np.array_equal(x, np.rint(x)))
