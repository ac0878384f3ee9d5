"""A real Dask scheduler with real workers, as processes on this machine."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from contextlib import ExitStack, contextmanager
from subprocess import DEVNULL, PIPE
from types import SimpleNamespace

import dask
import distributed
import pytest
from running import started, wait_until

import pixeltrend
from pixeltrend.execution import cluster as cluster_module
from pixeltrend.execution.cluster import dask_executor

SLOW = """
import time

def mean(pairs):
    time.sleep(0.002)
    return pairs[:, 1].mean()
"""


# Passes bytes on to another port; listens only when it is told to.
LATE = """
import asyncio, socket, sys

async def copy(reader, writer):
    while data := await reader.read(65536):
        writer.write(data)
    writer.close()

async def pass_on(reader, writer):
    there = await asyncio.open_connection("127.0.0.1", int(sys.argv[1]))
    await asyncio.gather(copy(reader, there[1]), copy(there[0], writer))

async def main():
    port = socket.socket()
    port.bind(("127.0.0.1", 0))
    print(port.getsockname()[1], flush=True)
    sys.stdin.readline()
    await (await asyncio.start_server(pass_on, sock=port)).serve_forever()

asyncio.run(main())
"""


class Cluster:
    """A scheduler, and workers without a nanny: a killed one stays dead."""

    def __init__(self, folder, running):
        self.folder = folder
        self.file = folder / "scheduler.json"
        self.running = running
        self.scheduler = self.start(
            "scheduler", "--scheduler-file", self.file, "--no-dashboard", "--port", "0"
        )

    def start(self, what, *arguments):
        command = [sys.executable, "-m", f"distributed.cli.dask_{what}", "--host", "127.0.0.1"]
        process = started(
            [*command, *arguments], cwd=self.folder, stdout=DEVNULL, stderr=DEVNULL
        )  # fmt: skip
        return self.running.enter_context(process)

    def start_worker(self):
        return self.start(
            "worker", "--scheduler-file", self.file, "--no-nanny", "--nthreads", "1",
            "--no-dashboard", "--memory-limit", "0", "--local-directory", self.folder / "local",
        )  # fmt: skip


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with ExitStack() as running:
        found = Cluster(tmp_path_factory.mktemp("cluster"), running)
        found.start_worker()
        wait_until(lambda: count_workers(found) == 1)
        yield found


def count_workers(cluster):
    with dask_executor(cluster.file, []) as (_executor, threads):
        return threads


@pytest.fixture
def larger(tmp_path, write_stack, make_values):
    return write_stack(tmp_path, make_values(6, 64, 48, gaps=0.1), options=["BLOCKYSIZE=4"])


def test_the_same_bytes_as_on_this_machine(tmp_path, larger, cluster, run_cli):
    assert run_cli("slope", "ndvi_*.tif", "-o", "here.tif", "--workers", "2").returncode == 0
    there = run_cli(
        "slope", "ndvi_*.tif", "-o", "there.tif", "--memory", "20K",
        "--dask", cluster.file,
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
        dask=cluster.file,
        memory=10_000,
        progress=watch,
    )
    assert victim.wait() == -9
    assert len(seen) > 10
    assert (tmp_path / "there.tif").read_bytes() == (tmp_path / "here.tif").read_bytes()


def test_a_run_on_a_cluster_goes_on_where_it_was(tmp_path, larger, cluster):
    pixeltrend.slope(larger, tmp_path / "here.tif", workers=1)
    seen = []
    settings = {"dask": cluster.file, "memory": 10_000, "resume": True}
    with pytest.raises(pixeltrend.CancelledError):
        pixeltrend.slope(
            larger,
            tmp_path / "there.tif",
            progress=lambda done, _total: seen.append(done),
            cancelled=lambda: len(seen) >= 3,
            **settings,
        )
    summary = pixeltrend.slope(larger, tmp_path / "there.tif", **settings)
    assert summary.resumed == len(seen)
    assert (tmp_path / "there.tif").read_bytes() == (tmp_path / "here.tif").read_bytes()


@pytest.mark.parametrize("victim", ["workers", "scheduler"])
def test_a_cluster_that_dies_ends_the_run(tmp_path, larger, monkeypatch, capfd, victim):
    monkeypatch.setattr(cluster_module, "_PATIENCE", 5.0)
    monkeypatch.setattr(cluster_module, "_LOOK", 0.1)
    (tmp_path / "slow.py").write_text(SLOW)
    said = {"workers": "has had no worker for 5 s", "scheduler": "tcp://.* is gone"}
    with ExitStack() as running:
        mortal = Cluster(tmp_path, running)
        worker = mortal.start_worker()
        process = worker if victim == "workers" else mortal.scheduler
        with (
            dask.config.set({"distributed.comm.timeouts.connect": "2s"}),
            pytest.raises(pixeltrend.WorkerError, match=said[victim]),
        ):
            pixeltrend.map_pixels(
                f"{tmp_path / 'slow.py'}:mean",
                larger,
                tmp_path / "out.tif",
                bands=["mean"],
                dask=mortal.file,
                memory=10_000,
                progress=lambda _done, _total: process.kill(),
            )
    assert not (tmp_path / "out.tif").exists()
    assert "Traceback" not in capfd.readouterr().err  # of Dask's own


def test_a_function_that_raises_on_the_cluster_says_where(larger, cluster, run_cli, tmp_path):
    (tmp_path / "bad.py").write_text("def bad(pairs):\n    raise ValueError('no good')\n")
    done = run_cli(
        "map", "bad.py:bad", "ndvi_*.tif", "-o", "out.tif", "--bands", "a",
        "--dask", cluster.file,
    )  # fmt: skip
    assert done.returncode == 1
    assert "row 0, column 0: map bad.py:bad: ValueError: no good" in done.stderr


def test_files_that_workers_do_not_see_are_named(tmp_path, larger, cluster):
    paths = [str(larger[0]), str(tmp_path / "elsewhere.tif")]
    with (
        pytest.raises(pixeltrend.WorkerError, match=r"does not see .*elsewhere\.tif"),
        dask_executor(cluster.file, paths),
    ):
        pass


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["--dask", "nonsense://here"], 1, "does not answer"),
        (["--dask", "tcp://a:1", "--executor", "threads"], 2, "give only one"),
    ],
)
def test_schedulers_that_are_not_there(run_cli, larger, tmp_path, arguments, status, said):
    done = run_cli("slope", "ndvi_*.tif", "-o", "out.tif", *arguments)
    assert done.returncode == status
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out.tif").exists()


def test_a_scheduler_may_write_its_file_later(tmp_path, cluster, monkeypatch, caplog):
    content = cluster.file.read_text()
    later = tmp_path / "later.json"
    steps = [later.touch, lambda: later.write_text(content[:40]), lambda: later.write_text(content)]
    clock = SimpleNamespace(monotonic=time.monotonic, sleep=lambda _seconds: steps.pop(0)())
    monkeypatch.setattr(cluster_module, "time", clock)
    with dask_executor(later, []) as (executor, _threads):
        assert executor.submit(abs, -1).result() == 1
    assert not steps
    assert caplog.messages == [f"waiting for a Dask scheduler to write its address to {later}"]


@contextmanager
def listening_later(cluster):
    """Start what passes on to the scheduler; give its address and what makes it listen."""
    port = json.loads(cluster.file.read_text())["address"].rpartition(":")[2]
    pipes = {"stdin": PIPE, "stdout": PIPE, "text": True}
    with started([sys.executable, "-c", LATE, port], **pipes) as process:
        address = f"tcp://127.0.0.1:{process.stdout.readline().strip()}"
        yield address, lambda: print(file=process.stdin, flush=True)


def test_a_scheduler_may_listen_later(cluster):
    with listening_later(cluster) as (address, listen):
        # Where this is before the first attempt to connect, nobody has to wait: right as well.
        timer = threading.Timer(1, listen)
        timer.start()
        with dask_executor(address, []) as (executor, _threads):
            assert executor.submit(abs, -1).result() == 1
        timer.join()


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "there is no such file"),
        ("", "it does not hold an address"),
        ('{"type": "Sched', "it does not hold an address"),
        ("[]", "it does not hold an address"),
    ],
    ids=["missing", "empty", "half-written", "another"],
)
def test_a_scheduler_file_that_is_never_written(tmp_path, larger, monkeypatch, content, problem):
    monkeypatch.setattr(cluster_module, "_PATIENCE", 0.2)
    path = tmp_path / "scheduler.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(pixeltrend.WorkerError, match=rf"scheduler\.json: .*\({problem}\)"):
        pixeltrend.slope(larger, tmp_path / "out.tif", dask=path)
    assert not (tmp_path / "out.tif").exists()


def test_a_scheduler_file_that_cannot_be_read(tmp_path):
    with (
        pytest.raises(pixeltrend.WorkerError, match="cannot be read"),
        dask_executor(tmp_path, []),
    ):
        pass


def test_a_scheduler_that_never_listens(larger, tmp_path, monkeypatch):
    monkeypatch.setattr(cluster_module, "_PATIENCE", 0.2)
    with pytest.raises(pixeltrend.WorkerError, match=r"tcp://127\.0\.0\.1:1 does not answer"):
        pixeltrend.slope(larger, tmp_path / "out.tif", dask="tcp://127.0.0.1:1")
    assert not (tmp_path / "out.tif").exists()


def test_a_cluster_without_workers(tmp_path, monkeypatch, caplog):
    class NoWorkers(distributed.Client):
        def wait_for_workers(self, n_workers, **_options):
            super().wait_for_workers(n_workers, timeout=0.1)

    monkeypatch.setattr(distributed, "Client", NoWorkers)
    with ExitStack() as running:
        alone = Cluster(tmp_path, running)
        with (
            pytest.raises(pixeltrend.WorkerError, match="has had no worker for 60 s"),
            dask_executor(alone.file, []),
        ):
            pass
    assert caplog.messages[-1].startswith("waiting for workers of the Dask scheduler at tcp://")


def test_without_the_package(tmp_path, larger, run_cli):
    (tmp_path / "blocked").mkdir()
    (tmp_path / "blocked" / "distributed.py").write_text("raise ImportError('not here')\n")
    done = run_cli(
        "slope", "ndvi_*.tif", "-o", "out.tif", "--dask", "tcp://127.0.0.1:1",
        env={"PYTHONPATH": str(tmp_path / "blocked")},
    )  # fmt: skip
    assert done.returncode == 1
    assert "pip install distributed" in done.stderr
    assert done.stderr.count("\n") == 1
