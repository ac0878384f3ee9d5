"""Hiding: addresses as people may see them, without what opens the files."""

from __future__ import annotations

import re

# An address ends at a space, a quote, or the brace that GDAL puts around an archive's path.
_ADDRESS = re.compile(
    r"(?:(?<![\w/])/vsicurl/)?(?P<scheme>https?://)(?:[^\s/@'\"}]*@)?(?P<place>[^\s?'\"}]*)"
    r"(?P<query>\?[^\s'\"}]*?)?(?P<rest>[:,;)]*)(?=[\s'\"}]|$)",
    re.IGNORECASE,
)


def hidden(text: str) -> str:
    """Cut the queries and passwords of all addresses in a text: they may hold keys."""
    return _ADDRESS.sub(_cut, text)


def _cut(match: re.Match[str]) -> str:
    query = "?..." if match["query"] else ""
    return f"{match['scheme']}{match['place']}{query}{match['rest']}"
