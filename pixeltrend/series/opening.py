"""Patterns to a Series: find, date, place and check rasters; no pixel is read."""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING, Any

import numpy as np

from pixeltrend.errors import ArgumentError, InputError
from pixeltrend.options import from_keywords, takes
from pixeltrend.raster import provenance
from pixeltrend.raster.datasets import get_metadata, open_raster
from pixeltrend.raster.header import find_band, read_header
from pixeltrend.raster.paths import absolute, is_remote, is_virtual
from pixeltrend.raster.remote import in_parallel
from pixeltrend.raster.windows import Window
from pixeltrend.series.dating import date_rasters
from pixeltrend.series.homogeneity import find_groups
from pixeltrend.series.mosaic import absent_tiles, join_tiles
from pixeltrend.series.notes import CLASSES, Note, differences, grouped, refuse, time_notes
from pixeltrend.series.options import InputOptions
from pixeltrend.series.own_times import has_axis
from pixeltrend.series.patterns import find_inputs
from pixeltrend.series.placing import Layer, absent_shards, complete, place_layers
from pixeltrend.series.series import Series
from pixeltrend.series.settling import settle
from pixeltrend.series.shards import group_shards, place_shards
from pixeltrend.series.sources import Source, make_tile
from pixeltrend.times.names import times_from_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pixeltrend.raster.grid import Grid
    from pixeltrend.raster.header import BandHeader, Header
    from pixeltrend.series.dating import Raster

    Patterns = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]

_NO_CRS = (
    "no raster has a CRS: nothing says where they lie, so a table has no areas, and a map no scale "
    "bar; gdal_translate -a_srs writes copies that have one"
)
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
    patterns: Patterns,
    inputs: InputOptions,
    *,
    output: str | os.PathLike[str] | None = None,
    scenes: bool = False,
) -> Series:
    """Return the series of `open_series`, whose options are one object here.

    Of `scenes`, of which periods are made before anything else, times may be repeated, and nobody
    needs to know how they are spaced.
    """
    paths = _find(patterns, inputs, output)
    if inputs.settle:
        settle(paths, inputs.settle)
    if inputs.variable is not None:
        paths = _name_variable(paths, inputs.variable)
    headers = _read_headers(paths, inputs)
    times, rasters, notes = date_rasters(group_shards(paths), headers, inputs, repeated=scenes)
    groups, changes = find_groups(rasters, times, inputs)
    layers, more_notes = _make_layers(rasters, headers, inputs)
    if inputs.mosaic and not scenes and inputs.duplicates is None:
        times, layers, groups = join_tiles(times, layers, groups)
    grid, origin, sources = place_layers(layers, inputs)
    series = Series(
        times=_frozen(times),
        sources=sources,
        grid=grid,
        block=_common_block([header.block for header in headers.values()], grid),
        block_bytes=max(header.block_bytes for header in headers.values()),
        area_or_point=rasters[0].header.area_or_point,
        origin=origin,
        on_read_error=inputs.on_read_error,
        notes=(
            *notes,
            *more_notes,
            *([] if scenes else time_notes(sorted(set(times)))),
            *changes,
            *([] if grid.crs else [Note(_NO_CRS)]),
            *([] if inputs.mosaic else absent_shards(layers)),
            *(absent_tiles(times, sources) if inputs.mosaic and not scenes else []),
        ),
        groups=groups,
    )
    if inputs.bounds is not None:
        return series.crop(grid.window_of(inputs.bounds))
    return series if inputs.window is None else series.crop(Window(*inputs.window))


def _find(
    patterns: Patterns, inputs: InputOptions, output: str | os.PathLike[str] | None
) -> list[str]:
    """Return the files that patterns match, but for the one that is about to be written."""
    several = [patterns] if isinstance(patterns, (str, os.PathLike)) else patterns
    names = [os.fspath(pattern) for pattern in several]
    matched = find_inputs(names)
    if output is None:
        return matched
    target = os.path.realpath(output)
    paths = [path for path in matched if is_virtual(path) or os.path.realpath(path) != target]
    if not paths:
        raise InputError(f"{' '.join(names)}: matches nothing but the output")
    is_matched = len(paths) < len(matched)
    if _looks_like_an_input(os.fspath(output), paths, inputs, is_matched=is_matched):
        raise ArgumentError(
            f"{output}: would be replaced, but looks like one of the inputs, and pixeltrend did "
            "not write it; give another output"
        )
    return paths


def _name_variable(paths: Sequence[str], name: str) -> list[str]:
    """Return the paths by which GDAL opens a variable of each file."""
    from pixeltrend.raster.variables import variable_path  # most series have bands

    def find(path: str) -> tuple[str, str]:
        try:
            return variable_path(path, name), ""
        except InputError as error:
            return path, str(error)

    answers = in_parallel(find, paths) if any(map(is_remote, paths)) else list(map(find, paths))
    refuse([problem for _, problem in answers if problem])
    return [path for path, _ in answers]


def _looks_like_an_input(
    output: str, paths: Sequence[str], inputs: InputOptions, *, is_matched: bool
) -> bool:
    """Return whether the output is a raster of the series itself, about to be lost.

    It exists and is not ours, and the pattern matches it; or it is where the inputs are, and has a
    time in its name as they do.
    """
    if not os.path.exists(output) or output in paths:
        return False
    try:
        if provenance.read(get_metadata(open_raster(output))) is not None:
            return False
        if is_matched:
            return True
        if inputs.years is None and inputs.times is None:
            times_from_names([output], date_regex=inputs.date_regex)
    except InputError:
        return False
    folders = {os.path.dirname(os.path.realpath(path)) for path in paths}
    suffix, of_inputs = (os.path.splitext(path)[1] for path in (output, paths[0]))
    return suffix == of_inputs and os.path.dirname(os.path.realpath(output)) in folders


def _read_headers(paths: Sequence[str], inputs: InputOptions) -> dict[str, Header]:
    """Return the headers of all files; read at the same time where each request takes its time.

    Raises
    ------
    InputError
        Some are not rasters, or are results among other inputs.
    """

    def read(path: str) -> Header | str:
        try:
            return read_header(path, allow_vrt=inputs.allow_vrt)
        except InputError as error:
            return str(error)

    answers = in_parallel(read, paths) if any(map(is_remote, paths)) else list(map(read, paths))
    refuse([answer for answer in answers if isinstance(answer, str)])
    headers = {header.path: header for header in answers if not isinstance(header, str)}
    results = [path for path in headers if provenance.read(headers[path].metadata)]
    if len(results) < len(headers):  # a trend is not a year of the series that it was made from
        refuse(
            [
                f"{path}: was written by pixeltrend, and other inputs were not: leave it out of "
                "the pattern"
                for path in results
            ]
        )
    return headers


def _make_layers(
    rasters: Sequence[Raster], headers: Mapping[str, Header], inputs: InputOptions
) -> tuple[list[Layer], list[Note]]:
    """Return how each raster is read, on its own grid; and what is odd about its files."""
    placed = {}
    layers: list[Layer] = []
    bands: list[tuple[str, BandHeader]] = []
    remarks: list[tuple[str, str]] = []
    problems = []
    for raster in rasters:
        export = raster.export
        try:
            if export.name not in placed:
                placed[export.name] = place_shards(export, headers)
            grid, areas = placed[export.name]
            tiles = []
            for header, area in areas:
                number = find_band(header, inputs.band if raster.band is None else raster.band)
                tile, texts = make_tile(header, number, area, inputs)
                tiles.append(tile)
                bands.append((raster.label_of(header.path), header.bands[number - 1]))
                remarks += [(header.path, text) for text in texts]
                if header.bands[number - 1].has_classes:
                    text = f"has category names or a colour table, as land cover has: {CLASSES}"
                    remarks.append((header.path, text))
        except InputError as error:
            problems.append(str(error))
            continue
        unit = raster.header.bands[tiles[0].band - 1].unit
        source = Source(absolute(export.name), tuple(tiles), unit)
        layers.append(Layer(source, grid, bool(export.offsets)))
    refuse(problems)
    notes = []
    first = rasters[0].header
    if inputs.band is None and rasters[0].band is None and len(first.bands) > 1:
        hint = "--variable, for all times" if has_axis(first) else "--band"
        text = f"{first.path} has {len(first.bands)} bands; the first one is used (see {hint})"
        notes.append(Note(text))
    return complete(layers), [*notes, *grouped(remarks), *differences(bands)]


def _frozen(times: Sequence[float]) -> np.ndarray:
    array = np.array(times)
    array.flags.writeable = False
    return array


def _common_block(blocks: Sequence[tuple[int, int]], grid: Grid) -> tuple[int, int]:
    """Return the smallest height and width that hold whole blocks of every raster.

    Where they have little in common, the largest block's: some are then decoded twice.
    """
    sizes = []
    for axis, length in enumerate((grid.height, grid.width)):
        lengths = {min(block[axis], length) for block in blocks}
        common, largest = math.lcm(*lengths), max(lengths)
        sizes.append(min(common if common <= _MOST_BLOCKS * largest else largest, length))
    return sizes[0], sizes[1]
