"""Dating: when each export or band of a series was, by its name, a table or what the file says."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pixeltrend.errors import InputError
from pixeltrend.raster.header import find_band
from pixeltrend.raster.paths import file_name
from pixeltrend.series.notes import Note
from pixeltrend.times import dates, metadata, names, tables

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pixeltrend.raster.header import BandHeader, Header
    from pixeltrend.series.options import InputOptions
    from pixeltrend.series.shards import Export

# Longest time between what a name and what the file says that is no contradiction: composites are
# named after their first day, and their files after some other.
_MONTH = 31 / 365


@dataclass(frozen=True, slots=True)
class Dated:
    """One time of a series, and where its pixels are."""

    time: float
    """Decimal year."""
    export: Export
    """The file or files."""
    band: int | None
    """The band that has this time; None if all of the export has it."""

    @property
    def label(self) -> str:
        """The export, and its band where there are several."""
        return self.label_of(self.export.name)

    def label_of(self, path: str) -> str:
        """One of its files, and its band where there are several."""
        return path if self.band is None else f"{path}, band {self.band}"


def date_exports(
    exports: Sequence[Export], headers: Mapping[str, Header], options: InputOptions
) -> tuple[list[Dated], list[Note]]:
    """Say what time each export, or each band of them, has; in order of time.

    Returns
    -------
    dated
        Sorted by time.
    notes
        What contradicts these times.

    Raises
    ------
    InputError
        A time is missing, or there twice.
    ArgumentError
        The options make no sense.
    """
    if options.bands_are_times:
        places = [
            (export, number)
            for export in sorted(exports, key=_order)
            for number in _bands_with_times(headers[export.files[0]], options)
        ]
        times, notes = _times_of_bands(places, headers, options)
        dated = [Dated(t, export, n) for t, (export, n) in zip(times, places, strict=True)]
    else:
        exports, times, notes = _times_of_exports(exports, headers, options)
        dated = [Dated(t, export, None) for t, export in zip(times, exports, strict=True)]
    _check_twice(dated)
    return sorted(dated, key=lambda its: its.time), notes


def _bands_with_times(header: Header, options: InputOptions) -> list[int]:
    """Give the numbers of the bands that are times: those that do not mask others."""
    masks = {
        find_band(header, band) for band in (options.mask_band, options.qa_band) if band is not None
    }
    return [number for number in range(1, len(header.bands) + 1) if number not in masks]


def _order(export: Export) -> tuple[list[tuple[str, int, str]], str]:
    """Sort key: the name of the file, with numbers as numbers, whatever its folder."""
    return dates.name_order(file_name(export.name)), export.name


def _check_order(exports: Sequence[Export]) -> None:
    """Refuse files of one name, whose folders do not say which comes first."""
    for before, after in itertools.pairwise(exports):
        if file_name(before.name) == file_name(after.name):
            raise InputError(
                f"{before.name} and {after.name} have the same name, so years cannot tell which is "
                "first; give a table with --times"
            )


def _check_twice(dated: Sequence[Dated]) -> None:
    for time in dates.duplicates([its.time for its in dated]):
        same = [its for its in dated if its.time == time]
        twice = same[0].label == same[1].label
        what = "files" if same[0].band is None else "bands"
        raise InputError(
            f"two {what} of one time, {dates.format_time(time)}: {same[0].label} and "
            f"{same[1].label}{' (as one file and as shards)' if twice else ''}"
        )


def hint_at_bands(bands: int) -> str:
    """Say how a single file may still be a series."""
    return f"its {bands} bands may be times: --bands-are-times"


def _times_of_exports(
    exports: Sequence[Export], headers: Mapping[str, Header], options: InputOptions
) -> tuple[list[Export], list[float], list[Note]]:
    exports = list(exports)
    paths = [export.name for export in exports]
    if options.years is not None:
        by_number = sorted(exports, key=_order)
        _check_order(by_number)
        notes: list[Note] = []
        if by_number != exports:
            before, after = next(
                (a.name, b.name) for a, b in itertools.pairwise(by_number) if a.name > b.name
            )
            notes.append(Note(f"names are sorted by their numbers: {before} before {after}"))
        return by_number, dates.times_from_range(options.years, len(exports)), notes
    if options.times is not None:
        return exports, tables.times_from_table(options.times, paths), []
    said = _said_by_files([headers[export.files[0]] for export in exports], options)
    try:
        times = names.times_from_names(
            [file_name(path) if path.startswith("/vsi") else path for path in paths],
            date_regex=options.date_regex,
        )
    except InputError as error:
        inside = [time for time in said if time is not None]
        bands = len(headers[exports[0].files[0]].bands)
        if len(exports) == 1 and bands > 1:
            raise InputError(f"{error}; {hint_at_bands(bands)}") from error
        if options.date_regex is not None or len(inside) < len(paths):
            raise
        note = Note("times are those that the files say, since their names have none")
        return exports, inside, [note]
    return exports, times, _contradictions(paths, times, said)


def _times_of_bands(
    places: Sequence[tuple[Export, int]], headers: Mapping[str, Header], options: InputOptions
) -> tuple[list[float], list[Note]]:
    if options.years is not None:
        return _years(options.years, len(places)), []
    bands = [headers[export.files[0]].bands[number - 1] for export, number in places]
    texts = [band.description for band in bands]
    if options.times is not None:
        if not all(texts):
            export, number = places[texts.index("")]
            raise InputError(
                f"{export.name}: band {number} has no description that a table of times could "
                "name; give --years FIRST:LAST"
            )
        return tables.times_from_table(options.times, texts), []
    said = [
        _said_by_band(headers[export.files[0]], band)
        for (export, _), band in zip(places, bands, strict=True)
    ]
    inside = [time for time in said if time is not None]
    try:
        times = names.times_from_names(texts, date_regex=options.date_regex)
    except InputError as error:
        if options.date_regex is None and len(inside) == len(said):
            return inside, []
        raise InputError(
            f"{places[0][0].name}: the descriptions of its bands do not say their times ({error}); "
            "give --years FIRST:LAST"
        ) from error
    if len(inside) == len(said) and len(set(times)) < len(times) == len(set(inside)):
        return inside, []  # the name of one variable, with a number in it, on every band
    labels = [f"{export.name}, band {number}" for export, number in places]
    return times, _contradictions(labels, times, said)


def _years(years: str, count: int) -> list[float]:
    times = dates.parse_range(years)
    if len(times) != count:
        raise InputError(f"years {years} are {len(times)} times, but there are {count} bands")
    return times


def _said_by_files(headers: Sequence[Header], options: InputOptions) -> list[float | None]:
    """Give the times that files say themselves: in the name of the band that is read, or else."""
    texts = [header.bands[_number(header, options.band)].description for header in headers]
    if all(texts) and len(set(texts)) > 1:  # one may be a copy of another
        try:
            return [*names.times_from_names(texts)]
        except InputError:
            pass  # they need not say any
    return [_said_by(header) for header in headers]


def _number(header: Header, band: int | str | None) -> int:
    """Give the place of the band that is read, from 0; the first one's if there is no such band."""
    try:
        return find_band(header, band) - 1
    except InputError:
        return 0  # it is refused where it is read


def _said_by(header: Header) -> float | None:
    """Give the time that a file's metadata say; of a netCDF with one time, that one."""
    if (time := metadata.time_from_metadata(header.metadata)) is not None:
        return time
    band = header.bands[0]
    return _said_by_band(header, band) if len(header.bands) == 1 else None


def _said_by_band(header: Header, band: BandHeader) -> float | None:
    """Give the time of one band: that of its netCDF dimension, or of its own metadata."""
    for name in ("time", "t", "TIME", "Time"):
        value, units = band.metadata.get(f"NETCDF_DIM_{name}"), header.metadata.get(f"{name}#units")
        if value is not None and units is not None:
            calendar = header.metadata.get(f"{name}#calendar", "standard")
            return metadata.times_from_cf([float(value)], units, calendar)[0]
    return metadata.time_from_metadata(band.metadata)


def _contradictions(
    labels: Sequence[str], times: Sequence[float], said: Sequence[float | None]
) -> list[Note]:
    """Warn where a file says another time than its name."""
    wrong = [
        (label, time, its)
        for label, time, its in zip(labels, times, said, strict=True)
        if its is not None and not _agree(time, its)
    ]
    if not wrong:
        return []
    _, time, its = wrong[0]
    named, inside = dates.format_time(time), dates.format_time(its)
    text = f"the name says {named}, but the file itself says {inside}; the name decides"
    return [Note.of([label for label, _, _ in wrong], text)]


def _agree(named: float, said: float) -> bool:
    if named == math.floor(named):  # a year, or its first day
        return math.floor(said) == named
    return abs(named - said) <= _MONTH
