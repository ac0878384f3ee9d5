"""Kills and signals at random moments, of the run and of its workers."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from command import WrongError
from judging import written
from rounds import BUSY, Fault

if TYPE_CHECKING:
    import random

    from command import Run
    from rounds import Bench

# What may be on its way: one pass, a copy at the end, two passes with temporary files.
_KINDS = ((), ("--of", "COG"), ("--stats", "slope,pvalue", "--fdr"))


# One run in so many begins with a new Python; the others are forked with everything imported.
_FRESH = 4


def _started(
    bench: Bench, chance: random.Random, *, spawn: bool = False
) -> tuple[Run, bytes, float]:
    """Start a run with workers; return it, its output and its usual seconds."""
    command = ["slope", bench.stack, *BUSY, *chance.choice(_KINDS)]
    how = {"spawn": True} if spawn else {"fresh": chance.randrange(_FRESH) == 0}
    new, seconds = bench.expected(*command, **how)
    bench.clear()
    return bench.start(*command, "-o", "t.tif", "-q", **how), new, seconds


def _kill_run(bench: Bench, chance: random.Random, _number: int, *, spawn: bool) -> str:
    """Kill the parent; a run after it must find nothing in its way, and clean up."""
    run, new, seconds = _started(bench, chance, spawn=spawn)
    run.is_over(chance.random() * seconds)
    run.send(signal.SIGKILL)
    outcome = bench.judge(run, {new})
    again = bench.start("slope", bench.folder / "small", "-o", "t.tif", "-q")
    if again.wait() or {path.name for path in bench.out.iterdir()} - written(bench.target):
        raise WrongError(f"the next run: {again.said}")
    return outcome


def _kill_worker(bench: Bench, chance: random.Random, _number: int, *, spawn: bool) -> str:
    run, new, seconds = _started(bench, chance, spawn=spawn)
    while not run.workers() and not run.is_over(0.002):
        pass
    run.is_over(chance.random() * seconds / 2)
    victims = run.workers()
    if victims:
        with suppress(ProcessLookupError):
            os.kill(chance.choice(victims), signal.SIGKILL)
    outcome = bench.judge(run, {new})
    if outcome == "refused" and "worker died at" not in run.said:
        raise WrongError(f"not said: {run.said}")
    return outcome


def _signal(bench: Bench, chance: random.Random, _number: int, *, number: int) -> str:
    run, new, seconds = _started(bench, chance)
    run.is_over(chance.random() * seconds)
    run.send(number, to_all=chance.randrange(2) == 0)
    return bench.judge(run, {new})


FAULTS = (
    Fault("SIGKILL of the run, workers forked", 500, partial(_kill_run, spawn=False), 6),
    Fault("SIGKILL of the run, workers spawned", 500, partial(_kill_run, spawn=True), 3),
    Fault("SIGKILL of a worker, forked", 250, partial(_kill_worker, spawn=False), 6),
    Fault("SIGKILL of a worker, spawned", 250, partial(_kill_worker, spawn=True), 3),
    *(
        Fault(f"{name.name}, to the run or to all", 200, partial(_signal, number=name), 5)
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    ),
)
