"""Report: what a run would read, and what is wrong with it, before anything is computed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from pixeltrend.bar import shown
from pixeltrend.checks.copies import copy_notes
from pixeltrend.checks.decoding import decode, in_windows, some_blocks, whole
from pixeltrend.checks.missing_blocks import files_of, read_layout
from pixeltrend.checks.tally import Tally
from pixeltrend.checks.undeclared_nodata import (
    grid_window,
    is_silent,
    nodata_notes,
    sample_windows,
)
from pixeltrend.errors import redact
from pixeltrend.execution.budget import Output, plan
from pixeltrend.execution.executors import Workers
from pixeltrend.options import from_keywords, takes
from pixeltrend.raster.datasets import limited
from pixeltrend.raster.paths import absolute
from pixeltrend.raster.remote import REQUESTS, EndingThreads, in_parallel
from pixeltrend.reducers.methods import make_reducer
from pixeltrend.reducers.options import StatsOptions
from pixeltrend.series.notes import Note, missing_months, missing_times
from pixeltrend.series.opening import assemble
from pixeltrend.series.options import InputOptions
from pixeltrend.times import dates

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pixeltrend.checks.decoding import Tallies
    from pixeltrend.checks.missing_blocks import File, Layout
    from pixeltrend.execution.budget import Plan
    from pixeltrend.series.opening import Patterns
    from pixeltrend.series.series import Series


@dataclass(frozen=True, slots=True)
class RasterReport:
    """One time of a series."""

    time: float
    """Decimal year."""
    date: str
    """The same as a date, as precise as all times of the series need: 2018, 2018-01, 2018-01-17."""
    path: str
    """The file, or the name that its shards would have as one."""
    files: int
    """Number of files that it is stored in."""
    tiles: int
    """Rasters that are put together: 1, or the tiles of a mosaic."""
    width: int
    """Columns that its files cover."""
    height: int
    """Rows that its files cover."""
    band: int
    """Band number, from 1."""
    dtype: str
    """GDAL's name of the type."""
    nodata: float | None
    """The value that stands for missing."""
    scale: float
    """Values are numbers x scale + offset."""
    offset: float
    """Values are numbers x scale + offset."""
    masked: bool
    """Whether a mask in the file says what is missing."""
    notes: tuple[int, ...]
    """Which of the report's warnings are about it, counted from 1."""


@dataclass(frozen=True, slots=True)
class PlanReport:
    """How a run would divide the work."""

    workers: int
    """Processes."""
    windows: int
    """Windows that the grid is cut into."""
    window_pixels: int
    """Pixels of the largest."""
    worker_bytes: int
    """Memory for the pixels of one worker."""
    all_bytes: int
    """What all processes together hold at most, besides the programs themselves."""
    decoded_bytes: int
    """All values together."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a run would read."""

    rasters: tuple[RasterReport, ...]
    """In order of time."""
    width: int
    """Columns."""
    height: int
    """Rows."""
    geotransform: tuple[float, ...] | None
    """GDAL's six numbers."""
    crs: str
    """The coordinate reference system as WKT."""
    unit: str
    """Unit of the values."""
    missing_years: tuple[float, ...]
    """Years that a yearly series does not have between its first and its last."""
    missing_months: tuple[str, ...]
    """Months that a monthly series does not have: 2018-03."""
    plan: PlanReport
    """How `slope` would divide the work."""
    warnings: tuple[str, ...]
    """What to know before trusting a result."""
    problems: tuple[str, ...]
    """Why a run would fail."""

    def __repr__(self) -> str:
        return (
            f"<Report on {len(self.rasters)} rasters, {self.width} x {self.height} pixels, "
            f"{len(self.warnings)} warnings, {len(self.problems)} problems>"
        )


@takes(InputOptions)
def check(
    patterns: Patterns,
    *,
    pixels: bool = False,
    full: bool = False,
    workers: int | None = None,
    memory: int | str | None = None,
    progress: Callable[[int, int], None] | bool | None = None,
    **options: Any,
) -> Report:
    """Return what a run would read: times, files, grid and nodata, with all warnings and errors.

    Parameters
    ----------
    patterns
        As for `slope`.
    pixels
        Decode some blocks, to find constants that look like nodata and broken blocks.
    full
        Decode all blocks, and name each broken one.
    workers, memory
        As for `slope`.
    progress
        Called with the files decoded and all files; True shows a bar.
    **options
        The fields of `pixeltrend.series.options.InputOptions`.

    Raises
    ------
    InputError
        The inputs are refused; `others` has further reasons.
    ArgumentError
        A parameter makes no sense.
    """
    crew = Workers(workers, memory)  # type: ignore[arg-type] # texts become bytes
    [inputs] = from_keywords(options, InputOptions)
    series = assemble(patterns, inputs)
    notes = list(series.notes)
    problems: list[str] = []
    files = files_of(series.tiles)
    layouts = (in_parallel if series.is_remote else map)(read_layout, files)
    stored = list(zip(files, layouts, strict=True))
    for file, layout in stored:
        _check_blocks(file.path, layout, notes, problems)
    if pixels or full:
        threads = REQUESTS if series.is_remote else crew.count
        broken, tallies = _decode(series, stored, threads, shown(progress, "files"), full=full)
        problems += broken
        notes += nodata_notes(series.sources, tallies)
        notes += copy_notes(series.sources, tallies, full=full)
    chosen = plan(series, make_reducer(StatsOptions()), crew, crew.count, Output())
    notes += [Note(chosen.note)] if chosen.note else []
    return Report(
        rasters=tuple(_rasters(series, notes)),
        width=series.grid.width,
        height=series.grid.height,
        geotransform=series.grid.geotransform,
        crs=series.grid.crs,
        unit=series.unit,
        missing_years=tuple(missing_times(series.times.tolist())),
        missing_months=tuple(missing_months(series.times.tolist())),
        plan=_plan(series, chosen),
        warnings=tuple(note.text for note in notes),
        problems=tuple(dict.fromkeys(map(redact, problems))),
    )


def _check_blocks(path: str, layout: Layout, notes: list[Note], problems: list[str]) -> None:
    """Add what is wrong with the table of a file's blocks to the notes or the problems."""
    if layout.cut_off:
        problems.append(
            f"{path}: the file ends at byte {layout.file_bytes:,}, before {layout.cut_off:,} of "
            f"its {layout.blocks:,} blocks; copy or export it again"
        )
    elif layout.absent:
        text = (
            f"{layout.absent:,} of its {layout.blocks:,} blocks were never written, and read as "
            "missing or 0: they were left out on purpose, or the program that wrote the file was "
            "killed"
        )
        notes.append(Note.of([path], text))


def _decode(
    series: Series,
    files: Sequence[tuple[File, Layout]],
    threads: int,
    progress: Callable[[int, int], None] | None,
    *,
    full: bool,
) -> tuple[list[str], Tallies]:
    """Decode all or some blocks, each once; return the broken ones, and tallies of the others."""
    silent = {tile for source in series.sources if is_silent(source) for tile in source.tiles}
    windows, parts = sample_windows(series), []
    for file, layout in files:
        tallied = tuple(tile for tile in file.tiles if tile in silent)
        has_one_block = layout.block[0] >= layout.height and layout.block[1] >= layout.width
        if full or has_one_block:  # which would otherwise be decoded twice
            parts += whole(file, layout, tallied)
        else:
            parts += [some_blocks(file, layout), *in_windows(file, windows, tallied)]
    problems: list[str] = []
    tallies: Tallies = {}
    # GDAL decodes without Python's lock; no block is needed twice, so a small cache is the fastest.
    with limited(1), EndingThreads(threads) as executor:
        answers = executor.map(partial(decode, grid_window(series)), parts)
        for done, (broken, of_part) in enumerate(answers, 1):
            problems += broken
            for key, tally in of_part.items():
                tallies.setdefault(key, Tally()).merge(tally)
            if progress is not None:
                progress(done * len(files) // len(parts), len(files))
    return problems, tallies


def _rasters(series: Series, notes: Sequence[Note]) -> Iterator[RasterReport]:
    times = series.times.tolist()
    for time, date, source in zip(times, dates.format_dates(times), series.sources, strict=True):
        tile = source.tiles[0]
        names = {source.path, *(tile.path for tile in source.tiles)}
        names |= {f"{name}, band {tile.band}" for name in names}
        about = [n for n, note in enumerate(notes, 1) if names & set(map(absolute, note.rasters))]
        areas = [tile.area for tile in source.tiles]
        yield RasterReport(
            time=time,
            date=date,
            path=redact(source.path),
            files=len(source.tiles),
            tiles=1 + len(source.others),
            width=max(a.col_off + a.width for a in areas) - min(a.col_off for a in areas),
            height=max(a.row_off + a.height for a in areas) - min(a.row_off for a in areas),
            band=tile.band,
            dtype=tile.dtype,
            nodata=tile.nodata,
            scale=tile.scale,
            offset=tile.offset,
            masked=tile.masked,
            notes=tuple(about),
        )


def _plan(series: Series, chosen: Plan) -> PlanReport:
    largest = max(window.pixels for window in chosen.windows)
    of_a_pixel = len(series.times) * series.dtype.itemsize
    return PlanReport(
        workers=chosen.workers,
        windows=len(chosen.windows),
        window_pixels=largest,
        worker_bytes=largest * of_a_pixel,
        all_bytes=chosen.bytes,
        decoded_bytes=series.grid.pixels * of_a_pixel,
    )
