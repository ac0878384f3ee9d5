"""Offsets: one slope within groups of rasters, such as those of a sensor, each at its own level."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pixeltrend.errors import ArgumentError
from pixeltrend.reducers import student
from pixeltrend.reducers.kernels import load_kernel
from pixeltrend.reducers.mann_kendall import mann_kendall_test
from pixeltrend.reducers.options import PER
from pixeltrend.reducers.pairs import Scores, mann_kendall_scores, slopes_within

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from pixeltrend.reducers.options import StatsOptions

    Floats = NDArray[np.float64]
    Codes = NDArray[np.int64]


def codes_of(times: Floats, steps: str) -> Codes:
    """Return the group of each time, (N,), from 0: a new one begins at each of the years `steps`.

    Raises
    ------
    ArgumentError
        A group has no time.
    """
    years = [float(year) for year in steps.split(",")]
    codes = np.searchsorted(years, times + 1e-9, side="right").astype(np.int64)
    for number, count in enumerate(np.bincount(codes, minlength=len(years) + 1)):
        if not count:
            where = f"before {years[0]:g}" if number == 0 else f"from {years[number - 1]:g} on"
            raise ArgumentError(
                f"steps {steps}: no raster {where}, so that group is empty; the times go from "
                f"{times.min():.10g} to {times.max():.10g}"
            )
    return codes


def within_groups(
    times: Floats,
    values: NDArray[np.floating[Any]],
    names: Collection[str],
    options: StatsOptions,
    codes: Codes,
) -> dict[str, Any]:
    """Compute the trend that all groups of a pixel share, (P,), whatever their levels.

    Parameters
    ----------
    times
        Decimal years, (N,).
    values
        Values, (N, P); NaN where missing.
    names
        Statistics of `registry.WITHIN`.
    options
        Method, level of limits, unit of time, alternative.
    codes
        Number of the group of each time, (N,), from 0 without gaps.
    """
    y = np.ascontiguousarray(values, dtype=np.float64)
    if options.method == "ols":
        return _lines(times, y, options, codes)
    return _ranks(times, y, names, options, codes)


def _lines(times: Floats, y: Floats, options: StatsOptions, codes: Codes) -> dict[str, Any]:
    """Return the least-squares line with a level for each group, and the steps between them.

    With the sums of squares and products taken within groups, of which m have values::

        slope = sxy / sxx        stderr = sqrt(sse / (n - m - 1) / sxx)
        sse = syy - slope sxy    step_g = mean y_g+1 - mean y_g - slope (mean x_g+1 - mean x_g)

    References
    ----------
    Draper, N. R. and Smith, H. (1998). Applied Regression Analysis, 3rd ed., chapter 14 (dummy
    variables).
    """
    count = int(codes.max()) + 1
    out = np.empty((6 + 3 * count, y.shape[1]))
    load_kernel("offsets_kernel").group_lines(times - np.rint(times.mean()), codes, count, y, out)
    n, groups, sxx, slope, sse, syy = out[:6]
    of_group, mean_x, mean_y = out[6:].reshape(3, count, -1)
    df = n - groups - 1.0
    slope = np.where(sxx > 0, slope, np.nan)
    variance = np.where((df > 0) & (syy > 0), sse / np.maximum(df, 1.0), np.nan)
    stderr = np.sqrt(variance / sxx)
    table = student.quantiles(0.5 + options.confidence / 2, len(times) + 1)
    half = table[np.maximum(df + 2.0, 0.0).astype(np.intp)] * stderr
    scale = PER[options.per]
    result = {
        "slope": slope * scale,
        "stderr": stderr * scale,
        "tvalue": slope / stderr,
        "pvalue": student.two_sided(slope / stderr, df),
        "slope_lower": (slope - half) * scale,
        "slope_upper": (slope + half) * scale,
        "rmse": np.sqrt(sse / n),
        "n_valid": n,
    }
    for g in range(count - 1):
        apart = mean_x[g + 1] - mean_x[g]
        step = mean_y[g + 1] - mean_y[g] - slope * apart
        error = np.sqrt(variance * (1 / of_group[g] + 1 / of_group[g + 1] + apart * apart / sxx))
        result[f"step_{g + 1}"] = step
        result[f"step_{g + 1}_pvalue"] = student.two_sided(step / error, df)
    return result


def _ranks(
    times: Floats, y: Floats, names: Collection[str], options: StatsOptions, codes: Codes
) -> dict[str, Any]:
    """Return the Mann-Kendall test and the Theil-Sen slope of the pairs within groups.

    S, its variance and the numbers of pairs add up over the groups, as they do over seasons; p is
    that of z in the normal distribution.

    References
    ----------
    Hirsch, R. M., Slack, J. R. and Smith, R. A. (1982). Water Resources Research 18, 107-121, for
    seasons in place of groups. Korn, E. L. (1984). Biometrics 40, 205-214 (Kendall's tau with a
    blocking variable).
    """
    from scipy.special import ndtr, ndtri

    total = np.zeros((7, y.shape[1]))
    for g in range(int(codes.max()) + 1):
        total += mann_kendall_scores(times[codes == g], y[codes == g])
    scores = Scores(*total)
    result = mann_kendall_test(scores, {*names} - {"pvalue"}, options, None)
    z = result["z"]
    sign: Any = {"two-sided": -np.sign(z), "increasing": -1.0, "decreasing": 1.0}
    p = ndtr(sign[options.alternative] * z)
    result["pvalue"] = np.minimum(2 * p, 1.0) if options.alternative == "two-sided" else p
    if options.method == "theil-sen":
        ranks = np.empty((0, y.shape[1]))
        if not {"slope_lower", "slope_upper"}.isdisjoint(names):
            last = np.maximum(scores.pairs - 1, 0)
            reach = ndtri((1.0 - options.confidence) / 2.0) * np.sqrt(scores.var_s)
            low = np.maximum(np.rint((scores.pairs + reach) / 2.0) - 1, 0)
            high = np.minimum(np.rint((scores.pairs - reach) / 2.0), last)
            ranks = np.stack([low, high])
        slopes = slopes_within(times, codes, y, ranks)
        slopes *= PER[options.per]
        slopes[1:, scores.n < 5] = np.nan  # noqa: PLR2004 - as without groups
        result |= dict(zip(("slope", "slope_lower", "slope_upper"), slopes, strict=False))
    return result
