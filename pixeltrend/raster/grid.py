"""Grid: size, geotransform and CRS of a raster, and how two of them differ."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from pixeltrend.errors import ArgumentError
from pixeltrend.raster.windows import Window

GeoTransform = tuple[float, float, float, float, float, float]

# Exports of one region differ in the last digits of the geotransform. A hundredth of a pixel is far
# above that jitter and far below any shift that matters.
TOLERANCE = 0.01

# Of a raster without a georeference: coordinates are columns and rows.
_PIXELS = (0.0, 1.0, 0.0, 0.0, 0.0, 1.0)


@dataclass(frozen=True, slots=True)
class Grid:
    """Where the pixels of a raster lie."""

    width: int
    """Columns."""
    height: int
    """Rows."""
    geotransform: GeoTransform | None
    """GDAL's six numbers, from (column, row) to map coordinates; None if not georeferenced."""
    crs: str
    """The coordinate reference system as WKT; empty if unknown."""

    @property
    def pixels(self) -> int:
        """Rows times columns."""
        return self.width * self.height

    @classmethod
    def of(cls, dataset: Any) -> Grid:
        """Return the grid of an open GDAL dataset."""
        geotransform = dataset.GetGeoTransform(can_return_null=True)
        return cls(
            width=dataset.RasterXSize,
            height=dataset.RasterYSize,
            geotransform=tuple(geotransform) if geotransform else None,
            crs=dataset.GetProjectionRef() or "",
        )

    def crop(self, window: Window) -> Grid:
        """Return the grid of a part of this one."""
        geotransform = self.geotransform
        if geotransform is not None:
            x, dx, rx, y, ry, dy = geotransform
            x += window.col_off * dx + window.row_off * rx
            y += window.col_off * ry + window.row_off * dy
            geotransform = (x, dx, rx, y, ry, dy)
        return Grid(window.width, window.height, geotransform, self.crs)

    def window_of(self, bounds: tuple[float, float, float, float]) -> Window:
        """Return the pixels within `bounds` (xmin, ymin, xmax, ymax), in the units of the CRS.

        Borders go to the nearest border of a pixel, so that regions that share one share no pixel.

        Raises
        ------
        ArgumentError
            No pixel lies within them, or the grid is not georeferenced or is rotated.
        """
        if self.geotransform is None or self.geotransform[2] or self.geotransform[4]:
            raise ArgumentError("bounds need rasters that are georeferenced and not rotated")
        x, dx, _, y, _, dy = self.geotransform
        columns = sorted(round((edge - x) / dx) for edge in bounds[::2])
        rows = sorted(round((edge - y) / dy) for edge in bounds[1::2])
        left, right = (min(max(edge, 0), self.width) for edge in columns)
        top, bottom = (min(max(edge, 0), self.height) for edge in rows)
        if left == right or top == bottom:
            edges = [x, x + self.width * dx], [y, y + self.height * dy]
            raise ArgumentError(
                f"bounds {' '.join(map(repr, bounds))}: contain no pixel; the rasters reach "
                f"from {min(edges[0])!r} {min(edges[1])!r} to {max(edges[0])!r} {max(edges[1])!r}"
            )
        return Window(top, left, bottom - top, right - left)

    def difference(self, other: Grid) -> tuple[str, str] | None:
        """Return what differs from `other`, this grid's value and the other's; None if none.

        Corners may differ by `TOLERANCE` pixels.
        """
        if not _same_crs(self.crs, other.crs):
            return _crs_names(self.crs, other.crs)
        if (self.width, self.height) != (other.width, other.height):
            return (
                f"{self.width} x {self.height} pixels",
                f"{other.width} x {other.height} pixels",
            )
        if self.geotransform is None or other.geotransform is None:
            if self.geotransform == other.geotransform:
                return None
            return _describe(self.geotransform), _describe(other.geotransform)
        if self._largest_shift(self.geotransform, other.geotransform) <= TOLERANCE:
            return None
        return _describe(self.geotransform), _describe(other.geotransform)

    def offset_from(self, other: Grid) -> tuple[float, float] | None:
        """Return the rows and columns from the first pixel of `other` to that of this grid.

        None if they are no parts of one grid: another CRS, another size or direction of the pixels.
        Whole numbers, give or take `TOLERANCE`, are parts of one grid.
        """
        if not _same_crs(self.crs, other.crs):
            return None
        if self.geotransform is None or other.geotransform is None:
            return None
        row_off, col_off = other.position(*self.corner(0, 0))
        for row, column in ((self.height, 0), (0, self.width), (self.height, self.width)):
            y, x = other.position(*self.corner(row, column))
            if abs(y - row_off - row) > TOLERANCE or abs(x - col_off - column) > TOLERANCE:
                return None
        return row_off, col_off

    def corner(self, row: float, column: float) -> tuple[float, float]:
        """Return the coordinates of the upper left corner of a pixel, in the units of the CRS."""
        x, dx, rx, y, ry, dy = self.geotransform or _PIXELS
        return x + column * dx + row * rx, y + column * ry + row * dy

    def position(self, x: float, y: float) -> tuple[float, float]:
        """Return the row and column, with fractions, of coordinates in the units of the CRS."""
        x0, dx, rx, y0, ry, dy = self.geotransform or _PIXELS
        determinant = dx * dy - rx * ry
        if determinant == 0:
            return math.nan, math.nan
        across, down = x - x0, y - y0
        return (dx * down - ry * across) / determinant, (dy * across - rx * down) / determinant

    def _largest_shift(self, ours: GeoTransform, theirs: GeoTransform) -> float:
        """Return the largest distance between corresponding corners, in pixels."""
        pixel = min(abs(ours[1]) + abs(ours[2]), abs(ours[4]) + abs(ours[5]))
        if pixel == 0:
            return 0.0 if ours == theirs else float("inf")
        delta = [a - b for a, b in zip(ours, theirs, strict=True)]
        return max(
            max(
                abs(delta[0] + column * delta[1] + row * delta[2]),
                abs(delta[3] + column * delta[4] + row * delta[5]),
            )
            / pixel
            for column in (0, self.width)
            for row in (0, self.height)
        )


def _describe(geotransform: GeoTransform | None) -> str:
    if geotransform is None:
        return "no georeference"
    x, dx, rx, y, ry, dy = geotransform
    rotation = f", rotation {rx!r} {ry!r}" if rx or ry else ""
    return f"origin {x!r} {y!r}, pixel {dx!r} {dy!r}{rotation}"


def _same_crs(ours: str, theirs: str) -> bool:
    if ours == theirs:
        return True
    if not ours or not theirs:
        return False
    from osgeo import osr  # needed only when the texts differ

    osr.UseExceptions()
    options = ["IGNORE_DATA_AXIS_TO_SRS_AXIS_MAPPING=YES", "CRITERION=EQUIVALENT"]
    return bool(osr.SpatialReference(ours).IsSame(osr.SpatialReference(theirs), options))


def _crs_names(ours: str, theirs: str) -> tuple[str, str]:
    """Return the names of both systems, in full where the short names are the same."""

    def short(wkt: str) -> str:
        if not wkt:
            return "no CRS"
        from osgeo import osr  # needed only for this message

        crs = osr.SpatialReference(wkt)
        code = crs.GetAuthorityCode(None)
        authority = f" ({crs.GetAuthorityName(None)}:{code})" if code else ""
        return f"CRS {crs.GetName()}{authority}"

    names = short(ours), short(theirs)
    return names if names[0] != names[1] else (f"CRS {ours}", f"CRS {theirs}")
