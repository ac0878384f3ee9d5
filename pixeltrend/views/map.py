"""The map: one band of a written raster, in classes."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pixeltrend.errors import ArgumentError, InputError, ReadError
from pixeltrend.options import from_keywords, takes
from pixeltrend.raster.datasets import first_line, gdal_messages, open_raster
from pixeltrend.raster.header import find_band
from pixeltrend.raster.parts import read_whole
from pixeltrend.raster.replacing import Replacement
from pixeltrend.views import figure
from pixeltrend.views.axes import map_frame
from pixeltrend.views.categories import read_categories
from pixeltrend.views.classes import classify
from pixeltrend.views.kinds import SIGNIFICANCE, Kind, kind_of
from pixeltrend.views.labels import map_title
from pixeltrend.views.notes import notes_on_classes
from pixeltrend.views.options import PlotOptions
from pixeltrend.views.panel import Picture
from pixeltrend.views.reading import decimation, enough, read_band, thin
from pixeltrend.views.threshold import Threshold

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pixeltrend.raster.header import Header
    from pixeltrend.views.axes import Frame
    from pixeltrend.views.categories import Category

# Below it, a trend counts as significant where nobody says otherwise.
_ALPHA = 0.05


@dataclass(frozen=True, slots=True)
class MapSummary:
    """What a map shows."""

    output: str
    """The picture."""
    band: str
    """The description or number of the band."""
    limits: tuple[float, ...]
    """Limits of the classes: the smallest value, the limits between them, the largest value; of
    categories, their codes."""
    counts: tuple[int, ...]
    """Pixels in each class."""
    pixels: int
    """Pixels that limits and counts come from: all, or those of a decimated raster."""
    valid_pixels: int
    """Those with a value."""
    decimated: bool
    """Whether the raster was too large to read all of it."""
    unmet: str = ""
    """What is hatched, as "pvalue \N{GREATER-THAN OR EQUAL TO} 0.05"; empty for nothing."""
    unmet_pixels: int = 0
    """Pixels with a value that are hatched."""
    picture: bytes = field(default=b"", repr=False)
    """The bytes of the picture, which a notebook shows."""

    def __repr__(self) -> str:
        where = f" of {self.output}" if self.output else ""
        return (
            f"<MapSummary{where}: {self.band} in {len(self.counts)} classes, "
            f"{self.valid_pixels:,} of {self.pixels:,} pixels have a value>"
        )

    def _repr_png_(self) -> tuple[bytes, dict[str, int]] | None:
        if not self.picture.startswith(b"\x89PNG"):
            return None
        return self.picture, {"width": figure.shown_width(self.picture)}

    def _repr_svg_(self) -> str | None:
        return self.picture.decode() if self.picture.startswith(b"<?xml") else None


@takes(PlotOptions)
def plot_map(
    raster: str | os.PathLike[str], output: str | os.PathLike[str] | None = None, **options: Any
) -> MapSummary:
    """Draw one band of a raster as a map, in classes that fit it.

    Slopes are drawn in quintiles, which zero divides, brown below zero and blue above, darker with
    the distance from zero; p-values in 0.001, 0.01, 0.05, 0.1 and 1; correlations from -1 to 1;
    counts and years as whole numbers; codes with the names and colours that the raster has for
    them. A missing pixel is grey. What is not significant is hatched where the raster has p-values.

    Of up to 67 million pixels, shares are exact; limits are those of at most a million of them,
    which are all pixels or every 3rd, 9th, ... row and column. A larger raster is read decimated,
    from its overviews if it has some, and the map says so.

    Parameters
    ----------
    raster
        The raster, such as `slope` writes.
    output
        The picture: .png, .svg or .pdf. An older one is replaced. None for no file: the picture is
        then that of a notebook alone.
    **options
        The fields of `PlotOptions`.

    Returns
    -------
    summary
        The limits of the classes, and how many pixels each has. A notebook shows the picture.

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
    path, output = os.fspath(raster), None if output is None else os.fspath(output)
    file_format = "png" if output is None else figure.picture_format(output)
    target = None if output is None else Replacement(output)
    if output is not None and os.path.realpath(output) == os.path.realpath(path):
        raise ArgumentError(f"{output}: is the raster itself")
    figure.require_matplotlib()

    header = read_whole(path)
    number = find_band(header, choices.band)
    _check_numbers(header, number)
    band = header.bands[number - 1]
    name = band.description or f"band {number}"
    kind = kind_of(name)
    condition = _condition(header, kind, choices)
    layers = _read(header, number, condition, choices.axes)
    values = layers.values
    if np.isnan(values).all():
        raise InputError(f"{path}: {name} is missing in every pixel")
    sample = enough(values, header.grid.height, header.grid.width)
    ends = float(np.nanmin(values)), float(np.nanmax(values))
    classes = classify(sample, kind, choices, categories=layers.categories, ends=ends)
    counts = classes.counts(values)
    pixels, valid_pixels = values.size, int(np.count_nonzero(~np.isnan(values)))
    page = figure.Page(choices.inches, choices.dpi)
    drawn = thin(values, page.most_pixels)
    hatched, unmet_pixels, unmet = None, 0, ""
    if layers.unmet is not None and condition is not None:
        unmet_pixels = int(np.count_nonzero(layers.unmet))
        unmet = condition[1].opposite + layers.or_missing
        hatched = thin(layers.unmet, page.most_pixels)
    frame = layers.frame
    title, subtitle = map_title(os.path.basename(path), name, band.metadata, header.metadata)
    picture = Picture(
        numbers=classes.numbers(drawn),
        hatched=hatched,
        frame=frame,
        classes=classes,
        shares=counts / valid_pixels,
        missing=1 - valid_pixels / pixels,
        unmet=(unmet, unmet_pixels / valid_pixels),
        title=title if choices.title is None else choices.title,
        subtitle=subtitle if choices.subtitle else "",
        name=name,
        unit=band.unit if choices.unit is None else choices.unit,
        notes=(
            *notes_on_classes(classes, counts, sampled=sample.size < values.size),
            layers.decimation,
            frame.note if choices.subtitle or frame.x.counts else "",
        ),
    )
    content = figure.draw(picture, file_format, page)
    if target is not None:
        target.write(content)
    return MapSummary(
        output=output or "",
        band=name,
        limits=tuple(classes.limits.tolist()),
        counts=tuple(counts.tolist()),
        pixels=pixels,
        valid_pixels=valid_pixels,
        decimated=bool(layers.decimation),
        unmet=unmet,
        unmet_pixels=unmet_pixels,
        picture=content,
    )


class _Layers(NamedTuple):
    """What is read of a raster."""

    values: NDArray[np.floating[Any]]
    """Those of the band."""
    categories: tuple[Category, ...]
    """Names and colours of its codes."""
    unmet: NDArray[np.bool_] | None
    """Pixels with a value that do not meet the condition; None without one."""
    or_missing: str
    """What the legend adds if some of them have no value in the band of the condition."""
    frame: Frame
    """Coordinates."""
    decimation: str
    """Which pixels were read, if not all."""


def _read(
    header: Header, number: int, condition: tuple[int, Threshold] | None, axes: str
) -> _Layers:
    path = header.path
    unmet, or_missing = None, ""
    try:
        with gdal_messages():
            dataset = open_raster(path, allow_vrt=path.lower().endswith(".vrt"))
            raster_band, band = dataset.GetRasterBand(number), header.bands[number - 1]
            values = read_band(raster_band, band)
            if condition is not None:
                other, where = condition
                judged = read_band(dataset.GetRasterBand(other), header.bands[other - 1])
                unmet = ~where.holds(judged) & ~np.isnan(values)
                if (np.isnan(judged) & unmet).any():
                    or_missing = " or missing"
            return _Layers(
                values,
                read_categories(raster_band, band.metadata),
                unmet,
                or_missing,
                map_frame(dataset, axes),
                decimation(raster_band),
            )
    except RuntimeError as error:
        raise ReadError(f"{path}: cannot be read: {first_line(error)}") from error


def _check_numbers(header: Header, number: int) -> None:
    """Refuse a band that has no order."""
    if header.bands[number - 1].dtype.startswith("C"):
        raise InputError(f"{header.path}: band {number} has complex numbers, which have no order")


def _condition(header: Header, kind: Kind, choices: PlotOptions) -> tuple[int, Threshold] | None:
    """Return which band decides what is hatched, and the condition on it; None for nothing."""
    if choices.where is not None:
        where = Threshold.parse(choices.where)
        number = find_band(header, where.band)
        _check_numbers(header, number)
        return number, where
    if not choices.significance or kind not in {Kind.TREND, Kind.CORRELATION}:
        return None
    names = [band.description for band in header.bands]
    for name in SIGNIFICANCE:
        if names.count(name) == 1:
            return names.index(name) + 1, Threshold(name, "<", _ALPHA)
    return None
