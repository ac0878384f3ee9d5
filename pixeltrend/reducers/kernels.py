"""Loading the compiled kernels: once a machine compiled, once a process loaded."""

from __future__ import annotations

import logging
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from pixeltrend.errors import MissingDependencyError

if TYPE_CHECKING:
    from types import ModuleType

log = logging.getLogger(__name__)


@cache
def load_kernels() -> tuple[ModuleType, ModuleType]:
    """Import `rank_kernel` and `serial_kernel`, and compile them if no run here has done so.

    Call it before workers start: those that are forked inherit the machine code, others find it
    in Numba's cache on disk.

    Raises
    ------
    MissingDependencyError
        Numba is not there.
    """
    try:
        from numba.core import event
    except ImportError as error:
        raise MissingDependencyError(
            f"Numba cannot be imported ({error}): the methods theil-sen and mann-kendall need it. "
            "Install it with `pip install numba` or `conda install -c conda-forge numba`"
        ) from error
    from pixeltrend.reducers import rank_kernel, serial_kernel

    class Announcer(event.Listener):
        """Says that something is compiled, the first time."""

        said = False

        def on_start(self, event: Any) -> None:  # noqa: ARG002
            if not self.said:
                self.said = True
                log.warning(
                    "compiling for this machine, once: some seconds, which later runs do not need"
                )

        def on_end(self, event: Any) -> None:
            """Nothing is said of the end."""

    with event.install_listener("numba:compile", Announcer()):
        _run_once(rank_kernel, serial_kernel)
    return rank_kernel, serial_kernel


def _run_once(rank_kernel: ModuleType, serial_kernel: ModuleType) -> None:
    """Call each kernel with a tiny series, as it will be called: that compiles or loads it."""
    x, group = np.arange(4.0), np.zeros(4, dtype=np.int64)
    values = np.array([[0.0], [2.0], [1.0], [3.0]])
    rank_kernel.mann_kendall_scores(values, np.empty((4, 1)))
    rank_kernel.sen_slopes(x, group, values, np.empty((0, 1)), np.empty((1, 1)))
    rank_kernel.medians(values, np.empty(1))
    serial_kernel.autocorrelation(values, 3, np.empty((2, 3, 1)))
    serial_kernel.residual_ranks(x, values, np.empty(1), np.empty((4, 1)))
