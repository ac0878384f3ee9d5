"""Options that say which statistics to compute, and how."""

from __future__ import annotations

import click

from pixeltrend.reducers.options import (
    ALTERNATIVES,
    CORRECTIONS,
    FDR,
    INTERCEPTS,
    METHODS,
    PER,
    SEASONS,
    TAUS,
)

statistics_options = (
    click.option(
        "--method",
        type=click.Choice(METHODS),
        default="ols",
        show_default=True,
        help="ols: least squares, in closed form over whole chunks. linregress: SciPy's, pixel by "
        "pixel; slow, the same map. theil-sen: the median of the slopes between all pairs of "
        "values. mann-kendall: the test for a monotonic trend alone.",
    ),
    click.option(
        "--stats",
        default="",
        metavar="NAME,...",
        help="Statistics, a band each in this order, or all.  [default: slope; for mann-kendall "
        "tau,pvalue]\n\nols: slope, intercept, rvalue, rsquared, pvalue, stderr, "
        "intercept_stderr, tvalue, rmse, n_valid, slope_lower, slope_upper. theil-sen: slope, "
        "intercept, slope_lower, slope_upper, s, var_s, tau, z, pvalue, n_valid. mann-kendall: s, "
        "var_s, tau, z, pvalue, n_valid. On request with these three: first_valid, last_valid, "
        "longest_gap, reason.",
    ),
    click.option(
        "--confidence",
        type=click.FloatRange(0, 1, min_open=True, max_open=True),
        default=0.95,
        show_default=True,
        help="Level of slope_lower and slope_upper.",
    ),
    click.option(
        "--origin",
        type=float,
        default=0.0,
        show_default=True,
        metavar="YEAR",
        help="Where the intercept is the value of the line.",
    ),
    click.option(
        "--per",
        type=click.Choice(tuple(PER)),
        default="year",
        show_default=True,
        help="Time that the slope is for.",
    ),
    click.option(
        "--min-valid",
        type=click.IntRange(min=0),
        default=0,
        metavar="N",
        help="A pixel with fewer values gets NaN.  [default: as few as a statistic can do with]",
    ),
    click.option(
        "--intercept",
        type=click.Choice(INTERCEPTS),
        default="separate",
        show_default=True,
        help="Of the Theil-Sen line. separate: median value less slope times median time. joint: "
        "median of value less slope times time.",
    ),
    click.option(
        "--alternative",
        type=click.Choice(ALTERNATIVES),
        default="two-sided",
        show_default=True,
        help="What the Mann-Kendall test looks for.",
    ),
    click.option(
        "--tau",
        type=click.Choice(TAUS),
        default="b",
        show_default=True,
        help="Kendall's tau, with ties made up for (b) or not (a).",
    ),
    click.option(
        "--correction",
        type=click.Choice(CORRECTIONS),
        help="Of the Mann-Kendall test, for serial correlation.",
    ),
    click.option(
        "--lags",
        type=click.IntRange(min=1),
        metavar="N",
        help="First lags that hamed-rao and yue-wang look at.  [default: all]",
    ),
    click.option(
        "--season",
        type=click.Choice(SEASONS),
        help="Compare only values of the same month, in the test and in the Theil-Sen slope.",
    ),
    click.option(
        "--fdr",
        type=click.Choice(FDR),
        is_flag=False,
        flag_value="bh",
        help="Add p-values adjusted for the number of pixels: Benjamini-Hochberg (bh, or nothing "
        "said) or Benjamini-Yekutieli (by).",
    ),
)
