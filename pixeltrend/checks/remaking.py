"""Remaking: the series and the reducer that an output was made with, as they are today."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pixeltrend.checks.recipe import recipe_of
from pixeltrend.checks.scenes import composing, open_scenes, sample_pixels, trend_groups
from pixeltrend.errors import InputError
from pixeltrend.raster import provenance
from pixeltrend.raster.parts import read_whole
from pixeltrend.raster.windows import Window
from pixeltrend.reducers.methods import make_reducer
from pixeltrend.reducers.options import StatsOptions
from pixeltrend.reducers.probe import function_reducer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pixeltrend.checks.recipe import Recipe
    from pixeltrend.raster.grid import Grid
    from pixeltrend.reducers.reducer import Reducer
    from pixeltrend.series.series import Series


@dataclass(frozen=True, slots=True)
class Remade:
    """What an output was made with."""

    series: Series
    """The inputs, of the part of the grid that the output covers."""
    reducer: Reducer
    """What was computed."""
    recipe: Recipe
    """How."""
    changes: tuple[str, ...]
    """What has changed since, as far as anything tells; none if nothing does."""

    @property
    def groups(self) -> tuple[str, ...]:
        """The group of each time that a trend is over; none where it has no use for them."""
        return _groups(self.recipe, self.series)


def remake(output: str, verb: str, patterns: Sequence[str] | None = None) -> Remade:
    """Return what an output was made with, from the record beside it or from its metadata alone.

    Parameters
    ----------
    output
        A raster that `slope` or `map` wrote.
    verb
        What it cannot be where this fails, as "verified".
    patterns
        Where its inputs are now; empty if they are where the record or the metadata say, and None
        if nobody can say.

    Raises
    ------
    InputError
        What it was made from is not known or is gone, or lies on another grid now.
    """
    header = read_whole(output)
    facts = provenance.read(header.metadata)
    if facts is None:
        raise InputError(f"{output}: was not written by pixeltrend")
    try:
        recipe = recipe_of(output, facts, patterns or ())
        series = open_scenes(recipe.paths, recipe.inputs, recipe.composite, output=output)
        series = _part(series, header.grid)
    except InputError as error:
        hint = (
            ""
            if patterns is None or patterns
            else f"; if they have moved, name them after {output}"
        )
        raise InputError(f"{output}: cannot be {verb}: {error}{hint}") from error
    changes = recipe.changes
    if [f"{t:.10g}" for t in series.times] != [f"{t:.10g}" for t in facts.times]:
        changes += (
            "its inputs have other times now than those in its metadata; what --years, --times and "
            "--date-regex said, only --update records",
        )
    return Remade(series, _reducer(recipe, series), recipe, changes)


def _part(series: Series, grid: Grid) -> Series:
    """Return the part of a series that an output covers: `--window` and `--bounds` cut it out."""
    if series.grid.difference(grid) is None:
        return series
    offset = grid.offset_from(series.grid)
    if offset is not None:
        window = Window(round(offset[0]), round(offset[1]), grid.height, grid.width)
        whole = Window(0, 0, series.grid.height, series.grid.width)
        if window.overlap(whole) == window:
            return series.crop(window)
    raise InputError("it does not lie on the grid of its inputs")


def _groups(recipe: Recipe, series: Series) -> tuple[str, ...]:
    if not isinstance(recipe.options, StatsOptions):
        return ()
    return trend_groups(series, recipe.options, recipe.inputs, recipe.composite)


def _reducer(recipe: Recipe, series: Series) -> Reducer:
    if isinstance(recipe.options, StatsOptions):
        inner = make_reducer(recipe.options, _groups(recipe, series))
    else:
        samples = sample_pixels(series, recipe.inputs, recipe.composite)
        inner = function_reducer(recipe.function, samples, recipe.options)
    return composing(inner, recipe.inputs, recipe.composite)
