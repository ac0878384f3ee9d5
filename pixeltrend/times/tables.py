"""Times of rasters out of a table that a person wrote: ``--times FILE.csv``."""

from __future__ import annotations

import csv
import os
import re
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from pixeltrend.errors import InputError
from pixeltrend.times.dates import parse_time

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
    """Return the time that a table of files and times has for each input.

    Parameters
    ----------
    table
        A text file in UTF-8, with a comma, semicolon or tab between a file and its time on each
        line, and quotes where they are needed. Empty lines, lines that begin with #, and a first
        line without a time are left out. A file may have its folders and its extension, or not;
        a time is one that `dates.parse_time` reads. Lines of other files do no harm.
    names
        Paths of the inputs.

    Returns
    -------
    list of float
        Decimal years, in the order of `names`.

    Raises
    ------
    InputError
        The table cannot be read, a line makes no sense, or an input has no line, two lines, or the
        same line as another input.
    """
    table = os.fspath(table)
    by_name: dict[str, list[_Line]] = defaultdict(list)
    for line in _lines(table):
        by_name[line.parts[-1]].append(line)
    taken: dict[int, str] = {}
    times = []
    for name in names:
        line = _line_of(table, name, by_name)
        other = taken.setdefault(line.number, name)
        if other != name:
            raise InputError(
                f"{table}, line {line.number}: {line.file} could be {other} or {name}; "
                "give each its own line, with its folder"
            )
        times.append(line.time)
    return times


def _line_of(table: str, name: str, by_name: dict[str, list[_Line]]) -> _Line:
    """Return the line that shares the longest path with `name`."""
    parts = _parts(name)
    last = parts[-1]
    best: list[_Line] = []
    longest = 0
    for spelling in {last, os.path.splitext(last)[0]}:
        for line in by_name.get(spelling, ()):
            shared = min(len(line.parts), len(parts))
            if line.parts[-shared:-1] == parts[-shared:-1] and shared >= longest:
                best = [*best, line] if shared == longest else [line]
                longest = shared
    if not best:
        raise InputError(f"{table}: no line for {name}; add one, such as {last},1995-07-15")
    if len(best) > 1:
        first, second = sorted(best)[:2]
        raise InputError(
            f"{table}, line {second.number}: {second.file} gives {name} a time, and so does line "
            f"{first.number} with {first.file}; leave one line for each file"
        )
    return best[0]


def _lines(table: str) -> Iterator[_Line]:
    """Yield the lines that hold a file and a time."""
    delimiter = ""
    may_be_head = True
    for number, text in enumerate(_read(table).split("\n"), 1):
        if not text.strip() or text.lstrip().startswith("#"):
            continue
        if not delimiter:
            delimiter = next((sign for sign in _DELIMITERS if len(_split(text, sign)) > 1), ",")
        fields = _split(text, delimiter)
        if len(fields) != _COLUMNS or not all(fields):
            raise InputError(
                f"{table}, line {number}: {text.strip()!r} is not a file and a time; write "
                "FILE,TIME (with a comma, semicolon or tab between, the same in all lines)"
            )
        file, written = fields
        try:
            yield _Line(number, file, _parts(file), parse_time(written))
        except ValueError as error:
            if not may_be_head or re.search(r"\d", written):
                raise InputError(f"{table}, line {number}: {error}") from error
        may_be_head = False


def _read(table: str) -> str:
    try:
        with open(table, encoding="utf-8-sig") as file:
            return file.read()
    except UnicodeDecodeError as error:
        raise InputError(f"{table}: is not a text file in UTF-8; save it as CSV UTF-8") from error
    except OSError as error:
        raise InputError(
            f"{table}: {error.strerror or error}; --times needs a table of files and times"
        ) from error


def _split(text: str, delimiter: str) -> list[str]:
    """Return a line's fields, without the empty ones that spreadsheets leave at its end."""
    try:
        row = next(csv.reader([text], delimiter=delimiter, skipinitialspace=True, strict=True))
    except csv.Error:
        return []
    fields = [field.strip() for field in row]
    while fields and not fields[-1]:
        fields.pop()
    return fields


def _parts(path: str) -> tuple[str, ...]:
    """Return the folders and the name of a path of any system."""
    return tuple(part for part in re.split(r"[\\/]+", path) if part not in {"", ".", ".."}) or (
        path,
    )
