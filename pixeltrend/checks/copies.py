"""Copies: rasters with equal pixels, such as one file under the names of two years."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pixeltrend.checks.tally import Tally
from pixeltrend.series.notes import Note

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from pixeltrend.checks.decoding import Tallies
    from pixeltrend.series.sources import Source


def copy_notes(sources: Sequence[Source], tallies: Tallies, *, full: bool) -> list[Note]:
    """Return which rasters have the same numbers in every block that was decoded.

    Those whose numbers are all the same are no copies: nothing but missing values, say.
    """
    alike: dict[Hashable, list[str]] = {}
    for source in sources:
        seen = [(tile, tallies.get((tile.path, tile.band), Tally())) for tile in source.tiles]
        if any(tally.varies for _, tally in seen):
            key = tuple((tile.area, frozenset(tally.checksums.items())) for tile, tally in seen)
            several = len(source.tiles) == 1 and sources[0].path == sources[-1].path
            label = f"{source.path}, band {source.band}" if several else source.path
            alike.setdefault(key, []).append(label)
    where = "" if full else " in all blocks looked at (--full compares all)"
    return [
        Note.of(others, f"has the same pixels as {first}{where}: is one a copy of the other?")
        for first, *others in alike.values()
        if others
    ]
