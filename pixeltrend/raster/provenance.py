"""Provenance: what an output was made from, as items of its metadata, written and read here."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, NamedTuple

from pixeltrend.errors import redact
from pixeltrend.raster.paths import container, is_virtual, within, without_query
from pixeltrend.version import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_PREFIX = "PIXELTREND_"


class Provenance(NamedTuple):
    """What an output was made from; nothing that changes from run to run."""

    method: str
    """What was computed."""
    times: tuple[float, ...]
    """Decimal years of the inputs."""
    inputs: tuple[str, ...]
    """Paths of the inputs; in an output, without the folders that all share."""
    bands: tuple[int, ...] = ()
    """Numbers of the bands that were read, from 1."""
    options: str = ""
    """What else the numbers depend on: NAME=VALUE, sorted, with blanks between them."""


def describe(facts: Provenance) -> dict[str, str]:
    """Return the metadata items of an output."""
    items = {
        "VERSION": __version__,
        "METHOD": facts.method,
        "TIMES": " ".join(f"{time:.10g}" for time in facts.times),
        "INPUTS": json.dumps(_short_names(facts.inputs)) if facts.inputs else "",
        "INPUT_BANDS": " ".join(map(str, facts.bands)),
        "OPTIONS": facts.options,
    }
    return {_PREFIX + name: text for name, text in items.items() if text}


def describe_unreadable(
    counts: Mapping[str, tuple[int, int]], inputs: Sequence[str]
) -> dict[str, str]:
    """Return the metadata item of what could not be read of the inputs, and so is missing.

    Parameters
    ----------
    counts
        By path, blocks and values.
    inputs
        The paths of all inputs, as in `Provenance`.
    """
    names = _short_names([*inputs, *counts])[len(inputs) :]
    facts = dict(zip(names, map(list, counts.values()), strict=True))
    return {_PREFIX + "UNREADABLE": json.dumps(facts)}


def options_text(options: Mapping[str, object]) -> str:
    """Return options as `Provenance` has them."""
    return " ".join(f"{name}={options[name]}" for name in sorted(options))


def read(items: Mapping[str, str]) -> Provenance | None:
    """Return what metadata items say; None if they are not those of an output of pixeltrend."""
    if _PREFIX + "VERSION" not in items:
        return None
    text = {name.removeprefix(_PREFIX): value for name, value in items.items()}
    try:
        return Provenance(
            method=text.get("METHOD", ""),
            times=tuple(map(float, text.get("TIMES", "").split())),
            inputs=tuple(map(str, json.loads(text.get("INPUTS", "[]")))),
            bands=tuple(map(int, text.get("INPUT_BANDS", "").split())),
            options=text.get("OPTIONS", ""),
        )
    except (TypeError, ValueError):  # written by us, and changed by another program
        return Provenance(text.get("METHOD", ""), (), ())


def _short_names(paths: Sequence[str]) -> list[str]:
    """Strip the folders that all paths share: an output does not tell where it was made."""
    files = [container(path) for path in paths]
    real = [
        redact(without_query(file)) if is_virtual(file) else os.path.realpath(file)
        for file in files
    ]
    top = os.path.commonpath([os.path.dirname(file) for file in real])
    short = [os.path.relpath(file, top) for file in real]
    return [within(path, file) for path, file in zip(paths, short, strict=True)]
