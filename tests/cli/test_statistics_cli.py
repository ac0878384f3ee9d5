"""Statistics from files: options, metadata, bands, and that no worker count or chunk shows."""

import os
import sys
from functools import partial

import numpy as np
import pytest
from osgeo import gdal
from running import run

import pixeltrend

gdal.UseExceptions()
SHAPE = (40, 30)
YEARS = np.arange(2001, 2013)


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    """Write twelve yearly rasters with gaps and ties; give the folder and the values."""
    folder = tmp_path_factory.mktemp("stack")
    rng = np.random.default_rng(0)
    values = np.round(rng.standard_normal((12, *SHAPE)), 1).astype(np.float32)
    values += 0.1 * np.arange(12, dtype=np.float32)[:, np.newaxis, np.newaxis]
    values[rng.random(values.shape) < 0.2] = np.nan
    values[:, 0, 0] = np.nan
    for year, raster in zip(YEARS, values, strict=True):
        dataset = gdal.GetDriverByName("GTiff").Create(
            str(folder / f"ndvi_{year}.tif"), SHAPE[1], SHAPE[0], 1, gdal.GDT_Float32,
            ["TILED=YES", "BLOCKXSIZE=16", "BLOCKYSIZE=16"],
        )  # fmt: skip
        dataset.SetGeoTransform((0, 30, 0, 0, 0, -30))
        dataset.SetProjection("EPSG:32648")
        dataset.GetRasterBand(1).SetUnitType("NDVI")
        dataset.GetRasterBand(1).WriteRaster(
            0, 0, SHAPE[1], SHAPE[0], raster.tobytes(), buf_type=gdal.GDT_Float32
        )
        dataset.FlushCache()
    return folder, values


def run_pixeltrend(*arguments, **environment):
    return run([sys.executable, "-m", "pixeltrend", *arguments], env=environment)


def read(path):
    dataset = gdal.Open(str(path))
    bands = [dataset.GetRasterBand(i + 1) for i in range(dataset.RasterCount)]
    return {band.GetDescription(): band.ReadAsArray() for band in bands}


def options_of(path):
    return gdal.Open(str(path)).GetMetadataItem("PIXELTREND_OPTIONS")


CASES = [
    ["--stats", "all,reason,first_valid"],
    ["--stats", "pvalue,slope", "--fdr"],
    ["--method", "theil-sen", "--stats", "all,longest_gap", "--fdr", "by"],
    ["--method", "theil-sen", "--stats", "intercept", "--origin", "2000"],
    ["--method", "mann-kendall", "--correction", "hamed-rao", "--lags", "2", "--lag-level", "0.1"],
    ["--method", "theil-sen", "--correction", "ar1", "--stats", "all,r1,n_eff,factor"],
    ["--method", "mann-kendall", "--alternative", "increasing", "--min-valid", "9"],
    ["--method", "linregress", "--stats", "intercept,pvalue", "--per", "decade"],
    ["--stats", "slope,percent,change,slope_min,fragile,detectable", "--predict", "2030"],
    ["--method", "mann-kendall", "--stats", "all", "--season", "quarter"],
]


def keywords(arguments):
    found, rest = {}, list(arguments)
    while rest:
        name = rest.pop(0).removeprefix("--").replace("-", "_")
        text = rest.pop(0) if rest and not rest[0].startswith("--") else "bh"
        kind = {
            "lags": int,
            "min_valid": int,
            "origin": float,
            "lag_level": float,
            "predict": float,
        }.get(name, str)
        found[name] = kind(text)
    return found


@pytest.mark.parametrize("arguments", CASES, ids=" ".join)
def test_files_hold_what_reduce_gives_whatever_the_workers_and_windows(stack, tmp_path, arguments):
    folder, values = stack
    common = ["slope", folder / "*.tif", "-q", "--dtype", "float64", *arguments]
    one, two = tmp_path / "one.tif", tmp_path / "two.tif"
    said = run_pixeltrend(*common, "-o", one, "--workers", 1)
    assert said.returncode == 0, said.stderr
    said = run_pixeltrend(*common, "-o", two, "--workers", 2, "--memory", "0.02MB")
    assert said.returncode == 0, said.stderr
    assert one.read_bytes() == two.read_bytes()
    expected = pixeltrend.reduce(YEARS, values, **keywords(arguments))
    written = read(one)
    assert list(written) == list(expected)
    for name, band in expected.items():
        np.testing.assert_array_equal(written[name], band, err_msg=name)
    assert (tmp_path / "one.qml").read_bytes() == (tmp_path / "two.qml").read_bytes()
    left = {path.name.replace("one", "two") for path in tmp_path.iterdir()}
    assert left - {"two.tif.aux.xml", "two.tif.aux.json"} == {
        "two.tif",
        "two.qml",
    }  # no temporary file is left


def test_options_are_in_the_metadata_and_differ(stack, tmp_path):
    folder, _ = stack
    seen = set()
    for number, arguments in enumerate(CASES):
        path = tmp_path / f"{number}.tif"
        pixeltrend.slope(folder / "*.tif", path, workers=1, **keywords(arguments))
        seen.add((gdal.Open(str(path)).GetMetadataItem("PIXELTREND_METHOD"), options_of(path)))
    assert len(seen) == len(CASES)
    assert options_of(tmp_path / "4.tif") == (
        "correction=hamed-rao lag_level=0.10000000000000001 lags=2"
    )
    pixeltrend.slope(folder / "*.tif", tmp_path / "plain.tif", workers=1)
    assert options_of(tmp_path / "plain.tif") is None


def test_bands_have_names_units_and_descriptions(stack, tmp_path):
    folder, _ = stack
    path = tmp_path / "out.tif"
    pixeltrend.slope(
        folder / "*.tif", path, workers=1, stats="slope,intercept,slope_lower,reason",
        per="decade", origin=2000, confidence=0.9,
    )  # fmt: skip
    dataset = gdal.Open(str(path))
    bands = [dataset.GetRasterBand(i) for i in range(1, 5)]
    assert [band.GetUnitType() for band in bands] == [
        "NDVI per decade", "NDVI", "NDVI per decade", "",
    ]  # fmt: skip
    said = [band.GetMetadataItem("DESCRIPTION") for band in bands]
    assert said[1] == "Value of the line at year 2000"
    assert said[2] == "Lower 90 % confidence limit of the slope"
    assert said[3] == "Why a statistic is missing"
    assert "1 no value" in bands[3].GetMetadataItem("CLASSES")


def test_float32_output_has_pvalues_adjusted_in_full_precision(stack, tmp_path):
    folder, values = stack
    path = tmp_path / "out.tif"
    pixeltrend.slope(folder / "*.tif", path, workers=1, fdr="bh")
    expected = pixeltrend.reduce(YEARS, values, fdr="bh")["pvalue_fdr"]
    np.testing.assert_array_equal(read(path)["pvalue_fdr"], expected.astype(np.float32))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--stats", "slope,sloop"], "'sloop' is not a statistic of ols"),
        (["--season", "month"], "season is not an option of method ols"),
        (["--method", "theil-sen", "--season", "week"], "season 'week': is not month, quarter"),
        (
            ["--method", "theil-sen", "--season", "month", "--correction", "ar1"],
            "cannot go together",
        ),
        (["--method", "theil-sen", "--lags", "2"], "only the correction hamed-rao has lags"),
    ],
)
def test_wrong_options_are_one_line_and_status_2(stack, tmp_path, arguments, said):
    found = run_pixeltrend("slope", stack[0] / "*.tif", "-o", tmp_path / "out.tif", *arguments)
    assert found.returncode == 2
    assert said in found.stderr
    assert len(found.stderr.splitlines()) == 1


def test_seasons_say_what_they_take_and_refuse_what_they_cannot(write_stack, make_values, tmp_path):
    dates = [f"{year}-{month:02}-01" for year in range(2001, 2006) for month in (1, 5, 6, 12)]
    paths = write_stack(tmp_path, make_values(21, 8, 8), [*dates, "2001-09-01"])
    job = ["slope", "-o", tmp_path / "out.tif", "--method", "theil-sen", "--season", "quarter"]
    found = run_pixeltrend(*job, *paths[:-1])
    assert found.returncode == 0
    assert (
        "season quarter: 5 of 15 have several rasters, of which the median is taken; "
        "April to June of 2001 has 2"
    ) in found.stderr
    refused = run_pixeltrend(*job, *paths)
    assert refused.returncode == 2
    assert "July to September has values of 2001 alone" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


@pytest.mark.parametrize("what", [["--method", "theil-sen"], ["--stats", "slope,pvalue"]])
def test_kernels_are_compiled_once_and_the_user_is_told(stack, tmp_path, what):
    job = ["slope", stack[0] / "*.tif", "-o", tmp_path / "out.tif", *what,
           "--workers", 2, "--memory", "0.02MB", "-q"]  # fmt: skip
    cache = tmp_path / "cache"
    first = run_pixeltrend(*job, NUMBA_CACHE_DIR=str(cache))
    compiled = {path: path.stat().st_mtime_ns for path in cache.rglob("*.nb*")}
    assert first.returncode == 0
    assert first.stderr.count("compiling") == 1
    assert compiled
    second = run_pixeltrend(*job, NUMBA_CACHE_DIR=str(cache))
    assert second.stderr == ""
    assert {path: path.stat().st_mtime_ns for path in cache.rglob("*.nb*")} == compiled


def test_a_cache_that_was_not_written_to_its_end_is_replaced(stack, tmp_path):
    job = ["slope", stack[0] / "*.tif", "-o", tmp_path / "out.tif", "--stats", "slope,pvalue", "-q"]
    cache = tmp_path / "cache"
    assert run_pixeltrend(*job, NUMBA_CACHE_DIR=str(cache)).returncode == 0
    before = (tmp_path / "out.tif").read_bytes()
    for ending, size in [("nbi", 0), ("nbi", 30), ("nbc", 1000)]:
        broken = list(cache.rglob(f"*.{ending}"))
        assert broken
        for path in broken:
            os.truncate(path, size)
        done = run_pixeltrend(*job, NUMBA_CACHE_DIR=str(cache))
        assert done.returncode == 0, done.stderr
        assert (tmp_path / "out.tif").read_bytes() == before
        assert run_pixeltrend(*job, NUMBA_CACHE_DIR=str(cache)).stderr == ""


@pytest.mark.parametrize("what", [["--method", "theil-sen"], ["--stats", "slope,pvalue"]])
def test_without_numba_there_is_one_clear_line(stack, tmp_path, what):
    (tmp_path / "numba").mkdir()
    (tmp_path / "numba" / "__init__.py").write_text("raise ImportError('not here')\n")
    found = run_pixeltrend(
        "slope", stack[0] / "*.tif", "-o", tmp_path / "out.tif", *what, PYTHONPATH=str(tmp_path)
    )
    assert found.returncode == 1
    assert "Numba cannot be imported (not here)" in found.stderr
    assert len(found.stderr.splitlines()) == 1
    plain = ["slope", stack[0] / "*.tif", "-o", tmp_path / "out.tif", "-q"]
    assert run_pixeltrend(*plain, PYTHONPATH=str(tmp_path)).returncode == 0


def test_a_full_disk_while_results_wait(stack, tmp_path, monkeypatch):
    full = partial(open, "/dev/full", "r+b", buffering=0)
    monkeypatch.setattr("tempfile.TemporaryFile", lambda **_options: full())
    with pytest.raises(pixeltrend.OutputError, match="cannot hold temporary files: "):
        pixeltrend.slope(stack[0] / "*.tif", tmp_path / "out.tif", workers=1, fdr="bh")
    assert not list(tmp_path.iterdir())


def test_where_nothing_can_be_kept_kernels_are_compiled_all_the_same(stack, tmp_path, monkeypatch):
    program = (
        "import runpy, sys\nfrom numba.core.caching import CacheImpl\n"
        "CacheImpl._locator_classes = [CacheImpl._locator_classes[0]]\n"  # NUMBA_CACHE_DIR's alone
        "runpy.run_module('pixeltrend', run_name='__main__', alter_sys=True)\n"
    )
    job = ["slope", str(stack[0] / "*.tif"), "-o", str(tmp_path / "out.tif"), "-q",
           "--stats", "slope,pvalue", "--workers", "2", "--memory", "0.02MB"]  # fmt: skip
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    folder = tmp_path / "temporary"
    folder.mkdir()
    done = run([sys.executable, "-c", program, *job], env={"TMPDIR": str(folder)})
    assert done.returncode == 0, done.stderr
    assert "NUMBA_CACHE_DIR" in done.stderr
    assert list(folder.iterdir()) == []
