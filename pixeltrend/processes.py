"""A pool of worker processes that ends with its parent and knows what a dead worker was doing."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import signal
import sys
import threading
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.context import BaseContext
    from multiprocessing.process import BaseProcess

# What this process works on: a row of (process id, number of the call), shared with the parent.
_journal: Any = None
_row = 0


class LocalProcesses(Executor):
    """A `ProcessPoolExecutor` whose calls take one argument, the task."""

    def __init__(self, workers: int) -> None:
        context = _RememberingContext()
        self._started = context.started
        self._journal = context.RawArray("q", 2 * workers)
        rows = context.Value("i", 0)
        self._numbers = itertools.count()
        self._tasks: dict[int, Any] = {}
        self._pool = ProcessPoolExecutor(
            workers,
            mp_context=cast("BaseContext", context),
            initializer=_start_worker,
            initargs=(self._journal, rows),
        )

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Hand a call to the pool."""
        number = next(self._numbers)
        self._tasks[number] = args[-1] if args else None
        future = self._pool.submit(_call, number, fn, args, kwargs)
        future.add_done_callback(lambda done: self._forget(number, done))
        # The pool's own future is never cancelled: its thread would trip over that when it finds a
        # worker dead, and say so on stderr.
        outer: Future[Any] = Future()
        future.add_done_callback(lambda done: _pass_on(done, outer))
        return outer

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Let the workers end."""
        self._pool.shutdown(wait=wait, cancel_futures=cancel_futures)

    def kill(self) -> None:
        """End the workers now, whatever they are doing."""
        for process in self._started:
            process.kill()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def post_mortem(self) -> list[tuple[Any, int]]:
        """Say what workers that died were doing: their tasks and exit codes.

        To be asked when the pool is broken: then all of them end.
        """
        for process in self._started:
            process.join(timeout=1)
        dead = {process.pid: process.exitcode for process in self._started}
        # The pool ends the others with SIGTERM when it finds one dead.
        found = [
            (self._tasks.get(number), code)
            for pid, number in zip(self._journal[::2], self._journal[1::2], strict=True)
            if (code := dead.get(pid)) is not None
        ]
        first = [(task, code) for task, code in found if code != -signal.SIGTERM]
        return first or found

    def _forget(self, number: int, done: Future[Any]) -> None:
        if not done.cancelled() and done.exception() is None:
            del self._tasks[number]


class _RememberingContext:
    """A multiprocessing context that remembers the processes it started.

    A fork starts in a millisecond with everything imported, but copies one thread only: a lock that
    another thread holds stays locked in the child for ever.
    """

    def __init__(self) -> None:
        alone = threading.active_count() == 1
        method = "fork" if sys.platform == "linux" and alone else "spawn"
        self._context = multiprocessing.get_context(method)
        self.started: list[BaseProcess] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._context, name)

    def Process(self, *args: Any, **kwargs: Any) -> BaseProcess:  # noqa: N802 - multiprocessing's
        process: BaseProcess = self._context.Process(*args, **kwargs)  # type: ignore[attr-defined]
        self.started.append(process)
        return process


def _pass_on(done: Future[Any], outer: Future[Any]) -> None:
    if not outer.set_running_or_notify_cancel():
        return
    if done.cancelled():
        outer.set_exception(RuntimeError("the pool was shut down"))
    elif (error := done.exception()) is not None:
        outer.set_exception(error)
    else:
        outer.set_result(done.result())


def _start_worker(journal: Any, rows: Any) -> None:
    """Prepare a new worker: signals are the parent's business, and it never outlives the parent."""
    global _journal, _row
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with rows.get_lock():
        _journal, _row = journal, 2 * rows.value
        rows.value += 1
    _journal[_row] = os.getpid()
    threading.Thread(target=_die_with_parent, daemon=True).start()


def _die_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _call(
    number: int, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    _journal[_row + 1] = number
    return function(*args, **kwargs)
