"""What viewers read of a new raster besides its numbers: statistics of the bands, and a style."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pixeltrend.raster.paths import UNITS
from pixeltrend.raster.sample import sample_steps, sampled
from pixeltrend.raster.statistics import BandStatistics
from pixeltrend.raster.style_files import sealed, style_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from pixeltrend.raster.grid import Grid

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
    """Collects, while rows are written, what viewers want to know of all of them.

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
        self._steps = sample_steps(grid.height, grid.width)
        self._sample: list[NDArray[Any]] = []
        self._statistics = [BandStatistics() for _ in bands]

    def add(self, top: int, rows: NDArray[Any]) -> None:
        """Take up the rows (bands, rows, columns) of a row of tiles, from row `top` on."""
        for band, statistics, values in zip(self._bands, self._statistics, rows, strict=True):
            if not band.classes:
                statistics.add(values)
        if self._style is not None:
            down, across = self._steps
            taken = sampled(self._grid.height, down, top, top + rows.shape[1])
            self._sample.append(rows[0, taken, sampled(self._grid.width, across)].copy())

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
        sample: NDArray[Any] = np.concatenate(self._sample)
        if band.is_of_bytes:
            sample = np.where(sample == 0, np.nan, sample)
        return style(sample, (first.low, first.high))
