"""xarray: dimensions, coordinates, CRS and attributes of a trend."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import dask.array as da
import numpy as np
import pytest
import xarray as xr
from cubes import bits, cube
from oracles import linregress_slopes

import pixeltrend.xarray
from pixeltrend.reducers.reducer import BandInfo
from pixeltrend.xarray import trend

if TYPE_CHECKING:
    from pixeltrend.reducers.options import StatsOptions


@pytest.fixture
def values(make_values):
    return make_values(7, 9, 11, gaps=0.2)


# Dimensions, coordinates, CRS, attributes


@pytest.mark.parametrize(
    "dims", [("time", "y", "x"), ("y", "time", "x"), ("x", "y", "time"), ("time", "x", "y")]
)
@pytest.mark.parametrize("lazy", [False, True])
def test_order_of_dimensions_is_kept(values, dims, lazy):
    expected = trend(cube(values))
    turned = cube(values).transpose(*dims)
    result = trend(turned.chunk({"x": 4}) if lazy else turned)
    assert result["slope"].dims == tuple(dim for dim in dims if dim != "time")
    assert bits(result["slope"].transpose("y", "x")) == bits(expected["slope"])


def test_one_series_and_many_dimensions(values):
    one = cube(values)[:, 2, 3]
    expected = trend(cube(values))["slope"]
    assert trend(one)["slope"].dims == ()
    assert bits(trend(one)["slope"]) == bits(expected[2, 3])
    many = xr.concat([cube(values), 2 * cube(values)], "model").transpose("y", "model", "time", "x")
    result = trend(many)["slope"]
    assert result.dims == ("y", "model", "x")
    assert bits(result[:, 0]) == bits(expected)


def test_dimension_of_time_has_any_name(values):
    named = cube(values).rename(time="year")
    assert trend(named, dim="year").identical(trend(cube(values)))
    assert trend(named, "year", "ols").identical(trend(cube(values)))


@pytest.fixture
def georeferenced(values):
    """Make what rioxarray makes: the CRS in a coordinate, its name in the encoding."""
    dataarray = cube(values, name="ndvi").assign_coords(
        y=("y", 2_330_000.0 - 30 * np.arange(9), {"axis": "Y", "units": "metre"}),
        x=("x", 578_000.0 + 30 * np.arange(11), {"axis": "X", "units": "metre"}),
        spatial_ref=(
            (),
            0,
            {"crs_wkt": 'PROJCS["..."]', "GeoTransform": "577985 30 0 2330015 0 -30"},
        ),
        band=1,
        lat=(("y", "x"), np.full((9, 11), 21.0), {"units": "degrees_north"}),
        sensor=("time", list("5555788")),
    )
    dataarray.encoding = {
        "grid_mapping": "spatial_ref", "_FillValue": -9999, "scale_factor": 1e-4, "dtype": "int16",
    }  # fmt: skip
    dataarray.attrs = {"units": "K", "long_name": "Surface temperature", "valid_range": [200, 350]}
    return dataarray


@pytest.mark.parametrize("lazy", [False, True])
def test_coordinates_and_crs_are_kept(georeferenced, lazy):
    given_array = georeferenced.chunk({"time": 2}) if lazy else georeferenced
    result = trend(given_array)
    assert set(result.coords) == {"y", "x", "spatial_ref", "band", "lat"}
    for name in result.coords:
        assert result[name].identical(georeferenced[name].drop_vars("sensor", errors="ignore"))
    assert result["slope"].encoding["grid_mapping"] == "spatial_ref"
    assert result["slope"].sel(x=578_030, y=2_330_000).dims == ()


def test_grid_mapping_among_the_attributes_stays_there(georeferenced):
    georeferenced.attrs["grid_mapping"] = georeferenced.encoding.pop("grid_mapping")
    result = trend(georeferenced)["slope"]
    assert result.attrs["grid_mapping"] == "spatial_ref"
    assert "grid_mapping" not in result.encoding


def test_how_values_were_packed_is_forgotten(georeferenced):
    encoding = trend(georeferenced)["slope"].encoding
    assert np.isnan(encoding.pop("_FillValue"))
    assert encoding == {"grid_mapping": "spatial_ref"}


def test_result_comes_back_from_a_file(georeferenced, tmp_path):
    result = trend(georeferenced)
    result.to_netcdf(tmp_path / "trend.nc", engine="scipy")
    with xr.open_dataset(tmp_path / "trend.nc", engine="scipy", decode_coords="all") as read:
        assert bits(read["slope"].astype("f8")) == bits(result["slope"])
        assert read["spatial_ref"].attrs == result["spatial_ref"].attrs
        assert read["slope"].attrs == result["slope"].attrs
        assert read.attrs == result.attrs


def test_result_says_what_it_is(georeferenced):
    result = trend(georeferenced, method="linregress")
    assert result.attrs == {
        "pixeltrend_version": pixeltrend.__version__,
        "pixeltrend_method": "linregress",
        "pixeltrend_times": "2000 2001 2002 2003 2004 2005 2006",
    }
    assert result["slope"].attrs == {
        "long_name": "Slope of the least-squares line",
        "units": "K per year",
    }


def test_unknown_unit(values):
    assert trend(cube(values))["slope"].attrs["units"] == "per year"


# Methods of several bands, and their options


@dataclass(frozen=True)
class Line:
    """A reducer of three bands, with an option."""

    options: StatsOptions
    method: str = "line"
    max_pixels: int | None = 5
    bands: tuple[BandInfo, ...] = (
        BandInfo("slope", "Slope", "{unit} per year"),
        BandInfo("intercept", "Value at year 0", "{unit}"),
        BandInfo("last", "Number of the last time", ""),
    )

    def reduce(self, times, values):
        assert values.shape[1] <= self.max_pixels
        slopes = linregress_slopes(times, values)
        intercepts = np.nanmean(values, axis=0) - slopes * times.mean()
        values[:] = 0  # a reducer may do with its values what it likes
        return np.stack(
            [slopes / self.options.confidence, intercepts, np.full(len(slopes), times[-1])]
        )


@pytest.fixture
def three_bands(monkeypatch):
    monkeypatch.setattr(pixeltrend.xarray, "make_reducer", Line)


@pytest.mark.usefixtures("three_bands")
@pytest.mark.parametrize("lazy", [False, True])
def test_a_variable_for_each_band(georeferenced, lazy):
    given_array = georeferenced.chunk({"time": 2, "y": 4}) if lazy else georeferenced
    before = georeferenced.copy(deep=True)
    result = trend(given_array, confidence=0.5)
    assert list(result) == ["slope", "intercept", "last"]
    assert [result[name].attrs.get("units") for name in result] == ["K per year", "K", None]
    assert result.attrs["pixeltrend_method"] == "line"
    assert result.attrs["pixeltrend_options"] == "confidence=0.5"
    slopes = linregress_slopes(range(2000, 2007), georeferenced)
    np.testing.assert_array_equal(result["slope"], 2 * slopes)
    np.testing.assert_allclose(
        result["intercept"], georeferenced.mean("time") - 2003 * slopes, rtol=1e-4
    )
    assert (result["last"] == 2006).all()
    assert georeferenced.identical(before)


@pytest.mark.usefixtures("three_bands")
def test_all_bands_are_computed_in_one_go(values):
    calls = []
    lazy = cube(
        da.from_array(values, chunks=(7, 9, 11)).map_blocks(
            lambda b: calls.append(1) or b, dtype="f4", meta=np.empty((0, 0, 0), "f4")
        )
    )
    trend(lazy, confidence=0.5).compute(scheduler="sync")
    assert len(calls) == 1
