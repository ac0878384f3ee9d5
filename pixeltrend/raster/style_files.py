"""Style files: .qml files of the stem of a raster, which QGIS draws it by.

Those that pixeltrend wrote end with a line that says so, with a checksum. One that somebody has
changed since, or saved from QGIS, is his.
"""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_SEAL = re.compile(rb"<!-- Written by pixeltrend, which replaces it unless changed: (\w{8}) -->\n")


def style_path(raster: Path) -> Path:
    """Return where QGIS looks for the style of a raster."""
    return raster.with_suffix(".qml")


def sealed(text: str) -> bytes:
    """Return the content of a style file that can be told from those of others."""
    content = text.encode()
    seal = f"<!-- Written by pixeltrend, which replaces it unless changed: {_sum(content)} -->\n"
    return content + seal.encode()


def is_ours(path: Path) -> bool:
    """Return whether a file is a style that pixeltrend wrote, and nobody has changed."""
    try:
        content = path.read_bytes()
    except OSError:
        return False
    match = _SEAL.search(content)
    return (
        match is not None
        and match.end() == len(content)
        and match[1].decode() == _sum(content[: match.start()])
    )


def _sum(content: bytes) -> str:
    return f"{zlib.crc32(content):08x}"
