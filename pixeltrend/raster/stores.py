"""Stores: an array of a Zarr store or a NetCDF file as a dataset whose bands are its times.

GDAL's driver of Zarr makes rasters of arrays of two dimensions alone; that of NetCDF takes rows for
columns where latitudes come last, and does not know the axes that a group shares with its root.
"""

from __future__ import annotations

import itertools
import struct
from typing import TYPE_CHECKING, Any

from pixeltrend.errors import InputError
from pixeltrend.raster.datasets import as_text, first_line, gdal, gdal_messages, open_raster
from pixeltrend.raster.grid import TOLERANCE
from pixeltrend.raster.paths import array_of, container
from pixeltrend.raster.regular import check_regular

if TYPE_CHECKING:
    from collections.abc import Sequence

_DRIVERS = {"ZARR": "Zarr", "NETCDF": "netCDF"}
# What NetCDF has where nothing was written, and no other number is declared.
_UNWRITTEN = {
    gdal.GDT_Float32: 9.969209968386869e36, gdal.GDT_Float64: 9.969209968386869e36,
    gdal.GDT_Int16: -32767, gdal.GDT_Int32: -2147483647, gdal.GDT_UInt16: 65535,
    gdal.GDT_UInt32: 4294967295,
}  # fmt: skip
# Names of dimensions, in lower case, where an array does not say which is which.
_ACROSS = {"x", "lon", "longitude", "long", "easting", "projection_x_coordinate"}
_DOWN = {"y", "lat", "latitude", "northing", "projection_y_coordinate"}


def open_dataset(
    path: str, *, allow_vrt: bool = False, siblings: Sequence[str] | None = None
) -> Any:
    """Open `path` as `open_raster` does, or an array of a Zarr store.

    Raises
    ------
    InputError
        GDAL cannot open it, or the array has no rows and columns, or more dimensions than a time.
    """
    array = array_of(path)
    if array is None:
        return open_raster(path, allow_vrt=allow_vrt, siblings=siblings)
    prefix, name = array
    check_regular(path)
    with gdal_messages():
        try:
            return _ArrayDataset(path, _DRIVERS[prefix], name)
        except RuntimeError as error:
            reason = first_line(error)
            raise InputError(f"{path}: cannot be opened as a raster ({reason})") from error


def open_arrays(path: str, driver: str) -> Any:
    """Return the root group of a file of arrays.

    Raises
    ------
    RuntimeError
        GDAL cannot open it.
    """
    flags = gdal.OF_MULTIDIM_RASTER | gdal.OF_READONLY
    if driver == "netCDF":  # HDF5 files too, whatever their names end with
        path = f'NETCDF:"{path}"'
    return gdal.OpenEx(path, flags, allowed_drivers=[driver]).GetRootGroup()


def as_gdal(dataset: Any) -> Any:
    """Return what `open_dataset` opened as a dataset of GDAL's own, to hand to its functions."""
    return dataset.as_gdal() if isinstance(dataset, _ArrayDataset) else dataset


def is_time_unit(unit: str) -> bool:
    """Return whether a unit is one of times, as the CF conventions have it: days since a date."""
    return " since " in unit


class _ArrayDataset:
    """An array (time, rows, columns) that is read like a dataset, all its bands in one go.

    What it does not do itself does the dataset that GDAL makes of an array: that would decode a
    chunk of several times once for each.
    """

    def __init__(self, path: str, driver: str, name: str) -> None:
        group = open_arrays(container(path), driver)
        array = group.OpenMDArrayFromFullname(name)
        sizes = [dimension.GetSize() for dimension in array.GetDimensions()]
        across, down, times = roles_of(path, array)
        order = [*times, down, across]
        latitudes = _coordinates(array, down)
        # North is up, as GDAL has it of netCDF; what else has one place is left out.
        steps = {down: "::-1" if len(latitudes) > 1 and latitudes[0] < latitudes[-1] else ":"}
        view = ",".join(
            steps.get(axis, ":") if axis in order else "0" for axis in range(len(sizes))
        )
        kept = sorted(order)
        self._array = array.GetView(f"[{view}]").Transpose([kept.index(axis) for axis in order])
        last = len(order) - 1
        self._dataset = self._array.AsClassicDataset(last, last - 1)
        self._geotransform = self._dataset.GetGeoTransform(can_return_null=True) or _geotransform(
            _coordinates(array, across), latitudes[:: -1 if "-" in steps[down] else 1]
        )
        self._crs = self._dataset.GetProjectionRef() or _crs_of(group, array)
        self._driver = driver
        self._units = self._set_times(array.GetDimensions()[times[0]]) if times else {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._dataset, name)

    def GetDriver(self) -> Any:  # noqa: N802 - as GDAL calls it
        """Return the driver of the file."""
        return gdal.GetDriverByName(self._driver)

    def GetRasterBand(self, number: int) -> Any:  # noqa: N802 - as GDAL calls it
        """Return a band, which is a time."""
        band = self._dataset.GetRasterBand(number)
        if self._driver == "netCDF" and band.GetNoDataValue() is None:
            return _Band(band, _UNWRITTEN.get(band.DataType))
        return band

    def GetGeoTransform(self, *, can_return_null: bool = True) -> Any:  # noqa: ARG002, N802
        """Return GDAL's six numbers; None without coordinates that are evenly spaced."""
        return self._geotransform

    def GetProjectionRef(self) -> str:  # noqa: N802 - as GDAL calls it
        """Return the CRS as WKT; empty if unknown."""
        return self._crs

    def as_gdal(self) -> Any:
        """Return a dataset of GDAL's own that lies where this one does."""
        options: dict[str, Any] = {}
        if self._crs:
            options["outputSRS"] = self._crs
        if self._geotransform is not None:
            left, dx, _, top, _, dy = self._geotransform
            right = left + dx * self._dataset.RasterXSize
            options["outputBounds"] = (left, top, right, top + dy * self._dataset.RasterYSize)
        return gdal.Translate("", self._dataset, format="VRT", **options)

    def ReadRaster(  # noqa: N802 - as GDAL calls it
        self,
        left: int,
        top: int,
        width: int,
        height: int,
        *,
        buf_type: int,
        buf_obj: Any,
        band_list: Sequence[int],
    ) -> None:
        """Fill `buf_obj`, (bands, P); bands that follow each other are read in one go."""
        kind = gdal.ExtendedDataType.Create(buf_type)
        has_times = len(self._array.GetDimensions()) > 2  # noqa: PLR2004 - rows and columns
        start = 0
        for first, count in _runs(band_list):
            begin, size = [top, left], [height, width]
            if has_times:
                begin, size = [first - 1, *begin], [count, *size]
            data = self._array.Read(begin, size, buffer_datatype=kind)
            target = memoryview(buf_obj[start : start + count]).cast("B")
            target[:] = data
            start += count

    def GetMetadata(self, domain: str = "") -> dict[str, str]:  # noqa: N802
        """Return the items of GDAL's dataset and, as of netCDF, the units of the axis of times."""
        return (self._dataset.GetMetadata(domain) or {}) | ({} if domain else self._units)

    def _set_times(self, dimension: Any) -> dict[str, str]:
        """Write each band's coordinate on an axis as the netCDF driver does; return its units."""
        axis = dimension.GetIndexingVariable()
        if axis is None:
            return {}
        name = dimension.GetName()
        for number, value in enumerate(_values(axis), 1):
            band = self._dataset.GetRasterBand(number)
            band.SetMetadataItem(f"NETCDF_DIM_{name}", f"{value:.17g}")
        units = {f"{name}#units": axis.GetUnit() or "", f"{name}#calendar": _text(axis, "calendar")}
        return {key: value for key, value in units.items() if value}


class _Band:
    """A band that declares what NetCDF has where nothing was written."""

    def __init__(self, band: Any, nodata: float | None) -> None:
        self._band = band
        self._nodata = nodata

    def __getattr__(self, name: str) -> Any:
        return getattr(self._band, name)

    def GetNoDataValue(self) -> float | None:  # noqa: N802 - as GDAL calls it
        """Return the value declared missing."""
        return self._nodata


def roles_of(path: str, array: Any) -> tuple[int, int, list[int]]:
    """Return which dimension is that of columns, of rows, and of times, if one is.

    Raises
    ------
    InputError
        There are no rows and columns, or there is a further axis.
    """
    dimensions = array.GetDimensions()
    names = [dimension.GetName().lower() for dimension in dimensions]
    if len(names) < 2:  # noqa: PLR2004 - rows and columns
        raise InputError(f"{path}: has no rows and columns")
    kinds = [dimension.GetType() for dimension in dimensions]
    numbers = range(len(names))
    across = next((i for i in numbers if names[i] in _ACROSS or kinds[i] == "HORIZONTAL_X"), None)
    down = next((i for i in numbers if names[i] in _DOWN or kinds[i] == "HORIZONTAL_Y"), None)
    if across is None or down is None:
        down, across = numbers[-2:]
    others = [i for i in numbers if i not in {across, down}]
    times = [i for i in others if (axis := dimensions[i].GetIndexingVariable()) is not None
             and is_time_unit(axis.GetUnit() or "")]  # fmt: skip
    long = [i for i in others if dimensions[i].GetSize() > 1]
    levels = [i for i in long if i not in times] if times else long[1:]
    if levels:
        axis = dimensions[levels[0]]
        raise InputError(
            f"{path}: has a further axis, {axis.GetName()}, with {axis.GetSize()} values: copy one "
            "of them into a file of its own, with gdalmdimtranslate -array and a view"
        )
    return across, down, times or long


def _values(array: Any) -> list[float]:
    """Return the numbers of an array of one dimension."""
    double = gdal.ExtendedDataType.Create(gdal.GDT_Float64)
    return list(
        struct.unpack(f"{array.GetTotalElementsCount()}d", array.Read(buffer_datatype=double))
    )


def _coordinates(array: Any, axis: int) -> list[float]:
    """Return the coordinates along a dimension; empty if it has none."""
    variable = array.GetDimensions()[axis].GetIndexingVariable()
    return [] if variable is None else _values(variable)


def _geotransform(x: list[float], y: list[float]) -> tuple[float, ...] | None:
    """Return GDAL's six numbers of coordinates of centres, of any precision; None if uneven."""
    edges = []
    for centres in (x, y):
        if len(centres) < 2:  # noqa: PLR2004 - one place has no size
            return None
        step = (centres[-1] - centres[0]) / (len(centres) - 1)
        off = max(abs(c - centres[0] - step * i) for i, c in enumerate(centres))
        if not off <= TOLERANCE * abs(step):
            return None
        edges.append((centres[0] - step / 2, step))
    (left, dx), (top, dy) = edges
    return left, dx, 0.0, top, 0.0, dy


def _crs_of(group: Any, array: Any) -> str:
    """Return the CRS of the variable that an array names as its grid mapping, as WKT."""
    mapping = _text(array, "grid_mapping")
    variable = mapping and group.ResolveMDArray(mapping, "/", [])
    if not variable:
        return ""
    return _text(variable, "crs_wkt") or _text(variable, "spatial_ref")


def _text(array: Any, name: str) -> str:
    attributes = {item.GetName(): item for item in array.GetAttributes()}
    return as_text(attributes[name].ReadAsString()) if name in attributes else ""


def _runs(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Return numbers that follow each other as (first, how many)."""
    groups = itertools.groupby(enumerate(numbers), key=lambda pair: pair[1] - pair[0])
    runs = [[number for _, number in group] for _, group in groups]
    return [(run[0], len(run)) for run in runs]
