"""The windows of a series, read and reduced by workers."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from pixeltrend.errors import ArgumentError, FunctionError
from pixeltrend.execution.executors import map_ordered
from pixeltrend.raster.datasets import block_cache, limit_block_cache
from pixeltrend.raster.windows import Window, plan_windows
from pixeltrend.reducers.reducer import PixelError
from pixeltrend.series.reader import close_rasters, read_chunk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from pixeltrend.execution.executors import Workers
    from pixeltrend.reducers.reducer import Reducer
    from pixeltrend.series.series import Series

    # Windows with their blocks (bands, P), and pixels at which a user's function raised.
    Results = Iterator[tuple[Window, tuple[NDArray[np.floating[Any]], int]]]

# Bytes of pixels that a worker holds, if nobody says otherwise: few enough for the allocator to
# hand out the same memory for every window; more only where one block of all rasters takes more.
_MEMORY = 32 * 2**20
_MEMORY_FOR_A_BLOCK = 128 * 2**20
# The same where each window waits for a network: fewer windows, fewer round trips.
_MEMORY_REMOTE = 128 * 2**20
# Fewer values than this are read and reduced faster than a process starts.
_WINDOW_VALUES = 2**21
# Characters of what a user's function says of its failure.
_LONGEST_ERROR = 2_000
# Windows a worker: enough for all workers to end at about the same time.
_WINDOWS_PER_WORKER = 4


@dataclass(frozen=True, slots=True)
class Watch:
    """What a caller wants to hear of a run, and to say to it."""

    progress: Callable[[int, int], None] | None = None
    """Called with the pixels done and all pixels, after each window."""
    cancelled: Callable[[], bool] | None = None
    """Asked often; the run ends with `CancelledError` when it returns True."""
    count_missing: bool = False
    """Whether the missing values of each raster are counted, which takes 1 to 2 % of a run."""


@dataclass(slots=True)
class Tally:
    """What is counted while windows come in."""

    windows: int = 0
    missing: NDArray[np.int64] | None = None
    """Missing values of each time, if they are counted."""


@contextmanager
def reduced_windows(
    series: Series, reducer: Reducer, workers: Workers, dtype: str, watch: Watch, tally: Tally
) -> Iterator[Results]:
    """Let workers read and reduce all windows of a series; `tally` counts what comes in.

    Returns
    -------
    iterator of (window, (block, failures))
        In the order of the windows: blocks (bands, P), each valid until the next is asked for, and
        the pixels at which a user's function raised.
    """
    with ExitStack() as stack:
        stack.callback(close_rasters)
        stack.enter_context(block_cache(workers.threads))
        start, count = stack.enter_context(workers.open(series.paths))
        windows = plan(series, reducer, count, workers.memory)
        largest = max(window.pixels for window in windows) * len(reducer.bands)
        # Workers start here, before the writer opens a dataset that they would inherit.
        results = map_ordered(
            start(
                partial(compute_window, series, reducer, dtype, watch.count_missing),
                largest * np.dtype(dtype).itemsize + 8 * len(series.times),
            ),
            windows,
            in_flight=2 * count,
            cancelled=watch.cancelled,
        )
        yield _watched(results, series.grid.pixels, watch, tally)


def _watched(results: Iterator[Any], pixels: int, watch: Watch, tally: Tally) -> Results:
    """Count each result, and report it when it has been done with."""
    done = 0
    for window, (block, failures, missing) in results:
        tally.windows += 1
        if missing is not None:
            tally.missing = missing + (0 if tally.missing is None else tally.missing)
        yield window, (block, failures)
        done += window.pixels
        if watch.progress is not None:
            watch.progress(done, pixels)


def plan(series: Series, reducer: Reducer, workers: int, memory: int | None) -> list[Window]:
    """Choose windows that fit in memory, and that keep all workers busy."""
    # A pixel takes its values, a mask byte and a result in two types.
    per_pixel = len(series.times) * series.dtype.itemsize + 1 + 16 * len(reducer.bands)
    usual = _MEMORY_REMOTE if series.is_remote else _MEMORY
    max_pixels = (usual if memory is None else memory) // per_pixel
    if memory is None:  # a block that is split is decoded for each of its parts
        block = min(series.block[0] * series.block[1], series.grid.pixels)
        max_pixels = max(max_pixels, min(block, _MEMORY_FOR_A_BLOCK // per_pixel), 1)
    if max_pixels < 1:
        raise ArgumentError(f"{memory} bytes of memory cannot hold one pixel: give {per_pixel}")
    share = -(-series.grid.pixels // (workers * _WINDOWS_PER_WORKER))
    target = max(share, _WINDOW_VALUES // len(series.times))
    if reducer.max_pixels is not None:
        target = max_pixels = min(max_pixels, reducer.max_pixels, share)
    return list(
        plan_windows(
            series.grid.height,
            series.grid.width,
            series.block,
            max_pixels=max_pixels,
            target_pixels=target,
            origin=series.origin,
        )
    )


def compute_window(
    series: Series, reducer: Reducer, dtype: str, count_missing: bool, window: Window
) -> tuple[NDArray[np.floating[Any]], int, NDArray[np.int64] | None]:
    """Read and reduce one window: all that a worker does.

    Returns
    -------
    block
        (bands, P).
    failures
        Pixels at which a user's function raised.
    missing
        Missing values of each time, if they are counted.
    """
    limit_block_cache()
    chunk = read_chunk(series, window)
    missing = _missing(chunk.values) if count_missing else None
    failures = 0
    try:
        if hasattr(reducer, "reduce_counting"):
            block, failures = reducer.reduce_counting(chunk.times, chunk.values)
        else:
            block = reducer.reduce(chunk.times, chunk.values)
    except PixelError as error:
        row, column = divmod(error.pixel, window.width)
        row += window.row_off + series.origin[0]
        column += window.col_off + series.origin[1]
        text = error.text[:_LONGEST_ERROR]
        raise FunctionError(f"row {row}, column {column}: {text}") from error
    return block.astype(dtype), failures, missing


def _missing(values: NDArray[np.floating[Any]]) -> NDArray[np.int64]:
    """Return the missing values of each row of (N, P)."""
    return np.array([np.count_nonzero(np.isnan(row)) for row in values], np.int64)
