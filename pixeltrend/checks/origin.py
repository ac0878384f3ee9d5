"""Origin: what an output of pixeltrend was made from, and whether it would be the same today."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pixeltrend.errors import InputError
from pixeltrend.raster import provenance
from pixeltrend.raster.parts import read_whole
from pixeltrend.series import record

if TYPE_CHECKING:
    from pixeltrend.raster.provenance import Provenance


@dataclass(frozen=True, slots=True)
class Origin:
    """What an output was made from."""

    output: str
    """The output."""
    method: str
    """What was computed."""
    times: tuple[float, ...]
    """Decimal years of the inputs."""
    inputs: tuple[str, ...]
    """The inputs, without the folders that all share."""
    options: str
    """What else the numbers depend on."""
    current: bool | None
    """Whether a run would make the same; None if nobody can tell, as `--update` was not given."""
    reasons: tuple[str, ...]
    """Why it would not, or why nobody can tell."""


def is_output(path: str) -> bool:
    """Return whether a path is that of a raster that pixeltrend wrote."""
    return os.path.isfile(path) and _made(path) is not None


def trace(path: str) -> Origin:
    """Return what an output was made from, and whether it is current; no pixel is read.

    Raises
    ------
    InputError
        It was not written by pixeltrend.
    """
    facts = _made(path)
    if facts is None:
        raise InputError(f"{path}: was not written by pixeltrend")
    current, reasons = _compare(path)
    return Origin(
        path, facts.method, facts.times, facts.inputs, facts.options, current, tuple(reasons)
    )


def _made(path: str) -> Provenance | None:
    try:
        return provenance.read(read_whole(path).metadata)
    except InputError:
        return None


def _compare(path: str) -> tuple[bool | None, list[str]]:
    made = record.read(path)
    if made is None:
        return None, ["it was not made with --update, which records the files"]
    try:
        request = record.ask_again(made, path)
    except InputError as error:
        return False, [str(error)]
    reasons = record.why_stale(request, path, made)
    return not reasons, reasons
