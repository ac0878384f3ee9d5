"""Where chunks are computed: an ordered, bounded mapping over any `concurrent.futures.Executor`."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Executor, Future
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from pixeltrend import interruption
from pixeltrend.errors import OUT_OF_MEMORY, ArgumentError, CancelledError, WorkerError
from pixeltrend.execution.machine import available_cpus
from pixeltrend.options import check_choices, option, parse_size

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Iterator

    Submit = Callable[[Any], Future[Any]]
    Start = Callable[[Callable[[Any], Any], int, int, int], Submit]

Task = TypeVar("Task")
Result = TypeVar("Result")

# How often a waiting run looks whether it is cancelled, in seconds.
_POLL = 0.1


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
class Workers:
    """Who computes windows, how many at a time, and how much each may hold."""

    workers: int | None = option(
        None,
        "Processes to run, or threads; fewer run where --memory is not enough for all.  [default: "
        "the CPUs that this process may use]",
        group="Running",
        metavar="N",
    )
    memory: int | None = option(
        None,
        "Memory that all processes together may take, besides the programs themselves, such as "
        "500MB.  [default: for pixels 32MB a worker, 128MB if they come over a network, or one "
        "block; less where the machine or the job has less]",
        group="Running",
        metavar="SIZE",
        also="str",
    )
    executor: str | Executor = option(
        "processes",
        "What the workers are.",
        group="Running",
        choices=("processes", "threads"),
    )
    dask: str | os.PathLike[str] | None = option(
        None,
        "Run on a Dask cluster that is already there: the address of its scheduler, such as "
        "tcp://host:8786, or the file in which the scheduler wrote it.",
        group="Running",
        metavar="ADDRESS|FILE",
    )

    def __post_init__(self) -> None:
        if not isinstance(self.executor, Executor):
            check_choices(self)
        if self.workers is not None and self.workers < 1:
            raise ArgumentError(f"workers {self.workers}: must be 1 or more")
        if isinstance(self.memory, str):
            object.__setattr__(self, "memory", parse_size("memory", self.memory))
        if self.memory is not None and self.memory < 1:
            raise ArgumentError(f"memory {self.memory}: must be 1 byte or more")
        if self.dask is not None and self.executor != "processes":
            raise ArgumentError("dask and executor both say who computes: give only one of them")

    @property
    def count(self) -> int:
        """How many windows are computed at a time; on a cluster, only `open` can tell."""
        return self.workers or available_cpus()

    @property
    def are_local(self) -> bool:
        """Whether they run on this machine, as far as can be known."""
        return self.dask is None and isinstance(self.executor, str)

    @property
    def writer_threads(self) -> int:
        """Threads that may compress the output on this machine: as many as there are workers."""
        return min(self.count, available_cpus())

    @property
    def threads(self) -> int:
        """Windows that may be computed at a time in this process, as far as can be known."""
        return 1 if self.executor == "processes" else self.count

    @contextmanager
    def open(self, paths: Iterable[str]) -> Iterator[tuple[Start, int]]:
        """Reach the workers; return what starts them, and how many calls they run at a time.

        What starts them takes the function that they are to call, picklable, the bytes of the
        largest arrays that it returns, how many calls are to run at a time, not more than that, and
        how many results are kept besides those of calls under way and the last one.
        It returns what submits a task and returns its future. Leaving in peace waits for the
        workers; leaving with an exception ends them at once.

        Parameters
        ----------
        paths
            Files that workers on other machines must see.
        """
        if isinstance(self.executor, Executor):
            yield _start(self.executor), self.count
        elif self.dask is not None:
            from pixeltrend.execution.cluster import dask_executor

            with dask_executor(self.dask, paths) as (executor, threads):
                yield _start(executor), min(threads, self.workers or threads)
        else:
            with ExitStack() as stack:
                yield partial(self._start_local, stack), self.count

    def _start_local(
        self,
        stack: ExitStack,
        function: Callable[[Any], Any],
        array_bytes: int,
        count: int,
        kept: int,
    ) -> Submit:
        if count == 1:
            return _start(SerialExecutor())(function, array_bytes, count, kept)
        if self.executor == "threads":
            from concurrent.futures import ThreadPoolExecutor

            threads = stack.enter_context(ThreadPoolExecutor(count))
            return _start(threads)(function, array_bytes, count, kept)
        from pixeltrend.execution.processes import LocalProcesses

        return stack.enter_context(LocalProcesses(count, function, array_bytes, kept)).submit


def _start(executor: Executor) -> Start:
    def start(function: Callable[[Any], Any], _bytes: int, _count: int, _kept: int) -> Submit:
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
                interruption.check()
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
