"""Bar: how much of a run is done, in a terminal or a notebook."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

# The rate is that of about the last 20 windows: 0 is the mean of the whole run, which lags behind
# a change of pace; tqdm's own 0.3 jumps with each window.
_SMOOTHING = 0.05


class Bar:
    """Shows what it is told of, from half a second on; goes away when all is done, or closed.

    Parameters
    ----------
    unit
        What is counted.
    """

    def __init__(self, unit: str) -> None:
        if "ipykernel" in sys.modules:
            from tqdm.auto import tqdm  # which draws in the notebook
        else:
            from tqdm import tqdm
        tqdm.monitor_interval = 0  # its thread would be there when workers are forked
        settings = {"unit_scale": True, "leave": False, "delay": 0.5, "smoothing": _SMOOTHING}
        self._bar: Any = tqdm(unit=f" {unit}", **settings)

    def __call__(self, done: int, total: int) -> None:
        """Show that so many are done of all."""
        self._bar.total = total
        self._bar.update(done - self._bar.n)
        if done >= total:
            self.close()

    def close(self) -> None:
        """Remove the bar."""
        self._bar.close()


def shown(
    progress: Callable[[int, int], None] | bool | None, unit: str
) -> Callable[[int, int], None] | None:
    """Return what a caller wants to be called, a bar for True, None for nothing."""
    if isinstance(progress, bool):
        return Bar(unit) if progress else None
    return progress
