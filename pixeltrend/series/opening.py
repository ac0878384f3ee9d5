"""Patterns to a Series: find, date, sort and check rasters; no pixel is read."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pixeltrend.errors import ArgumentError, InputError
from pixeltrend.options import from_keywords, takes
from pixeltrend.raster import provenance
from pixeltrend.raster.datasets import open_raster
from pixeltrend.raster.header import find_band, read_header
from pixeltrend.raster.paths import is_remote, is_virtual
from pixeltrend.raster.remote import in_parallel
from pixeltrend.raster.windows import Window
from pixeltrend.series import notes as noting
from pixeltrend.series.dating import date_exports, hint_at_bands
from pixeltrend.series.notes import Note
from pixeltrend.series.options import InputOptions
from pixeltrend.series.patterns import find_inputs, without_output
from pixeltrend.series.placing import Layer, complete, place_layers
from pixeltrend.series.series import Series
from pixeltrend.series.shards import absent_shards, group_shards, place_shards
from pixeltrend.series.sources import Source, make_tile
from pixeltrend.times import names

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pixeltrend.raster.grid import Grid
    from pixeltrend.raster.header import BandHeader, Header
    from pixeltrend.series.dating import Dated
    from pixeltrend.series.shards import Export

    Patterns = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]

# Blocks of several sizes are read together up to this many times the largest.
_MOST_BLOCKS = 4


@takes(InputOptions)
def open_series(
    patterns: Patterns, *, output: str | os.PathLike[str] | None = None, **options: Any
) -> Series:
    """Return a checked series of dated rasters; no pixel is read.

    Parameters
    ----------
    patterns
        Globs (``**`` too), files, folders, .zip files or URLs: see `patterns.find_inputs`.
    output
        A file that is about to be written, and so is not one of the inputs.
    **options
        The fields of `pixeltrend.series.options.InputOptions`, such as ``band="NIR"``.

    Raises
    ------
    InputError
        No file matches, a file has no time, two have the same one, there are fewer than two times,
        grids differ, a band is missing, or a file is not a raster. `others` holds further problems.
    ArgumentError
        An option makes no sense.
    """
    [inputs] = from_keywords(options, InputOptions)
    return assemble(patterns, inputs, output=output)


def assemble(
    patterns: Patterns, options: InputOptions, *, output: str | os.PathLike[str] | None = None
) -> Series:
    """Return what `open_series` does, with its options in one object."""
    patterns = [patterns] if isinstance(patterns, (str, os.PathLike)) else list(patterns)
    matched = find_inputs(patterns)
    paths = without_output(matched, output, [os.fspath(pattern) for pattern in patterns])
    if output is not None:
        _protect_inputs(os.fspath(output), matched, paths, options)
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
    notes += noting.grouped(odd)
    notes += noting.differences(labels, bands_read)
    notes += noting.time_notes(times)
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
    series = Series(
        times=times_array,
        sources=sources,
        grid=grid,
        block=_common_block([header.block for header in headers.values()], grid),
        area_or_point=first.area_or_point,
        origin=origin,
        notes=tuple(notes),
    )
    if options.bounds is not None:
        return series.crop(grid.window_of(options.bounds))
    return series if options.window is None else series.crop(Window(*options.window))


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

    found = in_parallel(read, paths) if any(map(is_remote, paths)) else list(map(read, paths))
    refuse([its for its in found if isinstance(its, str)])
    return {path: its for path, its in zip(paths, found, strict=True) if not isinstance(its, str)}


def _refuse_results(headers: Mapping[str, Header]) -> None:
    """Refuse results among inputs: a trend is no year of the series that it was made from."""
    ours = [path for path, header in headers.items() if provenance.read(header.metadata)]
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
        theirs = provenance.read(open_raster(output).GetMetadata()) is None
        matched = len(found) > len(paths)
        if not matched and options.years is None and options.times is None:
            names.times_from_names([output], date_regex=options.date_regex)
    except InputError:
        return
    same_folder = os.path.dirname(os.path.realpath(output)) in {
        os.path.dirname(os.path.realpath(path)) for path in paths
    }
    alike = same_folder and Path(output).suffix == Path(paths[0]).suffix
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
