"""Placing: exports onto the one grid of their series, or a refusal that says how they differ."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pixeltrend.errors import ArgumentError, InputError
from pixeltrend.raster.grid import TOLERANCE, Grid
from pixeltrend.raster.windows import Window
from pixeltrend.series.sources import Source, Warp, moved

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pixeltrend.series.options import InputOptions


@dataclass(frozen=True, slots=True)
class Layer:
    """One time's raster on its own grid."""

    source: Source
    """Its files, counted from the first pixel of `grid`."""
    grid: Grid
    """Its own grid."""
    in_shards: bool
    """Whether it is put together from shards: its border may be absent."""


def place_layers(
    layers: Sequence[Layer], options: InputOptions
) -> tuple[Grid, tuple[int, int], tuple[Source, ...], list[str]]:
    """Put all layers onto one grid; those in shards must be `complete`.

    Returns
    -------
    grid
        That of the series.
    origin
        Row and column in the first layer's grid where `grid` begins.
    sources
        With their files counted from the first pixel of the first layer.
    problems
        What is refused, one line each; then the rest means nothing.
    """
    first = layers[0]
    frame = first.grid
    whole = Window(0, 0, frame.height, frame.width)
    sources: list[Source] = []
    areas: list[Window] = []
    problems: list[str] = []
    for layer in layers:
        offset = (0, 0) if layer.grid is frame else _whole_offset(layer.grid, frame)
        if offset is None and options.align:
            try:
                sources.append(_warped(layer, frame, options.align))
            except InputError as error:
                problems.append(str(error))
            continue
        if offset is None:
            problems.append(_refusal(layer, first))
            continue
        area = Window(*offset, layer.grid.height, layer.grid.width)
        if area != whole and not (options.extent or options.align):
            problems.append(_refusal(layer, first))
            continue
        sources.append(moved(layer.source, *offset) if any(offset) else layer.source)
        areas.append(area)
    if problems:
        return frame, (0, 0), (), problems
    extent = _extent(areas, options.extent)
    if not extent.pixels:
        problems.append(
            f"{first.source.path}: has no pixel in common with all others; --extent union or first "
            "takes them all the same"
        )
        return frame, (0, 0), (), problems
    return frame.crop(extent), (extent.row_off, extent.col_off), tuple(sources), []


def complete(layers: Sequence[Layer]) -> list[Layer]:
    """Let all shards of one origin reach equally far: a border of absent shards is missing data."""
    split = next((layer for layer in layers if layer.in_shards), None)
    if split is None:
        return list(layers)
    alike = [layer for layer in layers if _whole_offset(layer.grid, split.grid) == (0, 0)]
    height = max([split.grid.height, *(layer.grid.height for layer in alike)])
    width = max([split.grid.width, *(layer.grid.width for layer in alike)])
    return [
        dataclasses.replace(layer, grid=dataclasses.replace(layer.grid, height=height, width=width))
        if layer.in_shards and any(layer is its for its in alike)
        else layer
        for layer in layers
    ]


def _whole_offset(grid: Grid, frame: Grid) -> tuple[int, int] | None:
    """Give the whole rows and columns that `grid` lies off `frame`; None if it is another grid."""
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
    """Let a source be warped onto another grid when it is read."""
    path = layer.source.path
    geotransform = frame.geotransform
    if layer.grid.geotransform is None or geotransform is None:
        raise InputError(f"{path}: cannot be aligned: rasters without a georeference lie nowhere")
    if bool(layer.grid.crs) != bool(frame.crs):
        raise InputError(f"{path}: cannot be aligned: one of the rasters has no CRS")
    if geotransform[2] or geotransform[4] or geotransform[1] < 0 or geotransform[5] > 0:
        raise ArgumentError("align needs a first raster with north up")
    if layer.in_shards:
        raise InputError(
            f"{path}: is in shards, which cannot be aligned one by one; put them together first, "
            "with gdal_merge.py, or with gdalbuildvrt and --allow-vrt"
        )
    [tile] = layer.source.tiles
    if tile.dtype == "Int8" and resampling != "nearest":
        raise InputError(f"{path}: signed bytes can be aligned with nearest only")
    whole = Window(0, 0, frame.height, frame.width)
    warped = dataclasses.replace(tile, area=whole, warp=Warp(frame, resampling))
    return dataclasses.replace(layer.source, tiles=(warped,))


def _refusal(layer: Layer, first: Layer) -> str:
    """Say how a layer's grid differs from the first one's, and which option would take it."""
    difference = layer.grid.difference(first.grid)
    ours, theirs = difference or ("another grid", "its own")
    offset = layer.grid.offset_from(first.grid)
    height, width = first.grid.height, first.grid.width
    cause = dataclasses.replace(layer.grid, height=height, width=width).difference(first.grid)
    if offset is None and cause and cause != difference:  # the size is the least of it
        ours, theirs = f"{ours}, {cause[0]}", f"{theirs}, {cause[1]}"
    if offset is None:
        hint = "--align nearest or bilinear warps it onto the first raster's grid"
    elif _whole_offset(layer.grid, first.grid) is None:
        hint = f"it is shifted by {_pixels(*offset)}: --align nearest or bilinear warps it"
    else:
        moved_by = "" if offset == (0, 0) else f", {_pixels(*offset)} off"
        hint = f"both lie on one pixel grid{moved_by}: --extent intersection, union or first"
    return f"{layer.source.path}: {ours}, but {first.source.path} has {theirs}; {hint}"


def _pixels(rows: float, columns: float) -> str:
    return f"{round(rows, 4) + 0.0:g} rows and {round(columns, 4) + 0.0:g} columns"
