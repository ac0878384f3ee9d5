"""A Dask cluster that is already running, as an executor."""

from __future__ import annotations

import json
import logging
import os
import re
import threading
import time
from concurrent.futures import CancelledError, Executor, Future, InvalidStateError
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from pixeltrend.errors import MissingDependencyError, WorkerError
from pixeltrend.raster.paths import absolute
from pixeltrend.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

log = logging.getLogger(__name__)

# Seconds to wait for the scheduler's file, for the scheduler and for a worker: a batch system may
# start them long after the job that waits for them.
_PATIENCE = 60.0
# Seconds between two looks at whether there are workers.
_LOOK = 1.0
# Anything else is a file.
_ADDRESS = re.compile(r"\w+://.+|[^/]+:\d+")


@contextmanager
def dask_executor(
    scheduler: str | os.PathLike[str], paths: Iterable[str]
) -> Iterator[tuple[Executor, int]]:
    """Reach a scheduler and check its workers; return an executor and the number of threads.

    Parameters
    ----------
    scheduler
        Its address, such as ``tcp://host:8786`` or ``host:8786``, or the file it wrote it to.
    paths
        Files that every worker must see.

    Raises
    ------
    MissingDependencyError
        `distributed` is not installed.
    WorkerError
        The scheduler does not answer, has no workers, or a worker lacks pixeltrend or the files.
    """
    try:
        from distributed import Client, KilledWorker
        from distributed.comm.addressing import get_address_host
    except ImportError as error:
        raise MissingDependencyError(
            f"dask needs the package distributed ({error}): pip install distributed"
        ) from error
    address = os.fspath(scheduler)
    if not _ADDRESS.fullmatch(address):
        address = _wait_for_address(address)
    try:
        log.info("connecting to the Dask scheduler at %s", address)
        get_address_host(address)  # a client of a wrong address takes a minute to close
        client = Client(address, timeout=_PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        raise WorkerError(f"the Dask scheduler at {address} does not answer ({error})") from error
    dasks_own = logging.getLogger("distributed.client")
    dasks_own.addFilter(_to_our_log)
    try:
        if not client.nthreads():
            log.warning("waiting for workers of the Dask scheduler at %s", address)
        try:
            client.wait_for_workers(1, timeout=_PATIENCE)
        except TimeoutError as error:
            raise WorkerError(_no_worker(address)) from error
        _check_workers(client, list(map(absolute, paths)))
        with _Calls(client, address) as calls:
            yield calls, sum(client.nthreads().values())
    except KilledWorker as error:
        raise WorkerError(
            f"Dask workers died again and again at one task ({error}): out of memory?"
        ) from error
    finally:
        client.close()
        dasks_own.removeFilter(_to_our_log)


def _to_our_log(record: logging.LogRecord) -> bool:
    """Keep Dask from printing how it lost its scheduler, with a traceback: an error says so."""
    log.debug("Dask: %s", record.getMessage(), exc_info=record.exc_info)
    return False


class _Calls(Executor):
    """Calls on a cluster; they fail when its workers, or its scheduler, are gone for good."""

    def __init__(self, client: Any, address: str) -> None:
        self._client, self._address = client, address
        self._executor = client.get_executor(pure=False)
        self._waiting: set[Future[Any]] = set()
        self._ended = threading.Event()
        self._watching = threading.Thread(target=self._watch, daemon=True)
        self._watching.start()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Return the future of a call."""
        call: Future[Any] = Future()
        self._waiting.add(call)
        self._executor.submit(fn, *args, **kwargs).add_done_callback(partial(self._take, call))
        return call

    def __exit__(self, *_error: object) -> None:
        self._ended.set()
        self._watching.join(_LOOK)  # it may wait for an answer

    def _take(self, call: Future[Any], answer: Future[Any]) -> None:
        self._waiting.discard(call)
        with suppress(InvalidStateError):  # nobody waits for it any longer
            try:
                call.set_result(answer.result())
            except CancelledError:
                call.set_exception(WorkerError(f"the Dask scheduler at {self._address} is gone"))
            except BaseException as error:  # noqa: BLE001 - whatever the call raised
                call.set_exception(error)

    def _watch(self) -> None:
        """Let all calls fail when there has been no worker for too long."""
        since = 0.0
        while not self._ended.wait(_LOOK):
            try:
                workers = self._client.nthreads()
            except Exception:  # noqa: BLE001, S112 - Dask itself gives the scheduler up
                continue
            if workers:
                since = 0.0
            elif not since:
                since = time.monotonic()
                log.warning("no worker of the Dask scheduler at %s is left: waiting", self._address)
            elif time.monotonic() - since > _PATIENCE:
                for call in list(self._waiting):
                    with suppress(InvalidStateError):
                        call.set_exception(WorkerError(_no_worker(self._address)))


def _no_worker(address: str) -> str:
    return f"the Dask scheduler at {address} has had no worker for {_PATIENCE:.0f} s"


def _wait_for_address(path: str) -> str:
    """Return the address in a scheduler file, which a scheduler that starts has yet to write."""
    deadline = time.monotonic() + _PATIENCE
    waiting = False
    while True:
        try:
            with open(path, encoding="utf-8") as file:
                return str(json.load(file)["address"])
        except FileNotFoundError:
            problem = "there is no such file"
        except OSError as error:
            raise WorkerError(f"{path}: cannot be read ({error.strerror})") from error
        except (ValueError, LookupError, TypeError):  # not written to its end
            problem = "it does not hold an address"
        if time.monotonic() >= deadline:
            raise WorkerError(
                f"{path}: no Dask scheduler wrote its address to this file in {_PATIENCE:.0f} s "
                f"({problem})"
            )
        if not waiting:
            waiting = True
            log.warning("waiting for a Dask scheduler to write its address to %s", path)
        time.sleep(0.1)


def _check_workers(client: Any, paths: list[str]) -> None:
    """Refuse workers that would fail later: every one runs this version and sees every file."""
    try:
        answers = client.run(look_around, paths, on_error="return")
    except Exception as error:
        raise WorkerError(f"the Dask workers cannot be asked anything: {error}") from error
    for worker, answer in answers.items():
        if isinstance(answer, BaseException):
            raise WorkerError(
                f"the Dask worker {worker} cannot run pixeltrend "
                f"({type(answer).__name__}: {answer}): install it there, with GDAL"
            )
        version, missing = answer
        if version != __version__:
            raise WorkerError(
                f"the Dask worker {worker} has pixeltrend {version}, but this is {__version__}"
            )
        if missing:
            more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
            raise WorkerError(
                f"the Dask worker {worker} does not see {missing[0]}{more}: the inputs must lie "
                "where all workers find them by the same path"
            )


def look_around(paths: list[str]) -> tuple[str, list[str]]:
    """Run on a worker: give pixeltrend's version there, and which files cannot be seen."""
    from pixeltrend.raster.fingerprint import fingerprint
    from pixeltrend.raster.paths import is_remote
    from pixeltrend.raster.remote import in_parallel

    ask = in_parallel if any(map(is_remote, paths)) else map
    seen = zip(paths, ask(fingerprint, paths), strict=True)
    return __version__, [path for path, found in seen if found is None]
