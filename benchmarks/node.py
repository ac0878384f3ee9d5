"""A model of a node that has more cores than this machine, from who takes how many CPU seconds."""

from __future__ import annotations

import json
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from measure import Timing

MODEL = (
    "Model: the start-up that was measured here with as many workers, and then the longer of two: "
    "the parent's own seconds, which nobody shares, and all CPU seconds over the cores. As many "
    "workers and threads of compression as cores. Storage is left out: inputs arrive and the "
    "output leaves as fast as they are wanted."
)


@dataclass(frozen=True)
class Shares:
    """Who took how many CPU seconds."""

    workers: float
    """All worker processes."""
    parent: float
    """The process that starts them, collects and writes, in Python's threads: one at a time."""
    compression: float
    """GDAL's threads in the parent: side by side."""

    @property
    def all(self) -> float:
        """What everything took together."""
        return self.workers + self.parent + self.compression

    def less(self, start: Shares) -> Shares:
        """Return what was taken after the start."""
        return Shares(
            max(0.0, self.workers - start.workers),
            max(0.0, self.parent - start.parent),
            max(0.0, self.compression - start.compression),
        )

    def seconds(self, cores: int) -> float:
        """Return what the model says of a node, without the start."""
        return max(self.parent, self.all / cores)

    @property
    def worth(self) -> float:
        """How many cores there may be before the parent is the limit."""
        return self.all / self.parent if self.parent else float("inf")


def shares(timing: Timing) -> Shares:
    """Return the medians of what `programs/shares.py` printed."""
    runs = [json.loads(printed.splitlines()[-1]) for printed in timing.printed]
    return Shares(
        statistics.median(run["workers"] for run in runs),
        statistics.median(sum(run["threads"].values()) for run in runs),
        statistics.median(run["native"] for run in runs),
    )
