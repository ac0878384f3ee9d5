"""Times and groups of rasters out of tables that a person wrote: ``--times``, ``--groups``."""

from __future__ import annotations

import csv
import os
import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

from pixeltrend.errors import InputError
from pixeltrend.times.dates import parse_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

# In the order in which they are tried: names have commas more often than tabs.
_DELIMITERS = "\t;,"
_COLUMNS = 2


class _Line(NamedTuple):
    number: int
    file: str
    parts: tuple[str, ...]
    """Folders and name."""
    entry: Any
    """Its time, or its group."""


class _Kind(NamedTuple):
    what: str
    """A time, or a group."""
    example: str
    parse: Callable[[str], Any]


_TIME = _Kind("time", "1995-07-15", parse_time)
_GROUP = _Kind("group", "LC08", str)


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
    return _entries(os.fspath(table), names, _TIME)


def groups_from_table(table: str | os.PathLike[str], names: Sequence[str]) -> list[str]:
    """Return the group that a table of files and groups has for each input.

    Tables are those of `times_from_table`, with the name of a group in place of a time.
    """
    return _entries(os.fspath(table), names, _GROUP)


def _entries(table: str, names: Sequence[str], kind: _Kind) -> list[Any]:
    """Return what a table has for each input."""
    by_name: dict[str, list[_Line]] = defaultdict(list)
    for line in _lines(table, kind):
        by_name[line.parts[-1]].append(line)
    taken: dict[int, str] = {}
    entries = []
    for name in names:
        line = _line_of(table, name, by_name, kind)
        other = taken.setdefault(line.number, name)
        if other != name:
            raise InputError(
                f"{table}, line {line.number}: {line.file} could be {other} or {name}; "
                "give each its own line, with its folder"
            )
        entries.append(line.entry)
    return entries


def _line_of(table: str, name: str, by_name: dict[str, list[_Line]], kind: _Kind) -> _Line:
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
        raise InputError(f"{table}: no line for {name}; add one, such as {last},{kind.example}")
    if len(best) > 1:
        first, second = sorted(best, key=lambda line: line.number)[:2]
        raise InputError(
            f"{table}, line {second.number}: {second.file} gives {name} a {kind.what}, and so does "
            f"line {first.number} with {first.file}; leave one line for each file"
        )
    return best[0]


def _lines(table: str, kind: _Kind) -> Iterator[_Line]:
    """Yield the lines that hold a file and a time, or a group."""
    delimiter = ""
    may_be_head = True
    for number, text in enumerate(_read(table, kind).split("\n"), 1):
        if not text.strip() or text.lstrip().startswith("#"):
            continue
        if not delimiter:
            delimiter = next((sign for sign in _DELIMITERS if len(_split(text, sign)) > 1), ",")
        fields = _split(text, delimiter)
        if len(fields) != _COLUMNS or not all(fields):
            raise InputError(
                f"{table}, line {number}: {text.strip()!r} is not a file and a {kind.what}; "
                f"write FILE,{kind.what.upper()} (with a comma, semicolon or tab between, the same "
                "in all lines)"
            )
        file, written = fields
        try:
            yield _Line(number, file, _parts(file), kind.parse(written))
        except ValueError as error:
            if not may_be_head or re.search(r"\d", written):
                raise InputError(f"{table}, line {number}: {error}") from error
        may_be_head = False


def _read(table: str, kind: _Kind) -> str:
    try:
        with open(table, encoding="utf-8-sig") as file:
            return file.read()
    except UnicodeDecodeError as error:
        raise InputError(f"{table}: is not a text file in UTF-8; save it as CSV UTF-8") from error
    except OSError as error:
        raise InputError(
            f"{table}: {error.strerror or error}; --{kind.what}s needs a table of files and "
            f"{kind.what}s"
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
