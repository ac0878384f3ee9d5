"""Mosaic: tiles of one time, put together on the one pixel grid that they lie on."""

from __future__ import annotations

import dataclasses
import itertools
from typing import TYPE_CHECKING

from pixeltrend.errors import InputError
from pixeltrend.raster.windows import Window
from pixeltrend.series.notes import Note, refuse
from pixeltrend.series.placing import Layer, gaps, whole_offset
from pixeltrend.series.sources import moved
from pixeltrend.times.dates import format_dates

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pixeltrend.raster.grid import Grid
    from pixeltrend.series.sources import Source, Tile


def are_tiles(one: Grid, other: Grid) -> bool:
    """Return whether two grids are parts of one pixel grid, and not the same part."""
    offset = whole_offset(one, other)
    size, other_size = (one.height, one.width), (other.height, other.width)
    return offset is not None and (offset != (0, 0) or size != other_size)


def join_tiles(
    times: Sequence[float], layers: Sequence[Layer], groups: Sequence[str]
) -> tuple[list[float], list[Layer], tuple[str, ...]]:
    """Return the times, each once, with one layer each, and what groups its tiles are of.

    Where tiles overlap, a pixel has the value of the first one in which it is valid.

    Parameters
    ----------
    times
        Decimal years, in order.
    layers
        A tile for each, or a whole raster; those of one time in the order of their names.
    groups
        The group of each.

    Raises
    ------
    InputError
        Two of one time are on different pixel grids, or cover the same pixels; or all have one
        time.
    """
    dates = format_dates(times)
    if len(set(times)) < 2:  # noqa: PLR2004 - two points make a line
        raise InputError(
            f"a trend needs two times or more, but all {len(times)} rasters, from "
            f"{layers[0].source.path} on, are tiles of {dates[0]}"
        )
    joined: dict[float, Layer] = {}
    of_time: dict[float, dict[str, None]] = {}
    problems: list[str] = []
    for time, same in itertools.groupby(range(len(times)), key=times.__getitem__):
        numbers = list(same)
        of_time[time] = dict.fromkeys(groups[number] for number in numbers if groups[number])
        try:
            joined[time] = _join([layers[number] for number in numbers], dates[numbers[0]])
        except InputError as error:
            problems.append(str(error))
    refuse(problems)
    return list(joined), [*joined.values()], tuple(" + ".join(names) for names in of_time.values())


def _join(layers: Sequence[Layer], date: str) -> Layer:
    """Return one layer made of the tiles of one time."""
    first, *others = layers
    frame = first.grid
    areas = {Window(0, 0, frame.height, frame.width): first.source.path}
    sources = [first.source]
    for layer in others:
        path, grid = layer.source.path, layer.grid
        offset = whole_offset(grid, frame)
        if offset is None:
            resized = dataclasses.replace(grid, height=frame.height, width=frame.width)
            ours, theirs = resized.difference(frame) or ("another grid", "one of its own")
            raise InputError(
                f"{path}: {ours}, but {first.source.path} has {theirs}; tiles must lie on one "
                "pixel grid: warp them onto one first, with gdalwarp -t_srs, -tr and -tap"
            )
        area = Window(*offset, grid.height, grid.width)
        if area in areas:
            raise InputError(
                f"{areas[area]} and {path} have the same time, {date}, and cover the same pixels, "
                "so they are not two tiles of it: keep one of them, or combine them (--duplicates "
                "mean, first, last or best, or --composite)"
            )
        areas[area] = path
        sources.append(moved(layer.source, *offset))
    top, left = min(a.row_off for a in areas), min(a.col_off for a in areas)
    height = max(a.row_off + a.height for a in areas) - top
    width = max(a.col_off + a.width for a in areas) - left
    tiles = _in_depth([tile for source in sources for tile in source.tiles])
    whole = first.source._replace(tiles=tiles, others=tuple(s.path for s in sources[1:]))
    grid = frame.crop(Window(top, left, height, width))
    return Layer(moved(whole, -top, -left), grid, in_shards=False)


def _in_depth(tiles: Sequence[Tile]) -> tuple[Tile, ...]:
    """Return the tiles, each deeper than all those before it that it overlaps."""
    placed: list[Tile] = []
    for tile in tiles:
        above = [other.depth for other in placed if other.area.overlap(tile.area).pixels]
        placed.append(tile._replace(depth=max(above) + 1) if above else tile)
    return tuple(placed)


def absent_tiles(times: Sequence[float], sources: Sequence[Source]) -> list[Note]:
    """Return which tiles of some times lie where others have none.

    Parameters
    ----------
    times
        Decimal years, in order; rasters of one time are its tiles.
    sources
        The raster of each time, all on one grid.
    """
    by_time: dict[float, list[Source]] = {}
    for time, source in zip(times, sources, strict=True):
        by_time.setdefault(time, []).append(source)
    covered = {
        time: [tile.area for source in same for tile in source.tiles]
        for time, same in by_time.items()
    }
    files = {tile.area: tile.path for source in sources for tile in source.tiles}
    notes = []
    for area, path in files.items():
        missing = [same[0].path for time, same in by_time.items() if gaps(covered[time], area)]
        if missing:
            text = f"no tile covers all of {area}, as {path} does; these pixels are missing"
            notes.append(Note.of(missing, text))
    return notes
