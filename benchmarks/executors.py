"""Processes or threads: time, CPU and switches of both, with more workers than cores too.

    python benchmarks/executors.py --help

A thread that waits for Python's lock switches voluntarily; one whose core is wanted by another,
involuntarily. Where py-spy is on the PATH, it samples who holds the lock. --python names another
interpreter that imports pixeltrend, such as a free-threaded one.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import stacks
from measure import Program, RunError, Timing, interleaved, run
from osgeo import gdal
from tables import machine, print_table, say

PROGRAMS = Path(__file__).parent / "programs"
EXECUTORS = ("processes", "threads")
FEW = 16  # rows and columns of a stack that only starts
PIXEL_FUNCTION = "map of a function in Python"
SAMPLES = 200  # a second
JOBS: dict[str, tuple[str, ...]] = {
    "slope": ("slope",),
    "all 12 statistics": ("slope", "--stats", "all"),
    "Theil-Sen slope and p": ("slope", "--method", "theil-sen", "--stats", "slope,pvalue"),
    PIXEL_FUNCTION: ("map", f"{PROGRAMS / 'pixel_function.py'}:slope"),
}


class Commands:
    """What runs a job and prints what it took."""

    def __init__(self, arguments: argparse.Namespace, out: Path) -> None:
        whole = stacks.NODE.squared(arguments.side)
        # A function of one pixel takes a hundred times as long.
        self._sizes = whole, whole.squared(max(FEW, arguments.side // 5)), whole.squared(FEW)
        stacks.make([*self._sizes], arguments.data, arguments.seed)
        self._folders = [stack.folder(arguments.data, arguments.seed) for stack in self._sizes]
        self._python, self._out = arguments.python, out

    @property
    def pixels(self) -> int:
        """Pixels of the whole stack."""
        return self._sizes[0].pixels

    def command(
        self, job: str, executor: str, workers: int, *, starts: bool = False
    ) -> tuple[str, ...]:
        """Return the command; of a stack that only starts, if asked for."""
        folder = self._folders[2 if starts else job == PIXEL_FUNCTION]
        return (
            self._python, str(PROGRAMS / "shares.py"), *JOBS[job], f"{folder}/*.tiff",
            "-o", str(self._out / "trend.tif"),
            "--executor", executor, "--workers", str(workers), "--quiet",
        )  # fmt: skip


def print_times(commands: Commands, arguments: argparse.Namespace) -> None:
    """Print time, CPU and switches of both executors."""
    programs = {
        (job, executor, workers): Program(
            f"{job}, {executor}",
            workers,
            commands.command(job, executor, workers),
            limit=arguments.limit,
            always=True,
        )
        for job in arguments.jobs
        for workers in arguments.workers
        for executor in EXECUTORS
    }
    timings = interleaved([*programs.values()], arguments.runs)
    timed = {timing.program: timing for timing in timings}
    rows = []
    for job in arguments.jobs:
        for workers in arguments.workers:
            both = [timed[programs[job, executor, workers]] for executor in EXECUTORS]
            cells = zip(*map(_cells, both), strict=True)
            rows.append((job, str(workers), *map(" / ".join, cells)))
    header = ("seconds", "CPU seconds", "voluntary switches", "involuntary switches")
    print_table(("processes / threads", "workers", *header), rows)


def _cells(timing: Timing) -> tuple[str, ...]:
    if timing.failure:
        return (timing.failure, "", "", "")
    switches = [json.loads(printed.splitlines()[-1])["switches"] for printed in timing.printed]
    counts = [f"{statistics.median(each):,.0f}" for each in zip(*switches, strict=True)]
    return (f"{timing.median:.2f}", f"{statistics.median(timing.cpu):.2f}", *counts)


def print_held(commands: Commands, arguments: argparse.Namespace) -> None:
    """Print for how long threads hold Python's lock, where it can be seen."""
    if not shutil.which("py-spy"):
        print("\nSkipped: who holds the lock, for there is no py-spy here.")
        return
    rows = []
    for job in arguments.jobs:
        say(f"sampling who holds the lock: {job}")
        try:
            whole, start = (
                [_held(commands.command(job, "threads", 2, starts=starts), arguments.limit)
                 for _ in range(arguments.runs)]
                for starts in (False, True)
            )  # fmt: skip
        except RunError as error:
            rows.append((job, str(error), ""))
            continue
        held, taken = (
            statistics.median(after) - statistics.median(before)
            for after, before in zip(
                zip(*whole, strict=True), zip(*start, strict=True), strict=True
            )
        )
        rows.append((job, f"{held:.2f}", f"{held / taken:.1%}"))
    print("\nThe lock, after start-up, with two threads, by samples:\n")
    print_table(("", "seconds in which a thread holds it", "of the CPU seconds"), rows)


def _held(command: tuple[str, ...], limit: float) -> tuple[float, float]:
    """Return for how many seconds some thread of a command holds the lock, and its CPU seconds."""
    with tempfile.NamedTemporaryFile(suffix=".txt") as samples:
        spy = ("py-spy", "record", "--gil", "--nonblocking", "--rate", str(SAMPLES),
               "--format", "raw", "--output", samples.name, "--")  # fmt: skip
        _, printed = run(Program("py-spy", 2, (*spy, *command), limit=limit))
        lines = Path(samples.name).read_text().splitlines()
    took = [json.loads(line) for line in printed.splitlines() if line.startswith("{")]
    if not took:  # py-spy has no status for it
        raise RunError("failed")
    held = sum(int(line.rpartition(" ")[2]) for line in lines) / SAMPLES
    return held, took[0]["native"] + sum(took[0]["threads"].values())


def _version(python: str) -> str:
    """Return the version of an interpreter, and how it was built."""
    asked = [python, "-c", "import sys; print(sys.version)"]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()


def main() -> None:
    arguments = _parse()
    gdal.UseExceptions()
    arguments.data.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="out-", dir=arguments.data) as folder:
        commands = Commands(arguments, Path(folder))
        print(f"\n### Processes or threads: {commands.pixels:,} pixels x {stacks.YEARS} years\n")
        print(f"{machine()}. Run by Python {_version(arguments.python)}.")
        print(f"Medians of {arguments.runs} runs, in turn; of `map` 4 % of the pixels.\n")
        say("timing")
        print_times(commands, arguments)
        print_held(commands, arguments)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("jobs", nargs="*", metavar="JOB", help=f"some of {', '.join(map(repr, JOBS))} (all)")
    add("--side", type=int, default=3000, help="rows and columns (%(default)s)")
    add("--workers", type=int, nargs="+", default=[2, 4, 8], help="how many (%(default)s)")
    add("--runs", type=int, default=5, help="runs that count (%(default)s)")
    add("--limit", type=float, default=300.0, help="seconds for a run (%(default)s)")
    add("--python", default=sys.executable, help="the interpreter (this one)")
    add("--data", type=Path, default=Path("bench-data"), help="stacks for reuse (%(default)s)")
    add("--seed", type=int, default=0, help="another made-up place (%(default)s)")
    arguments = parser.parse_args()
    arguments.jobs = arguments.jobs or list(JOBS)
    if unknown := {*arguments.jobs} - JOBS.keys():
        parser.error(f"no such job: {', '.join(sorted(unknown))}")
    return arguments


if __name__ == "__main__":
    main()
