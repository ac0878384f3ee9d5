"""Regular files are the only ones that are opened: a FIFO or a device is waited for without end."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from functools import lru_cache

from pixeltrend.errors import InputError
from pixeltrend.raster.paths import container, is_utf8, is_virtual


def check_regular(path: str) -> None:
    """Refuse what is not a regular file, or has something else beside it that GDAL may open.

    GDAL looks for dozens of names beside a raster: .aux.xml, .msk, .ovr, .tfw, metadata of vendors.

    Raises
    ------
    InputError
        A FIFO, a socket or a device would be opened.
    """
    file = container(path)
    if is_virtual(file):
        return
    if not is_utf8(file):
        raise InputError(f"{path}: GDAL opens no file whose name is not UTF-8; rename it")
    with suppress(OSError):
        if _is_special(os.stat(file).st_mode):
            raise InputError(f"{path}: cannot be opened as a raster (is not a regular file)")
        folder, name = os.path.split(file)
        stem = os.path.splitext(name)[0]
        folder = folder or "."
        for beside in _suspects(folder, os.stat(folder).st_mtime_ns):
            if beside.startswith((f"{stem}.", f"{stem}_")):
                _check_beside(path, os.path.join(folder, beside))


def _check_beside(path: str, beside: str) -> None:
    with suppress(OSError):  # a link that leads nowhere
        if _is_special(os.stat(beside).st_mode):
            raise InputError(
                f"{path}: cannot be opened as a raster ({beside}, beside it, is not a regular file)"
            )


@lru_cache(maxsize=64)
def _suspects(folder: str, _changed: int) -> tuple[str, ...]:
    """Return the names in a folder that are neither files nor folders; links may be."""
    with os.scandir(folder) as entries:
        return tuple(
            entry.name
            for entry in entries
            if not (entry.is_file(follow_symlinks=False) or entry.is_dir(follow_symlinks=False))
        )


def _is_special(mode: int) -> bool:
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))  # some formats are folders
