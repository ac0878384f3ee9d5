"""Methods text: sentences for a paper on how a trend was made, true for exactly its options."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from pixeltrend.checks.recipe import stated_options
from pixeltrend.raster.provenance import options_text
from pixeltrend.series.options import InputOptions, value_options
from pixeltrend.times.dates import format_dates

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pixeltrend.raster.provenance import Provenance
    from pixeltrend.reducers.composite_options import CompositeOptions
    from pixeltrend.reducers.options import StatsOptions

# By how the sentences cite them.
_REFERENCES = {
    "Benjamini & Hochberg 1995": "Benjamini, Y. and Hochberg, Y. (1995). Controlling the false "
    "discovery rate. Journal of the Royal Statistical Society B 57, 289-300.",
    "Benjamini & Yekutieli 2001": "Benjamini, Y. and Yekutieli, D. (2001). The control of the "
    "false discovery rate in multiple testing under dependency. Annals of Statistics 29, "
    "1165-1188.",
    "Draper & Smith 1998": "Draper, N. R. and Smith, H. (1998). Applied Regression Analysis, 3rd "
    "ed. Wiley.",
    "Hamed & Rao 1998": "Hamed, K. H. and Rao, A. R. (1998). A modified Mann-Kendall trend test "
    "for autocorrelated data. Journal of Hydrology 204, 182-196.",
    "Hirsch et al. 1982": "Hirsch, R. M., Slack, J. R. and Smith, R. A. (1982). Techniques of "
    "trend analysis for monthly water quality data. Water Resources Research 18, 107-121.",
    "Hirsch & Slack 1984": "Hirsch, R. M. and Slack, J. R. (1984). A nonparametric trend test for "
    "seasonal data with serial dependence. Water Resources Research 20, 727-732.",
    "Ives et al. 2021": "Ives, A. R. et al. (2021). Remote Sensing of Environment 266, 112678.",
    "Kendall 1954": "Kendall, M. G. (1954). Note on bias in the estimation of autocorrelation. "
    "Biometrika 41, 403-404.",
    "Kendall 1970": "Kendall, M. G. (1970). Rank Correlation Methods, 4th ed. Griffin.",
    "Kulkarni & von Storch 1995": "Kulkarni, A. and von Storch, H. (1995). Monte Carlo experiments "
    "on the effect of serial correlation on the Mann-Kendall test of trend. Meteorologische "
    "Zeitschrift 4, 82-85.",
    "Mann 1945": "Mann, H. B. (1945). Nonparametric tests against trend. Econometrica 13, 245-259.",
    "Marriott & Pope 1954": "Marriott, F. H. C. and Pope, J. A. (1954). Bias in the estimation of "
    "autocorrelations. Biometrika 41, 390-402.",
    "Pinheiro & Bates 2000": "Pinheiro, J. C. and Bates, D. M. (2000). Mixed-Effects Models in S "
    "and S-PLUS. Springer.",
    "Rao et al. 2003": "Rao, A. R., Hamed, K. H. and Chen, H.-L. (2003). Nonstationarities in "
    "Hydrologic and Environmental Time Series. Kluwer.",
    "Santer et al. 2000": "Santer, B. D. et al. (2000). Journal of Geophysical Research 105, "
    "7337-7356.",
    "Sen 1968": "Sen, P. K. (1968). Estimates of the regression coefficient based on Kendall's "
    "tau. Journal of the American Statistical Association 63, 1379-1389.",
    "Theil 1950": "Theil, H. (1950). A rank-invariant method of linear and polynomial regression "
    "analysis. Proceedings of the Koninklijke Nederlandse Akademie van Wetenschappen A 53, "
    "386-392.",
    "Wang & Swail 2001": "Wang, X. L. and Swail, V. R. (2001). Journal of Climate 14, 2204-2221.",
    "Yue et al. 2002": "Yue, S., Pilon, P., Phinney, B. and Cavadias, G. (2002). The influence of "
    "autocorrelation on the ability to detect trend in hydrological series. Hydrological Processes "
    "16, 1807-1829.",
    "Yue & Wang 2004": "Yue, S. and Wang, C. Y. (2004). The Mann-Kendall test modified by "
    "effective sample size to detect trend in serially correlated hydrological series. Water "
    "Resources Management 18, 201-218.",
}
_LINE = (
    "For each pixel, a straight line was fitted to the values over time in decimal years by least "
    "squares (Draper & Smith 1998)."
)
_TRENDS = {
    "ols": _LINE,
    "linregress": _LINE,
    "gls": "For each pixel, a straight line was fitted to the values over time in decimal years by "
    "generalized least squares in first-order autoregressive noise, by restricted maximum "
    "likelihood (Pinheiro & Bates 2000; Ives et al. 2021).",
    "theil-sen": "For each pixel, the slope is the median of the slopes between all pairs of "
    "values{within}, over time in decimal years (Theil 1950; Sen 1968).",
    "mann-kendall": "For each pixel, a monotonic trend was tested for.",
}
_CORRECTIONS = {
    "hamed-rao": "Its variance was corrected for serial correlation after Hamed & Rao 1998, from "
    "{lags}.",
    "yue-wang": "Its variance was corrected for serial correlation after Yue & Wang 2004.",
    "pre-whitening": "Series whose autocorrelation at one step was significant were pre-whitened "
    "for the test (Kulkarni & von Storch 1995).",
    "trend-free-pre-whitening": "Series whose detrended values had a significant autocorrelation "
    "at one step were pre-whitened for the test, free of their trend (Yue et al. 2002).",
    "wang-swail": "For the test, series were pre-whitened iteratively (Wang & Swail 2001).",
}
_MK_AR1 = (
    "Its variance was corrected for first-order autocorrelation at the true distances in time, "
    "estimated from the values less their Theil-Sen line (Theil 1950; Sen 1968) and freed of its "
    "bias (Kendall 1954; Marriott & Pope 1954), and the statistic was taken in Student's t."
)
_ADJUSTED = {
    "bh": "p-values were adjusted for the number of pixels to control the false discovery rate "
    "(Benjamini & Hochberg 1995).",
    "by": "p-values were adjusted for the number of pixels to control the false discovery rate "
    "under any dependence (Benjamini & Yekutieli 2001).",
}
_TESTED = {"pvalue", "pvalue_fdr", "class", "fragile", "detectable"}
_VALUES = {"max": "maximum", "min": "minimum", "count": "number"}


class MethodsText(NamedTuple):
    """How a trend was made."""

    sentences: tuple[str, ...]
    """A paragraph."""
    references: tuple[str, ...]
    """What it cites, in the order of the alphabet."""


def methods_text(facts: Provenance, version: str) -> MethodsText:
    """Return how a result was made, by its metadata.

    Parameters
    ----------
    facts
        What the metadata say.
    version
        Of pixeltrend, that made it.
    """
    sentences = tuple(_sentences(facts, version))
    cited = set(re.findall("|".join(map(re.escape, _REFERENCES)), " ".join(sentences)))
    return MethodsText(sentences, tuple(_REFERENCES[name] for name in sorted(cited)))


def _sentences(facts: Provenance, version: str) -> Iterator[str]:
    inputs, statistics, composite = stated_options(facts)
    if facts.times:
        first, *_, last = [*(dates := format_dates(facts.times)), dates[-1]]
        count = len(facts.times)
        yield f"The series has {count} rasters, from {first} to {last}."
    reading = value_options(InputOptions(**inputs))
    if reading:
        yield f"They were read with {options_text(reading).replace(' ', ', ')}."
    yield from _of_scenes(composite)
    if statistics is None:
        function = facts.method.removeprefix("map ")
        yield f"For each pixel, the function {function} was computed of its values."
    else:
        yield from _of_trend(statistics)
        yield "Missing values were left out together with their times."
    yield f"Computed with pixeltrend {version}."


def _of_scenes(composite: CompositeOptions) -> Iterator[str]:
    if composite.composite is None:
        return
    value = _VALUES.get(composite.composite, composite.composite)
    if composite.percentile is not None:
        value = f"percentile {composite.percentile}"
    limited = ""
    if composite.months is not None:
        limited = f" in months {composite.months}"
    elif composite.days is not None:
        limited = f" on days {composite.days} of the year"
    yield f"First, the {value} of the values{limited} of each {composite.period} was taken."
    if composite.least > 1:
        yield f"A {composite.period} with fewer than {composite.least} values counts as missing."


def _of_trend(options: StatsOptions) -> Iterator[str]:
    names, of_ranks = set(options.names), options.method in {"theil-sen", "mann-kendall"}
    within = " of one group" if options.steps is not None else ""
    within = " of one season" if options.season is not None else within
    yield _TRENDS[options.method].format(within=within)
    if options.steps is not None:
        of = "of a sensor" if options.steps == "sensor" else f"divided at {options.steps}"
        what = "Values were compared within" if of_ranks else "The line has a level of its own for"
        yield f"{what} groups of rasters ({of}) with one slope."
    if options.season is not None:
        yield from _of_seasons(options)
    if options.per != "year" and "slope" in names:
        yield f"Slopes are changes per {options.per}."
    if options.min_valid:
        yield f"Pixels with fewer than {options.min_valid} values have no result."
    if names & _TESTED:
        yield from _of_ranks_test(options) if of_ranks else _of_line_test(options)
    elif options.correction is not None and names & {"slope_lower", "slope_upper", "stderr"}:
        yield f"Errors and limits have the correction {options.correction} for serial correlation."
    yield from _of_levels(options, names)


def _of_levels(options: StatsOptions, names: set[str]) -> Iterator[str]:
    if names & {"slope_lower", "slope_upper"}:
        by = " (Sen 1968)" if options.method == "theil-sen" else ""
        yield f"Limits of the slope have a confidence of {options.confidence:.4g}{by}."
    if options.fdr is not None:
        yield _ADJUSTED[options.fdr]
    if "class" in names:
        yield f"Classes of the trend take p <= {options.alpha:g} for significant."
    if options.predict is not None:
        yield f"Predictions are those of the line at {options.predict:g}."


def _of_seasons(options: StatsOptions) -> Iterator[str]:
    yield (
        f"Only values of the same season ({options.season}) were compared, and the statistics "
        "summed over the seasons (Hirsch et al. 1982)."
    )
    if options.independent_seasons:
        yield "Seasons were taken for independent of each other."
    else:
        yield "The variance has the covariances between seasons (Hirsch & Slack 1984)."


def _of_line_test(options: StatsOptions) -> Iterator[str]:
    df = "n - 2"
    if options.steps is not None:
        df = "n - groups - 1"
    elif options.correction == "ar1":
        df = "n_eff - 2"
        yield (
            "Standard errors are those of n_eff independent values, which follows from the "
            "autocorrelation of the residuals at one step (Santer et al. 2000), freed of its bias "
            "(Kendall 1954; Marriott & Pope 1954)."
        )
    yield f"p-values are two-sided, of Student's t with {df} degrees of freedom."


def _of_ranks_test(options: StatsOptions) -> Iterator[str]:
    sided = {"two-sided": "two-sided"}.get(options.alternative, f"one-sided, {options.alternative}")
    yield f"p-values are those of the Mann-Kendall test (Mann 1945; Kendall 1970), {sided}."
    if options.correction == "ar1":
        yield _MK_AR1
    elif options.correction is not None:
        lags = f"{options.lags} lags" if options.lags else "three lags (Rao et al. 2003)"
        yield _CORRECTIONS[options.correction].format(lags=lags)
    elif options.season is None and options.steps is None:
        yield (
            "They are exact for up to 33 values without ties, and where at most one pair is out of "
            "order; else of the normal distribution."
        )
