"""Notes on classes: sentences that say how to read them, true of the pixels that they hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pixeltrend.views.colours import NEUTRAL
from pixeltrend.views.kinds import Kind
from pixeltrend.views.limits import BELOW_ZERO

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pixeltrend.views.classes import Classes

# Part of the pixels by which classes may differ that hold equally many.
_ALIKE = 0.001


def notes_on_classes(
    classes: Classes, counts: NDArray[np.int64], *, sampled: bool = False
) -> tuple[str, str]:
    """Return how to read the classes and their colours; sentences that are true of the counts.

    Parameters
    ----------
    classes
        The classes.
    counts
        Pixels in each, (K,).
    sampled
        Whether limits come from some of these pixels.
    """
    limits = classes.limits
    if classes.kind is Kind.CATEGORY:
        return "", ""
    if limits[0] == limits[-1]:
        return "All pixels have the same value.", ""
    return _how(classes, counts, sampled=sampled), _colours_mean(classes)


def _how(classes: Classes, counts: NDArray[np.int64], *, sampled: bool) -> str:
    """Return how the limits were found."""
    if classes.basis == "quantiles":
        return _how_even(classes, counts, sampled=sampled)
    if classes.basis == "symmetric":
        return "Equal steps to both sides of zero; the outermost classes hold what lies beyond."
    if classes.basis == "equal":
        zeros = "; zeros have one of their own" if BELOW_ZERO in classes.limits else ""
        return f"All classes are equally wide{zeros}."
    return ""


def _how_even(classes: Classes, counts: NDArray[np.int64], *, sampled: bool) -> str:
    """Return what quantiles have become."""
    limits, uneven = classes.limits, int(np.ptp(counts))
    if uneven <= max(_ALIKE * counts.sum(), 1):
        give = ", give or take one" if uneven == 1 and counts.sum() < 1 / _ALIKE else ""
        return f"All classes hold equally many pixels{give}."
    names = _quantiles(classes.wanted) + (" of a sample of the pixels" if sampled else "")
    if BELOW_ZERO in limits:
        return f"{names}, but zeros have a class of their own."
    if 0 in limits[1:-1] and len(classes) == classes.wanted + 1:
        return f"{names}; zero divides the one that it lies in."
    if 0 in limits[1:-1] and len(classes) == classes.wanted:
        return f"{names}, but for the limit at zero."
    if sampled and len(classes) == classes.wanted:
        return f"{names}."
    fewer = f" {classes.wanted} were asked for." if len(classes) < classes.wanted else ""
    return "Many pixels share a value, so classes hold different numbers of pixels." + fewer


def _quantiles(count: int) -> str:
    """Return what classes of equally many pixels are called."""
    names = {4: "Quartiles", 5: "Quintiles", 10: "Deciles"}
    return names.get(count, f"{count} classes of equally many pixels")


def _colours_mean(classes: Classes) -> str:
    """Return what light and dark colours stand for."""
    if classes.kind is Kind.PVALUE:
        return "Darker: more significant."
    if classes.kind in {Kind.COUNT, Kind.YEAR, Kind.SHARE}:
        return ""
    white = (classes.colours == NEUTRAL).all(axis=1)
    zeros = classes.limits[:-1] == BELOW_ZERO
    if classes.limits[0] == classes.limits[1] == 0:
        zeros[0] = True
    note = ""
    if (white & zeros).any():
        note = "White: exactly zero. "
    elif white.any():
        note = "White: zero lies in the class. "
    return note + ("Darker: farther from zero." if len(classes) > 1 else "")
