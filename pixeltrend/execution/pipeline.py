"""The windows of a series, read and reduced by workers."""

from __future__ import annotations

import logging
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pixeltrend.bar import shown
from pixeltrend.errors import FunctionError
from pixeltrend.execution.budget import plan
from pixeltrend.execution.executors import map_ordered
from pixeltrend.options import option
from pixeltrend.raster.datasets import limit, limited
from pixeltrend.raster.pieces import most_waiting
from pixeltrend.raster.statistics import has_segments, segment_sums
from pixeltrend.reducers.reducer import PixelError
from pixeltrend.series.reader import close_rasters, read_chunk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from pixeltrend.execution.budget import Output
    from pixeltrend.execution.executors import Workers
    from pixeltrend.raster.datasets import Keep
    from pixeltrend.raster.statistics import Sums
    from pixeltrend.raster.windows import Window
    from pixeltrend.reducers.reducer import Reducer
    from pixeltrend.series.series import Series

    Results = Iterator[tuple[Window, "Result"]]

log = logging.getLogger(__name__)

# Characters of what a user's function says of its failure.
_LONGEST_ERROR = 2_000
# Numbers that are computed at a time: they, which are double, stay in a core's cache.
_NUMBERS = 2**17


@dataclass(frozen=True, slots=True)
class Watch:
    """What a caller wants to hear of a run, and to say to it."""

    progress: Callable[[int, int], None] | None = option(
        None,
        "Called with the pixels done and all that are computed, after each window; True shows a "
        "bar.",
        group="Running",
        also="bool",
    )
    cancelled: Callable[[], bool] | None = option(
        None,
        "Asked often; the run ends with CancelledError when it returns True.",
        group="Running",
    )
    count_missing: bool = option(
        False,
        "Whether the missing values of each raster are counted, which takes 1 to 2 % of a run.",
        group="Running",
    )

    def __post_init__(self) -> None:
        progress: Any = self.progress
        object.__setattr__(self, "progress", shown(progress, "pixels"))


class Faults(NamedTuple):
    """What went wrong in a window without ending the run."""

    failed: int = 0
    """Pixels at which a user's function raised."""
    unreadable: tuple[tuple[int, int, int], ...] = ()
    """What could not be read: see `Chunk`."""
    missing: tuple[int, ...] = ()
    """Missing values of each time, if they are counted."""


class Result(NamedTuple):
    """What came of a window."""

    block: NDArray[np.floating[Any]]
    """A few numbers a pixel, (bands, P)."""
    faults: Faults = Faults()
    """What went wrong."""
    sums: Sums | None = None
    """The `segment_sums` of the block, where it is written as it is, and cut between segments."""

    def valid(self, number: int) -> int:
        """Return how many pixels have a number of a band."""
        if self.sums is not None:
            return int(self.sums.totals[0, number].sum())
        return int(np.count_nonzero(~np.isnan(self.block[number])))

    def band(self, number: int) -> Result:
        """Return one band alone."""
        sums = None if self.sums is None else self.sums.band(number)
        return Result(self.block[number : number + 1], self.faults, sums)


class Tally:
    """What is counted of all windows: what went wrong, and the pixels with a result.

    Parameters
    ----------
    files
        How many files are read.
    p_row
        The row of the p-values in each block, if there is one.
    """

    def __init__(self, files: int, p_row: int | None = None) -> None:
        self.valid = self.failed = self.windows = 0
        self._p_row = p_row
        self.untested = p_row is not None
        """Whether there are p-values, and all of them are NaN."""
        self.unreadable = np.zeros((files, 2), np.int64)
        """Blocks and pixels of each file that could not be read."""
        self.missing = np.zeros(0, np.int64)
        """Missing values of each time; empty if they are not counted."""

    def add(self, result: Result) -> None:
        """Count a window: the pixels of its block, and what went wrong in it."""
        faults = result.faults
        self.windows += 1
        self.valid += result.valid(0)
        if self._p_row is not None and self.untested:
            self.untested = not result.valid(self._p_row)
        self.failed += faults.failed
        for number, *counts in faults.unreadable:
            self.unreadable[number] += counts
        if faults.missing:
            self.missing = self.missing if len(self.missing) else np.zeros_like(faults.missing)
            self.missing += faults.missing


@contextmanager
def reduced_windows(
    series: Series,
    reducer: Reducer,
    workers: Workers,
    output: Output,
    watch: Watch,
    choose: Callable[[list[Window]], list[Window]] = list,
) -> Iterator[Results]:
    """Let workers read and reduce the windows of a series.

    Parameters
    ----------
    series, reducer
        What is read, and what is made of it.
    workers
        Who computes, in windows of which size.
    output
        What this process holds of the results, and their type.
    watch
        Who is told.
    choose
        Returns the windows to compute, in order; it is given those that cover the grid.

    Returns
    -------
    iterator of (window, result)
        In the order of the windows. Whoever keeps blocks of more windows than wait for a row of
        tiles copies them.
    """
    with ExitStack() as stack:
        stack.callback(close_rasters)
        start, count = stack.enter_context(workers.open(series.paths))
        chosen = plan(series, reducer, workers, count, output)
        if chosen.note:
            log.warning("%s", chosen.note)
        stack.enter_context(limited(min(workers.threads, chosen.workers), chosen.keep))
        windows = choose(chosen.windows)
        pixels = [window.pixels for window in windows]
        numbers = max(pixels, default=0) * len(reducer.bands)
        waiting = most_waiting(windows, output.tile_height) if output.tile_height else 0
        # Workers start here, before the writer opens a dataset that they would inherit.
        results = map_ordered(
            start(
                partial(compute_window, series, reducer, output, chosen.keep, watch.count_missing),
                numbers * output.bytes_a_number + _bytes_of_faults(series),
                chosen.workers,
                waiting,
            ),
            windows,
            in_flight=2 * chosen.workers,
            cancelled=watch.cancelled,
        )
        yield _watched(results, sum(pixels), watch)


def _bytes_of_faults(series: Series) -> int:
    """Return the bytes that the counts of all files and times take at most in an answer."""
    return 64 * len(series.paths) + 16 * len(series.times)


def _watched(results: Results, pixels: int, watch: Watch) -> Results:
    """Report each result when it has been done with."""
    done = 0
    for window, result in results:
        yield window, result
        done += window.pixels
        if watch.progress is not None:
            watch.progress(done, pixels)


def compute_window(
    series: Series,
    reducer: Reducer,
    output: Output,
    keep: Keep,
    count_missing: bool,
    window: Window,
) -> Result:
    """Read and reduce one window, all that a worker does."""
    limit(keep)
    chunk = read_chunk(series, window)
    missing = _missing(chunk.values) if count_missing else ()
    failures = 0
    block = np.empty((len(reducer.bands), window.pixels), output.dtype)
    try:
        if hasattr(reducer, "reduce_counting"):
            block[:], failures = reducer.reduce_counting(chunk.times, chunk.values)
        else:
            step = max(1, _NUMBERS // len(block))
            for start in range(0, window.pixels, step):  # what is not yet of the output's type
                part = slice(start, start + step)
                block[:, part] = reducer.reduce(chunk.times, chunk.values[:, part])
    except PixelError as error:
        row, column = divmod(error.pixel, window.width)
        row += window.row_off + series.origin[0]
        column += window.col_off + series.origin[1]
        text = error.text[:_LONGEST_ERROR]
        raise FunctionError(f"row {row}, column {column}: {text}") from error
    sums = None
    if output.tile_height and has_segments(window, series.grid.width):
        sums = segment_sums(block.reshape(-1, window.height, window.width))
    return Result(block, Faults(failures, chunk.unreadable, missing), sums)


def _missing(values: NDArray[np.floating[Any]]) -> tuple[int, ...]:
    """Return the missing values of each row of (N, P)."""
    return tuple(int(np.count_nonzero(np.isnan(row))) for row in values)
