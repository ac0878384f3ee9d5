"""Paths: what a path names, on a disk, in GDAL's virtual file systems, or inside a file."""

from __future__ import annotations

import os
import re

# GDAL's file systems whose every request crosses a network.
STORES = ("/vsis3/", "/vsigs/", "/vsiaz/", "/vsiadls/", "/vsioss/", "/vsiswift/")
WEB = "/vsicurl/"

# What the record of an output has after the output's own name.
RECORD = ".inputs.json"

# What the file in which R's terra keeps units has after the raster's own name.
UNITS = ".aux.json"

# A dataset inside a file, as GDAL names it: NETCDF:"file.nc":variable.
_SUBDATASET = re.compile(r"(?:NETCDF|HDF5|HDF4_SDS|HDF4_EOS|ZARR):", re.IGNORECASE)
_PARTS = re.compile(r'((?:\w+:){1,2})"([^"]+)"((?::.+)?)|(\w+:)([^"]+?)((?::[^:"]+)?)')
_ARRAY = re.compile(r'(ZARR|NETCDF):"[^"]+":(/[^:]+)', re.IGNORECASE)
# What a folder holds that is a Zarr store.
_OF_STORES = (".zgroup", ".zarray", ".zmetadata", "zarr.json")


def is_virtual(path: str) -> bool:
    """Return whether a path is GDAL's own, and means nothing to the operating system."""
    return path.startswith("/vsi") or is_subdataset(path)


def is_utf8(path: str) -> bool:
    """Return whether a path is text as GDAL has it: no other bytes than those of UTF-8."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def is_remote(path: str) -> bool:
    """Return whether every request to this file crosses a network."""
    return any(prefix in path for prefix in (*STORES, WEB))


def is_subdataset(path: str) -> bool:
    """Return whether a path names a dataset inside a file, as ``NETCDF:"file.nc":variable``."""
    return _SUBDATASET.match(path) is not None


def absolute(path: str) -> str:
    """Return a path that means the same to a worker in another folder."""
    if is_subdataset(path):
        return within(path, absolute(container(path)))
    return path if is_virtual(path) else os.path.abspath(path)


def container(path: str) -> str:
    """Return the file that a subdataset lies in, or the path itself."""
    parts = _parts(path)
    return parts[1] if parts else path


def within(path: str, file: str) -> str:
    """Return what a path names inside another file; the file itself if it is no subdataset."""
    parts = _parts(path)
    return f'{parts[0]}"{file}"{parts[2]}' if parts else file


def array_of(path: str) -> tuple[str, str] | None:
    """Return the prefix and name of an array that a path names from its root on; else None.

    What a path of GDAL's says of single places along a dimension (``:/name:0``) is left to GDAL.
    """
    parts = _ARRAY.fullmatch(path)
    return (parts[1].upper(), parts[2]) if parts else None


def is_store(path: str) -> bool:
    """Return whether a path is a Zarr store, which is a folder."""
    if is_virtual(path):
        return path.rstrip("/").lower().endswith(".zarr")
    return os.path.isdir(path) and any(os.path.isfile(f"{path}/{name}") for name in _OF_STORES)


def _parts(path: str) -> tuple[str, str, str] | None:
    """Return what stands before the file that a subdataset lies in, the file, and the rest."""
    parts = _PARTS.fullmatch(path) if is_subdataset(path) else None
    if parts is None:
        return None
    first, file, rest = parts.groups()[:3] if parts[1] else parts.groups()[3:]
    return first, file, rest


def file_name(path: str) -> str:
    """Return the name of a file, without folders and without what a URL adds to it.

    Of a subdataset, the name of its file and its own.
    """
    if parts := _parts(path):
        return file_name(parts[1]) + parts[2].replace('"', "")
    if WEB in path:
        from urllib.parse import unquote  # local files do without

        path = unquote(without_query(path))
    return path.rstrip("/").rpartition("/")[2]


def without_query(path: str) -> str:
    """Return a path without the query of its URL, which may stand within another path."""
    return re.sub(r"\?[^}]*", "", path) if WEB in path else path
