"""Rounds: one run with one fault, and what became of it. Every family of faults is made of these.

A run leads a session of its own, which is ended whatever happens. Where thousands of rounds are
wanted, the command line runs in a forked child that has everything imported; else in a new Python.
"""

from __future__ import annotations

import importlib
import os
import shutil
import sys
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from command import Run, WrongError
from judging import OLD, judge

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Collection, Mapping, Sequence

ROOT = Path(__file__).parent.parent.parent
# Options that make a run of two workers with many windows.
BUSY = ("--workers", "2", "--memory", "1M")
# With a second thread, workers are spawned; alone, they are forked.
_SPAWNING = (
    "import sys, threading\n"
    "if __name__ == '__main__':\n"
    "    threading.Thread(target=threading.Event().wait, daemon=True).start()\n"
    "    from pixeltrend.__main__ import main\n"
    "    main()\n"
)


@dataclass(frozen=True)
class Fault:
    """One row of the table."""

    name: str
    rounds: int
    round: Callable[[Bench, random.Random, int], str]
    """Gets the number of the round, below `rounds`; returns "old", "new" or "refused"."""
    quick: int = 1
    """Rounds of the quick part."""


@dataclass
class Bench:
    """Where rounds happen: a stack, and a folder for the output of one run at a time."""

    folder: Path
    kept: dict[str, tuple[bytes, float]] = field(default_factory=dict)
    runs: list[Run] = field(default_factory=list)

    def __post_init__(self) -> None:
        (self.folder / "spawning.py").write_text(_SPAWNING)
        sys.path.insert(0, str(ROOT))
        os.environ["OPENBLAS_NUM_THREADS"] = "1"  # no thread where children are forked
        for name in ("trend", "cli.slope", "cli.plot", "cli.fdr", "fdr", "views.map"):
            importlib.import_module(f"pixeltrend.{name}")
        warm = importlib.import_module("pixeltrend").reduce
        warm(range(5), [1.0, 2.0, 3.0, 5.0, 4.0], stats="slope,pvalue", fdr="bh")  # loads kernels
        self.clear()
        self.demo("in", "300 400", "2000:2005")
        self.demo("small", "20 24", "2000:2003")

    def end(self) -> None:
        """End whatever a round has left running."""
        for run in self.runs:
            run.end()
            run.said  # noqa: B018 - which closes the pipe
        self.runs.clear()

    def demo(self, name: str, size: str, years: str) -> None:
        """Write a made-up stack."""
        path = self.folder / name
        self.must("demo", path, "--size", *size.split(), "--years", years, "--seed", "1", "-q")

    @property
    def stack(self) -> str:
        """The inputs of a run of some windows."""
        return str(self.folder / "in")

    @property
    def out(self) -> Path:
        """The folder of the output."""
        return self.folder / "out"

    @property
    def target(self) -> Path:
        """The output."""
        return self.out / "t.tif"

    def clear(self, *, old: bytes | None = OLD) -> None:
        """Make an empty folder for the output, with an older output."""
        shutil.rmtree(self.out, ignore_errors=True)
        self.out.mkdir()
        if old is not None:
            self.target.write_bytes(old)

    def copy(self, name: str = "small") -> Path:
        """Return a copy of a stack, to be spoiled."""
        shutil.rmtree(self.folder / "copy", ignore_errors=True)
        shutil.copytree(self.folder / name, self.folder / "copy")
        return self.folder / "copy"

    def start(
        self,
        *arguments: object,
        fresh: bool = False,
        spawn: bool = False,
        env: Mapping[str, str] | None = None,
        setup: Callable[[], object] | None = None,
        cwd: Path | None = None,
    ) -> Run:
        """Start the command line.

        Parameters
        ----------
        *arguments
            Those of pixeltrend.
        fresh
            Whether in a new Python; else in a forked child.
        spawn
            In a new Python whose workers are spawned.
        env
            The whole environment.
        setup
            Called in the child before anything else.
        cwd
            Where; by default in the folder of the output.
        """
        words = [os.fspath(a) if isinstance(a, (str, bytes, Path)) else str(a) for a in arguments]
        environment = dict(os.environ if env is None else env)
        environment["PYTHONPATH"] = str(ROOT)
        sys.stdout.flush()
        sys.stderr.flush()
        ready, tell = os.pipe()
        err, into = os.pipe()
        pid = os.fork()
        if pid:
            os.close(tell)
            os.close(into)
            os.read(ready, 1)  # it leads a session now
            os.close(ready)
            self.runs.append(Run(pid, err))
            return self.runs[-1]
        status = 70
        try:
            os.setsid()
            os.close(tell)
            os.close(ready)
            os.close(err)
            os.dup2(into, 2)
            os.close(into)
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            os.chdir(cwd or self.out)
            if setup is not None:
                setup()
            if fresh or spawn:
                way = [str(self.folder / "spawning.py")] if spawn else ["-m", "pixeltrend"]
                command = [sys.executable, *way, *words]
                os.execve(sys.executable, command, environment)  # noqa: S606 - the fork has its setup
            status = _in_process(words)
        except BaseException:  # noqa: BLE001 - whatever it is, it must not go on as the parent
            traceback.print_exc()
        finally:
            os._exit(status)

    def must(self, *arguments: object, **how: object) -> float:
        """Run what must not fail; return the seconds that it took."""
        begin = time.monotonic()
        run = self.start(*arguments, **how)
        if run.wait():
            raise RuntimeError(run.said)
        return time.monotonic() - begin

    def expected(self, *arguments: object, **how: object) -> tuple[bytes, float]:
        """Return the output of an undisturbed run, and the seconds that it took."""
        key = f"{arguments} {how}"
        if key not in self.kept:
            for _ in range(2):  # the first one compiles
                self.clear()
                seconds = self.must(*arguments, "-o", "t.tif", "-q", **how)
            self.kept[key] = self.target.read_bytes(), seconds
        return self.kept[key]

    def judge(
        self, run: Run, new: Collection[bytes] | None, *, target: Path | None = None, **how: Any
    ) -> str:
        """Wait for a run, and say what became of it: see `judging.judge`."""
        return judge(run, target or self.target, new, **how)


def _in_process(words: Sequence[str]) -> int:
    from pixeltrend.__main__ import main

    sys.argv = ["pixeltrend", *words]
    sys.stdin = open(os.devnull)  # noqa: SIM115 - till the end
    try:
        main()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    except BaseException:  # noqa: BLE001 - the round is wrong, and says so
        traceback.print_exc()
    sys.stderr.flush()
    return 1


def expect(outcome: str, *wanted: str, said: str = "") -> str:
    """Return an outcome if it is one of those wanted."""
    if outcome not in wanted:
        raise WrongError(f"{outcome}, not {' or '.join(wanted)}: {said}")
    return outcome
