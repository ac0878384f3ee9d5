"""Series: dated rasters on one grid, checked before any pixel is read."""

from __future__ import annotations

import dataclasses
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pixeltrend.errors import ArgumentError, ReadError
from pixeltrend.raster import remote
from pixeltrend.raster.fingerprint import fingerprint
from pixeltrend.raster.paths import container, is_remote

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pixeltrend.raster.fingerprint import Fingerprint
    from pixeltrend.raster.grid import Grid
    from pixeltrend.raster.windows import Window
    from pixeltrend.series.notes import Note
    from pixeltrend.series.sources import Source, Tile


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """Dated rasters on one grid, in order of time."""

    times: NDArray[np.float64]
    """Decimal years, (N,): strictly increasing, unless rasters of one time were asked for (as
    `duplicates`, or as scenes of a period)."""
    sources: tuple[Source, ...]
    """The raster of each time."""
    grid: Grid
    """The grid of all of them, or of the part of it that is read."""
    block: tuple[int, int]
    """Height and width that hold whole blocks of every raster."""
    block_bytes: int
    """Bytes of the largest block of a file that is decoded."""
    area_or_point: str
    """GDAL's AREA_OR_POINT of the first raster; empty if it has none."""
    origin: tuple[int, int] = (0, 0)
    """Row and column, counted from the first pixel of the first raster, where `grid` begins."""
    on_read_error: str = "fail"
    """Whether what cannot be read ends the run ("fail") or is missing ("missing")."""
    notes: tuple[Note, ...] = ()
    """What a user should know before trusting the result."""
    groups: tuple[str, ...] = ()
    """The group of each raster: its sensor, version and level, or what a table says."""

    def __repr__(self) -> str:
        first, last = (f"{time:.8g}" for time in (self.times[0], self.times[-1]))
        return (
            f"<Series of {len(self.times)} rasters from {first} to {last}, {self.grid.width} x "
            f"{self.grid.height} pixels, {len(self.notes)} warnings>"
        )

    def crop(self, window: Window) -> Series:
        """Return the series of a part of the grid.

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
                f"window of {window}: does not lie within the rasters, which have "
                f"{self.grid.height} rows and {self.grid.width} columns, counted from 0"
            )
        origin = self.origin[0] + window.row_off, self.origin[1] + window.col_off
        return dataclasses.replace(self, grid=self.grid.crop(window), origin=origin)

    def take(self, rows: NDArray[np.integer[Any] | np.bool_] | slice) -> Series:
        """Return the series of some of the rasters, by their numbers, a mask (N,) or a slice."""
        times = self.times[rows]
        times.flags.writeable = False
        numbers = np.arange(len(self.times))[rows].tolist()
        sources = tuple(self.sources[number] for number in numbers)
        groups = tuple(self.groups[number] for number in numbers) if self.groups else ()
        return dataclasses.replace(self, times=times, sources=sources, groups=groups)

    def check_unchanged(self) -> None:
        """Refuse a result from files that have changed since they were checked.

        Raises
        ------
        ReadError
            A file has changed, has been replaced, or is gone; not if files that cannot be read are
        missing values, and it is gone.
        """
        before = {tile.path: tile.fingerprint for tile in self.tiles}
        ask = remote.in_parallel if self.is_remote else map
        for path, now in zip(before, ask(_ask_again, before), strict=True):
            if now is None and self.on_read_error == "missing":
                continue
            if before[path] is not None and now != before[path]:
                what = "is gone" if now is None else "has been replaced or changed"
                raise ReadError(f"{path}: {what} since it was checked; run again")

    @property
    def tiles(self) -> list[Tile]:
        """All tiles, in order of time."""
        return [tile for source in self.sources for tile in source.tiles]

    @property
    def paths(self) -> list[str]:
        """The files, each once, in order of time."""
        return list(dict.fromkeys(tile.path for tile in self.tiles))

    @property
    def names(self) -> list[str]:
        """The rasters, each once, in order of time; shards under the name of the whole."""
        names = ((source.path, *source.others) for source in self.sources)
        return list(dict.fromkeys(itertools.chain.from_iterable(names)))

    @property
    def warnings(self) -> tuple[str, ...]:
        """The texts of the notes."""
        return tuple(note.text for note in self.notes)

    @property
    def is_remote(self) -> bool:
        """Whether files lie behind a network."""
        return any(map(is_remote, self.paths))

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


def _ask_again(path: str) -> Fingerprint | None:
    remote.forget(container(path))
    return fingerprint(path)
