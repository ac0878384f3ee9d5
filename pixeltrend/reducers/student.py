"""Student's t distribution for arrays; SciPy is imported when it is asked for, and not before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


def two_sided(t: Floats, df: Floats) -> Floats:
    """Give P(|T| >= |t|), from the tail itself, so that tiny ones are not 0.

    Parameters
    ----------
    t
        Student's t, (P,).
    df
        Degrees of freedom, (P,) or (1,).
    """
    from scipy.special import stdtr  # scipy.stats takes three times as long to import

    return np.asarray(2.0 * stdtr(df, -np.abs(t)))


def quantiles(probability: float, df: NDArray[np.floating[Any]]) -> Floats:
    """Give the quantile of Student's t for each df, (P,) or (1,); NaN where df is not positive."""
    from scipy.special import stdtrit

    # As many different numbers of degrees of freedom as there are times: a table serves all pixels.
    table = np.full(max(1, int(df.max()) + 1), np.nan)
    table[1:] = stdtrit(np.arange(1, len(table)), probability)
    return np.asarray(np.where(df > 0, table[np.maximum(df, 0).astype(np.intp)], np.nan))
