"""`check`: quiet on good data; what it prints, and how it ends."""

from __future__ import annotations

import json
import os

import numpy as np
import pytest
from earth_engine import GEOTRANSFORM, shift, write_shards
from reports import SHAPE, STORED, YEARS, contents, everything

import pixeltrend
from pixeltrend.errors import InputError

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
    assert run_cli("demo", "made_up", "--size", 80, 60, "--gaps", 0.2).returncode == 0
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


# How it ends


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
