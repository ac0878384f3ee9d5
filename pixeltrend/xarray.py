"""Trends of xarray's DataArrays: the command line's numbers, lazily where the data are Dask's."""

from __future__ import annotations

import logging
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from pixeltrend.arrays import reduce_pixels, years_of_datetimes
from pixeltrend.errors import ArgumentError, InputError, MissingDependencyError
from pixeltrend.options import from_keywords, takes
from pixeltrend.raster.provenance import Provenance, describe, options_text
from pixeltrend.reducers.methods import make_reducer
from pixeltrend.reducers.notes import notes
from pixeltrend.reducers.options import StatsOptions
from pixeltrend.reducers.reducer import prepare
from pixeltrend.times.dates import decimal_year_of_cftime, duplicates

try:
    import xarray as xr
except ModuleNotFoundError as error:
    raise MissingDependencyError(
        f'{error.name} is not installed: pip install xarray "dask[array]"'
    ) from error

if TYPE_CHECKING:
    from collections.abc import Hashable

    from numpy.typing import NDArray

    from pixeltrend.reducers.reducer import BandInfo, Reducer

    Floats = NDArray[np.float64]

log = logging.getLogger(__name__)

# Larger numbers are no years: 20040101, 2004001 or days since some day.
_LAST_YEAR = 9999


@takes(StatsOptions)
def trend(
    dataarray: xr.DataArray, dim: Hashable = "time", method: str = "ols", **options: Any
) -> xr.Dataset:
    """Return the trend along `dim` of every pixel of a DataArray.

    The numbers are, bit for bit, those that ``pixeltrend slope --dtype float64`` writes for equal
    values and times. On a Dask array nothing is read until they are asked for.

    Parameters
    ----------
    dataarray
        Integers or floats, (..., N, ...): N times, anywhere among any number of other dimensions.
        NaN and infinite values are missing. Where a Dask array has its times in several chunks, it
        is rechunked: all times in one, the other dimensions as Dask's "auto" finds good.
    dim
        The dimension of time. Its coordinate, in any order, has years (integers or decimal years),
        datetime64, or cftime times of any calendar. These stand for decimal years: year + (day of
        year - 1) / days in that year of that calendar, with the time of day as a part of the day.
        For yearly values that are not stamped with the first of January, whole years are more
        likely meant: ``dataarray.assign_coords(time=dataarray.time.dt.year)``.
    method
        As for `pixeltrend.slope`.
    **options
        ``stats="slope,pvalue"`` and all other fields of
        `pixeltrend.reducers.options.StatsOptions` but `fdr`.

    Returns
    -------
    xarray.Dataset
        One float64 variable for each band of the method, with the other dimensions of `dataarray`
        in their order, its coordinates, its CRS (``grid_mapping``) and its ``units`` per year.

    Raises
    ------
    InputError
        No such dimension; values that are no real numbers; times that are missing, alike, fewer
        than two, or no times; a coordinate that has the name of a band.
    ArgumentError
        A parameter makes no sense, whatever the data are.

    Examples
    --------
    >>> ndvi = xarray.open_zarr("ndvi.zarr")["ndvi"]  # doctest: +SKIP
    >>> pixeltrend.xarray.trend(ndvi)["slope"].rio.to_raster("trend.tif")  # doctest: +SKIP
    """
    (statistics,) = from_keywords({"method": method, **options}, StatsOptions)
    if statistics.fdr:
        raise ArgumentError(
            "fdr: a lazy array has no p-values to adjust yet; see pixeltrend.reduce"
        )
    reducer = make_reducer(statistics)
    prepare(reducer)
    _check(dataarray, dim, reducer)
    times = _decimal_years(dataarray[dim])
    for text in notes(np.sort(times), statistics):
        log.warning(text)
    if len(dataarray.variable.chunksizes.get(dim, ())) > 1:
        # Of the variable, not of the DataArray: that would turn its coordinates into Dask arrays.
        chunks: dict[Hashable, Any] = dict.fromkeys(dataarray.dims, "auto") | {dim: -1}
        dataarray = dataarray.copy(data=dataarray.variable.chunk(chunks).data)
    count = len(reducer.bands)
    results = xr.apply_ufunc(
        _reduce,
        dataarray,
        kwargs={"times": times, "reducer": reducer},
        input_core_dims=[[dim]],
        output_core_dims=[[]] * count,
        output_dtypes=[np.float64] * count,
        dask="parallelized",
    )
    bands = results if count > 1 else (results,)
    facts = Provenance(reducer.method, tuple(np.sort(times)), (), options=options_text(options))
    attributes = {name.lower(): text for name, text in describe(facts).items()}
    variables = {
        info.name: _described(band.variable, info, dataarray)
        for info, band in zip(reducer.bands, bands, strict=True)
    }
    coords = dataarray.coords.to_dataset().drop_dims([dim]).coords  # with their attributes
    return xr.Dataset(variables, coords=coords, attrs=attributes)


def _described(band: xr.Variable, info: BandInfo, dataarray: xr.DataArray) -> xr.Variable:
    """Describe a band, and where it lies: where `dataarray` does."""
    unit = info.unit_for(str(dataarray.attrs.get("units", "")))
    band.attrs = {"long_name": info.description} | ({"units": unit} if unit else {})
    band.encoding = {"_FillValue": np.nan}
    # The coordinate with the CRS: rioxarray names it in the encoding, others in the attributes.
    band.encoding |= {k: v for k, v in dataarray.encoding.items() if k == "grid_mapping"}
    band.attrs |= {k: v for k, v in dataarray.attrs.items() if k == "grid_mapping"}
    return band


def _reduce(block: NDArray[Any], times: Floats, reducer: Reducer) -> Floats | tuple[Floats, ...]:
    """Reduce a block (..., N) at `times` (N,) to an array (...) for each band."""
    values = np.moveaxis(block, -1, 0).reshape(len(times), math.prod(block.shape[:-1]))
    result = reduce_pixels(reducer, times, values)
    bands = tuple(result.reshape(len(result), *block.shape[:-1]))
    return bands if len(bands) > 1 else bands[0]


def _check(dataarray: xr.DataArray, dim: Hashable, reducer: Reducer) -> None:
    """Refuse what has no trend along `dim`."""
    if not isinstance(dataarray, xr.DataArray):
        raise InputError(f"{type(dataarray).__name__}: expected an xarray.DataArray")
    if dim not in dataarray.dims:
        dims = ", ".join(map(repr, dataarray.dims)) or "none"
        raise InputError(f"dimension {dim!r}: the dimensions of the DataArray are {dims}")
    if dim not in dataarray.coords:
        raise InputError(f"dimension {dim!r} has no coordinate: nothing says what its times are")
    if dataarray.dtype.kind not in "iuf":
        raise InputError(f"values are {dataarray.dtype}, which has no trend")
    for info in reducer.bands:
        if info.name in dataarray.coords or info.name in dataarray.dims:
            raise InputError(f"{info.name!r} is a coordinate, and a band of the result: rename it")


def _decimal_years(coordinate: xr.DataArray) -> Floats:
    """Return the decimal years (N,) of numbers, datetime64 or cftime times; each time once."""
    name, values = coordinate.name, coordinate.values
    unit = str(coordinate.attrs.get("units", ""))
    if values.dtype.kind in "iuf":
        if " since " in unit:
            raise InputError(f"{name} counts {unit!r}: decode it (xarray.decode_cf), or use years")
        years = values.astype(np.float64)
        years[np.abs(years) > _LAST_YEAR] = np.nan
    elif values.dtype.kind == "M":
        years = years_of_datetimes(values)
    elif values.dtype == object and all(hasattr(time, "calendar") for time in values):
        years = np.array([decimal_year_of_cftime(time) for time in values])
    else:
        kinds = " and ".join(sorted({type(time).__name__ for time in values}))
        raise InputError(f"{name} is {kinds}: use years, datetime64 or cftime times")
    if len(years) < 2:  # noqa: PLR2004 - two points make a line
        raise InputError(f"a trend needs at least two times, but {name} has {len(years)}")
    for wrong in values[np.isnan(years)]:
        raise InputError(f"{name}: {wrong} is not a year; use decimal years, datetime64 or cftime")
    for year in duplicates(years.tolist()):
        raise InputError(f"{name}: {values[years == year][0]} comes more than once")
    return years
