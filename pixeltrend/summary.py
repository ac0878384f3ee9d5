"""Summary: what a run tells of itself."""

from __future__ import annotations

from dataclasses import dataclass


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
