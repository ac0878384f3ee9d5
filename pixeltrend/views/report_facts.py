"""Report facts: inputs, warnings, versions and commands of a result, as a page tells them."""

from __future__ import annotations

import dataclasses
import json
import os
import shlex
from typing import TYPE_CHECKING, NamedTuple

from pixeltrend.checks.recipe import stated_options
from pixeltrend.options import changed
from pixeltrend.series.options import InputOptions
from pixeltrend.times.dates import format_dates
from pixeltrend.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pixeltrend.checks.remaking import Remade
    from pixeltrend.raster.provenance import Provenance


class Warnings(NamedTuple):
    """What to know of the inputs."""

    texts: tuple[str, ...]
    """One line each."""
    if_none: str
    """What a page says if there are none."""


def warnings(items: Mapping[str, str], made: Remade | None) -> Warnings:
    """Return what to know of the inputs, from metadata and, if they were opened, from themselves.

    Parameters
    ----------
    items
        Metadata of the result.
    made
        What it was made with; None if nobody looked.
    """
    texts = [
        f"{name}: {blocks:,} blocks could not be read, and {values:,} values are missing"
        for name, (blocks, values) in json.loads(items.get("PIXELTREND_UNREADABLE", "{}")).items()
    ]
    if made is None:
        return Warnings(tuple(texts), "The inputs were not opened for this page.")
    texts += [f"Since the result was made: {change}" for change in made.changes]
    texts += made.series.warnings
    folders = {os.path.dirname(path) for path in made.series.paths} - {""}
    for folder in sorted(folders, key=len, reverse=True):  # a page does not tell where it was made
        texts = [text.replace(folder + os.sep, "") for text in texts]
    return Warnings(tuple(texts), "No warnings.")


def inputs(facts: Provenance, made: Remade | None) -> Iterator[tuple[str, str]]:
    """Yield date and name of each raster."""
    dates = format_dates(facts.times)
    names = facts.inputs
    if made is not None and len(made.series.sources) == len(dates):
        files = [os.path.basename(source.path) for source in made.series.sources]
        many = len(facts.bands) > 1
        names = tuple(
            f"{file}, band {source.band}" if many else file
            for file, source in zip(files, made.series.sources, strict=True)
        )
    if len(names) == len(dates):
        yield from zip(dates, names, strict=True)
    else:
        yield ", ".join(dates), ", ".join(names)


def commands(facts: Provenance, raster: str, output: str) -> Iterator[tuple[str, str]]:
    """Yield commands, each with a sentence on it before.

    Parameters
    ----------
    facts
        What the metadata of the result say.
    raster, output
        Names of the result and of the page, without folders.
    """
    given, statistics, composite = stated_options(facts)
    if statistics is not None:
        words = ["pixeltrend", "slope", *facts.inputs, "-o", raster]
        if given.get("band") == 1:
            del given["band"]  # which is read if nobody says otherwise
        for options in (InputOptions(**given), composite, statistics):
            words += _flags(options)
        yield (
            "By its metadata, which do not record times that were given, groups, or a part of the "
            "grid, the result was made by the equivalent of",
            shlex.join(words),
        )
    else:
        yield "By its metadata, the result was made by", f"pixeltrend {facts.method} ..."
    yield "This page was made by", shlex.join(["pixeltrend", "report", raster, "-o", output])


def _flags(options: object) -> Iterator[str]:
    """Yield options that differ from their defaults, as the command line takes them."""
    kinds = {field.name: str(field.type) for field in dataclasses.fields(options)}  # type: ignore[arg-type]
    for name, text in changed(options).items():
        flag = "--" + name.replace("_", "-")
        yield flag
        if kinds[name].startswith("tuple"):
            yield from text.split(",")
        elif kinds[name] != "bool":
            yield text


def versions(items: Mapping[str, str]) -> tuple[str, ...]:
    """Return the versions of what made the result and the page."""
    import bokeh
    import numpy as np

    from pixeltrend.raster.datasets import gdal

    return (
        f"the result by pixeltrend {items['PIXELTREND_VERSION']}",
        f"this page by pixeltrend {__version__}",
        f"Bokeh {bokeh.__version__}",
        f"GDAL {gdal.__version__}",
        f"NumPy {np.__version__}",
    )
