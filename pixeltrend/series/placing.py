"""Placing: rasters on the one grid of their series, or a refusal that says how they differ."""

from __future__ import annotations

import dataclasses
import itertools
from typing import TYPE_CHECKING, NamedTuple

from pixeltrend.errors import ArgumentError, InputError
from pixeltrend.raster.grid import TOLERANCE, Grid
from pixeltrend.raster.windows import Window
from pixeltrend.series.notes import Note, refuse
from pixeltrend.series.sources import Source, Warp, moved

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pixeltrend.series.options import InputOptions


class Layer(NamedTuple):
    """One time's raster on its own grid."""

    source: Source
    """Its files, counted from the first pixel of `grid`."""
    grid: Grid
    """Its own grid."""
    in_shards: bool
    """Whether it is put together from shards: its border may be absent."""


def place_layers(
    layers: Sequence[Layer], inputs: InputOptions
) -> tuple[Grid, tuple[int, int], tuple[Source, ...]]:
    """Return all layers on one grid; those in shards must be `complete`.

    Returns
    -------
    grid
        That of the series.
    origin
        Row and column in the first layer's grid where `grid` begins.
    sources
        With their files counted from the first pixel of the first layer.

    Raises
    ------
    InputError
        A layer does not lie on the grid of the first one, or not on the same part of it.
    """
    extent = inputs.extent or ("union" if inputs.mosaic else None)
    first = layers[0]
    frame = first.grid
    whole = Window(0, 0, frame.height, frame.width)
    sources: list[Source] = []
    areas: list[Window] = []
    problems: list[str] = []
    for layer in layers:
        offset = (0, 0) if layer.grid is frame else whole_offset(layer.grid, frame)
        if offset is None and inputs.align:
            try:
                sources.append(_warped(layer, frame, inputs.align))
            except InputError as error:
                problems.append(str(error))
            continue
        area = Window(*(offset or (0, 0)), layer.grid.height, layer.grid.width)
        if offset is None or (area != whole and not (extent or inputs.align)):
            problems.append(_refusal(layer, first))
            continue
        sources.append(moved(layer.source, *offset) if any(offset) else layer.source)
        areas.append(area)
    refuse(problems)
    part = _extent(areas, extent)
    if not part.pixels:
        raise InputError(
            f"{first.source.path}: has no pixel in common with all other rasters; use --extent "
            "union or first"
        )
    return frame.crop(part), (part.row_off, part.col_off), tuple(sources)


def complete(layers: Sequence[Layer]) -> list[Layer]:
    """Return the layers, those in shards of one grid equally far: absent borders are missing."""
    split = next((layer for layer in layers if layer.in_shards), None)
    if split is None:
        return list(layers)
    same = [whole_offset(layer.grid, split.grid) == (0, 0) for layer in layers]
    grids = [layer.grid for layer, is_same in zip(layers, same, strict=True) if is_same]
    height, width = max(grid.height for grid in grids), max(grid.width for grid in grids)
    return [
        layer._replace(grid=dataclasses.replace(layer.grid, height=height, width=width))
        if layer.in_shards and is_same
        else layer
        for layer, is_same in zip(layers, same, strict=True)
    ]


def absent_shards(layers: Sequence[Layer]) -> list[Note]:
    """Return where shards are absent: what no shard of a complete layer covers."""
    return [
        Note(
            f"{layer.source.path}: no shard covers {gap}; these pixels are missing",
            (layer.source.path,),
        )
        for layer in layers
        if layer.in_shards
        for gap in gaps(
            [tile.area for tile in layer.source.tiles],
            Window(0, 0, layer.grid.height, layer.grid.width),
        )
    ]


def gaps(areas: Sequence[Window], whole: Window) -> list[Window]:
    """Return rectangles that make up what no area covers of the whole."""
    if whole in areas:
        return []
    areas = [part for area in areas if (part := area.overlap(whole)).pixels]
    edges = [whole, *areas]
    rows = {*(a.row_off for a in edges), *(a.row_off + a.height for a in edges)}
    columns = {*(a.col_off for a in edges), *(a.col_off + a.width for a in edges)}
    cells = [
        Window(top, left, bottom - top, right - left)
        for top, bottom in itertools.pairwise(sorted(rows))
        for left, right in itertools.pairwise(sorted(columns))
    ]
    return [cell for cell in cells if not any(area.overlap(cell).pixels for area in areas)]


def whole_offset(grid: Grid, frame: Grid) -> tuple[int, int] | None:
    """Return by how many whole rows and columns `grid` is off; None if it is another grid."""
    if grid == frame or grid.difference(frame) is None:
        return 0, 0
    offset = grid.offset_from(frame)
    if offset is None:
        return None
    rows, columns = round(offset[0]), round(offset[1])
    if max(abs(offset[0] - rows), abs(offset[1] - columns)) > TOLERANCE:
        return None
    return rows, columns


def _extent(areas: Sequence[Window], extent: str | None) -> Window:
    first, *others = areas
    if extent == "intersection":
        for area in others:
            first = first.overlap(area)
    elif extent == "union":
        top, left = min(a.row_off for a in areas), min(a.col_off for a in areas)
        bottom = max(a.row_off + a.height for a in areas)
        right = max(a.col_off + a.width for a in areas)
        return Window(top, left, bottom - top, right - left)
    return first


def _warped(layer: Layer, frame: Grid, resampling: str) -> Source:
    """Return a source that is warped onto another grid when it is read."""
    path = layer.source.path
    geotransform = frame.geotransform
    if layer.grid.geotransform is None or geotransform is None:
        raise InputError(f"{path}: cannot be aligned: it or the first raster has no georeference")
    if bool(layer.grid.crs) != bool(frame.crs):
        raise InputError(f"{path}: cannot be aligned: either it or the first raster has no CRS")
    if geotransform[2] or geotransform[4] or geotransform[1] < 0 or geotransform[5] > 0:
        raise ArgumentError("align: the first raster must be north up")
    if layer.in_shards:
        raise InputError(
            f"{path}: is in shards, which cannot be aligned one by one; merge them first, with "
            "gdal_merge.py, or with gdalbuildvrt and --allow-vrt"
        )
    [tile] = layer.source.tiles
    if tile.dtype == "Int8" and resampling != "nearest":
        raise InputError(f"{path}: signed bytes can only be aligned with nearest")
    whole = Window(0, 0, frame.height, frame.width)
    warped = tile._replace(area=whole, warp=Warp(frame, resampling))
    return layer.source._replace(tiles=(warped,))


def _refusal(layer: Layer, first: Layer) -> str:
    """Return how a layer's grid differs from the first one's, and which option would take it."""
    difference = layer.grid.difference(first.grid)
    ours, theirs = difference or ("another grid", "one of its own")
    offset = layer.grid.offset_from(first.grid)
    height, width = first.grid.height, first.grid.width
    cause = dataclasses.replace(layer.grid, height=height, width=width).difference(first.grid)
    if offset is None and cause and cause != difference:  # the size is the least of it
        ours, theirs = f"{ours}, {cause[0]}", f"{theirs}, {cause[1]}"
    if offset is None:
        hint = "--align nearest or bilinear warps it onto the first raster's grid"
    elif whole_offset(layer.grid, first.grid) is None:
        hint = f"it is shifted by {_pixels(*offset)}: --align nearest or bilinear warps it"
    else:
        moved_by = "" if offset == (0, 0) else f", {_pixels(*offset)} off"
        hint = f"both lie on one pixel grid{moved_by}: --extent intersection, union or first"
    return f"{layer.source.path}: {ours}, but {first.source.path} has {theirs}; {hint}"


def _pixels(rows: float, columns: float) -> str:
    return f"{round(rows, 4) + 0.0:g} rows and {round(columns, 4) + 0.0:g} columns"
