"""Dating: when each raster was, by one decision: years, a table, names, or the files themselves."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, NamedTuple

from pixeltrend.errors import InputError
from pixeltrend.raster.header import find_band
from pixeltrend.raster.paths import container, file_name
from pixeltrend.series.notes import Note
from pixeltrend.series.own_times import axis_time, bands_on_axis, contradictions, own_times
from pixeltrend.times.dates import (
    duplicates,
    format_dates,
    name_order,
    times_from_range,
)
from pixeltrend.times.names import date_names

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pixeltrend.raster.header import Header
    from pixeltrend.series.options import InputOptions
    from pixeltrend.series.shards import Export


class Raster(NamedTuple):
    """What has one time: an export, or one of its bands."""

    export: Export
    """The file or files."""
    header: Header
    """That of the first file."""
    band: int | None
    """The band that has this time; None if all of the export has it."""

    @property
    def label(self) -> str:
        """The export, and the band where each has its time."""
        return self.label_of(self.export.name)

    def label_of(self, path: str) -> str:
        """Return one of its files, and the band where each has its time."""
        return path if self.band is None else f"{path}, band {self.band}"


def date_rasters(
    exports: Sequence[Export],
    headers: Mapping[str, Header],
    inputs: InputOptions,
    *,
    repeated: bool = False,
) -> tuple[list[float], list[Raster], list[Note]]:
    """Return the times of a series and its rasters, both in order of time.

    Rasters may have one time if it may be `repeated`, or with `duplicates` or `mosaic`; they stay
    in the order of their names.

    Returns
    -------
    times
        Decimal years, two at least; increasing, strictly so where no time may be repeated.
    rasters
        The raster of each time.
    notes
        What contradicts these times.

    Raises
    ------
    InputError
        A raster has no time, two have the same one, or there are fewer than two.
    ArgumentError
        The options make no sense.
    """
    rasters = [
        Raster(export, headers[export.files[0]], band)
        for export in sorted(exports, key=lambda export: _order(export.name))
        for band in _bands_with_times(headers[export.files[0]], inputs)
    ]
    if len(rasters) < 2:  # noqa: PLR2004 - two points make a line
        bands = len(headers[exports[0].files[0]].bands)
        hint = ""
        if bands > 1 and not inputs.bands_are_times:
            years = _years_of(exports[0].name, bands)
            hint = f"; its {bands} bands may be times: --bands-are-times{years}"
        raise InputError(f"a trend needs two times or more, but {exports[0].name} is alone{hint}")
    times, notes = _decide(rasters, inputs)
    may_repeat = repeated or inputs.mosaic or inputs.duplicates is not None
    for time in () if may_repeat else duplicates(times):
        one, other, *_ = [raster for raster, at in zip(rasters, times, strict=True) if at == time]
        what = "files" if one.band is None else "bands"
        date = format_dates(times)[times.index(time)]
        raise InputError(
            f"two {what} have the same time, {date}: {one.label} and {other.label}"
            f"{_what_to_do(one, other, rasters, inputs)}"
        )
    in_order = sorted(range(len(times)), key=times.__getitem__)
    return [times[i] for i in in_order], [rasters[i] for i in in_order], notes


def _what_to_do(one: Raster, other: Raster, rasters: Sequence[Raster], inputs: InputOptions) -> str:
    """Return what two rasters of one time differ in, and what to do."""
    if one.label == other.label:
        return " (as one file and as shards)"
    from pixeltrend.series.clashes import clash, tiles_hint  # most series have none

    hint = tiles_hint(one.header.grid, other.header.grid)
    if one.band is not None or inputs.times is not None:
        return hint
    paths = [raster.export.name for raster in rasters]
    by_name = inputs.date_regex is None
    return f"{hint}{clash(one.export.name, other.export.name, paths, by_name=by_name)}"


def _years_of(path: str, bands: int) -> str:
    from pixeltrend.series.clashes import years_of  # most series do without

    return years_of(path, bands)


def _order(path: str) -> tuple[list[tuple[str, int, str]], str]:
    """Return a sort key: the name of the file, with numbers as numbers, whatever its folder."""
    return name_order(file_name(path)), path


def _bands_with_times(header: Header, inputs: InputOptions) -> list[int | None]:
    """Return the bands that are times, all but those that mask others; or None for the file."""
    if inputs.variable is not None:
        return bands_on_axis(header)
    if not inputs.bands_are_times:
        return [None]
    masks = {
        find_band(header, band) for band in (inputs.mask_band, inputs.qa_band) if band is not None
    }
    return [number for number in range(1, len(header.bands) + 1) if number not in masks]


def _decide(rasters: Sequence[Raster], inputs: InputOptions) -> tuple[list[float], list[Note]]:
    """Return the time of each raster, and what to know of them."""
    if inputs.years is not None:
        return _times_from_years(rasters, inputs.years)
    if inputs.times is not None:
        return _times_from_table(rasters, inputs.times), []
    if (on_axis := _times_on_axes(rasters, inputs)) is not None:
        return on_axis, _without_period(inputs, "the times are on an axis of the files")
    own = own_times([r.header for r in rasters], [r.band for r in rasters], inputs)
    complete = [time for time in own if time is not None]
    are_bands = rasters[0].band is not None
    has_all = len(complete) == len(rasters)
    try:
        dated = date_names(_names(rasters), date_regex=inputs.date_regex, time=inputs.time)
    except InputError as error:
        if inputs.date_regex is None and has_all:
            what = "those in the metadata of the files are used"
            note = Note(f"the names hold no times, so {what}")
            ignored = _without_period(inputs, what)
            return complete, ignored if are_bands or ignored else [note]
        if not are_bands:
            if inputs.date_regex is not None:
                raise
            from pixeltrend.series.clashes import folder_hint  # most names are read

            hint = folder_hint(_names(rasters))
            raise InputError(f"{error}{hint}") from error
        years = _years_of(rasters[0].export.name, len(rasters)).strip() or "--years FIRST:LAST"
        raise InputError(
            f"{rasters[0].export.name}: the descriptions of its bands do not hold their times "
            f"({error}); give {years}"
        ) from error
    named = dated.times
    if (
        rasters[0].band is not None
        and has_all
        and len(set(named)) < len(named) == len(set(complete))
    ):
        return complete, []  # the name of one variable, with a number in it, on every band
    notes = contradictions([raster.label for raster in rasters], named, own)
    if dated.period is not None and inputs.time is None:
        first, last = dated.period
        notes.append(
            Note(
                f"{_names(rasters)[0]}: {first} and {last} are taken for a period, whose start "
                "counts; --time start, middle or end says which, --date-regex reads something else"
            )
        )
    return named, notes


def _without_period(inputs: InputOptions, why: str) -> list[Note]:
    """Return a note if the times of a period were asked for where there is none."""
    if inputs.time is None:
        return []
    return [Note(f"--time {inputs.time} does not count: the names hold no period, and {why}")]


def _names(rasters: Sequence[Raster]) -> list[str]:
    """Return the texts that may hold the times: the names of the files, or those of the bands."""
    names = [_name(raster) for raster in rasters]
    files = [container(name) for name in names]
    # One variable of many files: what differs is the names of the files.
    return files if len(set(files)) == len(files) else names


def _name(raster: Raster) -> str:
    if raster.band is not None:
        return raster.header.bands[raster.band - 1].description
    path = raster.export.name
    return file_name(path) if path.startswith("/vsi") else path


def _times_from_years(rasters: Sequence[Raster], years: str) -> tuple[list[float], list[Note]]:
    """Return the years of a range, for files in the order of their names, or for their bands."""
    if rasters[0].band is not None:
        return times_from_range(years, len(rasters), "bands"), []
    notes: list[Note] = []
    for before, after in itertools.pairwise(raster.export.name for raster in rasters):
        if file_name(before) == file_name(after):
            raise InputError(
                f"{before} and {after} have the same name, so --years cannot tell which comes "
                "first; give a table with --times"
            )
        if before > after and not notes:
            notes.append(Note(f"names are sorted by their numbers: {before} before {after}"))
    return times_from_range(years, len(rasters)), notes


def _times_from_table(rasters: Sequence[Raster], table: str) -> list[float]:
    from pixeltrend.times.tables import times_from_table  # most series have none

    for raster in rasters:
        if raster.band is not None and not _name(raster):
            raise InputError(
                f"{raster.label}: has no description that a table of times could name; give "
                "--years FIRST:LAST"
            )
    return times_from_table(
        table, [raster.export.name if raster.band is None else _name(raster) for raster in rasters]
    )


def _times_on_axes(rasters: Sequence[Raster], inputs: InputOptions) -> list[float] | None:
    """Return the times on the axes of a variable, if all have one and nothing else was asked."""
    if inputs.variable is None or inputs.date_regex is not None:
        return None
    times = [axis_time(raster.header, raster.band or 1) for raster in rasters]
    known = [time for time in times if time is not None]
    return known if len(known) == len(times) else None
