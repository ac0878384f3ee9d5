"""Fixtures of remote files: five years on a disk, in an object store, and on a web server."""

from __future__ import annotations

import sys
from subprocess import DEVNULL, PIPE

import numpy as np
import pytest
from delaying import serve
from osgeo import gdal
from remote_files import MOTO, YEARS, Store
from running import started

from pixeltrend.series.reader import close_rasters

TILED = ("TILED=YES", "BLOCKXSIZE=64", "BLOCKYSIZE=64")


@pytest.fixture(scope="session")
def server():
    pipes = {"stdin": PIPE, "stdout": PIPE, "text": True}
    with started([sys.executable, "-c", MOTO], **pipes, stderr=DEVNULL) as process:
        yield Store(int(process.stdout.readline()))


@pytest.fixture(scope="session")
def exports(tmp_path_factory, write_stack, make_values):
    """Five years of 200 x 150 pixels in tiles: more than GDAL takes in one request."""
    folder = tmp_path_factory.mktemp("exports")
    write_stack(folder, make_values(5, 200, 150, gaps=0.2), YEARS, options=TILED, nodata=np.nan)
    return folder


@pytest.fixture(scope="session")
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
