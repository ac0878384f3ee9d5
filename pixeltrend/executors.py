"""Where chunks are computed: an ordered, bounded mapping over any `concurrent.futures.Executor`."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections import deque
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from pixeltrend.errors import ArgumentError, WorkerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import ProcessPoolExecutor

Task = TypeVar("Task")
Result = TypeVar("Result")


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


@contextmanager
def local_executor(workers: int) -> Iterator[Executor]:
    """Give an executor with `workers` processes; with one, it runs in this process.

    Leaving in peace waits for the workers; leaving with an exception ends them at once.
    """
    if workers < 1:
        raise ArgumentError(f"{workers} workers cannot do anything: give 1 or more")
    if workers == 1:
        yield SerialExecutor()
        return
    from concurrent.futures import ProcessPoolExecutor  # takes a while to import

    executor = ProcessPoolExecutor(workers, mp_context=_context(), initializer=_start_worker)
    try:
        yield executor
    except BaseException:
        _terminate(executor)
        raise
    executor.shutdown()


def map_ordered(
    executor: Executor,
    function: Callable[[Task], Result],
    tasks: Iterable[Task],
    *,
    in_flight: int,
) -> Iterator[tuple[Task, Result]]:
    """Start the first calls of `function`, and give an iterator over (task, result) in order.

    At most `in_flight` tasks are submitted and not yet taken, so that neither tasks nor results
    pile up. Calls that have not begun when the iterator is closed are cancelled.

    Raises
    ------
    WorkerError
        A process of the executor died; the task named is the first one without a result.
    """
    waiting = iter(tasks)
    pending: deque[tuple[Task, Future[Result]]] = deque()

    def submit_next() -> None:
        for task in waiting:
            pending.append((task, executor.submit(function, task)))
            return

    def results() -> Iterator[tuple[Task, Result]]:
        from concurrent.futures import BrokenExecutor  # cheap once in use

        task: Task | None = None
        try:
            while pending:
                task, future = pending.popleft()
                result = future.result()
                submit_next()
                yield task, result
        except BrokenExecutor as error:
            raise WorkerError(
                f"a worker died at {task}: killed, or out of memory? "
                "Fewer --workers or less --memory may help"
            ) from error
        finally:
            for _, future in pending:
                future.cancel()

    for _ in range(max(1, in_flight) if not isinstance(executor, SerialExecutor) else 1):
        submit_next()
    return results()


def _context() -> Any:
    """Choose how processes start.

    A fork starts in a millisecond with everything imported, but copies one thread only: a lock that
    another thread holds stays locked in the child for ever.
    """
    alone = threading.active_count() == 1
    return multiprocessing.get_context("fork" if sys.platform == "linux" and alone else "spawn")


def _start_worker() -> None:
    """Prepare a new worker: signals are the parent's business, and it never outlives the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_die_with_parent, daemon=True).start()


def _die_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _terminate(executor: ProcessPoolExecutor) -> None:
    """End the workers now, whatever they are doing."""
    if sys.version_info >= (3, 14):
        executor.kill_workers()
        return
    # Frozen in these versions; Python 3.14 has the method above.
    processes = list((executor._processes or {}).values())  # noqa: SLF001
    executor.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        process.kill()
