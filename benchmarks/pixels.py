"""Pixels a second and core of each statistic, beside what a user would call for each pixel.

    python benchmarks/pixels.py [PIXELS]

All times of a line are taken in one run, in one process, in memory: no raster is read or written.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import numpy as np
import pymannkendall
from scipy import stats

from pixeltrend.reducers.methods import make_reducer
from pixeltrend.reducers.options import StatsOptions
from pixeltrend.reducers.reducer import prepare

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

RUNS = 3
GAPS = 0.15
CALLS = 300  # of a library that takes a pixel at a time

JOBS = {
    "ols: slope": ("ols", {}, "linregress"),
    "ols: all": ("ols", {"stats": "all"}, "linregress"),
    "mann-kendall: tau, p": ("mann-kendall", {}, "original_test"),
    "theil-sen: slope": ("theil-sen", {}, "theilslopes"),
    "theil-sen: slope, p": ("theil-sen", {"stats": "slope,pvalue"}, "original_test"),
    "theil-sen: slope, p, limits": (
        "theil-sen",
        {"stats": "slope,pvalue,slope_lower,slope_upper"},
        "theilslopes",
    ),
    "theil-sen: slope, p, hamed-rao": (
        "theil-sen",
        {"stats": "slope,pvalue", "correction": "hamed-rao"},
        "hamed_rao",
    ),
}
LIBRARIES: dict[str, Callable[[NDArray[np.float64], NDArray[np.float64]], object]] = {
    "linregress": stats.linregress,
    "theilslopes": lambda x, y: stats.theilslopes(y, x),
    "original_test": lambda _x, y: pymannkendall.original_test(y),
    "hamed_rao": lambda _x, y: pymannkendall.hamed_rao_modification_test(y),
}


def series(count: int, pixels: int) -> dict[str, NDArray[np.float64]]:
    """Make values with a trend: complete, with gaps, and as whole numbers with many ties."""
    rng = np.random.default_rng(count)
    values = 0.02 * rng.standard_normal((count, pixels)) + 0.001 * np.arange(count)[:, np.newaxis]
    gaps = np.where(rng.random(values.shape) < GAPS, np.nan, values)
    return {"complete": values, "gaps": gaps, "integers": np.round(200 * values)}


def best(call: Callable[[], object]) -> float:
    """Return the processor seconds of the shortest of some runs: other jobs do not count."""
    seconds = []
    for _ in range(RUNS):
        start = time.process_time()
        call()
        seconds.append(time.process_time() - start)
    return min(seconds)


def main() -> None:
    pixels = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    print(
        f"{'values':>6}  {'statistic':32}{'series':10}{'pixels/s':>12}{'library, ms':>13}{'x':>9}"
    )
    for count in (21, 42):
        times = np.arange(count) + 1982.0
        stacks = series(count, pixels)
        alone = {}
        for name, call in LIBRARIES.items():
            some = stacks["complete"][:, :CALLS].T
            alone[name] = best(lambda: [call(times, y) for y in some]) / CALLS  # noqa: B023
        for title, (method, options, library) in JOBS.items():
            reducer = make_reducer(StatsOptions(method=method, **options))
            prepare(reducer)
            for kind, values in stacks.items():
                seconds = best(lambda: reducer.reduce(times, values)) / pixels  # noqa: B023
                ratio = alone[library] / seconds
                print(
                    f"{count:6}  {title:32}{kind:10}{1 / seconds:12,.0f}"
                    f"{1e3 * alone[library]:13.3f}{ratio:9,.0f}"
                )


if __name__ == "__main__":
    main()
