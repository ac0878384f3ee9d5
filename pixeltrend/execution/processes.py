"""A pool of worker processes that ends with its parent and knows what a dead worker was doing."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import sys
import threading
import traceback
from collections import deque
from concurrent.futures import Executor, Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.context import BaseContext
    from multiprocessing.process import BaseProcess

# Seconds that a process whose pipe has ended may take to end itself.
_PATIENCE = 5.0


class _Call(NamedTuple):
    """What is to be called, and who waits for it."""

    what: tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]
    future: Future[Any]

    @property
    def task(self) -> Any:
        """The last argument."""
        return self.what[1][-1] if self.what[1] else None


class _Worker:
    """A process, the pipe to it, and the call it is at."""

    def __init__(self, context: BaseContext) -> None:
        self.pipe, theirs = context.Pipe()
        self.process: BaseProcess = context.Process(target=_work, args=(theirs,))  # type: ignore[attr-defined]
        self.process.start()
        theirs.close()  # so that this process alone can write there, and its death ends the pipe
        self.call: _Call | None = None


class LocalProcesses(Executor):
    """Processes at the end of a pipe each.

    All processes of a `ProcessPoolExecutor` write into one pipe: one that is killed in the middle
    of a result leaves its parent waiting for the rest for ever. Here the pipe ends with the worker.
    """

    def __init__(self, workers: int) -> None:
        # A fork starts in a millisecond with everything imported, but copies one thread only: a
        # lock that another thread holds stays locked in the child for ever.
        alone = threading.active_count() == 1
        method = "fork" if sys.platform == "linux" and alone else "spawn"
        context = multiprocessing.get_context(method)
        self._workers = _start(context, workers)
        self._lock = threading.Lock()
        self._waiting: deque[_Call] = deque()
        self._dead: list[tuple[Any, int]] = []
        self._ended = False
        self._bell, self._ring = context.Pipe(duplex=False)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Queue a call."""
        call = _Call((fn, args, kwargs), Future())
        with self._lock:
            if self._ended:
                raise BrokenProcessPool("the workers have ended")
            self._waiting.append(call)
        self._ring.send_bytes(b"call")
        return call.future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Let the workers end when nothing is left to do."""
        with self._lock:
            already, self._ended = self._ended, True
            if cancel_futures:
                for call in self._waiting:
                    call.future.cancel()
        if not already:
            self._ring.send_bytes(b"end")
        if wait:
            self._thread.join()
            for worker in self._workers:
                worker.process.join()

    def kill(self) -> None:
        """End the workers now, whatever they are doing."""
        for worker in self._workers:
            worker.process.kill()
        self.shutdown(cancel_futures=True)

    def post_mortem(self) -> list[tuple[Any, int]]:
        """Say what workers that died were doing: their tasks and exit codes."""
        return self._dead

    def _serve(self) -> None:
        """Give calls to workers and results to those who wait; in a thread of its own."""
        by_pipe = {worker.pipe: worker for worker in self._workers}
        while True:
            with suppress(OSError):  # what has died is seen below, by the end of its pipe
                self._give_out()
            busy = any(worker.call for worker in self._workers)
            with self._lock:
                if self._ended and not busy and not self._waiting:
                    break
            for ready in wait([*by_pipe, self._bell]):
                if ready is self._bell:
                    self._bell.recv_bytes()
                elif isinstance(ready, Connection) and not _take(by_pipe[ready]):
                    self._bury()
                    return
        for worker in self._workers:
            _send(worker.pipe, None)

    def _give_out(self) -> None:
        """Give a call to every idle worker, as far as there are some."""
        for worker in self._workers:
            while worker.call is None:
                with self._lock:
                    if not self._waiting:
                        return
                    call = self._waiting.popleft()
                if not call.future.set_running_or_notify_cancel():
                    continue
                try:
                    message = pickle.dumps(call.what)
                except Exception as error:  # noqa: BLE001 - whatever cannot be sent
                    call.future.set_exception(error)
                    continue
                worker.call = call
                worker.pipe.send_bytes(message)

    def _bury(self) -> None:
        """End everything, since a worker has died; nobody waits any longer."""
        for worker in self._workers:
            if worker.pipe.closed:
                worker.process.join(_PATIENCE)
        found = [
            (worker.call.task if worker.call else None, worker.process.exitcode)
            for worker in self._workers
        ]
        with self._lock:
            self._dead = [(task, code) for task, code in found if code is not None]
            self._ended = True
            calls = [*(worker.call for worker in self._workers if worker.call), *self._waiting]
            self._waiting.clear()
        for worker in self._workers:
            worker.process.kill()
        for call in calls:
            if call.future.running() or call.future.set_running_or_notify_cancel():
                call.future.set_exception(BrokenProcessPool("a worker died"))


def _start(context: BaseContext, workers: int) -> list[_Worker]:
    """Start workers; if there can be no more, or a signal comes, leave none behind."""
    before = set(multiprocessing.active_children())
    try:
        return [_Worker(context) for _ in range(workers)]
    except BaseException:
        for process in set(multiprocessing.active_children()) - before:
            process.kill()
            process.join()
        raise


def _take(worker: _Worker) -> bool:
    """Take a worker's answer and hand it on; False if there is none, for it is dead."""
    try:
        message = worker.pipe.recv_bytes()
    except (EOFError, OSError):
        worker.pipe.close()
        return False
    call, worker.call = worker.call, None
    if call is None:
        return True
    try:
        fine, answer = pickle.loads(message)  # noqa: S301 - our own worker's
    except Exception as error:  # noqa: BLE001 - whatever cannot be read
        fine, answer = False, RuntimeError(f"a worker's answer cannot be read: {error}")
    if fine:
        call.future.set_result(answer)
    else:
        call.future.set_exception(answer)
    return True


def _send(pipe: Connection, what: object) -> None:
    with suppress(OSError):  # it has gone already
        pipe.send_bytes(pickle.dumps(what))


def _work(pipe: Connection) -> None:
    """Answer calls until told to end: what a worker does."""
    # Signals are the parent's business, and a worker never outlives the parent.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for ending in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(ending) != signal.SIG_IGN:  # as under nohup
            signal.signal(ending, signal.SIG_DFL)
    threading.Thread(target=_die_with_parent, daemon=True).start()
    while True:
        try:
            message = pipe.recv_bytes()
        except EOFError:
            return
        try:
            what = pickle.loads(message)  # noqa: S301 - our own parent's
            if what is None:
                return
            function, args, kwargs = what
            answer = pickle.dumps((True, function(*args, **kwargs)))
        except BaseException as error:  # noqa: BLE001 - whatever the function raises
            answer = pickle.dumps((False, _sendable(error)))
        pipe.send_bytes(answer)


def _sendable(error: BaseException) -> Exception:
    """Give an exception that arrives, with its traceback as a note."""
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
        sent = error if isinstance(error, Exception) else None
    except Exception:  # noqa: BLE001 - it cannot be sent, or not be read
        sent = None
    if sent is None:  # such as SystemExit, which would end the parent in silence
        sent = RuntimeError(f"{type(error).__name__}: {error}")
    sent.add_note("".join(traceback.format_exception(error)))
    return sent


def _die_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
