"""Homogeneity: which group each raster is of, and warnings of what changes within a series."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pixeltrend.series.notes import Note
from pixeltrend.times.dates import format_time
from pixeltrend.times.sensors import Sensor, sensor_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pixeltrend.series.dating import Raster
    from pixeltrend.series.options import InputOptions

# What the notes of changes have in common.
CHANGES = "changes within the series"
_SHOWN = 4
_WHAT = ("sensor", "product version", "processing level")


def find_groups(
    rasters: Sequence[Raster], times: Sequence[float], inputs: InputOptions
) -> tuple[tuple[str, ...], list[Note]]:
    """Return the group of each raster, empty if unknown, and notes of what changes.

    Parameters
    ----------
    rasters
        In the order of `times`.
    times
        Decimal years.
    inputs
        A table of groups; otherwise names and metadata tell sensor, version and level.

    Raises
    ------
    InputError
        The table has no line for a raster, or cannot be read.
    """
    if inputs.groups is not None:
        from pixeltrend.times.tables import groups_from_table  # most series have none

        groups = groups_from_table(inputs.groups, [raster.export.name for raster in rasters])
        return tuple(groups), _changes(groups, times, "group")
    sensors = [_sensor(raster) for raster in rasters]
    notes = []
    for what, values in zip(_WHAT, zip(*sensors, strict=True), strict=True):
        notes += _changes(values, times, what)
    return tuple(map(str, sensors)), notes


def _sensor(raster: Raster) -> Sensor:
    if raster.band is None:
        return sensor_of(raster.export.name, raster.header.metadata)
    band = raster.header.bands[raster.band - 1]
    return sensor_of(f"{raster.export.name}/{band.description}", band.metadata)


def _changes(values: Sequence[str], times: Sequence[float], what: str) -> list[Note]:
    """Return a note if rasters are of several kinds; unknown ones do not count."""
    seen: dict[str, list[float]] = {}
    for value, time in zip(values, times, strict=True):
        if value:
            seen.setdefault(value, []).append(time)
    if len(seen) < 2:  # noqa: PLR2004 - two differ
        return []
    shown = ", ".join(
        f"{value} ({len(at)}, {format_time(at[0])} to {format_time(at[-1])})"
        for value, at in list(seen.items())[:_SHOWN]
    )
    more = f" and {len(seen) - _SHOWN} more" if len(seen) > _SHOWN else ""
    return [
        Note(f"the {what} {CHANGES}: {shown}{more}; a change can look like a trend (see --steps)")
    ]
