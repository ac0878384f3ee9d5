"""From patterns to a written raster: what `pixeltrend slope` and `pixeltrend map` do."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from pixeltrend.checks.undeclared_nodata import undeclared
from pixeltrend.execution.executors import Place
from pixeltrend.execution.pipeline import compute
from pixeltrend.options import from_keywords
from pixeltrend.raster.output import OutputOptions
from pixeltrend.raster.provenance import Provenance, describe, options_text
from pixeltrend.raster.writer import Band, RasterWriter
from pixeltrend.reducers.bands import band as describe_band
from pixeltrend.reducers.methods import make_reducer
from pixeltrend.reducers.options import StatsKeywords, StatsOptions, make_options
from pixeltrend.reducers.reducer import prepare
from pixeltrend.series.opening import assemble
from pixeltrend.series.options import InputOptions, value_options

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from concurrent.futures import Executor

    from pixeltrend.reducers.reducer import Reducer
    from pixeltrend.series.series import Series

    Patterns = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]


# Rasters in which a run looks for nodata that nobody declared.
_LOOKED_AT = 3


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run did."""

    output: str
    """The file written."""
    pixels: int
    """Pixels of the output."""
    valid_pixels: int
    """Pixels with a result in the first band."""
    times: tuple[float, ...]
    """Decimal years of the inputs."""
    seconds: float
    """Wall time."""
    warnings: tuple[str, ...]
    """What to know before trusting the result."""


def slope(
    patterns: Patterns,
    output: str | os.PathLike[str],
    *,
    method: str = "ols",
    **options: Any,
) -> Summary:
    """Write the trend of every pixel of a series of yearly rasters.

    By default that is the slope of the least-squares line through a pixel's valid values, in units
    of the values per year. Where a pixel has fewer than two values, it is NaN.

    Parameters
    ----------
    patterns
        Globs in which ``**`` crosses folders, files, or folders. Each file's year is in its name.
    output
        The raster to write. It replaces an older one when it is complete, and not before.
    method
        "ols" computes whole chunks in closed form; "linregress" calls `scipy.stats.linregress` for
        each pixel, some hundred times slower, and gives the same map; "theil-sen" takes the median
        of the slopes between all pairs of values; "mann-kendall" tests for a monotonic trend.
    **options
        ``stats="slope,pvalue"`` and all other fields of
        `pixeltrend.reducers.options.StatsOptions`; those of
        `pixeltrend.series.options.InputOptions`, such as ``band="NIR"``; ``workers=4`` and all
        others of `run`.

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
    rest: dict[str, Any] = dict(options)
    chosen = {name: rest.pop(name) for name in StatsKeywords.__annotations__ if name in rest}
    statistics = make_options(method, **cast("StatsKeywords", chosen))
    reducer = make_reducer(method, **cast("StatsKeywords", chosen))
    return run(patterns, output, lambda _series: reducer, statistics=statistics, **rest)


def map_pixels(
    function: str | Callable[..., Any],
    patterns: Patterns,
    output: str | os.PathLike[str],
    *,
    bands: Sequence[str] | None = None,
    arguments: Mapping[str, Any] | None = None,
    vectorized: bool = False,
    keep_gaps: bool = False,
    min_valid: int = 1,
    on_error: str = "raise",
    **options: Any,
) -> Summary:
    """Write what any function makes of the series of every pixel.

    Parameters
    ----------
    function
        A top-level function, or its name as ``MODULE:FUNCTION`` or ``FILE.py:FUNCTION``. It gets
        the (n, 2) float array of a pixel's (time, value) pairs, or, if two of its arguments are
        called ``x`` and ``y``, the times as ``x`` and the values as ``y``. It gives a number, or a
        sequence of numbers.
    patterns, output
        As for `slope`.
    bands
        Names of the numbers. By default the function is called once to see what it gives.
    arguments
        Keyword arguments of the function.
    vectorized
        The function gets times (N,) and values (N, P), NaN where missing, and gives (P,) or
        (bands, P).
    keep_gaps
        The pairs keep the times without a value, as NaN.
    min_valid
        A pixel with fewer values gets NaN; the function is not called.
    on_error
        "raise" ends the run when the function raises; "nan" records NaN and counts it.
    **options
        The fields of `pixeltrend.series.options.InputOptions`; ``workers=4`` and all others of
        `run`.

    Returns
    -------
    Summary
        What was written, and warnings.

    Raises
    ------
    FunctionError
        The function raised, or gave what is no result.
    InputError, ReadError, OutputError, WorkerError, ArgumentError
        As for `slope`.

    Examples
    --------
    >>> pixeltrend.map_pixels("scipy.stats:kendalltau", "*.tiff", "tau.tif")  # doctest: +SKIP
    """
    from pixeltrend.reducers.probe import function_reducer
    from pixeltrend.series.reader import sample_chunks

    def make(series: Series) -> Reducer:
        return function_reducer(
            function,
            ((chunk.times, chunk.values) for chunk in sample_chunks(series)),
            bands=bands,
            arguments=arguments,
            vectorized=vectorized,
            keep_gaps=keep_gaps,
            min_valid=min_valid,
            on_error=on_error,
        )

    return run(patterns, output, make, **options)


def run(
    patterns: Patterns,
    output: str | os.PathLike[str],
    make: Callable[[Series], Reducer],
    *,
    statistics: StatsOptions | None = None,
    workers: int | None = None,
    executor: str | Executor = "processes",
    scheduler: str | None = None,
    scheduler_file: str | os.PathLike[str] | None = None,
    memory: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    **options: Any,
) -> Summary:
    """Open a series, reduce its pixels, and write the result.

    Parameters
    ----------
    patterns, output
        As for `slope`.
    make
        Gives the reducer for the series.
    statistics
        What the reducer was made with: it is written into the output, and its `fdr` is done here.
    workers
        Processes or threads; the CPUs that this process may use by default. 1 runs in this process.
    executor
        "processes", "threads", "serial", "dask", or any `concurrent.futures.Executor`, such as
        mpi4py's; that one stays open.
    scheduler, scheduler_file
        Where the Dask scheduler is, for "dask".
    memory
        Bytes of pixels that one worker may hold; by default 32 MB, 128 MB if they come over a
        network, or one block of the inputs where that takes more.
    progress
        Called with the pixels done and all pixels, after each chunk.
    cancelled
        Asked often; the run ends with `CancelledError` when it says True.
    **options
        The fields of `pixeltrend.series.options.InputOptions`, such as ``band="NIR"`` or
        ``years="1995:2015"``, and of `pixeltrend.raster.output.OutputOptions`.
    """
    start = time.perf_counter()
    place = Place(executor, workers, scheduler, scheduler_file)
    inputs, written = from_keywords(options, InputOptions, OutputOptions)
    written.format_of(output)  # a wrong extension is told before anything is opened
    series = assemble(patterns, inputs, output=output)
    reducer = make(series)
    given = statistics or StatsOptions()
    adjusted = (describe_band("pvalue_fdr", reducer.method, given),) if given.fdr else ()
    facts = given.given() | value_options(inputs)
    writer = RasterWriter(
        output,
        series.grid,
        [
            Band(info.name, info.description, info.unit_for(series.unit))
            for info in (*reducer.bands, *adjusted)
        ],
        written,
        metadata=_metadata(series, reducer, facts),
        threads=place.writer_threads,
    )
    prepare(reducer)
    warnings = [*series.warnings, *(note.text for note in undeclared(series, most=_LOOKED_AT))]
    adjust = None
    if given.fdr is not None:
        from pixeltrend.execution.field import with_adjusted  # a run in one pass does without

        adjust = partial(
            with_adjusted,
            row=[info.name for info in reducer.bands].index("pvalue"),
            method=given.fdr,
            dtype=written.dtype,
            folder=Path(output).resolve().parent,
        )
    valid, failed = compute(
        series, reducer, writer, place, memory, written.dtype, progress, cancelled, adjust
    )
    if failed:
        warnings.append(f"the function failed at {failed:,} pixels, which are NaN")
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


def _metadata(series: Series, reducer: Reducer, options: Mapping[str, str]) -> dict[str, str]:
    """Return the metadata of an output: what it was made from."""
    items = describe(
        Provenance(
            method=reducer.method,
            times=tuple(series.times.tolist()),
            inputs=tuple(series.names),
            bands=tuple(sorted({source.band for source in series.sources})),
            options=options_text(options),
        )
    )
    return items | ({"AREA_OR_POINT": series.area_or_point} if series.area_or_point else {})
