"""Graticule: longitudes and latitudes along the sides of a map in another system."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from osgeo import osr

if TYPE_CHECKING:
    from numpy.typing import NDArray

    # Coordinates along a side, and the degrees there.
    Along = tuple[tuple[float, ...], tuple[float, ...]]

_POINTS = 33
# How far a meridian or a parallel may run from one side to another, in parts of the map.
_SLANT = 0.12


def graticule(
    crs: Any, edges: tuple[float, float, float, float], size: float
) -> tuple[Along, Along] | None:
    """Return longitudes along the lower side and latitudes along the left side.

    Parameters
    ----------
    crs
        The projected system of the map.
    edges
        Left, top, right and bottom.
    size
        What coordinates are divided by on the map: 1,000 for kilometres.

    Returns
    -------
    degrees
        None where meridians and parallels do not nearly follow the sides, as around a pole.
    """
    left, top, right, bottom = edges
    geographic = crs.CloneGeogCS()
    if geographic is None:  # a local system
        return None
    crs = crs.Clone()
    for system in (crs, geographic):
        system.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    transformation = osr.CoordinateTransformation(crs, geographic)
    xs, ys = np.linspace(left, right, _POINTS), np.linspace(top, bottom, _POINTS)
    try:
        places = [
            np.array(transformation.TransformPoints(np.column_stack(pair).tolist()))[:, :2]
            for pair in (
                (xs, np.full(_POINTS, bottom)),
                (xs, np.full(_POINTS, top)),
                (np.full(_POINTS, left), ys),
                (np.full(_POINTS, right), ys),
            )
        ]
    except RuntimeError:  # PROJ does not know a place
        return None
    longitudes, others = places[0][:, 0], places[1][:, 0]
    latitudes, far = places[2][:, 1], places[3][:, 1]
    if not (_follow(longitudes, others) and _follow(latitudes, far)):
        return None
    return (
        (tuple((xs / size).tolist()), tuple(longitudes.tolist())),
        (tuple((ys / size).tolist()), tuple(latitudes.tolist())),
    )


def _follow(one: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    """Return whether degrees rise or fall all along a side, and are those of the opposite side."""
    if not (np.isfinite(one).all() and np.isfinite(other).all()):
        return False
    steps, span = np.diff(one), abs(one[-1] - one[0])
    one_way = bool((steps > 0).all() or (steps < 0).all())
    return one_way and bool(np.abs(one - other).max() <= _SLANT * span)
