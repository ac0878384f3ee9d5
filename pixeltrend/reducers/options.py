"""StatsOptions: which statistics to compute, and how. Loads no NumPy."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from pixeltrend.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Iterable

METHODS = ("ols", "linregress", "theil-sen", "mann-kendall")
PER = {"year": 1.0, "decade": 10.0}
ALTERNATIVES = ("two-sided", "increasing", "decreasing")
TAUS = ("b", "a")
INTERCEPTS = ("separate", "joint")
CORRECTIONS = ("hamed-rao", "yue-wang", "pre-whitening", "trend-free-pre-whitening")
SEASONS = ("month",)
FDR = ("bh", "by")

_TREND_TESTS = ("theil-sen", "mann-kendall")
# The methods that each option says something to; the rest refuse it.
_METHODS_OF = {
    "confidence": ("ols", "theil-sen", "mann-kendall"),
    "origin": ("ols", "linregress", "theil-sen"),
    "per": ("ols", "linregress", "theil-sen"),
    "intercept": ("theil-sen",),
    "alternative": _TREND_TESTS,
    "tau": _TREND_TESTS,
    "correction": _TREND_TESTS,
    "lags": _TREND_TESTS,
    "season": _TREND_TESTS,
    "fdr": ("ols", "theil-sen", "mann-kendall"),
}
_CHOICES = {
    "per": tuple(PER),
    "intercept": INTERCEPTS,
    "alternative": ALTERNATIVES,
    "tau": TAUS,
    "correction": CORRECTIONS,
    "season": SEASONS,
    "fdr": FDR,
}


@dataclass(frozen=True, slots=True)
class StatsOptions:
    """What to compute of each pixel's series; the defaults give the bare trend."""

    stats: tuple[str, ...] = ()
    """Names of the bands, in order; none for the method's own, ("all",) for all of them."""
    confidence: float = 0.95
    """Level of the confidence limits, and of the test that chooses Hamed and Rao's lags."""
    origin: float = 0.0
    """Decimal year at which the line has the value `intercept`."""
    per: str = "year"
    """Unit of time of the slope: "year" or "decade"."""
    min_valid: int = 0
    """A pixel with fewer values gets NaN."""
    intercept: str = "separate"
    """Of the Theil-Sen line: "separate" medians of values and times, or the "joint" one."""
    alternative: str = "two-sided"
    """Of the Mann-Kendall test: "two-sided", "increasing" or "decreasing"."""
    tau: str = "b"
    """Kendall's tau: "b" makes up for ties, "a" does not."""
    correction: str | None = None
    """For serial correlation, one of `CORRECTIONS`."""
    lags: int | None = None
    """Lags that a variance correction looks at; None for all."""
    season: str | None = None
    """Compare values of one "month" only with each other."""
    fdr: str | None = None
    """Adds ``pvalue``, if it is not there, and ``pvalue_fdr``, after Benjamini and Hochberg ("bh")
    or Benjamini and Yekutieli ("by")."""

    def __post_init__(self) -> None:
        for name, choices in _CHOICES.items():
            value = getattr(self, name)
            if value is not None and value not in choices:
                raise ArgumentError(f"{name} {value!r}: there are {', '.join(choices)}")
        if not 0 < self.confidence < 1:
            raise ArgumentError(f"confidence {self.confidence:g}: must lie between 0 and 1")
        if not abs(self.origin) < float("inf"):
            raise ArgumentError(f"origin {self.origin:g}: must be a year")
        if self.min_valid < 0:
            raise ArgumentError(f"min_valid {self.min_valid}: must not be negative")
        if self.lags is not None and self.lags < 1:
            raise ArgumentError(f"lags {self.lags}: must be 1 or more")
        if self.lags is not None and self.correction not in {"hamed-rao", "yue-wang"}:
            raise ArgumentError("lags: only the corrections hamed-rao and yue-wang have lags")
        if self.correction is not None and self.season is not None:
            raise ArgumentError(
                "correction and season cannot go together: the corrections are for one value a step"
            )

    def check_method(self, method: str) -> None:
        """Refuse options that would say nothing to `method`.

        Raises
        ------
        ArgumentError
            The method is not known, or an option is not for it.
        """
        if method not in METHODS:
            raise ArgumentError(f"no method {method!r}; there are {', '.join(METHODS)}")
        for name in self.given():
            methods = _METHODS_OF.get(name, METHODS)
            if method not in methods:
                raise ArgumentError(f"{name} is not for method {method}, but {', '.join(methods)}")

    def given(self) -> dict[str, str]:
        """Give the options that differ from their defaults, as text: what a result depends on."""
        return {
            field.name: _text(getattr(self, field.name))
            for field in fields(self)
            if getattr(self, field.name) != field.default
        }


class StatsKeywords(TypedDict, total=False):
    """The fields of `StatsOptions` as keyword arguments."""

    stats: str | Iterable[str]
    confidence: float
    origin: float
    per: str
    min_valid: int
    intercept: str
    alternative: str
    tau: str
    correction: str | None
    lags: int | None
    season: str | None
    fdr: str | None


def make_options(method: str, **keywords: Unpack[StatsKeywords]) -> StatsOptions:
    """Check keyword arguments for a method; `stats` may be a text with commas between the names.

    Raises
    ------
    ArgumentError
        The method is not known, or an option is not for it, or makes no sense.
    """
    stats = keywords.get("stats", ())
    names = stats.split(",") if isinstance(stats, str) else stats
    stripped = tuple(name.strip() for name in names if name.strip())
    rest: dict[str, Any] = {name: value for name, value in keywords.items() if name != "stats"}
    options = StatsOptions(stats=stripped, **rest)
    options.check_method(method)
    return options


def choose(stats: tuple[str, ...], known: tuple[str, ...], quality: tuple[str, ...]) -> list[str]:
    """Give the names of the bands that `stats` asks for.

    Parameters
    ----------
    stats
        Names, or ("all",).
    known
        The statistics of the method; what "all" stands for.
    quality
        Further names that may be asked for.

    Raises
    ------
    ArgumentError
        A name is not known, or comes twice.
    """
    names = [name for stat in stats for name in (known if stat == "all" else (stat,))]
    for name in names:
        if name not in known and name not in quality:
            raise ArgumentError(
                f"no statistic {name!r}; there are {', '.join((*known, *quality))} and all"
            )
        if names.count(name) > 1:
            raise ArgumentError(f"statistic {name} is asked for twice")
    return names


def _text(value: object) -> str:
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return f"{value:.17g}" if isinstance(value, float) else str(value)
