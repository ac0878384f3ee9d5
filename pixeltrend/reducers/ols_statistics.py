"""Everything else that ordinary least squares says about a line, over tiles of pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pixeltrend.reducers.ols import TILE_VALUES, Workspace, line_sums
from pixeltrend.reducers.options import PER

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from pixeltrend.reducers.ols import LineSums
    from pixeltrend.reducers.options import StatsOptions

    Floats = NDArray[np.float64]

STATISTICS = (
    "slope", "intercept", "rvalue", "rsquared", "pvalue", "stderr", "intercept_stderr", "tvalue",
    "rmse", "n_valid", "slope_lower", "slope_upper",
)  # fmt: skip

# Where residuals are smaller than this part of the variance, the difference of two sums loses them.
_NEAR_LINE = 1e-4


def ols_statistics(
    times: Floats,
    values: NDArray[np.floating[Any]],
    wanted: Collection[str],
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

    Parameters
    ----------
    times
        Decimal years, (N,).
    values
        Values, (N, P); NaN where missing.
    wanted
        Names out of `STATISTICS`.
    options
        Confidence level, origin of the intercept, unit of time.

    Returns
    -------
    dict of arrays (P,)
        What is wanted, and ``n_valid``.

    References
    ----------
    Draper, N. R. and Smith, H. (1998). Applied Regression Analysis, 3rd ed., chapter 1.
    `scipy.stats.linregress` for two points, a constant series, and names.
    """
    middle = np.rint(times.mean())
    n, x_mean, sxx, sxy, syy, sse, y_mean = _line_facts(times - middle, values)
    slope = sxy / sxx
    constant = syy <= 0
    syy[constant] = np.nan  # neither correlation nor test: as SciPy has it
    two, few = n == 2, n < 2  # noqa: PLR2004 - two points always lie on a line
    sse[two] = 0.0
    variance = np.where(np.isnan(syy) & ~two, np.nan, sse / np.where(two, 1.0, n - 2) / sxx)
    stderr = np.sqrt(variance)
    scale = PER[options.per]

    result = {"slope": slope * scale, "stderr": stderr * scale, "n_valid": n}
    x_mean += middle - options.origin
    if "intercept" in wanted:
        result["intercept"] = y_mean - slope * x_mean
    if "intercept_stderr" in wanted:
        result["intercept_stderr"] = stderr * np.sqrt(sxx / n + x_mean * x_mean)
    if "rvalue" in wanted or "rsquared" in wanted:
        result["rvalue"] = np.clip(sxy / np.sqrt(sxx * syy), -1.0, 1.0)
        result["rsquared"] = result["rvalue"] ** 2
    if "rmse" in wanted:
        result["rmse"] = np.sqrt(sse / n)
    result |= _inference(slope, stderr, n, constant, wanted, options)
    if few.any():
        for name in result.keys() - {"n_valid"}:
            result[name][few] = np.nan
    return result


def _line_facts(x: Floats, values: NDArray[np.floating[Any]]) -> Floats:
    """Give n, mean x, sxx, sxy, syy, sse and mean y of each pixel, (7, P), a tile at a time."""
    count, pixels = values.shape
    facts = np.full((7, pixels), np.nan)
    facts[0] = 0.0
    tile = max(1, TILE_VALUES // count)
    work = Workspace(count, min(tile, pixels))
    for start in range(0, pixels, tile):
        sums = line_sums(x, values[:, start : start + tile], work, squares=True)
        if sums is not None:
            y_mean = sums.sy / sums.n  # less y0
            syy = sums.syy - sums.sy * y_mean
            sse = _residual_squares(x, sums, sums.sxy / sums.sxx, y_mean, syy)
            here = (sums.n, sums.mean, sums.sxx, sums.sxy, syy, sse, sums.y0 + y_mean)
            for row, fact in zip(facts, here, strict=True):
                row[start : start + tile] = fact
    return facts


def _inference(
    slope: Floats,
    stderr: Floats,
    n: Floats,
    constant: NDArray[np.bool_],
    wanted: Collection[str],
    options: StatsOptions,
) -> dict[str, Floats]:
    """Compute the t test of the slope, and its confidence limits."""
    from pixeltrend.reducers import student  # SciPy is not for everybody

    result = {}
    two = n == 2  # noqa: PLR2004 - two points always lie on a line
    t = result["tvalue"] = np.where(two, np.nan, slope / stderr)
    if "pvalue" in wanted:
        result["pvalue"] = np.where(two, np.where(constant, 1.0, 0.0), student.two_sided(t, n - 2))
    if "slope_lower" in wanted or "slope_upper" in wanted:
        half = student.quantiles(0.5 + options.confidence / 2, n - 2) * stderr
        scale = PER[options.per]
        result["slope_lower"] = (slope - half) * scale
        result["slope_upper"] = (slope + half) * scale
    return result


def _residual_squares(
    x: Floats, sums: LineSums, slope: Floats, y_mean: Floats, syy: Floats
) -> Floats:
    """Sum the squared residuals; again from the residuals themselves where they are tiny."""
    sse = np.asarray(syy - slope * sums.sxy)
    near = np.flatnonzero(sse < _NEAR_LINE * syy)
    if len(near):
        valid = sums.valid[:, near] if sums.valid.shape[1] > 1 else sums.valid
        x_mean = sums.mean[near] if len(sums.mean) > 1 else sums.mean
        again = np.zeros(len(near))
        for x_i, y_i, valid_i in zip(x, sums.y[:, near], valid, strict=True):
            residual = (y_i - y_mean[near] - slope[near] * (x_i - x_mean)) * valid_i
            again += residual * residual
        sse[near] = again
    return sse
