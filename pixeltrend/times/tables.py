"""Times of rasters out of a table that a person wrote: ``--times FILE.csv``."""

from __future__ import annotations

import csv
import os
import re
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from pixeltrend.errors import InputError
from pixeltrend.times.dates import parse_time
from pixeltrend.times.names import unsharded

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# In the order in which they are tried: names have commas more often than tabs.
_DELIMITERS = "\t;,"
_COLUMNS = 2


class _Line(NamedTuple):
    number: int
    file: str
    parts: tuple[str, ...]
    """Folders and name."""
    time: float


def times_from_table(table: str | os.PathLike[str], names: Sequence[str]) -> list[float]:
    """Look up the time of each file in a table of (file, time).

    Parameters
    ----------
    table
        A text file in UTF-8, with a comma, semicolon or tab between a file and its time on each
        line, and quotes where they are needed. Empty lines, lines that begin with #, and a first
        line without a time are left out. A file stands there with or without its folders and its
        extension; a time as `dates.parse_time` reads it. Lines of other files do no harm.
    names
        Paths of the inputs.

    Returns
    -------
    list of float
        Decimal years, in the order of `names`.

    Raises
    ------
    InputError
        The table cannot be read, a line makes no sense, or an input is there never, twice, or under
        a name that another input has too.
    """
    where = os.fspath(table)
    by_name: dict[str, list[_Line]] = defaultdict(list)
    for line in _lines(where):
        by_name[line.parts[-1]].append(line)
    taken: dict[int, str] = {}
    times = []
    for name in names:
        line = _line_of(where, name, by_name)
        other = taken.setdefault(line.number, name)
        if unsharded(other) != unsharded(name):
            raise InputError(
                f"{where}, line {line.number}: {line.file} could be {other} or {name}; "
                "give the file with its folder, and a line for each"
            )
        times.append(line.time)
    return times


def _line_of(where: str, name: str, by_name: dict[str, list[_Line]]) -> _Line:
    """Give the line that shares the longest path with `name`."""
    parts = _parts(name)
    last = parts[-1]
    spellings = {last, os.path.splitext(last)[0], unsharded(last)}
    spellings.add(os.path.splitext(unsharded(last))[0])
    best: list[_Line] = []
    longest = 0
    for line in (line for spelling in spellings for line in by_name.get(spelling, ())):
        shared = min(len(line.parts), len(parts))
        if line.parts[-shared:-1] == parts[-shared:-1] and shared >= longest:
            best = [*best, line] if shared == longest else [line]
            longest = shared
    if not best:
        raise InputError(f"{where}: no line for {name}; add one, such as {last},1995-07-15")
    if len(best) > 1:
        first, second = sorted(best)[:2]
        raise InputError(
            f"{where}, line {second.number}: {second.file} gives {name} a time, and so does line "
            f"{first.number} with {first.file}; leave one line for each file"
        )
    return best[0]


def _lines(where: str) -> Iterator[_Line]:
    delimiter = ""
    headed = False
    for number, text in enumerate(_read(where).split("\n"), 1):
        if not text.strip() or text.lstrip().startswith("#"):
            continue
        if not delimiter:
            delimiter = next((its for its in _DELIMITERS if len(_split(text, its)) > 1), ",")
        fields = _split(text, delimiter)
        if len(fields) != _COLUMNS or not all(fields):
            raise InputError(
                f"{where}, line {number}: {text.strip()!r} is not a file and a time; write "
                "FILE,TIME (with a comma, semicolon or tab between, the same in all lines)"
            )
        try:
            time = parse_time(fields[1])
        except ValueError as error:
            if not headed and not re.search(r"\d", fields[1]):
                headed = True
                continue
            raise InputError(f"{where}, line {number}: {error}") from error
        headed = True
        yield _Line(number, fields[0], _parts(fields[0]), time)


def _read(where: str) -> str:
    try:
        with open(where, encoding="utf-8-sig") as file:
            return file.read()
    except UnicodeDecodeError as error:
        raise InputError(f"{where}: not a text file in UTF-8; save it as CSV UTF-8") from error
    except OSError as error:
        raise InputError(f"{where}: {error.strerror or error}; give a table for --times") from error


def _split(text: str, delimiter: str) -> list[str]:
    """Give a line's fields, without the empty ones that spreadsheets leave at its end."""
    try:
        row = next(csv.reader([text], delimiter=delimiter, skipinitialspace=True, strict=True))
    except csv.Error:
        return []
    fields = [field.strip() for field in row]
    while fields and not fields[-1]:
        fields.pop()
    return fields


def _parts(path: str) -> tuple[str, ...]:
    """Give the folders and the name of a path of any system."""
    return tuple(part for part in re.split(r"[\\/]+", path) if part not in {"", ".", ".."}) or (
        path,
    )
