"""Lock: one run at a time writes an output, on this machine or on others that share its disk.

`flock` on a file beside the output, which the system takes back whatever becomes of the process.
The package filelock would do the same, but empties the file on its way, which says who holds it.
"""

from __future__ import annotations

import fcntl
import logging
import os
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from pixeltrend.errors import OutputError
from pixeltrend.interruption import held
from pixeltrend.raster.replacing import Replacement, hidden_name

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

log = logging.getLogger(__name__)

# Seconds between two tries.
_POLL = 0.1
_MOST_TOLD = 200

_held: set[int] = set()


@contextmanager
def lock(output: Replacement, timeout: float = 0.0) -> Iterator[None]:
    """Keep other runs from writing an output.

    Parameters
    ----------
    output
        What is going to be written.
    timeout
        Seconds to wait for another run.

    Raises
    ------
    OutputError
        Another run still writes it; the message says who, and since when.
    """
    path = hidden_name(output.target, "lock")
    deadline = time.monotonic() + timeout
    handle = -1
    try:
        while handle < 0:
            with held():
                handle = _try(path, output)
            if handle < 0:
                if time.monotonic() >= deadline:
                    raise OutputError(
                        f"{output.name}: is being written by {_holder(path)}; --lock-timeout "
                        "SECONDS waits for it"
                    )
                time.sleep(_POLL)
        _held.add(handle)
        yield
    finally:
        if handle >= 0:
            with held():
                _release(path, handle)


def _release(path: Path, handle: int) -> None:
    with suppress(OSError):
        os.unlink(path)  # still locked: whoever waits for it sees that it is gone
    _held.discard(handle)
    os.close(handle)


def _try(path: Path, output: Replacement) -> int:
    """Return a handle of the locked file; -1 if another run has it."""
    while True:
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
        except OSError as error:
            raise output.failure(error) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return -1
        except OSError as error:
            log.warning("%s: this file system has no locks (%s)", path, error)
        if not _is_still(path, handle):  # the run before has just ended, and removed it
            os.close(handle)
            continue
        with suppress(OSError):
            os.fchmod(handle, 0o666)  # of a run that is killed, others must be able to take it
        with suppress(OSError):  # on a full disk, it does not say who holds it
            since = time.strftime("%Y-%m-%d %H:%M:%S %z")
            text = f"process {os.getpid()} on {os.uname().nodename} since {since}"
            os.ftruncate(handle, 0)
            os.pwrite(handle, text.encode(), 0)
        return handle


def _is_still(path: Path, handle: int) -> bool:
    """Return whether an open file still has its name."""
    try:
        return os.path.samestat(os.stat(path), os.fstat(handle))
    except FileNotFoundError:
        return False


def _holder(path: Path) -> str:
    """Return who holds a lock, as they have written into it."""
    with suppress(OSError, ValueError):
        text = path.read_text()[:_MOST_TOLD]
        if text.isprintable() and text:
            return text
    return "another run"


def _let_go() -> None:
    """Close, in a child, what its parent holds: a lock ends with the process that took it."""
    for handle in _held:
        os.close(handle)
    _held.clear()


os.register_at_fork(after_in_child=_let_go)
