"""What viewers read of a new raster besides its numbers: statistics of the bands, and a style."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pixeltrend.raster.paths import UNITS
from pixeltrend.raster.pieces import sums_of
from pixeltrend.raster.sample import placed, sample_steps
from pixeltrend.raster.statistics import BandStatistics
from pixeltrend.raster.style_files import sealed, style_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from pixeltrend.raster.grid import Grid
    from pixeltrend.raster.pieces import Piece
    from pixeltrend.raster.windows import Window

    # Makes a style of a sample of a band, and of its smallest and largest value.
    Style = Callable[[NDArray[Any], tuple[float, float]], str]


class Band(NamedTuple):
    """One band of a new raster."""

    name: str
    """Short name."""
    description: str
    """One sentence."""
    unit: str
    """Unit of its values; empty if unknown."""
    classes: tuple[tuple[str, tuple[int, int, int, int]], ...] = ()
    """Names and colours by code from 0, where its values are codes."""

    @property
    def is_of_bytes(self) -> bool:
        """Whether its values are codes of which 0, which cannot be seen, is missing."""
        return bool(self.classes) and self.classes[0][1][3] == 0


class ForViewers:
    """Collects, while windows are written, what viewers want to know of all of them.

    Rows of tiles are the same for all windows, and so are sums over them, to the last bit.

    Parameters
    ----------
    bands
        Those of the raster.
    grid
        Its size.
    style
        Makes a style of the first band; None for none.
    """

    def __init__(self, bands: Sequence[Band], grid: Grid, style: Style | None) -> None:
        self._bands, self._grid, self._style = bands, grid, style
        self._steps = down, across = sample_steps(grid.height, grid.width)
        self._sample: NDArray[Any] | None = None
        self._sample_shape = grid.height // down, grid.width // across
        self._statistics = [BandStatistics() for _ in bands]

    def add(self, piece: Piece) -> None:
        """Take up a piece: those of its numbers that are in the sample of the first band."""
        if self._style is None:
            return
        if self._sample is None:
            self._sample = np.empty(self._sample_shape, piece.block.dtype)
        inner, outer = zip(
            *(
                placed(length, step, span.start, span.stop)
                for length, step, span in zip(
                    (self._grid.height, self._grid.width),
                    self._steps,
                    piece.window.slices,
                    strict=True,
                )
            ),
            strict=True,
        )
        self._sample[outer] = piece.block[0, *inner]

    def add_rows(self, rows: Window, pieces: Sequence[Piece]) -> None:
        """Take up a row of tiles, which pieces cover: the sums over it."""
        counted = [number for number, band in enumerate(self._bands) if not band.classes]
        if not counted:
            return
        sums = sums_of(pieces, rows)
        for number in counted:
            self._statistics[number].add(sums[number], rows.pixels)

    def write_statistics(self, dataset: Any) -> None:
        """Write them into the metadata of the bands, where GDAL looks for them."""
        for number, statistics in enumerate(self._statistics, 1):
            band = dataset.GetRasterBand(number)
            for name, text in statistics.items().items():
                band.SetMetadataItem(name, text)

    def files(self, raster: Path) -> Iterator[tuple[Path, bytes]]:
        """Return the files beside the raster: a style of its first band, and units.

        Units stand in the raster too, where R's terra does not look for them.
        """
        if self._style is None:
            return
        if style := self._made_style(self._style):
            yield style_path(raster), sealed(style)
        if any(band.unit for band in self._bands):
            units = json.dumps([band.unit for band in self._bands], separators=(",", ":"))
            # terra reads it line by line.
            yield Path(f"{raster}{UNITS}"), f'{{\n"unit":{units}\n}}\n'.encode()

    def _made_style(self, style: Style) -> str:
        """Return the style of the first band; empty if it has no value."""
        first, band = self._statistics[0], self._bands[0]
        if not (band.classes or first.items()):
            return ""
        sample = self._sample
        if sample is None:
            return ""
        if band.is_of_bytes:
            sample = np.where(sample == 0, np.nan, sample)
        return style(sample, (first.low, first.high))
