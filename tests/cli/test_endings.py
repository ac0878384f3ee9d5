"""Runs that end early: a full disk, a signal, a killed worker; and progress on a terminal."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import signal
import struct
import sys
import termios
from contextlib import ExitStack, suppress
from pathlib import Path
from subprocess import DEVNULL, PIPE

import numpy as np
import pytest
from commands import run_is_refused
from running import run, started, wait_until

OLD = b"the old output"


def listing(folder):
    return sorted(path.name for path in folder.iterdir())


# The disk is full


def with_file_size_limit(limit, command):
    """No file may grow beyond `limit` bytes."""
    code = (
        "import os, resource, sys; limit = int(sys.argv[1]);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit));"
        "os.execv(sys.argv[2], sys.argv[2:])"
    )
    return [sys.executable, "-c", code, str(limit), *command]


@pytest.mark.parametrize(
    ("limit", "output_format", "workers"),
    [
        (100, "GTiff", "1"),
        (60_000, "GTiff", "2"),
        (200_000, "GTiff", "1"),
        (60_000, "COG", "2"),
        (200_000, "COG", "1"),
    ],
)
def test_full_disk_exits_1(
    cli_command, tmp_path, write_stack, make_values, limit, output_format, workers
):
    write_stack(tmp_path, make_values(2, 300, 300))
    (tmp_path / "trend").write_bytes(OLD)
    before = listing(tmp_path)
    command = [*cli_command, "slope", "*.tif", "-o", "trend", "--of", output_format]
    command += ["--workers", workers, "--memory", "200K"]
    done = run(with_file_size_limit(limit, command), cwd=tmp_path)
    # Some builds of libtiff say these themselves, beside what they tell GDAL.
    lines = [line for line in done.stderr.splitlines() if not line.startswith("_tiff")]
    done.stderr = "\n".join(lines)
    run_is_refused(done, 1, "trend", "File too large")
    assert (tmp_path / "trend").read_bytes() == OLD
    assert listing(tmp_path) == before


@pytest.mark.parametrize("limit", [30_000, 250_000])
def test_temporary_files_that_find_the_disk_full(
    cli_command, tmp_path, write_stack, make_values, limit
):
    write_stack(tmp_path, make_values(4, 200, 200))
    before = listing(tmp_path)
    command = [*cli_command, "slope", "*.tif", "-o", "t.tif", "--stats", "slope,pvalue", "--fdr"]
    done = run(with_file_size_limit(limit, [*command, "--workers", "1"]), cwd=tmp_path)
    run_is_refused(done, 1, "cannot hold temporary files: File too large")
    assert listing(tmp_path) == before


@pytest.mark.parametrize("percent", [70, 80, 90, 98])
def test_a_disk_that_is_nearly_large_enough(
    cli_command, tmp_path, write_stack, make_values, percent
):
    write_stack(tmp_path, make_values(2, 600, 300))
    command = [*cli_command, "slope", "*.tif", "-o", "trend", "--workers", "2"]
    assert run(command, cwd=tmp_path).returncode == 0
    size = (tmp_path / "trend").stat().st_size
    (tmp_path / "trend").write_bytes(OLD)
    done = run(with_file_size_limit(size * percent // 100, command), cwd=tmp_path)
    lines = [line for line in done.stderr.splitlines() if not line.startswith("_tiff")]
    done.stderr = "\n".join(lines)
    run_is_refused(done, 1, "trend", "File too large")
    assert (tmp_path / "trend").read_bytes() == OLD


# Signals in the middle of a run


@pytest.fixture(scope="module")
def slow_stack(tmp_path_factory, write_stack, make_values):
    """Takes SciPy many seconds, pixel by pixel."""
    folder = tmp_path_factory.mktemp("slow")
    write_stack(folder, make_values(8, 3000, 32), options=["BLOCKYSIZE=1"])
    return folder


def processes_of(session):
    """Ids of the living processes of a session, and the seconds each has computed."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:  # it has just ended
            continue
        state, its_session, ticks = fields[0], int(fields[3]), int(fields[11])
        if its_session == session and state not in "ZX":
            found[int(stat.parent.name)] = ticks / os.sysconf("SC_CLK_TCK")
    return found


class Run:
    """A slow run in a session of its own, over an old output, in the middle of its work."""

    def __init__(self, process, target, workers):
        self.process, self.target, self.folder = process, target, target.parent
        wait_until(lambda: self.is_writing() and len(self.busy()) >= workers)

    def is_writing(self):
        """Whether there is a growing file, wherever beside the target it is."""
        assert self.process.poll() is None, "the run was not slow enough"
        return any(path.is_file() for path in self.folder.rglob("*") if path != self.target)

    def busy(self):
        """Ids of the processes that compute: the workers, or the only process there is."""
        seconds = processes_of(self.process.pid)
        if len(seconds) > 1:
            del seconds[self.process.pid]
        return [pid for pid, its_seconds in seconds.items() if its_seconds > 0.3]

    def end(self):
        out, err = self.process.communicate()
        wait_until(lambda: not processes_of(self.process.pid))
        return out, err


@pytest.fixture
def slow_run(cli_command, slow_stack, tmp_path):
    target = tmp_path / "trend.tif"
    with ExitStack() as running:

        def start(workers):
            target.write_bytes(OLD)
            command = [*cli_command, "slope", slow_stack, "-o", target, "--memory", "20K"]
            command += ["--method", "linregress", "--workers", workers]
            process = started(command, stdout=PIPE, stderr=PIPE, text=True)
            return Run(running.enter_context(process), target, workers)

        yield start


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize(
    ("number", "whole_group", "status"),
    [(signal.SIGINT, True, 130), (signal.SIGINT, False, 130), (signal.SIGTERM, False, 143),
     (signal.SIGTERM, True, 143)],
    ids=["Ctrl-C", "SIGINT", "SIGTERM", "SIGTERM to all"],
)  # fmt: skip
def test_signal(slow_run, number, whole_group, status, workers):
    run = slow_run(workers)
    if whole_group:
        os.killpg(run.process.pid, number)
    else:
        run.process.send_signal(number)
    out, err = run.end()
    assert run.process.returncode == status
    assert out == ""
    assert len(err.strip().splitlines()) == 1, err  # Click ends the line of a terminal's ^C
    assert run.target.read_bytes() == OLD
    assert listing(run.folder) == ["trend.tif"]


@pytest.mark.parametrize("workers", [1, 2])
def test_killed_run_leaves_the_old_output_and_the_next_run_cleans_up(
    slow_run, run_cli, stack, tmp_path, workers
):
    for path in stack:
        path.unlink()
    run = slow_run(workers)
    run.process.kill()
    run.end()
    assert run.target.read_bytes() == OLD
    done = run_cli("demo", "demo", "--size", 5, 5, "--years", "2000:2002")
    assert done.returncode == 0
    done = run_cli("slope", "demo", "-o", "trend.tif")
    assert done.returncode == 0, done.stderr
    assert listing(tmp_path) == ["demo", "trend.qml", "trend.tif", "trend.tif.aux.json"]
    assert run.target.read_bytes() != OLD


def test_killed_worker_exits_1(slow_run):
    run = slow_run(2)
    os.kill(run.busy()[0], signal.SIGKILL)
    out, err = run.end()
    assert run.process.returncode == 1
    assert out == ""
    assert len(err.splitlines()) == 1, err
    assert "worker" in err
    assert run.target.read_bytes() == OLD
    assert listing(run.folder) == ["trend.tif"]


# A terminal


def run_on_terminal(command, cwd):
    """Run with stderr on a terminal; give the status and what the terminal got."""
    terminal, end = pty.openpty()
    fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    shown = b""
    with started(command, cwd=cwd, stdout=DEVNULL, stderr=end, env={"TERM": "xterm"}) as process:
        os.close(end)
        with suppress(OSError):  # the other end is closed
            while some := os.read(terminal, 65536):
                shown += some
        process.wait()
    os.close(terminal)
    return process.returncode, shown.decode()


@pytest.fixture
def unhurried(tmp_path, write_stack, make_values):
    """Arguments of a run that is worth a progress bar, on any machine."""
    write_stack(tmp_path / "in", make_values(3, 40, 60), options=["BLOCKYSIZE=1"])
    function = (
        "import time\ndef mean(pairs):\n    time.sleep(0.001)\n    return pairs[:, 1].mean()\n"
    )
    (tmp_path / "slow.py").write_text(function)
    return ["map", "slow.py:mean", "in", "-o", "t", "--bands", "mean"]


@pytest.mark.parametrize("workers", ["1", "2"])
def test_progress_on_a_terminal(cli_command, unhurried, tmp_path, monkeypatch, workers):
    monkeypatch.delenv("PIXELTREND_MAP_PROGRESS")
    command = [*cli_command, *unhurried, "--workers", workers]
    status, shown = run_on_terminal(command, tmp_path)
    assert status == 0
    assert re.search(r"\d+%", shown)
    assert "2.40k" in shown  # pixels
    assert shown.splitlines()[-1].count("2000 to 2002") == 1


def test_quiet_on_a_terminal(cli_command, unhurried, tmp_path):
    assert run_on_terminal([*cli_command, *unhurried, "-q"], tmp_path) == (0, "")


def test_no_progress_where_nobody_looks(run_cli, unhurried):
    done = run_cli(*unhurried)
    assert done.returncode == 0
    assert "%" not in done.stderr
    assert "\r" not in done.stderr
    assert len(done.stderr.splitlines()) == 1


# Limits


@pytest.mark.parametrize(
    "workers", [["--workers", "2"], ["--workers", "3", "--executor", "threads"]]
)
def test_few_open_files_are_enough_for_many_inputs(cli_command, tmp_path, write_stack, workers):
    write_stack(tmp_path, np.ones((200, 2, 2), np.float32), range(1800, 2000))
    command = ["sh", "-c", 'ulimit -n 64; exec "$@"', "sh", *cli_command, "slope", "*.tif"]
    done = run([*command, "-o", "trend", *workers], cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def test_too_few_open_files_are_one_line(cli_command, stack, tmp_path):
    command = ["sh", "-c", 'ulimit -n 12; exec "$@"', "sh", *cli_command, "slope", "*.tif"]
    done = run([*command, "-o", "trend", "--workers", "2"], cwd=tmp_path)
    run_is_refused(done, 1, "Too many open files", "ulimit -n")
    assert listing(tmp_path) == [path.name for path in stack]
