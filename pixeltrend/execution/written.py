"""What of the results of a run is written: which bands, p-values adjusted, classes alone."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pixeltrend.execution.budget import Output
from pixeltrend.execution.pipeline import Result
from pixeltrend.reducers.bands import make_band
from pixeltrend.reducers.classes import judge
from pixeltrend.reducers.derived import CLASS

if TYPE_CHECKING:
    from collections.abc import Callable

    from pixeltrend.execution.pipeline import Results
    from pixeltrend.raster.writer import RasterWriter
    from pixeltrend.reducers.options import StatsOptions
    from pixeltrend.reducers.reducer import BandInfo, Reducer
    from pixeltrend.series.series import Series


def written_bands(reducer: Reducer, statistics: StatsOptions | None) -> list[BandInfo]:
    """Return the bands that are written of those of the reducer, and the adjusted p-values."""
    bands = list(reducer.bands)
    if statistics is not None and statistics.stats == CLASS:
        return [info for info in bands if info.name == CLASS]
    if statistics is not None and statistics.fdr:
        bands.append(make_band("pvalue_fdr", statistics))
    return bands


def adjustment(
    series: Series,
    reducer: Reducer,
    statistics: StatsOptions | None,
    dtype: str,
    memory: int | None,
    writer: RasterWriter,
) -> tuple[Output, Callable[[Results], Results]]:
    """Return what waits in this process, and what makes the results that are written.

    p-values are adjusted over all results, in full precision whatever is written.
    """
    names = [info.name for info in reducer.bands]
    classes = statistics is not None and statistics.stats == CLASS
    if statistics is None or statistics.fdr is None:
        take = partial(_taken, row=names.index(CLASS)) if classes else iter
        height = 0 if classes else writer.tile_height
        return Output(dtype, writer.row_bytes, height), take
    from pixeltrend.execution import fdr  # a run in one pass does without

    alpha = statistics.alpha
    held = fdr.held_within(memory, series.grid.pixels)
    adjust = partial(
        fdr.with_adjusted,
        row=names.index("pvalue"),
        method=statistics.fdr,
        dtype="float64" if classes else dtype,
        folder=writer.folder,
        held=held,
    )
    waiting = Output("float64", writer.row_bytes + held * fdr.BYTES_HELD)
    if not classes:
        return waiting, adjust
    return waiting, lambda results: _judged(adjust(results), names.index(CLASS), alpha)


def _taken(results: Results, row: int) -> Results:
    """Return one band alone: of composites there is the number of scenes too."""
    for window, result in results:
        yield window, result.band(row)


def _judged(results: Results, row: int, alpha: float) -> Results:
    """Return the classes alone, by the adjusted p-values, which are the last band."""
    for window, (block, faults, _) in results:
        yield window, Result(judge(block[row : row + 1], block[-1:], alpha), faults)
