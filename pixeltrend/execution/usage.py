"""Usage: what a run took of this machine, as far as the system says."""

from __future__ import annotations

import re
import resource
import sys
from pathlib import Path

# ru_maxrss counts kilobytes, on macOS bytes.
_UNIT = 1 if sys.platform == "darwin" else 1024


def bytes_read() -> int | None:
    """Return the bytes that this process, and those that it has waited for, read from files.

    None where the system does not count them, as on macOS. What comes over a network is no file.
    """
    try:
        text = Path("/proc/self/io").read_text()
    except OSError:
        return None
    match = re.search(r"rchar: (\d+)", text)
    return int(match[1]) if match else None


def peak_memory() -> tuple[int, int]:
    """Return the most bytes that this process had in memory, and the largest of its workers."""
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    workers = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return own * _UNIT, workers * _UNIT
