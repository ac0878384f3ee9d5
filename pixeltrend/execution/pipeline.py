"""The windows of a series, through a reducer, into a writer."""

from __future__ import annotations

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
    from collections.abc import Callable

    from numpy.typing import NDArray

    from pixeltrend.execution.executors import Place
    from pixeltrend.execution.field import Results
    from pixeltrend.raster.writer import RasterWriter
    from pixeltrend.reducers.reducer import Reducer
    from pixeltrend.series.series import Series

# Bytes of pixels that a worker holds, if nobody says otherwise: few enough for the allocator to
# hand out the same memory for every window; more only where one block of all rasters takes more.
_MEMORY = 32 * 2**20
_MEMORY_FOR_A_BLOCK = 128 * 2**20
# The same where each window waits for a network: fewer windows, fewer round trips.
_MEMORY_REMOTE = 128 * 2**20
# Fewer values than this are read and reduced faster than a process starts.
_WINDOW_VALUES = 2**21
# Windows a worker: enough for all workers to end at about the same time.
_WINDOWS_PER_WORKER = 4


def compute(
    series: Series,
    reducer: Reducer,
    writer: RasterWriter,
    place: Place,
    memory: int | None,
    dtype: str,
    progress: Callable[[int, int], None] | None,
    cancelled: Callable[[], bool] | None,
    adjust: Callable[..., Results] | None,
) -> tuple[int, int]:
    """Read, reduce and write all windows; count pixels with a result, and those that failed.

    Parameters
    ----------
    adjust
        What is done to the results of all windows before they are written.
    """
    done = valid = failed = 0
    # p-values are adjusted in full precision, whatever is written.
    task = partial(compute_window, series, reducer, "float64" if adjust else dtype)

    def advance(pixels: int) -> None:
        nonlocal done
        done += pixels
        if progress is not None:
            progress(done, series.grid.pixels)

    with block_cache(), place.open(series.paths) as (executor, workers):
        windows = plan(series, reducer, workers, memory)
        # Workers start here, before the writer opens a dataset that they would inherit.
        results = map_ordered(executor, task, windows, in_flight=2 * workers, cancelled=cancelled)
        if adjust is not None:
            results = adjust(results, progress=advance)
        with writer:
            for window, (block, failures) in results:
                writer.write(window, block)
                failed += failures
                valid += int(np.count_nonzero(~np.isnan(block[0])))
                if adjust is None:
                    advance(window.pixels)
            series.check_unchanged()
    close_rasters()
    return valid, failed


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
    series: Series, reducer: Reducer, dtype: str, window: Window
) -> tuple[NDArray[np.floating[Any]], int]:
    """Read and reduce one window: all that a worker does.

    Returns
    -------
    block
        (bands, P).
    failures
        Pixels at which a user's function raised.
    """
    limit_block_cache()
    chunk = read_chunk(series, window)
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
        raise FunctionError(f"row {row}, column {column}: {error.text}") from error
    return block.astype(dtype), failures
