"""Folders: what tells a folder that is one raster, such as a Zarr store, from a changed one."""

from __future__ import annotations

import os
import stat
import zlib

Status = tuple[int, int, int, int]


def status_of(path: str) -> Status:
    """Return inode, bytes, and times of the last change of content and of status in ns.

    Of a folder they are those of all files in it: a checksum of the inodes, all bytes, and the
    latest times.

    Raises
    ------
    OSError
        There is nothing of this name.
    """
    status = os.stat(path)
    if not stat.S_ISDIR(status.st_mode):
        return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
    inodes, size = zlib.crc32(b"%d" % status.st_ino), 0
    changed, touched = status.st_mtime_ns, status.st_ctime_ns
    for folder, below, names in os.walk(path):
        below.sort()
        for name in sorted(names):
            inner = os.stat(os.path.join(folder, name))
            inodes = zlib.crc32(b"%d" % inner.st_ino, inodes)
            size += inner.st_size
            changed = max(changed, inner.st_mtime_ns)
            touched = max(touched, inner.st_ctime_ns)
    return inodes, size, changed, touched
