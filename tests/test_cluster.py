"""A real Dask scheduler with real workers, as processes on this machine."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

import pixeltrend

SLOW = """
import time

def mean(pairs):
    time.sleep(0.002)
    return pairs[:, 1].mean()
"""


def wait_until(what, seconds=60):
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.05)


class Cluster:
    """A scheduler, and workers without a nanny: a killed one stays dead."""

    def __init__(self, folder):
        self.folder = folder
        self.file = folder / "scheduler.json"
        self.processes = []
        self.start("scheduler", "--scheduler-file", self.file, "--no-dashboard", "--port", "0")
        wait_until(self.file.exists)

    def start(self, what, *arguments):
        command = [sys.executable, "-m", f"distributed.cli.dask_{what}", "--host", "127.0.0.1"]
        process = subprocess.Popen(
            [*command, *map(str, arguments)],
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.processes.append(process)
        return process

    def start_worker(self):
        return self.start(
            "worker", "--scheduler-file", self.file, "--no-nanny", "--nthreads", "1",
            "--no-dashboard", "--memory-limit", "0", "--local-directory", self.folder / "local",
        )  # fmt: skip

    def stop(self):
        for process in reversed(self.processes):
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    found = Cluster(tmp_path_factory.mktemp("cluster"))
    found.start_worker()
    yield found
    found.stop()


@pytest.fixture
def larger(tmp_path, write_stack, make_values):
    return write_stack(tmp_path, make_values(6, 64, 48, gaps=0.1), options=["BLOCKYSIZE=4"])


def test_the_same_bytes_as_on_this_machine(tmp_path, larger, cluster, run_cli):
    assert run_cli("slope", "ndvi_*.tif", "-o", "here.tif", "--workers", "2").returncode == 0
    there = run_cli(
        "slope", "ndvi_*.tif", "-o", "there.tif", "--executor", "dask", "--memory", "20K",
        "--scheduler-file", cluster.file,
    )  # fmt: skip
    assert there.returncode == 0, there.stderr
    assert there.stderr.count("\n") == 1
    assert (tmp_path / "there.tif").read_bytes() == (tmp_path / "here.tif").read_bytes()


def test_a_lost_worker_costs_its_windows_and_no_more(tmp_path, larger, cluster):
    (tmp_path / "slow.py").write_text(SLOW)
    function = f"{tmp_path / 'slow.py'}:mean"
    pixeltrend.map_pixels(function, larger, tmp_path / "here.tif", bands=["mean"], workers=2)
    victim = cluster.start_worker()
    seen = []

    def watch(done, _total):
        seen.append(done)
        if len(seen) == 3:
            os.kill(victim.pid, 9)

    wait_until(lambda: count_workers(cluster) == 2)
    pixeltrend.map_pixels(
        function,
        larger,
        tmp_path / "there.tif",
        bands=["mean"],
        scheduler_file=cluster.file,
        memory=10_000,
        progress=watch,
    )
    assert victim.wait() == -9
    assert len(seen) > 10
    assert (tmp_path / "there.tif").read_bytes() == (tmp_path / "here.tif").read_bytes()


def count_workers(cluster):
    from distributed import Client

    with Client(scheduler_file=str(cluster.file), set_as_default=False) as client:
        return len(client.nthreads())


def test_a_function_that_raises_on_the_cluster_says_where(larger, cluster, run_cli, tmp_path):
    (tmp_path / "bad.py").write_text("def bad(pairs):\n    raise ValueError('no good')\n")
    done = run_cli(
        "map", "bad.py:bad", "ndvi_*.tif", "-o", "out.tif", "--bands", "a",
        "--scheduler-file", cluster.file,
    )  # fmt: skip
    assert done.returncode == 1
    assert "row 0, column 0: map bad.py:bad: ValueError: no good" in done.stderr


def test_files_that_workers_do_not_see_are_named(tmp_path, larger, cluster):
    from pixeltrend.execution.cluster import dask_executor

    paths = [str(larger[0]), str(tmp_path / "elsewhere.tif")]
    with (
        pytest.raises(pixeltrend.WorkerError, match=r"does not see .*elsewhere\.tif"),
        dask_executor(None, cluster.file, paths),
    ):
        pass


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["--executor", "dask"], 2, "--scheduler"),
        (["--scheduler", "nonsense://here"], 1, "does not answer"),
        (["--scheduler", "tcp://127.0.0.1:1"], 1, "does not answer"),
        (["--scheduler-file", "missing.json"], 1, "no such scheduler file"),
        (["--scheduler", "tcp://a:1", "--scheduler-file", "b"], 2, "give one"),
        (["--scheduler", "tcp://a:1", "--executor", "serial"], 2, "dask only"),
    ],
)
def test_schedulers_that_are_not_there(run_cli, larger, tmp_path, arguments, status, said):
    patience = {"DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "1s"}
    done = run_cli("slope", "ndvi_*.tif", "-o", "out.tif", *arguments, env=patience)
    assert done.returncode == status
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out.tif").exists()


def test_without_the_package(tmp_path, larger, run_cli):
    (tmp_path / "blocked").mkdir()
    (tmp_path / "blocked" / "distributed.py").write_text("raise ImportError('not here')\n")
    done = run_cli(
        "slope", "ndvi_*.tif", "-o", "out.tif", "--scheduler", "tcp://127.0.0.1:1",
        env={"PYTHONPATH": str(tmp_path / "blocked")},
    )  # fmt: skip
    assert done.returncode == 1
    assert "pixeltrend[dask]" in done.stderr
    assert done.stderr.count("\n") == 1
