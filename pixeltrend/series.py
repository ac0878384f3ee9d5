"""Patterns to Series: dated rasters on one grid, checked before any pixel is read."""

from __future__ import annotations

import dataclasses
import glob
import itertools
import logging
import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from osgeo import gdal

from pixeltrend import dates
from pixeltrend.errors import ArgumentError, InputError
from pixeltrend.grid import Grid
from pixeltrend.names import times_from_names
from pixeltrend.provenance import MARK
from pixeltrend.rasters import gdal_messages, open_raster

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from pixeltrend.windows import Window

log = logging.getLogger(__name__)

# What a folder is searched for.
SUFFIXES = (".tif", ".tiff", ".img", ".jp2", ".nc")
# What lies beside a raster and is part of it.
SIDECARS = (".aux.xml", ".ovr", ".msk", ".tfw", ".tifw", ".wld", ".prj")

# Integers of 16 bits and less are exact as Float32.
_AS_FLOAT32 = {"Byte", "Int8", "UInt16", "Int16", "Float16", "Float32"}
_AS_FLOAT64 = {"UInt32", "Int32", "UInt64", "Int64", "Float64"}


@dataclass(frozen=True, slots=True)
class Source:
    """One time's raster, and how to read it."""

    path: str
    """The file."""
    band: int
    """Band number, from 1."""
    dtype: str
    """GDAL's name of the type."""
    nodata: float | None
    """The value that stands for missing, in the file's own numbers; None if there is none."""
    scale: float
    """Values are numbers x scale + offset."""
    offset: float
    """Values are numbers x scale + offset."""
    masked: bool
    """Whether a mask or alpha band says what is missing."""
    unit: str
    """Unit of the values; empty if unknown."""


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
    """Row and column in the rasters where `grid` begins."""
    warnings: tuple[str, ...] = ()
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
        """The files, in order of time."""
        return [source.path for source in self.sources]

    @property
    def dtype(self) -> np.dtype[np.floating[Any]]:
        """The float type that holds every value of every raster exactly."""
        narrow = all(
            source.dtype in _AS_FLOAT32 and source.scale == 1 and source.offset == 0
            for source in self.sources
        )
        return np.dtype(np.float32 if narrow else np.float64)

    @property
    def unit(self) -> str:
        """The unit that all rasters share; empty if unknown."""
        units = {source.unit for source in self.sources}
        return units.pop() if len(units) == 1 else ""


def open_series(
    patterns: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    *,
    band: int | str | None = None,
    nodata: float | None = None,
    years: str | None = None,
    date_regex: str | None = None,
    output: str | os.PathLike[str] | None = None,
) -> Series:
    """Find, date, sort and check rasters, without reading a pixel.

    Parameters
    ----------
    patterns
        Globs (``**`` too), files or folders.
    band
        Number, from 1, or description of the band to read; the first one by default.
    nodata
        Value that stands for missing, in place of the one that the files declare.
    years
        ``FIRST:LAST`` or ``FIRST:LAST:STEP``: the years of the files in order of their names.
    date_regex
        Where the time is in a file name: see `names.times_from_names`.
    output
        A file that is about to be written, and so is none of the inputs.

    Raises
    ------
    InputError
        Nothing found, a name without a time, two files of one time, fewer than two times, files on
        different grids, a missing band, or what is no raster.
    ArgumentError
        A parameter makes no sense.
    """
    if years is not None and date_regex is not None:
        raise ArgumentError("years and date regex both say what the times are: give one of them")
    paths = find_inputs(patterns, output=output)
    if output is not None:
        _protect_inputs(os.fspath(output), paths, dated=years is None, date_regex=date_regex)
    warnings: list[str] = []
    if years is not None:
        by_number = sorted(paths, key=dates.name_order)
        if by_number != sorted(paths):
            warnings.append(f"names are sorted by their numbers: {_first_change(by_number)}")
        paths, times = by_number, dates.times_from_range(years, len(paths))
    else:
        times = times_from_names(paths, date_regex=date_regex)
    for time in dates.duplicates(times):
        same = [path for path, its in zip(paths, times, strict=True) if its == time]
        raise InputError(
            f"two files of one time, {dates.format_time(time)}: {same[0]} and {same[1]}"
        )
    if len(paths) < 2:  # noqa: PLR2004 - two points make a line
        raise InputError(f"a trend wants at least two times, but there is only {paths[0]}")
    dated = sorted(zip(times, paths, strict=True))
    opened = [_open_source(path, band, nodata) for _, path in dated]
    first, first_path = opened[0], dated[0][1]
    for (_, path), its in zip(dated, opened, strict=True):
        difference = its.grid.difference(first.grid)
        if difference:
            raise InputError(f"{path}: {difference[0]}, but {first_path} has {difference[1]}")
    if band is None and first.bands > 1:
        warnings.append(f"{first_path} has {first.bands} bands; the first one is used (see --band)")
    warnings += _group((its.source.path, said) for its in opened for said in its.warnings)
    times_array = np.array([time for time, _ in dated])
    times_array.flags.writeable = False
    return Series(
        times=times_array,
        sources=tuple(its.source for its in opened),
        grid=first.grid,
        block=_common_block([its.block for its in opened], first.grid),
        area_or_point=first.area_or_point,
        warnings=tuple(warnings),
    )


def find_inputs(
    patterns: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    *,
    output: str | os.PathLike[str] | None = None,
) -> list[str]:
    """Expand globs, folders and files into a sorted list of files, each once, without `output`.

    Raises
    ------
    InputError
        A pattern matches nothing, or nothing but the output.
    """
    if isinstance(patterns, (str, os.PathLike)):
        patterns = [patterns]
    found: dict[str, str] = {}
    searched = []
    for given in patterns:
        pattern = os.fspath(given)
        searched.append(pattern)
        matches = _expand(os.path.expanduser(pattern))
        if not matches:
            what = "matches no file" if glob.has_magic(pattern) else "no such file"
            if os.path.isdir(pattern):
                what = f"no raster in this folder ({', '.join(SUFFIXES)})"
            raise InputError(f"{pattern}: {what}")
        for path in matches:
            found.setdefault(_identity(path), path)
    if not searched:
        raise InputError("no inputs given")
    written = None if output is None else os.path.realpath(output)
    paths = [
        path
        for path in found.values()
        if not path.lower().endswith(SIDECARS) and os.path.realpath(path) != written
    ]
    if not paths:
        raise InputError(f"{' '.join(searched)}: matches no raster but the output")
    return sorted(paths)


def _identity(path: str) -> str:
    """Tell a file from others however it was named; a link to one is another, with its own name."""
    folder, name = os.path.split(path)
    return os.path.join(os.path.realpath(folder), name)


def _expand(pattern: str) -> list[str]:
    path = Path(pattern)
    if path.is_dir():
        return [
            os.path.join(pattern, name)
            for name in os.listdir(pattern)
            if name.lower().endswith(SUFFIXES) and not name.startswith(".")
        ]
    if path.is_file():
        return [pattern]
    return [match for match in glob.glob(pattern, recursive=True) if Path(match).is_file()]


def _protect_inputs(
    output: str, paths: Sequence[str], *, dated: bool, date_regex: str | None
) -> None:
    """Refuse an output that is a raster of the series itself, about to be lost.

    It stands where the inputs are, has a time in its name as they do, and is not ours.
    """
    if not os.path.exists(output) or output in paths:
        return
    if os.path.dirname(os.path.realpath(output)) not in {
        os.path.dirname(os.path.realpath(path)) for path in paths
    }:
        return
    try:
        if dated:
            times_from_names([output], date_regex=date_regex)
        theirs = open_raster(output).GetMetadataItem(MARK) is None
    except InputError:
        return
    if theirs and Path(output).suffix == Path(paths[0]).suffix:
        raise ArgumentError(
            f"{output}: would be replaced, but looks like one of the inputs, and pixeltrend did "
            "not write it; give another output"
        )


def _group(warnings: Iterable[tuple[str, str]]) -> list[str]:
    """Say what holds for many files once."""
    found: dict[str, list[str]] = {}
    for path, warning in warnings:
        found.setdefault(warning, []).append(path)
    return [
        f"{paths[0]}{f' and {len(paths) - 1} more' if len(paths) > 1 else ''}: {warning}"
        for warning, paths in found.items()
    ]


def _first_change(names: Sequence[str]) -> str:
    """Name two neighbours that plain sorting would have swapped."""
    before, after = next((a, b) for a, b in itertools.pairwise(names) if a > b)
    return f"{before} before {after}"


@dataclass(frozen=True, slots=True)
class _Opened:
    """What the checks want to know of one file."""

    source: Source
    grid: Grid
    block: tuple[int, int]
    bands: int
    area_or_point: str
    warnings: tuple[str, ...]


def _open_source(path: str, band: int | str | None, nodata: float | None) -> _Opened:
    dataset = open_raster(path)
    with gdal_messages():
        number = _band_number(dataset, path, band)
        raster = dataset.GetRasterBand(number)
        dtype = gdal.GetDataTypeName(raster.DataType)
        if raster.GetMetadataItem("PIXELTYPE", "IMAGE_STRUCTURE") == "SIGNEDBYTE":
            dtype = "Int8"  # what GDAL before 3.7 had instead of the type
        if dtype not in _AS_FLOAT32 | _AS_FLOAT64:
            raise InputError(f"{path}: band {number} is {dtype}, which has no trend")
        declared = raster.GetNoDataValue()
        warnings = []
        missing = declared if nodata is None else float(nodata)
        if missing is not None and not math.isfinite(missing):
            missing = None  # what is not finite is missing anyhow
        if missing is not None and not _can_hold(dtype, missing):
            origin = "declared" if nodata is None else "given"
            warnings.append(f"nodata {missing:g} is {origin}, which {dtype} cannot hold")
            missing = None
        if missing is not None and dtype == "Float32":
            limit = float(np.finfo(np.float32).max)  # some write the smallest double for Float32
            missing = float(np.float32(min(max(missing, -limit), limit)))
        scale, offset = raster.GetScale(), raster.GetOffset()
        block_width, block_height = raster.GetBlockSize()
        return _Opened(
            source=Source(
                path=os.path.abspath(path),  # a worker may stand in another folder
                band=number,
                dtype=dtype,
                nodata=missing,
                scale=1.0 if scale is None else scale,
                offset=0.0 if offset is None else offset,
                masked=bool(raster.GetMaskFlags() & gdal.GMF_PER_DATASET),
                unit=raster.GetUnitType() or "",
            ),
            grid=Grid.of(dataset),
            block=(block_height, block_width),
            bands=dataset.RasterCount,
            area_or_point=dataset.GetMetadataItem("AREA_OR_POINT") or "",
            warnings=tuple(warnings),
        )


def _band_number(dataset: Any, path: str, band: int | str | None) -> int:
    count: int = dataset.RasterCount
    if count == 0:
        raise InputError(f"{path}: has no bands")
    if band is None:
        return 1
    descriptions = [dataset.GetRasterBand(i).GetDescription() for i in range(1, count + 1)]
    if isinstance(band, str):
        places = [i for i, description in enumerate(descriptions, 1) if description == band]
        if len(places) == 1:
            return places[0]
        if places:
            raise InputError(f"{path}: bands {places} are all called {band!r}; give a number")
        if not band.isdecimal():
            names = ", ".join(repr(d) for d in descriptions if d) or "no names"
            raise InputError(f"{path}: no band called {band!r}; its {count} bands have {names}")
    number = int(band)
    if not 1 <= number <= count:
        raise InputError(f"{path}: no band {number}; it has {count}")
    return number


def _can_hold(dtype: str, value: float) -> bool:
    """Tell whether a pixel of this type can have this value."""
    if dtype.startswith("Float"):
        return True
    limits = np.iinfo("uint8" if dtype == "Byte" else dtype.lower())
    return value == int(value) and limits.min <= value <= limits.max


def _common_block(blocks: Sequence[tuple[int, int]], grid: Grid) -> tuple[int, int]:
    """Give the smallest height and width that hold whole blocks of every raster."""
    height = math.lcm(*{min(block[0], grid.height) for block in blocks})
    width = math.lcm(*{min(block[1], grid.width) for block in blocks})
    return min(height, grid.height), min(width, grid.width)
