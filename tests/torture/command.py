"""A running command line: its session, its end, what it says."""

from __future__ import annotations

import os
import select
import signal
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

# Seconds; many times what a run takes, on a busy machine too.
LIMIT = 60.0
# What a pipe holds.
_PIPE = 65_536


class WrongError(Exception):
    """What happened must not happen."""


class HungError(Exception):
    """The run did not end."""


@dataclass(eq=False)
class Run:
    """A running command line."""

    pid: int
    err: int
    """What it writes to stderr can be read here."""
    fault: int = 0
    """The signal that it was sent."""

    def wait(self, limit: float = LIMIT) -> int:
        """Return the status as a shell counts it, negative if a signal ended the process."""
        handle = os.pidfd_open(self.pid)
        try:
            ended, _, _ = select.select([handle], [], [], limit)
        finally:
            os.close(handle)
        if not ended:
            self.end()
            raise HungError(f"{limit:.0f} s")
        _, status = os.waitpid(self.pid, 0)
        return os.waitstatus_to_exitcode(status)

    def is_over(self, seconds: float) -> bool:
        """Wait for the end, at most so many seconds."""
        handle = os.pidfd_open(self.pid)
        try:
            return bool(select.select([handle], [], [], seconds)[0])
        finally:
            os.close(handle)

    def send(self, number: int, *, to_all: bool = False) -> None:
        """Send a signal."""
        self.fault = number
        with suppress(ProcessLookupError):
            (os.killpg if to_all else os.kill)(self.pid, number)

    def end(self) -> None:
        """Kill the session, and wait for its leader."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        with suppress(ChildProcessError):
            os.waitpid(self.pid, 0)

    def living(self) -> dict[int, int]:
        """Return the living processes of the session, with their parents."""
        found = {}
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):  # it has just ended
                state, parent, _, session = stat.read_text().rpartition(")")[2].split()[:4]
                if int(session) == self.pid and state not in "ZX":
                    found[int(stat.parent.name)] = int(parent)
        return found

    def workers(self) -> list[int]:
        """Return the ids of the workers."""
        found = []
        for process, parent in self.living().items():
            with suppress(OSError):
                command = Path(f"/proc/{process}/cmdline").read_bytes()
                if parent == self.pid and b"resource_tracker" not in command:
                    found.append(process)
        return sorted(found)

    @cached_property
    def said(self) -> str:
        """What it has written to stderr until it ended, without what some builds of libtiff add."""
        with open(self.err, "rb", buffering=0) as pipe:
            os.set_blocking(self.err, False)
            text = (pipe.read(_PIPE) or b"").decode(errors="replace")
        return "".join(s for s in text.splitlines(True) if not s.startswith("_tiff"))
