"""Disks that are full, and files that may not grow, at every 4 kB of what is written."""

from __future__ import annotations

import ctypes
import resource
import subprocess
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from command import WrongError
from judging import OLD
from rounds import Fault, expect

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from rounds import Bench

_STEP = 4096
_LINE = 64
_CLONE_NEWNS = 0x20000
# Rounds of a fault: outputs are a bit larger than so many steps, and temporary files too.
_STEPS = {"GTiff": 120, "COG": 240, "fdr": 650, "picture": 24}
_COMMANDS = {
    "GTiff": ("slope", "{stack}", "--workers", "1", "--memory", "1M"),
    "COG": ("slope", "{stack}", "--workers", "1", "--of", "COG"),
    "fdr": ("slope", "{stack}", "--workers", "1", "--stats", "slope,pvalue", "--fdr"),
}


def _command(bench: Bench, kind: str) -> list[str]:
    return [word.format(stack=bench.stack) for word in _COMMANDS[kind]]


def _may_mount() -> bool:
    """Return whether this process may mount disks, which end with it."""
    return not ctypes.CDLL(None).unshare(_CLONE_NEWNS) and not subprocess.call(
        ["mount", "--make-rprivate", "/"]
    )


@contextmanager
def _disk(bench: Bench, size: int, folder: Path) -> Iterator[None]:
    """Mount a disk of some bytes."""
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=755", "tmpfs", folder]
    subprocess.run(mount, check=True)
    try:
        yield
    finally:
        bench.end()
        subprocess.run(["umount", "--lazy", folder], check=True)


def _limited(
    start: Callable[[Bench, Callable[[], object] | None], str],
) -> Callable[[Bench, random.Random, int], str]:
    """Return a round in which no file may grow beyond the step of its number."""

    def round_(bench: Bench, _chance: random.Random, number: int) -> str:
        bytes_ = number * _STEP
        return start(bench, partial(resource.setrlimit, resource.RLIMIT_FSIZE, (bytes_, bytes_)))

    return round_


def _raster(bench: Bench, setup: Callable[[], object] | None, *, kind: str) -> str:
    new, _ = bench.expected(*_command(bench, kind))
    bench.clear()
    run = bench.start(*_command(bench, kind), "-o", "t.tif", "-q", setup=setup)
    return _told(bench.judge(run, {new}), run.said)


def _full(bench: Bench, _chance: random.Random, number: int, *, kind: str) -> str:
    new, _ = bench.expected(*_command(bench, kind))
    bench.clear(old=None)
    with _disk(bench, (number + 1) * _STEP, bench.out):
        bench.target.write_bytes(OLD)
        run = bench.start(*_command(bench, kind), "-o", "t.tif", "-q")
        return _told(bench.judge(run, {new}), run.said)


def _picture(bench: Bench, setup: Callable[[], object] | None) -> str:
    trend = bench.folder / "trend.tif"
    if not trend.exists():
        bench.must("slope", bench.stack, "-o", trend, "-q")
        bench.clear(old=None)
        bench.must("plot", trend, "-o", "t.png", "-q")
        bench.kept["picture"] = (bench.out / "t.png").read_bytes(), 0
    bench.clear(old=None)
    target = bench.out / "t.png"
    target.write_bytes(OLD)
    run = bench.start("plot", trend, "-o", "t.png", "-q", setup=setup)
    return _told(bench.judge(run, {bench.kept["picture"][0]}, target=target), run.said)


def _log(bench: Bench, _chance: random.Random, number: int) -> str:
    """Let the disk of the log have room for so many lines: the run goes on."""
    command = ["slope", bench.stack, "--workers", "2", "-q"]
    new, _ = bench.expected(*command)
    bench.clear()
    folder = bench.folder / "logs"
    folder.mkdir(exist_ok=True)
    with _disk(bench, _STEP, folder):
        (folder / "run.log").write_bytes(b"." * (_STEP - number * _LINE))
        run = bench.start(*command, "-o", "t.tif", "--log-file", folder / "run.log")
        outcome = bench.judge(run, {new})
    if run.said.count("\n") > 1:
        raise WrongError(f"said more than once: {run.said}")
    return expect(outcome, "new", said=run.said)


def _told(outcome: str, said: str) -> str:
    if outcome == "refused" and "File too large" not in said and "No space left" not in said:
        raise WrongError(f"the reason is not said: {said}")
    return expect(outcome, "refused", "new", said=said)


_MOUNTED = (
    *(
        Fault(f"a disk of n x 4 kB: {kind}", _STEPS[kind], partial(_full, kind=kind), 6)
        for kind in _COMMANDS
    ),
    Fault("a disk of the log with room for n lines", _STEP // _LINE, _log, 2),
)
FAULTS = (
    *(
        Fault(
            f"no file beyond n x 4 kB: {kind}",
            _STEPS[kind],
            _limited(partial(_raster, kind=kind)),
            6,
        )
        for kind in _COMMANDS
    ),
    Fault("no file beyond n x 4 kB: picture", _STEPS["picture"], _limited(_picture), 2),
    *(_MOUNTED if _may_mount() else ()),
)
