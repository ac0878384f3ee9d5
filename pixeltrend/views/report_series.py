"""The series that a page has: of every pixel if they fit, else of a grid of pixels."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pixeltrend.raster.datasets import Keep, limited
from pixeltrend.raster.windows import Window, plan_windows
from pixeltrend.reducers.composite import Composite
from pixeltrend.reducers.methods import alone, make_reducer
from pixeltrend.reducers.options import PER, StatsOptions
from pixeltrend.reducers.reducer import prepare
from pixeltrend.reducers.registry import METHODS
from pixeltrend.series.reader import close_rasters, read_chunk
from pixeltrend.times.dates import format_dates
from pixeltrend.views.bands import Bands
from pixeltrend.views.report_map import lattice

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from pixeltrend.checks.remaking import Remade
    from pixeltrend.raster.header import Header
    from pixeltrend.reducers.reducer import Reducer

    Floats = NDArray[np.floating[Any]]

_LINE = ("slope", "intercept")
# Values of a window of all inputs: 16 MB of Float32.
_WINDOW_VALUES = 2**22
# Letters of base64 for a byte.
_LETTERS = 4 / 3


class PageSeries(NamedTuple):
    """Series of a grid of pixels."""

    rows: NDArray[np.intp]
    """Rows of the raster, counted from 0."""
    columns: NDArray[np.intp]
    """Columns of the raster."""
    times: tuple[float, ...]
    """Decimal years, N."""
    dates: tuple[str, ...]
    """The same as dates."""
    unit: str
    """Unit of the values; empty if unknown."""
    values: Floats
    """(N, P), NaN where missing, row by row of the grid."""
    line: Floats | None
    """Slope by year, and the value of the line at `origin`, (2, P); None if there is no line."""
    origin: float
    """Decimal year."""
    names: tuple[str, ...]
    """What the bands of the result are called, B."""
    written: Floats
    """What the result says of each pixel, (B, P)."""


def page_series(
    made: Remade, header: Header, most_bytes: int, watch: Callable[[int], None]
) -> PageSeries | None:
    """Return the series of as many pixels as fit into a page.

    Parameters
    ----------
    made
        What the result was made with.
    header
        Of the result.
    most_bytes
        What they may take in the page.
    watch
        Called with the pixels of each window that is done.

    Returns
    -------
    series
        None if not even one fits.
    """
    series, compose, dtype = made.series, None, made.series.dtype
    times = series.times
    if isinstance(made.reducer, Composite):
        compose, dtype = made.reducer.compose, np.dtype(np.float64)
        times, _, _ = compose(times, np.full((len(times), 1), np.nan))
    fit, origin, per = _line_reducer(made)
    bands = Bands.of(header, range(1, len(header.bands) + 1))
    written_bytes = 8 * len(header.bands)
    pixel_bytes = len(times) * dtype.itemsize + written_bytes + (16 if fit else 0)
    most = int(most_bytes / _LETTERS / pixel_bytes)
    if most == 0:
        return None
    rows, columns = lattice(header.grid.height, header.grid.width, most)
    shape = len(rows), len(columns)
    values = np.empty((len(times), *shape), dtype)
    line = np.empty((len(_LINE), *shape)) if fit else None
    written = np.empty((len(header.bands), *shape))
    windows = plan_windows(
        series.grid.height,
        series.grid.width,
        series.block,
        max_pixels=max(1, _WINDOW_VALUES // len(series.times)),
        origin=series.origin,
    )
    with ExitStack() as stack:
        stack.callback(close_rasters)
        keep = Keep(rasters=max(Keep().rasters, len(series.paths)))
        stack.enter_context(limited(1, keep))
        for window in windows:
            down = slice(*np.searchsorted(rows, [window.row_off, window.row_off + window.height]))
            across = slice(
                *np.searchsorted(columns, [window.col_off, window.col_off + window.width])
            )
            if rows[down].size and columns[across].size:
                part, cells = _around(rows[down], columns[across])
                found = read_chunk(series, part).values
                if compose is not None:
                    _, found, _ = compose(series.times, found)
                found = found[:, cells]
                place = (slice(None), down, across)
                here = len(rows[down]), len(columns[across])
                values[place] = found.reshape(-1, *here)
                written[place] = bands.read(part)[:, cells].reshape(-1, *here)
                if fit is not None and line is not None:
                    line[place] = fit.reduce(times, found.copy()).reshape(-1, *here)
            watch(window.pixels)
        series.check_unchanged()
    if line is not None:
        line[0] /= per
    names = (band.description or f"band {n}" for n, band in enumerate(header.bands, 1))
    return PageSeries(
        rows=rows,
        columns=columns,
        times=tuple(times.tolist()),
        dates=tuple(format_dates(times.tolist())),
        unit=series.unit,
        values=values.reshape(len(times), -1),
        line=None if line is None else line.reshape(len(_LINE), -1),
        origin=origin,
        names=tuple(names),
        written=written.reshape(len(header.bands), -1),
    )


def _line_reducer(made: Remade) -> tuple[Reducer | None, float, float]:
    """Return what computes slope and intercept, the year of the latter, and years of a slope."""
    options = made.recipe.options
    if (
        not isinstance(options, StatsOptions)
        or options.steps is not None
        or not set(_LINE) <= set(METHODS[options.method].statistics)
    ):
        return None, 0.0, 1.0
    reducer = make_reducer(alone(options, _LINE), made.groups)
    prepare(reducer)
    return reducer, options.origin, PER[options.per]


def _around(rows: NDArray[np.intp], columns: NDArray[np.intp]) -> tuple[Window, NDArray[np.intp]]:
    """Return the smallest window around some pixels, and which of its pixels they are."""
    top, left = int(rows[0]), int(columns[0])
    width = int(columns[-1]) - left + 1
    window = Window(top, left, int(rows[-1]) - top + 1, width)
    return window, ((rows - top)[:, np.newaxis] * width + columns - left).reshape(-1)
