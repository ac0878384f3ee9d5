"""The budget: windows and workers for which the memory of all processes is enough."""

from __future__ import annotations

import os

import pytest
from osgeo import gdal

from pixeltrend.errors import ArgumentError
from pixeltrend.execution import budget
from pixeltrend.execution.budget import Output, plan
from pixeltrend.execution.executors import Workers
from pixeltrend.reducers.composite import Composite
from pixeltrend.reducers.composite_options import CompositeOptions
from pixeltrend.reducers.methods import make_reducer
from pixeltrend.reducers.options import StatsOptions
from pixeltrend.series.opening import open_series

MB = 2**20
SLOPE = make_reducer(StatsOptions())
ALL = make_reducer(StatsOptions(stats="all"))


def empty(path, rows, columns, *options):
    """Write a raster without a pixel, which takes no room."""
    dataset = gdal.GetDriverByName("GTiff").Create(
        os.fspath(path), columns, rows, 1, gdal.GDT_Float32, ["SPARSE_OK=TRUE", *options]
    )
    dataset.SetGeoTransform((578_000.0, 30.0, 0.0, 2_330_000.0, 0.0, -30.0))
    dataset.FlushCache()


@pytest.fixture
def series_of(tmp_path):
    def make(rows, columns, *options, times=4):
        for year in range(2001, 2001 + times):
            empty(tmp_path / f"ndvi_{year}.tif", rows, columns, *options)
        return open_series(tmp_path)

    return make


TILED = ("TILED=YES",)
ONE_BLOCK = ("TILED=YES", "BLOCKXSIZE=8000", "BLOCKYSIZE=8000")


@pytest.mark.parametrize("count", [1, 2, 8])
@pytest.mark.parametrize("memory", [30 * MB, 100 * MB, 1000 * MB])
@pytest.mark.parametrize("reducer", [SLOPE, ALL], ids=["slope", "all"])
@pytest.mark.parametrize("options", [TILED, ("BLOCKYSIZE=1",)], ids=["tiled", "striped"])
def test_a_plan_stays_within_its_memory(series_of, options, reducer, memory, count):
    series = series_of(3000, 2000, *options)
    chosen = plan(series, reducer, Workers(count, memory), count, Output())
    assert chosen.bytes <= memory
    largest = max(window.pixels for window in chosen.windows)
    results = 2 * chosen.workers * largest * len(reducer.bands) * 4
    values = chosen.workers * largest * len(series.times) * 4
    assert values + results <= memory
    assert sum(window.pixels for window in chosen.windows) == 3000 * 2000


def test_without_a_limit_a_worker_holds_32_mb(series_of):
    series = series_of(3000, 3000, *TILED)
    chosen = plan(series, SLOPE, Workers(2), 2, Output())
    assert chosen.workers == 2
    assert chosen.note == ""
    assert max(window.pixels for window in chosen.windows) * (4 * 4 + 17) <= 32 * MB


def test_fewer_workers_run_where_not_all_have_room_for_a_block(series_of):
    series = series_of(8000, 8000, *ONE_BLOCK)  # 256 MB, and as much as it is stored
    chosen = plan(series, SLOPE, Workers(3, 1100 * MB), 3, Output())
    assert chosen.workers < 3
    assert f"memory 1,100 MB: enough for {chosen.workers} of 3 workers" in chosen.note
    assert "a block of 8000 x 8000 pixels takes" in chosen.note
    assert "TILED=YES" in chosen.note
    assert chosen.keep.rasters == 0  # each would hold a block as it is stored


def test_a_block_that_cannot_fit_is_refused_with_figures(series_of):
    series = series_of(8000, 8000, *ONE_BLOCK)
    expected = (
        r"memory 300 MB: one worker needs at least \d+ MB, 486 MB of it to decode a block of "
        r"8000 x 8000 pixels; give more memory, or write the inputs again in tiles"
    )
    with pytest.raises(ArgumentError, match=expected):
        plan(series, SLOPE, Workers(2, 300 * MB), 2, Output())


def test_a_row_of_the_output_that_cannot_fit_is_refused(series_of):
    series = series_of(300, 3000, *TILED)
    with pytest.raises(ArgumentError, match="58 MB of it for rows of the output"):
        plan(series, ALL, Workers(1, 20 * MB), 1, Output(row_bytes=60 * MB))


def test_what_the_machine_has_is_a_limit(series_of, monkeypatch):
    series = series_of(3000, 3000, *TILED)
    monkeypatch.setattr(budget, "available_memory", lambda: 280 * MB)
    chosen = plan(series, SLOPE, Workers(4), 4, Output())
    assert chosen.bytes <= 280 * MB
    usual = plan(series, SLOPE, Workers(4, 2000 * MB), 4, Output())
    assert chosen.bytes < usual.bytes
    monkeypatch.setattr(budget, "available_memory", lambda: 50 * MB)
    assert "more than this machine or job has" in plan(series, SLOPE, Workers(4), 4, Output()).note


def test_pairs_of_many_times_count(series_of):
    theil_sen = make_reducer(StatsOptions(method="theil-sen"))
    series = series_of(64, 64, times=190)
    few = plan(series, SLOPE, Workers(2), 2, Output())
    many = plan(series, theil_sen, Workers(2), 2, Output())
    assert many.bytes - few.bytes > 2 * 64 * 8 * 190 * 189 / 2


def test_a_run_says_so_before_it_begins(tmp_path, run_cli, write_stack, make_values):
    write_stack(
        tmp_path / "in", make_values(3, 900, 1200), options=("BLOCKYSIZE=900", "COMPRESS=DEFLATE")
    )
    command = ("in", "--workers", 2, "--memory", "20MB")
    done = run_cli("slope", *command, "-o", "t.tif", "-q")
    assert done.returncode == 0, done.stderr
    assert "a block of 1200 x 900 pixels takes" in done.stderr
    assert "a block of 1200 x 900 pixels takes" in run_cli("check", *command).stdout
    done = run_cli("slope", "in", "--memory", "5MB", "-o", "u.tif")
    assert done.returncode == 2
    assert done.stderr.startswith("Error: memory 5 MB: one worker needs at least ")
    assert not (tmp_path / "u.tif").exists()


@pytest.mark.parametrize(
    ("options", "values"),
    [
        ({"composite": "mean", "every": "month"}, 36),
        ({"composite": "max", "every": "year"}, 3),
        ({"composite": "mean", "every": "month", "duplicates": "mean"}, 72),
    ],
    ids=["months", "years", "duplicates"],
)
def test_what_is_made_of_scenes_counts(tmp_path, options, values):
    """Doubles of every period, besides the values that they are made of."""
    for month in range(36):
        empty(tmp_path / f"s_{2001 + month // 12}{month % 12 + 1:02}.tif", 3000, 2000, *TILED)
    series = open_series(tmp_path)
    duplicates = options.pop("duplicates", None)
    composite = Composite(SLOPE, CompositeOptions(**options), duplicates)
    for memory in (None, 200 * MB):
        chosen = plan(series, composite, Workers(2, memory), 2, Output())
        largest = max(window.pixels for window in chosen.windows)
        assert chosen.bytes >= chosen.workers * largest * (4 * 36 + 8 * values) - 8 * MB
        assert memory is None or chosen.bytes <= memory
