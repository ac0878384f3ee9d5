"""Least squares with errors, test and limits for AR(1) noise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pixeltrend.reducers import student
from pixeltrend.reducers.kernels import load_kernel
from pixeltrend.reducers.options import PER
from pixeltrend.reducers.serial_correlation import FEWEST, at_steps, elapsed, unbiased

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from pixeltrend.reducers.options import StatsOptions

    Floats = NDArray[np.float64]


def correct_errors(
    times: Floats,
    values: Floats,
    line: dict[str, Floats],
    names: Collection[str],
    options: StatsOptions,
) -> dict[str, Floats]:
    """Return the statistics of a least-squares line with errors for AR(1) noise.

    With r the autocorrelation of the residuals at a distance of one step, less its bias, and
    ``n_eff = n (1 - r) / (1 + r)``, at least 3, the residual variance is ``sse / (n_eff - 2)``,
    and t has n_eff - 2 degrees of freedom.

    Parameters
    ----------
    times
        Decimal years, (N,).
    values
        Values, (N, P), float64; NaN where missing.
    line
        Uncorrected statistics, (P,) each: ``slope``, ``stderr`` and ``n_valid`` at least.
    names
        Names of the statistics to correct.
    options
        Confidence level and unit of time.

    References
    ----------
    Santer, B. D. et al. (2000). Journal of Geophysical Research 105, 7337-7356. For the bias, see
    `unbiased`.
    """
    n, slope = line["n_valid"], line["slope"]
    r = np.empty_like(n)
    load_kernel("serial_correlation_kernel").line_autocorrelation(
        elapsed(times), at_steps(times, values), slope / PER[options.per], r
    )
    exact = np.isnan(r)
    r1, n_eff = unbiased(r, n)
    r1, n_eff = np.where(exact, 0.0, r1), np.where(exact, n, n_eff)
    few = n < FEWEST
    n_eff[few] = np.nan
    factor = (n - 2.0) / (n_eff - 2.0)
    stderr = line["stderr"] * np.sqrt(factor)
    result = line | {
        "stderr": stderr,
        "tvalue": slope / stderr,
        "r1": np.where(few, np.nan, r1),
        "n_eff": n_eff,
        "factor": factor,
    }
    if "intercept_stderr" in line:
        result["intercept_stderr"] = line["intercept_stderr"] * np.sqrt(factor)
    if "pvalue" in names:
        result["pvalue"] = student.two_sided(result["tvalue"], n_eff - 2.0)
    if not {"slope_lower", "slope_upper"}.isdisjoint(names):
        half = student.quantiles_of(0.5 + options.confidence / 2, n_eff - 2.0) * stderr
        result |= {"slope_lower": slope - half, "slope_upper": slope + half}
    return result
