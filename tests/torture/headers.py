"""Headers with one byte flipped, and files cut off: refused, or read as GDAL reads them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np
from command import WrongError
from osgeo import gdal
from rounds import Fault, expect

if TYPE_CHECKING:
    import random

    from rounds import Bench

gdal.UseExceptions()
_YEARS = range(2000, 2004)
_FLIPPED = 2001
_FLIPS = (0xFF, 0x01, 0x80)
# Bytes before the pixels of a demo's raster: directory, tags, projection, metadata.
_HEADER = 650


def _flip(bench: Bench, _chance: random.Random, number: int) -> str:
    folder = bench.copy()
    path = folder / f"ndvi_{_FLIPPED}.tiff"
    content = bytearray(path.read_bytes())
    content[number // len(_FLIPS)] ^= _FLIPS[number % len(_FLIPS)]
    path.write_bytes(content)
    return _compare(bench, folder)


def _cut(bench: Bench, chance: random.Random, _number: int) -> str:
    folder = bench.copy()
    path = folder / f"ndvi_{_FLIPPED}.tiff"
    os.truncate(path, chance.randrange(path.stat().st_size))
    return expect(_compare(bench, folder), "refused")


def _compare(bench: Bench, folder: object) -> str:
    """Run, and compare the slope with NumPy's on what GDAL reads, where both read it."""
    bench.clear()
    run = bench.start("slope", folder, "-o", "t.tif", "-q", "--workers", "1", "--dtype", "float64")
    outcome = bench.judge(run, None)
    told = run.said
    if outcome == "refused":
        if f"ndvi_{_FLIPPED}" not in told and "ndvi_" not in told:
            raise WrongError(f"names no file: {told}")
        return outcome
    # In a child: what is broken may break GDAL.
    pid = os.fork()
    if pid == 0:
        status = 3
        gdal.PushErrorHandler("CPLQuietErrorHandler")
        try:
            status = _agrees(str(folder), str(bench.target))
        finally:
            os._exit(status)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if status:
        raise WrongError(f"not what GDAL and NumPy say (status {status}): {told}")
    return outcome


def _agrees(folder: str, target: str) -> int:
    """Return 0 if an output is NumPy's slope of what GDAL reads; 1 if not."""
    values = np.stack([_read(f"{folder}/ndvi_{year}.tiff") for year in _YEARS])
    valid = np.isfinite(values)
    count = valid.sum(0)
    years = np.where(valid, np.array(_YEARS, float)[:, None, None], 0)
    values = np.where(valid, values, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        dx = np.where(valid, years - years.sum(0) / count, 0)
        dy = np.where(valid, values - values.sum(0) / count, 0)
        wanted = (dx * dy).sum(0) / (dx * dx).sum(0)
        scale = np.sqrt((dy * dy).sum(0) / (dx * dx).sum(0))
    wanted[count < 2] = np.nan
    found = gdal.Open(target).ReadAsArray()
    same_gaps = np.array_equal(np.isnan(found), np.isnan(wanted))
    near = np.abs(found - wanted)[~np.isnan(wanted)] <= 1e-9 * scale[~np.isnan(wanted)] + 1e-300
    return not (same_gaps and near.all())


def _read(path: str) -> np.ndarray:
    """Return a band as GDAL hands it out: nodata and masks are gaps, scale and offset applied."""
    dataset = gdal.Open(path)
    band = dataset.GetRasterBand(1)
    values = band.ReadAsArray().astype(float)
    scale, offset = band.GetScale(), band.GetOffset()
    values = values * (1 if scale is None else scale) + (offset or 0)
    if band.GetNoDataValue() is not None or not band.GetMaskFlags() & gdal.GMF_ALL_VALID:
        values[band.GetMaskBand().ReadAsArray() == 0] = np.nan
    return values


FAULTS = (
    Fault("each byte of a header flipped, three ways", _HEADER * len(_FLIPS), _flip, 100),
    Fault("a file cut off", 200, _cut, 15),
)
