"""Interruption: signals that end a run are raised where nothing is half done.

An exception out of a signal handler arrives anywhere: between two steps that belong together, or in
a callback that swallows it. So sections that must be whole hold it back, and what was swallowed is
raised at the next safe point. Only the command line listens; in a library nothing here happens.
"""

from __future__ import annotations

import os
import signal
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# Seconds after which another signal ends the process at once; `timeout` sends two at a time.
_PATIENCE = 1.0


class Interrupted(BaseException):
    """A signal asked this process to end."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class _State:
    number = 0  # of the first signal that came
    since = 0.0
    holding = 0


_state = _State()
# Outputs that this process has put in place.
completed: list[str] = []


def listen() -> None:
    """Let signals end this process by `Interrupted`; not those ignored, as under nohup."""
    _state.number = _state.holding = 0
    completed.clear()
    for number in ENDING:
        if signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
            signal.signal(number, _receive)


def _receive(number: int, _frame: FrameType | None) -> None:
    if _state.number:
        if time.monotonic() - _state.since > _PATIENCE:  # what was to end hangs
            os._exit(128 + number)  # workers end with their parent
        return
    _state.number, _state.since = number, time.monotonic()
    check()


def received() -> int:
    """Return the number of the signal that came; 0 if none did."""
    return _state.number


def check() -> None:
    """Raise the signal that came, unless it is held back: a safe point.

    Raises
    ------
    Interrupted
        A signal came.
    """
    if _state.number and not _state.holding:
        raise Interrupted(_state.number)


def hold() -> None:
    """Hold signals back from now on."""
    _state.holding += 1


@contextmanager
def held() -> Iterator[None]:
    """Hold signals back while what must not be torn apart is done; raise them afterwards."""
    hold()
    try:
        yield
    finally:
        _state.holding -= 1
    check()
