"""Own times: what files say of theirs, on an axis or in metadata, and whether names agree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pixeltrend.errors import InputError
from pixeltrend.raster.header import find_band
from pixeltrend.series.notes import Note
from pixeltrend.times.dates import format_date, format_dates
from pixeltrend.times.metadata import is_time_unit, time_from_metadata, times_from_cf
from pixeltrend.times.names import times_from_names

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pixeltrend.raster.header import BandHeader, Header
    from pixeltrend.series.options import InputOptions

# Longest time between what a name and what the file says that is no contradiction: composites are
# named after their first day, and their files after some other.
_MONTH = 31 / 365
# Own times of which a larger part is repeated are those of something else, such as a product.
_MOST_REPEATED = 0.5
_PLACE = "NETCDF_DIM_"


def axis_time(header: Header, number: int) -> float | None:
    """Return the time of a band on the axis of its variable; None if it has none.

    Raises
    ------
    InputError
        The axis cannot be read.
    MissingDependencyError
        The package cftime is not installed.
    """
    items = header.bands[number - 1].metadata
    for name in _axes(items):
        units = header.metadata.get(f"{name}#units", "")
        if is_time_unit(units):
            calendar = header.metadata.get(f"{name}#calendar", "standard")
            return times_from_cf([float(items[_PLACE + name])], units, calendar)[0]
    return None


def has_axis(header: Header) -> bool:
    """Return whether the bands of a file lie on an axis of time."""
    axes = _axes(header.bands[0].metadata)
    return any(is_time_unit(header.metadata.get(f"{name}#units", "")) for name in axes)


def bands_on_axis(header: Header) -> list[int | None]:
    """Return the bands of a variable, which are its times; or None for one without an axis.

    Raises
    ------
    InputError
        It has another axis besides, such as one of heights.
    """
    bands = header.bands
    for name in _axes(bands[0].metadata):
        values = {band.metadata.get(_PLACE + name) for band in bands}
        if len(values) > 1 and not is_time_unit(header.metadata.get(f"{name}#units", "")):
            others = len({axis for axis in _axes(bands[0].metadata) if axis != name})
            if others:
                raise InputError(
                    f"{header.path}: has a further axis, {name}, with {len(values)} values: copy "
                    "one of them into a file of its own, with gdalmdimtranslate -array and a view"
                )
    if len(bands) == 1 and not has_axis(header):
        return [None]
    return list(range(1, len(bands) + 1))


def own_times(
    headers: Sequence[Header], bands: Sequence[int | None], inputs: InputOptions
) -> list[float | None]:
    """Return the times that files hold: in the name of the band that is read, or in metadata.

    Parameters
    ----------
    headers, bands
        Each raster, and the band of it that has its time; None for all of it.
    inputs
        Which band is read.
    """
    if bands[0] is not None:
        pairs = zip(headers, bands, strict=True)
        return [_time_of_band(header, band or 1) for header, band in pairs]
    texts = [_band_to_read(header, inputs).description for header in headers]
    if all(texts) and len(set(texts)) > 1:  # one may be a copy of another
        try:
            return [*times_from_names(texts)]
        except InputError:
            pass  # they need not hold any
    return [_time_of_file(header) for header in headers]


def contradictions(
    labels: Sequence[str], named: Sequence[float], own: Sequence[float | None]
) -> list[Note]:
    """Return notes if files hold other times than their names, or some the same as another."""
    wrong = [
        (label, format_date(name), format_date(time))
        for label, name, time in zip(labels, named, own, strict=True)
        if time is not None and not _agree(name, time)
    ]
    if wrong:
        _, by_name, by_file = wrong[0]
        text = f"the name says {by_name}, but the file itself says {by_file}; the name is used"
        return [Note.of([label for label, _, _ in wrong], text)]
    first: dict[float, int] = {}
    notes = []
    for number, time in enumerate(own):
        if time is None or time == int(time):  # a year may be all that is known
            continue
        other = first.setdefault(time, number)
        if named[other] != named[number]:
            text = (
                f"says itself that it is of {format_dates([time])[0]}, as {labels[other]} does: "
                "one may be a copy under another name"
            )
            notes.append(Note.of([labels[number]], text))
    return notes if len(notes) <= _MOST_REPEATED * len(first) else []


def _band_to_read(header: Header, inputs: InputOptions) -> BandHeader:
    try:
        return header.bands[find_band(header, inputs.band) - 1]
    except InputError:
        return header.bands[0]  # the file is refused where it is read


def _time_of_file(header: Header) -> float | None:
    """Return the time in a file's metadata; of a netCDF with one time, that one."""
    time = time_from_metadata(header.metadata)
    return _time_of_band(header, 1) if time is None and len(header.bands) == 1 else time


def _time_of_band(header: Header, number: int) -> float | None:
    """Return the time of one band: that of its axis, or of its own metadata."""
    time = axis_time(header, number)
    return time_from_metadata(header.bands[number - 1].metadata) if time is None else time


def _agree(named: float, own: float) -> bool:
    if named == int(named):  # a year, or its first day
        return int(own) == named
    return abs(named - own) <= _MONTH


def _axes(items: Mapping[str, str]) -> list[str]:
    return [key.removeprefix(_PLACE) for key in items if key.startswith(_PLACE)]
