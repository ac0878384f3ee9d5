"""Files that are cut off, blocks that were never written, blocks that cannot be decoded."""

from __future__ import annotations

import os

import numpy as np
import pytest
from earth_engine import GEOTRANSFORM
from osgeo import gdal
from reports import PACKED, STORED, YEARS, damage, noted

import pixeltrend


@pytest.mark.parametrize("options", [STORED, PACKED, [], ["COMPRESS=LZW"]], ids=str)
@pytest.mark.parametrize("keep", [0.9, 0.5])
def test_a_truncated_file(tmp_path, write_stack, run_cli, values, options, keep):
    paths = write_stack(tmp_path / "in", values, YEARS, options=options)
    os.truncate(paths[3], int(paths[3].stat().st_size * keep))
    done = run_cli("check", "in")
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    assert "ndvi_2003.tif" in done.stderr
    assert "ndvi_2002.tif" not in done.stderr
    assert all(line.startswith("Error: ") for line in done.stderr.splitlines())


def test_a_truncated_file_of_nothing(tmp_path, write_stack, run_cli, values):
    paths = write_stack(tmp_path / "in", values, YEARS)
    os.truncate(paths[3], 0)
    done = run_cli("check", "in")
    assert done.returncode == 3
    (line,) = done.stderr.splitlines()
    assert "ndvi_2003.tif" in line


def test_full_names_each_bad_block(folder, run_cli):
    damage(folder / "ndvi_2001.tif", 32, 64)
    damage(folder / "ndvi_2001.tif", 0, 32)
    damage(folder / "ndvi_2004.tif", 64, 0)
    done = run_cli("check", "in", "--full")
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    lines = [line for line in done.stderr.splitlines() if "decoded" in line]
    assert len(lines) == 3
    for name, rows, columns in (
        ("ndvi_2001.tif", "32 to 63", "64 to 89"),
        ("ndvi_2001.tif", "0 to 31", "32 to 63"),
        ("ndvi_2004.tif", "64 to 69", "0 to 31"),
    ):
        assert [line for line in lines if name in line and rows in line and columns in line]


def test_pixels_finds_a_bad_block_at_the_corner(folder, run_cli):
    damage(folder / "ndvi_2001.tif", 0, 0)
    assert run_cli("check", "in").returncode == 0
    done = run_cli("check", "in", "--pixels")
    assert done.returncode == 3
    assert "ndvi_2001.tif" in done.stderr
    assert "ndvi_2002.tif" not in done.stderr


def test_full_decodes_the_bands_of_masks_too(tmp_path, write_stack, run_cli, values):
    layers = np.stack([values, np.ones_like(values)], axis=1)
    write_stack(tmp_path / "in", layers, YEARS, options=[*PACKED, "INTERLEAVE=BAND"], nodata=-1)
    path = tmp_path / "in" / "ndvi_2002.tif"
    dataset = gdal.Open(str(path))
    band = dataset.GetRasterBand(2)
    start = int(band.GetMetadataItem("BLOCK_OFFSET_1_1", "TIFF"))
    size = int(band.GetMetadataItem("BLOCK_SIZE_1_1", "TIFF"))
    band = dataset = None
    with path.open("r+b") as file:
        file.seek(start)
        file.write(b"\xff" * size)
    assert run_cli("check", "in", "--full", "--band", 1).returncode == 0
    done = run_cli("check", "in", "--full", "--band", 1, "--mask-band", 2)
    assert done.returncode == 3
    assert "ndvi_2002.tif" in done.stderr


def test_blocks_that_were_never_written(tmp_path, write_stack, values):
    write_stack(tmp_path, values, YEARS, options=PACKED)
    path = tmp_path / "ndvi_2003.tif"
    dataset = gdal.GetDriverByName("GTiff").Create(
        str(path), 90, 70, 1, gdal.GDT_Int16, [*PACKED, "SPARSE_OK=TRUE"]
    )
    dataset.SetGeoTransform(GEOTRANSFORM)
    dataset.SetProjection(gdal.Open(str(tmp_path / "ndvi_2000.tif")).GetProjection())
    dataset.GetRasterBand(1).WriteRaster(0, 0, 90, 32, values[0, :32].tobytes())
    dataset = None
    report = pixeltrend.check(tmp_path)
    assert any("ndvi_2003.tif" in text and "never written" in text for text in report.warnings)
    assert noted(report) == [2003]


@pytest.mark.parametrize("fault", ["truncated", "damaged"])
def test_a_run_fails_on_what_check_tells(folder, run_cli, tmp_path, fault):
    path = folder / "ndvi_2003.tif"
    if fault == "truncated":
        os.truncate(path, path.stat().st_size // 2)
    else:
        damage(path, 32, 32)
    (tmp_path / "t.tif").write_bytes(b"old")
    done = run_cli("slope", "in", "-o", "t.tif")
    assert done.returncode in {1, 3}
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("Error: ")
    assert "ndvi_2003.tif" in line
    assert (tmp_path / "t.tif").read_bytes() == b"old"
