"""Far files: what GDAL's virtual file systems hold, asked for so that few requests are waited for.

Connections belong to the thread that made them. A child that is forked would share those of its
parent's thread, so all requests are made in threads that end.
"""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING, TypeVar

from osgeo import gdal

from pixeltrend.errors import InputError
from pixeltrend.raster.datasets import first_line, gdal_messages
from pixeltrend.raster.threads import EndingThreads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Item = TypeVar("Item")
Answer = TypeVar("Answer")

# Requests that a process lets wait side by side.
REQUESTS = 32

_STORES = ("/vsis3/", "/vsigs/", "/vsiaz/", "/vsiadls/", "/vsioss/", "/vsiswift/")
_WEB = "/vsicurl/"
_IS_FOLDER = stat.S_IFDIR
# What may lie beside a TIFF on a web server, which lists nothing.
_BESIDE = (".aux.xml", ".msk")
_TIFFS = (".tif", ".tiff")


def is_far(path: str) -> bool:
    """Tell whether every request to this file crosses a network."""
    return any(prefix in path for prefix in (*_STORES, _WEB))


def side_by_side(call: Callable[[Item], Answer], items: Iterable[Item]) -> list[Answer]:
    """Call with each item, in threads that end; give the answers in order."""
    with EndingThreads(REQUESTS) as threads:
        return list(threads.map(call, items))


def list_folder(path: str, *, prefix: str = "", recursive: bool = False) -> list[str]:
    """Give what lies in a folder of a virtual file system, folders with a slash at their end.

    Nothing may mean that there is no such folder, or that it cannot be listed: see `why_not`.

    Parameters
    ----------
    path
        The folder.
    prefix
        How the names begin; object stores look for those alone.
    recursive
        Whether what lies in folders within is wanted too.
    """
    with gdal_messages():
        found: list[tuple[str, bool]] = []
        try:
            options = [f"PREFIX={prefix}"] if prefix else []
            folder = gdal.OpenDir(path, -1 if recursive else 0, options)
            while folder is not None and (entry := gdal.GetNextDirEntry(folder)) is not None:
                found.append((entry.name, bool(entry.mode & _IS_FOLDER)))
            if folder is not None:
                gdal.CloseDir(folder)
        except (RuntimeError, ValueError):
            return []
    return [
        f"{name}/" if is_folder else name for name, is_folder in found if name.startswith(prefix)
    ]


def is_file(path: str) -> bool:
    """Tell whether there is such a file, and no folder."""
    with gdal_messages():
        found = gdal.VSIStatL(path)
    return found is not None and not found.mode & _IS_FOLDER


def why_not(path: str) -> str:
    """Say why a file or folder cannot be read, in the words of the server or of GDAL."""
    forget(path)
    with gdal_messages() as failures:
        gdal.VSIErrorReset()
        try:
            file = gdal.VSIFOpenExL(path, "rb", 1)
            if file is not None:
                gdal.VSIFCloseL(file)
        except RuntimeError as error:
            failures.append(first_line(error))
        said = [text for text in (gdal.VSIGetLastErrorMsg(), *failures) if text]
    return first_line(InputError(said[0])) if said else "nothing is there"


def forget(path: str) -> None:
    """Ask the server anew next time."""
    starts = [place for prefix in (*_STORES, _WEB) if (place := path.find(prefix)) >= 0]
    if starts:  # of a file in an archive, the archive
        inside = path.lower().find(".zip/", starts[0])
        gdal.VSICurlPartialClearCache(path[min(starts) : None if inside < 0 else inside + 4])


def stamp(path: str) -> tuple[int, int] | None:
    """Give the size and the time of the last change of a file; None if they cannot be told."""
    with gdal_messages():
        found = gdal.VSIStatL(path)
    return None if found is None else (found.size, int(found.mtime))


def find_beside(path: str) -> tuple[str, ...] | None:
    """Give the names of a far TIFF and of the files that belong to it; None if GDAL is to look.

    GDAL would ask for each name that such a file might have, one after the other.
    """
    folder, _, name = path.rpartition("/")
    if path.startswith(_WEB):
        place, query, _ = path.partition("?")
        if query:
            return (name,) if place.lower().endswith(_TIFFS) else None
        if not name.lower().endswith(_TIFFS):
            return None
        return (name, *(f"{name}{end}" for end in _BESIDE if is_file(path + end)))
    stem, dot, suffix = name.rpartition(".")
    if not path.startswith(_STORES) or dot + suffix.lower() not in _TIFFS:
        return None
    names = list_folder(folder, prefix=f"{stem}.")
    forget(path)  # what a listing says of a file need not be what the file's own answer says later
    return tuple(names) if name in names else None
