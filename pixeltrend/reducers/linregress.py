"""The reference: `scipy.stats.linregress`, pixel by pixel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pixeltrend.reducers.function import pairs
from pixeltrend.reducers.options import PER

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from pixeltrend.reducers.options import StatsOptions

    Floats = NDArray[np.float64]


def linregress_statistics(
    times: Floats,
    values: NDArray[np.floating[Any]],
    names: Collection[str],
    options: StatsOptions,
) -> dict[str, Floats]:
    """Compute the least-squares line of each pixel as SciPy does.

    Parameters
    ----------
    times
        Decimal years, (N,).
    values
        Values, (N, P); NaN where missing.
    names
        Names of attributes of SciPy's result.
    options
        Origin of the intercept, unit of time.

    Returns
    -------
    dict of arrays (P,)
        These, and ``n_valid``.

    References
    ----------
    `scipy.stats.linregress`
    """
    from scipy.stats import linregress  # in the worker, and only for this method

    valid = ~np.isnan(values)
    n = valid.sum(axis=0)
    result = {name: np.full(len(n), np.nan) for name in names}
    series = pairs(times - options.origin, values)
    for pixel in np.flatnonzero(n > 1):
        x, y = series[pixel, valid[:, pixel]].T
        if x[0] == x[-1]:  # no line goes through values of one time
            continue
        fit = linregress(x, y)
        for name, row in result.items():
            row[pixel] = getattr(fit, name)
    for name in result.keys() & {"pvalue", "stderr", "intercept_stderr"}:
        result[name][n == 2] = np.nan  # noqa: PLR2004 - SciPy before 1.18 takes this line for certain
    for name in result.keys() & {"slope", "stderr"}:
        result[name] *= PER[options.per]
    return result | {"n_valid": n.astype(np.float64)}
