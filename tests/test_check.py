"""`check`: tells every planted fault, and stays quiet on good data."""

from __future__ import annotations

import json
import os
import re

import numpy as np
import pytest
from earth_engine import GEOTRANSFORM, shard_name, shift, write_shards
from osgeo import gdal

import pixeltrend
from pixeltrend.errors import InputError

NAN = np.nan
YEARS = range(2000, 2006)
SHAPE = (70, 90)
STORED = ["TILED=YES", "BLOCKXSIZE=32", "BLOCKYSIZE=32"]
PACKED = [*STORED, "COMPRESS=DEFLATE"]


@pytest.fixture
def values():
    """Six years of numbers as MODIS has them, none of which looks like nodata."""
    rng = np.random.default_rng(4)
    return rng.integers(1000, 9000, (len(YEARS), *SHAPE)).astype(np.int16)


@pytest.fixture
def folder(tmp_path, write_stack, values):
    """Good data."""
    write_stack(tmp_path / "in", values, YEARS, nodata=-3000, scale=1e-4, options=PACKED)
    return tmp_path / "in"


def everything(report):
    return "\n".join([*report.warnings, *report.problems])


def noted(report):
    """Give the years whose rasters have a note in the table."""
    return [int(raster.time) for raster in report.rasters if raster.notes]


def contents(folder):
    """Give every file there with its bytes and time of change."""
    return {
        path: (path.read_bytes(), path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


# Good data


@pytest.mark.parametrize("how", [{}, {"pixels": True}, {"full": True}], ids=str)
def test_quiet_on_good_data(folder, how):
    report = pixeltrend.check(folder, **how)
    assert report.warnings == report.problems == ()
    assert report.missing_years == ()
    assert [raster.time for raster in report.rasters] == list(YEARS)
    assert {raster.notes for raster in report.rasters} == {()}


@pytest.mark.parametrize("options", [[], ["--pixels"], ["--full"], ["--full", "--workers", 2]])
@pytest.mark.usefixtures("folder")
def test_quiet_on_the_command_line(run_cli, options):
    done = run_cli("check", "in", *options, "-q")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "float32", "float64"])
@pytest.mark.parametrize("nodata", [None, 0])
def test_quiet_on_good_data_of_all_types(tmp_path, write_stack, dtype, nodata):
    rng = np.random.default_rng(4)
    values = rng.integers(10, 100, (6, *SHAPE)).astype(dtype)
    write_stack(tmp_path, values, YEARS, nodata=nodata)
    report = pixeltrend.check(tmp_path, full=True)
    assert everything(report) == ""


def test_quiet_on_the_demo(run_cli):
    assert run_cli("demo", "made_up", "--size", 60, 80, "--gaps", 0.2).returncode == 0
    done = run_cli("check", "made_up", "--full", "-q")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_quiet_on_band_names_that_say_the_same_year(tmp_path, write_raster, values):
    for year, layer in zip(YEARS, values, strict=True):
        write_raster(tmp_path / f"ndvi_{year}.tif", layer, descriptions=[f"{year}_NDVI"])
    assert everything(pixeltrend.check(tmp_path, pixels=True)) == ""


def test_quiet_on_shards(tmp_path, write_raster, values):
    for year, layer in zip(YEARS, values, strict=True):
        write_shards(write_raster, tmp_path / f"ndvi_{year}", layer, [32, 64], [64])
    report = pixeltrend.check(tmp_path, full=True)
    assert everything(report) == ""
    assert {raster.files for raster in report.rasters} == {6}


def test_nothing_is_written(folder, run_cli, tmp_path):
    before = contents(tmp_path)
    for options in ([], ["--pixels"], ["--full"], ["--json"]):
        assert run_cli("check", "in", *options).returncode == 0
    assert contents(tmp_path) == before


# What it prints


def test_table(folder, run_cli):
    done = run_cli("check", "in")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    for year in YEARS:
        (line,) = [line for line in lines if f"ndvi_{year}.tif" in line]
        for text in (str(year), "Int16", "-3000", "0.0001"):
            assert text in line
    rest = "\n".join(line for line in lines if ".tif" not in line)
    for text in ("90 x 70", "30", "UTM zone 48N", "missing: none", "window", "worker", "slope"):
        assert text in rest


def test_table_says_size_and_files_of_shards(tmp_path, write_raster, run_cli, values):
    for year, layer in zip(YEARS, values, strict=True):
        write_shards(write_raster, tmp_path / "in" / f"ndvi_{year}", layer, [32], [64])
    done = run_cli("check", "in")
    assert done.returncode == 0
    assert done.stdout.count("4 shards") == len(YEARS)
    assert "90 x 70" in done.stdout


def test_json_says_the_same(folder, run_cli):
    done = run_cli("check", "in", "--json", "--workers", 2, "--memory", "64MB")
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    report = pixeltrend.check(folder, workers=2, memory=2**26)
    assert [raster["time"] for raster in told["rasters"]] == list(YEARS)
    assert [os.path.basename(raster["path"]) for raster in told["rasters"]] == [
        f"ndvi_{year}.tif" for year in YEARS
    ]
    first = told["rasters"][0]
    assert (first["dtype"], first["nodata"], first["scale"]) == ("Int16", -3000, 1e-4)
    assert (told["width"], told["height"]) == (report.width, report.height) == (90, 70)
    assert told["geotransform"] == list(GEOTRANSFORM)
    assert told["plan"]["workers"] == report.plan.workers == 2
    assert told["plan"]["windows"] == report.plan.windows
    assert told["plan"]["window_pixels"] == report.plan.window_pixels
    assert told["warnings"] == told["problems"] == told["missing_years"] == []


def test_json_of_warnings_and_problems(run_cli, tmp_path, write_stack, values):
    paths = write_stack(tmp_path / "in", values[:5], [2000, 2001, 2002, 2004, 2005], options=STORED)
    os.truncate(paths[1], 9000)
    done = run_cli("check", "in", "--json")
    assert done.returncode == 3
    told = json.loads(done.stdout)
    assert told["missing_years"] == [2003]
    assert any("2003" in text for text in told["warnings"])
    assert any("ndvi_2001.tif" in text for text in told["problems"])
    assert all(line.startswith("Error: ") for line in done.stderr.splitlines())


def test_json_of_refused_inputs(run_cli, tmp_path, write_stack, write_raster, values):
    write_stack(tmp_path / "in", values, YEARS)
    there = shift(GEOTRANSFORM, 0.5, 0)
    write_raster(tmp_path / "in" / "ndvi_2003.tif", values[3], geotransform=there)
    done = run_cli("check", "in", "--json")
    assert done.returncode == 3
    assert "ndvi_2003.tif" in json.dumps(json.loads(done.stdout)) if done.stdout else True
    assert "ndvi_2003.tif" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_plan_follows_memory_and_workers(folder):
    small = pixeltrend.check(folder, workers=1, memory=50_000).plan
    large = pixeltrend.check(folder, workers=1, memory=2**30).plan
    assert small.windows > large.windows == 1
    assert small.window_pixels < large.window_pixels == 70 * 90
    assert small.worker_bytes <= 50_000
    assert small.decoded_bytes == large.decoded_bytes


def test_warnings_do_not_change_the_exit_status(run_cli, tmp_path, write_stack, values):
    write_stack(tmp_path / "in", values[:5], [2000, 2001, 2002, 2004, 2005])
    for options in ([], ["-q"], ["--json"]):
        done = run_cli("check", "in", *options)
        assert done.returncode == 0
        assert "2003" in done.stdout + done.stderr


# Planted faults


def test_a_swapped_year_in_the_band_name(tmp_path, write_raster, values):
    for year, layer in zip(YEARS, values, strict=True):
        said = {2003: 2004, 2004: 2003}.get(year, year)
        write_raster(tmp_path / f"ndvi_{year}.tif", layer, descriptions=[f"{said}_NDVI"])
    report = pixeltrend.check(tmp_path)
    assert "ndvi_2003.tif" in everything(report)
    assert "2004" in everything(report)
    assert noted(report) == [2003, 2004]


@pytest.mark.parametrize("description", ["{}_NDVI", "NDVI_{}", "{}", "X{}"])
def test_one_file_that_says_the_year_of_another(tmp_path, write_raster, values, description):
    for year, layer in zip(YEARS, values, strict=True):
        said = 2004 if year == 2003 else year
        write_raster(tmp_path / f"ndvi_{year}.tif", layer, descriptions=[description.format(said)])
    report = pixeltrend.check(tmp_path)
    (warning,) = report.warnings
    for text in ("ndvi_2003.tif", "2003", "2004"):
        assert text in warning
    assert noted(report) == [2003]


def say(path, **items):
    """Write items of metadata into a raster."""
    dataset = gdal.Open(str(path), gdal.GA_Update)
    for key, text in items.items():
        dataset.SetMetadataItem(key, text)
    dataset = None


MILLISECONDS = {year: str((year - 1970) * 31_556_952_000 + 15_000_000_000) for year in YEARS}


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize(
    ("key", "texts"),
    [
        ("DATE_ACQUIRED", {year: f"{year}-07-14" for year in YEARS}),
        ("system:time_start", MILLISECONDS),
    ],
)
def test_a_swapped_year_in_the_metadata(tmp_path, write_stack, values, key, texts, swapped):
    paths = write_stack(tmp_path, values, YEARS)
    for year, path in zip(YEARS, paths, strict=True):
        said = {2003: 2004, 2004: 2003}.get(year, year) if swapped else year
        say(path, **{key: texts[said]})
    report = pixeltrend.check(tmp_path, pixels=True)
    if swapped:
        (warning,) = report.warnings
        assert "ndvi_2003.tif" in warning
        assert "2004" in warning
        assert noted(report) == [2003, 2004]
    else:
        assert everything(report) == ""


@pytest.mark.parametrize("offset", [(0.5, 0.5), (0, 0.1), (-0.25, 3)])
def test_a_shifted_grid(run_cli, tmp_path, write_stack, write_raster, values, offset):
    write_stack(tmp_path / "in", values, YEARS)
    there = shift(GEOTRANSFORM, *offset)
    write_raster(tmp_path / "in" / "ndvi_2003.tif", values[3], geotransform=there)
    done = run_cli("check", "in")
    assert done.returncode == 3
    (line,) = done.stderr.splitlines()
    for text in ("ndvi_2003.tif", f"{offset[0]:g} row", f"{offset[1]:g} col", "--align"):
        assert text in line


def test_all_refused_files_are_listed(run_cli, tmp_path, write_stack, write_raster, values):
    write_stack(tmp_path / "in", values, YEARS)
    for year in (2003, 2005):
        there = shift(GEOTRANSFORM, 0.5, 0)
        write_raster(tmp_path / "in" / f"ndvi_{year}.tif", values[3], geotransform=there)
    done = run_cli("check", "in")
    assert done.returncode == 3
    assert "ndvi_2003.tif" in done.stderr
    assert "ndvi_2005.tif" in done.stderr


UNDECLARED = [
    (-9999, "int16"),
    (-9999, "float32"),
    (-3000, "int16"),
    (32767, "int16"),
    (-32768, "int16"),
    (0, "int16"),
    (0, "uint8"),
    (0, "float32"),
    (255, "uint8"),
    (65535, "uint16"),
]


def with_border(values, value):
    """Fill a border, as a clipped scene has it; give the count of its pixels in a layer."""
    inside = np.zeros(values.shape[1:], bool)
    inside[6:-6, 9:-9] = True
    values[:, ~inside] = value
    return int((~inside).sum())


def looked_at(warning):
    """Give the count of pixels that a warning tells."""
    return int(re.search(r"([\d,]+) of [\d,]+ pixels", warning)[1].replace(",", ""))


@pytest.mark.parametrize(("value", "dtype"), UNDECLARED)
@pytest.mark.parametrize("options", [["--pixels"], ["--full"]])
def test_undeclared_nodata(run_cli, tmp_path, write_stack, value, dtype, options):
    values = np.random.default_rng(4).integers(10, 100, (6, *SHAPE)).astype(dtype)
    count = with_border(values, value)
    write_stack(tmp_path / "in", values, YEARS)
    done = run_cli("check", "in", *options, "-q")
    assert (done.returncode, done.stdout) == (0, "")
    (warning,) = done.stderr.splitlines()
    assert warning.startswith("Warning: ")
    assert f"--nodata {value:g}" in warning or f"--nodata {value}" in warning
    assert 0 < looked_at(warning) <= 6 * count


@pytest.mark.parametrize(("value", "dtype"), [(-9999, "int16"), (-9999, "float32")])
def test_undeclared_nodata_scattered(tmp_path, write_stack, value, dtype):
    rng = np.random.default_rng(4)
    values = rng.integers(10, 100, (6, *SHAPE)).astype(dtype)
    values[rng.random(values.shape) < 0.05] = value
    write_stack(tmp_path, values, YEARS)
    (warning,) = pixeltrend.check(tmp_path, pixels=True).warnings
    assert str(value) in warning
    assert 0 < looked_at(warning) <= (values == value).sum()


@pytest.mark.parametrize(("value", "dtype"), [(-9999, "int16"), (-3000, "int16"), (0, "uint8")])
def test_undeclared_nodata_in_one_year(tmp_path, write_raster, value, dtype):
    values = np.random.default_rng(4).integers(10, 100, (6, *SHAPE)).astype(dtype)
    with_border(values[3:4], value)
    for year, layer in zip(YEARS, values, strict=True):
        nodata = None if year == 2003 else 111
        write_raster(tmp_path / f"ndvi_{year}.tif", layer, nodata=nodata)
    report = pixeltrend.check(tmp_path, pixels=True)
    (warning,) = [text for text in report.warnings if f"--nodata {value}" in text]
    assert "ndvi_2003.tif" in warning
    assert noted(report) == [2003]


def test_zeros_at_the_border_of_what_has_negative_values_too(tmp_path, write_stack):
    values = np.random.default_rng(4).integers(-50, 100, (6, *SHAPE)).astype(np.int16)
    with_border(values, 0)
    write_stack(tmp_path, values, YEARS)
    (warning,) = pixeltrend.check(tmp_path, pixels=True).warnings
    assert "--nodata 0" in warning


def test_a_second_undeclared_value(tmp_path, write_stack):
    """Fill and saturation of the same product."""
    values = np.random.default_rng(4).integers(10, 100, (6, *SHAPE)).astype(np.int16)
    with_border(values, -9999)
    values[:, 20:30, 20:30] = 32767
    write_stack(tmp_path, values, YEARS)
    told = everything(pixeltrend.check(tmp_path, pixels=True))
    assert "-9999" in told
    assert "32767" in told


def test_declared_nodata_is_not_told(tmp_path, write_stack):
    values = np.random.default_rng(4).integers(10, 100, (6, *SHAPE)).astype(np.int16)
    with_border(values, -9999)
    write_stack(tmp_path, values, YEARS)
    assert everything(pixeltrend.check(tmp_path, pixels=True, nodata=-9999)) == ""
    write_stack(tmp_path, values, YEARS, nodata=-9999)
    assert everything(pixeltrend.check(tmp_path, pixels=True)) == ""


def test_zeros_of_classes_and_counts_are_values(tmp_path, write_stack):
    rng = np.random.default_rng(4)
    write_stack(tmp_path, rng.integers(-1, 2, (6, *SHAPE)).astype(np.int16), YEARS)
    assert everything(pixeltrend.check(tmp_path, pixels=True)) == ""


def test_an_absent_shard(tmp_path, write_raster, run_cli, values):
    for year, layer in zip(YEARS, values, strict=True):
        write_shards(write_raster, tmp_path / "in" / f"ndvi_{year}", layer, [32, 64], [64])
    (tmp_path / "in" / shard_name("ndvi_2003", 32, 64)).unlink()
    report = pixeltrend.check(tmp_path / "in")
    (warning,) = report.warnings
    for text in ("ndvi_2003", "32", "64"):
        assert text in warning
    assert noted(report) == [2003]
    done = run_cli("check", "in")
    assert done.returncode == 0
    assert warning.rpartition("/")[2] in done.stdout


@pytest.mark.parametrize("options", [STORED, PACKED, [], ["COMPRESS=LZW"]], ids=str)
@pytest.mark.parametrize("keep", [0.9, 0.5])
def test_a_truncated_file(tmp_path, write_stack, run_cli, values, options, keep):
    paths = write_stack(tmp_path / "in", values, YEARS, options=options)
    os.truncate(paths[3], int(paths[3].stat().st_size * keep))
    done = run_cli("check", "in")
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    assert "ndvi_2003.tif" in done.stderr
    assert "ndvi_2002.tif" not in done.stderr
    assert all(line.startswith("Error: ") for line in done.stderr.splitlines())


def test_a_truncated_file_of_nothing(tmp_path, write_stack, run_cli, values):
    paths = write_stack(tmp_path / "in", values, YEARS)
    os.truncate(paths[3], 0)
    done = run_cli("check", "in")
    assert done.returncode == 3
    (line,) = done.stderr.splitlines()
    assert "ndvi_2003.tif" in line


def damage(path, row, column):
    """Write over the middle of a compressed block; give its window as words."""
    dataset = gdal.Open(str(path))
    band = dataset.GetRasterBand(1)
    place = f"{column // 32}_{row // 32}"
    start = int(band.GetMetadataItem(f"BLOCK_OFFSET_{place}", "TIFF"))
    size = int(band.GetMetadataItem(f"BLOCK_SIZE_{place}", "TIFF"))
    band = dataset = None
    with path.open("r+b") as file:
        file.seek(start)
        file.write(b"\xff" * size)


def test_full_names_each_bad_block(folder, run_cli):
    damage(folder / "ndvi_2001.tif", 32, 64)
    damage(folder / "ndvi_2001.tif", 0, 32)
    damage(folder / "ndvi_2004.tif", 64, 0)
    done = run_cli("check", "in", "--full")
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    lines = [line for line in done.stderr.splitlines() if "decoded" in line]
    assert len(lines) == 3
    for name, rows, columns in (
        ("ndvi_2001.tif", "32 to 63", "64 to 89"),
        ("ndvi_2001.tif", "0 to 31", "32 to 63"),
        ("ndvi_2004.tif", "64 to 69", "0 to 31"),
    ):
        assert [line for line in lines if name in line and rows in line and columns in line]


def test_pixels_finds_a_bad_block_at_the_corner(folder, run_cli):
    damage(folder / "ndvi_2001.tif", 0, 0)
    assert run_cli("check", "in").returncode == 0
    done = run_cli("check", "in", "--pixels")
    assert done.returncode == 3
    assert "ndvi_2001.tif" in done.stderr
    assert "ndvi_2002.tif" not in done.stderr


def test_full_decodes_the_bands_of_masks_too(tmp_path, write_stack, run_cli, values):
    layers = np.stack([values, np.ones_like(values)], axis=1)
    write_stack(tmp_path / "in", layers, YEARS, options=[*PACKED, "INTERLEAVE=BAND"], nodata=-1)
    path = tmp_path / "in" / "ndvi_2002.tif"
    dataset = gdal.Open(str(path))
    band = dataset.GetRasterBand(2)
    start = int(band.GetMetadataItem("BLOCK_OFFSET_1_1", "TIFF"))
    size = int(band.GetMetadataItem("BLOCK_SIZE_1_1", "TIFF"))
    band = dataset = None
    with path.open("r+b") as file:
        file.seek(start)
        file.write(b"\xff" * size)
    assert run_cli("check", "in", "--full", "--band", 1).returncode == 0
    done = run_cli("check", "in", "--full", "--band", 1, "--mask-band", 2)
    assert done.returncode == 3
    assert "ndvi_2002.tif" in done.stderr


def test_blocks_that_were_never_written(tmp_path, write_stack, values):
    write_stack(tmp_path, values, YEARS, options=PACKED)
    path = tmp_path / "ndvi_2003.tif"
    dataset = gdal.GetDriverByName("GTiff").Create(
        str(path), 90, 70, 1, gdal.GDT_Int16, [*PACKED, "SPARSE_OK=TRUE"]
    )
    dataset.SetGeoTransform(GEOTRANSFORM)
    dataset.SetProjection(gdal.Open(str(tmp_path / "ndvi_2000.tif")).GetProjection())
    dataset.GetRasterBand(1).WriteRaster(0, 0, 90, 32, values[0, :32].tobytes())
    dataset = None
    report = pixeltrend.check(tmp_path)
    assert any("ndvi_2003.tif" in text and "never written" in text for text in report.warnings)
    assert noted(report) == [2003]


def test_a_missing_year(tmp_path, write_stack, run_cli, values):
    write_stack(tmp_path / "in", values[:5], [2000, 2001, 2002, 2004, 2005])
    report = pixeltrend.check(tmp_path / "in")
    assert report.missing_years == (2003,)
    (warning,) = report.warnings
    assert "2003" in warning
    assert "missing: 2003" in run_cli("check", "in").stdout


@pytest.mark.parametrize(
    ("odd", "said"),
    [
        ({"nodata": -1}, ["nodata", "-1", "-3000"]),
        ({"nodata": None}, ["nodata", "none", "-3000"]),
        ({"scale": 0.001}, ["scale", "0.001", "0.0001"]),
        ({"scale": None}, ["scale", "0.0001"]),
        ({"unit": "K"}, ["unit", "K"]),
        ({"descriptions": ["EVI"]}, ["band name", "EVI", "NDVI"]),
    ],
    ids=str,
)
def test_one_file_differs(tmp_path, write_raster, values, odd, said):
    usual = {"nodata": -3000, "scale": 1e-4, "descriptions": ["NDVI"]}
    for year, layer in zip(YEARS, values, strict=True):
        write_raster(
            tmp_path / f"ndvi_{year}.tif", layer, **(usual | odd if year == 2003 else usual)
        )
    report = pixeltrend.check(tmp_path)
    (warning,) = report.warnings
    for text in ("ndvi_2003.tif", *said):
        assert text in warning
    assert noted(report) == [2003]


def test_one_file_has_another_type(tmp_path, write_stack, write_raster, values):
    write_stack(tmp_path, values, YEARS)
    write_raster(tmp_path / "ndvi_2003.tif", values[3].astype(np.float32))
    report = pixeltrend.check(tmp_path)
    (warning,) = report.warnings
    for text in ("ndvi_2003.tif", "Float32", "Int16"):
        assert text in warning
    assert [raster.dtype for raster in report.rasters].count("Float32") == 1


def test_a_stack_with_an_odd_band(tmp_path, write_raster, values):
    names = [f"{year}_NDVI" for year in YEARS]
    names[3] = "2003_EVI"
    write_raster(tmp_path / "stack.tif", values, descriptions=names)
    report = pixeltrend.check(tmp_path / "stack.tif", bands_are_times=True)
    (warning,) = report.warnings
    for text in ("stack.tif", "band 4", "EVI", "NDVI"):
        assert text in warning
    assert noted(report) == [2003]


# Refused, and wrong


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["check", "in", "--nothing-such"], 2),
        (["check", "in", "--workers", 0], 2),
        (["check", "in", "--memory", "much"], 2),
        (["check", "in", "--extent", "second"], 2),
        (["check", "none_*.tif"], 3),
        (["check", "in/ndvi_2000.tif"], 3),
        (["check", "in", "--band", 2], 3),
        (["check", "in", "--years", "2000:2001"], 3),
    ],
)
@pytest.mark.usefixtures("folder")
def test_exit_statuses(run_cli, arguments, status):
    done = run_cli(*arguments)
    assert (done.returncode, done.stdout) == (status, "")
    assert "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-1].startswith("Error: ")


def test_the_library_raises(folder, write_raster):
    write_raster(folder / "ndvi_2003.tif", np.zeros((3, 3), np.int16))
    with pytest.raises(InputError, match=r"ndvi_2003\.tif"):
        pixeltrend.check(folder)


def test_progress(folder):
    seen = []
    pixeltrend.check(folder, full=True, progress=lambda done, of: seen.append((done, of)))
    assert seen[-1] == (len(YEARS), len(YEARS))


@pytest.mark.parametrize("fault", ["truncated", "damaged"])
def test_a_run_fails_on_what_check_tells(folder, run_cli, tmp_path, fault):
    path = folder / "ndvi_2003.tif"
    if fault == "truncated":
        os.truncate(path, path.stat().st_size // 2)
    else:
        damage(path, 32, 32)
    (tmp_path / "t.tif").write_bytes(b"old")
    done = run_cli("slope", "in", "-o", "t.tif")
    assert done.returncode in {1, 3}
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("Error: ")
    assert "ndvi_2003.tif" in line
    assert (tmp_path / "t.tif").read_bytes() == b"old"


@pytest.mark.parametrize("nodata", [0, np.nan])
def test_another_constant_than_the_one_declared_is_told(tmp_path, write_stack, make_values, nodata):
    values = make_values(3, 40, 50)
    values[:, :5] = -9999
    write_stack(tmp_path, values, nodata=nodata)
    said = "another nodata is declared, but -9999"
    assert any(said in text for text in pixeltrend.check(tmp_path, pixels=True).warnings)
    assert pixeltrend.check(tmp_path).warnings == ()


@pytest.mark.parametrize("options", [[], ["TILED=YES", "BLOCKXSIZE=64", "BLOCKYSIZE=64"]])
@pytest.mark.parametrize("how", ["pixels", "full"])
def test_a_patch_of_one_year_is_told(tmp_path, write_stack, make_values, options, how):
    values = make_values(8, 300, 280)
    values[3, 20:60, 30:70] = -9999
    write_stack(tmp_path, values, options=options)
    warnings = pixeltrend.check(tmp_path, **{how: True}).warnings
    assert len(warnings) == 1
    assert "ndvi_2003.tif: no nodata is declared, but -9999 is at" in warnings[0]
    if how == "full":
        assert "1,600 of 84,000 pixels" in warnings[0]


def test_full_finds_what_a_sample_misses(tmp_path, write_stack, make_values):
    values = make_values(3, 640, 640)
    values[1, 130:190, 450:500] = -9999
    write_stack(tmp_path, values, options=["TILED=YES", "BLOCKXSIZE=64", "BLOCKYSIZE=64"])
    assert pixeltrend.check(tmp_path, pixels=True).warnings == ()
    assert "-9999" in pixeltrend.check(tmp_path, full=True).warnings[0]


@pytest.mark.parametrize("constant", [-1e30, 1e20, -3.4028234663852886e38])
def test_constants_that_float32_rounds_are_told(tmp_path, write_stack, make_values, constant):
    values = make_values(3, 60, 50)
    values[1, 20:30, 20:30] = constant
    write_stack(tmp_path, values)
    [warning] = pixeltrend.check(tmp_path, pixels=True).warnings
    assert f"{constant:g} is at 100 of 3,000" in warning
