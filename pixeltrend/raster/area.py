"""Area: how many square metres a pixel of each row of a grid covers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pixeltrend.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pixeltrend.raster.grid import Grid

    Floats = NDArray[np.float64]


class Areas(NamedTuple):
    """What the pixels of a grid cover."""

    of_rows: Floats | None
    """Square metres of a pixel of each row, (rows,); None if unknown."""
    how: str
    """What they are: on which surface, or why they are unknown."""


def pixel_areas(grid: Grid) -> Areas:
    """Return the area of a pixel in each row of a grid, in square metres.

    Of a projected CRS that is the area on the map, by its linear unit; of longitudes and latitudes
    that on the ellipsoid, between the parallels and meridians of the pixel's edges. What lies
    beyond a pole has no area.

    Raises
    ------
    InputError
        The grid is one of longitudes and latitudes, and rotated.
    """
    if grid.geotransform is None:
        return Areas(None, "the raster is not georeferenced")
    if not grid.crs:
        return Areas(None, "the raster has no CRS")
    from osgeo import osr

    osr.UseExceptions()
    crs = osr.SpatialReference(grid.crs)
    _, dx, rx, top, ry, dy = grid.geotransform
    if crs.IsProjected():
        area = abs(dx * dy - rx * ry) * crs.GetLinearUnits() ** 2
        name = crs.GetName()
        return Areas(np.full(grid.height, area), f"on the map, in {name}")
    if not crs.IsGeographic():
        return Areas(None, f"{crs.GetName()} is neither a projected nor a geographic CRS")
    if rx or ry:
        raise InputError(
            "the raster is one of longitudes and latitudes, and rotated: warp it first, with "
            "gdalwarp -t_srs"
        )
    unit, inverse = crs.GetAngularUnits(), crs.GetInvFlattening()
    edges = (top + dy * np.arange(grid.height + 1)) * unit
    squared = (2.0 - 1.0 / inverse) / inverse if inverse else 0.0
    zones = np.abs(np.diff(_authalic(np.clip(edges, -math.pi / 2, math.pi / 2), squared)))
    half = crs.GetSemiMajor() ** 2 / 2.0
    return Areas(half * abs(dx) * unit * zones, f"on the ellipsoid of {crs.GetName()}")


def _authalic(latitude: Floats, squared: float) -> Floats:
    """Return q of latitudes: between two of them, a zone has the area pi a^2 (q_2 - q_1).

    Parameters
    ----------
    latitude
        Radians.
    squared
        The first eccentricity of the ellipsoid, squared; 0 for a sphere.

    References
    ----------
    Snyder, J. P. (1987). Map Projections: A Working Manual. U.S. Geological Survey Professional
    Paper 1395, eq. 3-12.
    """
    sine = np.sin(latitude)
    if squared == 0.0:
        return 2.0 * sine
    e = math.sqrt(squared)
    return (1.0 - squared) * (sine / (1.0 - squared * sine**2) + np.arctanh(e * sine) / e)
