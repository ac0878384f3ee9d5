"""Stamps: whether a file is still the one that was checked."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pixeltrend.errors import ReadError
from pixeltrend.raster import remote as far
from pixeltrend.series.patterns import container, is_virtual

if TYPE_CHECKING:
    from pixeltrend.series.series import Series

Stamp = tuple[int, int]


def stamp(path: str) -> Stamp | None:
    """Give the size and the time of the last change of a file; None if they cannot be told."""
    path = container(path)
    if is_virtual(path):
        return far.stamp(path)
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns


def check_unchanged(series: Series) -> None:
    """Refuse a result from files that others have taken the place of since they were checked.

    Raises
    ------
    ReadError
        A file has changed, or is gone.
    """
    before = {tile.path: tile.stamp for its in series.sources for tile in its.tiles}
    asked = far.side_by_side if series.is_far else map
    for path, now in zip(before, asked(_ask_anew, before), strict=True):
        if before[path] is not None and now != before[path]:
            what = "is gone" if now is None else "has been replaced or changed"
            raise ReadError(f"{path}: {what} since it was checked; run again")


def _ask_anew(path: str) -> Stamp | None:
    far.forget(container(path))
    return stamp(path)
