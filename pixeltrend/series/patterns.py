"""Patterns to files: globs, folders, lists and URLs, on disks, in archives and in object stores."""

from __future__ import annotations

import fnmatch
import glob
import os
import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pixeltrend.errors import InputError
from pixeltrend.raster.paths import WEB, file_name, is_subdataset, is_virtual

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# What a folder is searched for.
SUFFIXES = (".tif", ".tiff", ".img", ".jp2", ".nc")
# What lies beside a raster and is part of it.
SIDECARS = (".aux.xml", ".ovr", ".msk", ".tfw", ".tifw", ".wld", ".prj")

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
    *,
    output: str | os.PathLike[str] | None = None,
) -> list[str]:
    """Expand globs, folders, archives and files into a sorted list of files, each once.

    Parameters
    ----------
    patterns
        Globs (``**`` too), files or folders: local ones, GDAL's virtual paths such as ``/vsis3/``,
        or URLs (``s3://``, ``gs://``, ``az://``, ``https://``); .zip files; subdatasets.
    output
        A file that is about to be written, and so is none of the inputs.

    Raises
    ------
    InputError
        A pattern matches nothing, or nothing but the output.
    """
    if isinstance(patterns, (str, os.PathLike)):
        patterns = [patterns]
    searched = [os.fspath(pattern) for pattern in patterns]
    found: dict[str, str] = {}
    for pattern, matches in zip(searched, _expand_all(searched), strict=True):
        if not matches:
            what = "matches no file" if glob.has_magic(pattern) else "no such file"
            if os.path.isdir(pattern):
                what = f"no raster in this folder ({', '.join(SUFFIXES)})"
            raise InputError(f"{pattern}: {what}")
        for path in matches:
            found.setdefault(_identity(path), path)
    if not searched:
        raise InputError("no inputs given")
    rasters = [path for path in found.values() if not path.lower().endswith(SIDECARS)]
    return without_output(sorted(rasters), output, searched)


def without_output(
    paths: Sequence[str], output: str | os.PathLike[str] | None, searched: Sequence[str]
) -> list[str]:
    """Leave the file that is about to be written out of the `paths` that patterns match.

    Raises
    ------
    InputError
        Nothing else is left.
    """
    kept = [path for path in paths if not _is_output(path, output)]
    if not kept:
        raise InputError(f"{' '.join(searched)}: matches no raster but the output")
    return kept


def _is_output(path: str, output: str | os.PathLike[str] | None) -> bool:
    if output is None or is_virtual(path):
        return False
    return os.path.realpath(path) == os.path.realpath(output)


def _identity(path: str) -> str:
    """Tell a file from others however it was named; a link to one is another, with its own name."""
    if is_virtual(path):
        return path
    folder, name = os.path.split(path)
    return os.path.join(os.path.realpath(folder), name)


def _expand_all(patterns: list[str]) -> Iterable[list[str]]:
    """Expand each pattern; at the same time where each asks a server."""
    if not any("://" in its or is_virtual(its) for its in patterns):
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
    path = Path(pattern)
    if path.is_dir():
        return [os.path.join(pattern, name) for name in os.listdir(pattern) if _is_raster(name)]
    if path.is_file():
        matches = [pattern]
    else:
        matches = [match for match in glob.glob(pattern, recursive=True) if Path(match).is_file()]
    return [inner for match in matches for inner in _unpacked(match)]


def _is_raster(name: str) -> bool:
    return name.lower().endswith(SUFFIXES) and not name.startswith(".")


def _unpacked(path: str) -> list[str]:
    """Give the rasters in a .zip file, however deep, or the path of another file."""
    if not file_name(path).lower().endswith(".zip"):
        return [path]
    here = path if path.startswith("/vsi") else os.path.abspath(path)
    whole = f"/vsizip/{here}" if here.lower().endswith(".zip") else f"/vsizip/{{{here}}}"
    found = _descend(whole, ["**"], "*")
    if not found:
        raise InputError(f"{_as_given(path)}: no raster in this archive ({', '.join(SUFFIXES)})")
    return found


def _expand_virtual(pattern: str) -> list[str]:
    """Expand a pattern on one of GDAL's virtual file systems, as `glob` does on a disk.

    Raises
    ------
    InputError
        Nothing is found, for the reason that the server gives.
    """
    from pixeltrend.raster import remote  # patterns on disks need no GDAL

    query, magic = "", "*?["
    if pattern.startswith(WEB):  # brackets are taken by their name, and never was a ? one
        pattern, mark, query = pattern.translate(_ESCAPED).partition("?")
        query, magic = mark + query, "*"
    parts = pattern.split("/")
    first = next((i for i, part in enumerate(parts) if _has(magic, part)), None)
    if first is not None:
        base, what = "/".join(parts[:first]) + "/", "matches no file"
        found = _descend(base[:-1], parts[first:], magic)
    else:
        base = pattern + query
        is_named = pattern.lower().endswith((*SUFFIXES, ".zip"))
        what = "no such file" if is_named else f"no raster found there ({', '.join(SUFFIXES)})"
        [found] = remote.in_parallel(partial(_rasters_at, may_be_folder=not is_named), [base])
    if not found:
        [why] = remote.in_parallel(remote.why_unreadable, [base])
        raise InputError(f"{_as_given(pattern + query)}: {what}: {why}")
    return [inner for path in found for inner in _unpacked(path)]


def _as_given(path: str) -> str:
    """Give a path as a URL, as people write it."""
    return next((s + path[len(p) :] for s, p in _SCHEMES.items() if path.startswith(p)), path)


def _rasters_at(path: str, *, may_be_folder: bool) -> list[str]:
    """Give a file, or the rasters in a folder."""
    from pixeltrend.raster import remote

    if not path.endswith("/") and remote.is_file(path):
        return [path]
    if not may_be_folder:
        return []
    folder = path.rstrip("/")
    return [f"{folder}/{name}" for name in remote.list_folder(folder) if _is_raster(name)]


def _descend(base: str, parts: list[str], magic: str) -> list[str]:
    """Give the files below `base` that the rest of a pattern matches; folders side by side."""
    from pixeltrend.raster import remote

    folders = [base]
    for number, part in enumerate(parts):
        if part == "**":
            rest = "/".join(parts[number + 1 :])
            found = remote.in_parallel(partial(_below, pattern=rest), folders)
            return [path for paths in found for path in paths]
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
    """Give the files in any number of folders below one, none too; rasters if no pattern.

    Hidden ones are left out.
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
    """Tell whether the last steps of a path match a pattern, in which * crosses no slash."""
    if "**" in wanted:
        place = wanted.index("**")
        return any(
            _ends_with(steps[:cut], wanted[:place]) and _ends_with(steps[cut:], wanted[place + 1 :])
            for cut in range(place, len(steps) + 1)
        )
    last = steps[len(steps) - len(wanted) :] if wanted else []
    return len(steps) >= len(wanted) and all(map(fnmatch.fnmatchcase, last, wanted))
