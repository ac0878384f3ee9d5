"""Variables of NetCDF, HDF and Zarr files, read by name at the times of their axis."""

from __future__ import annotations

import json
import os
import sys
import zlib

import numpy as np
import pytest
import xarray as xr
from osgeo import gdal
from reading import refuses

import pixeltrend
from pixeltrend.errors import ArgumentError, InputError
from pixeltrend.raster.windows import Window
from pixeltrend.series.reader import close_rasters, read_chunk

TIMES = np.array(["2001-01-01", "2002-01-01", "2003-07-01", "2004-12-31"], "datetime64[ns]")
YEARS = [2001, 2002, 2003 + 181 / 365, 2004 + 365 / 366]
MISSING = -3000


@pytest.fixture
def numbers():
    """Packed numbers (time, lat, lon) with gaps."""
    rng = np.random.default_rng(5)
    numbers = rng.integers(-2000, 10_000, (4, 7, 6)).astype(np.int16)
    numbers[rng.random(numbers.shape) < 0.1] = MISSING
    return numbers


@pytest.fixture
def count_reads(monkeypatch):
    """Count the calls that read arrays of more than one dimension."""
    calls = []
    before = gdal.MDArray.Read

    def read_and_count(self, *args, **kwargs):
        if self.GetDimensionCount() > 1:
            calls.append(args)
        return before(self, *args, **kwargs)

    monkeypatch.setattr(gdal.MDArray, "Read", read_and_count)
    return calls


def dataset_of(variables, times=TIMES, *, north_up=True):
    """Make a Dataset of variables (time, lat, lon), on an even grid of half degrees."""
    height, width = next(iter(variables.values())).shape[1:]
    lat = 50 - 0.5 * np.arange(height)
    axes = {
        "time": times,
        "lat": ("lat", lat if north_up else lat[::-1], {"units": "degrees_north"}),
        "lon": ("lon", 10 + 0.5 * np.arange(width), {"units": "degrees_east"}),
    }
    packed = {
        name: (("time", "lat", "lon"), 1e-4 * np.where(values == MISSING, np.nan, values))
        for name, values in variables.items()
    }
    return xr.Dataset(packed, axes)


def write_netcdf(path, dataset):
    """Write a NetCDF file as xarray does."""
    packing = {"dtype": "int16", "scale_factor": 1e-4, "_FillValue": np.int16(MISSING)}
    encoding = dict.fromkeys(dataset.data_vars, packing)
    dataset.to_netcdf(path, engine="scipy", encoding=encoding)
    return path


def write_zarr(path, dataset, chunks, **attributes):
    """Write a Zarr store, of version 2, as xarray does."""
    path.mkdir()
    (path / ".zgroup").write_text('{"zarr_format": 2}')
    for name, variable in dataset.variables.items():
        values, said = variable.values, dict(variable.attrs)
        if name == "time":
            said |= {"units": "days since 1970-01-01", "calendar": "proleptic_gregorian"}
            values = (values - np.datetime64("1970-01-01")) / np.timedelta64(1, "D")
        if name in dataset.data_vars:
            said |= {"scale_factor": 1e-4} | attributes
            values = np.where(np.isnan(values), MISSING, np.round(values * 1e4)).astype("<i2")
        _write_array(path / name, values, variable.dims, chunks, said)
    return path


def _write_array(folder, values, dims, chunks, attributes):
    sizes = [chunks.get(dim, values.shape[axis]) for axis, dim in enumerate(dims)]
    folder.mkdir(exist_ok=True)
    facts = {
        "zarr_format": 2, "shape": values.shape, "chunks": sizes, "order": "C", "filters": None,
        "dtype": values.dtype.str, "compressor": {"id": "zlib", "level": 1},
        "fill_value": MISSING if values.dtype.kind == "i" else None,
    }  # fmt: skip
    (folder / ".zarray").write_text(json.dumps(facts))
    (folder / ".zattrs").write_text(json.dumps(attributes | {"_ARRAY_DIMENSIONS": dims}))
    if not dims:
        return
    for place in np.ndindex(*[-(-n // size) for n, size in zip(values.shape, sizes, strict=True)]):
        parts = zip(place, sizes, strict=True)
        part = values[tuple(slice(i * size, (i + 1) * size) for i, size in parts)]
        chunk = np.full(sizes, MISSING, values.dtype)  # chunks at the ends are whole too
        chunk[tuple(map(slice, part.shape))] = part
        (folder / ".".join(map(str, place))).write_bytes(zlib.compress(chunk.tobytes()))


def read(pattern, window=None, **options):
    """Read a series as (N, rows, columns)."""
    series = pixeltrend.open_series(pattern, **options)
    window = window or Window(0, 0, series.grid.height, series.grid.width)
    return read_chunk(series, window).values.reshape(-1, window.height, window.width)


WRITERS = {
    "netcdf": lambda path, dataset: write_netcdf(path.with_suffix(".nc"), dataset),
    "zarr": lambda path, dataset: write_zarr(
        path.with_suffix(".zarr"), dataset, {"time": 3, "lat": 2, "lon": 4}
    ),
}


# A wheel brings fewer drivers than a system's GDAL.
ZARR = pytest.mark.skipif(gdal.GetDriverByName("Zarr") is None, reason="no driver Zarr")
KINDS = ["netcdf", pytest.param("zarr", marks=ZARR)]


@pytest.mark.parametrize("north_up", [True, False], ids=["north up", "south up"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_variable_is_what_xarray_reads(tmp_path, numbers, kind, north_up):
    dataset = dataset_of({"ndvi": numbers, "evi": numbers[::-1]}, north_up=north_up)
    path = WRITERS[kind](tmp_path / "cube", dataset)
    series = pixeltrend.open_series(path, variable="ndvi")
    np.testing.assert_allclose(series.times, YEARS, rtol=1e-15)
    assert all("unevenly" in text or "no raster has a CRS" in text for text in series.warnings)
    assert series.grid.geotransform == (9.75, 0.5, 0, 50.25, 0, -0.5)
    if kind == "netcdf":
        dataset = xr.load_dataset(path, engine="scipy")
    expected = dataset["ndvi"].sortby("lat", ascending=False).values
    np.testing.assert_allclose(read(path, variable="ndvi"), expected, rtol=1e-6)
    other = dataset["evi"].sortby("lat", ascending=False).values
    np.testing.assert_allclose(read(path, variable="evi"), other, rtol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_any_window_of_it(tmp_path, numbers, kind):
    path = WRITERS[kind](tmp_path / "cube", dataset_of({"ndvi": numbers, "evi": numbers}))
    whole = read(path, variable="ndvi")
    for window in (Window(0, 0, 1, 6), Window(1, 3, 5, 2), Window(6, 5, 1, 1)):
        rows = slice(window.row_off, window.row_off + window.height)
        columns = slice(window.col_off, window.col_off + window.width)
        part = read(path, window, variable="ndvi")
        np.testing.assert_array_equal(part, whole[:, rows, columns])


@pytest.mark.parametrize("kind", KINDS)
def test_several_files_each_with_an_axis(tmp_path, numbers, kind):
    dataset = dataset_of({"ndvi": numbers, "evi": numbers})
    whole = read(WRITERS[kind](tmp_path / "whole", dataset), variable="ndvi")
    for number, part in enumerate((slice(2, 4), slice(0, 2))):  # names say nothing of the order
        WRITERS[kind](tmp_path / f"part_{number}", dataset.isel(time=part))
    suffix = {"netcdf": "nc", "zarr": "zarr"}[kind]
    series = pixeltrend.open_series(tmp_path / f"part_*.{suffix}", variable="ndvi")
    np.testing.assert_allclose(series.times, YEARS, rtol=1e-15)
    np.testing.assert_array_equal(read(tmp_path / f"part_*.{suffix}", variable="ndvi"), whole)


@pytest.mark.parametrize("kind", KINDS)
def test_the_trend_is_the_same_for_any_chunking(tmp_path, numbers, kind, read_raster):
    path = WRITERS[kind](tmp_path / "cube", dataset_of({"ndvi": numbers, "evi": numbers}))
    for name, how in (("a", {"workers": 1}), ("b", {"workers": 2, "memory": 2_000})):
        pixeltrend.slope(path, tmp_path / f"{name}.tif", variable="ndvi", dtype="float64", **how)
    assert (tmp_path / "a.tif").read_bytes() == (tmp_path / "b.tif").read_bytes()
    values = read(path, variable="ndvi").astype(np.float64)
    for row, column in ((0, 0), (6, 5), (3, 2)):
        pixel = values[:, row, column]
        valid = np.isfinite(pixel)
        line = np.polyfit(np.array(YEARS)[valid] - 2000, pixel[valid], 1)
        found = read_raster(tmp_path / "a.tif")[row, column]
        np.testing.assert_allclose(found, line[0], rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_a_result_can_be_verified(run_cli, tmp_path, numbers, kind):
    path = WRITERS[kind](tmp_path / "cube", dataset_of({"ndvi": numbers, "evi": numbers}))
    pixeltrend.slope(path, tmp_path / "t.tif", variable="ndvi")
    done = run_cli("check", "t.tif", "--verify")
    assert done.returncode == 0, done.stderr
    table = run_cli("check", path.name, "--variable", "ndvi", "--full").stdout
    assert f"2004-12-31  {path.name}:{'/' * (kind == 'zarr')}ndvi  6 x 7  4" in table


@pytest.mark.parametrize("calendar", ["360_day", "noleap", "julian"])
def test_calendars(tmp_path, calendar):
    dataset = dataset_of({"tas": np.zeros((3, 2, 2))}, np.arange(3))
    days = {"360_day": [0, 30, 360], "noleap": [0, 59, 365], "julian": [0, 31, 366]}[calendar]
    said = {"units": "days since 2004-01-01", "calendar": calendar}
    dataset = dataset.assign_coords(time=("time", np.array(days, float), said))
    dataset.to_netcdf(tmp_path / "model.nc", engine="scipy")
    series = pixeltrend.open_series(tmp_path / "model.nc", variable="tas")
    expected = {
        "360_day": [2004, 2004 + 30 / 360, 2005],
        "noleap": [2004, 2004 + 59 / 365, 2005],
        "julian": [2004, 2004 + 31 / 366, 2005],
    }
    np.testing.assert_allclose(series.times, expected[calendar], rtol=1e-15)


def test_an_axis_of_another_name(tmp_path, numbers):
    """ERA5's is called valid_time, gridMET's day."""
    dataset = dataset_of({"t2m": numbers, "tp": numbers}).rename(time="valid_time")
    path = write_netcdf(tmp_path / "era5.nc", dataset)
    assert pixeltrend.open_series(path, variable="t2m").times == pytest.approx(YEARS)


def test_without_an_option_the_first_of_many_times_is_read_and_told(tmp_path, numbers, monkeypatch):
    """Without cftime too: names are read, and no axis."""
    for name in ("tas_1990.nc", "tas_1991.nc"):
        write_netcdf(tmp_path / name, dataset_of({"tas": numbers}))
    monkeypatch.setitem(sys.modules, "cftime", None)
    series = pixeltrend.open_series(tmp_path)
    assert series.times.tolist() == [1990, 1991]
    assert "tas_1990.nc has 4 bands; the first one is used (see --variable" in series.warnings[0]


def test_axes_go_before_names(tmp_path, numbers):
    for name, part in (("tas_1990.nc", slice(0, 2)), ("tas_1991.nc", slice(2, 4))):
        write_netcdf(tmp_path / name, dataset_of({"tas": numbers}).isel(time=part))
    assert pixeltrend.open_series(tmp_path, variable="tas").times == pytest.approx(YEARS)


def test_files_of_one_time_each_without_an_axis_are_dated_by_their_names(tmp_path, numbers):
    dataset = dataset_of({"b2_500": numbers, "b3_500": numbers})
    for number, year in enumerate(range(1995, 1999)):
        layer = dataset.isel(time=number, drop=True)
        write_netcdf(tmp_path / f"MOD_{year}.nc", layer)
    series = pixeltrend.open_series(tmp_path, variable="b2_500")
    assert series.times.tolist() == [1995, 1996, 1997, 1998]
    (warning,) = series.warnings
    assert "no raster has a CRS" in warning
    expected = dataset["b2_500"].values
    np.testing.assert_allclose(read(tmp_path, variable="b2_500"), expected, rtol=1e-6)


AXES = {
    "time": (np.array([0.0, 365, 730, 1095]), "days since 2001-01-01"),
    "lat": (50 - 0.5 * np.arange(7), "degrees_north"),
    "lon": (10 + 0.5 * np.arange(6), "degrees_east"),
}


def write_hdf5(path, numbers, order=("time", "lat", "lon"), group="", chunk=(), fill=MISSING):
    """Write the variables ndvi and evi into a file of NetCDF 4, which is HDF5."""
    root = gdal.GetDriverByName("netCDF").CreateMultiDimensional(str(path)).GetRootGroup()
    double, text = gdal.ExtendedDataType.Create(gdal.GDT_Float64), gdal.ExtendedDataType
    dimensions = {}
    for name, (values, unit) in AXES.items():
        dimensions[name] = root.CreateDimension(name, "", "", len(values))
        axis = root.CreateMDArray(name, [dimensions[name]], double)
        axis.CreateAttribute("units", [], text.CreateString()).Write(unit)
        axis.Write(values)
    where = root.CreateGroup(group) if group else root
    values = np.transpose(numbers, [list(AXES).index(name) for name in order])
    kind = gdal.ExtendedDataType.Create(gdal.GDT_Int16 if fill else gdal.GDT_Float32)
    values = np.ascontiguousarray(values, np.int16 if fill else np.float32)
    how = [f"BLOCKSIZE={','.join(map(str, chunk))}"] if chunk else []
    for name in ("ndvi", "evi"):
        array = where.CreateMDArray(name, [dimensions[axis] for axis in order], kind, how)
        if fill:
            array.SetScale(1e-4)
            array.SetNoDataValueDouble(fill)
        array.Write(values if name == "ndvi" else values[::-1])
    return path


@pytest.mark.parametrize("group", ["", "indices"], ids=["root", "group"])
def test_hdf5_files_are_read_with_scale_and_grid(tmp_path, numbers, group):
    """The driver of HDF5 knows neither; that of NetCDF reads such files too."""
    path = write_hdf5(tmp_path / "cube.he5", numbers, group=group)
    expected = np.where(numbers == MISSING, np.nan, 1e-4 * numbers)
    for name in {"ndvi", f"{group}/ndvi", f"/{group}/ndvi".replace("//", "/")}:
        np.testing.assert_allclose(read(path, variable=name), expected, rtol=1e-6)
    series = pixeltrend.open_series(path, variable="evi")
    assert series.times.tolist() == [2001, 2002, 2003, 2004]
    (warning,) = series.warnings
    assert "no raster has a CRS" in warning
    assert series.grid.geotransform == (9.75, 0.5, 0, 50.25, 0, -0.5)


@pytest.mark.parametrize("order", [("time", "lon", "lat"), ("lat", "lon", "time")], ids="-".join)
@pytest.mark.parametrize("fill", [MISSING, None], ids=["packed", "floats"])
def test_axes_in_another_order(tmp_path, numbers, order, fill):
    """GPM's grids have latitudes last; MATLAB writes times last."""
    path = write_hdf5(tmp_path / "cube.nc", numbers, order, fill=fill)
    expected = np.where(numbers == MISSING, np.nan, 1e-4 * numbers) if fill else numbers
    np.testing.assert_allclose(read(path, variable="ndvi"), expected, rtol=1e-6)
    series = pixeltrend.open_series(path, variable="ndvi")
    assert series.grid.geotransform == (9.75, 0.5, 0, 50.25, 0, -0.5)


def test_chunks_of_several_times_are_decoded_once(tmp_path, numbers, count_reads):
    path = write_hdf5(tmp_path / "cube.nc", numbers, chunk=(4, 3, 3), fill=None)
    series = pixeltrend.open_series(path, variable="ndvi")
    assert series.block == (3, 3)
    chunk = read_chunk(series, Window(0, 0, 3, 6))
    np.testing.assert_array_equal(chunk.values, numbers[:, :3].reshape(4, -1))
    assert count_reads == [([0, 0, 0], [4, 3, 6])]


def test_what_was_never_written_is_missing(tmp_path, numbers):
    for chunk in ((4, 3, 3), (1, 7, 6)):
        path = tmp_path / f"{chunk[0]}.nc"
        values = np.where(numbers == MISSING, 9.969209968386869e36, numbers)
        write_hdf5(path, values, chunk=chunk, fill=None)
        expected = np.where(numbers == MISSING, np.nan, numbers)
        np.testing.assert_array_equal(read(path, variable="ndvi"), expected)


HDF4 = pytest.mark.skipif(gdal.GetDriverByName("HDF4Image") is None, reason="no HDF4")


@HDF4
def test_hdf4(tmp_path):
    for year in (2001, 2002):
        path = str(tmp_path / f"MOD_{year}.hdf")
        made = gdal.GetDriverByName("HDF4Image").Create(path, 3, 2, 2, gdal.GDT_Int16, ["RANK=2"])
        for number in (1, 2):
            values = np.full(6, 10 * year + number, np.int16)
            made.GetRasterBand(number).WriteRaster(0, 0, 3, 2, values.tobytes())
        made = None
    found = read(tmp_path / "*.hdf", variable="Band1")
    np.testing.assert_array_equal(found[:, 0, 0], [20012, 20022])
    with pytest.raises(InputError, match=r"MOD_2001\.hdf: has no variable 'Band3'; did you mean B"):
        pixeltrend.open_series(tmp_path / "*.hdf", variable="Band3")


# Zarr


@ZARR
def test_all_times_of_a_store_are_read_in_one_go(tmp_path, numbers, count_reads):
    dataset = dataset_of({"ndvi": numbers})
    path = write_zarr(tmp_path / "cube.zarr", dataset, {"lat": 4, "lon": 4})
    series = pixeltrend.open_series(path, variable="ndvi")
    assert series.block == (4, 4)
    read_chunk(series, Window(0, 0, 4, 6))
    assert count_reads == [([0, 0, 0], [4, 4, 6])]


@ZARR
def test_the_crs_and_coordinates_of_float32_of_a_store(tmp_path, numbers):
    dataset = dataset_of({"ndvi": numbers})
    dataset = dataset.assign_coords(lon=(-180 + np.arange(6) / 120).astype(np.float32))
    path = write_zarr(tmp_path / "cube.zarr", dataset, {}, grid_mapping="spatial_ref")
    wkt = 'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]]]'
    _write_array(path / "spatial_ref", np.array(0), (), {}, {"crs_wkt": wkt})
    grid = pixeltrend.open_series(path, variable="ndvi").grid
    assert grid.crs == wkt
    np.testing.assert_allclose(grid.geotransform[1], 1 / 120, rtol=1e-3)
    for how in ({"bounds": (-180.005, 48.0, -179.97, 50.25)}, {"align": "nearest"}):
        assert np.isfinite(read(path, variable="ndvi", **how)).any()


@ZARR
def test_a_store_with_its_axes_in_another_order(tmp_path, numbers):
    dataset = dataset_of({"ndvi": numbers})
    path = write_zarr(tmp_path / "cube.zarr", dataset, {"lat": 3})
    turned = write_zarr(
        tmp_path / "turned.zarr", dataset.transpose("lon", "time", "lat"), {"lat": 3}
    )
    ours, theirs = (read(store, variable="ndvi") for store in (path, turned))
    np.testing.assert_array_equal(ours, theirs)


@ZARR
def test_a_store_that_changes_is_made_again(run_cli, tmp_path, numbers):
    dataset = dataset_of({"ndvi": numbers})
    path = write_zarr(tmp_path / "cube.zarr", dataset, {"time": 1})
    typed = ["slope", "cube.zarr", "-o", "t.tif", "--variable", "ndvi", "--update", "--json"]
    assert not json.loads(run_cli(*typed).stdout)["current"]
    assert json.loads(run_cli(*typed).stdout)["current"]
    chunk = path / "ndvi" / "1.0.0"
    content = zlib.compress(bytes(len(zlib.decompress(chunk.read_bytes()))))
    chunk.write_bytes(content)
    assert not json.loads(run_cli(*typed).stdout)["current"]


@ZARR
def test_a_chunk_that_is_broken_is_named(run_cli, tmp_path, numbers):
    path = write_zarr(tmp_path / "cube.zarr", dataset_of({"ndvi": numbers}), {"time": 1})
    (path / "ndvi" / "1.0.0").write_bytes(b"no zlib")
    done = run_cli("slope", "cube.zarr", "-o", "t.tif", "--variable", "ndvi")
    refuses(done, 1, "cube.zarr", "cannot read")


@ZARR
def test_a_store_in_an_object_store(tmp_path, numbers, s3):
    path = write_zarr(tmp_path / "cube.zarr", dataset_of({"ndvi": numbers}), {"time": 3, "lat": 4})
    s3.put_folder(path, "maps/cubes/cube.zarr")
    for address in ("s3://maps/cubes/cube.zarr", "/vsis3/maps/cubes/cube.zarr/"):
        found = read(address, variable="ndvi")
        np.testing.assert_array_equal(found, read(path, variable="ndvi"))
    close_rasters()


# Refusals


@pytest.mark.parametrize("kind", KINDS)
def test_of_several_variables_one_must_be_named(run_cli, tmp_path, numbers, kind):
    path = WRITERS[kind](tmp_path / "cube", dataset_of({"ndvi": numbers, "evi": numbers}))
    done = run_cli("slope", path.name, "-o", "t.tif")
    refuses(done, 3, path.name, "ndvi", "evi", "--variable NAME")
    assert "time" not in done.stderr
    done = run_cli("slope", path.name, "-o", "t.tif", "--variable", "ndvy")
    refuses(done, 3, path.name, "'ndvy'", "did you mean ndvi?")
    done = run_cli("slope", path.name, "-o", "t.tif", "--variable", "ndvi")
    assert (done.returncode, os.listdir(tmp_path).count("t.tif")) == (0, 1), done.stderr


def test_a_raster_has_no_variables(run_cli, tmp_path, stack):
    done = run_cli("slope", "*.tif", "-o", "t.tif", "--variable", "ndvi")
    refuses(done, 3, "ndvi_2000.tif", "GTiff", "--band")


@pytest.mark.parametrize("kind", KINDS)
def test_a_further_axis_is_refused(run_cli, tmp_path, numbers, kind):
    layer = dataset_of({"ta": numbers})
    dataset = xr.concat([layer, layer], xr.Variable("plev", [850.0, 500.0]))
    dataset = dataset.transpose("time", "plev", "lat", "lon")
    path = WRITERS[kind](tmp_path / "model", dataset)
    refuses(run_cli("check", path.name, "--variable", "ta"), 3, path.name, "axis, plev", "2 values")
    one = WRITERS[kind](tmp_path / "one", dataset.isel(plev=slice(1, 2)))
    whole = WRITERS[kind](tmp_path / "whole", layer)
    ours, theirs = (read(path, variable="ta") for path in (one, whole))
    np.testing.assert_array_equal(ours, theirs)


def test_a_file_that_is_none_at_all(run_cli, tmp_path):
    (tmp_path / "cube.nc").write_bytes(b"CDF nonsense")
    refuses(run_cli("check", "cube.nc", "--variable", "ndvi"), 3, "cube.nc", "NetCDF")


@pytest.mark.parametrize("variable", ["ndvi", None], ids=["named", "not named"])
def test_a_missing_driver_is_named(tmp_path, numbers, monkeypatch, variable):
    path = write_zarr(tmp_path / "cube.zarr", dataset_of({"ndvi": numbers}), {})
    before = gdal.OpenEx

    def without_zarr(path, flags, allowed_drivers, **options):
        return before(path, flags, [d for d in allowed_drivers if d != "Zarr"], **options)

    monkeypatch.setattr(gdal, "OpenEx", without_zarr)
    monkeypatch.setattr(gdal, "GetDriverByName", lambda _name: None)
    with pytest.raises(InputError, match=r"cube\.zarr: .*but this GDAL has no driver Zarr"):
        pixeltrend.open_series(path, variable=variable)


@pytest.mark.parametrize("other", ["band", "mask_band", "qa_band"])
def test_bands_of_rasters_are_no_variables(other):
    options = {other: 1} | ({"qa_bits": "1"} if other == "qa_band" else {})
    with pytest.raises(ArgumentError, match=f"{other}.*variable"):
        pixeltrend.open_series("*.nc", variable="ndvi", **options)
