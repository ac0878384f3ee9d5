"""Generalized least squares: the line of greatest restricted likelihood in AR(1) noise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pixeltrend.reducers import student
from pixeltrend.reducers.kernels import load_kernel
from pixeltrend.reducers.options import PER
from pixeltrend.reducers.serial_correlation import FEWEST, at_steps, elapsed

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from pixeltrend.reducers.options import StatsOptions

    Floats = NDArray[np.float64]


def gls_statistics(
    times: Floats,
    values: NDArray[np.floating[Any]],
    names: Collection[str],
    options: StatsOptions,
) -> dict[str, Any]:
    """Fit a line in AR(1) noise to each pixel.

    The noise of two values k steps apart correlates by r^k, whatever lies between them. r is that
    of the greatest restricted likelihood between -0.99 and 0.99; slope and errors are those of
    generalized least squares with it, and t has n - 2 degrees of freedom.

    Parameters
    ----------
    times
        Decimal years, (N,).
    values
        Values, (N, P); NaN where missing.
    names
        Names of the method's statistics.
    options
        Confidence level, origin of the intercept, unit of time.

    Returns
    -------
    dict of arrays (P,)
        These, and ``n_valid``; NaN where a pixel has fewer than eight values.

    References
    ----------
    Ives, A. R. et al. (2021). Remote Sensing of Environment 266, 112678 (each pixel's fit);
    Pinheiro, J. C. and Bates, D. M. (2000). Mixed-Effects Models in S and S-PLUS, chapter 5.
    R's ``nlme::gls(y ~ x, correlation = corAR1(form = ~ step))``.
    """
    series = at_steps(times, np.ascontiguousarray(values, dtype=np.float64))
    x = elapsed(times)
    middle = np.rint(x.mean())
    out = np.empty((7, values.shape[1]))
    load_kernel("gls_kernel").ar1_line(
        x - middle, series, float(options.origin - times[0] - middle), out
    )
    n, r1, slope, intercept, stderr, intercept_stderr, factor = out
    out[1:, n < FEWEST] = np.nan
    scale = PER[options.per]
    result: dict[str, Any] = {
        "slope": slope * scale,
        "intercept": intercept,
        "stderr": stderr * scale,
        "intercept_stderr": intercept_stderr,
        "tvalue": slope / stderr,
        "n_valid": n,
        "r1": r1,
        "n_eff": n / factor,
        "factor": factor,
    }
    if "pvalue" in names:
        result["pvalue"] = student.two_sided(result["tvalue"], n - 2.0)
    if not {"slope_lower", "slope_upper"}.isdisjoint(names):
        table = student.quantiles(0.5 + options.confidence / 2, len(series))
        half = table[n.astype(np.intp)] * result["stderr"]
        result |= {"slope_lower": result["slope"] - half, "slope_upper": result["slope"] + half}
    return result
