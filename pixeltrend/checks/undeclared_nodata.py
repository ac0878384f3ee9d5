"""Undeclared nodata: constants that look like it, in rasters that do not declare them missing."""

from __future__ import annotations

import itertools
from functools import partial
from typing import TYPE_CHECKING

from pixeltrend.checks.decoding import decode, in_windows
from pixeltrend.checks.missing_blocks import files_of
from pixeltrend.checks.tally import BORDER_SHARE, Tally
from pixeltrend.errors import ReadError
from pixeltrend.raster.remote import in_parallel
from pixeltrend.raster.windows import Window
from pixeltrend.series.notes import Note

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pixeltrend.checks.decoding import Tallies
    from pixeltrend.series.series import Series
    from pixeltrend.series.sources import Source

# Sides of the squares of a sample, and the largest block that is decoded for one.
_SIDE = 256
_LARGEST_BLOCK = 2**22
# Numbers of all bands in the largest block that a run looks at twice.
_MOST_NUMBERS = 2**25
_ROWS_OF_PIXELS = 2**20


def undeclared(series: Series, *, most: int) -> list[Note]:
    """Warn of constants that look like nodata, after a look at a sample of a few rasters.

    Parameters
    ----------
    series
        What is about to be read.
    most
        How many of the rasters that declare nothing missing are looked at; of those that declare a
        constant, one is.

    Raises
    ------
    ReadError
        A block cannot be decoded, and that ends the run (`Series.on_read_error`).
    """
    silent = [source for source in series.sources if is_silent(source)]
    untagged = [source for source in silent if not _is_tagged(source)]
    sources = _some(untagged, most)
    bands = len(series.tiles) // len(series.paths)
    if bands == 1 and not series.is_remote:  # nothing that is slow to read is read for this alone
        tagged = [source for source in silent if _is_tagged(source)]
        sources += tagged[len(tagged) // 2 :][:1]
    if series.block[0] * series.block[1] * bands > _MOST_NUMBERS:
        return []  # a run decodes such a block once, and this would be another time
    windows = sample_windows(series)
    files = files_of(tile for source in sources for tile in source.tiles)
    parts = [part for file in files for part in in_windows(file, windows, file.tiles)]
    look: Callable[..., Iterable[tuple[list[str], Tallies]]]
    look = in_parallel if series.is_remote else map
    tallies: Tallies = {}
    for problems, part_tallies in look(partial(decode, grid_window(series)), parts):
        if problems and series.on_read_error == "fail":
            raise ReadError(problems[0])
        tallies |= part_tallies
    return nodata_notes(sources, tallies)


def _some(sources: Sequence[Source], most: int) -> list[Source]:
    """Return up to so many sources, spread evenly."""
    if len(sources) <= most:
        return [*sources]
    return [sources[round(step * (len(sources) - 1) / (most - 1))] for step in range(most)]


def nodata_notes(sources: Sequence[Source], tallies: Tallies) -> list[Note]:
    """Return what the tallies of tiles, by path and band, say of rasters without a mask."""
    notes = []
    for is_tagged, reason in (
        (False, "no nodata is declared"),
        (True, "another nodata is declared"),
    ):
        suspects: dict[float, list[tuple[str, Tally]]] = {}
        for source in sources:
            if is_silent(source) and _is_tagged(source) == is_tagged:
                tally = Tally()
                for tile in source.tiles:
                    tally.merge(tallies.get((tile.path, tile.band), Tally()))
                for value in tally.suspects():
                    suspects.setdefault(value, []).append((source.path, tally))
        for value, rasters in sorted(suspects.items()):
            text = f"{reason}, but {_frequency(value, [tally for _, tally in rasters])}"
            notes.append(Note.of([path for path, _ in rasters], text))
    return notes


def is_silent(source: Source) -> bool:
    """Return whether nothing but a constant, if that, says what is missing."""
    return all(
        not tile.masked
        and tile.mask_band is None
        and tile.qa_band is None
        and tile.valid_range is None
        and tile.warp is None
        for tile in source.tiles
    )


def sample_windows(series: Series) -> list[Window]:
    """Return windows at both ends and in the middle of rows and columns, along the blocks.

    They are counted from the first pixel of the series' first raster. None where blocks are so
    large that a look would take long.
    """
    height, width = series.grid.height, series.grid.width
    block_height, block_width = series.block
    if block_height * block_width > _LARGEST_BLOCK:
        return []
    if block_width >= width:  # whole rows are decoded anyhow
        columns = [(0, width)]
        rows = max(block_height, min(_SIDE // 2, _ROWS_OF_PIXELS // width))
        rows = -(-rows // block_height) * block_height
    else:
        columns = _stretches(width, min(block_width, _SIDE), block_width)
        rows = min(block_height, _SIDE)
    return [
        Window(top, left, bottom - top, right - left).moved(*series.origin)
        for (top, bottom), (left, right) in itertools.product(
            _stretches(height, rows, block_height), columns
        )
    ]


def grid_window(series: Series) -> Window:
    """Return the window of the grid, counted from the first pixel of the series' first raster."""
    return Window(*series.origin, series.grid.height, series.grid.width)


def _stretches(length: int, side: int, block: int) -> list[tuple[int, int]]:
    """Return up to three stretches, at both ends and in the middle, that begin with a block."""
    last = (
        max(0, (length - side) // block * block) if side > block else (length - 1) // block * block
    )
    starts = sorted({0, last // block // 2 * block, max(last, length - side)})
    return [(start, min(start + side, length)) for start in starts]


def _frequency(value: float, tallies: Sequence[Tally]) -> str:
    count = sum(tally.counts[value] for tally in tallies)
    total = sum(tally.total for tally in tallies)
    share = max(tally.border_share(value) for tally in tallies)
    where = f", and at {share:.0%} of the border" if share >= BORDER_SHARE else ""
    return (
        f"{value:g} is at {count:,} of {total:,} pixels looked at{where}: if it means missing, "
        f"give --nodata {value:g}"
    )


def _is_tagged(source: Source) -> bool:
    return any(tile.nodata is not None for tile in source.tiles)
