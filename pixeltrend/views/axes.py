"""Coordinates along the sides of a map, and how long they are on the ground."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pixeltrend.views.labels import number, round_down

if TYPE_CHECKING:
    from collections.abc import Callable

    from pixeltrend.raster.grid import GeoTransform

    # From the map's coordinates to longitude and latitude in radians; None where there is no place.
    ToEarth = Callable[[float, float], tuple[float, float] | None]

_FAR = 300_000  # metres: from here on axes count kilometres
_SCALE_TOLERANCE = 0.02
_ROOM_ABOVE, _LETTER, _GAP = 0.5, 0.075, 0.3  # inches, for labels of 8 points


@dataclass(frozen=True, slots=True)
class Axis:
    """Coordinates along one side of a map."""

    label: str
    """What they are, with their unit."""
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


@dataclass(frozen=True, slots=True)
class Frame:
    """Both axes of a map, and what to know about them."""

    x: Axis
    """From left to right."""
    y: Axis
    """From top to bottom."""
    scale_note: str = ""
    """Where the scale bar is true; empty for everywhere, or if there is none."""
    note: str = ""
    """Name of the coordinate reference system, or why there is none."""


def pixel_frame(width: int, height: int, why: str) -> Frame:
    """Give axes that count pixels."""
    return Frame(
        Axis("Column", 0, width, counts=True), Axis("Row", 0, height, counts=True), note=why
    )


def map_frame(
    width: int, height: int, geotransform: GeoTransform, crs: Any, to_earth: ToEarth
) -> Frame:
    """Give axes with map coordinates.

    Parameters
    ----------
    width, height
        Size in pixels.
    geotransform
        GDAL's six numbers, without rotation.
    crs
        The `osr.SpatialReference`, or None if unknown.
    to_earth
        Its way to longitude and latitude.
    """
    left, top = geotransform[0], geotransform[3]
    right, bottom = left + width * geotransform[1], top + height * geotransform[5]
    if crs is None:
        return Frame(Axis("x", left, right), Axis("y", top, bottom))
    code = crs.GetAuthorityCode(None)
    name = crs.GetName() + (f" ({crs.GetAuthorityName(None)}:{code})" if code else "")
    x, y = (left + right) / 2, (top + bottom) / 2
    dx, dy = abs(right - left) / 100, abs(bottom - top) / 100
    flattening = 1 / crs.GetInvFlattening() if crs.GetInvFlattening() else 0.0

    def metres(x: float, y: float, dx: float, dy: float) -> float | None:
        start = to_earth(x - dx / 2, y - dy / 2)
        stop = to_earth(x + dx / 2, y + dy / 2)
        if start is None or stop is None:
            return None
        return _ground_length(start, stop, crs.GetSemiMajor(), flattening) / (dx + dy) or None

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
        far = max(abs(right - left), abs(bottom - top)) >= _FAR
        unit, size = ("km", 1000.0) if far else ("m", 1.0)
    # A projected map keeps the proportions of its projection.
    return Frame(
        Axis(f"x ({unit})", left / size, right / size, metres_x * size),
        Axis(f"y ({unit})", top / size, bottom / size),
        note,
        name,
    )


def _ground_length(
    start: tuple[float, float], stop: tuple[float, float], semi_major: float, flattening: float
) -> float:
    """Give the length of a short line on the ellipsoid, from its radii of curvature."""
    turn = math.remainder(stop[0] - start[0], 2 * math.pi)
    squared = flattening * (2 - flattening)
    latitude = (start[1] + stop[1]) / 2
    bent = 1 - squared * math.sin(latitude) ** 2
    east = semi_major / math.sqrt(bent) * math.cos(latitude) * turn
    north = semi_major * (1 - squared) / bent**1.5 * (stop[1] - start[1])
    return math.hypot(east, north)


def ticks(axis: Axis, inches: float, *, across: bool) -> tuple[list[float], list[str]]:
    """Choose round coordinates whose labels have room beside each other, or above each other."""
    low, high = sorted((axis.start, axis.stop))
    step = round_down((high - low) * _ROOM_ABOVE / inches)
    if axis.counts:
        step = max(1.0, step)
    while True:
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        places = [count * step for count in range(first, last + 1)]
        decimals = max(0, -math.floor(math.log10(step) + 1e-9))
        if not places:  # no round one lies within
            places, decimals = [(low + high) / 2], decimals + 1
        labels = [_coordinate(place, decimals, axis.hemispheres) for place in places]
        room = _LETTER * max(map(len, labels)) + _GAP if across else _ROOM_ABOVE
        if len(places) == 1 or step * inches / (high - low) >= room:
            return places, labels
        step *= 2.5 if f"{step:e}".startswith("2") else 2


def _coordinate(value: float, decimals: int, hemispheres: str) -> str:
    if not hemispheres:
        return number(value, decimals)
    if hemispheres == "EW" and abs(value) > 180:  # noqa: PLR2004 - some count to 360
        value = (value + 180) % 360 - 180
    letter = "" if round(value, decimals) == 0 else hemispheres[value < 0]
    return f"{abs(value):.{decimals}f}°{letter}"
