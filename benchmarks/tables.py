"""What the benchmarks print: Markdown tables, what was promised, and the machine that it is of."""

from __future__ import annotations

import os
import platform
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from osgeo import gdal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True)
class Target:
    """Something promised, and what became of it."""

    text: str
    """What is promised."""
    measured: str
    """What was measured."""
    met: bool
    """Whether it holds."""


def print_targets(targets: Sequence[Target]) -> None:
    """Print which promises hold."""
    print("\n### Targets\n")
    rows = [(t.text, t.measured, "yes" if t.met else "**no**") for t in targets]
    print_table(("target", "measured", "met"), rows)


def print_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a Markdown table."""
    for row in (header, ("---",) * len(header), *rows):
        print(f"| {' | '.join(row)} |", flush=True)


def say(message: str) -> None:
    """Print what is being done, on stderr."""
    print(f"{Path(sys.argv[0]).stem}: {message}", file=sys.stderr, flush=True)


def machine() -> str:
    """Name the machine, what runs on it, and how busy it is."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    for line in cpuinfo.read_text().splitlines() if cpuinfo.exists() else ():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    python, release = platform.python_version(), gdal.VersionInfo("RELEASE_NAME")
    return (
        f"{model}, {os.cpu_count()} cores, {platform.system()}; "
        f"Python {python}, NumPy {np.__version__}, GDAL {release}; "
        f"{os.getloadavg()[0]:.1f} processes ran when it began"
    )
