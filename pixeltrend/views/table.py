"""The table: how much of a trend goes which way, in square metres, as a whole and by zones."""

from __future__ import annotations

import dataclasses
import math
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pixeltrend.checks.remaking import remake
from pixeltrend.options import from_keywords, takes
from pixeltrend.raster.area import pixel_areas
from pixeltrend.raster.parts import read_whole
from pixeltrend.views.bands import Bands, windows_of
from pixeltrend.views.directions import Directions
from pixeltrend.views.table_options import TableOptions
from pixeltrend.views.zones import ZoneCounts, open_zones, trends, zone_means

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from pixeltrend.checks.remaking import Remade
    from pixeltrend.raster.windows import Window
    from pixeltrend.series.opening import Patterns
    from pixeltrend.views.zones import Means

    Floats = NDArray[np.float64]

_AVERAGED = "averaged by zones (--no-means does without)"


@dataclass(frozen=True, slots=True)
class ClassArea:
    """How much is of one class."""

    name: str
    """The class."""
    pixels: float
    """Pixels; of zones, parts of pixels count as such."""
    area: float | None
    """Square metres; None if the raster has no CRS that tells."""
    share: float | None
    """Part of the area, or of the pixels where that is unknown, that has a trend; None for what is
    missing."""


@dataclass(frozen=True, slots=True)
class Zone:
    """How much of one zone goes which way."""

    name: str
    """The zone."""
    classes: tuple[ClassArea, ...]
    """The zone, class by class."""
    trend: dict[str, float | None] | None
    """The trend of the mean of its values, weighted by area: statistics by name; None if it was not
    computed, or no raster has a value there."""
    means: tuple[float | None, ...]
    """The mean at each time; empty if they were not computed."""
    least_valid: float | None
    """Of the area that has a value at some time, the least part that has one at a time."""


@dataclass(frozen=True, slots=True)
class Table:
    """How much of a trend goes which way."""

    raster: str
    """The trend."""
    band: str
    """The band whose sign is the direction, or that has classes."""
    pvalue: str
    """The band of p-values; empty if there is none."""
    alpha: float
    """Level at which a trend is significant."""
    areas: str
    """Where areas are measured, or why they are unknown."""
    classes: tuple[ClassArea, ...]
    """The whole raster, class by class."""
    zones: tuple[Zone, ...] = ()
    """Each zone, if there are any."""
    method: str = ""
    """How the trends of their means were computed; empty if they were not."""
    times: tuple[float, ...] = ()
    """Decimal years of their means."""
    notes: tuple[str, ...] = ()
    """What to know of the zones."""


@takes(TableOptions)
def table(
    raster: str | os.PathLike[str],
    patterns: Patterns = (),
    *,
    progress: Callable[[int, int], None] | None = None,
    **options: Any,
) -> Table:
    """Return how much of a written trend goes which way.

    Pixels are sorted by the sign of the trend and by its significance, or by a band of classes.
    The raster is read window by window, and so are its inputs for the means of zones.

    Parameters
    ----------
    raster
        What `slope` wrote.
    patterns
        Where its inputs are now; none if they are where its record or its metadata say.
    progress
        Called with the pixels done and all of them, after each window.
    **options
        The fields of `TableOptions`.

    Raises
    ------
    InputError
        The raster cannot be opened, or has no band that says where a trend goes; or its zones
        cannot be read, or its inputs not be found.
    ReadError
        The pixels cannot be read.
    """
    (choices,) = from_keywords(options, TableOptions)
    header = read_whole(os.fspath(raster))
    directions = Directions.of(header, choices)
    areas = pixel_areas(header.grid)
    bands = Bands.of(header, directions.bands)
    zones = None if choices.zones is None else open_zones(choices.zones, header.grid, choices)
    inputs = [patterns] if isinstance(patterns, (str, os.PathLike)) else patterns
    made = None
    if zones and choices.means:
        made = remake(header.path, _AVERAGED, [os.fspath(pattern) for pattern in inputs])
    watch = _Watch(progress, header.grid.pixels * (2 if made else 1))
    whole = _Rows(len(directions.names), header.grid.height)
    parts = ZoneCounts(zones, len(directions.names), areas.of_rows) if zones else None
    with windows_of(header) as windows:
        for window in windows:
            codes = directions.sort(bands.read(window))
            whole.add(window, codes)
            if parts is not None:
                parts.add(window, codes)
            watch.add(window.pixels)
    found = Table(
        raster=header.path,
        band=directions.band,
        pvalue=directions.pvalue,
        alpha=directions.alpha,
        areas=areas.how,
        classes=class_areas(directions, *whole.sums(areas.of_rows)),
    )
    if zones is None or parts is None:
        return found
    rows = [
        Zone(zones.label(zone), class_areas(directions, *parts.of(zone)), None, (), None)
        for zone in zones.known()
    ]
    notes, times = zones.notes, ()
    if made is not None:
        means = zone_means(made, zones, areas.of_rows, watch.add)
        times = tuple(means.times.tolist())
        rows = _with_trends(dict(zip(zones.known(), rows, strict=True)), made, means)
        notes += tuple(f"since {header.path} was made: {change}" for change in made.changes)
    return dataclasses.replace(
        found,
        zones=tuple(rows),
        method=made.reducer.method if made else "",
        times=times,
        notes=notes,
    )


def _with_trends(rows: dict[int, Zone], made: Remade, means: Means) -> list[Zone]:
    """Return zones with the trends of their means."""
    columns = zip(means.zones, trends(made, means), means.values.T, means.least, strict=True)
    for zone, trend, values, least in columns:
        rows[zone] = dataclasses.replace(
            rows[zone],
            trend=trend,
            means=tuple(float(mean) if np.isfinite(mean) else None for mean in values),
            least_valid=float(least) if np.isfinite(least) else None,
        )
    return list(rows.values())


class _Watch:
    """Tells a caller how much is done."""

    def __init__(self, progress: Callable[[int, int], None] | None, total: int) -> None:
        self._progress, self._total, self._done = progress, total, 0

    def add(self, pixels: int) -> None:
        """Count the pixels of a window."""
        self._done += pixels
        if self._progress is not None:
            self._progress(self._done, self._total)


class _Rows:
    """Pixels of each class in each row: whole numbers, the same whatever the windows are."""

    def __init__(self, classes: int, height: int) -> None:
        self._counts = np.zeros((height, classes), np.int64)

    def add(self, window: Window, codes: NDArray[np.int64]) -> None:
        """Count the codes of a window, (P,)."""
        classes = self._counts.shape[1]
        rows = np.repeat(np.arange(window.height) * classes, window.width)
        counts = np.bincount(rows + codes, minlength=window.height * classes)
        part = slice(window.row_off, window.row_off + window.height)
        self._counts[part] += counts.reshape(-1, classes)

    def sums(self, of_rows: Floats | None) -> tuple[Floats, Floats | None]:
        """Return the pixels and the area of each class, (classes,)."""
        pixels = self._counts.sum(axis=0).astype(np.float64)
        if of_rows is None:
            return pixels, None
        return pixels, np.array([math.fsum(column) for column in (self._counts.T * of_rows)])


def class_areas(
    directions: Directions, pixels: Sequence[float] | Floats, areas: Floats | None
) -> tuple[ClassArea, ...]:
    """Return the classes in the order in which they are shown.

    Parameters
    ----------
    directions
        The classes.
    pixels
        Pixels of each, by code, (classes,).
    areas
        Their square metres, (classes,); None if unknown.
    """
    weights = pixels if areas is None else areas
    valid = math.fsum(weights[1:])
    return tuple(
        ClassArea(
            directions.names[code],
            float(pixels[code]),
            None if areas is None else float(areas[code]),
            float(weights[code]) / valid if code and valid else None,
        )
        for code in directions.order
    )
