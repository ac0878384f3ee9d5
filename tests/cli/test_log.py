"""What a run says elsewhere than on stderr: a log file, lines of progress, a summary as JSON."""

from __future__ import annotations

import json
import os
import re

import click
import numpy as np
import pytest

from pixeltrend.cli.progress import lines, progress_of

TIME = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} "


def test_a_log_file_has_all_that_is_said_with_times(run_cli, stack, tmp_path):
    log = tmp_path / "run.log"
    done = run_cli("slope", "ndvi_*.tif", "-o", "t.tif", "--log-file", log, "--quiet")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    first = log.read_text().splitlines()
    assert re.fullmatch(TIME + r"pixeltrend: process \d+ in .*: pixeltrend slope .*", first[0])
    assert re.fullmatch(
        TIME + r"pixeltrend: t\.tif: 48 pixels \(\d+ with a result\), .*", first[-1]
    )
    run_cli("slope", "https://me:secret@x.invalid/*.tif", "-o", "t.tif", "--log-file", log)
    text = log.read_text()
    assert text.splitlines()[: len(first)] == first
    assert "secret" not in text
    assert re.search(TIME + "pixeltrend: Error: .*x.invalid", text)


@pytest.mark.parametrize("path", ["nowhere/run.log", ".", "fifo"])
def test_a_log_file_that_cannot_be_opened_is_one_line(run_cli, stack, tmp_path, path):
    os.mkfifo(tmp_path / "fifo")
    done = run_cli("slope", "ndvi_*.tif", "-o", "t.tif", "--log-file", path)
    assert done.returncode == 1
    assert re.fullmatch(rf"Error: {re.escape(path)}: cannot be written: .*\n", done.stderr)
    assert not (tmp_path / "t.tif").exists()


def test_a_log_file_that_takes_no_more_is_said_once(run_cli, stack, tmp_path):
    done = run_cli("slope", "ndvi_*.tif", "-o", "t.tif", "-q", "--log-file", "/dev/full")
    assert done.returncode == 0
    assert done.stderr == (
        "Warning: /dev/full: cannot be written: No space left on device; the run goes on\n"
    )
    assert (tmp_path / "t.tif").exists()


@pytest.mark.parametrize("options", [(), ("-v",)])
def test_warnings_stay_on_stderr(run_cli, tmp_path, options):
    """Those that the library logs too: here, of the machine code that is not there yet."""
    run_cli("demo", "in", "--size", 5, 5, "--years", "2000:2004", "-q")
    command = ["slope", "in", "-o", "t.tif", "--stats", "pvalue", "--workers", 1, *options]
    env = {"NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    done = run_cli(*command, "--log-file", "run.log", env=env)
    assert done.returncode == 0
    assert done.stderr.count("compiling for this machine") == 1
    assert "compiling for this machine" in (tmp_path / "run.log").read_text()


def test_a_log_is_never_appended_to_a_raster(run_cli, stack):
    before = stack[0].read_bytes()
    done = run_cli("slope", "ndvi_*.tif", "-o", "t.tif", "--log-file", stack[0])
    assert done.returncode == 2
    assert "is the name of a raster" in done.stderr
    assert stack[0].read_bytes() == before


def test_what_a_bar_says_is_left_follows_the_pace(monkeypatch, capsys):
    """40 windows of 0.2 s, then 40 of 1 s, of 160: 80 s are left, not 48 s as by the mean."""
    now = 0.0
    monkeypatch.setattr("tqdm.std.time", lambda: now)
    with click.Context(click.Command("slope")) as context:
        context.meta["progress"] = "bar"
        with progress_of(quiet=False, as_json=False) as show:
            for done in range(1, 81):
                now += 0.2 if done <= 40 else 1
                show(done * 1000, 160_000)
    last = [text for text in capsys.readouterr().err.split("\r") if "k/160k" in text][-1]
    minutes, seconds = re.search(r"<(\d+):(\d+)", last).groups()
    assert 65 < 60 * int(minutes) + int(seconds) <= 82


@pytest.mark.parametrize(
    ("step", "count", "wanted"),
    [
        (1, 9, []),
        (10, 10, [10, 20, 30, 40, 50, 60, 70, 80, 90, 100]),
        (10, 100, sorted([*range(6, 100, 10), *range(10, 101, 10)])),
        (1, 100, [10, 20, 30, 40, 50, 60, 70, 80, 90, 100]),
    ],
    ids=["a run of some seconds", "each 10 %", "each 10 % and each minute", "not each window"],
)
def test_lines_of_progress(step, count, wanted):
    """So many windows, each of which takes so many seconds."""
    said, clock = [], iter(range(0, step * count + 1, step))
    update = lines(said.append, "pixels", lambda: next(clock))
    for done in range(1, count + 1):
        update(done, count)
    assert [int(line.partition("%")[0]) for line in said] == wanted


def test_a_line_says_how_much_and_how_long():
    said, clock = [], iter([0.0, 15.0])
    lines(said.append, "files", lambda: next(clock))(1000, 4000)
    assert said == ["25% of 4,000 files in 15 s, 45 s left"]


def test_a_summary_counts_the_missing_values_of_each_raster(
    run_cli, tmp_path, write_stack, make_values
):
    values = make_values(4, 50, 40, gaps=0.2)
    write_stack(tmp_path, values, options=["BLOCKYSIZE=10"])
    for more in (["--workers", "1"], ["--workers", "2"], ["--stats", "slope,pvalue", "--fdr"]):
        done = run_cli("slope", "ndvi_*.tif", "-o", "t.tif", "--json", "--memory", "20K", *more)
        assert (done.returncode, done.stderr) == (0, "")
        summary = json.loads(done.stdout)
        assert summary["missing"] == np.isnan(values).sum((1, 2)).tolist()
        assert len(summary["times"]) == 4
        assert summary["windows"] > 1
        assert summary["pixels"] == 2000
        assert summary["bytes_read"] is None or summary["bytes_read"] >= values.nbytes
        assert summary["peak_memory"] > 2**20
        assert (summary["peak_memory_of_a_worker"] > 0) == (more != ["--workers", "1"])
