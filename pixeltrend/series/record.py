"""Record: what an output was made from, in a file beside it, and whether that still holds.

Only `--update` writes one. It loads no GDAL and no NumPy where the inputs are local: a rerun that
has nothing to do is over before they would be loaded.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from pixeltrend.errors import OutputError, redact
from pixeltrend.raster.paths import RECORD, container, is_remote, is_virtual
from pixeltrend.raster.replacing import Replacement
from pixeltrend.series.patterns import SUFFIXES, find_inputs
from pixeltrend.version import NUMBERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

# Options on which no number depends.
_OF_NO_NUMBER = {"update", "overwrite", "lock_timeout", "settle"}
# Files up to this size are hashed whole, of larger ones their ends and samples.
_WHOLE = 4 * 2**20
_PIECE = 2**16
_SAMPLES = 16
# A file that changed so recently can change again, and keep its time: clocks of disks are coarse.
_COARSE_NS = 2 * 10**9

Facts = tuple[int, ...]


class Request(NamedTuple):
    """What a run would make an output from."""

    command: str
    """``slope``, or ``map MODULE:FUNCTION``."""
    options: dict[str, Any]
    """The options that differ from their defaults and that numbers or bytes depend on."""
    patterns: list[str]
    """Patterns of the inputs, absolute."""
    facts: dict[str, Facts]
    """Size, times of the last changes of content and status in ns, and inode of every file that
    the result depends on; of remote files, size and time in s."""
    asked: int
    """When that was so, in ns."""


class Record(NamedTuple):
    """What an output was made from."""

    command: str
    """As in `Request`."""
    options: dict[str, Any]
    """As in `Request`."""
    patterns: list[str]
    """As in `Request`."""
    files: dict[str, list[Any]]
    """Facts of each file, and after them a fingerprint of its content."""
    numbers: int
    """`pixeltrend.version.NUMBERS` of the package that computed them."""
    output: list[int]
    """What tells the output from a file that takes its name."""
    summary: dict[str, Any]
    """What the run said of the result."""


def ask(
    patterns: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    output: str | os.PathLike[str],
    options: Sequence[Any],
    command: str = "slope",
    others: Iterable[str] = (),
) -> Request:
    """Return what a run would make an output from, as the files are now.

    Parameters
    ----------
    patterns, output
        As for `slope`.
    options
        Dataclass objects with the options.
    command
        As in `Request`.
    others
        Further files that the result depends on.

    Raises
    ------
    InputError
        A pattern matches nothing.
    """
    several = [patterns] if isinstance(patterns, (str, os.PathLike)) else patterns
    names = [os.fspath(pattern) for pattern in several]
    target = os.path.realpath(output)
    asked = time.time_ns()
    paths = [path for path in find_inputs(names) if os.path.realpath(path) != target]
    facts = {redact(path): _facts(path) for path in paths if _is_served(path)}
    local = {os.path.abspath(_on_disk(path)) for path in paths if not _is_served(path)}
    for path in (*local, *_side_files(local, target), *map(os.path.abspath, others)):
        facts[path] = _facts(path)
    chosen = {name: value for part in options for name, value in _changed(part).items()}
    for table in chosen.keys() & {"times", "groups"}:
        chosen[table] = os.path.abspath(chosen[table])
        facts[chosen[table]] = _facts(chosen[table])
    plain = json.loads(json.dumps(chosen, default=str))
    whole = [redact(n) if "://" in n or is_virtual(n) else os.path.abspath(n) for n in names]
    return Request(command, plain, whole, facts, asked)


def ask_again(record: Record, output: str | os.PathLike[str]) -> Request:
    """Return what the run of a record would make an output from today.

    Raises
    ------
    InputError
        A pattern matches nothing any more.
    """
    request = ask(record.patterns, output, (), record.command)
    others = {path: _facts(path) for path in record.files if not _is_served(path)}
    facts = {path: known for path, known in others.items() if known} | request.facts
    return request._replace(options=record.options, facts=facts)


def why_stale(request: Request, output: str | os.PathLike[str], record: Record | None) -> list[str]:
    """Return why an output with this record is not what a run would make; empty if it is."""
    if not os.path.exists(output):
        return [f"{os.fspath(output)} does not exist"]
    if record is None:
        return [f"no record of what it was made from ({os.path.basename(output)}{RECORD})"]
    if record.output != _identity(output):
        return [f"{os.fspath(output)} was changed since it was made"]
    reasons = _other_options(record, request)
    for path in sorted(record.files.keys() | request.facts.keys()):
        if path not in record.files:
            reasons.append(f"{path} is new")
        elif path not in request.facts or not request.facts[path]:
            reasons.append(f"{path} is gone")
        elif reason := _why_changed(path, record.files[path], request.facts[path]):
            reasons.append(reason)
    return reasons


def _other_options(record: Record, request: Request) -> list[str]:
    reasons = []
    if record.numbers != NUMBERS:
        reasons.append("this version of pixeltrend computes other numbers")
    if record.command != request.command:
        reasons.append(f"{request.command}, was {record.command}")
    for name in sorted(record.options.keys() | request.options.keys()):
        before, now = record.options.get(name, "not given"), request.options.get(name, "not given")
        if before != now:
            reasons.append(f"option {name}: {now}, was {before}")
    return reasons


def read(output: str | os.PathLike[str]) -> Record | None:
    """Return the record of an output; None if there is none that can be read."""
    try:
        with open(os.path.realpath(output) + RECORD, encoding="utf-8") as file:
            return Record(**json.load(file))
    except (OSError, ValueError, TypeError):
        return None


def write(request: Request, output: str | os.PathLike[str], summary: Mapping[str, Any]) -> None:
    """Write the record of an output that was just made, if the files are still as they were.

    Raises
    ------
    OutputError
        It cannot be written.
    """
    files: dict[str, list[Any]] = {}
    for path, facts in request.facts.items():
        content = "" if _is_served(path) else _fingerprint(path)
        if _facts(path) != facts:
            return  # the next run looks again
        if content and max(facts[1:3]) > request.asked - _COARSE_NS:
            facts = (facts[0], 0, 0, 0)  # the content alone can tell  # noqa: PLW2901
        files[path] = [*facts, content]
    record = Record(
        request.command,
        request.options,
        request.patterns,
        files,
        NUMBERS,
        _identity(output),
        dict(summary),
    )
    text = json.dumps(record._asdict(), indent=1, ensure_ascii=True)
    Replacement(os.path.realpath(output) + RECORD).write(text.encode())


def keep(request: Request, output: str | os.PathLike[str], record: Record) -> dict[str, Any]:
    """Return what the run said that made an output which is up to date, for `Summary`.

    New times of files that have been found to have their old content are noted.
    """
    if any(tuple(record.files[path][:-1]) != facts for path, facts in request.facts.items()):
        with suppress(OutputError):  # the next run compares the contents again
            write(request, output, record.summary)
    said = record.summary | {"output": os.fspath(output), "times": tuple(record.summary["times"])}
    return said | {"seconds": 0.0, "warnings": (), "current": True}


def _why_changed(path: str, before: list[Any], now: Facts) -> str:
    """Return how a file is not the one that was recorded; empty if it is."""
    *facts, content = before
    if tuple(facts) == now:
        return ""
    if _is_served(path) or facts[0] != now[0] or _fingerprint(path) != content:
        return f"{path} has changed"
    if now[0] <= _WHOLE:
        return ""
    return f"{path} was written, moved or touched"


def _facts(path: str) -> Facts:
    """Return what tells a file from another, or from itself after a change; empty if it is gone."""
    if _is_served(path):
        from pixeltrend.raster.fingerprint import fingerprint  # GDAL asks the server

        return fingerprint(path) or ()
    try:
        status = os.stat(path)
    except OSError:
        return ()
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def _is_served(path: str) -> bool:
    """Return whether GDAL alone can ask for a file."""
    return is_remote(path) or (is_virtual(path) and is_virtual(_on_disk(path)))


def _on_disk(path: str) -> str:
    """Return the file on the disk that a subdataset or a member of an archive lies in."""
    path = container(path)
    if path.startswith("/vsizip/"):
        parts = path.removeprefix("/vsizip/").split("/")
        wholes = ("/".join(parts[:end]) for end in range(1, len(parts) + 1))
        return next((whole for whole in wholes if os.path.isfile(whole)), path)
    return path


def _side_files(paths: Iterable[str], target: str) -> list[str]:
    """Return the files that have the name of an input with another ending, and are no rasters."""
    stems: dict[str, set[str]] = {}
    for path in paths:
        folder, name = os.path.split(path)
        stems.setdefault(folder, set()).add(os.path.splitext(name)[0])
    found = []
    for folder, names in stems.items():
        for name in _names(folder):
            path = os.path.join(folder, name)
            dots = [i for i, sign in enumerate(name) if sign == "."]
            if (
                any(name[:dot] in names for dot in dots)
                and not name.lower().endswith((*SUFFIXES, ".zip", RECORD))
                and not os.path.realpath(path).startswith(target)
                and os.path.isfile(path)
            ):
                found.append(path)
    return found


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:  # its files can be read by name
        return []


def _fingerprint(path: str) -> str:
    """Return a hash of a file's size and content, whole or in samples."""
    digest = hashlib.blake2b(digest_size=16)
    try:
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            digest.update(str(size).encode())
            if size <= _WHOLE:
                digest.update(file.read(_WHOLE))
            for sample in range(_SAMPLES if size > _WHOLE else 0):
                file.seek((size - _PIECE) * sample // (_SAMPLES - 1))
                digest.update(file.read(_PIECE))
    except OSError:
        return ""
    return digest.hexdigest()


def _identity(output: str | os.PathLike[str]) -> list[int]:
    """Return what tells an output from another; its mode may change."""
    status = os.stat(output)
    return [status.st_ino, status.st_size, status.st_mtime_ns]


def _changed(options: Any) -> dict[str, Any]:
    return {
        field.name: value
        for field in dataclasses.fields(options)
        if field.name not in _OF_NO_NUMBER
        and (value := getattr(options, field.name)) not in (field.default, {})
    }
