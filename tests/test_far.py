"""Files behind a network: object stores, web servers, archives; what goes wrong there."""

from __future__ import annotations

import dataclasses
import itertools
import json
import os
import pickle
import socket
import sys
import threading
import urllib.request
import zipfile
from http import HTTPStatus
from subprocess import DEVNULL, PIPE
from urllib.parse import quote

import numpy as np
import pytest
from delaying import serve
from osgeo import gdal, osr
from running import started

import pixeltrend
from pixeltrend.errors import InputError, ReadError, redact
from pixeltrend.execution.pipeline import plan
from pixeltrend.raster.paths import file_name
from pixeltrend.raster.remote import in_parallel
from pixeltrend.raster.windows import Window
from pixeltrend.reducers.methods import make_reducer
from pixeltrend.reducers.options import StatsOptions
from pixeltrend.series.opening import open_series
from pixeltrend.series.patterns import find_inputs
from pixeltrend.series.reader import close_rasters, read_chunk

YEARS = range(2001, 2006)
SECRET = "geheim"  # noqa: S105 - it is none
TILED = ("TILED=YES", "BLOCKXSIZE=64", "BLOCKYSIZE=64")
# Ends when its parent does: the pipe closes.
MOTO = """
import os, sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
os._exit(0)
"""


class Store:
    """An S3 server on this machine."""

    def __init__(self, port):
        self.place = f"127.0.0.1:{port}"
        self.env = {
            "AWS_S3_ENDPOINT": self.place,
            "AWS_HTTPS": "NO",
            "AWS_VIRTUAL_HOSTING": "FALSE",
            "AWS_ACCESS_KEY_ID": "somebody",
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_REGION": "us-east-1",
        }

    def put(self, key, content=b""):
        """Write an object, or make a bucket if there is no slash in the key."""
        url, kind = f"http://{self.place}/{quote(key)}", {"Content-Type": "image/tiff"}
        request = urllib.request.Request(url, content, kind, method="PUT")
        with urllib.request.urlopen(request):  # noqa: S310 - to this machine
            pass

    def put_folder(self, folder, key):
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                self.put(f"{key}/{path.relative_to(folder).as_posix()}", path.read_bytes())


@pytest.fixture(scope="module")
def server():
    pipes = {"stdin": PIPE, "stdout": PIPE, "text": True}
    with started([sys.executable, "-c", MOTO], **pipes, stderr=DEVNULL) as process:
        yield Store(int(process.stdout.readline()))


@pytest.fixture(scope="module")
def exports(tmp_path_factory, write_stack, make_values):
    """Five years of 200 x 150 pixels in tiles: more than GDAL takes in one request."""
    folder = tmp_path_factory.mktemp("exports")
    write_stack(folder, make_values(5, 200, 150, gaps=0.2), YEARS, options=TILED, nodata=np.nan)
    return folder


@pytest.fixture(scope="module")
def bucket(server, exports):
    """The exports as s3://maps/exports, and other things."""
    server.put("maps")
    server.put_folder(exports, "maps/exports")
    for year in YEARS:
        content = (exports / f"ndvi_{year}.tif").read_bytes()
        server.put(f"maps/deep/{year}/a b/ndvi_é_{year}.tif", content)
    server.put("maps/exports/readme.txt", b"hello")
    server.put("maps/exports/.hidden_2009.tif", b"")
    server.put("maps/void/")
    return server


@pytest.fixture
def s3(bucket, monkeypatch, tmp_path):
    """The same for this process; the user's own credentials are out of sight."""
    for name, value in (bucket.env | {"HOME": str(tmp_path)}).items():
        monkeypatch.setenv(name, value)
    gdal.VSICurlClearCache()
    return bucket


@pytest.fixture
def local(exports, run_cli, tmp_path):
    """What the local run writes."""
    done = run_cli("slope", f"{exports}/ndvi_*.tif", "-o", "local.tif", "-q", "--workers", 1)
    assert done.returncode == 0, done.stderr
    return (tmp_path / "local.tif").read_bytes()


@pytest.fixture
def web(exports):
    """The exports on a web server."""
    gdal.VSICurlClearCache()
    with serve(exports) as server:
        yield server
    close_rasters()


def keep_waiting(server, count, first=0):
    """Let no request from byte `first` on be answered before so many wait side by side."""
    arrived, together = itertools.count(1), threading.Event()

    def answer(_method, _path, start):
        if start >= first and next(arrived) >= count:
            together.set()
        if start >= first:
            together.wait(60)  # only where they come one after the other

    server.answer = answer
    return together


def urls_of(server, query=""):
    return "\n".join(server.url(f"ndvi_{year}.tif{query}") for year in YEARS)


def one_line(done, status):
    """Give the one line that a run said when it failed."""
    assert done.returncode == status, done.stderr
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("Error: ")
    assert SECRET not in lines[0]
    return lines[0]


# Object stores


@pytest.mark.parametrize(
    "where",
    [["--workers", 1], ["--workers", 2], ["--executor", "threads", "--workers", 2]],
    ids=["one", "two", "threads"],
)
@pytest.mark.parametrize("pattern", ["ndvi_*.tif", ""], ids=["glob", "folder"])
def test_a_slope_from_s3_is_the_local_one(bucket, local, run_cli, tmp_path, where, pattern):
    url = f"s3://maps/exports/{pattern}"
    done = run_cli("slope", url, "-o", "trend.tif", "-q", *where, env=bucket.env)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert (tmp_path / "trend.tif").read_bytes() == local
    assert SECRET.encode() not in local


def test_many_runs_with_forked_workers(bucket, local, run_cli, tmp_path):
    for number in range(5):
        command = ["slope", "s3://maps/exports/", "-o", f"{number}.tif", "-q", "--workers", 2]
        done = run_cli(*command, "--memory", "1MB", env=bucket.env)
        assert done.returncode == 0, done.stderr
        assert (tmp_path / f"{number}.tif").read_bytes() == local


@pytest.mark.parametrize(
    ("pattern", "years"),
    [
        ("s3://maps/exports/ndvi_*.tif", YEARS),
        ("S3://maps/exports/*", YEARS),
        ("/vsis3/maps/exports/ndvi_*.tif", YEARS),
        ("s3://maps/exports", YEARS),
        ("s3://maps/exports/", YEARS),
        ("s3://maps/exports/ndvi_200[12].tif", [2001, 2002]),
        ("s3://maps/exports/ndvi_200[!12].tif", [2003, 2004, 2005]),
        ("s3://maps/exports/ndvi_200?.tif", YEARS),
        ("s3://maps/exp*/ndvi_2001.tif", [2001]),
        ("s3://maps/*/ndvi_2001.tif", [2001]),
        ("s3://maps/exports/ndvi_2003.tif", [2003]),
    ],
)
def test_patterns_on_s3(s3, pattern, years):
    wanted = [f"/vsis3/maps/exports/ndvi_{year}.tif" for year in years]
    assert [its for its in find_inputs(pattern) if its.endswith(".tif")] == wanted


@pytest.mark.parametrize(
    "pattern",
    [
        "s3://maps/deep/**",
        "s3://maps/deep/**/*.tif",
        "s3://maps/**/ndvi_é_*.tif",
        "s3://maps/deep/*/*/ndvi_*.tif",
        "s3://maps/deep/*/a b/*.tif",
        "s3://maps/deep/*/a?b/*.tif",
        "s3://maps/deep/**/a b/*.tif",
    ],
)
def test_deep_patterns_on_s3(s3, pattern):
    wanted = [f"/vsis3/maps/deep/{year}/a b/ndvi_é_{year}.tif" for year in YEARS]
    assert find_inputs(pattern) == wanted


def test_stars_cross_no_slash(s3):
    with pytest.raises(InputError, match="matches no file"):
        find_inputs("s3://maps/deep/*.tif")
    with pytest.raises(InputError, match="matches no file"):
        find_inputs("s3://maps/deep/**/2001/*.tif")


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("s3://maps/exports/ndvi_1999.tif", "key does not exist"),
        ("s3://maps/exports/ndvi_19*.tif", "matches no file"),
        ("s3://maps/void/", "no raster found there"),
        ("s3://maps/nothing", "key does not exist"),
        ("s3://no-such-bucket/exports/", "bucket does not exist"),
        ("s3://no-such-bucket/exports/*.tif", "bucket does not exist"),
    ],
)
def test_nothing_there(bucket, run_cli, pattern, said):
    line = one_line(run_cli("slope", pattern, "-o", "trend.tif", env=bucket.env), 3)
    assert line.startswith(f"Error: {pattern}: ")
    assert said in line


@pytest.mark.parametrize("pattern", ["s3://maps/exports/*.tif", "s3://maps/exports/ndvi_2001.tif"])
def test_nobody_there(run_cli, pattern, server):
    env = server.env | {"AWS_S3_ENDPOINT": "127.0.0.1:9"}
    line = one_line(run_cli("slope", pattern, "-o", "trend.tif", env=env), 3)
    assert "connect" in line.lower()


@pytest.mark.parametrize("pattern", ["s3://maps/exports/*.tif", "s3://maps/exports/ndvi_2001.tif"])
@pytest.mark.parametrize("status", [403, 500])
def test_refused(run_cli, pattern, server, web, status):
    web.answer = lambda *_asked: HTTPStatus(status)
    env = server.env | {"AWS_S3_ENDPOINT": f"127.0.0.1:{web.server_port}"}
    line = one_line(run_cli("slope", pattern, "-o", "trend.tif", env=env), 3)
    assert str(status) in line
    assert len(web.asked.requests) < 20


def test_no_credentials(run_cli, server, tmp_path):
    env = server.env | {
        "AWS_SECRET_ACCESS_KEY": "", "AWS_ACCESS_KEY_ID": "", "HOME": str(tmp_path),
        "CPL_AWS_EC2_API_ROOT_URL": "http://127.0.0.1:9",
    }  # fmt: skip
    line = one_line(run_cli("slope", "s3://maps/exports/*.tif", "-o", "trend.tif", env=env), 3)
    assert "AWS_SECRET_ACCESS_KEY" in line


def test_a_bucket_that_may_not_be_listed(server, exports, tmp_path, run_cli, local):
    (tmp_path / "web" / "maps").mkdir(parents=True)
    (tmp_path / "web" / "maps" / "exports").symlink_to(exports)
    paths = "\n".join(f"s3://maps/exports/ndvi_{year}.tif" for year in YEARS)
    with serve(tmp_path / "web") as web:
        web.answer = lambda _method, path, _first: HTTPStatus(403) if path.endswith("/") else None
        env = server.env | {"AWS_S3_ENDPOINT": f"127.0.0.1:{web.server_port}"}
        done = run_cli("slope", "-", "-o", "trend.tif", "-q", stdin=paths, env=env)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "trend.tif").read_bytes() == local


def test_shards_on_s3(server, run_cli, tmp_path, write_raster, make_values):
    values = make_values(3, 40, 50, gaps=0.1)
    for year, layer in zip(YEARS, values, strict=False):
        write_raster(tmp_path / "whole" / f"ndvi_{year}.tif", layer)
        for row in (0, 32):
            for column in (0, 32):
                write_raster(
                    tmp_path / "shards" / f"ndvi_{year}-{row:010}-{column:010}.tif",
                    layer[row : row + 32, column : column + 32],
                    geotransform=(578_000 + 30 * column, 30, 0, 2_330_000 - 30 * row, 0, -30),
                )
    server.put("shards")
    server.put_folder(tmp_path / "shards", "shards/of/ndvi")
    run_cli("slope", "whole", "-o", "whole.tif", "-q")
    done = run_cli("slope", "s3://shards/of/ndvi/", "-o", "trend.tif", "-q", env=server.env)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "trend.tif").read_bytes() == (tmp_path / "whole.tif").read_bytes()


@pytest.mark.parametrize("how", [[], ["--pixels"], ["--full", "--workers", 2]])
def test_check_on_s3(bucket, run_cli, how):
    done = run_cli("check", "s3://maps/exports/", "--json", *how, env=bucket.env)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert [raster["time"] for raster in report["rasters"]] == list(YEARS)
    assert report["problems"] == []
    done = run_cli("check", "s3://maps/exports/", *how, env=bucket.env)
    assert "ndvi_2003.tif" in done.stdout


def test_open_series_on_s3(s3, exports):
    far, near = open_series("s3://maps/exports/"), open_series(f"{exports}/*.tif")
    assert far.is_remote
    assert not near.is_remote
    window = Window(50, 20, 100, 90)
    read = read_chunk(pickle.loads(pickle.dumps(far)), window).values  # noqa: S301
    np.testing.assert_array_equal(read, read_chunk(near, window).values)
    assert SECRET.encode() not in pickle.dumps(far)
    close_rasters()


# Web servers


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


def test_masks_beside_a_raster_on_s3(s3, tmp_path, write_stack, make_values):
    mask = np.arange(600).reshape(20, 30) % 7 > 0
    write_stack(tmp_path / "masked", make_values(3, 20, 30), mask=mask, internal_mask=False)
    s3.put("masked")
    s3.put_folder(tmp_path / "masked", "masked")
    series = open_series("s3://masked/")
    read = read_chunk(series, Window(0, 0, 20, 30)).values.reshape(3, 20, 30)
    close_rasters()
    assert all((np.isnan(layer) == ~mask).all() for layer in read)


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
    reducer = make_reducer(StatsOptions("ols"))
    plans = [plan(dataclasses.replace(its, **wide), reducer, 2, None) for its in (far, near)]
    assert len(plans[0]) < len(plans[1]) / 3


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


# What goes wrong while pixels are read


@pytest.fixture
def older(tmp_path):
    path = tmp_path / "trend.tif"
    path.write_bytes(b"older")
    yield path
    assert path.read_bytes() == b"older"


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("status", [403, 404, 500, 503])
def test_pixels_that_cannot_be_read(web, run_cli, older, status, workers):
    bad = "/ndvi_2003.tif"
    web.answer = lambda _method, path, first: HTTPStatus(status) if path == bad and first else None
    urls = urls_of(web, f"?token={SECRET}")
    done = run_cli(
        "slope", "-", "-o", older, "-q", "--workers", workers, stdin=urls,
        env={"GDAL_HTTP_RETRY_DELAY": "0.01"},
    )  # fmt: skip
    line = one_line(done, 1)
    assert "ndvi_2003.tif?..." in line


@pytest.mark.parametrize("window", [(0, 0, 200, 150), (0, 0, 200, 60)], ids=["one part", "parts"])
@pytest.mark.parametrize("workers", [1, 2])
def test_a_busy_server_is_asked_again(web, run_cli, tmp_path, exports, window, workers):
    """GDAL itself asks again for one part of a file, but not for several parts at a time."""
    refused = set()

    def answer(method, path, first):
        if path.endswith(".tif") and (method, path, first) not in refused:
            refused.add((method, path, first))
            return HTTPStatus.SERVICE_UNAVAILABLE
        return None

    web.answer = answer
    command = ["slope", "-", "-q", "--workers", workers, "--window", *window, "-o"]
    env = {"GDAL_HTTP_RETRY_DELAY": "0.01"}
    done = run_cli(*command, "remote.tif", stdin=urls_of(web), env=env)
    assert done.returncode == 0, done.stderr
    run_cli(*command, "near.tif", stdin="\n".join(map(str, sorted(exports.glob("*.tif")))))
    assert (tmp_path / "remote.tif").read_bytes() == (tmp_path / "near.tif").read_bytes()


def test_a_server_that_is_always_busy_is_not_asked_for_ever(web, run_cli):
    web.answer = lambda *_asked: HTTPStatus.SERVICE_UNAVAILABLE
    url = web.url("ndvi_2001.tif")
    env = {"GDAL_HTTP_RETRY_DELAY": "0.01"}
    assert "503" in one_line(run_cli("slope", url, "-o", "trend.tif", env=env), 3)
    assert len(web.asked.requests) < 20


def test_what_a_user_says_of_retries_holds(web, run_cli):
    web.answer = lambda *_asked: HTTPStatus.SERVICE_UNAVAILABLE
    urls = web.url("ndvi_2001.tif")
    run_cli("slope", urls, "-o", "trend.tif", env={"GDAL_HTTP_MAX_RETRY": "0"})
    few = len(web.asked.requests)
    web.asked.clear()
    run_cli("slope", urls, "-o", "trend.tif", env={"GDAL_HTTP_RETRY_DELAY": "0.01"})
    assert few < len(web.asked.requests)


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("becomes", ["another", "nothing"])
def test_a_far_file_that_is_replaced(tmp_path, exports, run_cli, older, becomes, workers):
    folder = tmp_path / "web"
    folder.mkdir()
    for path in exports.glob("*.tif"):
        (folder / path.name).write_bytes(path.read_bytes())
    target = folder / "ndvi_2003.tif"

    def answer(_method, path, first):
        if path.endswith("ndvi_2005.tif") and first:  # its pixels: all headers are read
            if becomes == "nothing":
                target.unlink(missing_ok=True)
            else:
                os.utime(target, (1, 1))

    with serve(folder) as server:
        server.answer = answer
        done = run_cli(
            "slope", "-", "-o", older, "-q", "--workers", workers, stdin=urls_of(server)
        )  # fmt: skip
    assert "ndvi_2003.tif" in one_line(done, 1)


@pytest.mark.parametrize("becomes", ["another", "nothing"])
def test_a_local_file_that_is_replaced(stack, older, becomes):
    def progress(done, _everything):
        if becomes == "nothing":
            stack[1].unlink(missing_ok=True)
        else:
            os.utime(stack[1], (1, 1))

    with pytest.raises(ReadError, match=r"ndvi_2001\.tif: .* since it was checked"):
        pixeltrend.slope(stack, older, workers=1, progress=progress)


# Archives


def zipped(folder, target, inside="", names=lambda name: name):
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.glob("*.tif")):
            archive.write(path, f"{inside}{names(path.name)}")
        archive.writestr("readme.txt", "hello")
    return target


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("inside", ["", "deep/er folder/", "año/"])
def test_a_zip_is_a_folder(exports, tmp_path, local, run_cli, inside, workers):
    zipped(exports, tmp_path / "exports.zip", inside)
    done = run_cli("slope", "exports.zip", "-o", "trend.tif", "-q", "--workers", workers)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "trend.tif").read_bytes() == local


def test_names_in_a_zip(exports, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = zipped(exports, tmp_path / "exports.ZIP", "é/", lambda name: f"ñ{name}")
    wanted = [f"/vsizip/{path}/é/ñndvi_{year}.tif" for year in YEARS]
    if gdal.VSIStatL(f"/vsizip/{path}") is None:  # GDAL knows small letters only
        wanted = [its.replace(str(path), f"{{{path}}}") for its in wanted]
    assert find_inputs("exports.ZIP") == wanted
    assert open_series("*.ZIP").times.tolist() == list(YEARS)


def test_patterns_in_a_zip(exports, tmp_path):
    path = zipped(exports, tmp_path / "exports.zip", "deep/")
    wanted = [f"/vsizip/{path}/deep/ndvi_{year}.tif" for year in (2001, 2002)]
    assert find_inputs(f"/vsizip/{path}/deep/ndvi_200[12].tif") == wanted
    assert find_inputs(f"/vsizip/{path}/*/ndvi_200[12].tif") == wanted


def test_a_zip_without_rasters(tmp_path, run_cli):
    with zipfile.ZipFile(tmp_path / "exports.zip", "w") as archive:
        archive.writestr("readme.txt", "hello")
    (tmp_path / "broken.zip").write_bytes(b"no archive")
    for name in ("exports.zip", "broken.zip"):
        line = one_line(run_cli("slope", name, "-o", "trend.tif"), 3)
        assert line.startswith(f"Error: {name}: no raster in this archive")


def test_a_zip_on_a_web_server(exports, tmp_path, local, run_cli):
    folder = tmp_path / "web"
    folder.mkdir()
    zipped(exports, folder / "exports.zip", "deep/")
    with serve(folder) as server:
        for query in ("", f"?token={SECRET}"):
            url = server.url(f"exports.zip{query}")
            done = run_cli("slope", url, "-o", "trend.tif", "-v", "--workers", 2)
            assert done.returncode == 0, done.stderr
            assert SECRET not in done.stderr
            assert (tmp_path / "trend.tif").read_bytes() == local


def test_a_zip_on_s3(bucket, exports, tmp_path, local, run_cli):
    bucket.put("maps/zips/exports.zip", zipped(exports, tmp_path / "e.zip").read_bytes())
    for pattern in ("s3://maps/zips/exports.zip", "s3://maps/zips/*.zip"):
        done = run_cli("slope", pattern, "-o", "trend.tif", "-q", env=bucket.env)
        assert done.returncode == 0, done.stderr
        assert (tmp_path / "trend.tif").read_bytes() == local
