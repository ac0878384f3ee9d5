"""Lock: two runs never write one output at once, and a dead one is in nobody's way."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from subprocess import PIPE

import pytest
from running import run, started

import pixeltrend
from pixeltrend.errors import OutputError
from pixeltrend.raster.lock import lock
from pixeltrend.raster.replacing import Replacement

# Takes the lock of the file it is told, says so, and holds it until its stdin ends.
HOLD = (
    "import sys; from pixeltrend.raster.lock import lock;"
    "from pixeltrend.raster.replacing import Replacement\n"
    "with lock(Replacement(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
)


@pytest.fixture
def holder(tmp_path):
    """Another process that writes trend.tif."""
    command = [sys.executable, "-c", HOLD, tmp_path / "trend.tif"]
    with started(command, stdin=PIPE, stdout=PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        yield process


def test_nothing_is_left(tmp_path):
    for _ in range(2):
        with lock(Replacement(tmp_path / "trend.tif")):
            assert len(list(tmp_path.iterdir())) == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["x" * 255, "é" * 127, "trend[1].tif"])
def test_any_name(tmp_path, name):
    with lock(Replacement(tmp_path / name)), pytest.raises(OutputError, match="being written"):  # noqa: SIM117
        with lock(Replacement(tmp_path / name)):
            pass


def test_names_that_begin_alike_are_not_in_each_others_way(tmp_path):
    with lock(Replacement(tmp_path / ("x" * 100 + "1"))), lock(Replacement(tmp_path / ("x" * 101))):
        assert len(list(tmp_path.iterdir())) == 2


def test_a_second_run_says_who_writes_and_stops(stack, tmp_path, run_cli, holder):
    done = run_cli("slope", "ndvi_*.tif", "-o", "trend.tif")
    assert done.returncode == 1
    assert f"trend.tif: is being written by process {holder.pid} on " in done.stderr
    assert " since 2" in done.stderr
    assert "--lock-timeout" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "trend.tif").exists()
    run_cli("slope", "ndvi_*.tif", "-o", "other.tif")
    assert (tmp_path / "other.tif").exists()
    assert len(stack) == 5


def test_a_second_run_waits_if_it_may(stack, tmp_path, cli_command, holder):
    command = [*cli_command, "slope", "ndvi_*.tif", "-o", "trend.tif", "--lock-timeout", "250"]
    with started(command, cwd=tmp_path) as waiting:
        holder.stdin.close()
        assert holder.wait() == 0
        assert waiting.wait() == 0
    assert (tmp_path / "trend.tif").exists()
    assert len(stack) == 5


def test_a_link_to_the_output_has_the_same_lock(tmp_path, holder):
    (tmp_path / "link").symlink_to("trend.tif")
    with pytest.raises(OutputError, match="being written"), lock(Replacement(tmp_path / "link")):
        pass


def test_the_lock_of_a_dead_run_is_free(stack, tmp_path, holder):
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert any(path.suffix == ".lock" for path in tmp_path.iterdir())
    pixeltrend.slope(stack, tmp_path / "trend.tif")
    assert not any(path.suffix == ".lock" for path in tmp_path.iterdir())


def test_children_do_not_hold_the_lock(tmp_path):
    """A killed run's workers may outlive it for a moment."""
    if "fork" not in multiprocessing.get_all_start_methods():
        pytest.skip("no fork")
    code = (
        "import os, sys, time; from pixeltrend.raster.lock import lock;"
        "from pixeltrend.raster.replacing import Replacement\n"
        "with lock(Replacement(sys.argv[1])):\n"
        "    if os.fork(): os._exit(0)\n"  # as if killed
        "    print(os.getpid(), flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, tmp_path / "trend.tif"]
    with started(command, stdin=PIPE, stdout=PIPE, text=True) as process:
        child = int(process.stdout.readline())
        process.wait()
        os.kill(child, 0)
        with lock(Replacement(tmp_path / "trend.tif")):
            pass


def test_a_lock_that_cannot_be_made_is_an_error_of_the_output(tmp_path):
    done = run([sys.executable, "-c", HOLD, tmp_path / "nowhere" / "trend.tif"])
    assert "does not exist" in done.stderr
