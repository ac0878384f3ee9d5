"""Classes of trends: significant, weak, shown to be stable, or undetermined."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

from pixeltrend.reducers.registry import METHODS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pixeltrend.reducers.options import StatsOptions

    Floats = NDArray[np.float64]

# By code, from 0: name and colour (of ColorBrewer's BrBG, which the colour-blind can read).
CLASSES = (
    ("missing", (0, 0, 0, 0)),
    ("significant decrease", (140, 81, 10, 255)),
    ("decrease", (216, 179, 101, 255)),
    ("stable", (255, 255, 191, 255)),
    ("undetermined", (217, 217, 217, 255)),
    ("increase", (90, 180, 172, 255)),
    ("significant increase", (1, 102, 94, 255)),
)
_SURE_DECREASE, _DECREASE, _STABLE, _UNDETERMINED, _INCREASE, _SURE_INCREASE = range(1, 7)


def trend_classes(
    times: Floats,
    values: NDArray[np.floating[Any]],
    computed: dict[str, Any],
    options: StatsOptions,
) -> dict[str, Floats]:
    """Return the class of each pixel's trend, (P,): its code in `CLASSES`, NaN where missing.

    A slope is stable if its confidence limits of level 1 - 2 alpha lie inside -/+ `stable`: two
    one-sided tests at alpha then reject that it is as large as that. Otherwise it is a significant
    trend if p is alpha or less, a weak one if p is 2 alpha or less, and else undetermined. With
    `fdr`, p is still to be adjusted, and `judge` decides then.

    References
    ----------
    Schuirmann, D. J. (1987). Journal of Pharmacokinetics and Biopharmaceutics 15, 657-680.
    """
    trend, p = computed["s" if options.method == "mann-kendall" else "slope"], computed["pvalue"]
    code = np.where(trend < 0, _DECREASE, np.where(trend > 0, _INCREASE, _UNDETERMINED))
    if options.stable is not None:
        level = 1.0 - 2.0 * options.alpha
        limits = computed
        if options.confidence != level:
            limits = METHODS[options.method].load()(
                times,
                values,
                ("slope_lower", "slope_upper"),
                dataclasses.replace(options, confidence=level),
            )
        low, high = limits["slope_lower"], limits["slope_upper"]
        code[(low > -options.stable) & (high < options.stable)] = _STABLE
    direction = np.where(np.isnan(p), np.nan, code)
    return {"class": direction if options.fdr else judge(direction, p, options.alpha)}


def judge(direction: NDArray[Any], pvalue: NDArray[Any], alpha: float) -> NDArray[Any]:
    """Return the classes of increases and decreases by their p-values; others stay."""
    sure, weak = pvalue <= alpha, pvalue <= 2.0 * alpha
    result = direction.copy()
    for way, significant in ((_DECREASE, _SURE_DECREASE), (_INCREASE, _SURE_INCREASE)):
        here = direction == way
        result[here & ~weak] = _UNDETERMINED
        result[here & sure] = significant
    return result
