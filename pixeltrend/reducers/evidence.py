"""Evidence: the trend of one series with all that leads to it: sums, test, leverage, limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pixeltrend.reducers import student
from pixeltrend.reducers.kendall_exact import is_exact
from pixeltrend.reducers.methods import alone, make_reducer
from pixeltrend.reducers.options import PER
from pixeltrend.reducers.pairs import mann_kendall_scores, sen_slopes
from pixeltrend.reducers.registry import METHODS, SERIAL, WITHIN
from pixeltrend.reducers.seasons import by_season
from pixeltrend.reducers.serial_correlation import correct

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pixeltrend.reducers.options import StatsOptions

    Floats = NDArray[np.float64]


class Step(NamedTuple):
    """One number on the way to a p-value."""

    name: str
    """What it is called."""
    value: float
    """The number; NaN if it is not defined."""
    formula: str
    """Where it comes from."""


class Evidence(NamedTuple):
    """The trend of one series, and what it rests on."""

    statistics: dict[str, float]
    """All statistics of the method, by name."""
    steps: tuple[Step, ...]
    """The way to the p-value."""
    line: Floats | None
    """The line at each time, (N,); None if the method has none."""
    lower: Floats | None
    """Lower confidence limit of the line, (N,); None if it has none."""
    upper: Floats | None
    """Upper confidence limit of the line, (N,); None if it has none."""
    leverage: Floats | None
    """How much of its own fitted value each value makes, (N,), NaN where missing; None but for
    least squares."""


def evidence(
    times: Floats,
    values: NDArray[np.floating[Any]],
    options: StatsOptions,
    groups: Sequence[str] = (),
) -> Evidence:
    """Return the trend of one series with all that leads to it.

    Statistics are those of the method, to the last bit; sums are computed here once more.

    Parameters
    ----------
    times
        Decimal years, (N,), increasing.
    values
        (N,); NaN where missing.
    options
        Method, corrections, levels.
    groups
        As for `make_reducer`.

    References
    ----------
    Draper, N. R. and Smith, H. (1998). Applied Regression Analysis, 3rd ed., eq. 3.1.5 (limits of
    the line) and 8.1 (leverage). For the tests, see their modules.
    """
    every = METHODS[options.method].statistics
    if options.steps is not None:
        every = WITHIN[options.method]
    if options.correction is not None:
        every += tuple(name for name in SERIAL if name not in every)
    chosen = alone(options, every)
    reducer = make_reducer(chosen, groups)
    numbers = reducer.reduce(times, values[:, np.newaxis].copy())[:, 0]
    found = {info.name: float(n) for info, n in zip(reducer.bands, numbers, strict=True)}
    line = lower = upper = leverage = None
    if "intercept" in found:
        slope = found["slope"] / PER[options.per]
        line = found["intercept"] + slope * (times - options.origin)
    valid = ~np.isnan(values)
    x, y = times[valid], values[valid].astype(np.float64)
    if options.steps is not None:
        steps = _shared(found)
    elif options.method in {"ols", "linregress"}:
        steps = _sums(x, y, found, options)
        sxx = np.square(x - x.mean()).sum() if len(x) else 0.0
        if sxx > 0:
            distance = np.square(times - x.mean())
            leverage = np.where(valid, 1.0 / len(x) + distance / sxx, np.nan)
            half = _quantile(found, len(x), options) * found["stderr"] / PER[options.per]
            half = half * np.sqrt(sxx / len(x) + distance)
            if line is not None:
                lower, upper = line - half, line + half
    elif options.method == "gls":
        steps = _likely(found)
    else:
        steps = _ranks(times, values[:, np.newaxis], found, options)
        if "slope_lower" in found and len(x):
            middle, distance = np.median(y), times - np.median(x)
            fan = np.outer([found["slope_lower"], found["slope_upper"]], distance)
            lower, upper = np.sort(middle + fan / PER[options.per], axis=0)
    return Evidence(found, steps, line, lower, upper, leverage)


def _quantile(found: dict[str, float], n: int, options: StatsOptions) -> float:
    """Return the quantile of Student's t that the limits have; NaN if there is none."""
    level = 0.5 + options.confidence / 2
    df = found.get("n_eff", float(n)) - 2.0
    if "n_eff" in found and df > 0:
        return float(student.quantiles_of(level, np.array([df]))[0])
    return float(student.quantiles(level, max(n, 3))[n])


def _sums(x: Floats, y: Floats, found: dict[str, float], options: StatsOptions) -> tuple[Step, ...]:
    """Return the sums of squares and products of a line, and its t test."""
    n, scale = len(x), PER[options.per]
    none = float("nan")
    mean_x, mean_y = (float(x.mean()), float(y.mean())) if n else (none, none)
    dx, dy = x - mean_x, y - mean_y
    sxx, sxy, syy = (float((a * b).sum()) if n else none for a, b in ((dx, dx), (dx, dy), (dy, dy)))
    slope = found["slope"] / scale
    sse = float(np.square(dy - slope * dx).sum()) if n else none
    per = f" x {scale:g}" if scale != 1 else ""
    df, degrees = n - 2.0, "n - 2"
    steps = [
        Step("n", n, "values"),
        Step("mean_time", mean_x, "sum t / n"),
        Step("mean_value", mean_y, "sum y / n"),
        Step("sxx", sxx, "sum (t - mean_time)^2"),
        Step("sxy", sxy, "sum (t - mean_time) (y - mean_value)"),
        Step("syy", syy, "sum (y - mean_value)^2"),
        Step("slope", found["slope"], f"sxy / sxx{per}"),
        Step("sse", sse, "sum of the squared residuals"),
    ]
    stderr = f"sqrt(sse / (n - 2) / sxx){per}"
    if options.correction is not None:
        df, degrees = found["n_eff"] - 2.0, "n_eff - 2"
        stderr = f"sqrt(factor sse / (n - 2) / sxx){per}"
        steps += [
            Step("r1", found["r1"], "autocorrelation of the residuals at one step, less its bias"),
            Step("n_eff", found["n_eff"], "n (1 - r1) / (1 + r1), 3 at least"),
            Step("factor", found["factor"], "(n - 2) / (n_eff - 2)"),
        ]
    t = found["slope"] / found["stderr"] if found["stderr"] else none
    return (
        *steps,
        Step("df", df, degrees),
        Step("stderr", found["stderr"], stderr),
        Step("t", found.get("tvalue", t), "slope / stderr"),
        Step("p", found["pvalue"], "P(|T| >= |t|), Student's t with df"),
    )


def _likely(found: dict[str, float]) -> tuple[Step, ...]:
    """Return the t test of a line in AR(1) noise."""
    return (
        Step("n", found["n_valid"], "values"),
        Step("r1", found["r1"], "autocorrelation of greatest restricted likelihood"),
        Step("factor", found["factor"], "variance of the slope over that in independent noise"),
        Step("n_eff", found["n_eff"], "n / factor"),
        Step("df", found["n_valid"] - 2.0, "n - 2"),
        Step("stderr", found["stderr"], "generalized least squares"),
        Step("t", found["tvalue"], "slope / stderr"),
        Step("p", found["pvalue"], "P(|T| >= |t|), Student's t with df"),
    )


def _shared(found: dict[str, float]) -> tuple[Step, ...]:
    """Return the test of a trend within groups."""
    if "stderr" in found:
        return (
            Step("n", found["n_valid"], "values"),
            Step("stderr", found["stderr"], "sqrt(sse / (n - groups - 1) / sxx), within groups"),
            Step("t", found["tvalue"], "slope / stderr"),
            Step("p", found["pvalue"], "P(|T| >= |t|), Student's t with n - groups - 1"),
        )
    return (
        Step("n", found["n_valid"], "values"),
        Step("S", found["s"], "increasing minus decreasing pairs, within groups"),
        Step("var_s", found["var_s"], "variance of S, added up over groups"),
        Step("z", found["z"], "(S - sign S) / sqrt(var_s)"),
        Step("p", found["pvalue"], "normal distribution of z"),
    )


def _ranks(
    times: Floats, values: NDArray[np.floating[Any]], found: dict[str, float], options: StatsOptions
) -> tuple[Step, ...]:
    """Return the Mann-Kendall test; `values` are (N, 1)."""
    t, y, seasons = times, values.astype(np.float64), None
    correction = None
    if options.correction is not None:
        correction = correct(t, y, options, sen_slopes(t, y)[0])
    if options.season is not None:
        t, y, seasons = by_season(t, y, options.season)
    scores = mann_kendall_scores(t, y, seasons, independent=options.independent_seasons)
    within = " of one season" if seasons is not None else ""
    steps = [Step("n", float(scores.n[0]), f"values{', one a season' if within else ''}")]
    if correction is not None:
        steps.append(Step("r1", found["r1"], "autocorrelation at one step that is taken"))
        if correction.scores is not None:
            scores = correction.scores
            steps.append(Step("n_white", float(scores.n[0]), "values of the whitened series"))
    factor = 1.0 if correction is None else found["factor"]
    variance = "n (n - 1) (2 n + 5) / 18, less for ties"
    if seasons is not None:
        variance = "added up over seasons"
        variance += "" if options.independent_seasons else ", with the covariances between them"
    steps += [
        Step("pairs", float(scores.pairs[0]), f"pairs of different times{within}"),
        Step("ties", float(scores.tied[0]), "pairs of equal values or of one time"),
        Step("S", found["s"], "increasing minus decreasing pairs"),
        Step("var_independent", float(scores.var_s[0] + scores.both[0]), variance),
    ]
    if correction is not None:
        steps.append(Step("n_eff", found["n_eff"], "independent values that tell as much"))
        steps.append(Step("factor", factor, "variance over that of independent values"))
    steps += [
        Step("var_s", found["var_s"], "factor x var_independent" if correction else "the same"),
        Step("z", found["z"], "(S - sign S) / sqrt(var_s), 0 for S = 0"),
    ]
    discordant = (scores.pairs - scores.tied - scores.s) / 2
    exact = seasons is None and bool(is_exact(scores.n, discordant, scores.tied)[0])
    how = f"normal distribution of z, {options.alternative}"
    if correction is not None and correction.changed[0]:
        if correction.df is not None:
            how = f"Student's t with n_eff - 2, {options.alternative}"
    elif exact:
        how = f"exact distribution of S, {options.alternative}"
    return (*steps, Step("p", found["pvalue"], how))
