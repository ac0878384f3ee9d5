"""Local worker processes: a `ProcessPoolExecutor` whose workers answer through shared memory.

All workers of a pool write into one pipe, and one that is killed in the middle of a long answer
leaves its parent waiting for the rest. So a worker leaves its answer in a slot of shared memory and
sends a few numbers through the pipe, which takes so few bytes as a whole or not at all.
"""

from __future__ import annotations

import mmap
import multiprocessing
import multiprocessing.connection
import os
import pickle
import signal
import struct
import sys
import threading
import traceback
import weakref
from collections import deque
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, nullcontext
from copy import copy
from functools import lru_cache, partial
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from pixeltrend import interruption
from pixeltrend.errors import OUT_OF_MEMORY, WorkerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.process import BaseProcess

    from numpy.typing import NDArray

# Bytes of a slot besides an array: what surrounds it, an error with its traceback, a list.
_ROOM = 2**16
# Arrays of an answer that are left as they are; more are copied.
_ARRAYS = 4
# Characters of an error's text, if that is long, and of its traceback.
_TEXT, _TRACEBACK = 2_000, 10_000
_SIGNALS = set(interruption.ENDING)


class _Executor(ProcessPoolExecutor):
    """Loses no call that is submitted while a worker dies, as Python before 3.12.1 does.

    The lock that `submit` holds is held here too when the executor notes that it is broken; so a
    call comes before that, and is told like all others, or after it, and is refused.
    """

    if sys.version_info < (3, 12, 1):

        def __setattr__(self, name: str, value: Any) -> None:
            with self._shutdown_lock if name == "_broken" and value else nullcontext():
                super().__setattr__(name, value)


class LocalProcesses:
    """Worker processes for calls of one function, which end with this process.

    Leaving the context with an exception ends them at once.

    Parameters
    ----------
    workers
        How many.
    function
        Picklable; it goes to each worker once.
    array_bytes
        Size of the largest arrays that it returns.
    kept
        How many results' arrays are used at a time, besides the last one that was asked for.
    """

    def __init__(
        self, workers: int, function: Callable[[Any], Any], array_bytes: int, kept: int = 0
    ) -> None:
        # A fork starts in a millisecond with everything imported, but copies one thread only: a
        # lock that another thread holds stays locked in the child.
        alone = threading.active_count() == 1
        method = "fork" if sys.platform == "linux" and alone else "spawn"
        context: Any = copy(multiprocessing.get_context(method))
        context.Process = partial(self._make_process, context.Process)
        # Twice as many calls as workers may be under way, while the last result is done with.
        slots = 2 * workers + kept + 1
        # Children that are forked share memory without a file, which could find its disk full.
        share = _share if method == "fork" else context.RawArray
        self._memory = share("b", slots * (array_bytes + _ROOM))
        self._pids = share("q", slots)  # of the workers that use them
        given = pickle.dumps(function), self._memory, self._pids
        self._executor = _Executor(workers, context, _start_worker, given)
        self._workers = workers
        self._processes: list[BaseProcess] = []
        # By slot: those under way, and which are free.
        self._under_way: dict[int, tuple[object, Future[Any]]] = {}
        self._free = deque(range(slots))
        self._lock = threading.Lock()
        self._why_broken = ""

    def submit(self, task: object) -> Future[Any]:
        """Submit a call of the function with a task.

        The arrays of a result lie in a slot, which is free again when nobody refers to them. Twice
        as many calls as there are workers may be under way, and as many results be kept as was
        said.
        """
        slot = self._free.pop()  # the last one that was used is in the cache
        result: Future[Any] = Future()
        self._under_way[slot] = task, result
        self._pids[slot] = 0
        try:
            # Until all processes have started, or none has.
            with interruption.held(), _signals_wait():
                answer = self._executor.submit(_answer, slot, task)
            answer.add_done_callback(partial(self._take, result))
        except BrokenProcessPool:
            result.set_exception(self._broken())
        except (OSError, RuntimeError) as error:  # too many files, processes or threads
            reason = getattr(error, "strerror", None) or error
            raise WorkerError(
                f"{self._workers} worker processes cannot be started: {reason}; give fewer "
                "--workers, or raise the limits (ulimit -n, ulimit -u)"
            ) from error
        return result

    def _make_process(self, make: Callable[..., BaseProcess], **keywords: Any) -> BaseProcess:
        """Make a process for the executor, and remember it."""
        self._processes.append(make(**keywords))
        return self._processes[-1]

    def _take(self, result: Future[Any], answer: Future[tuple[int, list[int]]]) -> None:
        """Hand on what a worker has answered; in the executor's thread."""
        try:
            slot, sizes = answer.result()
            del self._under_way[slot]
            memory = _slot(self._memory, self._pids, slot)
            weakref.finalize(memory, self._free.append, slot)
            error, value = _read(memory.data, sizes)
            del memory
        except BaseException as failure:  # noqa: BLE001 - somebody waits for it
            error = failure
        if isinstance(error, BrokenProcessPool):
            error = self._broken()
        if not result.set_running_or_notify_cancel():
            return
        if error is None:
            result.set_result(value)
        else:
            result.set_exception(error)

    def _broken(self) -> WorkerError:
        """Return which workers died, and at what; the executor has not yet ended the others."""
        with self._lock:
            if not self._why_broken:
                started = [process for process in self._processes if process.pid]
                ended = multiprocessing.connection.wait([p.sentinel for p in started], 0)
                dead = [process for process in started if process.sentinel in ended]
                self._kill()
                for process in dead:
                    process.join()
                self._why_broken = self._post_mortem(dead)
        return WorkerError(self._why_broken)

    def _post_mortem(self, dead: list[BaseProcess]) -> str:
        # If nobody waited for a result, the executor has ended the others: with SIGTERM.
        dead = [process for process in dead if process.exitcode != -signal.SIGTERM] or dead
        # A list, for another thread may add a task, or take one away.
        tasks = {self._pids[slot]: task for slot, (task, _) in list(self._under_way.items())}
        codes = {tasks.get(process.pid, "no window yet"): process.exitcode or 0 for process in dead}
        killed = not dead or -signal.SIGKILL in codes.values()
        return (
            "a worker died at "
            + "; ".join(
                f"{task} ({f'killed by signal {-code}' if code < 0 else f'exit {code}'})"
                for task, code in codes.items()
            )
            + OUT_OF_MEMORY * killed
        )

    def _kill(self) -> None:
        for process in self._processes:
            if process.pid:
                process.kill()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                wait([result for _, result in list(self._under_way.values())])
        finally:
            # Not one by one in peace: an idle worker that is killed from outside can hold the lock
            # of the queue that the others wait for, and the executor would wait for them.
            with interruption.held():
                self._kill()
                self._executor.shutdown(cancel_futures=True)
                for process in self._processes:
                    if process.pid:
                        process.join()


@contextmanager
def _signals_wait() -> Iterator[None]:
    """Keep signals waiting in this thread and those that it starts, and in new processes."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


# What a worker process has been given: the function, the memory, and who uses its slots.
_given: list[Any] = []


def _start_worker(*given: Any) -> None:
    """Make this process a worker: signals are the parent's business, and it never outlives it."""
    _given[:] = given
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for ending in _SIGNALS:
        if signal.getsignal(ending) != signal.SIG_IGN:  # as under nohup
            signal.signal(ending, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _answer(slot: int, task: object) -> tuple[int, list[int]]:
    """Call the function, and leave what it returns or raises in a slot; return slot and sizes."""
    function, memory, pids = _given
    pids[slot] = os.getpid()
    try:
        return slot, _write(_slot(memory, pids, slot).data, (None, _load(function)(task)))
    except BaseException as error:  # noqa: BLE001 - whatever the function raises
        return slot, _write(_slot(memory, pids, slot).data, (_sendable(error), None))


@lru_cache(1)
def _load(function: bytes) -> Any:
    return pickle.loads(function)  # noqa: S301 - our own parent's


def _sendable(error: BaseException) -> Exception:
    """Return an exception that arrives, and is short, with its traceback as a note."""
    try:
        data = pickle.dumps(error)
        sent = pickle.loads(data) if len(data) < _ROOM // 4 else None  # noqa: S301 - our own
    except Exception:  # noqa: BLE001 - it cannot be sent, or not be read
        sent = None
    if not isinstance(sent, Exception):  # such as SystemExit, which would end the parent in silence
        sent = RuntimeError(traceback.format_exception_only(error)[-1].strip()[:_TEXT])
    sent.add_note("".join(traceback.format_exception(error))[:_TRACEBACK])
    return sent


def _share(code: str, count: int) -> memoryview:
    """Return as much zeroed memory as a `RawArray`, for children that are forked."""
    return memoryview(mmap.mmap(-1, count * struct.calcsize(code))).cast(code)  # type: ignore[call-overload]


def _slot(memory: Any, pids: Any, number: int) -> NDArray[np.uint8]:
    return np.frombuffer(memory, np.uint8).reshape(len(pids), -1)[number]


def _write(slot: memoryview, answer: object) -> list[int]:
    """Leave arrays as they are, and the rest as a pickle, in a slot; return their sizes."""
    parts: list[Any] = []

    def copies(array: pickle.PickleBuffer) -> bool:
        if len(parts) < _ARRAYS:
            parts.append(array.raw())
            return False
        return True

    parts.append(pickle.dumps(answer, 5, buffer_callback=copies))
    sizes = [len(part) for part in parts]
    for (start, end), part in zip(pairwise(accumulate(sizes, initial=0)), parts, strict=True):
        slot[start:end] = part  # a ValueError if there is no room
    return sizes


def _read(slot: memoryview, sizes: list[int]) -> Any:
    """Return the answer in a slot; its arrays are the slot's own memory."""
    parts = [slot[start:end] for start, end in pairwise(accumulate(sizes, initial=0))]
    return pickle.loads(parts[-1], buffers=parts[:-1])  # noqa: S301 - our own worker's
