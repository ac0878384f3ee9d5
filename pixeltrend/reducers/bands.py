"""The bands that reducers can give: names, what they mean, units."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pixeltrend.reducers.reducer import BandInfo

if TYPE_CHECKING:
    from pixeltrend.reducers.options import StatsOptions

QUALITY = ("first_valid", "last_valid", "longest_gap", "reason")

_SLOPES = {
    "ols": "Slope of the least-squares line",
    "linregress": "Slope of the least-squares line",
    "theil-sen": "Median of the slopes between all pairs of values (Theil-Sen)",
}
_TEXTS = {
    "intercept": "Value of the line at year {origin}",
    "rvalue": "Correlation of value and time",
    "rsquared": "Share of the variance that the line explains",
    "pvalue": "Two-sided p-value of the slope, t test",
    "stderr": "Standard error of the slope",
    "intercept_stderr": "Standard error of the intercept",
    "tvalue": "Slope over its standard error",
    "rmse": "Root of the mean squared residual, over n",
    "n_valid": "Number of values",
    "slope_lower": "Lower {confidence} confidence limit of the slope",
    "slope_upper": "Upper {confidence} confidence limit of the slope",
    "s": "Mann-Kendall S: increasing minus decreasing pairs",
    "var_s": "Variance of S",
    "tau": "Kendall's tau-{tau}",
    "z": "Standardised S, with continuity correction",
    "first_valid": "Time of the first value",
    "last_valid": "Time of the last value",
    "longest_gap": "Longest time between two neighbouring values",
    "reason": "Why a statistic is missing: 0 none is, 1 no value, 2 too few values, "
    "3 constant values, 4 corrected variance not positive",
    "pvalue_fdr": "p-value adjusted for the number of pixels ({fdr})",
}
_FDR_NAMES = {"bh": "Benjamini-Hochberg", "by": "Benjamini-Yekutieli"}
_UNITS = {
    "intercept": "{unit}",
    "intercept_stderr": "{unit}",
    "rmse": "{unit}",
    "first_valid": "decimal year",
    "last_valid": "decimal year",
    "longest_gap": "years",
}
_PER_TIME = ("slope", "stderr", "slope_lower", "slope_upper")


def band(name: str, method: str, options: StatsOptions) -> BandInfo:
    """Describe the band `name` as `method` computes it with `options`."""
    if name == "slope":
        text = _SLOPES[method]
    elif name == "pvalue" and method in {"theil-sen", "mann-kendall"}:
        text = f"p-value of the Mann-Kendall test, {options.alternative}"
    else:
        text = _TEXTS[name].format(
            origin=f"{options.origin:g}",
            confidence=f"{100 * options.confidence:g} %",
            tau=options.tau,
            fdr=_FDR_NAMES.get(options.fdr or "", ""),
        )
    if options.season and name in {"slope", "s", "var_s", "tau", "z", "pvalue"}:
        text += f", within each {options.season}"
    if options.correction and name in {"var_s", "z", "pvalue"}:
        text += f", corrected for serial correlation ({options.correction})"
    unit = f"{{unit}} per {options.per}" if name in _PER_TIME else _UNITS.get(name, "")
    return BandInfo(name, text, unit)
