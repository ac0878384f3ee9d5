"""What the tests of checks share: how stacks are stored, and what a report says."""

from __future__ import annotations

import re

import numpy as np
from osgeo import gdal

YEARS = range(2000, 2006)
SHAPE = (70, 90)
STORED = ["TILED=YES", "BLOCKXSIZE=32", "BLOCKYSIZE=32"]
PACKED = [*STORED, "COMPRESS=DEFLATE"]


def everything(report):
    return "\n".join([*report.warnings, *report.problems])


def noted(report):
    """Give the years whose rasters have a note in the table."""
    return [int(raster.time) for raster in report.rasters if raster.notes]


def contents(folder):
    """Give every file there with its bytes and time of change."""
    return {
        path: (path.read_bytes(), path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def damage(path, row, column):
    """Write over the middle of a compressed block; give its window as words."""
    dataset = gdal.Open(str(path))
    band = dataset.GetRasterBand(1)
    place = f"{column // 32}_{row // 32}"
    start = int(band.GetMetadataItem(f"BLOCK_OFFSET_{place}", "TIFF"))
    size = int(band.GetMetadataItem(f"BLOCK_SIZE_{place}", "TIFF"))
    band = dataset = None
    with path.open("r+b") as file:
        file.seek(start)
        file.write(b"\xff" * size)


def with_border(values, value):
    """Fill a border, as a clipped scene has it; give the count of its pixels in a layer."""
    inside = np.zeros(values.shape[1:], bool)
    inside[6:-6, 9:-9] = True
    values[:, ~inside] = value
    return int((~inside).sum())


def looked_at(warning):
    """Give the count of pixels that a warning tells."""
    return int(re.search(r"([\d,]+) of [\d,]+ pixels", warning)[1].replace(",", ""))
