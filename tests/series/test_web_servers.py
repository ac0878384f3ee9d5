"""Web servers: lists of URLs, their queries, what lies beside a raster, and few requests."""

from __future__ import annotations

import dataclasses
import json
import os
import socket
import sys

import numpy as np
import pytest
from delaying import serve
from osgeo import gdal, osr
from remote_files import SECRET, YEARS, keep_waiting, one_line, urls_of

from pixeltrend.errors import InputError, redact
from pixeltrend.execution.budget import Output, plan
from pixeltrend.execution.executors import Workers
from pixeltrend.raster.paths import file_name
from pixeltrend.raster.remote import in_parallel
from pixeltrend.raster.windows import Window
from pixeltrend.reducers.methods import make_reducer
from pixeltrend.reducers.options import StatsOptions
from pixeltrend.series.opening import open_series
from pixeltrend.series.patterns import find_inputs
from pixeltrend.series.reader import close_rasters, read_chunk

# Lists of URLs


@pytest.mark.parametrize("workers", [1, 2])
def test_a_list_of_urls(web, local, run_cli, tmp_path, workers):
    command = ["slope", "-", "-o", "trend.tif", "-q", "--workers", workers]
    done = run_cli(*command, stdin=urls_of(web))
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert (tmp_path / "trend.tif").read_bytes() == local


def test_a_query_is_no_glob_no_date_and_never_shown(web, local, run_cli, tmp_path):
    urls = urls_of(web, f"?token={SECRET}*[1]&date=1987-01-01&sig=a/b")
    done = run_cli("slope", "-", "-o", "trend.tif", "-v", "--workers", 2, stdin=urls)
    assert done.returncode == 0, done.stderr
    assert SECRET not in done.stderr + done.stdout
    assert (tmp_path / "trend.tif").read_bytes() == local
    assert SECRET.encode() not in (tmp_path / "trend.tif").read_bytes()
    done = run_cli("check", "-", "--json", stdin=urls)
    assert SECRET not in done.stdout + done.stderr
    paths = [raster["path"] for raster in json.loads(done.stdout)["rasters"]]
    assert paths == [f"{web.url(f'ndvi_{year}.tif')}?..." for year in YEARS]


@pytest.mark.parametrize("where", [[], ["-v"]])
def test_a_query_is_not_shown_in_errors(web, run_cli, where):
    (web.folder / "no").mkdir(exist_ok=True)
    (web.folder / "no" / "no.tif").write_bytes(b"no raster")
    urls = f"{urls_of(web)}\n{web.url(f'no/no.tif?token={SECRET}')}\n"
    urls += web.url(f"none.tif?token={SECRET}").replace("http://", f"http://me:{SECRET}@")
    for lines in (urls, urls.rpartition("\n")[0]):
        done = run_cli("slope", "-", "-o", "trend.tif", *where, stdin=lines)
        assert done.returncode == 3
        assert SECRET not in done.stderr
        assert ".tif?..." in done.stderr


def test_a_url_of_one_file(web, run_cli):
    done = run_cli("check", web.url("ndvi_2001.tif"), web.url("ndvi_2003.tif"), "--json")
    assert [raster["time"] for raster in json.loads(done.stdout)["rasters"]] == [2001, 2003]


def test_urls_are_looked_up_side_by_side(web):
    together = keep_waiting(web, len(YEARS))
    find_inputs(urls_of(web).split())
    assert together.is_set()


def test_a_server_that_says_nothing(run_cli):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/ndvi_2001.tif"
        env = {"GDAL_HTTP_LOW_SPEED_TIME": "1"}
        line = one_line(run_cli("slope", url, "-o", "trend.tif", env=env), 3)
    assert "too slow" in line


def test_a_url_of_no_file(web, run_cli):
    url = web.url("ndvi_1999.tif")
    line = one_line(run_cli("slope", url, "-o", "trend.tif"), 3)
    assert line.startswith(f"Error: {url}: ")
    assert "404" in line


def test_numbers_in_what_a_url_escapes_are_no_dates():
    assert file_name("/vsicurl/http://h/ndvi%202001.tif?date=1999") == "ndvi 2001.tif"
    assert file_name("/vsizip/{/vsicurl/http://h/a.zip?date=1999}/b_2001.tif") == "b_2001.tif"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("http://h/a.tif", "http://h/a.tif"),
        ("/vsicurl/https://h/a.tif?k=1: cannot", "https://h/a.tif?...: cannot"),
        ("'/vsicurl/https://h/a.tif?k=1' is", "'https://h/a.tif?...' is"),
        ("two files: http://h/a?x and http://h/b?y, both", "two files: http://h/a?... and "
         "http://h/b?..., both"),
        ("https://me:word@h:80/a.tif", "https://h:80/a.tif"),
        ("is this s3://a/b?", "is this s3://a/b?"),
        ("https://h/?k=a:b;c)d&e", "https://h/?..."),
        ("/vsizip/{/vsicurl/http://h/a.zip?k}/b.tif", "/vsizip/{http://h/a.zip?...}/b.tif"),
    ],
)  # fmt: skip
def test_what_is_shown(text, shown):
    assert redact(text) == shown
    assert redact(shown) == shown
    assert str(InputError(text)) == shown


@pytest.mark.parametrize("query", ["", "?k=1"])
def test_masks_and_metadata_beside_a_raster_count(
    tmp_path, write_stack, write_raster, make_values, query
):
    values = make_values(3, 20, 30)
    mask = np.arange(600).reshape(20, 30) % 7 > 0
    write_stack(tmp_path / "web", values, mask=mask, internal_mask=False)
    aux = "<PAMDataset><PAMRasterBand band='1'><NoDataValue>{}</NoDataValue></PAMRasterBand>"
    (tmp_path / "web" / "ndvi_2001.tif.msk").unlink()
    gone = values[1].flat[0]
    text = aux.format(repr(float(gone))) + "</PAMDataset>"
    (tmp_path / "web" / "ndvi_2001.tif.aux.xml").write_text(text)
    gdal.VSICurlClearCache()
    with serve(tmp_path / "web") as server:
        series = open_series([server.url(f"ndvi_{year}.tif{query}") for year in (2000, 2001, 2002)])
        read = read_chunk(series, Window(0, 0, 20, 30)).values.reshape(3, 20, 30)
        close_rasters()
    if query:  # what opens one file opens no other
        np.testing.assert_array_equal(read, values)
        return
    np.testing.assert_array_equal(np.isnan(read[0]), ~mask)
    np.testing.assert_array_equal(np.isnan(read[1]), values[1] == gone)


def test_a_world_file_beside_a_raster_counts(tmp_path, write_stack, make_values):
    folder = tmp_path / "web"
    paths = write_stack(folder, make_values(3, 20, 30), geotransform=None, crs="")
    for path in paths:
        path.with_suffix(".tfw").write_text("30\n0\n0\n-30\n578015\n2329985\n")
    gdal.VSICurlClearCache()
    with serve(folder) as server:
        series = open_series([server.url(path.name) for path in paths])
        assert series.grid.geotransform == (578_000, 30, 0, 2_330_000, 0, -30)
        assert read_chunk(series, Window(0, 0, 20, 30)).values.shape == (3, 600)
        close_rasters()


# Few requests, side by side


def test_files_are_read_side_by_side(web, run_cli):
    together = keep_waiting(web, len(YEARS), first=1)  # pixels, when all headers are read
    done = run_cli("slope", "-", "-o", "trend.tif", "-q", "--workers", 1, stdin=urls_of(web))
    assert done.returncode == 0, done.stderr
    assert together.is_set()


def test_a_file_is_asked_for_little(web, run_cli):
    done = run_cli("slope", "-", "-o", "trend.tif", "-q", "--workers", 1, stdin=urls_of(web))
    assert done.returncode == 0, done.stderr
    for year in YEARS:
        # Is it there, its header, its pixels, is it still there.
        assert web.asked.count(f"/ndvi_{year}.tif") == 4
        assert web.asked.count(f"/ndvi_{year}.tif.msk") == 1
        assert web.asked.count(f"/ndvi_{year}.tif.aux.xml") == 1
    assert len(web.asked.requests) == 6 * len(YEARS)


def test_windows_of_far_files_are_larger(web, exports):
    far = open_series(urls_of(web).split())
    near = open_series(f"{exports}/*.tif")
    wide = {"grid": far.grid.crop(Window(0, 0, 60_000, 60_000)), "block": (256, 256)}
    reducer = make_reducer(StatsOptions())
    remote, local = (
        plan(dataclasses.replace(series, **wide), reducer, Workers(2), 2, Output()).windows
        for series in (far, near)
    )
    assert len(remote) < len(local) / 3


@pytest.mark.skipif(sys.platform != "linux", reason="nothing is forked")
def test_threads_are_gone_before_anything_is_forked(web):
    """Else a worker may find a lock of PROJ's held for ever by a thread that it does not have."""

    def tasks():
        return set(os.listdir("/proc/self/task"))

    find_inputs(web.url("ndvi_2001.tif"))  # starts no thread of a library's own later
    for _ in range(20):
        before = tasks()
        in_parallel(lambda name: osr.SpatialReference().SetFromUserInput(name), ["EPSG:4326"] * 8)
        assert tasks() <= before
