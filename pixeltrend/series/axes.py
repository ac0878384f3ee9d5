"""Axes: the times that variables of NetCDF, HDF and Zarr files have on an axis."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pixeltrend.errors import InputError
from pixeltrend.times.metadata import is_time_unit, times_from_cf

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pixeltrend.raster.header import Header

_PLACE = "NETCDF_DIM_"


def axis_time(header: Header, number: int) -> float | None:
    """Return the time of a band on the axis of its variable; None if it has none.

    Raises
    ------
    InputError
        The axis cannot be read.
    MissingDependencyError
        The package cftime is not installed.
    """
    items = header.bands[number - 1].metadata
    for name in _axes(items):
        units = header.metadata.get(f"{name}#units", "")
        if is_time_unit(units):
            calendar = header.metadata.get(f"{name}#calendar", "standard")
            return times_from_cf([float(items[_PLACE + name])], units, calendar)[0]
    return None


def bands_on_axis(header: Header) -> list[int | None]:
    """Return the bands of a variable, which are its times; or None for one without an axis.

    Raises
    ------
    InputError
        It has another axis besides, such as one of heights.
    """
    bands = header.bands
    for name in _axes(bands[0].metadata):
        values = {band.metadata.get(_PLACE + name) for band in bands}
        if len(values) > 1 and not is_time_unit(header.metadata.get(f"{name}#units", "")):
            others = len({axis for axis in _axes(bands[0].metadata) if axis != name})
            if others:
                raise InputError(
                    f"{header.path}: has a further axis, {name}, with {len(values)} values: copy "
                    "one of them into a file of its own, with gdalmdimtranslate -array and a view"
                )
    if len(bands) == 1 and axis_time(header, 1) is None:
        return [None]
    return list(range(1, len(bands) + 1))


def _axes(items: Mapping[str, str]) -> list[str]:
    return [key.removeprefix(_PLACE) for key in items if key.startswith(_PLACE)]
