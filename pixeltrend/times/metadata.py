"""Times out of what files say of themselves: metadata items, and time axes of NetCDF files."""

from __future__ import annotations

import datetime as dt
import math
import re
from typing import TYPE_CHECKING

from pixeltrend.errors import InputError, MissingDependencyError
from pixeltrend.times.dates import decimal_year, decimal_year_of_cftime, parse_time
from pixeltrend.times.names import times_from_names

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

# As for names: what lies outside is a number of something else.
_FIRST_YEAR, _LAST_YEAR = 1800, 2200


def _of_milliseconds(text: str) -> float:
    """Return the day of milliseconds since 1970, as Earth Engine counts."""
    day = dt.date(1970, 1, 1) + dt.timedelta(days=float(text) // 86_400_000)
    return decimal_year(day.year, day.month, day.day)


def _of_index(text: str) -> float:
    """Return the date in an id of Earth Engine."""
    return times_from_names([text])[0]


# When the ground was seen, the most certain first; n stands for digits. TIFFTAG_DATETIME and the
# dates of processing are not here: they say when a file was written.
_READERS: dict[str, Callable[[str], float]] = {
    "DATE_ACQUIRED": parse_time,  # Landsat's MTL
    "ACQUISITION_DATE": parse_time,  # Landsat's MTL before 2012
    "SENSING_TIME": parse_time,  # Sentinel-2, a tile
    "DATATAKE_n_DATATAKE_SENSING_START": parse_time,  # Sentinel-2, a product
    "PRODUCT_START_TIME": parse_time,  # Sentinel-2, a product
    "PRODUCT_START": parse_time,
    "ACQUISITION_START_TIME": parse_time,  # Sentinel-1, by GDAL's SAFE
    "ACQUISITIONDATETIME": parse_time,  # GDAL's domain IMAGERY: WorldView, Pleiades, ...
    "RANGEBEGINNINGDATE": parse_time,  # MODIS and VIIRS
    "TIME_COVERAGE_START": parse_time,  # ACDD, in NetCDF files
    "SYSTEM:TIME_START": _of_milliseconds,  # Earth Engine
    "SYSTEM:INDEX": _of_index,  # Earth Engine
    "DATE": parse_time,
}


def time_from_metadata(metadata: Mapping[str, str]) -> float | None:
    """Return the time of acquisition that a raster's metadata items tell.

    Parameters
    ----------
    metadata
        Items of a raster or a band, of GDAL's domains taken together. Upper and lower case are one;
        ``NC_GLOBAL#`` before a key is left out. The first of these that holds a time counts:
        DATE_ACQUIRED, ACQUISITION_DATE, SENSING_TIME, DATATAKE_n_DATATAKE_SENSING_START,
        PRODUCT_START_TIME, PRODUCT_START, ACQUISITION_START_TIME, ACQUISITIONDATETIME,
        RANGEBEGINNINGDATE, time_coverage_start, system:time_start (milliseconds since 1970),
        system:index, date.

    Returns
    -------
    float or None
        The decimal year, to the day; None if no item tells a time from 1800 to 2199.

    References
    ----------
    USGS, "Landsat Collection 2 metadata"; GDAL's drivers SENTINEL2, SAFE and HDF4; ESIP, "Attribute
    Convention for Data Discovery"; Earth Engine, "Image properties".
    """
    texts: dict[str, list[str]] = {}
    for key in sorted(metadata):
        name = re.sub(r"\d+", "n", key.upper().removeprefix("NC_GLOBAL#"))
        texts.setdefault(name, []).append(metadata[key])
    for name, read in _READERS.items():
        for text in texts.get(name, ()):
            try:
                time = read(text)
            except (ValueError, OverflowError, InputError):
                continue
            if _FIRST_YEAR <= time < _LAST_YEAR:
                return time
    return None


def is_time_unit(units: str) -> bool:
    """Return whether these are units of a time axis, as CF has them: days since a date."""
    return " since " in units


def times_from_cf(offsets: Sequence[float], units: str, calendar: str = "standard") -> list[float]:
    """Return the decimal years of a time axis that follows the CF conventions.

    Parameters
    ----------
    offsets
        What the axis holds, (N,).
    units
        What it counts: ``days since 1970-01-01``.
    calendar
        Its calendar, by the name that CF gives it; empty for the standard one.

    Returns
    -------
    list of float
        Year + (day of year - 1) / days in that year, of that calendar, with the time of day as a
        part of the day, as `pixeltrend.xarray` counts.

    Raises
    ------
    InputError
        `units` or `calendar` is not known, or an offset is not a number or is too large.
    MissingDependencyError
        The package cftime is not installed.

    References
    ----------
    CF conventions, section 4.4, "Time coordinate".
    """
    try:
        import cftime
    except ModuleNotFoundError as error:
        raise MissingDependencyError(
            f"{error.name} is not installed: pip install cftime"
        ) from error
    axis = f"times in {units!r}, calendar {calendar or 'standard'!r}"
    for offset in offsets:
        if not math.isfinite(offset):
            raise InputError(f"{axis}: {offset} is not a time; give --times FILE.csv or --years")
    try:
        times = cftime.num2date(
            list(offsets), units, calendar or "standard", only_use_cftime_datetimes=True
        )
        return [decimal_year_of_cftime(time) for time in times]
    except (ValueError, OverflowError) as error:
        reason = str(error).splitlines()[0] if str(error) else "they are not understood"
        raise InputError(f"{axis}: {reason}; give --times FILE.csv or --years") from error
