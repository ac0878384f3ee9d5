"""--resume: a run killed at any moment goes on where it was, and ends with the same bytes."""

from __future__ import annotations

import random
import signal
import sys

import numpy as np
import pytest
from running import run

import pixeltrend
from pixeltrend.execution import resume
from pixeltrend.raster.lock import lock
from pixeltrend.raster.replacing import Replacement

# Runs the command line, and kills itself at a call of a function that is counted from the moment
# when the windows are planned; if it lives, says how many calls there were until the first window
# was finished, until the last one was, and in all.
PROGRAM = """
import os, signal, sys
last = int(sys.argv.pop(1))
calls = first = final = 0

def count(_frame, event, _arg):
    global calls
    calls += event in ("call", "c_call")
    if calls == last:
        os.kill(os.getpid(), signal.SIGKILL)

from pixeltrend.execution.resume import KeptWindows
take_up, keep = KeptWindows.take_up, KeptWindows._keep

def counted(self, windows):
    os.register_at_fork(after_in_child=lambda: sys.setprofile(None))
    sys.setprofile(count)
    return take_up(self, windows)

def kept(self, *result):
    global first, final
    first, final = first or calls, calls
    keep(self, *result)

KeptWindows.take_up, KeptWindows._keep = counted, kept
from pixeltrend.cli import cli
cli(standalone_mode=False)
sys.setprofile(None)
print(first, final, calls)
"""
# Notes each window that a worker computes.
FUNCTION = """
def largest(times, values):
    with open("computed", "ab", 0) as file:
        file.write(b".")
    return values.max(axis=0)
"""
ROWS, COLUMNS, YEARS, KILLS, WORKERS = 60, 20, 5, 10, 2
# A row of pixels.
MEMORY = ("--memory", "2K")
MAP = ("map", "mine.py:largest", "in/*.tif", "--vectorized", "--bands", "largest", *MEMORY)
SLOPE = ("slope", "in/*.tif", "-o", "trend.tif", *MEMORY)


@pytest.fixture
def inputs(tmp_path, write_stack, make_values):
    (tmp_path / "mine.py").write_text(FUNCTION)
    return write_stack(tmp_path / "in", make_values(YEARS, ROWS, COLUMNS, gaps=0.1))


@pytest.fixture
def folder(tmp_path):
    return resume.hidden_name(tmp_path / "trend.tif", "resume")


@pytest.fixture
def kill_after(inputs, tmp_path):
    """Run a command until so many calls; 0 is to its end. Return its status and what it wrote."""

    def run_it(calls, *arguments):
        return run([sys.executable, "-c", PROGRAM, calls, *arguments], cwd=tmp_path)

    return run_it


@pytest.fixture
def interrupted(kill_after, tmp_path, folder, run_cli):
    """A run that was killed when it had finished half of its windows; the run that goes on."""
    run_cli(*SLOPE[:3], "plain.tif")
    whole = kill_after(0, *SLOPE, "--resume")
    assert whole.returncode == 0, whole.stderr
    assert (tmp_path / "trend.tif").read_bytes() == (tmp_path / "plain.tif").read_bytes()
    (tmp_path / "trend.tif").unlink()
    killed = kill_after(sum(map(int, whole.stdout.split()[:2])) // 2, *SLOPE, "--resume")
    assert killed.returncode == -signal.SIGKILL
    assert not (tmp_path / "trend.tif").exists()
    assert ROWS // 4 < len(list(folder.iterdir())) < ROWS

    def go_on(*arguments, status=0):
        done = run_cli(*SLOPE, *arguments)
        assert done.returncode == status, done.stderr
        if status == 0:
            assert not folder.exists()
        return done.stderr

    return go_on


def is_plain(tmp_path):
    return (tmp_path / "trend.tif").read_bytes() == (tmp_path / "plain.tif").read_bytes()


def kill_until_done(kill_after, seed, *arguments):
    """Kill a run at ten random moments, and then let it end; return what it says at the end."""
    chance = random.Random(seed)  # noqa: S311 - nothing is kept secret
    whole = kill_after(0, *arguments, "-o", "plain.tif", "--resume")
    assert whole.returncode == 0, whole.stderr
    before, _, calls = map(int, whole.stdout.split())
    for _ in range(KILLS):
        early, late = chance.randint(1, before), before + chance.randint(1, calls // KILLS)
        moment = chance.choice([early, late, late])
        killed = kill_after(moment, *arguments, "-o", "trend.tif", "--resume")
        assert killed.returncode == -signal.SIGKILL, killed.stderr
    done = kill_after(0, *arguments, "-o", "trend.tif", "--resume")
    assert done.returncode == 0, done.stderr
    return done.stderr


def test_killed_ten_times(kill_after, tmp_path):
    said = kill_until_done(kill_after, 2002, *MAP, "--workers", WORKERS)
    assert "windows of a run before" in said
    assert is_plain(tmp_path)
    computed = (tmp_path / "computed").stat().st_size - ROWS  # those of the run that was not killed
    assert ROWS <= computed <= ROWS + KILLS * 2 * WORKERS
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_killed_ten_times_with_fdr(kill_after, tmp_path):
    options = ("--stats", "slope,pvalue", "--fdr", "bh", *MEMORY, "--workers", 1)
    kill_until_done(kill_after, 7, "slope", "in/*.tif", *options)
    assert is_plain(tmp_path)


def test_other_windows_go_on_with_the_old_ones(interrupted, tmp_path):
    assert "windows of a run before" in interrupted("--resume", "--workers", 3, "--memory", "64MB")
    assert is_plain(tmp_path)


def test_a_run_without_removes_what_was_kept(interrupted, tmp_path):
    assert "windows of a run before" not in interrupted()
    assert is_plain(tmp_path)


def test_another_option(interrupted, tmp_path, read_raster):
    said = interrupted("--resume", "--dtype", "float64")
    assert "trend.tif: starts over: option dtype: float64, was not given" in said
    assert read_raster(tmp_path / "trend.tif").dtype == np.float64


def test_another_input(interrupted, inputs, tmp_path, read_raster, write_raster):
    changed = read_raster(inputs[2]) + 1
    write_raster(inputs[2], changed)
    assert f"trend.tif: starts over: {inputs[2]} " in interrupted("--resume")
    assert not is_plain(tmp_path)


def test_other_numbers(interrupted, tmp_path, monkeypatch, caplog):
    monkeypatch.setattr("pixeltrend.series.record.NUMBERS", 0)
    pixeltrend.slope(tmp_path / "in", tmp_path / "trend.tif", resume=True)
    assert "starts over: this version of pixeltrend computes other numbers" in caplog.text


@pytest.mark.parametrize("damage", ["flipped", "cut off", "empty", "of another window"])
def test_damaged_windows_are_computed_again(interrupted, folder, tmp_path, damage):
    first, second = folder / "0", folder / "1"
    content = bytearray(first.read_bytes())
    if damage == "flipped":
        content[-5] ^= 16
    elif damage == "cut off":
        del content[-4:]
    elif damage == "empty":
        content.clear()
    else:
        content[:] = second.read_bytes()
    first.write_bytes(content)
    assert "1 of " in interrupted("--resume")
    assert is_plain(tmp_path)


@pytest.mark.parametrize("where", [2, 40, -3])
def test_a_damaged_plan_starts_over(interrupted, folder, tmp_path, where):
    content = bytearray((folder / "plan").read_bytes())
    content[where] ^= 1
    (folder / "plan").write_bytes(content)
    assert "trend.tif: starts over: what was kept is damaged" in interrupted("--resume")
    assert is_plain(tmp_path)


def test_a_full_disk_is_said_and_keeps_what_there_is(
    interrupted, folder, tmp_path, monkeypatch, caplog
):
    (folder / "new").unlink(missing_ok=True)
    kept = len(list(folder.iterdir()))

    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(resume.os, "replace", full)
        with pytest.raises(pixeltrend.OutputError, match=r"trend\.tif: a finished window cannot"):
            pixeltrend.slope(tmp_path / "in", tmp_path / "trend.tif", resume=True, workers=1)
    assert len(list(folder.iterdir())) == kept
    summary = pixeltrend.slope(f"{tmp_path}/in/*.tif", tmp_path / "trend.tif", resume=True)
    assert summary.resumed == kept - 1
    assert is_plain(tmp_path)
    assert not caplog.text


def test_no_overwrite_and_update(interrupted, tmp_path):
    said = interrupted("--resume", "--no-overwrite", "--update")
    assert "not up to date: trend.tif does not exist" in said
    assert "windows of a run before" in said
    assert is_plain(tmp_path)
    assert "up to date with 5 files" in interrupted("--resume", "--update")
    assert "already exists" in interrupted("--resume", "--no-overwrite", status=1)


def test_a_complete_output_is_not_hidden_by_what_is_kept(interrupted, folder, tmp_path):
    """The run was killed after it had renamed the output, and before it had tidied up."""
    (tmp_path / "plain.tif").rename(tmp_path / "trend.tif")
    assert "already exists" in interrupted("--resume", "--no-overwrite", status=1)
    with lock(Replacement(tmp_path / "trend.tif")):
        assert "is being written by" in interrupted("--resume", status=1)
    assert folder.exists()
    assert "windows of a run before" in interrupted("--resume")


def test_a_function_without_a_name_is_refused(inputs, tmp_path):
    with pytest.raises(pixeltrend.ArgumentError, match="resume: needs the function's name"):
        pixeltrend.map_pixels(np.nanmax, inputs, tmp_path / "m.tif", resume=True)
