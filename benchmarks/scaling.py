"""What more cores would give: the CPU of workers, parent and compression, and a model of a node.

    python benchmarks/scaling.py [ROW...]; --help has the options

CPU seconds are those of `pixeltrend slope` with two workers, less those of the same command on a
stack of a few pixels: what remains grows with the pixels. In brackets, what the same took, on
another machine, before blocks went to GDAL from the memory that they arrive in.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import peers
import stacks
from measure import Program, interleaved
from node import MODEL, shares
from osgeo import gdal
from tables import Target, machine, print_table, print_targets, say

if TYPE_CHECKING:
    from collections.abc import Iterable

    from measure import Timing
    from node import Shares

HERE = Path(__file__).parent
WORKERS = 2  # with one, GDAL compresses in the thread that writes
NODES = (4, 16, 64)
FEW = 16  # rows and columns of a stack that only starts
QUICK = 3000, 2  # rows and columns, and runs
COMPRESSIONS = ("", "COMPRESS=NONE", "COMPRESS=ZSTD,ZSTD_LEVEL=1")


@dataclass(frozen=True)
class Row:
    """Statistics, and what they took before; see the module's first lines."""

    name: str
    """What the table calls them."""
    options: tuple[str, ...]
    """What asks for them."""
    bands: int
    """Bands that the output has."""
    most: float
    """Promised: the time over that of the floor with as many bands."""
    parents: float
    """Promised: the parent's part of all CPU seconds besides compression and start-up."""
    workers: float
    """CPU seconds of both workers, before."""
    parent: float | None = None
    """Those of the parent, with compression, before."""
    alone: float | None = None
    """Those of the parent with `COMPRESS=NONE`, before."""
    floor: str = ""
    """The time over the floor, before."""


ROWS = (
    Row("slope", (), 1, 1.15, 0.01, 7.7, 0.9, 0.24, "1.13"),
    Row("slope, pvalue", ("--stats", "slope,pvalue"), 2, 1.15, 0.02, 8.2, 1.6, 0.35),
    Row("all 12 statistics", ("--stats", "all"), 12, 1.15, 0.04, 9.4, 9.0, 1.4, "1.28 to 1.35"),
    Row(
        "Theil-Sen slope and p",
        ("--method", "theil-sen", "--stats", "slope,pvalue"),
        2, 1.6, 0.02, 16.8, floor="2.5 to 2.6",
    ),
)  # fmt: skip


class Runs:
    """All programs of all rows, and what came of them."""

    def __init__(self, rows: Iterable[Row], stack: Path, few: Path, out: Path) -> None:
        self.rows = tuple(rows)
        self.nodes = [n for n in NODES if n <= len(os.sched_getaffinity(0))]
        """Nodes that this machine is as large as."""
        self._out = out
        self._programs: dict[tuple[object, ...], Program] = {}
        for row in self.rows:
            for compression in COMPRESSIONS:
                self._add(row, stack, WORKERS, compression)
            for workers in (WORKERS, *NODES):
                self._add(row, few, workers)
            for workers in self.nodes:
                self._add(row, stack, workers)
            self._programs["floor", row.bands] = Program(
                f"floor, {row.bands} bands",
                WORKERS,
                (sys.executable, str(HERE / "floor.py"), str(stack), str(out / "floor.tif"),
                 str(WORKERS), str(row.bands)),
                always=True,
            )  # fmt: skip
        self._stack, self._few = stack, few
        self._timings: dict[Program, Timing] = {}

    def _add(self, row: Row, folder: Path, workers: int, compression: str = "") -> None:
        command = (
            sys.executable, str(HERE / "programs" / "shares.py"), "slope", f"{folder}/*.tiff",
            "-o", str(self._out / "trend.tif"), "--workers", str(workers), "--quiet", *row.options,
            *(("--co", compression) if compression else ()),
        )  # fmt: skip
        self._programs[row, folder, workers, compression] = Program(
            f"**pixeltrend, {row.name}**", workers, command, always=True
        )

    def take(self, others: Iterable[Program], runs: int) -> list[Timing]:
        """Time all programs, and others, in turn; return the timings of the others."""
        others = list(others)
        timings = interleaved([*self._programs.values(), *others], runs)
        self._timings = {timing.program: timing for timing in timings}
        return [self._timings[other] for other in others]

    def timing(self, row: Row, workers: int = WORKERS) -> Timing:
        """Return the timing of a row on the whole stack."""
        return self._timings[self._programs[row, self._stack, workers, ""]]

    def start(self, row: Row, workers: int = WORKERS) -> Timing:
        """Return the timing of a row on the stack that only starts."""
        return self._timings[self._programs[row, self._few, workers, ""]]

    def shares(self, row: Row, compression: str = "") -> Shares:
        """Return who took what of a row after the start."""
        timing = self._timings[self._programs[row, self._stack, WORKERS, compression]]
        return shares(timing).less(shares(self.start(row)))

    def floor_ratio(self, row: Row) -> float:
        """Return how many times longer a row takes than the floor with as many bands."""
        return self.timing(row).ratio(self._timings[self._programs["floor", row.bands]])


def print_shares(runs: Runs) -> None:
    """Print who took what."""
    header = (
        "", "workers", "parent, all", "of it compression", "parent with `COMPRESS=NONE`",
        "parent, all, with ZSTD at level 1", "start-up", "wall", "wall / floor with as many bands",
    )  # fmt: skip
    rows = []
    for row in runs.rows:
        usual, plain, zstd = (runs.shares(row, compression) for compression in COMPRESSIONS)
        part = plain.parent / (plain.all or 1)
        rows.append(
            (
                row.name,
                _beside(f"{usual.workers:.2f}", row.workers),
                _beside(f"{usual.parent + usual.compression:.2f}", row.parent),
                f"{usual.compression:.2f}",
                _beside(f"{plain.parent:.2f}, {part:.1%}", row.alone),
                f"{zstd.parent + zstd.compression:.2f}",
                f"{runs.start(row).median:.2f} s",
                f"{runs.timing(row).median:.2f} s",
                _beside(f"{runs.floor_ratio(row):.2f}", row.floor),
            )
        )
    print("\nCPU seconds after start-up, two workers; in brackets, before, on another machine:\n")
    print_table(header, rows)


def print_nodes(runs: Runs) -> None:
    """Print what the model says of nodes, and what was measured where there are as many cores."""
    print(f"\n{MODEL}\n")
    sizes = (WORKERS, *NODES)
    header = ("seconds", *(f"{n} workers" for n in sizes), "the parent is the limit from")
    rows = []
    for row in runs.rows:
        taken = runs.shares(row)
        cells = []
        for workers in sizes:
            cell = f"{runs.start(row, workers).median + taken.seconds(workers):.2f}"
            if workers == WORKERS or workers in runs.nodes:
                cell += f" (measured {runs.timing(row, workers).median:.2f})"
            cells.append(cell)
        rows.append((row.name, *cells, f"{taken.worth:.0f} cores"))
    print_table(header, rows)


def print_peers(runs: Runs, others: list[Timing], missing: list[str]) -> None:
    """Print what others take for the slope."""
    mine = runs.timing(runs.rows[0])
    rows = [(mine.program.name, str(WORKERS), "1 x", str(mine))]
    for other in others:
        ratio = other.failure or f"{other.ratio(mine):.1f} x"
        seconds = "" if other.failure else str(other)
        rows.append((other.program.name, str(other.program.workers), ratio, seconds))
    print("\nThe slope alone, beside what else computes it:\n")
    print_table(("", "workers", "time / pixeltrend", "seconds"), rows)
    for line in missing:
        print(f"\nSkipped: {line}.")


def targets(runs: Runs) -> list[Target]:
    """Return what is promised of each row."""
    found = []
    for row in runs.rows:
        ratio, plain = runs.floor_ratio(row), runs.shares(row, COMPRESSIONS[1])
        part = plain.parent / (plain.all or 1)
        text = f"{row.name}: <= {row.most} x the floor of as many bands ({row.bands})"
        found.append(Target(text, f"{ratio:.2f} x", ratio <= row.most))
        text = f"{row.name}: parent <= {row.parents:.0%} besides compression and start-up"
        found.append(Target(text, f"{part:.1%}", part <= row.parents))
    return found


def main() -> None:
    arguments = _parse()
    gdal.UseExceptions()
    data, seed = arguments.data, arguments.seed
    data.mkdir(parents=True, exist_ok=True)
    node = stacks.NODE.squared(arguments.side)
    few = node.squared(FEW)
    say("making the stacks that are not there yet (minutes the first time)")
    stacks.make([node, few], data, seed)
    chosen = [row for row in ROWS if not arguments.rows or row.name in arguments.rows]
    with tempfile.TemporaryDirectory(prefix="out-", dir=data) as folder:
        out = Path(folder)
        print(f"\n### {node.pixels:,} pixels x {stacks.YEARS} years, 10 % gaps, DEFLATE\n")
        print(f"{machine()}.\nMedians of {arguments.runs} whole processes, run in turn.")
        stack = node.folder(data, seed)
        runs = Runs(chosen, stack, few.folder(data, seed), out)
        others, missing = [], []
        if arguments.limit and chosen[0] is ROWS[0]:
            others, missing = peers.find(stack, out, WORKERS, arguments.limit)
        say("timing")
        timed = runs.take(others, arguments.runs)
        print_shares(runs)
        print_nodes(runs)
        if timed or missing:
            print_peers(runs, timed, missing)
        print_targets(targets(runs))


def _beside(text: str, before: float | str | None) -> str:
    return f"{text} ({before})" if before else text


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    names = ", ".join(repr(row.name) for row in ROWS)
    add("rows", nargs="*", metavar="ROW", help=f"some of {names} (all)")
    add("--quick", action="store_true", help="9 million pixels, and two runs that count")
    add("--side", type=int, default=stacks.NODE.width, help="rows and columns (%(default)s)")
    add("--runs", type=int, default=5, help="runs that count (%(default)s)")
    add(
        "--limit", type=float, default=300.0, help="seconds for a peer's run, 0: none (%(default)s)"
    )
    add("--seed", type=int, default=0, help="another made-up place (%(default)s)")
    add("--data", type=Path, default=Path("bench-data"), help="stacks for reuse (%(default)s)")
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.side, arguments.runs = QUICK
    if unknown := set(arguments.rows) - {row.name for row in ROWS}:
        parser.error(f"{', '.join(sorted(unknown))}: no such row; there are {names}")
    return arguments


if __name__ == "__main__":
    main()
