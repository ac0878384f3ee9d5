"""Reading: the values of a band for a picture, all of them or those of a grid of pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pixeltrend.raster.datasets import gdal
from pixeltrend.raster.sample import ENOUGH, sample_steps, sampled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pixeltrend.raster.header import BandHeader

# A raster of at most this many pixels is read as a whole: 256 MB of Float32. Of a larger one, every
# 3rd, 9th, ... row and column.
MAX_PIXELS = 64 * 2**20
_BLOCK_CACHE = 16 * 2**20
_FITS_FLOAT32 = {gdal.GDT_Byte, gdal.GDT_Int16, gdal.GDT_UInt16, gdal.GDT_Float32}


def read_band(raster_band: Any, header: BandHeader) -> NDArray[np.floating[Any]]:
    """Return a band, NaN where missing or infinite; of a large one, the pixels of a sample."""
    height, width = raster_band.YSize, raster_band.XSize
    down, across = sample_steps(height, width, MAX_PIXELS)
    scaled = (header.scale, header.offset) != (1, 0)
    single = not scaled and raster_band.DataType in _FITS_FLOAT32
    gdal_type = gdal.GDT_Float32 if single else gdal.GDT_Float64
    shape = height // down, width // across
    values: NDArray[np.floating[Any]]
    values = np.empty(shape, np.float32 if single else np.float64)
    area = (0, 0, shape[1] * across, shape[0] * down, *shape[::-1])
    # GDAL goes along rows: it keeps two rows of decoded blocks and masks.
    pixel_bytes = gdal.GetDataTypeSize(raster_band.DataType) // 8 + 1
    before = gdal.GetCacheMax()
    gdal.SetCacheMax(max(_BLOCK_CACHE, 2 * width * raster_band.GetBlockSize()[1] * pixel_bytes))
    try:
        raster_band.ReadRaster(*area, buf_type=gdal_type, buf_obj=values)
        flags = raster_band.GetMaskFlags()
        only_nan = flags & gdal.GMF_NODATA and np.isnan(raster_band.GetNoDataValue())
        if not (flags & gdal.GMF_ALL_VALID or only_nan):
            mask = np.empty(shape, np.uint8)
            raster_band.GetMaskBand().ReadRaster(*area, buf_type=gdal.GDT_Byte, buf_obj=mask)
            values[mask == 0] = np.nan
    finally:
        gdal.SetCacheMax(before)
    if scaled:
        values *= header.scale
        values += header.offset
    values[~np.isfinite(values)] = np.nan
    return values


def enough(values: NDArray[Any], height: int, width: int) -> NDArray[Any]:
    """Return the pixels that classes are found from: the sample that the writer takes, too.

    Parameters
    ----------
    values
        As `read_band` returns them, of a raster of `height` and `width` pixels.
    height, width
        Of the raster.
    """
    read = sample_steps(height, width, MAX_PIXELS)
    wanted = sample_steps(height, width, min(ENOUGH, MAX_PIXELS))
    (down, down_wanted), (across, across_wanted) = zip(read, wanted, strict=True)
    rows = sampled(height // down, down_wanted // down)
    columns = sampled(width // across, across_wanted // across)
    return values[rows, columns]


def decimation(raster_band: Any) -> str:
    """Return what a map says of the pixels that were read; nothing if all were."""
    height, width = raster_band.YSize, raster_band.XSize
    down, across = sample_steps(height, width, MAX_PIXELS)
    if down == across == 1:
        return ""
    rows, columns = height // down, width // across
    overviews = (raster_band.GetOverview(i) for i in range(raster_band.GetOverviewCount()))
    source = "an overview" if any(o.XSize >= columns for o in overviews) else "the raster"
    return f"Limits and shares from {columns:,} x {rows:,} pixels of {source}."


def thin(values: NDArray[Any], side: int) -> NDArray[Any]:
    """Return the values that a picture shows: those at the centres of its pixels.

    Parameters
    ----------
    values
        (rows, columns).
    side
        Pixels on the longer side of the picture, at most.
    """
    step = max(1.0, max(values.shape) / side)
    counts = [max(1, round(length / step)) for length in values.shape]
    centres = [
        ((np.arange(count) + 0.5) * length / count).astype(np.int64)
        for count, length in zip(counts, values.shape, strict=True)
    ]
    return values[np.ix_(*centres)]
