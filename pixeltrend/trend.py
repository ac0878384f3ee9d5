"""From patterns to a written raster: what `pixeltrend slope` and `pixeltrend map` do."""

from __future__ import annotations

import dataclasses
import os
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from pixeltrend.checks.scenes import (
    best_first,
    composing,
    open_scenes,
    sample_pixels,
    scene_notes,
    trend_groups,
    trend_times,
)
from pixeltrend.checks.undeclared_nodata import undeclared
from pixeltrend.errors import ArgumentError, redact
from pixeltrend.execution import usage
from pixeltrend.execution.executors import Workers
from pixeltrend.execution.pipeline import Tally, Watch, reduced_windows
from pixeltrend.execution.resume import KeptWindows
from pixeltrend.execution.written import adjustment, written_bands
from pixeltrend.options import changed, from_keywords, takes
from pixeltrend.raster.lock import lock
from pixeltrend.raster.output import OutputOptions
from pixeltrend.raster.provenance import Provenance, describe, describe_unreadable, options_text
from pixeltrend.raster.replacing import Replacement
from pixeltrend.raster.writer import Band, RasterWriter
from pixeltrend.reducers.composite_options import CompositeOptions
from pixeltrend.reducers.derived import CLASS, SENSOR
from pixeltrend.reducers.function_options import FunctionOptions
from pixeltrend.reducers.methods import make_reducer
from pixeltrend.reducers.named import origin_of
from pixeltrend.reducers.notes import notes, p_row, untested
from pixeltrend.reducers.options import StatsOptions
from pixeltrend.reducers.reducer import prepare
from pixeltrend.series import record
from pixeltrend.series.homogeneity import CHANGES
from pixeltrend.series.notes import CLASSES
from pixeltrend.series.options import InputOptions, value_options
from pixeltrend.series.patterns import find_inputs
from pixeltrend.series.settling import settle
from pixeltrend.summary import Summary, Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from pixeltrend.reducers.reducer import BandInfo, Reducer
    from pixeltrend.series.opening import Patterns
    from pixeltrend.series.series import Series

# Rasters in which a run looks for nodata that nobody declared.
MOST_LOOKED_AT = 3


@dataclass(frozen=True, slots=True)
class Job:
    """How a series becomes a raster."""

    inputs: InputOptions
    output: OutputOptions
    workers: Workers
    watch: Watch
    composite: CompositeOptions

    @classmethod
    def of(cls, keywords: Mapping[str, Any], *others: type[Any]) -> tuple[Job, list[Any]]:
        """Return a job, and objects of the other classes, made of the keywords of a call."""
        own = InputOptions, OutputOptions, Workers, Watch, CompositeOptions
        mine = from_keywords(keywords, *own, *others)
        return cls(*mine[: len(own)]), mine[len(own) :]


@takes(StatsOptions, InputOptions, CompositeOptions, Workers, OutputOptions, Watch)
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
        `StatsOptions`, `InputOptions`, `CompositeOptions`, `Workers`, `OutputOptions` and `Watch`.

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
    if CLASS in statistics.names:
        _check_class(statistics, job.output)
    if statistics.steps == SENSOR:
        return run(
            patterns,
            output,
            job,
            lambda series: make_reducer(
                statistics, trend_groups(series, statistics, job.inputs, job.composite)
            ),
            statistics,
        )
    reducer = make_reducer(statistics)
    return run(patterns, output, job, lambda _series: reducer, statistics)


@takes(FunctionOptions, InputOptions, CompositeOptions, Workers, OutputOptions, Watch)
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
        `InputOptions`, `CompositeOptions`, `Workers`, `OutputOptions` and `Watch`.

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

    job, [calling] = Job.of(options, FunctionOptions)

    def make(series: Series) -> Reducer:
        samples = sample_pixels(series, job.inputs, job.composite)
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
    update, resume = job.output.update, job.output.resume
    if (update or resume) and not isinstance(function, str):
        name = "update" if update else "resume"
        raise ArgumentError(f"{name}: needs the function's name, as MODULE:FUNCTION")
    statistics = options if isinstance(options, StatsOptions) else None
    if not isinstance(patterns, (str, os.PathLike)):
        patterns = list(patterns)
    target = Replacement(output, overwrite=job.output.overwrite)
    with lock(target, job.output.lock_timeout):
        if not (update or resume):
            return _run(patterns, output, job, make, statistics, KeptWindows(target, None))
        if job.inputs.settle:  # what is recorded is what they have become
            settle(find_inputs(patterns), job.inputs.settle)
        name, files = origin_of(str(function)) if function else ("", [])
        settings = (job.inputs, job.composite, job.output, options)
        request = record.ask(patterns, output, settings, name, files)
        made = record.read(output) if update else None
        if made and not record.why_stale(request, output, made):
            return Summary(**record.keep(request, output, made))
        kept = KeptWindows(target, request if resume else None)
        summary = _run(patterns, output, job, make, statistics, kept)
        if update and not summary.unreadable:  # if so, the next run tries again
            record.write(request, output, dataclasses.asdict(summary))
        kept.remove()
        return summary


def _run(
    patterns: Patterns,
    output: str | os.PathLike[str],
    job: Job,
    make: Callable[[Series], Reducer],
    statistics: StatsOptions | None,
    kept: KeptWindows,
) -> Summary:
    start = time.perf_counter()
    series = open_scenes(patterns, job.inputs, job.composite, output=output)
    times = trend_times(series, job.composite)
    # A change of sensor is no news to whoever fits a step for it.
    told = statistics is not None and statistics.steps == SENSOR
    # A function may count the changes of classes.
    known = (*([CHANGES] if told else []), *([] if statistics else [CLASSES]))
    warnings = [text for text in series.warnings if not any(part in text for part in known)]
    warnings += [*scene_notes(series, job.inputs, job.composite), *notes(times, statistics)]
    if job.inputs.duplicates == "best":
        series = best_first(series, job.workers, job.watch)
    reducer = composing(make(series), job.inputs, job.composite)
    unit = "" if job.composite.composite == "count" else series.unit
    bands = written_bands(reducer, statistics)
    writer = RasterWriter(
        output,
        series.grid,
        [Band(info.name, info.description, info.unit_for(unit), info.classes) for info in bands],
        job.output,
        metadata=metadata(series, reducer, job, statistics),
        threads=job.workers.writer_threads,
        style=partial(styled, bands[0]),
    )
    prepare(reducer)
    waiting, adjust = adjustment(
        series, reducer, statistics, job.output.dtype, job.workers.memory, writer
    )
    tally = Tally(len(series.paths), p_row([info.name for info in bands]))
    before = usage.bytes_read()
    with reduced_windows(
        series, reducer, job.workers, waiting, job.watch, kept.take_up
    ) as computed:
        # While workers read their first windows.
        warnings += [note.text for note in undeclared(series, most=MOST_LOOKED_AT)]
        results = adjust(kept.join(computed))
        with writer:
            for window, result in results:
                writer.write(window, result.block, result.sums)
                tally.add(result)
            series.check_unchanged()
            unreadable = unreadable_files(series, tally)
            if unreadable:
                facts = {file.path: (file.blocks, file.pixels) for file in unreadable}
                writer.add_metadata(describe_unreadable(facts, series.names))
    warnings += map(str, unreadable)
    if tally.failed:
        warnings.append(f"the function failed at {tally.failed:,} pixels, which are NaN")
    if tally.untested:
        warnings.append(untested(len(times), has_reason=statistics is not None))
    if not tally.valid:
        warnings.append(f"no pixel has a result: all of {output} is missing")
    read, (own, of_a_worker) = usage.bytes_read(), usage.peak_memory()
    return Summary(
        output=str(output),
        pixels=series.grid.pixels,
        valid_pixels=tally.valid,
        times=tuple(series.times.tolist()),
        seconds=time.perf_counter() - start,
        warnings=tuple(map(redact, warnings)),
        periods=len(times) if job.composite.composite else 0,
        windows=tally.windows,
        missing=tuple(tally.missing.tolist()) if len(tally.missing) else None,
        bytes_read=None if read is None or before is None else read - before,
        peak_memory=own,
        peak_memory_of_a_worker=of_a_worker,
        unreadable=unreadable,
        resumed=kept.resumed,
    )


def styled(band: Band | BandInfo, sample: NDArray[Any], ends: tuple[float, float]) -> str:
    """Return the style of the first band of an output, from some of its values and their range."""
    from pixeltrend.views.style import band_style  # nothing is drawn before the end

    return band_style(sample, ends, band.name, band.classes)


def unreadable_files(series: Series, tally: Tally) -> tuple[Unreadable, ...]:
    """Return what of the files of a series could not be read."""
    return tuple(
        Unreadable(redact(path), *map(int, count))
        for path, count in zip(series.paths, tally.unreadable, strict=True)
        if count.any()
    )


def _check_class(statistics: StatsOptions, output: OutputOptions) -> None:
    """Refuse what a raster of classes cannot have: other bands, and another type."""
    if statistics.stats != CLASS:
        raise ArgumentError(
            "stats: class is a raster of its own, of bytes with names and colours; write the other "
            "statistics into another output"
        )
    if output.dtype != OutputOptions().dtype:
        raise ArgumentError(f"dtype {output.dtype}: the classes of --stats class are bytes")


def metadata(
    series: Series, reducer: Reducer, job: Job, statistics: StatsOptions | None = None
) -> dict[str, str]:
    """Return the metadata of an output: what it was made from."""
    options = value_options(job.inputs) | changed(job.composite)
    options |= statistics.metadata() if statistics else {}
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
