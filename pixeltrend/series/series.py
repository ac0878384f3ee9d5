"""Patterns to Series: dated rasters on one grid, checked before any pixel is read."""

from __future__ import annotations

import dataclasses
import logging
import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from pixeltrend.errors import ArgumentError, InputError
from pixeltrend.raster.datasets import open_raster
from pixeltrend.raster.provenance import MARK
from pixeltrend.raster.remote import is_far, side_by_side
from pixeltrend.series import notes as consistency
from pixeltrend.series.dating import date_exports, hint_at_bands
from pixeltrend.series.notes import Note
from pixeltrend.series.options import InputOptions, parse_qa_bits
from pixeltrend.series.patterns import find_inputs, is_virtual, without_output
from pixeltrend.series.placing import Layer, complete, place_layers
from pixeltrend.series.shards import absent_shards, group_shards, place_shards
from pixeltrend.series.sources import Source, find_band, make_tile, read_header
from pixeltrend.times import names

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from pixeltrend.raster.grid import Grid
    from pixeltrend.raster.windows import Window
    from pixeltrend.series.dating import Dated
    from pixeltrend.series.options import InputKeywords
    from pixeltrend.series.shards import Export
    from pixeltrend.series.sources import BandHeader, Header

    Patterns = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]

log = logging.getLogger(__name__)

# Blocks of several sizes are read together up to this many times the largest.
_MOST_BLOCKS = 4


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """Dated rasters on one grid, in order of time."""

    times: NDArray[np.float64]
    """Decimal years, (N,), strictly increasing."""
    sources: tuple[Source, ...]
    """One raster a time."""
    grid: Grid
    """The grid of all of them, or the part of it that is wanted."""
    block: tuple[int, int]
    """Height and width that hold whole blocks of every raster."""
    area_or_point: str
    """GDAL's AREA_OR_POINT of the first raster; empty if it has none."""
    origin: tuple[int, int] = (0, 0)
    """Row and column, counted from the first pixel of the first raster, where `grid` begins."""
    valid_range: tuple[float, float] | None = None
    """Least and greatest number that a pixel may have, before scale and offset."""
    qa_bits: tuple[tuple[int, int], ...] = ()
    """Missing is where quality bits & mask == number for one of these (mask, number)."""
    allow_vrt: bool = False
    """Whether files may be VRTs, or something else than their names say."""
    notes: tuple[Note, ...] = ()
    """What a user should know before trusting the result."""

    def crop(self, window: Window) -> Series:
        """Give the series of a part of the grid.

        Raises
        ------
        ArgumentError
            The window does not lie within the grid.
        """
        bottom, right = window.row_off + window.height, window.col_off + window.width
        if not (
            0 <= window.row_off < bottom <= self.grid.height
            and 0 <= window.col_off < right <= self.grid.width
        ):
            raise ArgumentError(
                f"window of {window}: the rasters have {self.grid.height} rows and "
                f"{self.grid.width} columns, counted from 0"
            )
        origin = self.origin[0] + window.row_off, self.origin[1] + window.col_off
        return dataclasses.replace(self, grid=self.grid.crop(window), origin=origin)

    @property
    def paths(self) -> list[str]:
        """The files, each once, in order of time."""
        return list(dict.fromkeys(tile.path for its in self.sources for tile in its.tiles))

    @property
    def names(self) -> list[str]:
        """The rasters, each once, in order of time; shards under the name of the whole."""
        return list(dict.fromkeys(source.path for source in self.sources))

    @property
    def warnings(self) -> tuple[str, ...]:
        """The texts of the notes."""
        return tuple(note.text for note in self.notes)

    @property
    def is_far(self) -> bool:
        """Whether files lie behind a network."""
        return any(map(is_far, self.paths))

    @property
    def dtype(self) -> np.dtype[np.floating[Any]]:
        """The float type that holds every value of every raster exactly."""
        narrow = all(source.is_narrow for source in self.sources)
        return np.dtype(np.float32 if narrow else np.float64)

    @property
    def unit(self) -> str:
        """The unit that all rasters share; empty if unknown."""
        units = {source.unit for source in self.sources}
        return units.pop() if len(units) == 1 else ""


def open_series(
    patterns: Patterns,
    *,
    output: str | os.PathLike[str] | None = None,
    **options: Unpack[InputKeywords],
) -> Series:
    """Find, date, sort and check rasters, without reading a pixel.

    Parameters
    ----------
    patterns
        Globs (``**`` too), files, folders, .zip files or URLs: see `patterns.find_inputs`.
    output
        A file that is about to be written, and so is none of the inputs.
    **options
        The fields of `pixeltrend.series.options.InputOptions`, such as ``band="NIR"``.

    Raises
    ------
    InputError
        Nothing found, no time, two files of one time, fewer than two times, files on different
        grids, a missing band, or what is no raster. `others` holds further problems.
    ArgumentError
        An option makes no sense.
    """
    chosen = InputOptions(**options)
    patterns = [patterns] if isinstance(patterns, (str, os.PathLike)) else list(patterns)
    found = find_inputs(patterns)
    paths = without_output(found, output, [os.fspath(its) for its in patterns])
    if output is not None:
        _protect_inputs(os.fspath(output), found, paths, chosen)
    return assemble(paths, chosen)


def assemble(paths: Sequence[str], options: InputOptions) -> Series:
    """Date, sort and check files; see `open_series`."""
    exports = group_shards(paths)
    headers = read_headers(paths, options)
    _refuse_results(headers)
    dated, notes = date_exports(exports, headers, options)
    if len(dated) < 2:  # noqa: PLR2004 - two points make a line
        bands = len(headers[dated[0].export.files[0]].bands)
        hint = f"; {hint_at_bands(bands)}" if bands > 1 else ""
        raise InputError(
            f"a trend wants at least two times, but there is only {exports[0].name}{hint}"
        )
    layers, labels, bands_read, odd = _layers(dated, headers, options)
    layers = complete(layers)
    grid, origin, sources, problems = place_layers(layers, options)
    refuse(problems)
    first = headers[dated[0].export.files[0]]
    times = [its.time for its in dated]
    if options.band is None and not options.bands_are_times and len(first.bands) > 1:
        notes.append(
            Note(f"{first.path} has {len(first.bands)} bands; the first one is used (see --band)")
        )
    notes += consistency.grouped(odd)
    notes += consistency.differences(labels, bands_read)
    notes += consistency.time_notes(times)
    notes += [
        Note(f"{its.export.name}: no shard at {place}; its pixels are missing", (its.export.name,))
        for its, layer in zip(dated, layers, strict=True)
        if layer.in_shards
        for place in absent_shards(
            [tile.area for tile in layer.source.tiles], layer.grid.height, layer.grid.width
        )
    ]
    times_array = np.array(times)
    times_array.flags.writeable = False
    return Series(
        times=times_array,
        sources=sources,
        grid=grid,
        block=_common_block([header.block for header in headers.values()], grid),
        area_or_point=first.area_or_point,
        origin=origin,
        valid_range=options.valid_range,
        qa_bits=parse_qa_bits(options.qa_bits) if options.qa_bits else (),
        allow_vrt=options.allow_vrt,
        notes=tuple(notes),
    )


def read_headers(paths: Sequence[str], options: InputOptions) -> dict[str, Header]:
    """Read the headers of all files; at the same time where each request takes its time.

    Raises
    ------
    InputError
        Some are no rasters; the first one is named, and the others are in `others`.
    """

    def read(path: str) -> Header | str:
        try:
            return read_header(path, allow_vrt=options.allow_vrt)
        except InputError as error:
            return str(error)

    found = side_by_side(read, paths) if any(map(is_far, paths)) else list(map(read, paths))
    refuse([its for its in found if isinstance(its, str)])
    return {path: its for path, its in zip(paths, found, strict=True) if not isinstance(its, str)}


def _refuse_results(headers: Mapping[str, Header]) -> None:
    """Refuse results among inputs: a trend is no year of the series that it was made from."""
    ours = [path for path, header in headers.items() if MARK in header.metadata]
    if ours and len(ours) < len(headers):
        refuse(
            [
                f"{path}: was written by pixeltrend, and other inputs were not: leave it out of "
                "the pattern"
                for path in ours
            ]
        )


def refuse(problems: Sequence[str]) -> None:
    """Raise the first of several problems, with the others at hand."""
    if problems:
        first, *others = problems
        raise InputError(first, others=tuple(others))


def _layers(
    dated: Sequence[Dated], headers: dict[str, Header], options: InputOptions
) -> tuple[list[Layer], list[str], list[BandHeader], list[tuple[str, str]]]:
    """Say how each time is read; what each file, by its label, says of its band; what is odd."""
    placed = {}
    layers, labels, bands, odd, problems = [], [], [], [], []
    for its in dated:
        export = its.export
        try:
            if export.name not in placed:
                placed[export.name] = place_shards(export, headers)
            grid, areas = placed[export.name]
            tiles = []
            for header, area in areas:
                number = find_band(header, options.band if its.band is None else its.band)
                tile, said = make_tile(header, number, area, options)
                tiles.append(tile)
                labels.append(its.label_of(header.path) if export.offsets else its.label)
                bands.append(header.bands[number - 1])
                odd += [(header.path, text) for text in said]
        except InputError as error:
            problems.append(str(error))
            continue
        unit = areas[0][0].bands[tiles[0].band - 1].unit
        source = Source(_absolute_name(export, tiles[0].path), tuple(tiles), unit)
        layers.append(Layer(source, grid, bool(export.offsets)))
    refuse(problems)
    return layers, labels, bands, odd


def _absolute_name(export: Export, first: str) -> str:
    if not export.offsets:
        return first
    return export.name if is_virtual(first) else os.path.abspath(export.name)


def _protect_inputs(
    output: str, found: Sequence[str], paths: Sequence[str], options: InputOptions
) -> None:
    """Refuse an output that is a raster of the series itself, about to be lost.

    It is there and not ours, and the pattern matches it (`found`, but not `paths`); or it stands
    where the inputs are, and has a time in its name as they do.
    """
    if not os.path.exists(output) or output in paths:
        return
    try:
        theirs = open_raster(output).GetMetadataItem(MARK) is None
        matched = len(found) > len(paths)
        if not matched and options.years is None and options.times is None:
            names.times_from_names([output], date_regex=options.date_regex)
    except InputError:
        return
    beside = os.path.dirname(os.path.realpath(output)) in {
        os.path.dirname(os.path.realpath(path)) for path in paths
    }
    alike = beside and Path(output).suffix == Path(paths[0]).suffix
    if theirs and (matched or alike):
        raise ArgumentError(
            f"{output}: would be replaced, but looks like one of the inputs, and pixeltrend did "
            "not write it; give another output"
        )


def _common_block(blocks: Sequence[tuple[int, int]], grid: Grid) -> tuple[int, int]:
    """Give the smallest height and width that hold whole blocks of every raster.

    Where they have little in common, the largest block's: some are then decoded twice.
    """
    sizes = []
    for axis, length in enumerate((grid.height, grid.width)):
        lengths = {min(block[axis], length) for block in blocks}
        common, largest = math.lcm(*lengths), max(lengths)
        sizes.append(min(common if common <= _MOST_BLOCKS * largest else largest, length))
    return sizes[0], sizes[1]
