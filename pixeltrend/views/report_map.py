"""The map of a page: the bands of a raster as class numbers of a grid of pixels."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pixeltrend.errors import InputError, ReadError
from pixeltrend.raster.datasets import first_line, gdal_messages, open_raster
from pixeltrend.raster.sample import sample_steps
from pixeltrend.views.axes import map_frame
from pixeltrend.views.categories import read_categories
from pixeltrend.views.classes import classify
from pixeltrend.views.kinds import SIGNIFICANCE, Kind, kind_of
from pixeltrend.views.notes import notes_on_classes
from pixeltrend.views.options import ClassOptions
from pixeltrend.views.reading import MAX_PIXELS, decimation, enough, read_band

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pixeltrend.raster.header import BandHeader, Header
    from pixeltrend.views.axes import Frame
    from pixeltrend.views.classes import Classes

    Whole = NDArray[np.intp]

# Pixels of a map at most, and of all maps of a page together.
_OF_A_MAP, _OF_ALL = 2**20, 2**21
# Stops of the slider of significance, besides the level that was asked for.
_LEVELS = (0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
_BINS = 60
# Part of the values that the bins leave out on each side.
_TAIL = 0.005


class Histogram(NamedTuple):
    """How many values lie in each of some equal steps."""

    edges: NDArray[np.float64]
    """Where they begin and end, (bins + 1,)."""
    counts: NDArray[np.int64]
    """Values in each, (bins,)."""
    beyond: int
    """Values below the first edge or above the last."""


class Layer(NamedTuple):
    """One band."""

    name: str
    """What it is called."""
    unit: str
    """Unit of its values; empty if unknown."""
    description: str
    """What it is, in words; empty if unknown."""
    classes: Classes
    """Its classes."""
    counts: NDArray[np.int64]
    """Pixels in each class, (K,)."""
    missing: int
    """Pixels without a value."""
    notes: tuple[str, ...]
    """How to read the classes."""
    codes: NDArray[np.unsignedinteger[Any]]
    """Class of each pixel of the map, (rows, columns); of a missing one, how many classes are."""
    histogram: Histogram | None
    """Of its values; None for categories."""


class PageMap(NamedTuple):
    """What the map of a page shows."""

    frame: Frame
    """Coordinates."""
    rows: Whole
    """Rows of the raster that the map has, counted from 0."""
    columns: Whole
    """The same of columns."""
    layers: tuple[Layer, ...]
    """Its bands; those without any value are left out."""
    note: str
    """Which pixels were read, if not all."""
    pvalue: str
    """The band that says what is significant; empty if there is none."""
    levels: tuple[float, ...]
    """Levels of significance that a reader can choose."""
    passed: NDArray[np.uint8]
    """How many of the levels each pixel's p-value exceeds, (rows, columns); all if it has none."""
    significant: tuple[int, ...]
    """Pixels whose p-value is at each level or below it."""


def lattice(height: int, width: int, most: int) -> tuple[Whole, Whole]:
    """Return rows and columns, evenly spread, of a grid of at most so many pixels."""
    step = max(1.0, math.sqrt(height * width / most))
    while (rows := max(1, int(height / step))) * (columns := max(1, int(width / step))) > most:
        step *= 1.05
    down, across = (
        ((np.arange(count) + 0.5) * length / count).astype(np.intp)
        for count, length in ((rows, height), (columns, width))
    )
    return down, across


def page_map(header: Header, alpha: float) -> PageMap:
    """Return what the map of a page shows.

    Raises
    ------
    InputError
        No band has a value.
    ReadError
        The pixels cannot be read.
    """
    height, width = header.grid.height, header.grid.width
    steps = sample_steps(height, width, MAX_PIXELS)
    most = min(_OF_A_MAP, _OF_ALL // (len(header.bands) + 1))
    rows, columns = lattice(height // steps[0], width // steps[1], most)
    names = [band.description for band in header.bands]
    pvalue = next((name for name in SIGNIFICANCE if names.count(name) == 1), "")
    levels = tuple(sorted({*_LEVELS, alpha}))
    passed, significant = np.zeros((len(rows), len(columns)), np.uint8), (0,) * len(levels)
    layers, tested = [], ""
    try:
        with gdal_messages():
            dataset = open_raster(header.path, allow_vrt=header.path.lower().endswith(".vrt"))
            for number, band in enumerate(header.bands, 1):
                raster_band = dataset.GetRasterBand(number)
                values = read_band(raster_band, band)
                if np.isnan(values).all():
                    continue
                shown = values[np.ix_(rows, columns)]
                layers.append(_layer(raster_band, band, number, values, shown))
                if band.description == pvalue:
                    passed, tested = _passed(shown, levels), pvalue
                    significant = tuple(int((values <= level).sum()) for level in levels)
            frame, note = map_frame(dataset, "map"), decimation(dataset.GetRasterBand(1))
    except RuntimeError as error:
        raise ReadError(f"{header.path}: cannot be read: {first_line(error)}") from error
    if not layers:
        raise InputError(f"{header.path}: has no value in any pixel")
    rows, columns = (at * step + step // 2 for at, step in zip((rows, columns), steps, strict=True))
    return PageMap(frame, rows, columns, tuple(layers), note, tested, levels, passed, significant)


def _layer(
    raster_band: Any, band: BandHeader, number: int, values: NDArray[Any], shown: NDArray[Any]
) -> Layer:
    """Return what a page has of a band: of its values, and of those that its map shows."""
    name = band.description or f"band {number}"
    sample = enough(values, raster_band.YSize, raster_band.XSize)
    ends = float(np.nanmin(values)), float(np.nanmax(values))
    categories = read_categories(raster_band, band.metadata)
    classes = classify(sample, kind_of(name), ClassOptions(), categories=categories, ends=ends)
    counts = classes.counts(values)
    notes = notes_on_classes(classes, counts, sampled=sample.size < values.size)
    is_narrow = 2 * (len(classes) + 1) <= np.iinfo(np.uint8).max
    return Layer(
        name=name,
        unit=band.unit,
        description=band.metadata.get("DESCRIPTION", ""),
        classes=classes,
        counts=counts,
        missing=values.size - int(np.count_nonzero(~np.isnan(values))),
        notes=tuple(filter(None, notes)),
        codes=classes.numbers(shown).astype(np.uint8 if is_narrow else np.uint16),
        histogram=None if classes.kind is Kind.CATEGORY else _histogram(values, sample, ends),
    )


def _histogram(values: NDArray[Any], sample: NDArray[Any], ends: tuple[float, float]) -> Histogram:
    """Return the histogram of values; where it begins and ends comes from a sample of them."""
    low, high = ends
    if not np.isnan(sample).all():
        low, high = map(float, np.nanquantile(sample, [_TAIL, 1 - _TAIL]))
    counts, edges = np.histogram(values, _BINS, (low, high))  # which leaves out NaN
    valid = int(np.count_nonzero(~np.isnan(values)))
    return Histogram(edges.astype(np.float64), counts, valid - int(counts.sum()))


def _passed(pvalues: NDArray[Any], levels: tuple[float, ...]) -> NDArray[np.uint8]:
    """Return how many levels p-values exceed, compared in their own type as in a table."""
    passed = np.sum([pvalues > level for level in levels], axis=0)
    passed[np.isnan(pvalues)] = len(levels)
    return passed.astype(np.uint8)
