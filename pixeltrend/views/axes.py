"""Coordinates along the sides of a map, and how long they are on the ground."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from osgeo import osr

from pixeltrend.views.graticule import graticule
from pixeltrend.views.labels import number

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_KILOMETRES_FROM = 300_000  # metres
_SCALE_TOLERANCE = 0.02
_ROW, _LETTER, _GAP = 0.5, 0.075, 0.3  # inches that labels of 8 points take


@dataclass(frozen=True, slots=True)
class Axis:
    """Coordinates along one side of a map."""

    label: str
    """What they are, with their unit; empty for an axis without numbers."""
    start: float
    """Coordinate at the left or top edge."""
    stop: float
    """Coordinate at the right or bottom edge."""
    metres: float | None = None
    """Length on the ground, at the centre of the map, of one unit; None if unknown."""
    hemispheres: str = ""
    """Letters for positive and negative degrees, as "EW"; empty for plain numbers."""
    counts: bool = False
    """Whether they count pixels, and rows go down."""
    degrees: tuple[tuple[float, ...], tuple[float, ...]] | None = None
    """Coordinates from start to stop, and the degrees there, if degrees are to be shown."""


@dataclass(frozen=True, slots=True)
class Frame:
    """Both axes of a map, and what to know about them."""

    x: Axis
    """From left to right."""
    y: Axis
    """From top to bottom."""
    scale_note: str = ""
    """Where the scale bar is true; empty for everywhere, or if the map has none."""
    note: str = ""
    """Name of the coordinate reference system, or why the axes count pixels."""


def map_frame(dataset: Any, coordinates: str = "map") -> Frame:
    """Return the axes of an open GDAL dataset: map coordinates, or pixels if it has none.

    Parameters
    ----------
    dataset
        The raster.
    coordinates
        "map", "none", or "degrees": longitudes and latitudes where meridians and parallels nearly
        follow the sides.
    """
    frame = _frame(dataset, degrees=coordinates == "degrees")
    if coordinates != "none":
        return frame
    return dataclasses.replace(
        frame, x=dataclasses.replace(frame.x, label=""), y=dataclasses.replace(frame.y, label="")
    )


def _frame(dataset: Any, *, degrees: bool) -> Frame:
    width, height = dataset.RasterXSize, dataset.RasterYSize
    geotransform = dataset.GetGeoTransform(can_return_null=True)
    if geotransform is None or geotransform[2] or geotransform[4]:
        what = "rotated" if geotransform else "not georeferenced"
        return Frame(
            Axis("Column", 0, width, counts=True),
            Axis("Row", 0, height, counts=True),
            note=f"The raster is {what}: axes count pixels.",
        )
    left, top = geotransform[0], geotransform[3]
    right, bottom = left + width * geotransform[1], top + height * geotransform[5]
    crs = dataset.GetSpatialRef()
    if crs is None:
        return Frame(Axis("x", left, right), Axis("y", top, bottom))
    osr.UseExceptions()
    code = crs.GetAuthorityCode(None)
    name = crs.GetName() + (f" ({crs.GetAuthorityName(None)}:{code})" if code else "")
    name = "" if name == "unknown" else name  # PROJ's, for systems that are parameters alone
    x, y = (left + right) / 2, (top + bottom) / 2
    dx, dy = abs(right - left) / 100, abs(bottom - top) / 100
    metres = _ground_length(crs)
    metres_x, metres_y = metres(x, y, dx, 0), metres(x, y, 0, dy)
    edges = [metres(x, edge, dx, 0) for edge in (top, bottom)]
    alike = metres_x and all(e and abs(e / metres_x - 1) < _SCALE_TOLERANCE for e in edges)
    note = "The scale bar is true along the middle row." if metres_x and not alike else ""
    if crs.IsGeographic():
        return Frame(
            Axis("Longitude", left, right, metres_x, "EW"),
            Axis("Latitude", top, bottom, metres_y, "NS"),
            note,
            name,
        )
    unit, size = crs.GetLinearUnitsName(), 1.0
    metres_x = metres_x or crs.GetLinearUnits()
    if unit.lower() in {"metre", "meter"}:
        wide = max(abs(right - left), abs(bottom - top)) >= _KILOMETRES_FROM
        unit, size = ("km", 1000.0) if wide else ("m", 1.0)
    along = graticule(crs, (left, top, right, bottom), size) if degrees else None
    east, north = ("EW", "NS") if along else ("", "")
    along_x, along_y = along or (None, None)
    # A projected map keeps the proportions of its projection.
    return Frame(
        Axis(f"x ({unit})", left / size, right / size, metres_x * size, east, degrees=along_x),
        Axis(f"y ({unit})", top / size, bottom / size, None, north, degrees=along_y),
        note,
        name,
    )


def _ground_length(crs: Any) -> Callable[[float, float, float, float], float | None]:
    """Return a function for the metres on the ground of one unit, of steps around a point.

    They are measured along the ellipsoid, by the radii of curvature at the point: a step is short.
    The function returns None where the projection is not defined.
    """
    geographic = crs.CloneGeogCS()
    if geographic is None:  # a local system
        return lambda _x, _y, _dx, _dy: None
    for system in (crs, geographic):
        system.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    transformation = osr.CoordinateTransformation(crs, geographic)
    unit, semi_major = geographic.GetAngularUnits(), crs.GetSemiMajor()
    flattening = 1 / crs.GetInvFlattening() if crs.GetInvFlattening() else 0.0
    squared = flattening * (2 - flattening)

    def metres(x: float, y: float, dx: float, dy: float) -> float | None:
        try:
            (west, south, _), (east, north, _) = transformation.TransformPoints(
                [(x - dx / 2, y - dy / 2), (x + dx / 2, y + dy / 2)]
            )
            bent = 1 - squared * math.sin((south + north) / 2 * unit) ** 2
            turn = math.remainder((east - west) * unit, 2 * math.pi)
        except (RuntimeError, ValueError):  # of PROJ, and of infinite coordinates
            return None
        across = semi_major / math.sqrt(bent) * math.cos((south + north) / 2 * unit) * turn
        along = semi_major * (1 - squared) / bent**1.5 * (north - south) * unit
        return math.hypot(across, along) / (dx + dy) or None

    return metres


def ticks(axis: Axis, inches: float, *, across: bool) -> tuple[list[float], list[str]]:
    """Return round coordinates whose labels have room next to, or above, each other."""
    if not axis.label:
        return [], []
    if axis.degrees is not None:
        return _ticks_in_degrees(axis, axis.degrees, inches, across=across)
    from matplotlib.ticker import MaxNLocator

    low, high = sorted((axis.start, axis.stop))
    for count in range(max(1, int(inches / _ROW)), 0, -1):
        locator = MaxNLocator(count, steps=[1, 2, 5, 10], integer=axis.counts, min_n_ticks=1)
        around = locator.tick_values(low, high)
        step = around[1] - around[0]
        decimals = max(0, -math.floor(math.log10(step) + 1e-9))
        values = [float(value) for value in around if low <= value <= high]
        labels = [_coordinate(value, decimals, axis.hemispheres) for value in values]
        room = _LETTER * max(map(len, labels)) + _GAP if across else _ROW
        if len(values) == 1 or step * inches / (high - low) >= room:
            break
    else:
        return values[:1], labels[:1]
    return values, labels


def _ticks_in_degrees(
    axis: Axis, along: tuple[Sequence[float], Sequence[float]], inches: float, *, across: bool
) -> tuple[list[float], list[str]]:
    """Return where round degrees lie along a side of a map in another system."""
    positions, degrees = along
    plain = Axis(axis.label, degrees[0], degrees[-1], hemispheres=axis.hemispheres)
    values, labels = ticks(plain, inches, across=across)
    order = slice(None, None, 1 if degrees[0] < degrees[-1] else -1)
    return np.interp(values, degrees[order], positions[order]).tolist(), labels


def _coordinate(value: float, decimals: int, hemispheres: str) -> str:
    if not hemispheres:
        return number(value, decimals)
    if hemispheres == "EW" and abs(value) > 180:  # noqa: PLR2004 - some count to 360
        value = (value + 180) % 360 - 180
    letter = "" if round(value, decimals) == 0 else hemispheres[value < 0]
    return f"{abs(value):.{decimals}f}°{letter}"
