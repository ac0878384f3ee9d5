"""Pictures: a written raster, in classes, as a map."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from osgeo import osr

from pixeltrend.errors import ArgumentError, InputError, ReadError
from pixeltrend.raster.datasets import first_line, gdal, gdal_messages, open_raster
from pixeltrend.raster.replacing import Replacement
from pixeltrend.raster.windows import Window, plan_windows
from pixeltrend.views import figure
from pixeltrend.views.axes import Frame, map_frame, pixel_frame
from pixeltrend.views.classes import (
    SCHEMES,
    class_limits,
    class_numbers,
    class_shades,
    count_and_thin,
)
from pixeltrend.views.labels import map_title, notes_on_classes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

MAX_CLASSES, MIN_DPI, MAX_DPI = 12, 50, 1200
# A raster of at most this many pixels is read as a whole. Of a larger one, every n-th row and
# column: at most a quarter as many pixels.
MAX_PIXELS = 64 * 2**20
_CHUNK_PIXELS = 2**21
_BLOCK_CACHE = 64 * 2**20
_FITS_FLOAT32 = {gdal.GDT_Byte, gdal.GDT_Int16, gdal.GDT_UInt16, gdal.GDT_Float32}


@dataclass(frozen=True, slots=True)
class MapSummary:
    """What a map shows."""

    output: str
    """The picture."""
    band: str
    """Its description or number."""
    limits: tuple[float, ...]
    """Limits of the classes: the smallest value, the limits between them, the largest value."""
    counts: tuple[int, ...]
    """Pixels in each class."""
    pixels: int
    """Pixels that limits and counts come from: all, or those of a decimated raster."""
    valid_pixels: int
    """Those with a value."""
    decimated: bool
    """Whether the raster was too large to read all of it."""


def plot_map(
    raster: str | os.PathLike[str],
    output: str | os.PathLike[str],
    *,
    band: int | str = 1,
    classes: int = 5,
    scheme: str = "quantiles",
    title: str | None = None,
    dpi: int = 150,
) -> MapSummary:
    """Draw one band of a raster as a map, in classes, on a ramp centred on zero.

    Classes below zero are brown and classes above zero blue, darker with the distance from zero; a
    class that zero belongs to is white, a missing pixel grey. Of up to 67 million pixels, limits
    and shares are exact. A larger raster is read decimated, from its overviews if it has some;
    limits and shares are then those of the pixels read, and the map says so.

    Parameters
    ----------
    raster
        The raster, such as `slope` writes.
    output
        The picture: .png, .svg or .pdf. An older one is replaced.
    band
        Number, from 1, or description.
    classes
        How many, from 1 to 12. Ties can make fewer.
    scheme
        "quantiles": as many pixels in each. "equal": as wide as each other.
    title
        First line of the title, instead of what the raster's metadata say.
    dpi
        Pixels per inch, from 50 to 1200.

    Returns
    -------
    summary
        The limits of the classes, and how many pixels each has.

    Raises
    ------
    ArgumentError
        A parameter makes no sense, such as a picture's extension.
    InputError
        The raster cannot be opened, has no such band, or no pixel with a value.
    ReadError
        Its pixels cannot be read.
    OutputError
        The picture cannot be written.
    MissingDependencyError
        Matplotlib is not installed.
    """
    path, output = os.fspath(raster), os.fspath(output)
    file_format = figure.picture_format(output)
    target = Replacement(output)
    if not 1 <= classes <= MAX_CLASSES:
        raise ArgumentError(f"{classes} classes: from 1 to {MAX_CLASSES} can be told apart")
    if scheme not in SCHEMES:
        raise ArgumentError(f"no scheme {scheme!r}; there are {', '.join(SCHEMES)}")
    if not MIN_DPI <= dpi <= MAX_DPI:
        raise ArgumentError(f"{dpi} dpi: a picture has from {MIN_DPI} to {MAX_DPI}")
    if os.path.realpath(output) == os.path.realpath(path):
        raise ArgumentError(f"{output}: is the raster itself")
    figure.require_matplotlib()

    layer = _open_layer(path, band)
    before = gdal.GetCacheMax()
    gdal.SetCacheMax(layer.cache_size)
    try:
        with gdal_messages():
            limits, counts, drawn = _classify(layer, classes, scheme, dpi)
            frame = _frame(layer.dataset)
    except RuntimeError as error:
        raise ReadError(f"{path}: cannot be read: {first_line(error)}") from error
    finally:
        gdal.SetCacheMax(before)
    pixels, valid_pixels = math.prod(layer.shape), int(counts.sum())
    items = layer.band.GetMetadata(), layer.dataset.GetMetadata()
    heading, subtitle = map_title(os.path.basename(path), layer.name, *items)
    shades = class_shades(drawn, limits, scheme)
    picture = figure.Picture(
        numbers=class_numbers(drawn, limits),
        frame=frame,
        limits=limits,
        shades=shades,
        shares=counts / valid_pixels,
        missing=1 - valid_pixels / pixels,
        title=heading if title is None else title,
        subtitle=subtitle,
        name=layer.name,
        unit=layer.band.GetUnitType(),
        notes=(*notes_on_classes(scheme, classes, counts, shades), layer.decimation_note),
    )
    target.write(figure.draw(picture, file_format, dpi))
    return MapSummary(
        output=output,
        band=layer.name,
        limits=tuple(limits.tolist()),
        counts=tuple(counts.tolist()),
        pixels=pixels,
        valid_pixels=valid_pixels,
        decimated=layer.decimation > 1,
    )


@dataclass(frozen=True, slots=True)
class _Layer:
    """One band of an open raster."""

    dataset: Any
    number: int
    decimation: int
    """Every how-manieth row and column is read."""

    @property
    def band(self) -> Any:
        return self.dataset.GetRasterBand(self.number)

    @property
    def name(self) -> str:
        return self.band.GetDescription() or f"band {self.number}"

    @property
    def cache_size(self) -> int:
        """Bytes for two rows of decoded blocks and masks: a decimated read goes along rows."""
        size = gdal.GetDataTypeSize(self.band.DataType) // 8 + 1
        return max(_BLOCK_CACHE, 2 * self.dataset.RasterXSize * self.band.GetBlockSize()[1] * size)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns that are read."""
        height, width = self.dataset.RasterYSize, self.dataset.RasterXSize
        return -(-height // self.decimation), -(-width // self.decimation)

    @property
    def decimation_note(self) -> str:
        if self.decimation == 1:
            return ""
        rows, columns = self.shape
        overviews = (self.band.GetOverview(i) for i in range(self.band.GetOverviewCount()))
        reads = "an overview" if any(o.XSize >= columns for o in overviews) else "the raster"
        return f"Limits and shares from {rows:,} x {columns:,} pixels of {reads}."

    def windows(self) -> Iterator[tuple[Window, NDArray[np.floating[Any]]]]:
        """Read all of it: windows of `shape`, and their values."""
        height, width = self.shape
        whole, block = None, self.band.GetBlockSize()
        if self.decimation > 1:
            full = Window(0, 0, self.dataset.RasterYSize, self.dataset.RasterXSize)
            whole, block = self._read(full, height, width), (width, 1)
        for window in plan_windows(height, width, block[::-1], max_pixels=_CHUNK_PIXELS):
            if whole is None:
                yield window, self._read(window, window.height, window.width)
            else:
                top, left = window.row_off, window.col_off
                yield window, whole[top : top + window.height, left : left + window.width]

    def _read(self, window: Window, rows: int, columns: int) -> NDArray[np.floating[Any]]:
        """Read (rows, columns) values of a window, NaN where missing."""
        band = self.band
        scale, offset = band.GetScale(), band.GetOffset()
        scaled = scale not in {None, 1} or offset not in {None, 0}
        single = not scaled and band.DataType in _FITS_FLOAT32
        values: NDArray[np.floating[Any]]
        values = np.empty((rows, columns), np.float32 if single else np.float64)
        area = (window.col_off, window.row_off, window.width, window.height, columns, rows)
        gdal_type = gdal.GDT_Float32 if single else gdal.GDT_Float64
        band.ReadRaster(*area, buf_type=gdal_type, buf_obj=values)
        flags = band.GetMaskFlags()
        only_nan = flags & gdal.GMF_NODATA and np.isnan(band.GetNoDataValue())
        if not (flags & gdal.GMF_ALL_VALID or only_nan):
            mask = np.empty((rows, columns), np.uint8)
            band.GetMaskBand().ReadRaster(*area, buf_type=gdal.GDT_Byte, buf_obj=mask)
            values[mask == 0] = np.nan
        if scaled:
            values *= 1 if scale is None else scale
            values += offset or 0
        return values


def _open_layer(path: str, band: int | str) -> _Layer:
    dataset = open_raster(path)
    with gdal_messages():
        number = _band_number(dataset, path, band)
        if gdal.DataTypeIsComplex(dataset.GetRasterBand(number).DataType):
            raise InputError(f"{path}: band {number} has complex numbers, which have no order")
    pixels = dataset.RasterXSize * dataset.RasterYSize
    decimation = math.ceil(math.sqrt(4 * pixels / MAX_PIXELS)) if pixels > MAX_PIXELS else 1
    return _Layer(dataset, number, decimation)


def _band_number(dataset: Any, path: str, band: int | str) -> int:
    count: int = dataset.RasterCount
    names = [dataset.GetRasterBand(number).GetDescription() for number in range(1, count + 1)]
    if isinstance(band, str) and names.count(band) > 1:
        raise InputError(f"{path}: more than one band is called {band!r}; give a number")
    if band in names:
        return names.index(str(band)) + 1
    if isinstance(band, str) and not band.isdecimal():
        known = ", ".join(map(repr, filter(None, names))) or "no names"
        raise InputError(f"{path}: no band called {band!r}; its {count} bands have {known}")
    if not 1 <= int(band) <= count:
        raise InputError(f"{path}: no band {band}; it has {count}")
    return int(band)


def _classify(
    layer: _Layer, classes: int, scheme: str, dpi: int
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]:
    """Give class limits, how many pixels each class has, and the values that are drawn."""
    # What is read as a whole is read once a pass: memory does not grow with it.
    kept = list(layer.windows()) if layer.decimation > 1 else None
    read = layer.windows if kept is None else lambda: iter(kept)
    try:
        limits = class_limits(
            lambda: (values for _, values in read()), classes=classes, scheme=scheme
        )
    except ArgumentError:  # of the values alone: the rest has been checked
        path = layer.dataset.GetDescription()
        raise InputError(f"{path}: {layer.name} is missing in every pixel") from None
    return limits, *count_and_thin(read(), limits, layer.shape, round(figure.MAP_SIDE * dpi))


def _frame(dataset: Any) -> Frame:
    width, height = dataset.RasterXSize, dataset.RasterYSize
    place, crs = dataset.GetGeoTransform(can_return_null=True), dataset.GetSpatialRef()
    if place is None or place[2] or place[4]:
        what = "rotated" if place else "not georeferenced"
        return pixel_frame(width, height, f"The raster is {what}: axes count pixels.")
    geographic = crs and crs.CloneGeogCS()
    if geographic is None:  # no CRS, or an engineer's own
        return map_frame(width, height, place, crs, lambda _x, _y: None)
    osr.UseExceptions()
    for system in (crs, geographic):
        system.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    transformation = osr.CoordinateTransformation(crs, geographic)
    unit = geographic.GetAngularUnits()

    def to_earth(x: float, y: float) -> tuple[float, float] | None:
        try:
            longitude, latitude, _ = transformation.TransformPoint(x, y)
        except RuntimeError:
            return None
        return (longitude * unit, latitude * unit) if math.isfinite(longitude) else None

    return map_frame(width, height, place, crs, to_earth)
