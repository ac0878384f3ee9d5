"""The bands of a result: what they are called, what they mean, in which unit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pixeltrend.reducers.reducer import BandInfo
from pixeltrend.reducers.registry import METHODS, STATISTICS

if TYPE_CHECKING:
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
_FDR_NAMES = {"bh": "Benjamini-Hochberg", "by": "Benjamini-Yekutieli", None: ""}


def make_bands(options: StatsOptions) -> tuple[BandInfo, ...]:
    """Return the bands that a reducer with these options has, in order."""
    return tuple(make_band(name, options) for name in options.names)


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
        )
    )
    if options.season and name in {"slope", "s", "var_s", "tau", "z", "pvalue"}:
        text += f", within each season ({options.season})"
    if options.correction and name in _CORRECTED:
        text += f", corrected for serial correlation ({options.correction})"
    return BandInfo(name, text, unit.replace("{per}", options.per))
