"""Verification: an output compared, bit by bit, with what its inputs give today."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pixeltrend.checks.remaking import remake
from pixeltrend.errors import InputError
from pixeltrend.execution.budget import Output
from pixeltrend.execution.fdr import with_adjusted
from pixeltrend.execution.pipeline import reduced_windows
from pixeltrend.raster.datasets import open_raster
from pixeltrend.raster.parts import read_whole
from pixeltrend.raster.windows import plan_windows
from pixeltrend.reducers.derived import CLASS
from pixeltrend.reducers.options import StatsOptions
from pixeltrend.reducers.reducer import prepare
from pixeltrend.series.record import in_short

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pixeltrend.execution.executors import Workers
    from pixeltrend.execution.pipeline import Results, Watch
    from pixeltrend.raster.windows import Window
    from pixeltrend.series.series import Series

    Floats = NDArray[np.floating[Any]]

# Windows of a sample, spread over the grid, and the pixels that each has at most.
_SAMPLE = 9
_WINDOW_PIXELS = 2**16
_ADJUSTED = "pvalue_fdr"


@dataclass(frozen=True, slots=True)
class Difference:
    """Where a band is not what was computed."""

    band: str
    """Its name."""
    pixels: int
    """How many pixels differ."""
    largest: float
    """Largest difference of two numbers; NaN if one of each two is missing."""
    row: int
    """Row of the first one, from 0."""
    column: int
    """Its column, from 0."""
    written: float
    """What the output has there."""
    computed: float
    """What was computed."""


@dataclass(frozen=True, slots=True)
class Verification:
    """What came out of computing an output again."""

    pixels: int
    """Pixels that were computed again."""
    of: int
    """Pixels of the output."""
    differences: tuple[Difference, ...]
    """Bands that differ; none if all is identical."""
    not_verified: tuple[str, ...]
    """Bands that only all pixels together can verify."""


def verify(output: str, workers: Workers, watch: Watch, *, full: bool) -> Verification:
    """Compute an output again, and compare each number bit by bit; nothing is written.

    Parameters
    ----------
    output
        A raster that `slope` or `map` wrote.
    workers, watch
        Who computes, and who is told.
    full
        Whether all pixels are computed, or a sample: up to 9 windows, spread over the grid, of up
        to 65,536 pixels each.

    Raises
    ------
    InputError
        What it was made from is not known, is gone, or has changed.
    """
    made = remake(output, "verified")
    if made.changes:
        raise InputError(f"{output}: cannot be verified: {in_short(made.changes)}")
    series, reducer, options = made.series, made.reducer, made.recipe.options
    dataset = open_raster(output, allow_vrt=output.lower().endswith(".vrt"))
    prepare(reducer)
    names = [info.name for info in reducer.bands]
    if isinstance(options, StatsOptions) and options.stats == CLASS:
        names = [CLASS]  # of composites there is the number of scenes too
    fdr = options.fdr if isinstance(options, StatsOptions) else None
    if CLASS in names and fdr:
        raise InputError(f"{output}: classes by adjusted p-values cannot be verified")
    bands = [dataset.GetRasterBand(number + 1) for number in range(dataset.RasterCount)]
    written = [band.description for band in read_whole(output).bands]
    if written != names + [_ADJUSTED] * bool(fdr):
        raise InputError(f"{output}: cannot be verified: its bands are not {', '.join(names)}")
    dtype = bands[0].ReadAsArray(0, 0, 1, 1).dtype
    computed_as = "float64" if fdr else "float32" if CLASS in names else dtype.name
    choose = list if full else partial(_sample, series)
    tallies = [_Tally(name) for name in names + [_ADJUSTED] * bool(fdr and full)]
    pixels = 0
    with reduced_windows(series, reducer, workers, Output(computed_as), watch, choose) as computed:
        results: Results = computed
        if fdr and full:
            folder = Path(tempfile.gettempdir())
            row = names.index("pvalue")
            results = with_adjusted(computed, row, fdr, dtype=dtype.name, folder=folder)
        for window, (block, *_) in results:
            if CLASS in names:
                block = np.nan_to_num(block, nan=0.0)  # noqa: PLW2901
            area = window.col_off, window.row_off, window.width, window.height
            for tally, band, numbers in zip(tallies, bands, block.astype(dtype), strict=False):
                tally.add(window, band.ReadAsArray(*area).ravel(), numbers)
            pixels += window.pixels
        series.check_unchanged()
    return Verification(
        pixels,
        series.grid.pixels,
        tuple(tally.difference() for tally in tallies if tally.pixels),
        (_ADJUSTED,) if fdr and not full else (),
    )


def _sample(series: Series, windows: Sequence[Window]) -> list[Window]:
    """Return windows of a sample, none larger than those of a run."""
    most = min(_WINDOW_PIXELS, max(window.pixels for window in windows))
    height, width = series.grid.height, series.grid.width
    small = list(plan_windows(height, width, series.block, max_pixels=most, origin=series.origin))
    if len(small) <= _SAMPLE:
        return small
    last = len(small) - 1
    return [small[round(step * last / (_SAMPLE - 1))] for step in range(_SAMPLE)]


class _Tally:
    """What differs in a band."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.pixels = 0
        self._largest = float("nan")
        self._first: tuple[int, int, float, float] = (0, 0, 0.0, 0.0)

    def add(self, window: Window, written: Floats, computed: Floats) -> None:
        """Compare the numbers of a window."""
        bits = f"u{written.itemsize}"
        differ = np.flatnonzero(written.view(bits) != computed.view(bits))
        if not len(differ):
            return
        if not self.pixels:
            row, column = divmod(int(differ[0]), window.width)
            numbers = float(written[differ[0]]), float(computed[differ[0]])
            self._first = (row + window.row_off, column + window.col_off, *numbers)
        self.pixels += len(differ)
        with np.errstate(invalid="ignore"):  # infinity less infinity
            by = np.abs(written[differ].astype(np.float64) - computed[differ])
        self._largest = float(np.fmax(self._largest, np.fmax.reduce(by)))  # of those not NaN

    def difference(self) -> Difference:
        """Return all that was found."""
        return Difference(self._name, self.pixels, self._largest, *self._first)
