"""Statistics: the bands that were asked for, whatever method computes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pixeltrend.reducers import derived, quality
from pixeltrend.reducers.registry import METHODS, QUALITY, SERIAL

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pixeltrend.reducers.options import StatsOptions
    from pixeltrend.reducers.reducer import BandInfo

    Floats = NDArray[np.float64]

# Values worked on at once: they and what is computed from them stay in a core's cache.
_TILE_VALUES = 2**13 * 21
# Arrays of so many values that a method makes at most; the lanes of its kernels, which hold all
# slopes between pairs, and the seasons that divide these.
_ARRAYS, _LANES, _SEASONS = 8, 64, 12
_VALID_TIMES = {"first_valid", "last_valid", "longest_gap"}


@dataclass(frozen=True, slots=True)
class Statistics:
    """Several numbers of each pixel, in the order asked for."""

    options: StatsOptions
    """Which statistics, and how."""
    bands: tuple[BandInfo, ...]
    """What the numbers are."""
    groups: tuple[int, ...] = ()
    """The number of the group of each time, where `steps` are not years."""

    @property
    def method(self) -> str:
        """Name of the method."""
        return self.options.method

    @property
    def max_pixels(self) -> int | None:
        """Pixels to reduce in one go at most."""
        return METHODS[self.method].max_pixels

    def scratch_bytes(self, times: Floats, pixels: int) -> int:
        """Return what reducing takes besides values and results: arrays of a tile, and slopes."""
        count = len(times)
        scratch = _ARRAYS * 8 * min(max(_TILE_VALUES, count), count * pixels)
        if self.method == "theil-sen" or self.options.correction is not None:
            seasons = 1 if self.options.season is None else _SEASONS
            scratch += 12 * _LANES * count * (count // seasons) // 2
        return scratch

    def prepare(self) -> None:
        """Load or compile what workers need, once and before they start: reduce a tiny series."""
        if self.options.steps is not None:  # of years that a tiny series does not have
            groups = np.array([0, 0, 1, 1])
            self._within(np.arange(4.0), np.eye(4), [], self.options, groups)
            return
        times = np.arange(4.0)
        if self.options.season:  # two values of one season have a median
            times[1] = 0.0011
        self.reduce(times, np.array([[0.0], [2.0], [1.0], [3.0]]))

    def reduce(self, times: Floats, values: NDArray[np.floating[Any]]) -> Floats:
        """Reduce `values` (N, P), NaN where missing, at `times` (N,) to (bands, P)."""
        count, pixels = values.shape
        # Numba would compile its kernels once more for times that are read-only.
        times = np.array(times)
        result = np.empty((len(self.bands), pixels))
        tile = max(1, _TILE_VALUES // count)
        with np.errstate(invalid="ignore", divide="ignore"):
            for start in range(0, pixels, tile):
                # Converted once, for all that look at them.
                part = np.ascontiguousarray(values[:, start : start + tile], dtype=np.float64)
                self._fill(result[:, start : start + tile], times, part)
        return result

    def _fill(self, result: Floats, times: Floats, values: Floats) -> None:
        """Compute the bands of some pixels."""
        method, min_valid = METHODS[self.method], self.options.min_valid
        names = [info.name for info in self.bands]
        statistics = [name for name in names if name not in QUALITY] or list(method.default)
        of_method = [name for name in statistics if name in method.statistics or name in SERIAL]
        options = derived.base(names, self.options, times[0])
        of_method += derived.needed(names, options)
        if options.steps is None:
            computed = method.load()(times, values, of_method, options)
        else:
            computed = self._within(times, values, of_method, options)
        for each in derived.asked(names):
            more = each.load()(times, values, computed, options)
            for name, band in more.items():  # NumPy gives NaN a sign by where in an array it is
                computed[name] = np.where(np.isnan(band), np.nan, band)
        n_valid = computed["n_valid"]
        few = n_valid < min_valid
        if not np.diff(times).all():  # no line goes through values of one time
            few |= quality.at_one_time(times, values)
        if few.any():
            for name in computed.keys() - {"n_valid"}:
                computed[name] = np.where(few, np.nan, computed[name])
        if not _VALID_TIMES.isdisjoint(names):
            computed |= quality.valid_times(times, values)
        if "reason" in names:
            computed["reason"] = quality.reason(
                np.asarray(np.isnan([computed[name] for name in statistics]).any(axis=0)),
                n_valid,
                values,
                min_valid=min_valid,
            )
        for row, name in enumerate(names):
            result[row] = computed[name]

    def _within(
        self,
        times: Floats,
        values: NDArray[np.floating[Any]],
        names: list[str],
        options: StatsOptions,
        groups: NDArray[np.int64] | None = None,
    ) -> dict[str, Any]:
        """Compute the trend within groups: the given ones, those of the series, or by years."""
        from pixeltrend.reducers import offsets  # with SciPy, which most runs do without

        if groups is None:
            groups = np.array(self.groups)
        if not len(groups):
            groups = offsets.codes_of(times, str(options.steps))
        found = offsets.within_groups(times, values, names, options, groups)
        return {name: np.where(np.isnan(band), np.nan, band) for name, band in found.items()}
