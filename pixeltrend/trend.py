"""From patterns to a written raster: what `pixeltrend slope` and `pixeltrend map` do."""

from __future__ import annotations

import dataclasses
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pixeltrend import usage
from pixeltrend.checks.undeclared_nodata import undeclared
from pixeltrend.errors import ArgumentError
from pixeltrend.execution.executors import Workers
from pixeltrend.execution.pipeline import Tally, Watch, reduced_windows
from pixeltrend.options import from_keywords, takes
from pixeltrend.raster.lock import lock
from pixeltrend.raster.output import OutputOptions
from pixeltrend.raster.provenance import Provenance, describe, options_text
from pixeltrend.raster.replacing import Replacement
from pixeltrend.raster.writer import Band, RasterWriter
from pixeltrend.reducers.bands import make_band
from pixeltrend.reducers.function_options import FunctionOptions
from pixeltrend.reducers.methods import make_reducer
from pixeltrend.reducers.named import files_of
from pixeltrend.reducers.options import StatsOptions
from pixeltrend.reducers.reducer import prepare
from pixeltrend.series import record
from pixeltrend.series.opening import assemble
from pixeltrend.series.options import InputOptions, value_options
from pixeltrend.series.patterns import find_inputs
from pixeltrend.series.settling import settle

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pixeltrend.execution.pipeline import Results
    from pixeltrend.reducers.reducer import BandInfo, Reducer
    from pixeltrend.series.opening import Patterns
    from pixeltrend.series.series import Series

# Rasters in which a run looks for nodata that nobody declared.
_MOST_LOOKED_AT = 3


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
    windows: int = 0
    """Windows that were read."""
    missing: tuple[int, ...] | None = None
    """Missing values of each input, in the order of `times`; None if not counted."""
    bytes_read: int | None = None
    """Bytes read from files on this machine, temporary ones too; None where no system says it."""
    peak_memory: int = 0
    """The most bytes that this process had in memory."""
    peak_memory_of_a_worker: int = 0
    """The same of the largest worker process; 0 without any."""
    current: bool = False
    """Whether the output was up to date, so that nothing was computed (`update`)."""


@dataclass(frozen=True, slots=True)
class Job:
    """How a series becomes a raster."""

    inputs: InputOptions
    output: OutputOptions
    workers: Workers
    watch: Watch

    @classmethod
    def of(cls, keywords: Mapping[str, Any], *others: type[Any]) -> tuple[Job, list[Any]]:
        """Return a job, and objects of the other classes, made of the keywords of a call."""
        mine = from_keywords(keywords, InputOptions, OutputOptions, Workers, Watch, *others)
        return cls(*mine[:4]), mine[4:]


@takes(StatsOptions, InputOptions, Workers, OutputOptions, Watch)
def slope(patterns: Patterns, output: str | os.PathLike[str], **options: Any) -> Summary:
    """Write the trend of every pixel of a series of yearly rasters.

    By default that is the slope of the least-squares line through a pixel's valid values, in units
    of the values per year. Where a pixel has fewer than two values, it is NaN.

    Parameters
    ----------
    patterns
        Globs in which ``**`` crosses folders, files, or folders. Each file's year is in its name.
    output
        The raster to write. It replaces an older one when it is complete, and not before.
    **options
        The options of ``pixeltrend slope --help``, with underscores: ``method="theil-sen"``,
        ``stats="slope,pvalue"``, ``band="NIR"``, ``workers=4``. They are the fields of
        `StatsOptions`, `InputOptions`, `Workers`, `OutputOptions` and `Watch`.

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
        An option makes no sense.

    References
    ----------
    Draper, N. R. and Smith, H. (1998). Applied Regression Analysis, 3rd ed., eq. 1.2.9.

    Examples
    --------
    >>> pixeltrend.slope("exports/*.tiff", "trend.tif", workers=4)  # doctest: +SKIP
    """
    job, [statistics] = Job.of(options, StatsOptions)
    if statistics.fdr and (job.inputs.window or job.inputs.bounds):
        raise ArgumentError(
            "fdr: adjusts over the whole map, not over a part (window, bounds); write the parts "
            "with their pvalue, and adjust a VRT of them: pixeltrend fdr"
        )
    reducer = make_reducer(statistics)
    return run(patterns, output, job, lambda _series: reducer, statistics)


@takes(FunctionOptions, InputOptions, Workers, OutputOptions, Watch)
def map_pixels(
    function: str | Callable[..., Any],
    patterns: Patterns,
    output: str | os.PathLike[str],
    **options: Any,
) -> Summary:
    """Write what any function makes of the series of every pixel.

    Parameters
    ----------
    function
        A top-level function, or its name as ``MODULE:FUNCTION`` or ``FILE.py:FUNCTION``. It gets
        the (n, 2) float array of a pixel's (time, value) pairs, or, if two of its arguments are
        called ``x`` and ``y``, the times as ``x`` and the values as ``y``. It returns a number, or
        a sequence of numbers.
    patterns, output
        As for `slope`.
    **options
        The options of ``pixeltrend map --help``, with underscores: ``bands=["statistic"]``,
        ``arguments={"alpha": 0.9}``, ``workers=4``. They are the fields of `FunctionOptions`,
        `InputOptions`, `Workers`, `OutputOptions` and `Watch`.

    Returns
    -------
    Summary
        What was written, and warnings.

    Raises
    ------
    FunctionError
        The function raised, or what it returned is not a result.
    InputError, ReadError, OutputError, WorkerError, ArgumentError
        As for `slope`.

    Examples
    --------
    >>> pixeltrend.map_pixels("scipy.stats:kendalltau", "*.tiff", "tau.tif")  # doctest: +SKIP
    """
    from pixeltrend.reducers.probe import function_reducer
    from pixeltrend.series.reader import sample_chunks

    job, [calling] = Job.of(options, FunctionOptions)

    def make(series: Series) -> Reducer:
        samples = ((chunk.times, chunk.values) for chunk in sample_chunks(series))
        return function_reducer(function, samples, calling)

    return run(patterns, output, job, make, calling, function)


def run(
    patterns: Patterns,
    output: str | os.PathLike[str],
    job: Job,
    make: Callable[[Series], Reducer],
    options: StatsOptions | FunctionOptions,
    function: str | Callable[..., Any] = "",
) -> Summary:
    """Open a series, reduce its pixels, and write the result, while no other run writes it.

    Parameters
    ----------
    patterns, output
        As for `slope`.
    job
        What is read, who computes, what is written.
    make
        Returns the reducer for the series.
    options
        What the reducer is made with: statistics are written into the output, and their `fdr` is
        done here.
    function
        What `map_pixels` was given.
    """
    if job.output.update and not isinstance(function, str):
        raise ArgumentError("update: needs the function's name, as MODULE:FUNCTION")
    statistics = options if isinstance(options, StatsOptions) else None
    if not isinstance(patterns, (str, os.PathLike)):
        patterns = list(patterns)
    with lock(Replacement(output, overwrite=job.output.overwrite), job.output.lock_timeout):
        if not job.output.update:
            return _run(patterns, output, job, make, statistics)
        if job.inputs.settle:  # what is recorded is what they have become
            settle(find_inputs(patterns), job.inputs.settle)
        origin = (f"map {function}", files_of(str(function))) if function else ()
        request = record.ask(patterns, output, (job.inputs, job.output, options), *origin)
        made = record.read(output)
        if made and not record.why_stale(request, output, made):
            return Summary(**record.keep(request, output, made))
        summary = _run(patterns, output, job, make, statistics)
        record.write(request, output, dataclasses.asdict(summary))
        return summary


def _run(
    patterns: Patterns,
    output: str | os.PathLike[str],
    job: Job,
    make: Callable[[Series], Reducer],
    statistics: StatsOptions | None,
) -> Summary:
    start = time.perf_counter()
    series = assemble(patterns, job.inputs, output=output)
    reducer = make(series)
    bands, fdr = list(reducer.bands), statistics.fdr if statistics else None
    if statistics and fdr:
        bands.append(make_band("pvalue_fdr", statistics))
    writer = RasterWriter(
        output,
        series.grid,
        [Band(info.name, info.description, info.unit_for(series.unit)) for info in bands],
        job.output,
        metadata=_metadata(series, reducer, job.inputs, statistics),
        threads=job.workers.writer_threads,
    )
    prepare(reducer)
    warnings = [*series.warnings]
    warnings += [note.text for note in undeclared(series, most=_MOST_LOOKED_AT)]
    # p-values are adjusted in full precision, whatever is written.
    dtype = "float64" if fdr else job.output.dtype
    tally, before = Tally(), usage.bytes_read()
    with reduced_windows(series, reducer, job.workers, dtype, job.watch, tally) as reduced:
        results = (
            _adjusted(reduced, reducer.bands, fdr, job.output.dtype, output) if fdr else reduced
        )
        with writer:
            valid, failed = _write(results, writer)
            series.check_unchanged()
    if failed:
        warnings.append(f"the function failed at {failed:,} pixels, which are NaN")
    if not valid:
        warnings.append(f"no pixel has a result: all of {output} is missing")
    read, (own, of_a_worker) = usage.bytes_read(), usage.peak_memory()
    return Summary(
        output=str(output),
        pixels=series.grid.pixels,
        valid_pixels=valid,
        times=tuple(series.times.tolist()),
        seconds=time.perf_counter() - start,
        warnings=tuple(warnings),
        windows=tally.windows,
        missing=None if tally.missing is None else tuple(tally.missing.tolist()),
        bytes_read=None if read is None or before is None else read - before,
        peak_memory=own,
        peak_memory_of_a_worker=of_a_worker,
    )


def _write(results: Results, writer: RasterWriter) -> tuple[int, int]:
    """Write all blocks; return the pixels with a result, and those at which a function failed."""
    valid = failed = 0
    for window, (block, failures) in results:
        writer.write(window, block)
        failed += failures
        valid += int(np.count_nonzero(~np.isnan(block[0])))
    return valid, failed


def _adjusted(
    results: Results,
    bands: tuple[BandInfo, ...],
    fdr: str,
    dtype: str,
    output: str | os.PathLike[str],
) -> Results:
    """Return the results with p-values adjusted over all of them."""
    from pixeltrend.execution.fdr import with_adjusted  # a run in one pass does without

    row = [info.name for info in bands].index("pvalue")
    return with_adjusted(results, row, fdr, dtype=dtype, folder=Path(output).resolve().parent)


def _metadata(
    series: Series, reducer: Reducer, inputs: InputOptions, statistics: StatsOptions | None
) -> dict[str, str]:
    """Return the metadata of an output: what it was made from."""
    options = value_options(inputs) | (statistics.metadata() if statistics else {})
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
