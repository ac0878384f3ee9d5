"""The pipeline from Python: patterns in, a raster out."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from oracles import linregress_slopes
from osgeo import gdal

import pixeltrend
from pixeltrend.raster.windows import Window
from pixeltrend.reducers.methods import make_reducer
from pixeltrend.reducers.options import StatsOptions

YEARS = np.arange(2000, 2005)


def listing(folder):
    return sorted(path.name for path in folder.iterdir())


def test_slope_of_every_pixel(stack, tmp_path, read_raster):
    summary = pixeltrend.slope(stack, tmp_path / "trend.tif", dtype="float64", workers=1)
    values = np.stack([read_raster(path) for path in stack])
    expected = linregress_slopes(YEARS, values)
    np.testing.assert_allclose(read_raster(tmp_path / "trend.tif"), expected, rtol=1e-9)
    assert summary.output == str(tmp_path / "trend.tif")
    assert summary.pixels == 48
    assert summary.valid_pixels == np.isfinite(expected).sum()
    assert summary.times == tuple(YEARS)
    assert summary.seconds > 0
    assert summary.warnings == ()


@pytest.mark.parametrize(
    "patterns", ["{}/*.tif", "{}", ["{}/ndvi_200[0-2].tif", "{}/*_200[34].tif"]]
)
def test_patterns(stack, tmp_path, read_raster, patterns):
    pixeltrend.slope(stack, tmp_path / "a", workers=1)
    given = [p.format(tmp_path) for p in ([patterns] if isinstance(patterns, str) else patterns)]
    pixeltrend.slope(given, tmp_path / "b", workers=1)
    assert (tmp_path / "b").read_bytes() == (tmp_path / "a").read_bytes()


def test_output_among_the_inputs_is_left_out_the_second_time(stack, tmp_path):
    first = pixeltrend.slope(tmp_path / "*.tif", tmp_path / "trend.tif", workers=1)
    written = (tmp_path / "trend.tif").read_bytes()
    second = pixeltrend.slope(tmp_path / "*.tif", tmp_path / "trend.tif", workers=1)
    assert first.times == second.times
    assert (tmp_path / "trend.tif").read_bytes() == written
    assert listing(tmp_path) == [
        *[path.name for path in stack],
        "trend.qml",
        "trend.tif",
        "trend.tif.aux.json",
    ]


@pytest.mark.parametrize("method", ["ols", "linregress"])
@pytest.mark.parametrize("gaps", [0.0, 0.3, 0.8])
def test_both_methods_give_the_same_map(
    tmp_path, write_stack, make_values, read_raster, gaps, method
):
    values = 289 + make_values(6, 9, 11, gaps=gaps).astype(np.float64)
    write_stack(tmp_path, values, [1985, 1990, 1991, 2000, 2010, 2020])
    pixeltrend.slope(tmp_path, tmp_path / "trend", method=method, dtype="float64", workers=1)
    expected = linregress_slopes([1985, 1990, 1991, 2000, 2010, 2020], values)
    np.testing.assert_allclose(read_raster(tmp_path / "trend"), expected, rtol=1e-9)


@pytest.mark.parametrize(
    ("dtype", "settings"),
    [
        ("uint8", {"nodata": 0}),
        ("uint16", {"nodata": 65535}),
        ("int16", {"nodata": -32768, "scale": 1e-4}),
        ("int32", {"nodata": -9999}),
        ("float32", {"nodata": float(np.finfo(np.float32).min)}),
        ("float64", {"nodata": -9999.0, "offset": 273.15}),
    ],
)
def test_any_type(tmp_path, write_stack, read_raster, dtype, settings):
    rng = np.random.default_rng(2)
    missing = settings["nodata"]
    numbers = rng.integers(1, 255, (5, 7, 9)).astype(dtype)
    hidden = rng.random(numbers.shape) < 0.3
    values = numbers * settings.get("scale", 1.0) + settings.get("offset", 0.0)
    values[hidden] = np.nan
    numbers[hidden] = missing
    write_stack(tmp_path, numbers, **settings)
    pixeltrend.slope(tmp_path, tmp_path / "trend", dtype="float64", workers=1)
    expected = linregress_slopes(YEARS, values)
    found = read_raster(tmp_path / "trend")
    np.testing.assert_array_equal(np.isnan(found), np.isnan(expected))
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-13)


def test_months(tmp_path, write_stack, make_values, read_raster):
    values = make_values(24, 4, 5, gaps=0.1)
    names = [f"{year}{month:02}" for year in (2001, 2002) for month in range(1, 13)]
    write_stack(tmp_path, values, names)
    regex = r"_(?P<year>\d{4})(?P<month>\d\d)"
    summary = pixeltrend.slope(
        tmp_path, tmp_path / "trend", date_regex=regex, dtype="float64", workers=1
    )
    starts = np.cumsum([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30]) / 365
    times = np.concatenate([2001 + starts, 2002 + starts])
    np.testing.assert_allclose(summary.times, times, rtol=1e-15)
    expected = linregress_slopes(times, values)
    np.testing.assert_allclose(read_raster(tmp_path / "trend"), expected, rtol=1e-9)


def test_output_is_on_the_grid_of_the_inputs(stack, tmp_path):
    pixeltrend.slope(stack, tmp_path / "trend.tif", workers=1)
    ours, theirs = gdal.Open(str(tmp_path / "trend.tif")), gdal.Open(str(stack[0]))
    assert (ours.RasterXSize, ours.RasterYSize) == (theirs.RasterXSize, theirs.RasterYSize)
    assert ours.GetGeoTransform() == theirs.GetGeoTransform()
    assert ours.GetProjectionRef() == theirs.GetProjectionRef()
    assert ours.RasterCount == 1


@pytest.mark.parametrize(("unit", "expected"), [("K", "K per year"), ("", "per year")])
def test_band_says_what_it_is(tmp_path, write_stack, make_values, unit, expected):
    write_stack(tmp_path, make_values(3, 2, 2), unit=unit)
    pixeltrend.slope(tmp_path, tmp_path / "trend", workers=1)
    dataset = gdal.Open(str(tmp_path / "trend"))
    band = dataset.GetRasterBand(1)
    assert band.GetDescription() == "slope"
    assert band.GetUnitType() == expected
    assert np.isnan(band.GetNoDataValue())
    assert gdal.GetDataTypeName(band.DataType) == "Float32"


def test_pixel_or_point_is_kept(tmp_path, write_stack, make_values):
    paths = write_stack(tmp_path, make_values(3, 2, 2))
    for path in paths:
        dataset = gdal.OpenEx(str(path), gdal.OF_UPDATE)
        dataset.SetMetadataItem("AREA_OR_POINT", "Point")
        dataset = None
    inputs = gdal.Open(str(paths[0])).GetGeoTransform()
    pixeltrend.slope(tmp_path, tmp_path / "trend", workers=1)
    trend = gdal.Open(str(tmp_path / "trend"))
    assert trend.GetMetadataItem("AREA_OR_POINT") == "Point"
    assert trend.GetGeoTransform() == inputs


@pytest.fixture(scope="module")
def larger(tmp_path_factory, write_stack, make_values):
    """Tiled, striped and odd blocks, and gaps."""
    folder = tmp_path_factory.mktemp("larger")
    values = make_values(4, 150, 90, gaps=0.2)
    tiled = ["TILED=YES", "BLOCKXSIZE=32", "BLOCKYSIZE=16", "COMPRESS=DEFLATE"]
    write_stack(folder, values[:2], [2000, 2001], options=tiled)
    write_stack(folder, values[2:], [2002, 2003], options=["BLOCKYSIZE=8"])
    pixeltrend.slope(folder, folder / "whole", workers=1)
    return folder, (folder / "whole").read_bytes()


@pytest.mark.parametrize("memory", [1_000, 3_000, 20_000, 60_000, 2**20])
@pytest.mark.parametrize("workers", [1, 2])
def test_memory_and_workers_do_not_show(larger, tmp_path, workers, memory):
    folder, whole = larger
    pixeltrend.slope(folder, tmp_path / "trend.tif", workers=workers, memory=memory)
    assert (tmp_path / "trend.tif").read_bytes() == whole


@pytest.mark.parametrize("workers", [3, 4, None])
def test_any_number_of_workers(larger, tmp_path, workers):
    folder, whole = larger
    pixeltrend.slope(folder, tmp_path / "trend.tif", workers=workers)
    assert (tmp_path / "trend.tif").read_bytes() == whole


def test_linregress_with_workers(tmp_path, write_stack, make_values):
    write_stack(tmp_path, make_values(4, 24, 31, gaps=0.2), options=["BLOCKYSIZE=4"])
    written = set()
    for workers, memory in [(1, 2**20), (2, 2**20), (3, 3000)]:
        settings = {"method": "linregress", "workers": workers, "memory": memory}
        pixeltrend.slope(tmp_path / "*.tif", tmp_path / "trend", **settings)
        written.add((tmp_path / "trend").read_bytes())
    assert len(written) == 1


def test_progress_counts_pixels_to_the_end(larger, tmp_path):
    seen = []
    pixeltrend.slope(
        larger[0],
        tmp_path / "trend.tif",
        workers=2,
        memory=60_000,
        progress=lambda done, total: seen.append((done, total)),
    )
    assert len(seen) > 2
    assert {total for _, total in seen} == {150 * 90}
    assert seen == sorted(set(seen))
    assert seen[-1] == (150 * 90, 150 * 90)


def test_error_in_progress_leaves_the_old_output(larger, tmp_path):
    (tmp_path / "trend.tif").write_bytes(b"the old output")

    def fail(done, _total):
        if done > 5000:
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        pixeltrend.slope(larger[0], tmp_path / "trend.tif", workers=2, memory=60_000, progress=fail)
    assert (tmp_path / "trend.tif").read_bytes() == b"the old output"
    assert listing(tmp_path) == ["trend.tif"]


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (257, 3)])
@pytest.mark.parametrize("workers", [1, 2])
def test_any_shape(tmp_path, write_stack, make_values, read_raster, shape, workers):
    values = make_values(3, *shape)
    write_stack(tmp_path, values)
    pixeltrend.slope(tmp_path, tmp_path / "trend", dtype="float64", workers=workers)
    expected = linregress_slopes([2000, 2001, 2002], values)
    np.testing.assert_allclose(read_raster(tmp_path / "trend"), expected, rtol=1e-9)


def test_all_missing_is_said(tmp_path, write_stack, read_raster):
    write_stack(tmp_path, np.full((3, 2, 2), np.nan, np.float32))
    summary = pixeltrend.slope(tmp_path, tmp_path / "trend", workers=1)
    assert np.isnan(read_raster(tmp_path / "trend")).all()
    assert summary.valid_pixels == 0
    assert len(summary.warnings) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"method": "lowess"},
        {"workers": 0},
        {"memory": 10},
        {"memory": 0},
        {"dtype": "int16"},
        {"file_format": "PNG"},
        {"creation_options": {"COMPRESS": "ZIP"}},
        {"years": "2004"},
        {"years": "2000:2004", "date_regex": r"(\d{4})"},
        {"date_regex": "("},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_arguments_that_make_no_sense_are_refused(stack, tmp_path, wrong):
    (tmp_path / "trend.tif").write_bytes(b"the old output")
    with pytest.raises(pixeltrend.ArgumentError):
        pixeltrend.slope(stack, tmp_path / "trend.tif", **({"workers": 1} | wrong))
    assert (tmp_path / "trend.tif").read_bytes() == b"the old output"
    assert listing(tmp_path) == [*[path.name for path in stack], "trend.tif"]


def test_every_error_is_one_family():
    names = ["ArgumentError", "InputError", "OutputError", "ReadError", "WorkerError"]
    for name in [*names, "MissingDependencyError"]:
        assert issubclass(getattr(pixeltrend, name), pixeltrend.PixelTrendError)


def test_what_travels_to_a_worker_is_small(stack):
    task = (pixeltrend.open_series(stack), make_reducer(StatsOptions("ols")), Window(0, 0, 6, 8))
    assert len(pickle.dumps(task)) < 16_000


def test_inputs_are_left_as_they_are(stack, tmp_path):
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in stack}
    pixeltrend.slope(stack, tmp_path / "trend.tif", workers=2)
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in stack} == before
    assert listing(tmp_path) == [
        *[path.name for path in stack],
        "trend.qml",
        "trend.tif",
        "trend.tif.aux.json",
    ]
