"""Object stores: rasters on a server that speaks S3 are those on a disk."""

from __future__ import annotations

import json
import pickle
from http import HTTPStatus

import numpy as np
import pytest
from delaying import serve
from remote_files import SECRET, YEARS, one_line

from pixeltrend.errors import InputError
from pixeltrend.raster.windows import Window
from pixeltrend.series.opening import open_series
from pixeltrend.series.patterns import find_inputs
from pixeltrend.series.reader import close_rasters, read_chunk


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
    assert [path for path in find_inputs(pattern) if path.endswith(".tif")] == wanted


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


def test_masks_beside_a_raster_on_s3(s3, tmp_path, write_stack, make_values):
    mask = np.arange(600).reshape(20, 30) % 7 > 0
    write_stack(tmp_path / "masked", make_values(3, 20, 30), mask=mask, internal_mask=False)
    s3.put("masked")
    s3.put_folder(tmp_path / "masked", "masked")
    series = open_series("s3://masked/")
    read = read_chunk(series, Window(0, 0, 20, 30)).values.reshape(3, 20, 30)
    close_rasters()
    assert all((np.isnan(layer) == ~mask).all() for layer in read)
