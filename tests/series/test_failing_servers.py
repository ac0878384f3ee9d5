"""Servers that fail, and files that change, while pixels are read."""

from __future__ import annotations

import os
from http import HTTPStatus

import pytest
from delaying import serve
from remote_files import SECRET, one_line, urls_of

import pixeltrend
from pixeltrend.errors import ReadError


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
