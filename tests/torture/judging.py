"""What became of a run: the old output, the complete new one, or a refusal; all else is wrong."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

from command import WrongError

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from command import Run

OLD = b"an older output"
# Seconds in which everything that a run started must have ended after it.
PATIENCE = 5.0
# What is no error.
_NOTICES = (
    "Warning: ",
    "a block of ",
    "compiling for this machine",
    "no worker of the Dask scheduler",
)
# Python's own start, before a line of pixeltrend has run: of the process, and of a worker whose
# parent was killed while it started it.
_EARLY = {signal.SIGINT: "KeyboardInterrupt", signal.SIGKILL: "EOFError: Ran out of input"}


def judge(
    run: Run,
    target: Path,
    new: Collection[bytes] | None,
    *,
    old: bytes | None = OLD,
    beside: Collection[str] = (),
) -> str:
    """Wait for a run, and say what became of it: "old", "new" or "refused".

    Parameters
    ----------
    run
        What was started.
    target
        The output.
    new
        What a complete output may be; None if the caller looks at it.
    old
        What the older output was; None if there was none.
    beside
        Names that may lie in the folder of the output.

    Raises
    ------
    WrongError
        Something else did.
    """
    status = run.wait()
    _nobody_is_left(run)
    found = target.read_bytes() if target.exists() else None
    said = run.said
    if found != old and new is not None and found not in new:
        raise WrongError(f"neither the old output nor the new one (status {status}): {said}")
    left = {path.name for path in target.parent.iterdir()} - {*written(target), *beside}
    if left and status != -signal.SIGKILL:
        raise WrongError(f"left behind: {sorted(left)} (status {status}): {said}")
    outcome = "old" if found == old else "new"
    if run.fault and _ended_at_once(run, status):
        return outcome
    _check_words(status, said)
    if status == 0:
        wanted = "new"
    elif run.fault and status == 128 + run.fault:
        wanted = "old" if "untouched" in said else "new"
    elif status in {1, 2, 3}:
        wanted = "old"
    else:
        wanted = "no such status"
    if outcome != wanted:
        raise WrongError(f"status {status}, but the output is the {outcome} one: {said!r}")
    return "refused" if status in {1, 2, 3} else outcome


def written(target: Path) -> set[str]:
    """Return the names of an output and of what is written beside it for QGIS and terra."""
    return {target.name, target.with_suffix(".qml").name, f"{target.name}.aux.json"}


def _nobody_is_left(run: Run) -> None:
    deadline = time.monotonic() + PATIENCE
    while run.living():  # what tracks names for spawned workers ends a moment later
        if time.monotonic() > deadline:
            run.end()
            raise WrongError("a process is left")
        time.sleep(0.01)


def _ended_at_once(run: Run, status: int) -> bool:
    """Return whether the signal that was sent ended the process before it could say a word."""
    early = _EARLY.get(signal.Signals(run.fault))
    said = run.said.replace("pixeltrend/__init__.py", "")  # runs before anything can listen
    if early and early in said and "pixeltrend/" not in said:
        return status in {-run.fault, 1}  # 1 where Python "could not import" what runs modules
    if status != -run.fault:
        return False
    lines = [line for line in run.said.splitlines() if not line.startswith(_NOTICES)]
    return not "".join(line for line in lines if "resource_tracker" not in line).strip()


def _check_words(status: int, said: str) -> None:
    """Check that a run which failed says so in one line, and one that did not does not."""
    lines = [line for line in said.splitlines() if not line.startswith(_NOTICES)]
    errors = [line for line in lines if line.startswith("Error: ")]
    if "Traceback" in said or "a defect" in said:
        raise WrongError(said)
    if status and (len(lines), len(errors)) != (1, 1):
        raise WrongError(f"status {status}, not one line: {said!r}")
    if not status and errors:
        raise WrongError(f"status 0: {said!r}")
