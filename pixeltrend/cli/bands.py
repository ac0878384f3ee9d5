"""--band NIR,SWIR: a run for each band, each with an output of its own."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from pixeltrend.cli.exits import complain
from pixeltrend.errors import ArgumentError, PixelTrendError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

# What stands for the band in the name of an output.
PLACE = "{band}"


def run_each(
    run: Callable[[list[str], str, dict[str, Any]], None],
    patterns: list[str],
    output: str,
    settings: Mapping[str, Any],
) -> None:
    """Run once for each band; a band that fails does not keep the others from being tried.

    Parameters
    ----------
    run
        Called with the inputs, an output, and the settings with the band that it is of.
    patterns
        The inputs, of which the outputs of all bands are none.
    output
        The output, or its name with `PLACE` for the band.
    settings
        What the command was given, with ``band``.

    Raises
    ------
    ArgumentError
        The output and the bands do not go together, or an option makes no sense.
    click.exceptions.Exit
        Some of several bands failed; with the largest of their exit statuses.
    """
    outputs = _outputs(output, settings["band"])
    statuses = []
    for path, band in outputs:
        try:
            run(_without(patterns, outputs), path, dict(settings) | {"band": band})
        except PixelTrendError as error:
            if len(outputs) == 1 or isinstance(error, ArgumentError):
                raise
            statuses.append(complain(error))
    if statuses:
        raise click.exceptions.Exit(max(statuses))


def _outputs(output: str, band: str | None) -> list[tuple[str, str | None]]:
    """Return each output and its band."""
    if PLACE not in output:
        return [(output, band)]
    if band is None:
        raise ArgumentError(f"{output}: {PLACE} stands for a band: which ones does --band say")
    names = [name.strip() for name in band.split(",")]
    paths = [output.replace(PLACE, name.replace(os.sep, "_")) for name in names]
    if not all(names) or len(set(paths)) < len(paths):
        raise ArgumentError(f"band {band!r}: names no band, or one of them twice")
    return list(zip(paths, names, strict=True))


def _without(patterns: list[str], outputs: Sequence[tuple[str, str | None]]) -> list[str]:
    """Return patterns that match no output: the files themselves, where they do match one."""
    targets = {os.path.realpath(output) for output, _ in outputs if os.path.exists(output)}
    if len(outputs) == 1 or not targets:
        return patterns
    from pixeltrend.series.patterns import find_inputs  # most runs are of one band

    paths = find_inputs(patterns)
    inputs = [path for path in paths if os.path.realpath(path) not in targets]
    return patterns if len(inputs) == len(paths) else inputs
