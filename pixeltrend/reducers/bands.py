"""The bands of a result: what they are called, what they mean, in which unit."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from pixeltrend.reducers.classes import CLASSES
from pixeltrend.reducers.derived import CLASS
from pixeltrend.reducers.quality import REASONS
from pixeltrend.reducers.reducer import BandInfo
from pixeltrend.reducers.registry import METHODS, STATISTICS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pixeltrend.reducers.options import StatsOptions

_CORRECTED = {
    "var_s",
    "z",
    "pvalue",
    "slope_lower",
    "slope_upper",
    "stderr",
    "tvalue",
    "intercept_stderr",
}
_WITHIN = {"slope", "pvalue", "s", "var_s", "tau", "z", "slope_lower", "slope_upper", "class"}
_CODES = {CLASS: CLASSES, "reason": REASONS}
_PERCENT_OF = {"first": "the line at the first time", "mean": "the mean value"}
_FDR_NAMES = {"bh": "Benjamini-Hochberg", "by": "Benjamini-Yekutieli", None: ""}


def make_bands(options: StatsOptions) -> tuple[BandInfo, ...]:
    """Return the bands that a reducer with these options has, in order."""
    return tuple(make_band(name, options) for name in options.names)


def step_bands(groups: Sequence[str]) -> tuple[BandInfo, ...]:
    """Return the bands of the steps from each group of rasters to the next one."""
    return tuple(
        info
        for number, (before, after) in enumerate(itertools.pairwise(groups), 1)
        for info in (
            BandInfo(f"step_{number}", f"Step of the level from {before} to {after}", "{unit}"),
            BandInfo(f"step_{number}_pvalue", f"Two-sided p-value of step_{number}, t test", ""),
        )
    )


def make_band(name: str, options: StatsOptions) -> BandInfo:
    """Return the band of one statistic, or of ``pvalue_fdr``."""
    description, unit = STATISTICS[name]
    text = (
        METHODS[options.method]
        .descriptions.get(name, description)
        .format(
            origin=f"{options.origin:g}",
            confidence=f"{100 * options.confidence:g} %",
            alternative=options.alternative,
            fdr=_FDR_NAMES[options.fdr],
            alpha=f"{options.alpha:g}",
            stable=f", stable within -/+ {options.stable:g}" if options.stable else "",
            percent_of=_PERCENT_OF[options.percent_of],
            predict=f"{options.predict:g}" if options.predict is not None else "",
        )
    )
    if options.steps and name in _WITHIN:
        text += ", within groups"
    if options.season and name in {"slope", "s", "var_s", "tau", "z", "pvalue"}:
        text += f", within each season ({options.season})"
    if options.correction and name in _CORRECTED:
        text += f", corrected for serial correlation ({options.correction})"
    return BandInfo(name, text, unit.replace("{per}", options.per), _CODES.get(name, ()))
