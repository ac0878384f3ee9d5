"""The map: one band of a written raster, in classes."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pixeltrend.errors import ArgumentError, InputError, ReadError
from pixeltrend.options import from_keywords, takes
from pixeltrend.raster.datasets import first_line, gdal, gdal_messages, open_raster
from pixeltrend.raster.header import find_band
from pixeltrend.raster.parts import read_whole
from pixeltrend.raster.replacing import Replacement
from pixeltrend.views import figure
from pixeltrend.views.axes import map_frame
from pixeltrend.views.classes import class_counts, class_limits, class_numbers, class_shades, thin
from pixeltrend.views.labels import map_title, notes_on_classes
from pixeltrend.views.options import PlotOptions

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pixeltrend.raster.header import BandHeader

# A raster of at most this many pixels is read as a whole: 256 MB of Float32. Of a larger one, every
# n-th row and column: at most a quarter as many pixels.
MAX_PIXELS = 64 * 2**20
_BLOCK_CACHE = 16 * 2**20
_FITS_FLOAT32 = {gdal.GDT_Byte, gdal.GDT_Int16, gdal.GDT_UInt16, gdal.GDT_Float32}


@dataclass(frozen=True, slots=True)
class MapSummary:
    """What a map shows."""

    output: str
    """The picture."""
    band: str
    """The description or number of the band."""
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


@takes(PlotOptions)
def plot_map(
    raster: str | os.PathLike[str], output: str | os.PathLike[str], **options: Any
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
    **options
        The fields of `PlotOptions`.

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
        The pixels cannot be read.
    OutputError
        The picture cannot be written.
    MissingDependencyError
        Matplotlib or matplotlib-scalebar is not installed.
    """
    (choices,) = from_keywords(options, PlotOptions)
    path, output = os.fspath(raster), os.fspath(output)
    file_format, target = figure.picture_format(output), Replacement(output)
    if os.path.realpath(output) == os.path.realpath(path):
        raise ArgumentError(f"{output}: is the raster itself")
    figure.require_matplotlib()

    header = read_whole(path)
    number = find_band(header, choices.band)
    band = header.bands[number - 1]
    name = band.description or f"band {number}"
    if band.dtype.startswith("C"):
        raise InputError(f"{path}: band {number} has complex numbers, which have no order")
    if "CLASSES" in band.metadata:
        raise InputError(
            f"{path}: {name} has codes of classes, not numbers for quintiles; it carries its own "
            "names and colours, which QGIS and GDAL show"
        )
    pixels = header.grid.pixels
    step = math.ceil(math.sqrt(4 * pixels / MAX_PIXELS)) if pixels > MAX_PIXELS else 1
    try:
        with gdal_messages():
            dataset = open_raster(path, allow_vrt=path.lower().endswith(".vrt"))
            raster_band = dataset.GetRasterBand(number)
            values = _read(raster_band, band, step)
            frame, note = map_frame(dataset), _decimation(raster_band, step)
    except RuntimeError as error:
        raise ReadError(f"{path}: cannot be read: {first_line(error)}") from error
    if np.isnan(values).all():
        raise InputError(f"{path}: {name} is missing in every pixel")
    pixels = values.size
    drawn = thin(values, round(figure.MAP_SIDE * choices.dpi))
    limits = class_limits(values.reshape(-1), choices.classes, choices.scheme)
    counts = class_counts(values, limits)
    del values
    valid_pixels = int(counts.sum())
    shades = class_shades(drawn, limits, choices.scheme)
    title, subtitle = map_title(os.path.basename(path), name, band.metadata, header.metadata)
    picture = figure.Picture(
        numbers=class_numbers(drawn, limits),
        frame=frame,
        limits=limits,
        shades=shades,
        shares=counts / valid_pixels,
        missing=1 - valid_pixels / pixels,
        title=title if choices.title is None else choices.title,
        subtitle=subtitle,
        name=name,
        unit=band.unit,
        notes=(*notes_on_classes(choices.scheme, choices.classes, counts, shades), note),
    )
    target.write(figure.draw(picture, file_format, choices.dpi))
    return MapSummary(
        output=output,
        band=name,
        limits=tuple(limits.tolist()),
        counts=tuple(counts.tolist()),
        pixels=pixels,
        valid_pixels=valid_pixels,
        decimated=step > 1,
    )


def _read(raster_band: Any, header: BandHeader, step: int) -> NDArray[np.floating[Any]]:
    """Return every `step`-th row and column of a band, NaN where missing or infinite."""
    height, width = raster_band.YSize, raster_band.XSize
    scaled = (header.scale, header.offset) != (1, 0)
    single = not scaled and raster_band.DataType in _FITS_FLOAT32
    gdal_type = gdal.GDT_Float32 if single else gdal.GDT_Float64
    shape = -(-height // step), -(-width // step)
    values: NDArray[np.floating[Any]]
    values = np.empty(shape, np.float32 if single else np.float64)
    area = (0, 0, width, height, *shape[::-1])
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


def _decimation(raster_band: Any, step: int) -> str:
    """Return what a map says of the pixels that were read; nothing if all were."""
    if step == 1:
        return ""
    rows, columns = -(-raster_band.YSize // step), -(-raster_band.XSize // step)
    overviews = (raster_band.GetOverview(i) for i in range(raster_band.GetOverviewCount()))
    source = "an overview" if any(o.XSize >= columns for o in overviews) else "the raster"
    return f"Limits and shares from {rows:,} x {columns:,} pixels of {source}."
