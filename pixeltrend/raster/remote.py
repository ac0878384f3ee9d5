"""Remote files: what GDAL's virtual file systems hold, asked for with few waits.

Connections belong to the thread that made them. A forked child would share those of its parent's
thread, so all requests are made in threads that end.
"""

from __future__ import annotations

import os
import stat
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from pixeltrend.errors import InputError
from pixeltrend.raster.datasets import first_line, gdal, gdal_messages
from pixeltrend.raster.paths import STORES, WEB

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Item = TypeVar("Item")
Answer = TypeVar("Answer")

# Requests of a process that wait at the same time.
REQUESTS = 32

_IS_FOLDER = stat.S_IFDIR
# GDAL's names of the stores that list their files page by page.
_STORES_THAT_PAGE = "S3,GS,AZURE,ADLS,OSS"
# What may belong to a TIFF on a web server, which lists nothing.
_SIDECARS = (".aux.xml", ".msk")
_TIFFS = (".tif", ".tiff")
# Seconds between two looks at a thread that is ending, and until nobody waits for it any longer.
_POLL = 0.001
_PATIENCE = 5.0


class EndingThreads(ThreadPoolExecutor):
    """A pool whose threads have left the system when it is shut down.

    Python before 3.13 takes a thread for ended while libraries still clean up behind it, as PROJ
    closes its database. A child that is forked at that moment would find their locks held by
    nobody.
    """

    def __init__(self, threads: int) -> None:
        self._ids: list[int] = []
        super().__init__(threads, initializer=self._remember)

    def _remember(self) -> None:
        self._ids.append(threading.get_native_id())

    def __exit__(self, kind: type[BaseException] | None, *_error: object) -> None:
        self.shutdown(cancel_futures=kind is not None)

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


def in_parallel(call: Callable[[Item], Answer], items: Iterable[Item]) -> list[Answer]:
    """Call with each item, in threads that end; return the answers in order."""
    with EndingThreads(REQUESTS) as threads:
        return list(threads.map(call, items))


def list_folder(path: str, *, prefix: str = "", recursive: bool = False) -> list[str]:
    """Return the names in a folder of a virtual file system; those of folders end with a slash.

    An empty list may mean that the folder does not exist, or that it cannot be listed: see
    `why_unreadable`.

    Parameters
    ----------
    path
        The folder.
    prefix
        What the names begin with; object stores look for those alone.
    recursive
        Whether to descend into folders.

    Raises
    ------
    InputError
        The listing came in pages, and one of them could not be had.
    """
    entries: list[tuple[str, bool]] = []
    failures: list[str] = []
    before = gdal.GetThreadLocalConfigOption("CPL_DEBUG")
    # GDAL takes a page that fails for the end, and says otherwise to those who debug it alone.
    gdal.SetThreadLocalConfigOption("CPL_DEBUG", _STORES_THAT_PAGE)
    gdal.PushErrorHandler(lambda _class, _number, message: failures.append(message))
    try:
        folder = gdal.OpenDir(path, -1 if recursive else 0, [f"PREFIX={prefix}"] if prefix else [])
        while folder is not None:
            failures.clear()
            entry = gdal.GetNextDirEntry(folder)
            if entry is None:
                gdal.CloseDir(folder)
                break
            entries.append((entry.name, bool(entry.mode & _IS_FOLDER)))
        else:
            failures.clear()
    except (RuntimeError, ValueError) as error:
        failures.append(first_line(error))
    finally:
        gdal.PopErrorHandler()
        gdal.SetThreadLocalConfigOption("CPL_DEBUG", before)
    if entries and failures:
        raise InputError(
            f"{path}: its listing breaks off after {len(entries):,} names; run again, or list the "
            "files yourself"
        )
    return [
        f"{name}/" if is_folder else name for name, is_folder in entries if name.startswith(prefix)
    ]


def is_file(path: str) -> bool:
    """Return whether a file of a virtual file system exists, and is not a folder."""
    with gdal_messages():
        status = gdal.VSIStatL(path)
    return status is not None and not status.mode & _IS_FOLDER


def size_and_time(path: str) -> tuple[int, int] | None:
    """Return size in bytes and time of the last change in s; None if they cannot be told."""
    with gdal_messages():
        status = gdal.VSIStatL(path)
    return None if status is None else (status.size, int(status.mtime))


def why_unreadable(path: str) -> str:
    """Return why a file or folder cannot be read, in the words of the server or of GDAL."""
    forget(path)
    file = None
    with gdal_messages() as failures:
        gdal.VSIErrorReset()
        try:
            file = gdal.VSIFOpenExL(path, "rb", 1)
            if file is not None:
                gdal.VSIFCloseL(file)
        except RuntimeError as error:
            failures.append(first_line(error))
        reasons = [text for text in (gdal.VSIGetLastErrorMsg(), *failures) if text]
    if reasons:
        return first_line(InputError(reasons[0]))
    return "nothing has this name" if file is None else "the server did not send all of it"


def forget(path: str) -> None:
    """Drop what GDAL remembers of a file, so that the server is asked again."""
    starts = [start for prefix in (*STORES, WEB) if (start := path.find(prefix)) >= 0]
    if starts:  # of a file in an archive, the archive
        inside = path.lower().find(".zip/", starts[0])
        gdal.VSICurlPartialClearCache(path[min(starts) : None if inside < 0 else inside + 4])


def find_siblings(path: str) -> tuple[str, ...] | None:
    """Return the names of a remote TIFF and of its side files; None if GDAL is to look for them.

    GDAL would ask for each name that a side file might have, one after the other.
    """
    folder, _, name = path.rpartition("/")
    if path.startswith(WEB):
        address, query, _ = path.partition("?")
        if query:
            return (name,) if address.lower().endswith(_TIFFS) else None
        if not name.lower().endswith(_TIFFS):
            return None
        return (name, *(f"{name}{end}" for end in _SIDECARS if is_file(path + end)))
    stem, dot, suffix = name.rpartition(".")
    if not path.startswith(STORES) or dot + suffix.lower() not in _TIFFS:
        return None
    names = list_folder(folder, prefix=f"{stem}.")
    forget(path)  # what a listing says of a file may differ from the file's own answer later
    return tuple(names) if name in names else None
