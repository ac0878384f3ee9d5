"""Where chunks are computed: an ordered, bounded mapping over any `concurrent.futures.Executor`."""

from __future__ import annotations

import os
import signal
import sys
from collections import deque
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from pixeltrend.errors import ArgumentError, CancelledError, WorkerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pixeltrend.execution.processes import LocalProcesses

Task = TypeVar("Task")
Result = TypeVar("Result")

NAMES = ("processes", "threads", "serial", "dask")
# How often a waiting run looks whether it is cancelled, in seconds.
_POLL = 0.1


def available_cpus() -> int:
    """Count the CPUs that this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class SerialExecutor(Executor):
    """Runs a call when it is submitted, in this thread."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run the call and give its finished future."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - a future carries what its call raised
            future.set_exception(error)
        return future


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

    @contextmanager
    def open(self, paths: Iterable[str]) -> Iterator[tuple[Executor, int]]:
        """Start or reach the workers; give an executor and how many calls it runs at a time.

        Leaving in peace waits for the workers; leaving with an exception ends them at once.

        Parameters
        ----------
        paths
            Files that workers on other machines must see.
        """
        if isinstance(self.executor, Executor):
            yield self.executor, self.workers or available_cpus()
        elif self.executor == "dask":
            from pixeltrend.execution.cluster import dask_executor

            with dask_executor(self.scheduler, self.scheduler_file, paths) as (executor, threads):
                yield executor, min(threads, self.workers or threads)
        else:
            workers = self.workers or available_cpus()
            if self.executor == "serial" or workers == 1:
                yield SerialExecutor(), 1
            elif self.executor == "threads":
                from concurrent.futures import ThreadPoolExecutor

                with ThreadPoolExecutor(workers) as threads_executor:
                    yield threads_executor, workers
            else:
                with _processes(workers) as processes:
                    yield processes, workers


@contextmanager
def _processes(workers: int) -> Iterator[LocalProcesses]:
    from pixeltrend.execution.processes import LocalProcesses

    executor = LocalProcesses(workers)
    try:
        yield executor
    except BaseException:
        executor.kill()
        raise
    executor.shutdown()


def map_ordered(
    executor: Executor,
    function: Callable[[Task], Result],
    tasks: Iterable[Task],
    *,
    in_flight: int,
    cancelled: Callable[[], bool] | None = None,
) -> Iterator[tuple[Task, Result]]:
    """Start the first calls of `function`, and give an iterator over (task, result) in order.

    At most `in_flight` tasks are submitted and not yet taken, so that neither tasks nor results
    pile up. Calls that have not begun when the iterator is closed are cancelled.

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
                pending.append((task, executor.submit(function, task)))
            except BrokenExecutor as error:
                raise WorkerError(_why_broken(executor, task)) from error
            return

    def results() -> Iterator[tuple[Task, Result]]:
        try:
            while pending:
                task, future = pending.popleft()
                try:
                    result = _wait(future, cancelled)
                except BrokenExecutor as error:
                    raise WorkerError(_why_broken(executor, task)) from error
                submit_next()
                yield task, result
        finally:
            for _, future in pending:
                future.cancel()

    for _ in range(1 if isinstance(executor, SerialExecutor) else max(1, in_flight)):
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


def _why_broken(executor: Executor, task: object) -> str:
    """Say which worker died, how, and at what."""
    found: list[tuple[Any, int]] = getattr(executor, "post_mortem", list)()
    said = [
        f"{at or 'no window yet'} ({f'killed by signal {-code}' if code < 0 else f'exit {code}'})"
        for at, code in found
    ]
    killed = not found or any(code == -signal.SIGKILL for _, code in found)
    hint = (
        "; the system kills what takes too much memory: fewer --workers or less --memory may help"
        if killed
        else ""
    )
    return f"a worker died at {'; '.join(said) or task}{hint}"
