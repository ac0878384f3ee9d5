"""Summary: what a run tells of itself."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What of a file could not be read, and so is missing (`on_read_error`)."""

    path: str
    """The file."""
    blocks: int
    """Blocks of it, of each band; one if it could not be opened."""
    pixels: int
    """Values that are missing for that reason."""

    def __str__(self) -> str:
        return (
            f"{self.path}: {self.blocks:,} of its blocks cannot be read, so {self.pixels:,} values "
            "are missing"
        )


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run did."""

    output: str
    """The file written."""
    pixels: int
    """Pixels of the output."""
    valid_pixels: int
    """Pixels with a result in the first band."""
    times: tuple[float, ...]
    """Decimal years of the inputs."""
    seconds: float
    """Wall time."""
    warnings: tuple[str, ...]
    """What to know before trusting the result."""
    periods: int = 0
    """Periods that the inputs are scenes of (`composite`); 0 if each has a time of its own."""
    windows: int = 0
    """Windows that were read."""
    missing: tuple[int, ...] | None = None
    """Missing values of each input, in the order of `times`; None if not counted."""
    bytes_read: int | None = None
    """Bytes read from files on this machine, temporary ones too; None where no system says it."""
    peak_memory: int = 0
    """The most bytes that this process had in memory."""
    peak_memory_of_a_worker: int = 0
    """The same of the largest worker process; 0 without any."""
    unreadable: tuple[Unreadable, ...] = ()
    """What could not be read, in order of time."""
    current: bool = False
    """Whether the output was up to date, so that nothing was computed (`update`)."""
    resumed: int = 0
    """Windows that a run before had finished, which did not end (`resume`)."""

    def __repr__(self) -> str:
        return (
            f"<Summary of {self.output}: {self.valid_pixels:,} of {self.pixels:,} pixels have a "
            f"result, {len(self.times)} times{_between(self.times)}, {len(self.warnings)} warnings>"
        )


def _between(times: Sequence[float]) -> str:
    """Return the years of the first and the last of some decimal years, as text after a blank."""
    years = dict.fromkeys(math.floor(time) for time in (*times[:1], *times[-1:]))
    return f" from {' to '.join(map(str, years))}" if years else ""
