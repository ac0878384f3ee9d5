"""Variables: the name of a variable of a NetCDF, HDF or Zarr file becomes a path of GDAL's."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from pixeltrend.errors import InputError
from pixeltrend.options import nearest
from pixeltrend.raster.datasets import first_line, gdal, gdal_messages, missing_driver, open_raster
from pixeltrend.raster.paths import is_store, is_subdataset
from pixeltrend.raster.stores import open_arrays, roles_of

if TYPE_CHECKING:
    from collections.abc import Iterator

# What tells the driver where a name does not.
_SIGNATURES = {b"CDF": "netCDF", b"\x89HD": "netCDF", b"\x0e\x03\x13\x01": "HDF4"}
_PREFIXES = {"netCDF": "NETCDF", "Zarr": "ZARR"}
_KINDS = {"netCDF": "NetCDF or HDF5", "HDF4": "HDF4", "Zarr": "Zarr"}
_MOST_NAMED = 12


class Variable(NamedTuple):
    """A variable of a file."""

    name: str
    """Its name, behind those of its groups."""
    path: str
    """As GDAL opens it."""
    dimensions: int
    """How many it has; 2 where that is not known."""


def variable_path(path: str, name: str) -> str:
    """Return the path by which GDAL opens a variable of a file.

    Raises
    ------
    InputError
        The file has no such variable, or cannot be opened.
    """
    if is_subdataset(path):
        raise InputError(f"{path}: names a variable itself: leave --variable {name} out")
    variables = list(find_variables(path))
    wanted = name.strip("/")
    found = [v for v in variables if v.name == wanted]
    found = found or [v for v in variables if v.name.rpartition("/")[2] == wanted]
    if len(found) == 1:
        return found[0].path
    if found:
        names = " and ".join(variable.name for variable in found)
        raise InputError(f"{path}: has several variables {wanted}: {names}; give the whole name")
    known = [variable.name for variable in variables]
    if not known:
        raise InputError(f"{path}: has no variables with rows and columns")
    raise InputError(
        f"{path}: has no variable {wanted!r}{nearest(wanted, known)} (it has {listed(known)})"
    )


def find_variables(path: str) -> Iterator[Variable]:
    """Yield the variables of a file that have rows and columns.

    Raises
    ------
    InputError
        It has no variables, or GDAL cannot open it.
    """
    driver = _driver_of(path)
    if missing := missing_driver(driver):
        raise InputError(f"{path}: is {_KINDS[driver]}, {missing}")
    if driver == "HDF4":
        yield from _of_hdf4(path)
        return
    try:
        with gdal_messages():
            yield from _of_group(open_arrays(path, driver), path, _PREFIXES[driver])
    except RuntimeError as error:
        reason = first_line(error)
        raise InputError(f"{path}: cannot be opened as {_KINDS[driver]} ({reason})") from error


def listed(names: list[str]) -> str:
    """Return names in a row, and how many more there are."""
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more


def _driver_of(path: str) -> str:
    """Return the name of GDAL's driver for a file of variables, by its first bytes."""
    if is_store(path):
        return "Zarr"
    file = gdal.VSIFOpenL(path, "rb")
    head = b""
    if file is not None:
        head = bytes(gdal.VSIFReadL(1, 8, file) or b"")
        gdal.VSIFCloseL(file)
    for signature, driver in _SIGNATURES.items():
        if head.startswith(signature):
            return driver
    kind = open_raster(path, allow_vrt=True).GetDriver().ShortName
    raise InputError(
        f"{path}: is a {kind}, which has bands and no variables: give --band instead of --variable"
    )


def _of_group(group: Any, path: str, prefix: str, above: str = "") -> Iterator[Variable]:
    for name in group.GetMDArrayNames() or ():
        array = group.OpenMDArray(name)
        dimensions = array.GetDimensions()
        is_number = array.GetDataType().GetClass() == gdal.GEDTC_NUMERIC
        if not is_number or len(dimensions) < 2:  # noqa: PLR2004 - rows and columns
            continue
        from_root = "/" if above or prefix == "ZARR" or not _suits_gdal(path, array) else ""
        whole = f'{prefix}:"{path}":{from_root}{above}{name}'
        yield Variable(f"{above}{name}", whole, len(dimensions))
    for name in group.GetGroupNames() or ():
        yield from _of_group(group.OpenGroup(name), path, prefix, f"{above}{name}/")


def _suits_gdal(path: str, array: Any) -> bool:
    """Return whether GDAL's rasters of NetCDF are right, and decode each chunk once."""
    axes = len(array.GetDimensions())
    try:
        across, down, times = roles_of(path, array)
    except InputError:
        return True  # refused where it is read
    chunk = array.GetBlockSize()
    return (down, across) == (axes - 2, axes - 1) and all(chunk[axis] <= 1 for axis in times)


def _of_hdf4(path: str) -> Iterator[Variable]:
    """Yield the variables of a file of NASA's: `HDF4_EOS:EOS_GRID:"FILE":GRID:NAME` and others."""
    dataset = open_raster(path, allow_vrt=True)
    for subdataset, description in dataset.GetSubDatasets():
        name = subdataset.rpartition(":")[2].strip('"')
        if not subdataset.startswith("HDF4_EOS"):  # a number
            name = re.sub(r"^\[.*?\] (.*) \(.*\)$", r"\1", description)
        yield Variable(name, subdataset, 2)
    if dataset.RasterCount:
        for name in open_arrays(path, "HDF4").GetMDArrayNames() or ():
            yield Variable(os.fspath(name), path, 2)
