"""--on-read-error: blocks that cannot be read are gaps, counted, whatever reads them."""

from __future__ import annotations

import json
import os
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from delaying import serve
from osgeo import gdal
from remote_files import Store, one_line

import pixeltrend
from pixeltrend.raster.windows import Window
from pixeltrend.series.opening import open_series
from pixeltrend.series.reader import close_rasters, read_chunk

OPTIONS = ("TILED=YES", "BLOCKXSIZE=16", "BLOCKYSIZE=32", "COMPRESS=DEFLATE")
# Of 70 rows and 50 columns, in blocks of 32 x 16: row and column of blocks, and their pixels.
BROKEN = {"ndvi_2001.tif": [(0, 0), (2, 3)], "ndvi_2003.tif": [(1, 2)]}
COUNTS = {"ndvi_2001.tif": [2, 32 * 16 + 6 * 2], "ndvi_2003.tif": [1, 32 * 16]}


def break_block(path, row, column, band=1):
    """Overwrite what is stored of a block."""
    dataset = gdal.Open(os.fspath(path))
    raster = dataset.GetRasterBand(band)
    offset, size = (
        int(raster.GetMetadataItem(f"BLOCK_{what}_{column}_{row}", "TIFF"))
        for what in ("OFFSET", "SIZE")
    )
    raster = dataset = None
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(b"\xff" * size)


@pytest.fixture
def values(make_values):
    return make_values(5, 70, 50)


@pytest.fixture
def broken(tmp_path, write_raster, values):
    folder = tmp_path / "in"
    for year, layer in enumerate(values, 2001):
        path = write_raster(folder / f"ndvi_{year}.tif", layer, nodata=-1, options=OPTIONS)
        for block in BROKEN.get(path.name, []):
            break_block(path, *block)
    return folder


@pytest.fixture
def with_gaps(values):
    gaps = values.astype(np.float32)
    for name, blocks in BROKEN.items():
        for row, column in blocks:
            year = int(name[5:9]) - 2001
            gaps[year, 32 * row : 32 * row + 32, 16 * column : 16 * column + 16] = np.nan
    return gaps


def unreadable(output):
    text = gdal.Open(os.fspath(output)).GetMetadataItem("PIXELTREND_UNREADABLE")
    return None if text is None else json.loads(text)


def test_a_block_that_cannot_be_read_ends_the_run(broken, run_cli):
    line = one_line(run_cli("slope", broken, "-o", "t.tif"), 1)
    assert "ndvi_200" in line
    assert "rows" in line


@pytest.mark.parametrize(
    "how",
    [
        {"workers": 1},
        {"workers": 1, "memory": 3000},
        {"workers": 2, "memory": 30_000},
        {"workers": 3, "executor": "threads", "memory": 40_000},
    ],
    ids=str,
)
@pytest.mark.parametrize("fdr", [{}, {"stats": "slope,pvalue", "fdr": "bh"}], ids=["", "fdr"])
def test_what_is_missing_does_not_depend_on_windows(
    broken, with_gaps, tmp_path, read_raster, how, fdr
):
    output = tmp_path / "t.tif"
    summary = pixeltrend.slope(broken, output, on_read_error="missing", **how, **fdr)
    times = np.arange(2001.0, 2006.0)
    wanted = pixeltrend.reduce(times, with_gaps, stats="slope")["slope"]
    np.testing.assert_array_equal(read_raster(output), wanted.astype(np.float32))
    counts = {os.path.basename(f.path): [f.blocks, f.pixels] for f in summary.unreadable}
    assert counts == COUNTS
    assert unreadable(output) == COUNTS
    assert [line for line in summary.warnings if "cannot be read" in line] == [
        f"{broken / name}: {blocks} of its blocks cannot be read, so {pixels} values are missing"
        for name, (blocks, pixels) in COUNTS.items()
    ]


def test_a_part_counts_its_own_pixels(broken, tmp_path):
    options = {"on_read_error": "missing", "window": (20, 3, 30, 40), "memory": 2000}
    summary = pixeltrend.slope(broken, tmp_path / "t.tif", workers=1, **options)
    assert [(f.blocks, f.pixels) for f in summary.unreadable] == [(1, 12 * 13), (1, 18 * 11)]


def test_nothing_is_said_where_all_can_be_read(stack, tmp_path):
    summary = pixeltrend.slope(stack, tmp_path / "t.tif", on_read_error="missing")
    assert summary.unreadable == ()
    assert unreadable(tmp_path / "t.tif") is None


def test_a_summary_as_json_has_the_counts(broken, run_cli):
    done = run_cli("slope", broken, "-o", "t.tif", "--on-read-error", "missing", "--json")
    assert done.returncode == 0, done.stderr
    assert "Warning: " in done.stderr
    files = json.loads(done.stdout)["unreadable"]
    assert [[file["blocks"], file["pixels"]] for file in files] == list(COUNTS.values())


def test_an_update_tries_again_what_could_not_be_read(broken, run_cli, write_raster, values):
    command = ["slope", "in", "-o", "t.tif", "--on-read-error", "missing", "--update"]
    for _ in range(2):
        done = run_cli(*command)
        assert "cannot be read" in done.stderr
    for year in (2001, 2003):
        path = broken / f"ndvi_{year}.tif"
        write_raster(path, values[year - 2001], nodata=-1, options=OPTIONS)
    assert "cannot be read" not in run_cli(*command).stderr
    assert "up to date" in run_cli(*command).stderr


def test_bands_of_a_file_are_missing_one_by_one(tmp_path, write_raster, values):
    options = [*OPTIONS, "INTERLEAVE=BAND"]
    path = write_raster(tmp_path / "cube.tif", values, nodata=-1, options=options)
    break_block(path, 1, 0, band=2)
    series = open_series(path, bands_are_times=True, years="2001:2005", on_read_error="missing")
    chunk = read_chunk(series, Window(0, 0, 70, 50))
    close_rasters()
    wanted = values.astype(chunk.values.dtype)
    wanted[1, 32:64, :16] = np.nan
    np.testing.assert_array_equal(chunk.values.reshape(wanted.shape), wanted)
    assert chunk.unreadable == ((0, 1, 512),)


@pytest.mark.parametrize("kept_open", [True, False])
def test_a_file_that_cannot_be_opened_is_missing_in_the_window(broken, with_gaps, kept_open):
    series = open_series(broken, on_read_error="missing")
    if kept_open:
        read_chunk(series, Window(0, 0, 10, 10))
    (broken / "ndvi_2005.tif").unlink()
    chunk = read_chunk(series, Window(32, 0, 32, 50))
    close_rasters()
    with_gaps[4] = np.nan
    np.testing.assert_array_equal(chunk.values.reshape(5, 32, 50), with_gaps[:, 32:64])
    assert chunk.unreadable == ((2, 1, 512), (4, 0, 32 * 50))


def test_too_many_open_files_are_no_gaps(broken, monkeypatch):
    series = open_series(broken, on_read_error="missing")

    def refuse(*_arguments, **_keywords):
        raise OSError(24, "Too many open files")

    (broken / "ndvi_2005.tif").unlink()
    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(pixeltrend.ReadError, match="ndvi_200"):
        read_chunk(series, Window(32, 0, 32, 50))


def test_a_file_that_is_replaced_is_no_gap(broken):
    series = open_series(broken, on_read_error="missing")
    os.utime(broken / "ndvi_2002.tif", (1, 1))
    with pytest.raises(pixeltrend.ReadError, match="has been replaced or changed"):
        series.check_unchanged()


@pytest.mark.parametrize("workers", [1, 2])
def test_a_server_that_dies_is_named_with_the_window(
    tmp_path, write_stack, make_values, run_cli, workers
):
    """It answers no more when all headers are read."""
    write_stack(tmp_path / "web", make_values(3, 300, 200), nodata=-1, options=OPTIONS)
    with serve(tmp_path / "web") as server:
        urls = "\n".join(server.url(f"ndvi_{year}.tif") for year in (2000, 2001, 2002))
        server.handle_error = lambda *_request: None

        def answer(_method, path, first):
            if path.endswith("ndvi_2001.tif") and first:  # its pixels
                raise ConnectionAbortedError

        server.answer = answer
        env = {"GDAL_HTTP_RETRY_DELAY": "0.01"}
        done = run_cli("slope", "-", "-o", "t.tif", "--workers", workers, stdin=urls, env=env)
    line = one_line(done, 1)
    assert "ndvi_2001.tif" in line
    assert "127.0.0.1" in line
    assert "cannot read rows" in line


LISTING = (
    "<?xml version='1.0'?><ListBucketResult><Name>maps</Name><IsTruncated>true</IsTruncated>"
    "<NextMarker>exports/ndvi_2002.tif</NextMarker>"
    "<NextContinuationToken>ndvi_2002</NextContinuationToken>{}</ListBucketResult>"
)
ENTRY = (
    "<Contents><Key>exports/ndvi_{}.tif</Key><Size>100</Size>"
    "<LastModified>2020-01-01T00:00:00.000Z</LastModified></Contents>"
)


@pytest.fixture
def half_a_store():
    """An S3 server that answers the first page of a listing alone."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            is_first = not re.search(
                "marker|continuation-token", self.path
            )  # GDAL 3.13: the latter
            page = LISTING.format("".join(map(ENTRY.format, (2001, 2002)))) if is_first else ""
            self.send_response(200 if is_first else self.server.status)
            self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            self.wfile.write(page.encode())

        def log_message(self, *_arguments):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("pattern", ["*.tif", "", "**/*.tif"])
@pytest.mark.parametrize("status", [403, 500])
def test_a_listing_whose_second_page_fails(half_a_store, run_cli, pattern, status):
    half_a_store.status = status
    env = Store(half_a_store.server_port).env
    done = run_cli("slope", f"s3://maps/exports/{pattern}", "-o", "t.tif", env=env)
    assert "maps/exports: its listing breaks off after 2 names" in one_line(done, 3)
