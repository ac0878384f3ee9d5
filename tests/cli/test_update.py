"""--update: a rerun does nothing where nothing has changed, and misses no change."""

from __future__ import annotations

import json
import os
import shutil

import numpy as np
import pytest
from osgeo import gdal

import pixeltrend

SLOPE = ("slope", "in/*.tif", "-o", "trend.tif", "--update")


@pytest.fixture
def inputs(tmp_path, write_stack, make_values):
    return write_stack(tmp_path / "in", make_values(5, 6, 8, gaps=0.2))


@pytest.fixture
def made(inputs, tmp_path, run_cli):
    """An output that is up to date; the run that says what --update with other arguments does."""
    done = run_cli(*SLOPE)
    assert done.returncode == 0, done.stderr
    assert "not up to date: trend.tif does not exist" in done.stderr

    def update(*arguments):
        before = (tmp_path / "trend.tif").stat().st_ino
        done = run_cli(*SLOPE, *arguments)
        assert done.returncode == 0, done.stderr
        is_kept = (tmp_path / "trend.tif").stat().st_ino == before
        assert is_kept == ("up to date with" in done.stderr)
        assert is_kept != ("not up to date" in done.stderr)
        return done.stderr

    return update


def change_a_byte(path):
    """The last byte of the pixels, with size and time as they were."""
    status = path.stat()
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    with path.open("r+b") as file:
        file.write(content)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert path.stat().st_size == status.st_size
    assert path.stat().st_mtime_ns == status.st_mtime_ns


def test_nothing_changed(made):
    assert made() == "trend.tif: up to date with 5 files\n"
    assert made("--workers", "2", "--memory", "64MB") == "trend.tif: up to date with 5 files\n"


def test_the_output_is_that_of_a_run_without(made, run_cli, tmp_path):
    run_cli("slope", "in/*.tif", "-o", "plain.tif")
    assert (tmp_path / "plain.tif").read_bytes() == (tmp_path / "trend.tif").read_bytes()


@pytest.mark.parametrize("number", range(5))
def test_one_byte_of_one_input(made, inputs, number):
    change_a_byte(inputs[number])
    assert f"{inputs[number]} has changed" in made()
    assert made() == "trend.tif: up to date with 5 files\n"


def test_one_byte_of_a_large_input(tmp_path, write_raster, run_cli):
    """Larger than what is hashed whole, and changed between the samples."""
    pixels = np.zeros((1500, 1500), np.float32)
    paths = [write_raster(tmp_path / "in" / f"ndvi_{2000 + i}.tif", pixels + i) for i in range(2)]
    run_cli(*SLOPE)
    status = paths[0].stat()
    with paths[0].open("r+b") as file:
        file.seek(200_001)
        file.write(b"\x01")
    os.utime(paths[0], ns=(status.st_atime_ns, status.st_mtime_ns))
    assert "ndvi_2000.tif was written, moved or touched" in run_cli(*SLOPE).stderr


def test_another_file_of_the_same_size_and_time(made, inputs, tmp_path):
    status = inputs[2].stat()
    shutil.copy(inputs[2], tmp_path / "other")
    change_a_byte(tmp_path / "other")
    os.utime(tmp_path / "other", ns=(status.st_atime_ns, status.st_mtime_ns))
    (tmp_path / "other").replace(inputs[2])
    assert f"{inputs[2]} has changed" in made()


def test_the_same_content_again(made, inputs):
    for path in inputs:
        content = path.read_bytes()
        path.unlink()
        path.write_bytes(content)
        os.utime(path, ns=(0, 0))
    assert "up to date with 5" in made()


def test_new_and_gone(made, inputs, tmp_path, write_raster):
    path = write_raster(tmp_path / "in" / "ndvi_2005.tif", np.ones((6, 8), np.float32))
    assert f"{path} is new" in made()
    path.unlink()
    inputs[0].rename(tmp_path / "away")
    stderr = made()
    assert f"{path} is gone" in stderr
    assert f"{inputs[0]} is gone" in stderr


def test_a_side_file(made, inputs):
    dataset = gdal.Open(str(inputs[0]))
    dataset.GetRasterBand(1).SetNoDataValue(0.5)
    dataset = None
    assert f"{inputs[0]}.aux.xml is new" in made()


def test_a_table_of_times(made, tmp_path):
    lines = [f"ndvi_{2000 + i}.tif,{2000 + i}" for i in range(5)]
    (tmp_path / "times.csv").write_text("\n".join(["file,time", *lines]))
    assert "option times: " in made("--times", "times.csv")
    assert "up to date with 6" in made("--times", "times.csv")
    (tmp_path / "times.csv").write_text(
        "\n".join(["file,time", *lines]).replace("2000\n", "1999\n")
    )
    assert "times.csv has changed" in made("--times", "times.csv")


def test_an_option(made):
    assert "option stats: slope,pvalue, was not given" in made("--stats", "slope,pvalue")
    assert "option dtype: float64" in made("--stats", "slope,pvalue", "--dtype", "float64")
    assert "up to date" in made("--stats", "slope,pvalue", "--dtype", "float64")


def test_an_output_of_somebody_else(made, tmp_path):
    content = (tmp_path / "trend.tif").read_bytes()
    (tmp_path / "trend.tif").write_bytes(content[:-1] + b"x")
    assert "trend.tif was changed since it was made" in made()


def test_a_run_without_leaves_no_record(made, run_cli, tmp_path):
    run_cli("slope", "in/*.tif", "-o", "trend.tif")
    assert not (tmp_path / "trend.tif.inputs.json").exists()
    assert "no record" in made()


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", '{"numbers": 1}'])
def test_a_record_that_is_none(made, tmp_path, text):
    (tmp_path / "trend.tif.inputs.json").write_text(text)
    assert "no record" in made()


def test_other_numbers(made, tmp_path):
    path = tmp_path / "trend.tif.inputs.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"numbers": 0}))
    assert "computes other numbers" in made()


def test_quiet_and_json(made, run_cli, inputs):
    done = run_cli(*SLOPE, "--quiet")
    assert done.stdout + done.stderr == ""
    summary = json.loads(run_cli(*SLOPE, "--json").stdout)
    assert summary["current"]
    assert summary["times"] == [2000, 2001, 2002, 2003, 2004]
    assert summary["pixels"] == 48
    assert len(inputs) == 5


def test_a_function_that_was_edited(inputs, run_cli, tmp_path):
    command = ("map", "mine.py:most", "in/*.tif", "-o", "most.tif", "--update", "--bands", "most")
    (tmp_path / "mine.py").write_text("def most(pairs):\n    return pairs[:, 1].max()\n")
    assert run_cli(*command).returncode == 0
    assert "most.tif: up to date with 6 files" in run_cli(*command).stderr
    (tmp_path / "mine.py").write_text("def most(pairs):\n    return pairs[:, 1].min()\n")
    assert "mine.py has changed" in run_cli(*command).stderr
    assert "mine.py:most" in (tmp_path / "most.tif.inputs.json").read_text()
    assert len(inputs) == 5


def test_from_python(inputs, tmp_path):
    first = pixeltrend.slope(inputs, tmp_path / "t.tif", update=True)
    second = pixeltrend.slope(iter(inputs), tmp_path / "t.tif", update=True)
    assert not first.current
    assert second.current
    assert (second.pixels, second.valid_pixels, second.times) == (
        first.pixels,
        first.valid_pixels,
        first.times,
    )
    with pytest.raises(pixeltrend.ArgumentError, match="MODULE:FUNCTION"):
        pixeltrend.map_pixels(np.nanmax, inputs, tmp_path / "m.tif", update=True)


def test_an_output_among_its_inputs(inputs, run_cli, tmp_path):
    shutil.copytree(tmp_path / "in", tmp_path / "all")
    for text in ("not up to date", "up to date with 5 files"):
        done = run_cli("slope", "all", "-o", "all/trend_2009.tif", "--update")
        assert text in done.stderr, done.stderr
    done = run_cli("slope", "all/*", "-o", "all/trend_2009.tif", "--update")
    assert "up to date with 5 files" in done.stderr
    assert len(inputs) == 5


def test_check_says_what_an_output_was_made_from(made, inputs, run_cli, tmp_path):
    done = run_cli("check", "trend.tif")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == "trend.tif: ols of 5 rasters"
    assert "  2003  ndvi_2003.tif" in done.stdout
    assert done.stdout.splitlines()[-1] == "Up to date: yes"
    change_a_byte(inputs[1])
    done = run_cli("check", "trend.tif", cwd=tmp_path)
    assert done.stdout.splitlines()[-1] == f"Up to date: no; {inputs[1]} has changed"
    (tmp_path / "trend.tif.inputs.json").unlink()
    origin = json.loads(run_cli("check", "trend.tif", "--json").stdout)
    assert origin["current"] is None
    assert origin["inputs"] == [path.name for path in inputs]


@pytest.mark.parametrize("option", ["--pixels", "--full"])
def test_what_says_nothing_of_an_output_is_refused(made, run_cli, option):
    done = run_cli("check", "trend.tif", option)
    assert done.returncode == 2
    assert "are for inputs" in done.stderr
