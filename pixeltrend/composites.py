"""Composites: a raster for each period, written in passes that read every scene once."""

from __future__ import annotations

import dataclasses
import itertools
import os
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pixeltrend.checks.scenes import best_first, composing, open_scenes, scene_notes
from pixeltrend.checks.undeclared_nodata import undeclared
from pixeltrend.errors import ArgumentError, InputError, OutputError, redact
from pixeltrend.execution.budget import Output
from pixeltrend.execution.executors import Workers
from pixeltrend.execution.pipeline import Tally, Watch, reduced_windows
from pixeltrend.options import takes
from pixeltrend.raster.lock import lock
from pixeltrend.raster.output import OutputOptions
from pixeltrend.raster.provenance import describe_unreadable
from pixeltrend.raster.replacing import Replacement
from pixeltrend.raster.writer import Band, RasterWriter
from pixeltrend.reducers.composite import Values
from pixeltrend.reducers.composite_options import CompositeOptions
from pixeltrend.reducers.periods import periods
from pixeltrend.reducers.reducer import prepare
from pixeltrend.series.options import InputOptions
from pixeltrend.times.dates import format_day, format_time
from pixeltrend.times.names import times_from_names
from pixeltrend.trend import MOST_LOOKED_AT, Job, metadata, unreadable_files

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pixeltrend.series.opening import Patterns
    from pixeltrend.series.series import Series
    from pixeltrend.summary import Unreadable

# Rasters written at the same time: each has open files, and rows that wait to fill tiles.
_MOST_FILES = 100
_MOST_BYTES = 2**29
_TILE = 256


@dataclass(frozen=True, slots=True)
class CompositeSummary:
    """What a run wrote."""

    outputs: tuple[str, ...]
    """The rasters, in order of time."""
    periods: tuple[float, ...]
    """Their decimal years."""
    scenes: tuple[int, ...]
    """How many rasters each was made of."""
    valid_pixels: tuple[int, ...]
    """How many of its pixels have a value."""
    seconds: float
    """Wall time."""
    warnings: tuple[str, ...]
    """What to know before trusting them."""

    def __repr__(self) -> str:
        count = len(self.outputs)
        names = " to ".join(dict.fromkeys((self.outputs[0], self.outputs[-1]))) if count else ""
        return f"<CompositeSummary of {count} rasters, {names}, {len(self.warnings)} warnings>"


@takes(CompositeOptions, InputOptions, Workers, OutputOptions, Watch)
def composite(
    patterns: Patterns, folder: str | os.PathLike[str], *, name: str = "", **options: Any
) -> CompositeSummary:
    """Write a raster for each period of a series: the maximum of its scenes, or another value.

    Parameters
    ----------
    patterns
        As for `slope`. Several rasters may have one time.
    folder
        Where to write ``<name>_2001.tif``, or ``<name>_2001-06-01.tif`` for months and seasons;
        created if it does not exist. Each file replaces an older one when it is complete.
    name
        How the names begin; the composite (max) by default.
    **options
        The options of ``pixeltrend composite --help``, with underscores: ``composite="max"``,
        ``every="year"``, ``months="6-9"``. They are the fields of `CompositeOptions`,
        `InputOptions`, `Workers`, `OutputOptions` and `Watch`.

    Returns
    -------
    CompositeSummary
        What was written, and warnings.

    Raises
    ------
    InputError
        The inputs are refused.
    ReadError, OutputError, WorkerError
        The run failed. Files of periods that it did not complete are as they were.
    ArgumentError
        An option makes no sense.

    Examples
    --------
    >>> pixeltrend.composite("scenes/*.tif", "years", composite="max")  # doctest: +SKIP
    """
    start = time.perf_counter()
    job, _ = Job.of(options)
    if job.composite.composite is None:
        raise ArgumentError("composite: say what the value of a period is, such as max or mean")
    if job.output.update:
        raise ArgumentError("update: composites have no record of what they were made from")
    if job.output.style:
        raise ArgumentError("style: composites have none: classes of one would not be another's")
    series = open_scenes(patterns, job.inputs, job.composite)
    found = periods(series.times, job.composite)
    names = _names(name or job.composite.composite, found.times, job.composite)
    paths = [os.path.join(folder, text) for text in names]
    _check_targets(paths, series)
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{os.fspath(folder)}: cannot be created: {error.strerror}") from error
    for path in paths:  # what can be seen now to fail later
        Replacement(path, overwrite=job.output.overwrite)
    warnings = [*series.warnings, *scene_notes(series, job.inputs, job.composite)]
    warnings += [note.text for note in undeclared(series, most=MOST_LOOKED_AT)]
    warnings += _others(Path(folder), paths)
    row = _TILE * series.grid.width * np.dtype(job.output.dtype).itemsize
    step = max(1, min(_MOST_FILES, _MOST_BYTES // (2 * row)))
    valid: list[int] = []
    for first in range(0, len(paths), step):
        some = slice(first, first + step)
        bounds = found.bounds[first : first + step + 1]
        part = _watched(job, first // step, len(paths), step)
        pixels, unreadable = _write(series, bounds, paths[some], part)
        valid += pixels
        warnings += map(str, unreadable)
    return CompositeSummary(
        outputs=tuple(paths),
        periods=tuple(found.times.tolist()),
        scenes=tuple(np.diff(found.bounds).tolist()),
        valid_pixels=tuple(valid),
        seconds=time.perf_counter() - start,
        warnings=tuple(warnings),
    )


def _names(name: str, times: NDArray[np.float64], options: CompositeOptions) -> list[str]:
    """Return names of files that are read as these `times`, (M,)."""
    dates = [format_time(time) if options.in_years else format_day(time) for time in times.tolist()]
    names = [f"{name}_{date}.tif" for date in dates]
    try:
        read = times_from_names(names)
    except InputError:
        read = []
    if read != times.tolist():
        raise ArgumentError(
            f"name {name!r}: {names[0]} would not be read as {dates[0]} again; give another name"
        )
    return names


def _check_targets(paths: Sequence[str], series: Series) -> None:
    """Refuse to replace an input."""
    inputs = set(map(os.path.realpath, series.paths))
    for path in paths:
        if os.path.realpath(path) in inputs:
            raise ArgumentError(f"{path}: is one of the inputs; give another folder or name")


def _others(folder: Path, paths: Sequence[str]) -> list[str]:
    """Return a warning if a pattern for the new rasters could match older ones too."""
    new = {os.path.basename(path) for path in paths}
    old = sorted(p.name for p in folder.glob("*.tif") if p.name not in new)
    if not old:
        return []
    more = f" and {len(old) - 1} more" if len(old) > 1 else ""
    return [f"{folder}: has other rasters too, which this run did not write: {old[0]}{more}"]


def _watched(job: Job, number: int, files: int, step: int) -> Job:
    """Return the job of one pass of several, whose progress is a part of the whole."""
    progress, passes = job.watch.progress, -(-files // step)
    if progress is None:
        return job

    def of_all(done: int, total: int) -> None:
        progress(done + number * total, passes * total)

    return dataclasses.replace(job, watch=dataclasses.replace(job.watch, progress=of_all))


def _write(
    series: Series, bounds: NDArray[np.int64], paths: Sequence[str], job: Job
) -> tuple[list[int], tuple[Unreadable, ...]]:
    """Write the rasters of some periods, whose scenes `bounds` part.

    Returns
    -------
    valid
        The pixels of each that have a value.
    unreadable
        What of the scenes could not be read.
    """
    parts = [series.take(slice(*pair)) for pair in itertools.pairwise(bounds.tolist())]
    several = series.take(slice(bounds[0], bounds[-1]))
    if job.inputs.duplicates == "best":
        several = best_first(several, job.workers, job.watch)
    what = str(job.composite.composite)
    reducer = composing(Values(len(parts)), job.inputs, job.composite)
    unit = "" if what == "count" else series.unit
    valid = np.zeros(len(parts), dtype=np.int64)
    tally = Tally(len(several.paths))
    with ExitStack() as stack:
        for path in paths:
            target = Replacement(path, overwrite=job.output.overwrite)
            stack.enter_context(lock(target, job.output.lock_timeout))
        writers = [
            RasterWriter(
                path,
                series.grid,
                [Band(what, f"{what} of the scenes of a {job.composite.period}", unit)],
                job.output,
                metadata=metadata(part, reducer, job),
                threads=job.workers.writer_threads,
            )
            for path, part in zip(paths, parts, strict=True)
        ]
        prepare(reducer)
        row_bytes = sum(writer.row_bytes for writer in writers)
        waiting = Output(job.output.dtype, row_bytes, writers[0].tile_height)
        results = stack.enter_context(
            reduced_windows(several, reducer, job.workers, waiting, job.watch)
        )
        with ExitStack() as opened:
            for writer in writers:
                opened.enter_context(writer)
            for window, result in results:
                tally.add(result)
                for number, writer in enumerate(writers):
                    band = result.band(number)
                    writer.write(window, band.block, band.sums)
                    valid[number] += band.valid(0)
            several.check_unchanged()
            unreadable = unreadable_files(several, tally)
            for writer, part in zip(writers, parts, strict=True):
                facts = {
                    file.path: (file.blocks, file.pixels)
                    for file in unreadable
                    if file.path in map(redact, part.paths)
                }
                if facts:
                    writer.add_metadata(describe_unreadable(facts, part.names))
    return valid.tolist(), unreadable
