"""Statistics: the bands that were asked for, whatever method computes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pixeltrend.reducers import quality
from pixeltrend.reducers.bands import QUALITY, band
from pixeltrend.reducers.options import choose

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from numpy.typing import NDArray

    from pixeltrend.reducers.options import StatsOptions
    from pixeltrend.reducers.reducer import BandInfo

    Floats = NDArray[np.float64]
    Compute = Callable[
        [Floats, NDArray[np.floating[Any]], Collection[str], StatsOptions], dict[str, Any]
    ]

# Values worked on at once: they and what is computed from them stay in a core's cache.
_TILE_VALUES = 2**13 * 21
_VALID_TIMES = {"first_valid", "last_valid", "longest_gap"}


@dataclass(frozen=True, slots=True)
class Statistics:
    """Several numbers of each pixel, in the order asked for."""

    method: str
    """Name of the method."""
    options: StatsOptions
    """Which statistics, and how."""
    bands: tuple[BandInfo, ...]
    """What the numbers are."""
    max_pixels: int | None = None
    """No limit: no pixel takes long."""

    def prepare(self) -> None:
        """Load or compile what workers need, once and before they start: reduce a tiny series."""
        self.reduce(np.arange(4.0), np.array([[0.0], [2.0], [1.0], [3.0]]))

    def reduce(self, times: Floats, values: NDArray[np.floating[Any]]) -> Floats:
        """Reduce `values` (N, P), NaN where missing, at `times` (N,) to (bands, P)."""
        count, pixels = values.shape
        result = np.empty((len(self.bands), pixels))
        tile = max(1, _TILE_VALUES // count)
        _, default, compute = _method(self.method)
        with np.errstate(invalid="ignore", divide="ignore"):
            for start in range(0, pixels, tile):
                part = values[:, start : start + tile]
                self._fill(result[:, start : start + tile], times, part, default, compute)
        return result

    def _fill(
        self,
        result: Floats,
        times: Floats,
        values: NDArray[np.floating[Any]],
        default: tuple[str, ...],
        compute: Compute,
    ) -> None:
        """Compute the bands of some pixels."""
        names = [info.name for info in self.bands]
        wanted = [name for name in names if name not in QUALITY] or list(default)
        found = compute(times, values, wanted, self.options)
        n_valid, bad_variance = found["n_valid"], found.pop("bad_variance", None)
        if self.options.min_valid:
            few = n_valid < self.options.min_valid
            for name in found.keys() - {"n_valid"}:
                found[name] = np.where(few, np.nan, found[name])
        if not _VALID_TIMES.isdisjoint(names):
            found |= quality.valid_times(times, values)
        if "reason" in names:
            found["reason"] = quality.reason(
                np.asarray(np.isnan([found[name] for name in wanted]).any(axis=0)),
                n_valid,
                values,
                min_valid=self.options.min_valid,
                bad_variance=bad_variance,
            )
        for row, name in enumerate(names):
            result[row] = found[name]


def make_statistics(method: str, options: StatsOptions) -> Statistics:
    """Give the reducer for the statistics of `options`.

    Raises
    ------
    ArgumentError
        The method has no such statistic.
    """
    known, default, _ = _method(method)
    names = choose(options.stats or default, known, QUALITY)
    if options.fdr and "pvalue" not in names:
        names.append("pvalue")
    return Statistics(method, options, tuple(band(name, method, options) for name in names))


def _method(method: str) -> tuple[tuple[str, ...], tuple[str, ...], Compute]:
    """Give the statistics that `method` knows, those it gives unasked, and what computes them."""
    # Imported when asked for: least squares must not wait for Numba.
    if method == "ols":
        from pixeltrend.reducers import ols_statistics

        return ols_statistics.STATISTICS, ("slope",), ols_statistics.ols_statistics
    if method == "theil-sen":
        from pixeltrend.reducers import theil_sen

        return theil_sen.STATISTICS, ("slope",), theil_sen.theil_sen_statistics
    from pixeltrend.reducers import mann_kendall

    return mann_kendall.STATISTICS, ("tau", "pvalue"), mann_kendall.mann_kendall_statistics
