"""Measures whole programs: seconds, and the memory of all their processes together."""

from __future__ import annotations

import os
import resource
import signal
import statistics
import subprocess
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

SAMPLE_SECONDS = 0.01
# What takes longer runs once, if it need not run always.
SLOW_SECONDS = 10.0
_PROC = Path("/proc")


class RunError(Exception):
    """A program failed, or took too long."""


@dataclass(frozen=True)
class Program:
    """Something to time."""

    name: str
    """What the table calls it."""
    workers: int
    """Processes or threads that compute."""
    command: tuple[str, ...]
    """What to run."""
    part: float = 1.0
    """Part of the pixels that it computes. If not all, it prints what seconds grow with them."""
    limit: float | None = None
    """Seconds after which it is stopped; what has a limit may fail."""
    always: bool = False
    """Whether it runs in every round, however slow it is."""


@dataclass
class Timing:
    """What came of a program."""

    program: Program
    """The program."""
    seconds: list[float]
    """Wall time of whole runs, one a round; scaled to all pixels."""
    cpu: list[float]
    """What these runs took of the cores, in seconds; not scaled."""
    printed: list[str]
    """What these runs printed."""
    failure: str = ""
    """Why there are none."""
    slow: bool = False
    """Whether it ran once only."""

    @property
    def median(self) -> float:
        """Seconds in the middle."""
        return statistics.median(self.seconds)

    def ratio(self, other: Timing) -> float:
        """Return how many times longer this takes: in the median round, if both ran in all."""
        if len(self.seconds) == len(other.seconds):
            pairs = zip(self.seconds, other.seconds, strict=True)
            return statistics.median(ours / theirs for ours, theirs in pairs)
        return self.median / other.median

    def __str__(self) -> str:
        if len(self.seconds) == 1:
            return f"{self.median:.2f} s (1 run)"
        return f"{self.median:.2f} s ({min(self.seconds):.2f} to {max(self.seconds):.2f})"


@dataclass(frozen=True)
class Memory:
    """The largest sum over all processes that were seen at one time, in bytes."""

    pss: int
    """Pages that processes share are divided among them: what the machine must have."""
    rss: int
    """Pages that processes share count for each of them."""


def interleaved(programs: Sequence[Program], runs: int) -> list[Timing]:
    """Time programs in turn, A B C A B C, so that a busy machine is busy for all of them.

    The first round warms up and does not count, but for slow programs: they run no second time.
    """
    timings = [Timing(program, [], [], []) for program in programs]
    for number in range(runs + 1):
        for timing in timings:
            if timing.failure or timing.slow:
                continue
            start = time.perf_counter()
            try:
                before = _cpu_seconds()
                took, printed = run(timing.program)
            except RunError as error:
                if timing.program.limit is None:
                    raise SystemExit(f"{timing.program.name}: {error}") from error
                timing.failure = str(error)
                continue
            wall = time.perf_counter() - start
            timing.slow = number == 0 and wall > SLOW_SECONDS and not timing.program.always
            if number or timing.slow:
                timing.seconds.append(took)
                timing.cpu.append(_cpu_seconds() - before)
                timing.printed.append(printed)
    return timings


def run(program: Program) -> tuple[float, str]:
    """Run a program to its end; return its wall time, scaled to all pixels, and what it printed."""
    with tempfile.TemporaryFile("w+") as stdout, tempfile.TemporaryFile("w+") as stderr:
        start = time.perf_counter()
        process = subprocess.Popen(
            program.command, stdout=stdout, stderr=stderr, start_new_session=True
        )
        # Not `wait(timeout)`: that looks every 50 ms.
        watchdog = threading.Timer(program.limit or threading.TIMEOUT_MAX, _kill, [process.pid])
        watchdog.daemon = True
        watchdog.start()
        try:
            status = process.wait()
        except BaseException:
            _kill(process.pid)
            raise
        finally:
            watchdog.cancel()
        took = time.perf_counter() - start
        stdout.seek(0)
        stderr.seek(0)
        if program.limit is not None and took >= program.limit:
            raise RunError(f"stopped unfinished after {program.limit:.0f} s")
        if status:
            said = stderr.read().strip().splitlines() or ["nothing said"]
            errors = [line for line in said if "error" in line.lower()]
            raise RunError(f"failed with status {status}: {(errors or said)[-1]}")
        printed = stdout.read()
        if program.part < 1:
            grows = float(printed)
            took += grows / program.part - grows
        return took, printed


def peak_memory(command: Sequence[str]) -> Memory | None:
    """Run `command` and watch it; None where there is no /proc."""
    if not (_PROC / "self/smaps_rollup").exists():
        return None
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    pss = rss = 0
    while process.poll() is None:
        sizes = tree_sizes(process.pid)
        pss, rss = max(pss, sizes[0]), max(rss, sizes[1])
        time.sleep(SAMPLE_SECONDS)
    if process.returncode:
        raise RunError(f"failed with status {process.returncode}")
    return Memory(pss, rss)


def tree_sizes(root: int) -> tuple[int, int]:
    """Return the PSS and RSS of a process and all its descendants together, in bytes."""
    sizes = [_sizes(pid) for pid in _tree(root)]
    return sum(size[0] for size in sizes), sum(size[1] for size in sizes)


def _kill(group: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


def _cpu_seconds() -> float:
    """Return what all ended children, and theirs, took of the cores."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _tree(root: int) -> list[int]:
    """Return a process and all its descendants."""
    children: dict[int, list[int]] = {}
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            try:
                # After the name, which may hold spaces: state, parent.
                stat = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue  # it has ended
            children.setdefault(int(stat[1]), []).append(int(entry.name))
    found = [root]
    for pid in found:
        found += children.get(pid, [])
    return found


def _sizes(pid: int) -> tuple[int, int]:
    """Return the PSS and RSS of a process in bytes; 0 when it has ended."""
    try:
        text = (_PROC / str(pid) / "smaps_rollup").read_text()
    except OSError:
        return 0, 0
    fields = dict(line.split(":", 1) for line in text.splitlines()[1:])
    kilobytes = [int(fields[name].split()[0]) for name in ("Pss", "Rss")]
    return kilobytes[0] * 1024, kilobytes[1] * 1024
