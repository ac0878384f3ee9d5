"""NetCDF files with an axis of time, as climate models and xarray write them."""

from __future__ import annotations

import numpy as np
import pytest
from osgeo import gdal

import pixeltrend

YEARS = 4


@pytest.fixture
def write_netcdf(tmp_path):
    """Write variables (time, y, x) into one file, with a CF axis of time."""

    def write(name, variables, offsets, units, calendar="standard"):
        path = tmp_path / name
        group = gdal.GetDriverByName("netCDF").CreateMultiDimensional(str(path)).GetRootGroup()
        double = gdal.ExtendedDataType.Create(gdal.GDT_Float64)
        text = gdal.ExtendedDataType.CreateString()
        _, height, width = next(iter(variables.values())).shape
        axes = {
            "time": np.asarray(offsets, dtype=np.float64),
            "y": 50.0 - 0.5 * np.arange(height),
            "x": 10.0 + 0.5 * np.arange(width),
        }
        dimensions = []
        for axis, values in axes.items():
            dimension = group.CreateDimension(axis, "", "", len(values))
            coordinate = group.CreateMDArray(axis, [dimension], double)
            if axis == "time":
                for key, said in (("units", units), ("calendar", calendar)):
                    coordinate.CreateAttribute(key, [], text).Write(said)
            coordinate.Write(values)
            dimensions.append(dimension)
        for variable, values in variables.items():
            array = group.CreateMDArray(variable, dimensions, double)
            array.Write(np.ascontiguousarray(values, dtype=np.float64))
        return path

    return write


@pytest.mark.parametrize(
    ("units", "calendar", "offsets"),
    [
        ("days since 2001-01-01", "standard", [0, 365, 730, 1095]),
        ("hours since 2001-01-01 00:00:00", "proleptic_gregorian", [0, 8760, 17520, 26280]),
        ("days since 2001-01-01", "noleap", [0, 365, 730, 1095]),
        ("days since 2001-01-01", "360_day", [0, 360, 720, 1080]),
    ],
)
def test_bands_have_the_times_of_the_axis(tmp_path, write_netcdf, units, calendar, offsets):
    values = np.arange(YEARS)[:, None, None] * np.array([[[0.5, -2.0, 0.0]]]) + 7
    path = write_netcdf("model.nc", {"ndvi": values}, offsets, units, calendar)
    series = pixeltrend.open_series(path, bands_are_times=True)
    np.testing.assert_allclose(series.times, [2001, 2002, 2003, 2004], rtol=0, atol=1e-12)
    pixeltrend.slope(path, tmp_path / "trend.tif", bands_are_times=True, dtype="float64")
    found = gdal.Open(str(tmp_path / "trend.tif")).ReadAsArray()
    np.testing.assert_allclose(found, [[0.5, -2.0, 0.0]], atol=1e-12)


def test_months_are_not_all_as_long(write_netcdf):
    values = np.zeros((3, 1, 2))
    path = write_netcdf("model.nc", {"t": values}, [0, 31, 60], "days since 2004-01-01")
    series = pixeltrend.open_series(path, bands_are_times=True)
    np.testing.assert_allclose(series.times, [2004, 2004 + 31 / 366, 2004 + 60 / 366], rtol=1e-15)


def test_of_several_variables_one_must_be_named(write_netcdf, run_cli):
    ndvi = np.arange(4.0)[:, None, None] * np.ones((1, 2, 3))
    write_netcdf(
        "model.nc", {"ndvi": ndvi, "lst": -ndvi}, [0, 366, 731, 1096], "days since 2000-1-1"
    )
    done = run_cli("slope", "model.nc", "-o", "trend.tif", "--bands-are-times")
    assert done.returncode == 3
    assert "ndvi, lst; give one with --variable NAME" in done.stderr
    assert done.stderr.count("\n") == 1
    done = run_cli("slope", 'NETCDF:"model.nc":lst', "-o", "trend.tif", "--bands-are-times")
    assert done.returncode == 0, done.stderr


def test_a_file_a_year_without_years_in_their_names(tmp_path, write_netcdf):
    for name, offset in (("b.nc", 0), ("a.nc", 365), ("c.nc", 730)):
        write_netcdf(name, {"ndvi": np.full((1, 2, 3), offset)}, [offset], "days since 2001-1-1")
    series = pixeltrend.open_series(tmp_path / "*.nc")
    assert series.times.tolist() == [2001, 2002, 2003]
    assert [name.rpartition("/")[2] for name in series.names] == ["b.nc", "a.nc", "c.nc"]
    assert any("names hold no times" in warning for warning in series.warnings)


def test_a_name_that_contradicts_the_axis_is_told(tmp_path, write_netcdf):
    for year, offset in ((2001, 0), (2002, 730), (2003, 730)):
        write_netcdf(f"v_{year}.nc", {"v": np.zeros((1, 2, 2))}, [offset], "days since 2001-1-1")
    series = pixeltrend.open_series(tmp_path / "*.nc")
    warnings = [text for text in series.warnings if "CRS" not in text]  # such files have none
    assert len(warnings) == 1
    assert "v_2002.nc" in warnings[0]
    assert "2003" in warnings[0]
