"""Times pixeltrend beside what a user would run instead, and beside the floor; prints Markdown.

python benchmarks/bench.py --help
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import peers
import stacks
from measure import Program, Timing, interleaved, peak_memory
from osgeo import gdal
from tables import Target, machine, print_table, print_targets, say

if TYPE_CHECKING:
    from stacks import Stack

HERE = Path(__file__).parent
PIXELTREND = str(Path(sys.executable).with_name("pixeltrend"))
WORKERS = (1, 2)
SAMPLE_PIXELS = 48_000
HELP_RUNS = 15
OURS = "**pixeltrend slope**"
FLOOR = "floor: decode all, write one band"
OURS_ALL = "**pixeltrend slope --stats all**"
BANDS = 12  # that it writes
FLOOR_ALL = f"floor: decode all, write {BANDS} bands"
PUBLISHED = "one `linregress` a pixel"

# The targets of the project.
FLOOR_RATIO = {"small": 1.35, "large": 1.15}
FLOOR_RATIO_ALL = 1.15  # of the floor that writes as many bands
PUBLISHED_RATIO = 150.0
PEAK_BYTES = 600e6
HELP_SECONDS = 0.15


def main() -> None:
    arguments = _parse()
    gdal.UseExceptions()
    chosen = [*stacks.SMALL] if arguments.quick else [*stacks.SMALL, stacks.LARGE]
    sizes = stacks.SIZES[:-1] if arguments.quick else stacks.SIZES
    data, seed = arguments.data, arguments.seed
    data.mkdir(parents=True, exist_ok=True)
    say("making the stacks that are not there yet (minutes the first time)")
    stacks.make([*chosen, *sizes], data, seed)
    with tempfile.TemporaryDirectory(prefix="out-", dir=data) as folder:
        out = Path(folder)
        print(f"{machine()}.\nMedians of {arguments.runs} whole processes, run in turn.")
        targets = []
        for stack in chosen:
            targets += compare(stack, stack.folder(data, seed), out, arguments)
        targets += memory([(size, size.folder(data, seed)) for size in sizes], out)
        targets += start_up()
    print_targets(targets)


def compare(stack: Stack, folder: Path, out: Path, arguments: argparse.Namespace) -> list[Target]:
    """Time everything on one stack, print the table, and return the targets."""
    say(f"timing {stack.name}")
    ours = {n: Program(OURS, n, _slope(folder, out, n), always=True) for n in WORKERS}
    floors = {n: Program(FLOOR, n, _script("floor", folder, out, n), always=True) for n in WORKERS}
    # A tenth of a millisecond a pixel: of one small stack all of them, otherwise a sample.
    sampled = arguments.quick or stack is not stacks.SMALL[0]
    published = {n: _published(stack, folder, out, n, sampled=sampled) for n in WORKERS}
    others, missing = peers.find(folder, out, max(WORKERS), arguments.limit)
    programs = [*ours.values(), *floors.values(), *published.values(), *others]
    ours_all, floors_all = {}, {}
    if stack.large:
        for n in WORKERS:
            command = (*_slope(folder, out, n), "--stats", "all")
            ours_all[n] = Program(OURS_ALL, n, command, always=True)
            command = (*_script("floor", folder, out, n), str(BANDS))
            floors_all[n] = Program(FLOOR_ALL, n, command, always=True)
    programs += [*ours_all.values(), *floors_all.values()]
    timings = {timing.program: timing for timing in interleaved(programs, arguments.runs)}

    def row(timing: Timing) -> tuple[str, ...]:
        workers = timing.program.workers
        if timing.failure:
            return timing.program.name, str(workers), "", "", timing.failure, ""
        mine, lowest = timings[ours[workers]], timings[floors[workers]]
        return (
            timing.program.name,
            str(workers),
            f"{_number(timing.ratio(mine))} x",
            f"{_number(timing.ratio(lowest))} x",
            str(timing),
            f"{statistics.median(timing.cpu):.2f} s" if timing.program.part == 1 else "",
        )

    stored = f"{stack.width} x {stack.height} pixels x {stacks.YEARS} years"
    print(f"\n### {stack.name}: {stored}\n")
    header = ("", "workers", "time / pixeltrend", "time / floor", "seconds", "of the cores")
    print_table(header, [row(timing) for timing in timings.values()])
    for line in missing:
        print(f"\nSkipped: {line}.")
    limit = FLOOR_RATIO["large" if stack.large else "small"]
    targets = []
    for n in WORKERS:
        times = f"{stack.name}, {_workers(n)}"
        ratio = timings[ours[n]].ratio(timings[floors[n]])
        targets.append(Target(f"{times}: <= {limit} x the floor", f"{ratio:.2f} x", ratio <= limit))
        ratio = timings[published[n]].ratio(timings[ours[n]])
        text = f"{times}: >= {PUBLISHED_RATIO:.0f} x faster than published"
        targets.append(Target(text, f"{ratio:.0f} x", ratio >= PUBLISHED_RATIO))
    for n, program in ours_all.items():
        ratio = timings[program].ratio(timings[floors_all[n]])
        text = (
            f"{stack.name}, {_workers(n)}, all statistics: <= {FLOOR_RATIO_ALL} x the floor that "
            f"writes {BANDS} bands"
        )
        targets.append(Target(text, f"{ratio:.2f} x", ratio <= FLOOR_RATIO_ALL))
    return targets


def memory(sizes: list[tuple[Stack, Path]], out: Path) -> list[Target]:
    """Print the peak memory of all processes for several sizes, and return the target."""
    rows, peaks = [], []
    for stack, folder in sizes:
        say(f"watching the memory of {stack.pixels:,} pixels")
        peak = peak_memory(_slope(folder, out, max(WORKERS)))
        if peak is None:
            print("\nSkipped: memory, for there is no /proc here.")
            return []
        peaks.append(peak.pss)
        times = f"{stack.pixels / sizes[0][0].pixels:.0f} x"
        rows.append(
            (times, f"{stack.pixels:,}", f"{peak.pss / 1e6:.0f} MB", f"{peak.rss / 1e6:.0f} MB")
        )
    print(f"\n### Peak memory of all processes together, {_workers(max(WORKERS))}\n")
    print_table(("", "pixels", "PSS: shared pages once", "RSS: shared pages each time"), rows)
    text = f"peak memory < {PEAK_BYTES / 1e6:.0f} MB for any size"
    return [Target(text, f"{max(peaks) / 1e6:.0f} MB", max(peaks) < PEAK_BYTES)]


def start_up() -> list[Target]:
    """Time --help, and return the target."""
    [timing] = interleaved([Program("--help", 1, (PIXELTREND, "--help"))], HELP_RUNS)
    return [
        Target(f"`pixeltrend --help` < {HELP_SECONDS} s", f"{timing}", timing.median < HELP_SECONDS)
    ]


def _slope(folder: Path, out: Path, workers: int) -> tuple[str, ...]:
    target = str(out / "pixeltrend.tif")
    return (PIXELTREND, "slope", f"{folder}/*.tiff", "-o", target, "--workers", str(workers))


def _script(script: str, folder: Path, out: Path, workers: int) -> tuple[str, ...]:
    target = str(out / f"{script}.tif")
    return (sys.executable, str(HERE / f"{script}.py"), str(folder), target, str(workers))


def _published(stack: Stack, folder: Path, out: Path, workers: int, *, sampled: bool) -> Program:
    command = _script("published", folder, out, workers)
    if not sampled:
        return Program(PUBLISHED, workers, command)
    rows = max(1, SAMPLE_PIXELS // stack.width)
    name = f"{PUBLISHED} (scaled from {rows} rows of {stack.height})"
    return Program(name, workers, (*command, str(rows)), part=rows / stack.height)


def _workers(count: int) -> str:
    return f"{count} worker{'s' if count > 1 else ''}"


def _number(ratio: float) -> str:
    return f"{ratio:.2f}" if ratio < 10 else f"{ratio:.0f}"  # noqa: PLR2004 - three digits


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--quick", action="store_true", help="small stacks, and a sample of rows for linregress")
    add(
        "--runs",
        type=int,
        default=5,
        help="runs that count (%(default)s)",
    )
    add("--seed", type=int, default=0, help="another made-up place (%(default)s)")
    add("--data", type=Path, default=Path("bench-data"), help="stacks for reuse (%(default)s)")
    add("--limit", type=float, default=300.0, help="seconds for a peer's run (%(default)s)")
    return parser.parse_args()


if __name__ == "__main__":
    main()
