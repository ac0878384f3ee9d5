"""Fingerprint: whether a file is still the one that was checked."""

from __future__ import annotations

from pixeltrend.raster import remote
from pixeltrend.raster.folders import status_of
from pixeltrend.raster.paths import container, is_virtual

Fingerprint = tuple[int, ...]


def fingerprint(path: str) -> Fingerprint | None:
    """Return what tells a file from one that takes its name; None if the file cannot be asked.

    Inode, size in bytes, times of the last change of its content and of its inode in ns, which
    nobody can set back; of a file on one of GDAL's virtual file
    systems size and time in s, which costs a request where the file is remote.
    """
    path = container(path)
    if is_virtual(path):
        return remote.size_and_time(path)
    try:
        return status_of(path)
    except OSError:
        return None
