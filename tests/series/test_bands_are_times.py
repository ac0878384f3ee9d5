"""Bands that are times: many-band files as `toBands()`, R and netCDF write them."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from earth_engine import GEOTRANSFORM, write_shards
from hypothesis import given, settings
from hypothesis import strategies as st
from osgeo import gdal
from reading import refuses

import pixeltrend
from pixeltrend.errors import ArgumentError, InputError
from pixeltrend.raster.windows import Window
from pixeltrend.series.reader import read_chunk

NAN = np.nan
PIXEL = ["INTERLEAVE=PIXEL", "TILED=YES", "BLOCKXSIZE=16", "BLOCKYSIZE=16", "COMPRESS=DEFLATE"]
BAND = ["INTERLEAVE=BAND", *PIXEL[1:]]


def read(patterns, window=None, **options):
    """Read a series, or a window of it, as (N, rows, columns)."""
    series = pixeltrend.open_series(patterns, bands_are_times=True, **options)
    window = window or Window(0, 0, series.grid.height, series.grid.width)
    return read_chunk(series, window).values.reshape(-1, window.height, window.width)


@pytest.fixture
def values(make_values):
    """Six times of 40 x 35 pixels."""
    return make_values(6, 40, 35, gaps=0.1)


# Times


DESCRIPTIONS = ["{}_NDVI", "NDVI_{}", "{}", "X{}", "y{}", "ndvi.{}", "NDVI {}", "0_{}_mean"]


@pytest.mark.parametrize("description", DESCRIPTIONS)
def test_descriptions(tmp_path, write_raster, values, description):
    names = [description.format(year) for year in range(1995, 2001)]
    path = write_raster(tmp_path / "stack.tif", values, descriptions=names)
    series = pixeltrend.open_series(path, bands_are_times=True)
    assert series.times.tolist() == list(range(1995, 2001))
    assert [source.band for source in series.sources] == [1, 2, 3, 4, 5, 6]
    assert series.warnings == ()
    np.testing.assert_array_equal(read(path), values)


@pytest.mark.parametrize("options", [PIXEL, BAND], ids=["pixel", "band"])
def test_bands_in_another_order_than_time(tmp_path, write_raster, values, options):
    years = [2003, 2000, 2005, 2001, 2004, 2002]
    names = [f"{year}_NDVI" for year in years]
    path = write_raster(tmp_path / "stack.tif", values, descriptions=names, options=options)
    series = pixeltrend.open_series(path, bands_are_times=True)
    assert series.times.tolist() == sorted(years)
    np.testing.assert_array_equal(read(path), values[np.argsort(years)])


def test_years_for_bands_without_names(tmp_path, write_raster, values):
    path = write_raster(tmp_path / "stack.tif", values)
    series = pixeltrend.open_series(path, bands_are_times=True, years="1990:2000:2")
    assert series.times.tolist() == [1990, 1992, 1994, 1996, 1998, 2000]
    np.testing.assert_array_equal(read(path, years="1990:2000:2"), values)


def test_years_go_before_names(tmp_path, write_raster, values):
    names = [f"{year}_NDVI" for year in range(1995, 2001)]
    path = write_raster(tmp_path / "stack.tif", values, descriptions=names)
    series = pixeltrend.open_series(path, bands_are_times=True, years="2001:2006")
    assert series.times.tolist() == list(range(2001, 2007))


def test_a_regular_expression_for_descriptions(tmp_path, write_raster, values):
    names = [f"v2019_{year}_p1990" for year in range(1995, 2001)]
    path = write_raster(tmp_path / "stack.tif", values, descriptions=names)
    series = pixeltrend.open_series(path, bands_are_times=True, date_regex=r"_(\d{4})_")
    assert series.times.tolist() == list(range(1995, 2001))


# A wheel brings fewer drivers than a system's GDAL.
OTHER_DRIVERS = [name for name in ("GTiff", "HFA", "ENVI") if gdal.GetDriverByName(name)]


@pytest.mark.parametrize("driver", OTHER_DRIVERS)
def test_other_formats(tmp_path, write_raster, values, driver):
    names = [f"{year}_NDVI" for year in range(1995, 2001)]
    suffix = {"GTiff": "tif", "HFA": "img", "ENVI": "bin"}[driver]
    path = tmp_path / f"stack.{suffix}"
    write_raster(path, values, descriptions=names, driver=driver)
    assert pixeltrend.open_series(path, bands_are_times=True).times.tolist() == [*range(1995, 2001)]
    np.testing.assert_array_equal(read(path), values)


def test_several_files(tmp_path, write_raster, values):
    for first in (0, 3):
        names = [f"{2000 + first + place}_NDVI" for place in range(3)]
        write_raster(tmp_path / f"part_{first}.tif", values[first : first + 3], descriptions=names)
    series = pixeltrend.open_series(tmp_path, bands_are_times=True)
    assert series.times.tolist() == list(range(2000, 2006))
    np.testing.assert_array_equal(read(tmp_path), values)


def test_years_go_on_over_several_files(tmp_path, write_raster, values):
    for number, first in ((2, 0), (10, 3)):
        write_raster(tmp_path / f"part_{number}.tif", values[first : first + 3])
    np.testing.assert_array_equal(read(tmp_path, years="2000:2005"), values)


def test_a_stack_in_shards(tmp_path, write_raster, values):
    names = [f"{year}_NDVI" for year in range(1995, 2001)]
    write_shards(write_raster, tmp_path / "stack", values, [16, 32], [16, 32], descriptions=names)
    np.testing.assert_array_equal(read(tmp_path), values)
    (tmp_path / "stack-0000000016-0000000016.tif").unlink()
    expected = values.copy()
    expected[:, 16:32, 16:32] = NAN
    np.testing.assert_array_equal(read(tmp_path), expected)


# Values


def test_nodata_scale_and_range(tmp_path, write_raster):
    pixels = np.array([[[-3000, 1, 2]], [[3, -3000, 99]]], np.int16)
    path = write_raster(
        tmp_path / "s.tif", pixels, nodata=-3000, scale=0.5, offset=1, descriptions=["2000", "2001"]
    )
    np.testing.assert_array_equal(read(path), [[[NAN, 1.5, 2]], [[2.5, NAN, 50.5]]])
    values = read(path, valid_range=(2, 50), scale=1, offset=0)
    np.testing.assert_array_equal(values, [[[NAN, NAN, 2]], [[3, NAN, NAN]]])


def test_each_band_has_its_own_scale(tmp_path, write_raster):
    pixels = np.ones((3, 2, 2), np.int16)
    path = write_raster(tmp_path / "s.tif", pixels, descriptions=["2000", "2001", "2002"])
    dataset = gdal.Open(str(path), gdal.GA_Update)
    for number in (1, 2, 3):
        dataset.GetRasterBand(number).SetScale(10.0**number)
    dataset = None
    np.testing.assert_array_equal(read(path)[:, 0, 0], [10, 100, 1000])
    (warning,) = pixeltrend.open_series(path, bands_are_times=True).warnings
    assert "scale" in warning


@pytest.mark.parametrize("options", [PIXEL, BAND], ids=["pixel", "band"])
@pytest.mark.parametrize("dtype", ["uint8", "int16", "float64"])
def test_the_trend_of_a_stack_is_that_of_its_bands(
    tmp_path, write_raster, write_stack, dtype, options
):
    rng = np.random.default_rng(8)
    values = rng.integers(0, 256, (7, 50, 45)).astype(dtype)
    if dtype == "int16":
        values *= 100
    years = [2000, 2001, 2002, 2005, 2006, 2007, 2008]
    write_stack(tmp_path / "files", values, years, nodata=0, options=options)
    write_raster(
        tmp_path / "stack.tif",
        values[::-1],
        nodata=0,
        descriptions=[f"{year}_NDVI" for year in years[::-1]],
        options=options,
    )
    run = {"stats": "slope,pvalue,n_valid", "dtype": "float64"}
    pixeltrend.slope(tmp_path / "files", tmp_path / "of_files.tif", **run)
    for name, how in (("a", {"workers": 1}), ("b", {"workers": 2, "memory": 20_000})):
        pixeltrend.slope(
            tmp_path / "stack.tif", tmp_path / f"{name}.tif", bands_are_times=True, **run, **how
        )
    assert (tmp_path / "a.tif").read_bytes() == (tmp_path / "b.tif").read_bytes()
    ours, theirs = (gdal.Open(str(tmp_path / f"{name}.tif")) for name in ("a", "of_files"))
    assert ours.ReadRaster() == theirs.ReadRaster()


@settings(max_examples=40)
@given(
    order=st.permutations(range(6)),
    pixel=st.booleans(),
    corner=st.tuples(st.integers(0, 39), st.integers(0, 34)),
)
def test_any_order_of_bands_and_any_window(
    tmp_path_factory, write_raster, make_values, order, pixel, corner
):
    values = make_values(6, 40, 35, gaps=0.1)
    folder = tmp_path_factory.mktemp("order")
    path = write_raster(
        folder / "stack.tif",
        values[list(order)],
        descriptions=[f"{2000 + place}_NDVI" for place in order],
        options=PIXEL if pixel else BAND,
    )
    top, left = corner
    window = Window(top, left, min(20, 40 - top), min(20, 35 - left))
    np.testing.assert_array_equal(
        read(path, window), values[:, top : top + window.height, left : left + window.width]
    )
    shutil.rmtree(folder)


# Read once


@pytest.fixture
def reads(monkeypatch):
    """Count the calls that read pixels, as (what, number of bands)."""
    calls = []
    for owner in (gdal.Dataset, gdal.Band):
        for name in ("ReadRaster", "ReadAsArray"):
            before = getattr(owner, name)

            def read_and_count(self, *args, _before=before, _owner=owner, **kwargs):
                bands = kwargs.get("band_list")
                calls.append((_owner.__name__, len(bands) if bands else 1))
                return _before(self, *args, **kwargs)

            monkeypatch.setattr(owner, name, read_and_count)
    return calls


def test_sixty_bands_are_read_in_one_call_a_window(tmp_path, write_raster, make_values, reads):
    values = make_values(60, 32, 32)
    names = [f"{1960 + place}_NDVI" for place in range(60)]
    path = write_raster(tmp_path / "stack.tif", values, descriptions=names, options=PIXEL)
    series = pixeltrend.open_series(path, bands_are_times=True)
    reads.clear()
    chunk = read_chunk(series, Window(0, 0, 16, 32))
    np.testing.assert_array_equal(chunk.values, values[:, :16].reshape(60, -1))
    assert reads == [("Dataset", 60)]


def test_a_run_reads_no_pixel_of_a_stack_twice(tmp_path, write_raster, make_values, reads):
    names = [f"{1960 + place}_NDVI" for place in range(60)]
    path = tmp_path / "stack.tif"
    write_raster(path, make_values(60, 64, 64), nodata=-1, descriptions=names, options=PIXEL)
    memory = 16 * 64 * (60 * 4 + 1 + 16 + 4 + 2 * 4)  # a row of blocks at a time
    pixeltrend.slope(path, tmp_path / "t.tif", bands_are_times=True, workers=1, memory=memory)
    assert reads == [("Dataset", 60)] * 4


# The command line


def test_on_the_command_line(run_cli, tmp_path, write_raster, values, read_raster):
    names = [f"{year}_NDVI" for year in range(1995, 2001)]
    write_raster(tmp_path / "stack.tif", values, descriptions=names)
    typed = ["slope", "stack.tif", "-o", "t.tif", "--bands-are-times"]
    done = run_cli(*typed, "--stats", "n_valid", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert '"times": [1995.0, 1996.0' in done.stdout
    counted = np.isfinite(values).sum(axis=0)
    np.testing.assert_array_equal(read_raster(tmp_path / "t.tif"), counted)
    checked = run_cli("check", "stack.tif", "--bands-are-times")
    assert (checked.returncode, checked.stderr) == (0, "")
    assert "6 from 1995 to 2000" in checked.stdout


def test_one_file_of_many_bands_hints_at_the_option(run_cli, tmp_path, write_raster, values):
    names = [f"{year}_NDVI" for year in range(1995, 2001)]
    write_raster(tmp_path / "stack_2000.tif", values, descriptions=names)
    done = run_cli("slope", "stack_2000.tif", "-o", "t.tif")
    refuses(done, 3, "stack_2000.tif", "--bands-are-times")


def test_one_file_without_a_year_hints_at_the_option(run_cli, tmp_path, write_raster, values):
    names = [f"{year}_NDVI" for year in range(1995, 2001)]
    write_raster(tmp_path / "stack.tif", values, descriptions=names)
    done = run_cli("slope", "stack.tif", "-o", "t.tif")
    refuses(done, 3, "stack.tif", "--bands-are-times")


@pytest.mark.parametrize(
    ("names", "typed", "said"),
    [
        ((), [], ["stack.tif", "--years"]),
        (["a", "b", "c", "d", "e", "f"], [], ["stack.tif", "--years"]),
        ((), ["--years", "2000:2004"], ["6 bands", "5"]),
        (["2000", "2001", "2002", "2003", "2004", "2004"], [], ["2004", "band 5", "band 6"]),
    ],
)
def test_bands_without_times_are_refused(
    run_cli, tmp_path, write_raster, values, names, typed, said
):
    write_raster(tmp_path / "stack.tif", values, descriptions=names)
    (tmp_path / "t.tif").write_bytes(b"old")
    for arguments in (["slope", "stack.tif", "-o", "t.tif"], ["check", "stack.tif"]):
        done = run_cli(*arguments, "--bands-are-times", *typed)
        refuses(done, 3, *said)
    assert (tmp_path / "t.tif").read_bytes() == b"old"


def test_band_and_bands_are_times_exclude_each_other(run_cli, tmp_path, write_raster, values):
    path = write_raster(tmp_path / "stack.tif", values)
    with pytest.raises(ArgumentError, match="band"):
        pixeltrend.open_series(path, bands_are_times=True, band=1)
    typed = ["stack.tif", "-o", "t.tif", "--bands-are-times", "--band", 1]
    refuses(run_cli("slope", *typed), 2)


def test_one_band_is_no_series(tmp_path, write_raster):
    path = write_raster(tmp_path / "s.tif", np.ones((2, 3), np.float32), descriptions=["2000"])
    with pytest.raises(InputError, match=r"s\.tif"):
        pixeltrend.open_series(path, bands_are_times=True)


def test_geotransform_of_the_stack(tmp_path, write_raster, values):
    path = write_raster(tmp_path / "stack.tif", values)
    series = pixeltrend.open_series(path, bands_are_times=True, years="2000:2005")
    assert series.grid.geotransform == GEOTRANSFORM
