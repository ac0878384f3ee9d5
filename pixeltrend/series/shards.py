"""Shards: the files into which Earth Engine splits one large export, put together again."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, NamedTuple

from pixeltrend.errors import InputError
from pixeltrend.raster.grid import Grid
from pixeltrend.raster.windows import Window

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pixeltrend.raster.header import Header

# <name>-<first row>-<first column>.tif, ten digits each.
_SHARD = r"(?P<name>.+)-(?P<row>\d{10})-(?P<column>\d{10})(?P<suffix>(?:\.\w+)?)"


class Export(NamedTuple):
    """One raster as somebody exported it: a file, or its shards."""

    name: str
    """The path; that of the shards without their offsets."""
    files: tuple[str, ...]
    """The files."""
    offsets: tuple[tuple[int, int], ...]
    """First row and column of each file in the whole; empty if the export is one file."""


def group_shards(paths: Sequence[str]) -> list[Export]:
    """Return the exports that files belong to, in order of their names.

    Parameters
    ----------
    paths
        Files, each once.

    References
    ----------
    Earth Engine's guide, "Exporting large images": <prefix>-<y offset>-<x offset>.
    """
    whole = []
    shards: dict[str, list[tuple[int, int, str]]] = {}
    for path in paths:
        match = re.fullmatch(_SHARD, path)
        if match is None:
            whole.append(Export(path, (path,), ()))
        else:
            name = match["name"] + match["suffix"]
            shards.setdefault(name, []).append((int(match["row"]), int(match["column"]), path))
    split = [
        Export(
            name,
            tuple(path for _, _, path in sorted(parts)),
            tuple((row, column) for row, column, _ in sorted(parts)),
        )
        for name, parts in shards.items()
    ]
    return sorted([*whole, *split], key=lambda export: export.name)


def place_shards(
    export: Export, headers: Mapping[str, Header]
) -> tuple[Grid, tuple[tuple[Header, Window], ...]]:
    """Return the grid of an export, and where its files lie on it.

    Where shards are absent at the lower or right border, the grid ends before them.

    Raises
    ------
    InputError
        Shards overlap, leave gaps that are no whole shards, or lie elsewhere than their names say.
    """
    if not export.offsets:
        header = headers[export.files[0]]
        return header.grid, ((header, Window(0, 0, header.grid.height, header.grid.width)),)
    placed = tuple(
        (headers[path], Window(row, column, headers[path].grid.height, headers[path].grid.width))
        for path, (row, column) in zip(export.files, export.offsets, strict=True)
    )
    first, corner = placed[0]
    # From the first shard back to the first pixel of the whole.
    origin = first.grid.crop(Window(-corner.row_off, -corner.col_off, corner.height, corner.width))
    described = [band.description for band in first.bands]
    for header, area in placed:
        also = [band.description for band in header.bands]
        if also != described and sorted(also) == sorted(described):
            raise InputError(
                f"{header.path}: its bands are in a different order from those of {first.path}"
            )
        if len(header.bands) != len(first.bands):
            raise InputError(
                f"{header.path}: {len(header.bands)} bands, but {first.path} has {len(first.bands)}"
            )
        expected = origin.crop(area)
        if difference := header.grid.difference(expected):
            raise InputError(
                f"{header.path}: {difference[0]}, but going by its name and {first.path} it should "
                f"have {difference[1]}"
            )
    for axis, spans in (
        ("row", [(header.path, area.row_off, area.height) for header, area in placed]),
        ("column", [(header.path, area.col_off, area.width) for header, area in placed]),
    ):
        _check_tiling(export.name, axis, spans)
    height = max(area.row_off + area.height for _, area in placed)
    width = max(area.col_off + area.width for _, area in placed)
    return Grid(width, height, origin.geotransform, origin.crs), placed


def _check_tiling(name: str, axis: str, spans: Sequence[tuple[str, int, int]]) -> None:
    """Refuse shards (path, start, length) that overlap or leave gaps along one axis.

    Earth Engine's are of one length, but for the last, and begin at multiples of it: where they do
    not touch, what lies between them is whole shards that are absent, or else a gap.
    """
    lengths: dict[int, int] = {}
    for path, start, length in spans:
        if lengths.setdefault(start, length) != length:
            raise InputError(
                f"{path}: has {length} {axis}s, but another shard that begins at {axis} {start} "
                f"has {lengths[start]}"
            )
    size = max(lengths.values())
    for before, start in itertools.pairwise(sorted(lengths)):
        end = before + lengths[before]
        if end > start:
            raise InputError(
                f"{name}: its shards overlap: one covers {axis}s {before} to {end - 1}, another "
                f"begins at {axis} {start}"
            )
        if end < start and (before % size or start % size or lengths[before] != size):
            raise InputError(
                f"{name}: its shards leave a gap: one covers {axis}s {before} to {end - 1}, the "
                f"next begins at {axis} {start}, and the largest shard has {size} {axis}s"
            )
