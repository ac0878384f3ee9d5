"""Where chunks are computed: an ordered, bounded mapping over any `concurrent.futures.Executor`."""

from __future__ import annotations

import os
import sys
from collections import deque
from concurrent.futures import Executor, Future
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from pixeltrend.errors import ArgumentError, CancelledError, WorkerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    Submit = Callable[[Any], Future[Any]]
    Start = Callable[[Callable[[Any], Any], int], Submit]

Task = TypeVar("Task")
Result = TypeVar("Result")

NAMES = ("processes", "threads", "serial", "dask")
# How often a waiting run looks whether it is cancelled, in seconds.
_POLL = 0.1
OUT_OF_MEMORY = (
    "; the system kills what takes too much memory: fewer --workers or less --memory may help"
)


def available_cpus() -> int:
    """Count the CPUs that this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class SerialExecutor(Executor):
    """Runs a call when its result is asked for, in the thread that asks."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Return a future that runs the call."""
        return _Later(partial(fn, *args, **kwargs))


class _Later(Future[Any]):
    def __init__(self, call: Callable[[], Any]) -> None:
        super().__init__()
        self._call = call

    def result(self, timeout: float | None = None) -> Any:
        """Run the call, if nobody has asked before."""
        if not self.done():
            try:
                self.set_result(self._call())
            except Exception as error:  # noqa: BLE001 - a future carries what its call raised
                self.set_exception(error)
        return super().result(timeout)


@dataclass(frozen=True, slots=True)
class Place:
    """Where calls run."""

    executor: str | Executor = "processes"
    """One of `NAMES`, or an executor of the caller's, which stays open; dask if there is a
    scheduler."""
    workers: int | None = None
    """How many calls run at a time; as many as there are CPUs, or cluster threads, by default."""
    scheduler: str | None = None
    """Address of a Dask scheduler, such as ``tcp://host:8786``."""
    scheduler_file: str | os.PathLike[str] | None = None
    """File in which a Dask scheduler wrote its address."""

    def __post_init__(self) -> None:
        if isinstance(self.executor, str) and self.executor not in NAMES:
            raise ArgumentError(f"no executor {self.executor!r}; there are {', '.join(NAMES)}")
        if self.workers is not None and self.workers < 1:
            raise ArgumentError(f"{self.workers} workers cannot do anything: give 1 or more")
        if self.scheduler is not None and self.scheduler_file is not None:
            raise ArgumentError("scheduler and scheduler file both say where Dask is: give one")
        if self.scheduler is not None or self.scheduler_file is not None:
            if self.executor not in {"dask", "processes"}:
                raise ArgumentError("a scheduler is for the executor dask only")
            object.__setattr__(self, "executor", "dask")
        if self.executor == "serial" and self.workers not in {None, 1}:
            raise ArgumentError(f"the serial executor is one worker, not {self.workers}")

    @property
    def writer_threads(self) -> int:
        """How many threads may compress the output, on this machine."""
        return 1 if self.workers == 1 or self.executor == "serial" else available_cpus()

    @property
    def _count(self) -> int:
        return self.workers or available_cpus()

    @contextmanager
    def open(self, paths: Iterable[str]) -> Iterator[tuple[Start, int]]:
        """Reach the workers; return what starts them, and how many calls they run at a time.

        What starts them takes the function that they are to call, picklable, and the bytes of the
        largest array that it returns. It returns what submits a task and returns its future.
        Leaving in peace waits for the workers; leaving with an exception ends them at once.

        Parameters
        ----------
        paths
            Files that workers on other machines must see.
        """
        if isinstance(self.executor, Executor):
            yield _start(self.executor), self._count
        elif self.executor == "dask":
            from pixeltrend.execution.cluster import dask_executor

            with dask_executor(self.scheduler, self.scheduler_file, paths) as (executor, threads):
                yield _start(executor), min(threads, self.workers or threads)
        elif self.executor == "serial" or self._count == 1:
            yield _start(SerialExecutor()), 1
        elif self.executor == "threads":
            from concurrent.futures import ThreadPoolExecutor

            with ThreadPoolExecutor(self._count) as executor:
                yield _start(executor), self._count
        else:
            from pixeltrend.execution.processes import LocalProcesses

            with ExitStack() as stack:

                def start(function: Callable[[Any], Any], array_bytes: int) -> Submit:
                    processes = LocalProcesses(self._count, function, array_bytes)
                    return stack.enter_context(processes).submit

                yield start, self._count


def _start(executor: Executor) -> Start:
    def start(function: Callable[[Any], Any], _array_bytes: int) -> Submit:
        return lambda task: executor.submit(function, task)

    return start


def map_ordered(
    submit: Callable[[Task], Future[Result]],
    tasks: Iterable[Task],
    *,
    in_flight: int,
    cancelled: Callable[[], bool] | None = None,
) -> Iterator[tuple[Task, Result]]:
    """Submit the first tasks, and return an iterator over (task, result) in order.

    At most `in_flight` tasks are submitted and their results not yet done with, so that neither
    pile up: a result is done with when the next one is asked for. Calls that have not begun when
    the iterator is closed are cancelled.

    Raises
    ------
    WorkerError
        A process of the executor died.
    CancelledError
        `cancelled` said so.
    """
    from concurrent.futures import BrokenExecutor

    waiting = iter(tasks)
    pending: deque[tuple[Task, Future[Result]]] = deque()

    def submit_next() -> None:
        for task in waiting:
            try:
                pending.append((task, submit(task)))
            except BrokenExecutor as error:
                raise WorkerError(f"a worker died at {task}{OUT_OF_MEMORY}") from error
            return

    def results() -> Iterator[tuple[Task, Result]]:
        try:
            while pending:
                task, future = pending.popleft()
                try:
                    result = _wait(future, cancelled)
                except BrokenExecutor as error:
                    raise WorkerError(f"a worker died at {task}{OUT_OF_MEMORY}") from error
                yield task, result
                submit_next()
        finally:
            for _, future in pending:
                future.cancel()

    for _ in range(in_flight):
        submit_next()
    return results()


def _wait(future: Future[Result], cancelled: Callable[[], bool] | None) -> Result:
    if cancelled is None:
        return future.result()
    while True:
        if cancelled():
            future.cancel()
            raise CancelledError("cancelled; an older output is untouched")
        try:
            return future.result(timeout=_POLL)
        except TimeoutError:
            if future.done():
                raise  # the call's own
