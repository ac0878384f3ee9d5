"""Measures how often each test finds a trend where there is none, and where there is one.

Prints the tables of docs/statistics.md: per cent significant at 5 %, in made-up series whose noise
remembers, seeded; at last beside what an audit measured. SERIES=500 makes it quick.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.signal import lfilter

import pixeltrend

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

SERIES = int(os.environ.get("SERIES", "4000"))
START = 1982.0
COUNTS = (20, 30, 40, 60)
NOISE = (0.0, 0.2, 0.4, 0.6)
# Standard deviations that a trend rises from the first value to the last, for power.
RISE = 2.0
POWER_NOISE = 0.4
# Standard deviations that values step up by, and the part of the series before that.
STEPS = (0.5, 1.0)
BEFORE_THE_STEP = 0.6
STEP_NOISE = (0.0, 0.4)
_SHARE = 0.2  # missing at random
_BEFORE = 100  # values that are thrown away, so that the noise has forgotten its beginning


class Test(NamedTuple):
    """A way to test for a trend."""

    name: str
    """As the tables call it."""
    options: dict[str, str]
    """What `pixeltrend.reduce` is called with."""


MANN_KENDALL = {"method": "mann-kendall"}
TESTS = (
    Test("Mann-Kendall", MANN_KENDALL),
    *(
        Test(name, MANN_KENDALL | {"correction": name})
        for name in (
            "ar1", "hamed-rao", "yue-wang", "pre-whitening", "trend-free-pre-whitening",
            "wang-swail",
        )
    ),
    Test("least squares", {}),
    Test("least squares, ar1", {"correction": "ar1"}),
    Test("gls", {"method": "gls"}),
)  # fmt: skip


STEPPED = (
    Test("least squares", {}),
    Test("least squares, --steps", {"steps": ""}),
    Test("Mann-Kendall", MANN_KENDALL),
    Test("Mann-Kendall, --steps", MANN_KENDALL | {"steps": ""}),
)


def noise(count: int, series: int, memory: tuple[float, ...], seed: int) -> Floats:
    """Return noise (count, series) of variance 1 whose values depend on those before."""
    white = np.random.default_rng(seed).standard_normal((count + _BEFORE, series))
    values = lfilter([1.0], [1.0, *(-r for r in memory)], white, axis=0)[_BEFORE:]
    return np.asarray(values / values.std())


def complete(count: int, series: int) -> Floats:
    """Return where, (count, series), values are missing: nowhere."""
    return np.zeros((count, series), dtype=bool)


def some(count: int, series: int) -> Floats:
    """Return a fifth of the values, at random."""
    return np.random.default_rng(1).random((count, series)) < _SHARE


def middle(count: int, series: int) -> Floats:
    """Return ten years in the middle."""
    missing = np.zeros((count, series), dtype=bool)
    missing[count // 2 - 5 : count // 2 + 5] = True
    return missing


def landsat(count: int, series: int) -> Floats:
    """Return most of the first years, fewer from then on: three fifths, a quarter, a twentieth."""
    share = np.repeat([0.6, 0.25, 0.05], -(-count // 3))[:count, np.newaxis]
    return np.random.default_rng(2).random((count, series)) < share


GAPS = {
    "complete": complete,
    "20 % missing": some,
    "ten years missing in the middle": middle,
    "as Landsat: 60, 25, 5 % missing in each third": landsat,
}


def share(test: Test, values: Floats) -> float:
    """Return the per cent of series (N, P) in which a test finds a trend at 5 %."""
    times = START + np.arange(len(values))
    pvalue = pixeltrend.reduce(times, values, stats="pvalue", **test.options)["pvalue"]
    return float(100 * np.mean(pvalue[~np.isnan(pvalue)] < 0.05))  # noqa: PLR2004 - the level


def size(test: Test, count: int, memory: tuple[float, ...], gaps: str, series: int) -> float:
    """Return the per cent of series without a trend in which a test finds one."""
    values = noise(count, series, memory, seed=count)
    values[GAPS[gaps](count, series)] = np.nan
    return share(test, values)


def stepped(test: Test, count: int, step: float, memory: float, series: int) -> float:
    """Return the per cent of series with a step, but no trend, in which a test finds one.

    A test with `steps` is told when.
    """
    values = noise(count, series, (memory,), seed=count + 2)
    first = round(BEFORE_THE_STEP * count)
    values[first:] += step
    if "steps" in test.options:
        test = Test(test.name, test.options | {"steps": f"{START + first:g}"})
    return share(test, values)


def power(test: Test, count: int, gaps: str, series: int) -> float:
    """Return the per cent of series with a trend in which a test finds it."""
    values = noise(count, series, (POWER_NOISE,), seed=count + 1)
    values += np.linspace(0.0, RISE, count)[:, np.newaxis]
    values[GAPS[gaps](count, series)] = np.nan
    return share(test, values)


def table(head: str, columns: list[str], rows: Iterator[tuple[str, list[str]]]) -> None:
    """Print a Markdown table, row by row as they come."""
    print(f"| {head} | {' | '.join(columns)} |")
    print("| --- " * (1 + len(columns)) + "|")
    for name, cells in rows:
        print(f"| {name} | {' | '.join(cells)} |", flush=True)
    print()


# What the audit measured that these corrections were made after: nominal 5 %, n values, AR(1).
AUDIT = {
    ("ar1", 10): "1.0 / 2.6 / 4.7",
    ("ar1", 15): "1.7 / 4.2 / 5.3",
    ("ar1", 20): "2.1 / 4.5 / 5.6",
    ("ar1", 30): "2.8 / 4.9 / 5.4",
    ("ar1", 40): "3.3 / 4.7 / 5.0",
    ("Mann-Kendall", 20): "4.8 / 16.6 / 28.9",
    ("hamed-rao", 20): "4.8 / - / -",
    ("pre-whitening", 20): "3.6 / 4.3 / 5.3",
    ("trend-free-pre-whitening", 20): "4.8 / 17.5 / 32.4",
    ("least squares", 20): "5.4 / 18.6 / 31.7",
    ("least squares, ar1", 10): "3.0 / 6.9 / 9.7",
    ("least squares, ar1", 20): "3.2 / 6.2 / 7.6",
    ("least squares, ar1", 40): "3.9 / 5.6 / 5.7",
}


def step_sizes() -> Iterator[tuple[str, list[str]]]:
    """Yield the rows of the table of series with a step."""
    cases = [(r, step) for r in STEP_NOISE for step in STEPS]
    for test in STEPPED:
        yield (
            test.name,
            [
                " / ".join(f"{stepped(test, count, step, r, SERIES):.1f}" for r, step in cases)
                for count in COUNTS
            ],
        )


def main() -> None:
    """Print all tables."""
    by_name = {test.name: test for test in TESTS}

    def sizes(gaps: str) -> Iterator[tuple[str, list[str]]]:
        for test in TESTS:
            cells = [
                " / ".join(f"{size(test, count, (r,), gaps, SERIES):.1f}" for r in NOISE)
                for count in COUNTS
            ]
            yield test.name, cells

    def powers() -> Iterator[tuple[str, list[str]]]:
        for test in TESTS:
            yield (
                test.name,
                [
                    " / ".join(f"{power(test, count, gaps, SERIES):.0f}" for gaps in GAPS)
                    for count in COUNTS
                ],
            )

    def beside() -> Iterator[tuple[str, list[str]]]:
        for (name, count), theirs in AUDIT.items():
            ours = [
                f"{size(by_name[name], count, (r,), 'complete', SERIES):.1f}"
                for r in (0.0, 0.4, 0.6)
            ]
            yield f"{name}, {count} values", [theirs, " / ".join(ours)]

    def longer() -> Iterator[tuple[str, list[str]]]:
        for test in TESTS:
            cells = [f"{size(test, n, (0.5, 0.2), 'complete', SERIES):.1f}" for n in COUNTS]
            yield test.name, cells

    columns = [f"{count} values" for count in COUNTS]
    for gaps in GAPS:
        table(f"{gaps}: AR(1) of 0 / 0.2 / 0.4 / 0.6", columns, sizes(gaps))
    table("AR(2) of 0.5 and 0.2", columns, longer())
    table("a step of 0.5 / 1 sd; the same in AR(1) noise of 0.4", columns, step_sizes())
    table("power: complete / 20 % / middle / Landsat", columns, powers())
    table("AR(1) of 0 / 0.4 / 0.6", ["audit", "here"], beside())


if __name__ == "__main__":
    main()
