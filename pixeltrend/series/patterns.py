"""Patterns to files: globs, folders, lists and URLs, on disks, in archives and in object stores."""

from __future__ import annotations

import fnmatch
import glob
import os
import re
from functools import partial
from typing import TYPE_CHECKING

from pixeltrend.errors import InputError
from pixeltrend.raster.paths import (
    RECORD,
    UNITS,
    WEB,
    file_name,
    is_store,
    is_subdataset,
    is_virtual,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

# What a folder is searched for.
SUFFIXES = (".tif", ".tiff", ".img", ".jp2", ".nc", ".zarr")
_KINDS = ", ".join(SUFFIXES)
# Ends of the names of files that are part of a raster.
_SIDECARS = (
    ".aux.xml",
    ".ovr",
    ".msk",
    ".tfw",
    ".tifw",
    ".wld",
    ".prj",
    ".gri",
    ".qml",
    UNITS,
    RECORD,
)

_SCHEMES = {
    "s3://": "/vsis3/",
    "gs://": "/vsigs/",
    "az://": "/vsiaz/",
    "http://": "/vsicurl/http://",
    "https://": "/vsicurl/https://",
}
# What ends a URL where it is cut out of a text.
_ESCAPED = {ord(sign): f"%{ord(sign):02X}" for sign in " \"'{}"}


def find_inputs(
    patterns: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
) -> list[str]:
    """Return the files that globs, folders, archives and names stand for, sorted, each once.

    Parameters
    ----------
    patterns
        Globs (``**`` too), files or folders: local ones, GDAL's virtual paths such as ``/vsis3/``,
        or URLs (``s3://``, ``gs://``, ``az://``, ``https://``); .zip files; subdatasets.

    Raises
    ------
    InputError
        A pattern matches nothing.
    """
    if isinstance(patterns, (str, os.PathLike)):
        patterns = [patterns]
    searched = [os.fspath(pattern) for pattern in patterns]
    by_identity: dict[str, str] = {}
    for pattern, matches in zip(searched, _expand_all(searched), strict=True):
        if not matches:
            reason = "matches no file" if glob.has_magic(pattern) else "no such file"
            if os.path.exists(pattern):  # a FIFO, a socket or a device
                reason = "is not a regular file"
            if os.path.isdir(pattern):
                reason = f"no raster in this folder ({_KINDS}){_below_it(pattern)}"
            raise InputError(f"{pattern}: {reason}")
        for path in matches:
            by_identity.setdefault(_identity(path), path)
    rasters = [path for path in by_identity.values() if not path.lower().endswith(_SIDECARS)]
    if not rasters:
        raise InputError(
            f"{' '.join(searched)}: matches no raster" if searched else "no inputs given"
        )
    return sorted(rasters)


def _identity(path: str) -> str:
    """Return what tells a file from others however it was named; a link is a file of its own."""
    if is_virtual(path):
        return path
    folder, name = os.path.split(path)
    return os.path.join(os.path.realpath(folder), name)


def _expand_all(patterns: list[str]) -> Iterable[list[str]]:
    """Return the files of each pattern; found at the same time where each asks a server."""
    if not any("://" in pattern or is_virtual(pattern) for pattern in patterns):
        return map(_expand, patterns)
    from pixeltrend.raster import remote  # patterns on disks need no GDAL

    return remote.in_parallel(_expand, patterns)


def _expand(pattern: str) -> list[str]:
    for scheme, prefix in _SCHEMES.items():
        if pattern.lower().startswith(scheme):
            return _expand_virtual(prefix + pattern[len(scheme) :])
    if is_subdataset(pattern):
        return [pattern]
    if is_virtual(pattern):
        return _expand_virtual(pattern)
    return _expand_local(os.path.expanduser(pattern))


def _expand_local(pattern: str) -> list[str]:
    if is_store(pattern):
        return [pattern.rstrip("/")]
    if os.path.isdir(pattern):
        return [os.path.join(pattern, name) for name in os.listdir(pattern) if _is_raster(name)]
    matches = [pattern] if os.path.isfile(pattern) else glob.glob(pattern, recursive=True)
    files = [match for match in matches if os.path.isfile(match) or is_store(match)]
    return [inner for file in files for inner in _unpacked(file)]


def _below_it(folder: str) -> str:
    """Return the pattern of the rasters in the folders of a folder, if there are any."""
    for where, _, names in os.walk(folder):
        for name in names:
            if _is_raster(name):
                found = os.path.relpath(os.path.join(where, name), folder)
                wanted = os.path.join(folder, "**", "*" + os.path.splitext(name)[1])
                return f"; some are in folders below, such as {found}: '{wanted}'"
    return ""


def _is_raster(name: str) -> bool:
    return name.lower().endswith(SUFFIXES) and not name.startswith(".")


def _unpacked(path: str) -> list[str]:
    """Return the rasters in a .zip file, however deep, or the path of another file."""
    if not file_name(path).lower().endswith(".zip"):
        return [path]
    whole = path if path.startswith("/vsi") else os.path.abspath(path)
    archive = f"/vsizip/{whole}" if whole.lower().endswith(".zip") else f"/vsizip/{{{whole}}}"
    rasters = _descend(archive, ["**"], "*")
    if not rasters:
        raise InputError(f"{_url(path)}: no raster in this archive ({_KINDS})")
    return rasters


def _expand_virtual(pattern: str) -> list[str]:
    """Return the files of a pattern on one of GDAL's virtual file systems, as `glob` on a disk.

    Raises
    ------
    InputError
        Nothing matches, for the reason that the server gives.
    """
    from pixeltrend.raster import remote  # patterns on disks need no GDAL

    query, magic = "", "*?["
    if pattern.startswith(WEB):  # brackets stand for themselves, and a ? begins a query
        pattern, mark, query = pattern.translate(_ESCAPED).partition("?")
        query, magic = mark + query, "*"
    parts = pattern.split("/")
    if is_store(pattern) and not _has(magic, pattern):
        return [pattern.rstrip("/") + query]
    first = next((i for i, part in enumerate(parts) if _has(magic, part)), None)
    if first is not None:
        base, reason = "/".join(parts[:first]) + "/", "matches no file"
        matches = _descend(base[:-1], parts[first:], magic)
    else:
        base = pattern + query
        is_named = pattern.lower().endswith((*SUFFIXES, ".zip"))
        reason = "no such file" if is_named else f"no raster found there ({_KINDS})"
        [matches] = remote.in_parallel(partial(_rasters_at, may_be_folder=not is_named), [base])
    if not matches:
        [answer] = remote.in_parallel(remote.why_unreadable, [base])
        raise InputError(f"{_url(pattern + query)}: {reason}: {answer}")
    return [inner for path in matches for inner in _unpacked(path)]


def _url(path: str) -> str:
    """Return a path as people write it."""
    return next((s + path[len(p) :] for s, p in _SCHEMES.items() if path.startswith(p)), path)


def _rasters_at(path: str, *, may_be_folder: bool) -> list[str]:
    """Return a file, or the rasters in a folder."""
    from pixeltrend.raster import remote

    if not path.endswith("/") and remote.is_file(path):
        return [path]
    if not may_be_folder:
        return []
    folder = path.rstrip("/")
    return [f"{folder}/{name}" for name in remote.list_folder(folder) if _is_raster(name)]


def _descend(base: str, parts: list[str], magic: str) -> list[str]:
    """Return the files below `base` that the rest of a pattern matches; folders in parallel."""
    from pixeltrend.raster import remote

    folders = [base]
    for number, part in enumerate(parts):
        if part == "**":
            rest = "/".join(parts[number + 1 :])
            below = remote.in_parallel(partial(_below, pattern=rest), folders)
            return [path for paths in below for path in paths]
        begin = re.split("[*?[]", part)[0] if _has(magic, part) else part
        listed = remote.in_parallel(partial(remote.list_folder, prefix=begin), folders)
        is_last = number == len(parts) - 1
        folders = [
            f"{folder}/{name.rstrip('/')}"
            for folder, names in zip(folders, listed, strict=True)
            for name in names
            if name.endswith("/") != is_last and _matches(name.rstrip("/"), part, magic)
        ]
    return folders


def _has(magic: str, part: str) -> bool:
    return any(sign in part for sign in magic)


def _matches(name: str, part: str, magic: str) -> bool:
    if not _has(magic, part):
        return name == part
    is_hidden = name.startswith(".") and not part.startswith(".")
    if magic == "*":
        part = part.replace("[", "[[]").replace("?", "[?]")
    return fnmatch.fnmatchcase(name, part) and not is_hidden


def _below(folder: str, pattern: str) -> list[str]:
    """Return the files at any depth below a folder that match; rasters if there is no pattern.

    Hidden files and folders are left out.
    """
    from pixeltrend.raster import remote

    wanted = pattern.split("/")
    return [
        f"{folder}/{name}"
        for name in remote.list_folder(folder, recursive=True)
        if not name.endswith("/")
        and not any(step.startswith(".") for step in name.split("/"))
        and (_ends_with(name.split("/"), wanted) if pattern else _is_raster(file_name(name)))
    ]


def _ends_with(steps: list[str], wanted: list[str]) -> bool:
    """Return whether the last steps of a path match a pattern, in which * crosses no slash."""
    if "**" in wanted:
        index = wanted.index("**")
        return any(
            _ends_with(steps[:cut], wanted[:index]) and _ends_with(steps[cut:], wanted[index + 1 :])
            for cut in range(index, len(steps) + 1)
        )
    last = steps[len(steps) - len(wanted) :] if wanted else []
    return len(steps) >= len(wanted) and all(map(fnmatch.fnmatchcase, last, wanted))
