"""Loading the compiled kernels: once a machine compiled, once a process loaded."""

from __future__ import annotations

import atexit
import importlib
import logging
import os
import shutil
import tempfile
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from pixeltrend.errors import MissingDependencyError

if TYPE_CHECKING:
    from collections.abc import Iterator
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
    with _announced():
        rank_kernel, serial_kernel = _imported("rank_kernel"), _imported("serial_kernel")
        # Called with a tiny series, as they will be called: that compiles or loads them.
        x, group = np.arange(4.0), np.zeros(4, dtype=np.int64)
        values = np.array([[0.0], [2.0], [1.0], [3.0]])
        rank_kernel.mann_kendall_scores(values, np.empty((4, 1)))
        rank_kernel.sen_slopes(x, group, values, np.empty((0, 1)), np.empty((1, 1)))
        rank_kernel.medians(values, np.empty(1))
        serial_kernel.autocorrelation(values, 3, np.empty((2, 3, 1)))
        serial_kernel.residual_ranks(x, values, np.empty(1), np.empty((4, 1)))
    return rank_kernel, serial_kernel


@cache
def load_ols_kernel() -> ModuleType:
    """Import `ols_kernel`, and compile it if no run here has done so; see `load_kernels`."""
    with _announced():
        ols_kernel = _imported("ols_kernel")
        x, values = np.arange(4.0), np.array([[0.0], [2.0], [1.0], [3.0]])
        table, wanted, out = np.ones((5, 1)), np.arange(1), np.empty((1, 1))
        ols_kernel.line_statistics(
            x, x, True, values, 0.0, 1.0, table[:, 0].copy(), table, wanted, out
        )
    return ols_kernel


def _imported(name: str) -> ModuleType:
    """Import a kernel; where no folder is writable, with one of its own for what is compiled."""
    try:
        return importlib.import_module(f"pixeltrend.reducers.{name}")
    except RuntimeError:  # Numba found none: neither beside the kernel nor in the user's home
        import numba

        folder = tempfile.mkdtemp(prefix="pixeltrend-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        log.warning(
            "machine code cannot be kept for later runs: neither %s nor the home folder is "
            "writable; NUMBA_CACHE_DIR names another one",
            os.path.dirname(__file__),
        )
        os.environ["NUMBA_CACHE_DIR"] = folder  # for workers too that are not forked
        numba.config.reload_config()
        return importlib.import_module(f"pixeltrend.reducers.{name}")


@contextmanager
def _announced() -> Iterator[None]:
    """Say that something is compiled, the first time that it is.

    Raises
    ------
    MissingDependencyError
        Numba is not there.
    """
    try:
        from numba.core import event
    except ImportError as error:
        raise MissingDependencyError(
            f"Numba cannot be imported ({error}): all statistics but the slope of least squares "
            "need it. Install it with `pip install numba` or `conda install -c conda-forge numba`"
        ) from error

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
        yield
