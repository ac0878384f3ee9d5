"""Zones: how much of each goes which way, and the trend of its own mean."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from pixeltrend.errors import InputError
from pixeltrend.raster.datasets import Keep, limited
from pixeltrend.raster.windows import plan_windows
from pixeltrend.reducers.composite import Composite
from pixeltrend.reducers.methods import alone, make_reducer
from pixeltrend.reducers.options import StatsOptions
from pixeltrend.reducers.reducer import prepare
from pixeltrend.reducers.registry import METHODS, WITHIN
from pixeltrend.series.reader import close_rasters, read_chunk
from pixeltrend.views.polygons import open_polygons, read_polygons
from pixeltrend.views.zone_raster import read_zone_raster

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from pixeltrend.checks.remaking import Remade
    from pixeltrend.raster.grid import Grid
    from pixeltrend.raster.windows import Window
    from pixeltrend.reducers.reducer import Reducer
    from pixeltrend.views.polygons import Covered
    from pixeltrend.views.table_options import TableOptions

    Floats = NDArray[np.float64]

# Values of a window of all inputs: 16 MB of Float32.
_WINDOW_VALUES = 2**22
# Bytes of decoded blocks at most.
_MOST_HELD = 2**28
# What is told of the trend of a zone's mean, as far as the method has it.
_TOLD = ("slope", "tau", "slope_lower", "slope_upper", "pvalue", "n_valid")


class Zones(Protocol):
    """Parts of the grid."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What to know of them."""

    def label(self, zone: int) -> str:
        """Return the name of a zone."""

    def known(self) -> list[int]:
        """Return the zones in order; of a raster, those that have been met."""

    def cover(self, window: Window) -> Iterator[Covered]:
        """Yield the zones in a window, the pixels that each has in it, and their covered parts."""


def open_zones(path: str, grid: Grid, options: TableOptions) -> Zones:
    """Return the zones of a file of polygons, or of a raster.

    Raises
    ------
    InputError
        It is neither, or not as the options say.
    """
    dataset = open_polygons(path)
    if dataset is not None:
        return read_polygons(path, dataset, grid, options)
    if options.by is not None or options.layer is not None:
        raise InputError(f"{path}: has no polygons, and so no fields and layers")
    return read_zone_raster(path, grid)


class ZoneCounts:
    """Pixels and area of each class in each zone."""

    def __init__(self, zones: Zones, classes: int, of_rows: Floats | None) -> None:
        self._zones, self._classes, self._of_rows = zones, classes, of_rows
        self._sums: dict[int, Floats] = {}

    def add(self, window: Window, codes: NDArray[np.int64]) -> None:
        """Count the codes of a window, (P,)."""
        for zone, cells, parts in self._zones.cover(window):
            sums = self._sums.setdefault(zone, np.zeros((2, self._classes)))
            areas = _weights(window, cells, parts, self._of_rows)
            here = codes[cells]
            sums[0] += np.bincount(here, weights=parts, minlength=self._classes)
            sums[1] += np.bincount(here, weights=areas, minlength=self._classes)

    def of(self, zone: int) -> tuple[Floats, Floats | None]:
        """Return the pixels and the area of each class in a zone, (classes,)."""
        pixels, areas = self._sums.get(zone, np.zeros((2, self._classes)))
        return pixels, None if self._of_rows is None else areas


class Means(NamedTuple):
    """The means of zones at all times."""

    zones: tuple[int, ...]
    """The zones, (Z,)."""
    times: Floats
    """Decimal years, (N,)."""
    values: Floats
    """Weighted by area, (N, Z); NaN where nothing is valid."""
    least: Floats
    """Of the area that is valid at some time, the least part that is valid at a time, (Z,)."""


def zone_means(
    made: Remade, zones: Zones, of_rows: Floats | None, watch: Callable[[int], None]
) -> Means:
    """Return the means of zones at each time; every block of the inputs is read once.

    Parameters
    ----------
    made
        What is read, and which of it is one value.
    zones
        The zones.
    of_rows
        Area of a pixel in each row, (rows,); None for pixels of one area.
    watch
        Called with the pixels of each window that is done.
    """
    series = made.series
    rasters, times, compose = len(series.times), series.times, None
    if isinstance(made.reducer, Composite):
        compose = made.reducer.compose
        times, _, _ = compose(times, np.full((rasters, 1), np.nan))
    count = len(times)
    sums: dict[int, Floats] = {}
    ever: dict[int, float] = {}
    windows = plan_windows(
        series.grid.height,
        series.grid.width,
        series.block,
        max_pixels=max(1, _WINDOW_VALUES // rasters),
        origin=series.origin,
    )
    # Where a block fills more than a window, it is kept for the next one, as far as they fit.
    held = min(_MOST_HELD, len(series.paths) * series.block_bytes)
    keep = Keep(cache=max(Keep().cache, held), rasters=max(Keep().rasters, len(series.paths)))
    with ExitStack() as stack:
        stack.callback(close_rasters)
        stack.enter_context(limited(1, keep))
        for window in windows:
            covered = list(zones.cover(window))
            values = read_chunk(series, window).values if covered else np.empty((0, 0))
            if covered and compose is not None:
                _, values, _ = compose(series.times, values)
            for zone, cells, parts in covered:
                part = values[:, cells].astype(np.float64)
                weights = _weights(window, cells, parts, of_rows)
                valid = ~np.isnan(part)
                total = sums.setdefault(zone, np.zeros((2, count)))
                total[0] += (np.where(valid, part, 0.0) * weights).sum(axis=1)
                total[1] += (valid * weights).sum(axis=1)
                ever[zone] = ever.get(zone, 0.0) + float(weights[valid.any(axis=0)].sum())
            watch(window.pixels)
        series.check_unchanged()
    known = tuple(zone for zone in zones.known() if zone in sums)
    both = np.array([sums[zone] for zone in known]).reshape(len(known), 2, count)
    total, weight = both[:, 0].T, both[:, 1].T
    values = np.full_like(total, np.nan)
    np.divide(total, weight, out=values, where=weight > 0)
    with np.errstate(invalid="ignore"):  # nothing is ever valid
        least = weight.min(axis=0, initial=np.inf) / np.array([ever[zone] for zone in known])
    return Means(known, times, values, least)


def _weights(window: Window, cells: NDArray[np.intp], parts: Floats, of_rows: Floats | None) -> Any:
    if of_rows is None:
        return parts
    return parts * of_rows[window.row_off + cells // window.width]


def trends(made: Remade, means: Means) -> list[dict[str, float | None]]:
    """Return the trend of each zone's mean, by names of statistics; None where not defined.

    The method and its options are those of the result.
    """
    reducer: Reducer = made.reducer
    if isinstance(reducer, Composite):
        reducer = reducer.inner
    options = made.recipe.options
    if isinstance(options, StatsOptions):
        every: Sequence[str] = METHODS[options.method].statistics
        if options.steps is not None:
            every = WITHIN[options.method]
        names = [name for name in _TOLD if name in every]
        if "slope" in names and "tau" in names:
            names.remove("tau")
        reducer = make_reducer(alone(options, names), made.groups)
    prepare(reducer)
    numbers = reducer.reduce(means.times, means.values.copy())
    return [
        {
            info.name: float(number) if np.isfinite(number) else None
            for info, number in zip(reducer.bands, column, strict=True)
        }
        for column in numbers.T
    ]
