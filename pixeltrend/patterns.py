"""Patterns to files: globs, folders, lists and URLs, on disks, in archives and in object stores."""

from __future__ import annotations

import fnmatch
import glob
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from pixeltrend.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

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
# A dataset inside a file, as GDAL names it: NETCDF:"file.nc":variable.
_SUBDATASET = re.compile(r"(?:NETCDF|HDF5|HDF4_SDS|HDF4_EOS|ZARR):", re.IGNORECASE)


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
    found: dict[str, str] = {}
    searched = []
    for given in patterns:
        pattern = os.fspath(given)
        searched.append(pattern)
        matches = _expand(pattern)
        if not matches:
            what = "matches no file" if glob.has_magic(pattern) else "no such file"
            if os.path.isdir(pattern):
                what = f"no raster in this folder ({', '.join(SUFFIXES)})"
            raise InputError(f"{pattern}: {what}")
        for path in matches:
            found.setdefault(_identity(path), path)
    if not searched:
        raise InputError("no inputs given")
    written = None if output is None else os.path.realpath(output)
    paths = [
        path
        for path in found.values()
        if not path.lower().endswith(SIDECARS)
        and (is_virtual(path) or os.path.realpath(path) != written)
    ]
    if not paths:
        raise InputError(f"{' '.join(searched)}: matches no raster but the output")
    return sorted(paths)


def is_virtual(path: str) -> bool:
    """Tell whether a path is GDAL's own, and means nothing to the operating system."""
    return path.startswith("/vsi") or _SUBDATASET.match(path) is not None


def absolute(path: str) -> str:
    """Give a path that means the same to a worker in another folder."""
    subdataset = re.fullmatch(r'(\w+:)"?([^"]+?)"?((?::[^:"]+)?)', path)
    if _SUBDATASET.match(path) and subdataset:
        return f'{subdataset[1]}"{absolute(subdataset[2])}"{subdataset[3]}'
    return path if is_virtual(path) else os.path.abspath(path)


def file_name(path: str) -> str:
    """Give the name of a file, without folders and without the query of a URL."""
    if path.startswith("/vsicurl/"):
        path = path.partition("?")[0]
    return path.rstrip("/").rpartition("/")[2]


def _identity(path: str) -> str:
    """Tell a file from others however it was named; a link to one is another, with its own name."""
    if is_virtual(path):
        return path
    folder, name = os.path.split(path)
    return os.path.join(os.path.realpath(folder), name)


def _expand(pattern: str) -> list[str]:
    for scheme, prefix in _SCHEMES.items():
        if pattern.lower().startswith(scheme):
            return _expand_virtual(prefix + pattern[len(scheme) :])
    if _SUBDATASET.match(pattern):
        return [pattern]
    if is_virtual(pattern):
        return _expand_virtual(pattern)
    return _expand_local(os.path.expanduser(pattern))


def _expand_local(pattern: str) -> list[str]:
    path = Path(pattern)
    if path.is_dir():
        return [os.path.join(pattern, name) for name in os.listdir(pattern) if _is_raster(name)]
    if path.is_file() and path.suffix.lower() == ".zip":
        return _expand_virtual(f"/vsizip/{os.path.abspath(pattern)}/**")
    if path.is_file():
        return [pattern]
    return [match for match in glob.glob(pattern, recursive=True) if Path(match).is_file()]


def _is_raster(name: str) -> bool:
    return name.lower().endswith(SUFFIXES) and not name.startswith(".")


def _expand_virtual(pattern: str) -> list[str]:
    """Expand a pattern on one of GDAL's virtual file systems, as `glob` does on a disk."""
    from pixeltrend import rasters  # patterns on disks need no GDAL

    # A question mark is part of a URL, and the brackets of a file are taken by its name.
    magic = "*" if pattern.startswith("/vsicurl/") else "*?["
    if not any(sign in pattern for sign in magic):
        if file_name(pattern).lower().endswith(SUFFIXES):
            return [pattern] if rasters.exists(pattern) else []
        return [
            f"{pattern.rstrip('/')}/{name}"
            for name in rasters.list_folder(pattern.rstrip("/"))
            if _is_raster(name)
        ]
    parts = pattern.split("/")
    fixed = next(i for i, part in enumerate(parts) if any(sign in part for sign in magic))
    found = _descend("/".join(parts[:fixed]), parts[fixed:], magic)
    return [path for path in found if not path.endswith("/")]


def _descend(folder: str, parts: list[str], magic: str) -> Iterator[str]:
    """Give the files below `folder` that the rest of a pattern matches."""
    from pixeltrend import rasters

    part, rest = parts[0], parts[1:]
    if part == "**":
        yield from (f"{folder}/{name}" for name in _below(folder, "/".join(rest)))
        return
    for name in rasters.list_folder(folder):
        plain = name.rstrip("/")
        wanted = (
            fnmatch.fnmatchcase(plain, part) if any(s in part for s in magic) else plain == part
        )
        if not wanted or (plain.startswith(".") and not part.startswith(".")):
            continue
        if not rest:
            yield f"{folder}/{name}"
        elif name.endswith("/"):
            yield from _descend(f"{folder}/{plain}", rest, magic)


def _below(folder: str, pattern: str) -> Iterator[str]:
    """Give the names of files in any number of folders below one, none too; rasters if no pattern.

    Hidden ones are left out.
    """
    from pixeltrend import rasters

    for name in rasters.list_folder(folder, recursive=True):
        if any(step.startswith(".") for step in name.split("/")):
            continue
        if (
            fnmatch.fnmatchcase(name, pattern) or fnmatch.fnmatchcase(name, f"*/{pattern}")
            if pattern
            else _is_raster(name.rpartition("/")[2])
        ):
            yield name
