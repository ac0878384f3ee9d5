"""What a line says in other words: change in per cent, in all, and the value of another year."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

from pixeltrend.reducers import student
from pixeltrend.reducers.options import PER
from pixeltrend.reducers.registry import METHODS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pixeltrend.reducers.options import StatsOptions

    Floats = NDArray[np.float64]


def relative_change(
    times: Floats,
    values: NDArray[np.floating[Any]],
    computed: dict[str, Any],
    options: StatsOptions,
) -> dict[str, Any]:
    """Return what the line of each pixel, (P,), changes by, and what it begins and ends with.

    The first and the last time are those of the series, for all pixels alike: maps of `change`
    compare equal spans. `percent` is the slope in parts of what the line begins with, or of the
    mean of the values, without their sign: it has the sign of the slope.

    Parameters
    ----------
    times
        Decimal years, (N,).
    values
        Values, (N, P); NaN where missing.
    computed
        ``slope``, and ``intercept`` at `options.origin`.
    options
        What per cent are of, unit of time.
    """
    slope = computed["slope"] / PER[options.per]
    first = computed["intercept"] + slope * (times[0] - options.origin)
    whole = first if options.percent_of == "first" else _mean(values)
    return {
        "percent": 100.0 * computed["slope"] / np.where(whole == 0, np.nan, np.abs(whole)),
        "change": slope * (times[-1] - times[0]),
        "fitted_first": first,
        "fitted_last": computed["intercept"] + slope * (times[-1] - options.origin),
    }


def _mean(values: NDArray[np.floating[Any]]) -> Floats:
    """Return the mean of each pixel's values, (P,), added one time after the other."""
    total, n = np.zeros((2, values.shape[1]))
    for row in values:
        valid = ~np.isnan(row)
        total += np.where(valid, row, 0.0)
        n += valid
    return np.asarray(total / n)


def prediction(
    times: Floats,
    values: NDArray[np.floating[Any]],
    computed: dict[str, Any],
    options: StatsOptions,
) -> dict[str, Any]:
    """Return what the least-squares line of each pixel, (P,), predicts for a year, with limits.

    A new value lies between the limits with the probability `confidence`::

        predicted -/+ t(quantile) sqrt(s^2 + s^2 / n + stderr^2 (YEAR - mean(x))^2)

    with ``s^2 = sse / (n - 2)`` and n - 2 degrees of freedom.

    References
    ----------
    Draper, N. R. and Smith, H. (1998). Applied Regression Analysis, 3rd ed., section 3.1.
    """
    if options.predict is not None and options.origin != options.predict:
        computed = METHODS[options.method].load()(
            times,
            values,
            ("intercept", "intercept_stderr", "rmse"),
            dataclasses.replace(options, origin=options.predict),
        )
    n = computed["n_valid"]
    quantile = student.quantiles(0.5 + options.confidence / 2, len(times))[n.astype(np.intp)]
    s = computed["rmse"] * np.sqrt(n / np.maximum(n - 2.0, 1.0))
    half = quantile * np.hypot(s, computed["intercept_stderr"])
    fitted = computed["intercept"]
    return {
        "predicted": fitted,
        "predicted_lower": fitted - half,
        "predicted_upper": fitted + half,
    }
