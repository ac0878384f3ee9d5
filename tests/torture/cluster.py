"""Dask: the scheduler killed, one worker killed, all workers killed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from command import WrongError
from rounds import ROOT, Fault, expect

if TYPE_CHECKING:
    import random
    from pathlib import Path

    from rounds import Bench

_WORKERS = 2
# Seconds; a run waits a minute for another worker.
_LIMIT = 200.0


class _Cluster:
    """A scheduler, and workers without a nanny: a killed one stays dead."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "scheduler.json"
        self._folder = folder
        here = ("--host", "127.0.0.1", "--no-dashboard", "--scheduler-file", self.file)
        self.scheduler = self._start("scheduler", *here, "--port", "0")
        more = ("--no-nanny", "--nthreads", "1", "--memory-limit", "0")
        self.workers = [self._start("worker", *here, *more) for _ in range(_WORKERS)]

    def _start(self, what: str, *arguments: object) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", f"distributed.cli.dask_{what}", *map(str, arguments)]
        return subprocess.Popen(
            command,
            cwd=self._folder,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def end(self) -> None:
        """Kill all that is left of it."""
        for process in (self.scheduler, *self.workers):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _killed(bench: Bench, chance: random.Random, _number: int, *, what: str) -> str:
    """Kill a part of a cluster at a random moment of a run, and wait for its end."""
    # SciPy, pixel by pixel, so that there are seconds in which to kill.
    stack = bench.folder / "slow"
    if not stack.exists():
        bench.demo("slow", "100 120", "2000:2005")
    command = ["slope", stack, "--method", "linregress", "--memory", "16K"]
    new, _ = bench.expected(*command, "--workers", "2")
    folder = bench.folder / "cluster"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    bench.clear()
    cluster = _Cluster(folder)
    try:
        run = bench.start(*command, "--dask", cluster.file, "-o", "t.tif", "-q", fresh=True)
        while not (any(bench.out.rglob("*.part/new/*")) or run.is_over(0.05)):
            pass  # it writes as soon as workers are there
        run.is_over(chance.random() * 4)
        victims = {
            "the scheduler": [cluster.scheduler],
            "one worker": cluster.workers[:1],
            "all workers": cluster.workers,
        }[what]
        for process in victims:
            process.kill()
        run.is_over(_LIMIT)
        outcome = bench.judge(run, {new})
    finally:
        cluster.end()
    if what == "one worker":
        expect(outcome, "new", said=run.said)
    elif outcome == "refused" and "Dask" not in run.said:
        raise WrongError(f"not said: {run.said}")
    return expect(outcome, "new", "refused", said=run.said)


FAULTS = (
    Fault("Dask: one worker killed", 20, partial(_killed, what="one worker"), 1),
    Fault("Dask: all workers killed", 10, partial(_killed, what="all workers"), 0),
    Fault("Dask: the scheduler killed", 10, partial(_killed, what="the scheduler"), 0),
)
