"""Derived statistics: what follows from those of a method, or looks at the values once more.

Loads no NumPy: a table that `options`, `bands` and `statistics` read. What it calls options are
`StatsOptions`, which are checked here and so stand above.
"""

from __future__ import annotations

import dataclasses
import importlib
from math import isfinite
from typing import TYPE_CHECKING, Any, NamedTuple

from pixeltrend.errors import ArgumentError
from pixeltrend.reducers.registry import WITHIN

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

CLASS = "class"
SENSOR = "sensor"
PREDICTED = ("predicted", "predicted_lower", "predicted_upper")
_LIMITS = ("slope_lower", "slope_upper")


class Derived(NamedTuple):
    """Statistics that are computed together."""

    statistics: tuple[str, ...]
    """Their names; keys of `registry.STATISTICS`."""
    methods: Mapping[str, tuple[str, ...]]
    """The methods that have them, and what they are made of: statistics of the method."""
    options: tuple[str, ...]
    """Fields of `StatsOptions` that say how, and nothing else."""
    compute: str
    """MODULE:FUNCTION of this wing: takes times (N,), values (N, P), what is computed so far and
    `StatsOptions`; returns arrays (P,) by name."""
    refused: Mapping[str, str] = {}
    """Fields of `StatsOptions` that they cannot go with, and why."""

    def load(self) -> Callable[..., dict[str, Any]]:
        """Import what computes."""
        module, _, name = self.compute.partition(":")
        function: Callable[..., dict[str, Any]] = getattr(
            importlib.import_module(f"pixeltrend.reducers.{module}"), name
        )
        return function


_ONE_TEST = (
    "the significance without a year is that of independent values: it would have to be corrected "
    "anew for each year"
)
_SEASONS = "it knows of one value a step, not of seasons"

DERIVED = (
    Derived(
        (CLASS,),
        {
            "ols": ("slope", "pvalue"),
            "theil-sen": ("slope", "pvalue"),
            "mann-kendall": ("s", "pvalue"),
        },
        ("alpha", "stable"),
        "classes:trend_classes",
        {"alternative": "its classes have two sides"},
    ),
    Derived(
        ("percent", "change", "fitted_first", "fitted_last"),
        dict.fromkeys(("ols", "theil-sen"), ("slope", "intercept")),
        ("percent_of",),
        "relative:relative_change",
    ),
    Derived(
        PREDICTED,
        {"ols": ("intercept", "intercept_stderr", "rmse")},
        ("predict",),
        "relative:prediction",
        {"correction": "the limits of a prediction are those of independent values"},
    ),
    Derived(
        ("slope_min", "slope_max"),
        {"ols": ()},
        (),
        "influence:slopes_without_a_year",
    ),
    Derived(
        ("fragile",),
        dict.fromkeys(("ols", "theil-sen", "mann-kendall"), ()),
        ("alpha",),
        "influence:fragile",
        {"correction": _ONE_TEST, "season": _ONE_TEST},
    ),
    Derived(
        ("detectable",),
        dict.fromkeys(("ols", "theil-sen", "mann-kendall"), ()),
        ("alpha",),
        "detectable:detectable",
        {"season": _SEASONS},
    ),
)


def derived_for(method: str) -> tuple[str, ...]:
    """Return the names of the derived statistics of a method."""
    return tuple(name for each in DERIVED if method in each.methods for name in each.statistics)


def asked(names: Collection[str]) -> list[Derived]:
    """Return what computes the derived statistics among `names`."""
    return [each for each in DERIVED if not set(each.statistics).isdisjoint(names)]


def check(options: Any, changed: Iterable[str]) -> None:
    """Refuse options of derived statistics that nobody asked for, and what cannot go together.

    Raises
    ------
    ArgumentError
        As it says.
    """
    for each in asked(options.names):
        for name, why in each.refused.items():
            if name in changed:
                what = ", ".join(n for n in options.names if n in each.statistics)
                raise ArgumentError(f"{name}: cannot go with {what}: {why}")
    for name in changed:
        owners = [each for each in DERIVED if name in each.options]
        if owners and not any(name in each.options for each in asked(options.names)):
            known = ", ".join(stat for each in owners for stat in each.statistics)
            raise ArgumentError(f"{name}: is an option of {known}; give --stats {known}")
    _check_values(options)


def _check_values(options: Any) -> None:
    if not 0 < options.alpha < 0.5:  # noqa: PLR2004 - limits of level 1 - 2 alpha
        raise ArgumentError(f"alpha {options.alpha:g}: must lie between 0 and 0.5")
    if options.predict is None and not {*PREDICTED}.isdisjoint(options.names):
        raise ArgumentError("stats: what is predicted needs a year; give --predict YEAR")
    if options.predict is not None and not isfinite(options.predict):
        raise ArgumentError(f"predict {options.predict:g}: must be a year")
    if options.stable is not None:
        if not options.stable > 0:
            raise ArgumentError(f"stable {options.stable:g}: must be a slope above 0")
        if options.method == "mann-kendall":
            raise ArgumentError("stable: a Mann-Kendall test has no slope; use theil-sen or ols")


def base(names: Collection[str], options: Any, first: float) -> Any:
    """Return the options that the method is called with, so that it need not be called twice.

    Limits of the slope and the intercept that nobody asked for are those that derived statistics
    are made of.

    Parameters
    ----------
    names
        Statistics asked for.
    options
        The user's.
    first
        First time of the series.
    """
    changes: dict[str, Any] = {}
    if options.stable is not None and {*_LIMITS, *PREDICTED}.isdisjoint(names):
        changes["confidence"] = 1.0 - 2.0 * options.alpha
    if {"intercept", "intercept_stderr"}.isdisjoint(names):
        if options.predict is not None:
            changes["origin"] = options.predict
        elif any("intercept" in each.methods[options.method] for each in asked(names)):
            changes["origin"] = first
    return dataclasses.replace(options, **changes) if changes else options


def needed(names: Collection[str], options: Any) -> list[str]:
    """Return the statistics of the method that those asked for are made of."""
    needs = [name for each in asked(names) for name in each.methods[options.method]]
    return [*needs, *(_LIMITS if options.stable is not None else ())]


def check_steps(options: Any, changed: Iterable[str]) -> None:
    """Refuse what a slope within groups does not go with.

    Raises
    ------
    ArgumentError
        As it says.
    """
    if options.steps is None:
        return
    if options.method not in WITHIN:
        known = ", ".join(WITHIN)
        raise ArgumentError(f"steps: is not an option of method {options.method}, but of {known}")
    for name in ("correction", "season", "predict", "origin"):
        if name in changed:
            raise ArgumentError(
                f"{name}: cannot go with steps, which fits independent values to one slope and a "
                "level for each group"
            )
    if options.stable is not None and not {*_LIMITS}.isdisjoint(options.names):
        raise ArgumentError("stable: with steps, ask for limits of the slope in a run of its own")
    if options.steps == SENSOR:
        return
    try:
        years = [float(year) for year in options.steps.split(",")]
    except ValueError as error:
        raise ArgumentError(
            f"steps {options.steps!r}: expected sensor, or years as in 2003,2013"
        ) from error
    if not all(map(isfinite, years)) or years != sorted(set(years)):
        raise ArgumentError(f"steps {options.steps}: years must rise")
