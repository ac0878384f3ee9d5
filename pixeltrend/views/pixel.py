"""One pixel explained: its values, what is missing and why, its trend and test, what is written."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pixeltrend.checks.origin import is_output
from pixeltrend.checks.remaking import remake
from pixeltrend.errors import ArgumentError
from pixeltrend.options import changed, from_keywords, takes
from pixeltrend.raster.parts import read_whole
from pixeltrend.raster.places import SYSTEMS, Point, locate
from pixeltrend.raster.provenance import options_text
from pixeltrend.raster.windows import Window
from pixeltrend.reducers.derived import CLASS
from pixeltrend.reducers.evidence import evidence
from pixeltrend.reducers.methods import make_reducer
from pixeltrend.reducers.options import StatsOptions
from pixeltrend.reducers.reducer import prepare
from pixeltrend.series.explaining import read_pixel
from pixeltrend.series.opening import assemble
from pixeltrend.series.options import InputOptions, value_options
from pixeltrend.series.reader import close_rasters
from pixeltrend.times.dates import format_dates
from pixeltrend.views.bands import Bands

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from pixeltrend.raster.places import Place
    from pixeltrend.reducers.evidence import Evidence, Step
    from pixeltrend.reducers.reducer import Reducer
    from pixeltrend.series.explaining import Reading
    from pixeltrend.series.opening import Patterns
    from pixeltrend.series.series import Series


@dataclass(frozen=True, slots=True)
class PixelValue:
    """What one raster has at a pixel. Numbers that are missing or not defined are None."""

    time: float
    """Decimal year."""
    date: str
    """The same as a date."""
    file: str
    """The file."""
    band: int
    """Number of its band, from 1."""
    number: float | None
    """What the file has there, before scale and offset."""
    value: float | None
    """The value."""
    why: str
    """Why it is missing; empty if it is not."""
    line: float | None
    """The line at this time."""
    line_lower: float | None
    """Lower confidence limit of the line."""
    line_upper: float | None
    """Upper confidence limit of the line."""
    leverage: float | None
    """How much of the line's value here this value makes."""


@dataclass(frozen=True, slots=True)
class WrittenBand:
    """What a result says of a pixel, beside what its inputs give today."""

    band: str
    """The name of the band."""
    written: float | None
    """What the result says; None if it is missing there."""
    computed: float | None
    """What was computed again, in the type of the result."""
    same: bool | None
    """Whether both are equal to the last bit; None if only all pixels together can tell."""


@dataclass(frozen=True, slots=True)
class PixelReport:
    """All there is to know of one pixel."""

    raster: str
    """The result; empty if there is none."""
    place: Place
    """The pixel, and where it lies."""
    method: str
    """What was computed."""
    options: str
    """What else the numbers depend on."""
    unit: str
    """Unit of the values; may be empty."""
    per: str
    """Unit of time of the slope; empty for functions."""
    confidence: float | None
    """Level of the limits; None for functions."""
    values: tuple[PixelValue, ...]
    """What each raster has there, in order of time."""
    statistics: dict[str, float | None]
    """The numbers of the method, by name."""
    steps: tuple[Step, ...]
    """The way to the p-value."""
    written: tuple[WrittenBand, ...]
    """The bands of the result."""
    changes: tuple[str, ...]
    """What has changed since the result was made, as far as anything tells."""


@takes(StatsOptions, InputOptions)
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
    statistics, inputs = from_keywords(options, StatsOptions, InputOptions)
    if system not in SYSTEMS:
        raise ArgumentError(f"system {system!r}: is not one of {', '.join(SYSTEMS)}")
    if inputs.duplicates is not None:
        raise ArgumentError("duplicates: a pixel is explained where each raster has its own time")
    places = [point if isinstance(point, Point) else Point(*point, system) for point in points]
    if not inputs.bands_are_times and is_output(names[0]):
        if given := changed(statistics) | changed(inputs):
            raise ArgumentError(
                f"{', '.join(given)}: {names[0]} was written by pixeltrend, and its metadata say "
                "how; options are for inputs"
            )
        made = remake(names[0], "explained", names[1:])
        method = made.recipe.options
        told = _told(made.recipe.inputs, method)
        subject = _Subject(names[0], made.series, made.reducer, method, told, made.changes)
    else:
        series = assemble(names, inputs)
        told = _told(inputs, statistics)
        reducer = make_reducer(statistics, series.groups)
        subject = _Subject("", series, reducer, statistics, told, ())
    try:
        located = [locate(point, subject.series.grid) for point in places]
        written = subject.written(located)  # all at once, before the inputs are opened
        prepare(subject.reducer)
        return [subject.explain(*both) for both in zip(located, written, strict=True)]
    finally:
        close_rasters()


def _told(inputs: InputOptions, method: Any) -> str:
    """Return the options that numbers depend on, but for the method itself."""
    given = value_options(inputs) | changed(method)
    return options_text({name: text for name, text in given.items() if name != "method"})


@dataclass(frozen=True, slots=True)
class _Subject:
    """A series and what is computed of it; and the result, if there is one."""

    raster: str
    series: Series
    reducer: Reducer
    method: Any
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
        values = np.array([reading.value for reading in readings], self.series.dtype)
        numbers = self.reducer.reduce(times, values[:, np.newaxis].copy())[:, 0]
        computed = {info.name: n for info, n in zip(self.reducer.bands, numbers, strict=True)}
        found: Evidence | None = None
        if isinstance(self.method, StatsOptions):
            found = evidence(times, values, self.method, self.series.groups)
        statistics = dict(found.statistics if found else computed) | computed
        return PixelReport(
            raster=self.raster,
            place=place,
            method=self.reducer.method,
            options=self.options,
            unit=self.series.unit,
            per=self.method.per if found else "",
            confidence=self.method.confidence if found else None,
            values=_values(readings, found),
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


def _values(readings: Sequence[Reading], found: Evidence | None) -> tuple[PixelValue, ...]:
    dates = format_dates([reading.time for reading in readings])
    nothing = np.full(len(readings), np.nan)
    lines: list[NDArray[np.float64]] = [nothing] * 4
    if found is not None:
        curves = (found.line, found.lower, found.upper, found.leverage)
        lines = [nothing if curve is None else curve for curve in curves]
    return tuple(
        PixelValue(
            reading.time, date, reading.path, reading.band, _known(reading.number),
            _known(reading.value), reading.why, *map(_known, numbers),
        )
        for reading, date, *numbers in zip(readings, dates, *lines, strict=True)
    )  # fmt: skip


def _known(number: Any) -> float | None:
    """Return a number as a float, None for NaN and infinity."""
    return float(number) if np.isfinite(number) else None
