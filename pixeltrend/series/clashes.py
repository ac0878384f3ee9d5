"""Clashes: rasters of one time or of none: what tells them apart, and what to do about it."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

from pixeltrend.raster.paths import file_name
from pixeltrend.series.mosaic import are_tiles
from pixeltrend.times.suggestions import folder_expression

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pixeltrend.raster.grid import Grid

# What a part of a name is, where both names have one of a kind.
_KINDS = {
    "tiles": r"h\d\dv\d\d|T?\d\d[C-X][A-Z]{2}|[NS]\d{1,2}[EW]\d{1,3}|\d+[NS]\d+[EW]|X\d\dY\d\d|"
    r"tile\d*|north|south|east|west|[ns][ew]",
    "orbits": r"R\d{3}|orbit\d*|(?:asc|desc)(?:ending)?",
    "paths": r"[01]\d{5}|2[0-3]\d{4}|p\d{3}r\d{3}|path\d*",
    "rows": r"row\d*",
    "bands": r"B\d[\dA]?|SR_B\d|red|green|blue|nir|swir\d?",
    "satellites": r"L[COTEM]0?\d|S[123][A-D]|[LS]\d|Terra|Aqua|MOD\w*|MYD\w*",
}


def clash(one: str, other: str, paths: Sequence[str], *, by_name: bool) -> str:
    """Return what two paths of one time differ in, and what to do.

    Parameters
    ----------
    one, other
        The two.
    paths
        Those of the whole series.
    by_name
        Whether their times come from their names.
    """
    if file_name(one) == file_name(other):
        if hint := folder_hint(paths):
            return hint
        return "; they have the same name; keep one of them, or give --times FILE.csv"
    kind, texts = _difference(file_name(one), file_name(other))
    parts = [f"; they are two {kind}, {' and '.join(texts)}" if kind else ""]
    if texts and not kind:
        parts = [f"; they differ in {' and '.join(texts)}, which is not read as a time"]
    combine = " (--duplicates mean, first, last or best, or --composite)"
    parts.append("keep one of them" + (f", or combine them{combine}" if kind != "bands" else ""))
    if not kind and by_name:
        parts.append(
            "or say with --date-regex what else is the time (named groups: month, "
            "monthname, doy, quarter, week, dekad, ...), or give --times FILE.csv"
        )
    return ": ".join(parts[:2]) + "".join(f", {part}" for part in parts[2:])


def tiles_hint(one: Grid, other: Grid) -> str:
    """Return the option that puts two rasters together; empty if they are not two tiles."""
    if not are_tiles(one, other):
        return ""
    return "; they lie on one pixel grid and cover different parts of it: --mosaic joins such tiles"


def folder_hint(paths: Sequence[str]) -> str:
    """Return what reads the times of paths out of their folders; empty if nothing does."""
    regex = folder_expression(paths)
    return f"; their folders hold times: --date-regex '{regex}' reads them" if regex else ""


def years_of(path: str, bands: int) -> str:
    """Return the option that dates bands by the first and last year in the name of their file."""
    years = re.findall(r"(?<!\d)(?:19|20)\d\d(?!\d)", file_name(path))
    for first, last in itertools.combinations(map(int, years), 2):
        if last - first + 1 == bands:
            return f" --years {first}:{last}"
    return ""


def _difference(one: str, other: str) -> tuple[str, list[str]]:
    """Return what kind of thing two names differ in, if it is known, and what these are."""
    both = [re.split(r"[-_. ]+", name.rpartition(".")[0] or name) for name in (one, other)]
    first, second = (
        [token for token in mine if token not in theirs] for mine, theirs in (both, both[::-1])
    )
    for kind, pattern in _KINDS.items():
        found = [
            next((token for token in tokens if re.fullmatch(pattern, token, re.IGNORECASE)), "")
            for tokens in (first, second)
        ]
        if all(found):
            return kind, found
    return "", [first[0], second[0]] if first and second else []
