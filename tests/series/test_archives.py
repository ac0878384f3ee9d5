"""Archives: a .zip file is a folder, wherever it is."""

from __future__ import annotations

import zipfile

import pytest
from delaying import serve
from osgeo import gdal
from remote_files import SECRET, YEARS, one_line

from pixeltrend.series.opening import open_series
from pixeltrend.series.patterns import find_inputs


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
        wanted = [name.replace(str(path), f"{{{path}}}") for name in wanted]
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
