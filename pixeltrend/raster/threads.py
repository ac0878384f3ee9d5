"""Threads that are gone when they are said to have ended."""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

_POLL = 0.001
_PATIENCE = 5.0


class EndingThreads(ThreadPoolExecutor):
    """A pool whose threads have left the system when it is shut down.

    Python before 3.13 takes a thread for ended while libraries still clean up behind it, as PROJ
    closes its database. A child that is forked just then finds their locks held for ever.
    """

    def __init__(self, threads: int) -> None:
        self._ids: list[int] = []
        super().__init__(threads, initializer=self._remember)

    def _remember(self) -> None:
        self._ids.append(threading.get_native_id())

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Let the threads end, and wait until they are gone."""
        super().shutdown(wait=wait, cancel_futures=cancel_futures)
        if not wait:
            return
        deadline = time.monotonic() + _PATIENCE
        for number in self._ids:
            # Only where there is a /proc is anything forked.
            while os.path.exists(f"/proc/self/task/{number}") and time.monotonic() < deadline:
                time.sleep(_POLL)
        self._ids.clear()
