"""The library: progress, cancellation, and executors of the caller's."""

from __future__ import annotations

import dataclasses
import inspect
import itertools
import multiprocessing
import os
import re
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest
from osgeo import gdal

import pixeltrend
from pixeltrend.execution.executors import Workers
from pixeltrend.execution.pipeline import Watch
from pixeltrend.raster.output import OutputOptions
from pixeltrend.reducers.composite_options import CompositeOptions
from pixeltrend.reducers.function_options import FunctionOptions
from pixeltrend.reducers.options import StatsOptions
from pixeltrend.series.options import InputOptions


@pytest.fixture
def larger(tmp_path, write_stack, make_values):
    return write_stack(tmp_path, make_values(6, 64, 64, gaps=0.1), options=["BLOCKYSIZE=4"])


@pytest.fixture
def expected(tmp_path, larger):
    pixeltrend.slope(larger, tmp_path / "expected.tif", workers=1)
    return (tmp_path / "expected.tif").read_bytes()


def test_any_executor_gives_the_same_bytes_and_stays_open(tmp_path, larger, expected):
    with ThreadPoolExecutor(3) as threads, ProcessPoolExecutor(2, get_context("spawn")) as pool:
        for executor in (threads, pool):
            pixeltrend.slope(larger, tmp_path / "out.tif", executor=executor, memory=20_000)
            assert (tmp_path / "out.tif").read_bytes() == expected
            assert executor.submit(abs, -1).result() == 1


@pytest.mark.parametrize("executor", ["processes", "threads"])
def test_named_executors_give_the_same_bytes(tmp_path, larger, expected, executor):
    pixeltrend.slope(larger, tmp_path / "out.tif", executor=executor, memory=20_000)
    assert (tmp_path / "out.tif").read_bytes() == expected


@pytest.fixture
def small_cache():
    """GDAL keeps less than a row of tiles of all bands."""
    before = gdal.GetCacheMax()
    gdal.SetCacheMax(2**22)
    yield
    gdal.SetCacheMax(before)


@pytest.mark.usefixtures("small_cache")
def test_tiles_are_in_one_order_whoever_computes(tmp_path, write_stack, make_values):
    options = ["TILED=YES", "COMPRESS=DEFLATE", "PREDICTOR=3"]  # readers are busy, not waiting
    stack = write_stack(tmp_path, make_values(4, 300, 2000), options=options)
    outputs = set()
    for number, workers in enumerate([1, 2, 8, 2, 8]):
        output = tmp_path / f"out{number}.tif"
        pixeltrend.slope(
            stack, output, stats="all", executor="threads", workers=workers, memory=40_000_000
        )
        outputs.add(output.read_bytes())
    assert len(outputs) == 1


def open_files():
    """What this process has open, but for pipes and the like."""
    files = (os.path.realpath(file) for file in Path("/proc/self/fd").iterdir())
    return sorted(file for file in files if file.endswith(".tif"))


@pytest.mark.parametrize(
    ("executor", "workers"), [("processes", 1), ("threads", 2), ("processes", 2)]
)
def test_a_run_that_fails_leaves_nothing_open(tmp_path, larger, executor, workers):
    open_then = []

    def fail(_done, _total):
        open_then.extend(open_files())
        raise KeyError

    threads = threading.active_count()
    with pytest.raises(KeyError):
        pixeltrend.slope(
            larger,
            tmp_path / "out.tif",
            progress=fail,
            executor=executor,
            workers=workers,
            memory=20_000,
        )
    in_this_process = executor == "threads" or workers == 1
    assert not in_this_process or {str(path) for path in larger} <= set(open_then)
    assert not open_files()
    assert threading.active_count() == threads
    assert not multiprocessing.active_children()


@pytest.mark.parametrize(
    ("executor", "workers", "readers"),
    [("processes", 1, 1), ("processes", 3, 1), ("threads", 3, 3)],
)
def test_each_thread_that_reads_has_its_part_of_the_block_cache(
    tmp_path, larger, executor, workers, readers
):
    seen = []
    before = gdal.GetCacheMax()
    pixeltrend.slope(
        larger,
        tmp_path / "out.tif",
        executor=executor,
        workers=workers,
        progress=lambda _done, _total: seen.append(gdal.GetCacheMax()),
    )
    assert set(seen) == {readers * 2**24}
    assert gdal.GetCacheMax() == before


def test_progress_counts_all_pixels(tmp_path, larger):
    seen = []
    pixeltrend.slope(
        larger,
        tmp_path / "out.tif",
        memory=20_000,
        workers=2,
        progress=lambda done, total: seen.append((done, total)),
    )
    assert len(seen) > 2
    assert seen == sorted(seen)
    assert seen[-1] == (64 * 64, 64 * 64)
    assert {total for _, total in seen} == {64 * 64}


@pytest.mark.parametrize("executor", ["processes", "threads"])
def test_a_cancelled_run_leaves_the_old_output(tmp_path, larger, executor):
    output = tmp_path / "out.tif"
    output.write_bytes(b"old")
    stop = threading.Event()
    with pytest.raises(pixeltrend.CancelledError):
        pixeltrend.slope(
            larger,
            output,
            method="linregress",
            executor=executor,
            memory=20_000,
            progress=lambda _done, _total: stop.set(),
            cancelled=stop.is_set,
        )
    assert output.read_bytes() == b"old"
    assert sorted(path.name for path in tmp_path.iterdir() if ".part" in path.name) == []


def test_an_exception_in_the_callback_ends_the_run(tmp_path, larger):
    def fail(_done, _total):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        pixeltrend.slope(larger, tmp_path / "out.tif", progress=fail, workers=2, memory=20_000)
    assert not (tmp_path / "out.tif").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"executor": "mpi"}, "executor 'mpi': is not one of"),
        ({"workers": 0}, "must be 1 or more"),
        ({"executor": "serial"}, "processes, threads"),
        ({"executor": "threads", "dask": "tcp://127.0.0.1:1"}, "give only one"),
        ({"wokers": 2}, "did you mean workers"),
        ({"method": "magic"}, "method 'magic': is not one of"),
        ({"memory": 3}, "one worker needs at least"),
    ],
)
def test_parameters_that_make_no_sense(tmp_path, larger, options, said):
    with pytest.raises(pixeltrend.ArgumentError, match=said):
        pixeltrend.slope(larger, tmp_path / "out.tif", **options)


def test_unknown_options_are_refused(tmp_path, larger):
    with pytest.raises(pixeltrend.ArgumentError, match="wrokers"):
        pixeltrend.slope(larger, tmp_path / "out.tif", wrokers=2)


def test_a_series_can_be_looked_at(tmp_path, larger):
    series = pixeltrend.open_series(tmp_path / "ndvi_*.tif")
    assert series.times.tolist() == [2000, 2001, 2002, 2003, 2004, 2005]
    assert (series.grid.height, series.grid.width) == (64, 64)
    assert [source.band for source in series.sources] == [1] * 6


def test_memory_may_be_a_text(tmp_path, larger):
    windows = [
        pixeltrend.slope(larger, tmp_path / "out.tif", workers=1, memory=memory).windows
        for memory in ("20KB", 20 * 1024, "1GB")
    ]
    assert windows[0] == windows[1] > windows[2]
    for wrong in ("much", "0MB", "-1"):
        with pytest.raises(pixeltrend.ArgumentError, match="memory"):
            pixeltrend.slope(larger, tmp_path / "out.tif", memory=wrong)


def test_true_shows_a_bar(tmp_path, larger, monkeypatch, capsys):
    now = iter(range(10_000))  # a clock by which even this run takes long
    monkeypatch.setattr("tqdm.std.time", lambda: next(now))
    pixeltrend.slope(larger, tmp_path / "out.tif", workers=1, memory=20_000, progress=True)
    assert "k/4.10k" in capsys.readouterr().err
    pixeltrend.check(larger, pixels=True, progress=True)
    assert f"/{len(larger)}" in capsys.readouterr().err
    pixeltrend.slope(larger, tmp_path / "out.tif", workers=1, memory=20_000, progress=False)
    assert capsys.readouterr().err == ""


FUNCTIONS = {
    "slope": (StatsOptions, InputOptions, CompositeOptions, Workers, OutputOptions, Watch),
    "map_pixels": (FunctionOptions, InputOptions, CompositeOptions, Workers, OutputOptions, Watch),
    "composite": (CompositeOptions, InputOptions, Workers, OutputOptions, Watch),
    "reduce": (StatsOptions,),
    "open_series": (InputOptions,),
    "check": (InputOptions,),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_help_lists_every_parameter_with_type_default_and_meaning(name):
    function = getattr(pixeltrend, name)
    text = inspect.getdoc(function)
    lines = text.splitlines()
    assert (
        text.index("Parameters\n---") < text.index("Other Parameters\n---") < text.index("Raises")
    )
    for field in itertools.chain(*map(dataclasses.fields, FUNCTIONS[name])):
        parameter = inspect.signature(function).parameters[field.name]
        if parameter.default != field.default:  # one of the function's own
            continue
        line = f"{field.name} : {parameter.annotation}, default {field.default!r}"
        if line in lines:
            assert lines[lines.index(line) + 1].startswith("    ")
        else:
            assert field.name in function.__code__.co_varnames, field.name
    assert not re.search("--[a-z]", text.partition("Other Parameters")[2])  # as in a terminal


def test_help_knows_what_python_callers_may_give():
    text = inspect.getdoc(pixeltrend.slope)
    assert "memory : int | str | None, default None" in text
    assert "fdr : str | bool | None, default None" in text
    assert "One of ols, gls, linregress, theil-sen, mann-kendall." in text
