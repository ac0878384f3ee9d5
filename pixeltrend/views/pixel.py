"""One pixel explained: its values, what is missing and why, its trend and test, what is written."""

from __future__ import annotations

import dataclasses
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pixeltrend.checks.origin import is_output
from pixeltrend.checks.remaking import remake
from pixeltrend.checks.scenes import composing, open_scenes, trend_groups, trend_times
from pixeltrend.errors import ArgumentError
from pixeltrend.options import changed, from_keywords, takes
from pixeltrend.raster.parts import read_whole
from pixeltrend.raster.places import SYSTEMS, Point, locate
from pixeltrend.raster.provenance import options_text
from pixeltrend.raster.windows import Window
from pixeltrend.reducers.composite import Composite
from pixeltrend.reducers.composite_options import CompositeOptions
from pixeltrend.reducers.derived import CLASS
from pixeltrend.reducers.evidence import evidence
from pixeltrend.reducers.methods import make_reducer
from pixeltrend.reducers.options import StatsOptions
from pixeltrend.reducers.periods import periods, same_times
from pixeltrend.reducers.reducer import prepare
from pixeltrend.series.explaining import read_pixel
from pixeltrend.series.options import InputOptions, value_options
from pixeltrend.series.reader import close_rasters
from pixeltrend.times.dates import format_dates
from pixeltrend.views.bands import Bands
from pixeltrend.views.pixel_report import PixelPeriod, PixelReport, PixelValue, WrittenBand

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from pixeltrend.raster.places import Place
    from pixeltrend.reducers.evidence import Evidence
    from pixeltrend.reducers.reducer import Reducer
    from pixeltrend.series.explaining import Reading
    from pixeltrend.series.opening import Patterns
    from pixeltrend.series.series import Series


@takes(StatsOptions, InputOptions, CompositeOptions)
def pixel(
    patterns: Patterns,
    points: Iterable[tuple[float, float] | Point],
    *,
    system: str = "map",
    **options: Any,
) -> list[PixelReport]:
    """Return all there is to know of some pixels: values, gaps, trend, test.

    Parameters
    ----------
    patterns
        A result of `slope` or `map`, whose metadata say what it was made from, and how; after it
        may stand where its inputs are now. Or inputs, as for `slope`.
    points
        Pairs (x, y), (longitude, latitude) or (row, column); or `Point`, which may have names.
    system
        What the pairs are: "map" for coordinates in the CRS of the raster, "lonlat" or "rowcol".
    **options
        Of inputs: those of `slope`. A result has its own.

    Raises
    ------
    InputError
        The inputs are refused, or are not where the result says.
    ReadError
        A pixel cannot be read.
    ArgumentError
        A point lies outside, or an option makes no sense.
    """
    several = [patterns] if isinstance(patterns, (str, os.PathLike)) else patterns
    names = [os.fspath(pattern) for pattern in several]
    statistics, inputs, composite = from_keywords(
        options, StatsOptions, InputOptions, CompositeOptions
    )
    if system not in SYSTEMS:
        raise ArgumentError(f"system {system!r}: is not one of {', '.join(SYSTEMS)}")
    if inputs.duplicates == "best":
        raise ArgumentError("duplicates best: which raster counts is found from all pixels")
    places = [point if isinstance(point, Point) else Point(*point, system) for point in points]
    if not inputs.bands_are_times and is_output(names[0]):
        if given := changed(statistics) | changed(inputs) | changed(composite):
            raise ArgumentError(
                f"{', '.join(given)}: {names[0]} was written by pixeltrend, and its metadata say "
                "how; options are for inputs"
            )
        made = remake(names[0], "explained", names[1:])
        method = made.recipe.options
        told = _told(made.recipe.inputs, made.recipe.composite, method)
        subject = _Subject(
            names[0], made.series, made.reducer, method, made.groups, told, made.changes
        )
    else:
        series = open_scenes(names, inputs, composite)
        trend_times(series, composite)
        told = _told(inputs, composite, statistics)
        groups = trend_groups(series, statistics, inputs, composite)
        reducer = composing(make_reducer(statistics, groups), inputs, composite)
        subject = _Subject("", series, reducer, statistics, groups, told, ())
    try:
        located = [locate(point, subject.series.grid) for point in places]
        written = subject.written(located)  # all at once, before the inputs are opened
        prepare(subject.reducer)
        return [subject.explain(*both) for both in zip(located, written, strict=True)]
    finally:
        close_rasters()


def _told(inputs: InputOptions, composite: CompositeOptions, method: Any) -> str:
    """Return the options that numbers depend on, but for the method itself."""
    given = value_options(inputs) | changed(composite) | changed(method)
    return options_text({name: text for name, text in given.items() if name != "method"})


@dataclass(frozen=True, slots=True)
class _Subject:
    """A series and what is computed of it; and the result, if there is one."""

    raster: str
    series: Series
    reducer: Reducer
    method: Any
    groups: tuple[str, ...]
    options: str
    changes: tuple[str, ...]

    def written(self, places: Sequence[Place]) -> list[dict[str, np.floating[Any]]]:
        """Return what the result says of pixels, by names of bands; nothing if there is none."""
        if not self.raster:
            return [{} for _ in places]
        header = read_whole(self.raster)
        bands = Bands.of(header, range(1, len(header.bands) + 1))
        names = [band.description for band in header.bands]
        windows = (Window(place.row, place.column, 1, 1) for place in places)
        return [dict(zip(names, bands.read(window)[:, 0], strict=True)) for window in windows]

    def explain(self, place: Place, written: dict[str, np.floating[Any]]) -> PixelReport:
        """Return all there is to know of a pixel, beside what the result says of it."""
        readings = read_pixel(self.series, place.row, place.column)
        times = self.series.times
        values = np.array([[reading.value] for reading in readings], self.series.dtype)
        numbers = self.reducer.reduce(times, values.copy())[:, 0]
        computed = {info.name: n for info, n in zip(self.reducer.bands, numbers, strict=True)}
        scenes = None
        if isinstance(self.reducer, Composite):
            scenes = _count_scenes(self.reducer, times, values)
            times, values, _ = self.reducer.compose(times, values.copy())
        found: Evidence | None = None
        if isinstance(self.method, StatsOptions):
            found = evidence(times, values[:, 0], self.method, self.groups)
        statistics = dict(found.statistics if found else computed) | computed
        curves = _curves(found, len(times))
        return PixelReport(
            raster=self.raster,
            place=place,
            method=self.reducer.method,
            options=self.options,
            unit=self.series.unit,
            per=self.method.per if found else "",
            confidence=self.method.confidence if found else None,
            values=_values(readings, curves if scenes is None else _curves(None, len(readings))),
            periods=() if scenes is None else _periods(times, values[:, 0], scenes, curves),
            statistics={name: _known(number) for name, number in statistics.items()},
            steps=found.steps if found else (),
            written=tuple(self._compare(name, n, computed) for name, n in written.items()),
            changes=self.changes,
        )

    def _compare(
        self, name: str, number: np.floating[Any], computed: dict[str, Any]
    ) -> WrittenBand:
        adjusted = isinstance(self.method, StatsOptions) and self.method.fdr is not None
        if name not in computed or (name == CLASS and adjusted):
            return WrittenBand(name, _known(number), None, None)
        again = np.asarray(computed[name]).astype(number.dtype)
        same = number.tobytes() == again.tobytes() or bool(np.isnan(number) & np.isnan(again))
        return WrittenBand(name, _known(number), _known(again), same)


def _count_scenes(
    composite: Composite, times: NDArray[np.float64], values: NDArray[np.floating[Any]]
) -> NDArray[np.int64]:
    """Return how many of the values of one pixel, (N, 1), each period or time has, (M,)."""
    if composite.options.composite is None:
        bounds = same_times(times).bounds
    else:
        of_times = dataclasses.replace(composite, options=CompositeOptions())
        times, values, _ = of_times.compose(times, values.copy())
        bounds = periods(times, composite.options).bounds
    valid = ~np.isnan(values[:, 0])
    return np.add.reduceat(valid.astype(np.int64), bounds[:-1])


def _curves(found: Evidence | None, count: int) -> list[NDArray[np.float64]]:
    """Return line, limits and leverage, (N,) each, NaN where there is none."""
    nothing = np.full(count, np.nan)
    if found is None:
        return [nothing] * 4
    curves = (found.line, found.lower, found.upper, found.leverage)
    return [nothing if curve is None else curve for curve in curves]


def _values(
    readings: Sequence[Reading], curves: Sequence[NDArray[np.float64]]
) -> tuple[PixelValue, ...]:
    dates = format_dates([reading.time for reading in readings])
    return tuple(
        PixelValue(
            reading.time, date, reading.path, reading.band, _known(reading.number),
            _known(reading.value), reading.why, *map(_known, numbers),
        )
        for reading, date, *numbers in zip(readings, dates, *curves, strict=True)
    )  # fmt: skip


def _periods(
    times: NDArray[np.float64],
    values: NDArray[np.floating[Any]],
    scenes: NDArray[np.integer[Any]],
    curves: Sequence[NDArray[np.float64]],
) -> tuple[PixelPeriod, ...]:
    dates = format_dates(times.tolist())
    return tuple(
        PixelPeriod(float(time), date, _known(value), int(count), *map(_known, numbers))
        for time, date, value, count, *numbers in zip(
            times, dates, values, scenes, *curves, strict=True
        )
    )


def _known(number: Any) -> float | None:
    """Return a number as a float, None for NaN and infinity."""
    return float(number) if np.isfinite(number) else None
