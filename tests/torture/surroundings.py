"""Surroundings: environments, streams, folders and caches that are not what a program expects."""

from __future__ import annotations

import os
import shutil
from functools import partial
from typing import TYPE_CHECKING

from command import WrongError
from rounds import Fault, expect

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from rounds import Bench

_COMMAND = ("slope", "--workers", "2", "--stats", "slope,pvalue")
_BARE = {"PATH": os.defpath}
_ENVIRONMENTS = {
    "env -i": {},
    "no HOME": _BARE,
    "HOME that is not there": _BARE | {"HOME": "/nowhere"},
    "LANG=C": _BARE | {"LANG": "C", "LC_ALL": "C"},
    "LANG that is not there": _BARE | {"LC_ALL": "xx_YY.UTF-8"},
    "TZ=Asia/Kathmandu": _BARE | {"TZ": "Asia/Kathmandu"},
    "TZ=nonsense": _BARE | {"TZ": ":/dev/zero/nonsense"},
    "no TMPDIR": _BARE | {"TMPDIR": "/nowhere"},
    "NUMBA_CACHE_DIR not writable": _BARE | {"NUMBA_CACHE_DIR": "/proc/nowhere"},
    "COLUMNS=0": _BARE | {"COLUMNS": "0", "TERM": "dumb"},
    "PYTHONWARNINGS=error": _BARE | {"PYTHONWARNINGS": "error"},
    "PYTHONUTF8=0": _BARE | {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
}


def _broken_pipe(number: int) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    os.dup2(writing, number)


def _full(number: int) -> None:
    os.dup2(os.open("/dev/full", os.O_WRONLY), number)


def _deleted() -> None:
    os.mkdir("gone")
    os.chdir("gone")
    os.rmdir("../gone")


_STREAMS: dict[str, Callable[[], object]] = {
    "stdin closed": partial(os.close, 0),
    "stdout closed": partial(os.close, 1),
    "stderr closed": partial(os.close, 2),
    "all closed": partial(os.closerange, 0, 3),
    "stdout full": partial(_full, 1),
    "stderr full": partial(_full, 2),
    "stdout a broken pipe": partial(_broken_pipe, 1),
    "stderr a broken pipe": partial(_broken_pipe, 2),
    "umask 077": partial(os.umask, 0o077),
    "umask 777": partial(os.umask, 0o777),
    "a deleted working folder": _deleted,
}


def _environment(bench: Bench, _chance: random.Random, number: int) -> str:
    new, _ = bench.expected(*_COMMAND, bench.folder / "small")
    name = list(_ENVIRONMENTS)[number]
    bench.clear()
    run = bench.start(
        *_COMMAND, bench.folder / "small", "-o", "t.tif", fresh=True, env=_ENVIRONMENTS[name]
    )
    return _new(bench.judge(run, {new}), f"{name}: {run.said}")


def _stream(bench: Bench, _chance: random.Random, number: int) -> str:
    new, _ = bench.expected(*_COMMAND, bench.folder / "small")
    name = list(_STREAMS)[number // 2]
    more = ("--json",) if number % 2 else ("-q",)
    bench.clear()
    run = bench.start(
        *_COMMAND, bench.folder / "small", "-o", bench.target, *more, fresh=True,
        setup=_STREAMS[name],
    )  # fmt: skip
    if more == ("--json",) and ("stdout" in name or "all" in name):
        # The output is complete, and that it could not be said is an error.
        status = run.wait()
        if status != 1 or bench.target.read_bytes() != new or "Traceback" in run.said:
            raise WrongError(f"{name}: status {status}: {run.said}")
        return "new"
    return _new(bench.judge(run, {new}), f"{name}: {run.said}")


def _new(outcome: str, said: str) -> str:
    return expect(outcome, "new", said=said)


def _caches(bench: Bench) -> str:
    cache = bench.folder / "cache"
    shutil.rmtree(cache, ignore_errors=True)
    cache.mkdir()
    return str(cache)


def _two_compile(bench: Bench, _chance: random.Random, _number: int) -> str:
    """Start two runs that compile into one empty cache."""
    new, _ = bench.expected(*_COMMAND, bench.folder / "small")
    env = _BARE | {"NUMBA_CACHE_DIR": _caches(bench), "HOME": str(bench.folder)}
    bench.clear()
    other = bench.out / "u.tif"
    runs = [
        bench.start(*_COMMAND, bench.folder / "small", "-o", name, "-q", fresh=True, env=env)
        for name in (bench.target, other)
    ]
    if runs[1].wait() or other.read_bytes() != new:
        raise WrongError(runs[1].said)
    return _new(bench.judge(runs[0], {new}, beside=("u.tif",)), runs[0].said)


def _cut_cache(bench: Bench, chance: random.Random, _number: int) -> str:
    """Cut off, empty or spoil a file of Numba's cache."""
    new, _ = bench.expected(*_COMMAND, bench.folder / "small")
    cache = bench.folder / "good-cache"
    env = _BARE | {"NUMBA_CACHE_DIR": str(cache), "HOME": str(bench.folder)}
    bench.clear()
    if not cache.exists():
        bench.must(*_COMMAND, bench.folder / "small", "-o", "t.tif", "-q", fresh=True, env=env)
        bench.clear()
    files = sorted(path for path in cache.rglob("*.nb*"))
    victim = chance.choice(files)
    os.truncate(victim, chance.randrange(victim.stat().st_size + 1) * chance.randrange(2))
    run = bench.start(*_COMMAND, bench.folder / "small", "-o", "t.tif", "-q", fresh=True, env=env)
    return _new(bench.judge(run, {new}), f"{victim.name}: {run.said}")


FAULTS = (
    Fault("environments: env -i, no HOME, LANG=C, odd TZ ...", len(_ENVIRONMENTS), _environment, 4),
    Fault("streams closed, full, broken; umask; folder deleted", 2 * len(_STREAMS), _stream, 8),
    Fault("two first compilations at once", 10, _two_compile, 1),
    Fault("a file of Numba's cache cut off or emptied", 50, _cut_cache, 0),
)
