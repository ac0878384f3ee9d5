"""Record: what an output was made from, in a file beside it, and whether that still holds.

Only `--update` writes one. It loads no GDAL and no NumPy where the inputs are local: a rerun that
has nothing to do is over before they would be loaded.
"""

from __future__ import annotations

import dataclasses
import json
import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from pixeltrend.errors import OutputError, redact
from pixeltrend.raster.paths import RECORD, is_virtual
from pixeltrend.raster.replacing import Replacement
from pixeltrend.series.facts import WHOLE, content_of, facts_of, is_served, on_disk, side_files
from pixeltrend.series.patterns import find_inputs
from pixeltrend.version import NUMBERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pixeltrend.series.facts import Facts

# Options on which no number depends.
_OF_NO_NUMBER = {"update", "resume", "overwrite", "lock_timeout", "settle", "style"}
_MOST_REASONS = 3
# A file that changed so recently can change again, and keep its time: clocks of disks are coarse.
_COARSE_NS = 2 * 10**9


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
    function: str = "",
    others: Iterable[str] = (),
) -> Request:
    """Return what a run would make an output from, as the files are now.

    Parameters
    ----------
    patterns, output
        As for `slope`.
    options
        Dataclass objects with the options.
    function
        What `map` was given; else it is `slope`.
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
    facts = {redact(path): facts_of(path) for path in paths if is_served(path)}
    local = {os.path.abspath(on_disk(path)) for path in paths if not is_served(path)}
    for path in (*local, *side_files(local, target), *map(os.path.abspath, others)):
        facts[path] = facts_of(path)
    chosen = {name: value for part in options for name, value in _changed(part).items()}
    for table in chosen.keys() & {"times", "groups"}:
        chosen[table] = os.path.abspath(chosen[table])
        facts[chosen[table]] = facts_of(chosen[table])
    plain = json.loads(json.dumps(chosen, default=str))
    whole = [redact(n) if "://" in n or is_virtual(n) else os.path.abspath(n) for n in names]
    command = f"map {function}" if function else "slope"
    return Request(command, plain, whole, facts, asked)


def ask_again(record: Record, output: str | os.PathLike[str]) -> Request:
    """Return what the run of a record would make an output from today.

    Raises
    ------
    InputError
        A pattern matches nothing any more.
    """
    request = ask(record.patterns, output, ())
    others = {path: facts_of(path) for path in record.files if not is_served(path)}
    facts = {path: known for path, known in others.items() if known} | request.facts
    return request._replace(command=record.command, options=record.options, facts=facts)


def why_stale(request: Request, output: str | os.PathLike[str], record: Record | None) -> list[str]:
    """Return why an output with this record is not what a run would make; empty if it is."""
    if not os.path.exists(output):
        return [f"{os.fspath(output)} does not exist"]
    if record is None:
        return [f"no record of what it was made from ({os.path.basename(output)}{RECORD})"]
    if record.output != _identity(output):
        return [f"{os.fspath(output)} was changed since it was made"]
    return differences(record, request)


def differences(record: Record, request: Request) -> list[str]:
    """Return why a run would not compute what the run of a record did; empty if it would."""
    reasons = _other_options(record, request)
    for path in sorted(record.files.keys() | request.facts.keys()):
        if path not in record.files:
            reasons.append(f"{path} is new")
        elif path not in request.facts or not request.facts[path]:
            reasons.append(f"{path} is gone")
        elif reason := _why_changed(path, record.files[path], request.facts[path]):
            reasons.append(reason)
    return reasons


def in_short(reasons: Sequence[str]) -> str:
    """Return reasons as one line, and how many more there are."""
    more = f"; and {len(reasons) - _MOST_REASONS} more" * (len(reasons) > _MOST_REASONS)
    return f"{'; '.join(reasons[:_MOST_REASONS])}{more}"


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
    record = describe(request)
    if any(facts_of(path) != facts for path, facts in request.facts.items()):
        return  # the next run looks again
    record = record._replace(output=_identity(output), summary=dict(summary))
    text = json.dumps(record._asdict(), indent=1, ensure_ascii=True)
    Replacement(os.path.realpath(output) + RECORD).write(text.encode())


def describe(request: Request, *, contents: bool = True) -> Record:
    """Return what a run makes its output from, without what it makes of it.

    Parameters
    ----------
    request
        What the run was asked for.
    contents
        Whether each file is read for its fingerprint; else only those are that changed so recently
        that nothing else can tell.
    """
    files: dict[str, list[Any]] = {}
    for path, facts in request.facts.items():
        is_young = max(facts[1:3], default=0) > request.asked - _COARSE_NS
        content = content_of(path) if (contents or is_young) and not is_served(path) else ""
        files[path] = [facts[0], 0, 0, 0, content] if content and is_young else [*facts, content]
    return Record(request.command, request.options, request.patterns, files, NUMBERS, [], {})


def keep(request: Request, output: str | os.PathLike[str], record: Record) -> dict[str, Any]:
    """Return what the run said that made an output which is up to date, for `Summary`.

    New times of files that have been found to have their old content are noted.
    """
    if any(tuple(record.files[path][:-1]) != facts for path, facts in request.facts.items()):
        with suppress(OutputError):  # the next run compares the contents again
            write(request, output, record.summary)
    said = record.summary | {"output": os.fspath(output), "times": tuple(record.summary["times"])}
    return said | {"seconds": 0.0, "warnings": (), "current": True, "resumed": 0}


def _why_changed(path: str, before: list[Any], now: Facts) -> str:
    """Return how a file is not the one that was recorded; empty if it is."""
    *facts, content = before
    if tuple(facts) == now:
        return ""
    if is_served(path) or facts[0] != now[0] or (content and content_of(path) != content):
        return f"{path} has changed"
    if content and now[0] <= WHOLE:
        return ""
    return f"{path} was written, moved or touched"


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
