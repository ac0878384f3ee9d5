"""StatsOptions: which statistics to compute, and how. Loads no NumPy."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import isfinite
from typing import Any

from pixeltrend.errors import ArgumentError
from pixeltrend.options import changed, check_choices, nearest, option
from pixeltrend.reducers import derived
from pixeltrend.reducers.registry import CORRECTIONS, METHODS, QUALITY, SERIAL, WITHIN

PER = {"year": 1.0, "decade": 10.0}

_OF_ALL_METHODS = ("method", "stats", "min_valid", "steps")
_DAYS = "[1-9]|[1-9][0-9]|1[0-7][0-9]|18[0-3]"
_PARTS = "[2-9]|[1-9][0-9]|[12][0-9][0-9]|3[0-5][0-9]|36[0-6]"
_SEASON = re.compile(f"month|quarter|meteorological|({_DAYS})day|{_PARTS}")
_WITH_LEVEL = ("hamed-rao", "pre-whitening", "trend-free-pre-whitening")


def _listed(title: str, names: tuple[str, ...]) -> str:
    return f"{title}: {', '.join(names)}."


@dataclass(frozen=True, slots=True)
class StatsOptions:
    """What to compute of each pixel's series; the defaults stand for the slope alone."""

    method: str = option(
        "ols",
        " ".join(f"{name}: {method.help}." for name, method in METHODS.items()),
        group="Statistics",
        choices=METHODS,
    )
    stats: str = option(
        "",
        "Statistics to compute, a band for each, in this order; or all.  [default: slope; for "
        "mann-kendall tau,pvalue] "
        + " ".join(
            [
                *(_listed(name, method.statistics) for name, method in METHODS.items()),
                _listed("Of any method, but not in all", QUALITY),
                _listed("Of a --correction, but not in all", SERIAL),
                _listed("What they mean, not in all", derived.derived_for("ols")),
            ]
        ),
        group="Statistics",
        metavar="NAME,...",
    )
    origin: float = option(
        0.0,
        "Year at which the line has the value intercept.",
        group="Statistics",
        metavar="YEAR",
    )
    per: str = option("year", "Unit of time of the slope.", group="Statistics", choices=PER)
    min_valid: int = option(
        0,
        "Pixels with fewer values get NaN.  [default: as few as a statistic can do with]",
        group="Statistics",
        metavar="N",
    )
    confidence: float = option(
        0.95,
        "Level of slope_lower and slope_upper.",
        group="Significance",
        metavar="LEVEL",
    )
    alternative: str = option(
        "two-sided",
        "Trend that the Mann-Kendall test looks for.",
        group="Significance",
        choices=("two-sided", "increasing", "decreasing"),
    )
    correction: str | None = option(
        None,
        "Correct test and limits for serial correlation; ols has ar1 alone. "
        + " ".join(f"{name}: {text}." for name, text in CORRECTIONS.items()),
        group="Significance",
        choices=CORRECTIONS,
    )
    lags: int | None = option(
        None,
        "Number of lags that hamed-rao looks at.  [default: 3]",
        group="Significance",
        metavar="N",
    )
    lag_level: float = option(
        0.05,
        "Level at which an autocorrelation differs from 0, for hamed-rao and the whitenings.",
        group="Significance",
        metavar="LEVEL",
    )
    season: str | None = option(
        None,
        "Compare only values of the same season, one a year: month, quarter, meteorological (DJF, "
        "MAM, JJA, SON; December counts to the next year), 16day or any other length, or a number "
        "of equal parts of the year. Of several values in a season the median is taken.",
        group="Significance",
        metavar="SEASON",
    )
    independent_seasons: bool = option(
        False,
        "Take the seasons for independent of each other, which finds too many trends where "
        "neighbouring months are alike; otherwise their covariance is in the test.",
        group="Significance",
    )
    fdr: str | None = option(
        None,
        "Add p-values adjusted for the number of pixels, after Benjamini and Hochberg (bh, which "
        "--fdr alone stands for) or Benjamini and Yekutieli (by).",
        group="Significance",
        choices=("bh", "by"),
        also="bool",
    )
    alpha: float = option(
        0.05,
        "Level at which a trend is significant, for class, fragile and detectable.",
        group="Significance",
        metavar="LEVEL",
    )
    stable: float | None = option(
        None,
        "Slope that is too small to matter: class says stable where limits of level 1 - 2 alpha "
        "lie inside -/+ DELTA.",
        group="Significance",
        metavar="DELTA",
    )
    percent_of: str = option(
        "first",
        "What percent is of: the line at the first time, or the mean of the values.",
        group="Statistics",
        choices=("first", "mean"),
    )
    steps: str | None = option(
        None,
        "One slope, with a level of its own for each group of rasters: sensor for those of a "
        "sensor, or of --groups, or the years with which new groups begin. Rank tests compare "
        "within groups. Adds step_1, ... with their p-values to least squares.",
        group="Statistics",
        metavar="sensor|YEAR,...",
    )
    predict: float | None = option(
        None,
        "Add what the least-squares line predicts for this year, and the limits within which a new "
        "value lies with the probability --confidence.",
        group="Statistics",
        metavar="YEAR",
    )

    def __post_init__(self) -> None:
        stats: Any = self.stats  # or a sequence of names, from Python
        names = stats.split(",") if isinstance(stats, str) else stats
        object.__setattr__(self, "stats", ",".join(filter(None, map(str.strip, names))))
        if self.season is not None:
            object.__setattr__(self, "season", str(self.season))  # or a number, from Python
        if isinstance(self.fdr, bool):
            object.__setattr__(self, "fdr", "bh" if self.fdr else None)
        check_choices(self)
        if not 0 < self.confidence < 1:
            raise ArgumentError(f"confidence {self.confidence:g}: must lie between 0 and 1")
        if not isfinite(self.origin):
            raise ArgumentError(f"origin {self.origin:g}: must be a year")
        if self.min_valid < 0:
            raise ArgumentError(f"min_valid {self.min_valid}: must not be negative")
        derived.check_steps(self, changed(self))
        self._check_correction()
        self._check_season()
        self._check_method()
        derived.check(self, changed(self))

    def _check_correction(self) -> None:
        """Refuse lags, and levels of them, that the correction cannot do with."""
        if self.lags is not None and self.lags < 1:
            raise ArgumentError(f"lags {self.lags}: must be 1 or more")
        if not 0 < self.lag_level < 1:
            raise ArgumentError(f"lag_level {self.lag_level:g}: must lie between 0 and 1")
        if self.lags is not None and self.correction == "yue-wang":
            raise ArgumentError(
                "lags: yue-wang takes r_1 alone, as published; with all lags its factor is 0 in "
                "truth, since 1 + 2 sum of r_k is 0 for any series less its mean"
            )
        if self.lags is not None and self.correction != "hamed-rao":
            raise ArgumentError("lags: only the correction hamed-rao has lags")
        if "lag_level" in changed(self) and self.correction not in _WITH_LEVEL:
            raise ArgumentError(
                f"lag_level: only the corrections {', '.join(_WITH_LEVEL)} have a level of lags"
            )

    def _check_season(self) -> None:
        """Refuse what is not a season, and options that need or cannot have one."""
        if self.season is not None and not _SEASON.fullmatch(self.season):
            raise ArgumentError(
                f"season {self.season!r}: is not month, quarter, meteorological, a length of 1 to "
                "183 days such as 16day, or a number of parts of the year from 2 to 366"
            )
        if self.independent_seasons and self.season is None:
            raise ArgumentError("independent_seasons: needs a season")
        if self.correction is not None and self.season is not None:
            raise ArgumentError(
                "correction and season cannot go together: the corrections need one value a step; "
                "the test with seasons has the covariance between them in it"
            )

    def _check_method(self) -> None:
        """Refuse options and statistics that the method does not have."""
        for name in changed(self):
            methods = [key for key, method in METHODS.items() if name in method.options]
            methods += [
                key for each in derived.DERIVED if name in each.options for key in each.methods
            ]
            if name not in _OF_ALL_METHODS and self.method not in methods:
                raise ArgumentError(
                    f"{name} is not an option of method {self.method}, but of {', '.join(methods)}"
                )
        corrections = METHODS[self.method].corrections
        if self.correction is not None and self.correction not in corrections:
            raise ArgumentError(
                f"correction {self.correction}: is not one of method {self.method}, which has "
                f"{', '.join(corrections)}"
            )
        known = (*METHODS[self.method].statistics, *QUALITY, *derived.derived_for(self.method))
        if self.steps is not None:
            known = (*WITHIN[self.method], *QUALITY, derived.CLASS)
        if self.correction is not None:
            known += SERIAL
        for name in self.names:
            if name not in known:
                raise ArgumentError(
                    f"stats: {name!r} is not a statistic of {self.method}"
                    f"{' with steps' if self.steps else ''}, which has "
                    f"{', '.join(known)} and all"
                    f"{nearest(name, known) or _nearest_method(name)}"
                )
            if self.names.count(name) > 1:
                raise ArgumentError(f"stats: {name} is asked for twice")

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the statistics to compute, in order."""
        method = METHODS[self.method]
        names: list[str] = []
        for name in self.stats.split(",") if self.stats else method.default:
            every = method.statistics if self.steps is None else WITHIN.get(self.method, ())
            names += every if name == "all" else (name,)
        more = derived.PREDICTED if self.predict is not None else ()
        more = (*more, "pvalue") if self.fdr else more
        return (*names, *(name for name in more if name not in names))

    def metadata(self) -> dict[str, str]:
        """Return the options that differ from their defaults, as text, but for the method."""
        return {
            name: text
            for name, text in changed(self, lambda number: f"{number:.17g}").items()
            if name != "method"
        }


def _nearest_method(name: str) -> str:
    """Return the method that somebody took for a statistic, as a question."""
    return nearest(name, METHODS).replace("did you mean", "did you mean --method")
