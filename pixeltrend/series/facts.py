"""Facts: what tells a file from another, or from itself after a change, and its content too.

Loads no GDAL where files are local.
"""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

from pixeltrend.raster.folders import status_of
from pixeltrend.raster.paths import RECORD, container, is_remote, is_virtual
from pixeltrend.series.patterns import SUFFIXES

if TYPE_CHECKING:
    from collections.abc import Iterable

# Files up to this size are hashed whole, of larger ones their ends and samples.
WHOLE = 4 * 2**20
_PIECE = 2**16
_SAMPLES = 16

Facts = tuple[int, ...]


def facts_of(path: str) -> Facts:
    """Return what tells a file from another, or from itself after a change; empty if it is gone."""
    if is_served(path):
        from pixeltrend.raster.fingerprint import fingerprint  # GDAL asks the server

        return fingerprint(path) or ()
    try:
        inode, size, changed, touched = status_of(path)
    except OSError:
        return ()
    return size, changed, touched, inode


def is_served(path: str) -> bool:
    """Return whether GDAL alone can ask for a file."""
    return is_remote(path) or (is_virtual(path) and is_virtual(on_disk(path)))


def on_disk(path: str) -> str:
    """Return the file on the disk that a subdataset or a member of an archive lies in."""
    path = container(path)
    if path.startswith("/vsizip/"):
        parts = path.removeprefix("/vsizip/").split("/")
        wholes = ("/".join(parts[:end]) for end in range(1, len(parts) + 1))
        return next((whole for whole in wholes if os.path.isfile(whole)), path)
    return path


def side_files(paths: Iterable[str], target: str) -> list[str]:
    """Return the files that have the name of an input with another ending, and are no rasters."""
    stems: dict[str, set[str]] = {}
    for path in paths:
        folder, name = os.path.split(path)
        stems.setdefault(folder, set()).add(os.path.splitext(name)[0])
    found = []
    for folder, names in stems.items():
        for name in _names(folder):
            path = os.path.join(folder, name)
            dots = [i for i, sign in enumerate(name) if sign == "."]
            if (
                any(name[:dot] in names for dot in dots)
                and not name.lower().endswith((*SUFFIXES, ".zip", RECORD))
                and not os.path.realpath(path).startswith(target)
                and os.path.isfile(path)
            ):
                found.append(path)
    return found


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:  # its files can be read by name
        return []


def content_of(path: str) -> str:
    """Return a hash of a file's size and content, whole or in samples."""
    digest = hashlib.blake2b(digest_size=16)
    try:
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            digest.update(str(size).encode())
            if size <= WHOLE:
                digest.update(file.read(WHOLE))
            for sample in range(_SAMPLES if size > WHOLE else 0):
                file.seek((size - _PIECE) * sample // (_SAMPLES - 1))
                digest.update(file.read(_PIECE))
    except OSError:
        return ""
    return digest.hexdigest()
