"""Quality bands: when a pixel has values, and why a statistic of it is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

# By code, from 0: name and colour.
REASONS = (
    ("nothing is missing", (229, 245, 224, 255)),
    ("no value", (82, 82, 82, 255)),
    ("too few values", (253, 174, 97, 255)),
    ("constant values", (116, 173, 209, 255)),
)
NO_VALUE, TOO_FEW, CONSTANT = 1.0, 2.0, 3.0


def valid_times(times: Floats, values: NDArray[np.floating[Any]]) -> dict[str, Floats]:
    """Return ``first_valid``, ``last_valid`` and ``longest_gap`` of each pixel.

    Parameters
    ----------
    times
        Decimal years, (N,), increasing.
    values
        Values, (N, P); NaN where missing.

    Returns
    -------
    dict of arrays (P,)
        Decimal years of the first and the last value, and the longest time between two
        neighbouring values in years; NaN where a pixel has none.
    """
    pixels = values.shape[1]
    first, last, gap = np.full((3, pixels), np.nan)
    for time, row in zip(times, values, strict=True):
        valid = ~np.isnan(row)
        np.fmax(gap, time - last, out=gap, where=valid)
        last[valid] = time
        np.copyto(first, time, where=valid & np.isnan(first))
    return {"first_valid": first, "last_valid": last, "longest_gap": gap}


def at_one_time(times: Floats, values: NDArray[np.floating[Any]]) -> NDArray[np.bool_]:
    """Return where, (P,), all values (N, P) of a pixel are at one of the `times` (N,)."""
    seen = valid_times(times, values)
    return np.asarray(seen["first_valid"] == seen["last_valid"])


def is_constant(values: NDArray[np.floating[Any]]) -> NDArray[np.bool_]:
    """Return where, (P,), the values (N, P) of a pixel are all the same, or none is valid."""
    low = np.fmin.reduce(values, axis=0)
    same: NDArray[np.bool_] = ~(low < np.fmax.reduce(values, axis=0))
    return same


def reason(
    missing: NDArray[np.bool_],
    n_valid: Floats,
    values: NDArray[np.floating[Any]],
    *,
    min_valid: int,
) -> Floats:
    """Return why a statistic of a pixel is missing.

    Parameters
    ----------
    missing
        Where a statistic that was asked for is NaN, (P,).
    n_valid
        Numbers of values, (P,).
    values
        Values, (N, P); NaN where missing.
    min_valid
        Fewer values than this were not looked at.

    Returns
    -------
    array (P,)
        0 nothing is missing, 1 no value, 2 too few values for what was asked for (2 for a line or
        a test, 3 for errors of it, 4 for `fragile`, 5 for the limits of Theil-Sen, 8 for a
        correction and `detectable`, or `min_valid`), 3 constant values.
    """
    code = np.full(len(n_valid), TOO_FEW)
    enough = n_valid >= max(2, min_valid)
    code[is_constant(values) & enough] = CONSTANT
    code[n_valid == 0] = NO_VALUE
    code[~missing] = 0.0
    return code
