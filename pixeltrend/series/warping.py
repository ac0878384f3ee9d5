"""Warping: a raster seen through the grid of its series, computed when it is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pixeltrend.raster.datasets import gdal
from pixeltrend.raster.stores import as_gdal
from pixeltrend.series.sources import AS_FLOAT32

if TYPE_CHECKING:
    from pixeltrend.series.sources import Tile, Warp

# Of quality bits and masks: numbers that say what is missing are never mixed.
UNMIXED = "unmixed"


def warped(dataset: Any, tile: Tile, warp: Warp) -> Any:
    """Return a dataset on the grid of the series; nothing is computed before it is read.

    Values become floats that are NaN where the raster has none, or where it does not reach.
    `UNMIXED` bands keep their type.
    """
    grid = warp.grid
    left, top = grid.corner(0, 0)
    right, bottom = grid.corner(grid.height, grid.width)
    options: dict[str, Any] = {"resampleAlg": warp.resampling, "dstNodata": "nan"}
    options["outputType"] = gdal.GDT_Float32 if tile.dtype in AS_FLOAT32 else gdal.GDT_Float64
    options["srcNodata"] = "None" if tile.nodata is None else f"{tile.nodata:.17g}"
    if warp.resampling == UNMIXED:
        options = {"resampleAlg": "nearest", "srcNodata": "None"}
    return gdal.Warp(
        "",
        as_gdal(dataset),
        format="VRT",
        dstSRS=grid.crs or None,
        outputBounds=(left, bottom, right, top),
        width=grid.width,
        height=grid.height,
        errorThreshold=0,  # a pixel's value must not depend on the pixels read with it
        **options,
    )
