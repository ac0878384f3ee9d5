"""Detectable: the smallest slope that a series like this would show."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from pixeltrend.reducers.kernels import load_kernel
from pixeltrend.reducers.ols_statistics import centred_times
from pixeltrend.reducers.options import PER
from pixeltrend.reducers.serial_correlation import FEWEST
from pixeltrend.reducers.steps import steps

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pixeltrend.reducers.options import StatsOptions

    Floats = NDArray[np.float64]

POWER = 0.8
_TERMS = 40  # an even degree: the kernel takes two at a time


def detectable(
    times: Floats,
    values: NDArray[np.floating[Any]],
    computed: dict[str, Any],
    options: StatsOptions,
) -> dict[str, Floats]:
    """Return the slope of each pixel, (P,), that its test would find in 80 % of all cases.

    ``(t(1 - alpha / 2) + t(0.8)) sd(slope)`` with n_eff - 2 degrees of freedom. With u the times
    of the values less their mean, and r the autocorrelation of the residuals at one step, less its
    bias, AR(1) noise of variance v gives the least-squares slope the variance ::

        v sum_ij u_i u_j r^|t_i - t_j| / sxx^2

    and v is the sum of squared residuals over what it is expected to be for v = 1,
    ``n - sum_ij r^|t_i - t_j| / n - sum_ij u_i u_j r^|t_i - t_j| / sxx``. Without autocorrelation
    that is the standard error of the slope; for n years without gaps it goes to Weatherhead's
    ``v (1 + r) / (1 - r)`` over n^3, for twelve values a year.

    Parameters
    ----------
    times
        Decimal years, (N,), in whole steps.
    values
        Values, (N, P); NaN where missing.
    computed
        Nothing of it is needed.
    options
        Level and alternative of the test, unit of time.

    Raises
    ------
    ArgumentError
        The times are in no steps.

    References
    ----------
    Weatherhead, E. C. et al. (1998). Journal of Geophysical Research 103, 17149-17161, eq. 2 and 3.
    Tiao, G. C. et al. (1990). Journal of Geophysical Research 95, 20507-20517. For r and n_eff see
    `serial_correlation.correct`.
    """
    del computed
    tail = options.alpha / 2.0 if options.alternative == "two-sided" else options.alpha
    _, *centred = centred_times(times)
    slope = np.empty(values.shape[1])
    load_kernel("detectable_kernel").detectable_slopes(
        *centred,
        steps(times),
        np.ascontiguousarray(values, dtype=np.float64),
        quantiles(tail),
        FEWEST,
        slope,
    )
    return {"detectable": slope * PER[options.per]}


@cache
def quantiles(tail: float) -> Floats:
    """Return t(1 - `tail`) + t(0.8) as a series of Chebyshev's polynomials in 2 / df - 1.

    SciPy takes a microsecond for each. Relative error under 1e-11.
    """
    from numpy.polynomial import Chebyshev
    from scipy.special import stdtrit

    def exact(inverse: Floats) -> Floats:
        df = 1.0 / inverse
        return np.asarray(stdtrit(df, 1.0 - tail) + stdtrit(df, POWER))

    return np.asarray(Chebyshev.interpolate(exact, _TERMS, domain=[0.0, 1.0]).coef)
