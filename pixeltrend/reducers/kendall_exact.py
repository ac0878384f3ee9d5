"""The exact null distribution of Mann-Kendall's S, without ties."""

from __future__ import annotations

from functools import cache
from math import factorial
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

# SciPy's choice (`scipy.stats.kendalltau`, method "auto"): exact up to this number of values, and
# beyond it where at most one pair is out of order.
LARGEST = 33


def is_exact(n: Floats, discordant: Floats, tied: Floats) -> NDArray[np.bool_]:
    """Return where SciPy takes the exact distribution: no ties, and few values or a perfect order.

    Parameters
    ----------
    n, discordant, tied
        Numbers of values, of decreasing pairs and of tied pairs, (P,).
    """
    pairs = n * (n - 1) / 2
    rest = np.minimum(discordant, pairs - discordant)
    return np.asarray((n >= 2) & (tied == 0) & ((n <= LARGEST) | (rest <= 1)))  # noqa: PLR2004


def at_most(n: Floats, discordant: Floats) -> Floats:
    """Return P(D <= discordant) for the number D of decreasing pairs among n values, (P,).

    The number of orders of n values with d decreasing pairs is that of n - 1 values, summed over d
    to d - n + 1: the n-th value can be put before 0 to n - 1 of the others. Whole numbers keep it
    exact. Beyond `LARGEST` values it is right for d of 0 and 1, and their counterparts, alone.

    References
    ----------
    Kendall, M. G. (1970). Rank Correlation Methods, 4th ed., chapter 5.
    """
    small = n <= LARGEST
    starts, table = _table()
    if small.all():
        return table[starts[n.astype(np.intp)] + discordant.astype(np.intp)]
    result = np.empty(len(n))
    result[small] = table[starts[n[small].astype(np.intp)] + discordant[small].astype(np.intp)]
    for count in np.unique(n[~small]):
        orders, here = factorial(int(count)), n == count
        d, last = discordant[here], count * (count - 1) / 2
        upper = np.where(d == last, 1.0, 1.0 - 1 / orders)
        result[here] = np.where(d <= 1, np.where(d == 0, 1 / orders, int(count) / orders), upper)
    return result


@cache
def _table() -> tuple[NDArray[np.intp], Floats]:
    """Return P(D <= d) of all n up to `LARGEST` in one row, and where each n starts in it."""
    orders, starts, table = [1], [0], list[float]()
    for n in range(LARGEST + 1):
        if n > 1:
            longer = [0] * (len(orders) + n - 1)
            for before in range(n):
                for d, number in enumerate(orders):
                    longer[d + before] += number
            orders = longer
        total, all_orders = 0, factorial(n)
        for number in orders:
            total += number
            table.append(total / all_orders)
        starts.append(len(table))
    return np.array(starts[:-1]), np.array(table)
