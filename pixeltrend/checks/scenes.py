"""Scenes: which rasters of a series make periods, in which order, and what to know of their number.

What `slope`, `map` and `composite` do with a series before any pixel is reduced.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pixeltrend.errors import InputError
from pixeltrend.execution.budget import Output
from pixeltrend.execution.pipeline import Watch, reduced_windows
from pixeltrend.reducers.composite import Composite, Values
from pixeltrend.reducers.derived import SENSOR
from pixeltrend.reducers.periods import chosen, periods, same_times
from pixeltrend.series.notes import time_notes
from pixeltrend.series.opening import assemble
from pixeltrend.series.reader import sample_chunks
from pixeltrend.times.dates import format_date, format_dates, format_time

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from pixeltrend.execution.executors import Workers
    from pixeltrend.reducers.composite_options import CompositeOptions
    from pixeltrend.reducers.options import StatsOptions
    from pixeltrend.reducers.reducer import Reducer
    from pixeltrend.series.opening import Patterns
    from pixeltrend.series.options import InputOptions
    from pixeltrend.series.series import Series

    Floats = NDArray[np.floating[Any]]

# Standard deviations of S beyond which the number of scenes has a trend: 5 % of series without one.
_LEVEL = 1.96
# What a composite does where there are more scenes.
_EFFECTS = {
    "max": "more scenes make larger maxima",
    "min": "more scenes make smaller minima",
    "sum": "more scenes make larger sums",
    "count": "more scenes make larger counts",
}


def open_scenes(
    patterns: Patterns,
    inputs: InputOptions,
    options: CompositeOptions,
    *,
    output: str | os.PathLike[str] | None = None,
) -> Series:
    """Return a checked series as `assemble` does, of the months and days that are asked for.

    Raises
    ------
    InputError
        The inputs are refused, or none is in these months.
    """
    if options.composite is None:
        return assemble(patterns, inputs, output=output)
    series = assemble(patterns, inputs, output=output, scenes=True)
    taken = chosen(series.times, options)
    if not taken.any():
        which = f"months {options.months}" if options.months else f"days {options.days}"
        dates = " to ".join(format_dates([series.times[0], series.times[-1]]))
        raise InputError(f"{which}: none of the {len(taken)} rasters, of {dates}, is of these")
    return series.take(taken)


def composing(inner: Reducer, inputs: InputOptions, options: CompositeOptions) -> Reducer:
    """Return the reducer that reduces composites, or `inner` where nothing is made of scenes.

    Of `best` duplicates, the series has the best one first: see `best_first`.
    """
    if options.composite is None and inputs.duplicates is None:
        return inner
    duplicates = "first" if inputs.duplicates == "best" else inputs.duplicates
    return Composite(inner, options, duplicates)


def sample_pixels(
    series: Series, inputs: InputOptions, options: CompositeOptions
) -> Iterator[tuple[NDArray[np.float64], Floats]]:
    """Yield times and values of small squares, as a reducer would get them."""
    for chunk in sample_chunks(series):
        reducer = composing(Values(0), inputs, options)
        if isinstance(reducer, Composite):
            times, values, _ = reducer.compose(chunk.times, chunk.values)
            yield times, values
        else:
            yield chunk.times, chunk.values


def best_first(series: Series, workers: Workers, watch: Watch) -> Series:
    """Return the series with rasters of one time in the order of how many valid pixels they have.

    Only those that share their time are read for that; of the part of the grid that is read.
    """
    bounds = same_times(series.times).bounds
    shared = np.repeat(np.diff(bounds) > 1, np.diff(bounds))
    if not shared.any():
        return series
    several = series.take(shared)
    valid = np.zeros(len(several.times))
    quiet = Watch(cancelled=watch.cancelled)
    reducer = Values(len(several.times))
    with reduced_windows(several, reducer, workers, Output(), quiet) as results:
        for _, (block, *_) in results:
            valid += np.count_nonzero(~np.isnan(block), axis=1)
    counts = np.zeros(len(series.times))
    counts[shared] = valid
    return series.take(np.lexsort((-counts, series.times)))  # stable: equal ones stay by name


def trend_times(series: Series, options: CompositeOptions) -> NDArray[np.float64]:
    """Return the times (M,) that a trend is over: those of the periods, or of the rasters.

    Raises
    ------
    InputError
        There is only one.
    """
    if options.composite is None:
        # Not `np.unique`, which imports NumPy's masked arrays.
        what, times = "times", np.array(sorted(set(series.times.tolist())))
    else:
        what, times = "periods", periods(series.times, options).times
    if len(times) < 2:  # noqa: PLR2004 - two points make a line
        raise InputError(
            f"a trend needs two {what} or more, but all {len(series.times)} rasters, from "
            f"{series.names[0]} on, are of {format_date(times[0])}"
            + (f" (every {options.period})" if options.composite else "")
        )
    return times


def trend_groups(
    series: Series, statistics: StatsOptions, inputs: InputOptions, options: CompositeOptions
) -> tuple[str, ...]:
    """Return the group of each time (M,) that a trend is over; none where it has no use for them.

    Raises
    ------
    InputError
        What makes one value is of several groups.
    """
    groups = series.groups
    if statistics.steps != SENSOR:
        return ()
    if options.composite is not None:
        found = periods(series.times, options)
    elif inputs.duplicates is not None:
        found = same_times(series.times)
    else:
        return groups
    if not all(groups):  # `make_reducer` refuses rasters of unknown groups
        return groups
    for time, start, stop in zip(found.times, found.bounds, found.bounds[1:], strict=False):
        mixed = list(dict.fromkeys(groups[start:stop]))
        if len(mixed) > 1:
            raise InputError(
                f"steps: the value of {format_date(time)} would be made of rasters of "
                f"{' and '.join(mixed)}, and has no group: give those that are alike one group in "
                "a table (--groups), leave rasters out, or give years (--steps 2013)"
            )
    return tuple(groups[start] for start in found.bounds[:-1]) if groups else ()


def scene_notes(series: Series, inputs: InputOptions, options: CompositeOptions) -> list[str]:
    """Return which periods are missing or have few scenes, and whether their number has a trend."""
    if options.composite is None:
        return []
    times = series.times if inputs.duplicates is None else np.unique(series.times)
    found = periods(times, options)
    counts = np.diff(found.bounds)
    notes = []
    if options.in_years:
        notes += [note.text for note in time_notes(found.times.tolist())]
    usual = float(np.median(counts))
    for at in sorted({0, len(counts) - 1}):
        if 2 * counts[at] < usual:
            notes.append(
                f"{format_date(found.times[at])} has {counts[at]} of the scenes, others mostly "
                f"have {usual:g}: it may not be complete (see --min-scenes)"
            )
    middle = options.composite in {"mean", "median"} or options.percentile == 50  # noqa: PLR2004
    if not middle and abs(_trend(counts)) > _LEVEL:
        notes.append(_trend_note(found.times, counts, options))
    return notes


def _trend_note(
    times: NDArray[np.float64], counts: NDArray[np.integer[Any]], options: CompositeOptions
) -> str:
    """Return what the numbers of scenes of periods, (M,), do to what is made of them."""
    third = -(-len(counts) // 3)
    (before, first), (after, last) = (
        (counts[part].mean(), "-".join(format_time(np.floor(t)) for t in times[part][[0, -1]]))
        for part in (slice(third), slice(-third, None))
    )
    verb = "rises" if after > before else "falls"
    effect = _EFFECTS.get(str(options.composite), "percentiles depend on how many there are")
    return (
        f"the number of scenes a {options.period} {verb} from {before:.3g} ({first}) to "
        f"{after:.3g} ({last}): {effect}, so part of a trend may be that; see the band "
        "n_scenes, or take the mean or median"
    )


def _trend(counts: NDArray[np.integer[Any]]) -> float:
    """Return Z of the Mann-Kendall test, with ties and without continuity correction.

    References
    ----------
    Gilbert, R. O. (1987). Statistical Methods for Environmental Pollution Monitoring, eq. 16.4.
    """
    n = len(counts)
    s = np.sign(counts[np.newaxis] - counts[:, np.newaxis])[np.triu_indices(n, 1)].sum()
    ties = np.unique(counts, return_counts=True)[1]
    variance = (n * (n - 1) * (2 * n + 5) - (ties * (ties - 1) * (2 * ties + 5)).sum()) / 18
    return float(s / np.sqrt(variance)) if variance > 0 else 0.0
