"""What corrections and derived statistics take, over what they come on top of; prints Markdown.

    python benchmarks/ratios.py [PIXELS]

Processor seconds in one process, in memory: all jobs in turn, medians of five rounds.
"""

from __future__ import annotations

import statistics
import sys
import time
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pixeltrend.reducers.methods import make_reducer
from pixeltrend.reducers.options import StatsOptions
from pixeltrend.reducers.reducer import prepare

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROUNDS = 5
COUNTS = (21, 42)
MEMORY = 0.4  # r_1 of the noise
GAPS = 0.15

OLS_P = "slope,pvalue"
OLS_LIMITS = {"stats": f"{OLS_P},slope_lower,slope_upper"}
OLS_ALL = {"stats": "all"}
MANN_KENDALL = {"method": "mann-kendall", "stats": "tau,pvalue"}
THEIL_SEN = {"method": "theil-sen", "stats": "slope,pvalue"}
LIMITS = THEIL_SEN | OLS_LIMITS


class Job(NamedTuple):
    """Something that costs more than its base."""

    name: str
    """As the table calls it."""
    options: dict[str, Any]
    """What it computes."""
    base: dict[str, Any]
    """What it comes on top of."""
    most: float | None = None
    """The ratio that the project promises."""


JOBS = (
    Job("ols, all: ar1", OLS_ALL | {"correction": "ar1"}, OLS_ALL, 2.0),
    Job("ols, slope and p: ar1", {"stats": OLS_P, "correction": "ar1"}, {"stats": OLS_P}, 2.5),
    Job("theil-sen, slope and p: ar1", THEIL_SEN | {"correction": "ar1"}, THEIL_SEN, 2.5),
    Job("theil-sen, limits too: ar1", LIMITS | {"correction": "ar1"}, LIMITS, 2.5),
    Job("mann-kendall: ar1, over theil-sen", MANN_KENDALL | {"correction": "ar1"}, THEIL_SEN, 2.5),
    Job("mann-kendall: ar1", MANN_KENDALL | {"correction": "ar1"}, MANN_KENDALL),
    Job("gls, over ols, all", {"method": "gls", "stats": OLS_P}, OLS_ALL),
    Job("class", {"stats": "class"}, {"stats": OLS_P}, 1.3),
    Job("class, stable", {"stats": "class", "stable": 0.001}, OLS_LIMITS, 1.3),
    Job("slope_min, slope_max", {"stats": f"{OLS_P},slope_min,slope_max"}, {"stats": OLS_P}),
    Job("fragile", {"stats": f"{OLS_P},fragile"}, {"stats": OLS_P}),
    Job("detectable", {"stats": f"{OLS_P},detectable"}, {"stats": OLS_P}),
    Job("mann-kendall: fragile", MANN_KENDALL | {"stats": "tau,pvalue,fragile"}, MANN_KENDALL),
    Job("theil-sen: fragile", THEIL_SEN | {"stats": f"{OLS_P},fragile"}, THEIL_SEN),
    Job("steps: slope, step and their p", {"stats": OLS_P, "steps": "1990"}, {"stats": OLS_P}),
    Job("theil-sen: steps", THEIL_SEN | {"steps": "1990"}, THEIL_SEN, 1.3),
)


def series(count: int, pixels: int) -> dict[str, NDArray[np.float64]]:
    """Make values with a trend in noise that remembers: complete, and with gaps."""
    rng = np.random.default_rng(count)
    noise = rng.standard_normal((count, pixels))
    for i in range(1, count):
        noise[i] += MEMORY * noise[i - 1]
    values = 0.02 * noise + 0.001 * np.arange(count)[:, np.newaxis]
    return {"complete": values, "gaps": np.where(rng.random(values.shape) < GAPS, np.nan, values)}


def seconds(
    times: NDArray[np.float64], values: NDArray[np.float64], every: list[dict[str, Any]]
) -> list[float]:
    """Return the processor seconds of each reduction, the median of some rounds."""
    reducers = [make_reducer(StatsOptions(**options)) for options in every]
    for reducer in reducers:
        prepare(reducer)
    took: list[list[float]] = [[] for _ in reducers]
    for _ in range(ROUNDS):
        for reducer, rounds in zip(reducers, took, strict=True):
            start = time.process_time()
            reducer.reduce(times, values)
            rounds.append(time.process_time() - start)
    return [statistics.median(rounds) for rounds in took]


def main() -> None:
    """Print the table."""
    pixels = int(sys.argv[1]) if len(sys.argv) > 1 else 300_000
    every: list[dict[str, Any]] = []
    for job in JOBS:
        every += [options for options in (job.options, job.base) if options not in every]
    columns, ratios = [], []
    for count in COUNTS:
        for kind, values in series(count, pixels).items():
            took = seconds(1982.0 + np.arange(count), values, every)
            columns.append(f"{count} values, {kind}")
            ratios.append([took[every.index(j.options)] / took[every.index(j.base)] for j in JOBS])
    print(f"| time / base | {' | '.join(columns)} | promised |")
    print("| --- " * (2 + len(columns)) + "|")
    for job, row in zip(JOBS, zip(*ratios, strict=True), strict=True):
        cells = [f"{ratio:.1f}" for ratio in row]
        print(f"| {job.name} | {' | '.join(cells)} | {job.most or ''} |")


if __name__ == "__main__":
    main()
