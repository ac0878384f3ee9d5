"""The pipeline, from patterns to a written raster. It reads from top to bottom."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from pixeltrend.errors import ArgumentError
from pixeltrend.executors import available_cpus, local_executor, map_ordered
from pixeltrend.provenance import describe
from pixeltrend.rasters import block_cache
from pixeltrend.reader import read_chunk
from pixeltrend.reducers import make_reducer
from pixeltrend.series import open_series
from pixeltrend.windows import plan_windows
from pixeltrend.writer import RasterWriter

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Mapping

    from numpy.typing import NDArray

    from pixeltrend.reducers import Reducer
    from pixeltrend.series import Series
    from pixeltrend.windows import Window

DEFAULT_MEMORY = 64 * 2**20
# Decoded blocks that a process keeps: those of the row of blocks that it reads.
_BLOCK_CACHE = 16 * 2**20
# Fewer values than this are read and reduced faster than a process starts.
_WINDOW_VALUES = 2**21
# Windows a worker: enough for all workers to end at about the same time.
_WINDOWS_PER_WORKER = 4


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run did."""

    output: str
    """The file written."""
    pixels: int
    """Pixels of the grid."""
    valid_pixels: int
    """Pixels with a result."""
    times: tuple[float, ...]
    """Decimal years of the inputs."""
    seconds: float
    """Wall time."""
    warnings: tuple[str, ...]
    """What to know before trusting the result."""


def slope(
    patterns: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    output: str | os.PathLike[str],
    *,
    method: str = "ols",
    band: int | str | None = None,
    years: str | None = None,
    date_regex: str | None = None,
    nodata: float | None = None,
    workers: int | None = None,
    memory: int = DEFAULT_MEMORY,
    dtype: str = "float32",
    file_format: str = "GTiff",
    creation_options: Mapping[str, str] | None = None,
    overwrite: bool = True,
    progress: Callable[[int, int], None] | None = None,
) -> Summary:
    """Write the trend of every pixel of a series of yearly rasters.

    The slope is that of the least-squares line through a pixel's valid values, in units of the
    values per year. Where a pixel has fewer than two values, it is NaN.

    Parameters
    ----------
    patterns
        Globs in which ``**`` crosses folders, files, or folders. Each file's year is in its name.
    output
        The raster to write. It replaces an older one when it is complete, and not before.
    method
        "ols" computes whole chunks in closed form; "linregress" calls `scipy.stats.linregress` for
        each pixel, some hundred times slower, and gives the same map.
    band
        Number, from 1, or description of the band to read; the first one by default.
    years
        ``FIRST:LAST`` or ``FIRST:LAST:STEP``: the years of the files in order of their names.
    date_regex
        A regular expression for the year in a file name: a group named ``year``, and ``month`` and
        ``day`` or ``doy`` if wanted, or the first group.
    nodata
        Value that stands for missing, in place of the one that the files declare.
    workers
        Processes; the CPUs that this process may use by default. 1 runs in this process.
    memory
        Bytes of pixels that one worker may hold.
    dtype
        "float32" or "float64".
    file_format
        "GTiff" or "COG".
    creation_options
        Of the GDAL driver, such as ``{"COMPRESS": "ZSTD"}``.
    overwrite
        Whether an older output may be replaced.
    progress
        Called with the pixels done and all pixels, after each chunk.

    Returns
    -------
    Summary
        What was written, and warnings.

    Raises
    ------
    InputError
        The inputs are refused.
    ReadError, OutputError, WorkerError
        The run failed. An older output is untouched.
    ArgumentError
        A parameter makes no sense.

    References
    ----------
    Draper, N. R. and Smith, H. (1998). Applied Regression Analysis, 3rd ed., eq. 1.2.9.

    Examples
    --------
    >>> pixeltrend.slope("exports/*.tiff", "trend.tif", workers=4)  # doctest: +SKIP
    """
    start = time.perf_counter()
    reducer = make_reducer(method)
    series = open_series(
        patterns, band=band, years=years, date_regex=date_regex, nodata=nodata, output=output
    )
    options = {} if nodata is None else {"nodata": repr(nodata)}
    writer = RasterWriter(
        output,
        series.grid,
        reducer.bands,
        dtype=dtype,
        values_unit=series.unit,
        file_format=file_format,
        creation_options=creation_options,
        metadata=describe(series, reducer, options),
        overwrite=overwrite,
    )
    valid = _run(series, reducer, writer, workers, memory, dtype, progress)
    warnings = list(series.warnings)
    if not valid:
        warnings.append(f"no pixel has a result: all of {output} is missing")
    return Summary(
        output=str(output),
        pixels=series.grid.pixels,
        valid_pixels=valid,
        times=tuple(series.times.tolist()),
        seconds=time.perf_counter() - start,
        warnings=tuple(warnings),
    )


def _run(
    series: Series,
    reducer: Reducer,
    writer: RasterWriter,
    workers: int | None,
    memory: int,
    dtype: str,
    progress: Callable[[int, int], None] | None,
) -> int:
    """Read, reduce and write all windows; count the pixels with a result."""
    if workers is not None and workers < 1:
        raise ArgumentError(f"{workers} workers cannot do anything: give 1 or more")
    wanted = workers or available_cpus()
    windows = _plan(series, reducer, wanted, memory)
    count = min(wanted, len(windows))
    done = valid = 0
    compute = partial(compute_window, series, reducer, dtype)
    with block_cache(_BLOCK_CACHE), local_executor(count) as executor:
        # Workers start here, before the writer opens a dataset that they would inherit.
        results = map_ordered(executor, compute, windows, in_flight=2 * count)
        with writer:
            for window, block in results:
                writer.write(window, block)
                done += window.pixels
                valid += int(np.count_nonzero(~np.isnan(block[0])))
                if progress is not None:
                    progress(done, series.grid.pixels)
    return valid


def _plan(series: Series, reducer: Reducer, workers: int, memory: int) -> list[Window]:
    """Choose windows that fit in memory, and that keep all workers busy."""
    height, width = series.grid.height, series.grid.width
    # A pixel takes its values, a mask byte and a result in two types.
    per_pixel = len(series.times) * series.dtype.itemsize + 1 + 16 * len(reducer.bands)
    max_pixels = memory // per_pixel
    if max_pixels < 1:
        raise ArgumentError(f"{memory} bytes of memory cannot hold one pixel: give {per_pixel}")
    share = -(-series.grid.pixels // (workers * _WINDOWS_PER_WORKER))
    target = max(share, _WINDOW_VALUES // len(series.times))
    if reducer.max_pixels is not None:
        target = max_pixels = min(max_pixels, reducer.max_pixels, share)
    return list(
        plan_windows(height, width, series.block, max_pixels=max_pixels, target_pixels=target)
    )


def compute_window(
    series: Series, reducer: Reducer, dtype: str, window: Window
) -> NDArray[np.floating[Any]]:
    """Read and reduce one window: all that a worker does."""
    chunk = read_chunk(series, window)
    return reducer.reduce(chunk.times, chunk.values).astype(dtype)
