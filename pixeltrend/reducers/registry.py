"""Registry: every method and every statistic, described once. Loads no NumPy."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Statistic(NamedTuple):
    """What one band of a result is, whatever the method."""

    description: str
    """One sentence; ``{origin}`` and other names of options stand for their values."""
    unit: str = ""
    """In terms of the values' own, ``{unit}``, and of the time of a slope, ``{per}``."""


STATISTICS = {
    "slope": Statistic("Slope of the least-squares line", "{unit} per {per}"),
    "intercept": Statistic("Value of the line at year {origin}", "{unit}"),
    "rvalue": Statistic("Correlation of value and time"),
    "rsquared": Statistic("Share of the variance that the line explains"),
    "pvalue": Statistic("Two-sided p-value of the slope, t test"),
    "stderr": Statistic("Standard error of the slope", "{unit} per {per}"),
    "intercept_stderr": Statistic("Standard error of the intercept", "{unit}"),
    "tvalue": Statistic("Slope over its standard error"),
    "rmse": Statistic("Root of the mean squared residual, over n", "{unit}"),
    "n_valid": Statistic("Number of values"),
    "slope_lower": Statistic(
        "Lower {confidence} confidence limit of the slope", "{unit} per {per}"
    ),
    "slope_upper": Statistic(
        "Upper {confidence} confidence limit of the slope", "{unit} per {per}"
    ),
    "s": Statistic("Mann-Kendall S: increasing minus decreasing pairs"),
    "var_s": Statistic("Variance of S"),
    "tau": Statistic("Kendall's tau-b"),
    "z": Statistic("Standardised S, with continuity correction"),
    "first_valid": Statistic("Time of the first value", "decimal year"),
    "last_valid": Statistic("Time of the last value", "decimal year"),
    "longest_gap": Statistic("Longest time between two neighbouring values", "years"),
    "r1": Statistic("Autocorrelation at a distance of one step that the correction takes"),
    "n_eff": Statistic("Number of independent values that tell as much"),
    "factor": Statistic("Variance over that of independent values"),
    "reason": Statistic("Why a statistic is missing"),
    "pvalue_fdr": Statistic("p-value adjusted for the number of pixels ({fdr})"),
    "class": Statistic("Class of the trend: significance at {alpha}{stable}"),
    "percent": Statistic("Slope in % of {percent_of}", "% per {per}"),
    "change": Statistic("Change of the line from the first to the last time", "{unit}"),
    "fitted_first": Statistic("Value of the line at the first time", "{unit}"),
    "fitted_last": Statistic("Value of the line at the last time", "{unit}"),
    "predicted": Statistic("Value of the line at {predict}", "{unit}"),
    "predicted_lower": Statistic("Lower {confidence} limit of a new value at {predict}", "{unit}"),
    "predicted_upper": Statistic("Upper {confidence} limit of a new value at {predict}", "{unit}"),
    "slope_min": Statistic("Smallest slope with one year left out", "{unit} per {per}"),
    "slope_max": Statistic("Largest slope with one year left out", "{unit} per {per}"),
    "fragile": Statistic("Years that turn significance at {alpha} if one is left out", "years"),
    "detectable": Statistic(
        "Slope that would be found at {alpha} in 80 % of such series", "{unit} per {per}"
    ),
}
# Every method has these, but "all" does not stand for them.
QUALITY = ("first_valid", "last_valid", "longest_gap", "reason")
# Every correction for serial correlation has these, and "all" does not stand for them either.
SERIAL = ("r1", "n_eff", "factor")

# What each correction for serial correlation is good for, as ``--help`` shows it.
CORRECTIONS = {
    "ar1": "keeps the level in AR(1) noise, at any gaps; the one to take",
    "hamed-rao": "for comparison; finds too many trends in short series",
    "yue-wang": "for comparison; finds too many trends, as r_1 is biased",
    "pre-whitening": "for comparison; takes part of the trend away",
    "trend-free-pre-whitening": "for comparison; finds as many false trends as no correction",
    "wang-swail": "for comparison with zyp; finds fewer false trends than no correction, and too "
    "many in short series",
}


class Method(NamedTuple):
    """A way to find the trend of a pixel's series."""

    help: str
    """What it computes, as ``--help`` shows it."""
    statistics: tuple[str, ...]
    """Names of what it computes, in the order of "all"; keys of `STATISTICS`."""
    options: tuple[str, ...]
    """Fields of `StatsOptions` that change its numbers, besides those that every method has."""
    compute: str
    """MODULE:FUNCTION of this wing: takes times (N,), values (N, P), names and
    `StatsOptions`; returns arrays (P,) by name, ``n_valid`` among them."""
    default: tuple[str, ...] = ("slope",)
    """Names of the statistics that nobody has to ask for."""
    descriptions: Mapping[str, str] = {}
    """Those that differ from `STATISTICS`."""
    corrections: tuple[str, ...] = ()
    """Keys of `CORRECTIONS` that it can have."""
    max_pixels: int | None = None
    """Pixels to reduce in one go at most, where a pixel takes long."""

    def load(self) -> Callable[..., Any]:
        """Import what computes: SciPy and Numba take longer to import than a small raster takes."""
        module, _, name = self.compute.partition(":")
        return getattr(importlib.import_module(f"pixeltrend.reducers.{module}"), name)


_TEST = ("s", "var_s", "tau", "z", "pvalue", "n_valid")
_OF_THE_TEST = (
    "alternative", "correction", "lags", "lag_level", "season", "independent_seasons", "fdr",
)  # fmt: skip
_P_OF_THE_TEST = {"pvalue": "p-value of the Mann-Kendall test, {alternative}"}

METHODS = {
    "ols": Method(
        "least squares, in closed form over whole chunks",
        (
            "slope", "intercept", "rvalue", "rsquared", "pvalue", "stderr", "intercept_stderr",
            "tvalue", "rmse", "n_valid", "slope_lower", "slope_upper",
        ),
        ("confidence", "correction", "origin", "per", "fdr"),
        "ols_statistics:ols_statistics",
        corrections=("ar1",),
    ),
    "gls": Method(
        "least squares in AR(1) noise, by restricted likelihood; finds too many trends in short "
        "series",
        (
            "slope", "intercept", "pvalue", "stderr", "intercept_stderr", "tvalue", "n_valid",
            "slope_lower", "slope_upper", "r1", "n_eff", "factor",
        ),
        ("confidence", "origin", "per", "fdr"),
        "gls:gls_statistics",
        descriptions={
            "slope": "Slope of the line of greatest restricted likelihood in AR(1) noise",
            "r1": "Autocorrelation of the noise at a distance of one step",
        },
    ),
    "linregress": Method(
        "SciPy's, pixel by pixel; slow, the same map",
        ("slope", "intercept", "rvalue", "pvalue", "stderr", "intercept_stderr"),
        ("origin", "per"),
        "linregress:linregress_statistics",
        max_pixels=4096,
    ),
    "theil-sen": Method(
        "the median of the slopes between all pairs of values",
        ("slope", "intercept", "slope_lower", "slope_upper", *_TEST),
        ("confidence", "origin", "per", *_OF_THE_TEST),
        "theil_sen:theil_sen_statistics",
        descriptions={
            "slope": "Median of the slopes between all pairs of values (Theil-Sen)",
            **_P_OF_THE_TEST,
        },
        corrections=tuple(CORRECTIONS),
    ),
    "mann-kendall": Method(
        "the test for a monotonic trend alone",
        _TEST,
        _OF_THE_TEST,
        "mann_kendall:mann_kendall_statistics",
        default=("tau", "pvalue"),
        descriptions=_P_OF_THE_TEST,
        corrections=tuple(CORRECTIONS),
    ),
}  # fmt: skip

# What each method has of a slope within groups (`steps`), in the order of "all".
WITHIN = {
    "ols": (
        "slope", "pvalue", "stderr", "tvalue", "rmse", "n_valid", "slope_lower", "slope_upper",
    ),
    "theil-sen": ("slope", "slope_lower", "slope_upper", *_TEST),
    "mann-kendall": _TEST,
}  # fmt: skip
