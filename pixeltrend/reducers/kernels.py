"""Loading the compiled kernels: once a machine compiled, once a process loaded."""

from __future__ import annotations

import atexit
import importlib
import logging
import os
import shutil
import sys
import tempfile
from functools import cache
from typing import TYPE_CHECKING, Any

from pixeltrend.errors import MissingDependencyError

if TYPE_CHECKING:
    from types import ModuleType

log = logging.getLogger(__name__)


@cache
def load_kernel(name: str) -> ModuleType:
    """Return a module of compiled functions, such as "ols_kernel".

    A function is compiled for its types of arguments when it is first called with them, unless
    Numba finds it in its cache on disk.

    Raises
    ------
    MissingDependencyError
        Numba cannot be imported.
    """
    _announce_compiling()
    try:
        return _import(name)
    except RuntimeError:  # Numba can write neither next to the kernel nor in the user's home
        import numba

        folder = tempfile.mkdtemp(prefix="pixeltrend-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        log.warning(
            "machine code cannot be kept for later runs: neither %s nor the home folder is "
            "writable; set NUMBA_CACHE_DIR to a folder that is",
            os.path.dirname(__file__),
        )
        os.environ["NUMBA_CACHE_DIR"] = folder  # for workers too that are not forked
        numba.config.reload_config()
        return _import(name)


def _import(name: str) -> ModuleType:
    module = importlib.import_module(f"pixeltrend.reducers.{name}")
    for other in [module, *sys.modules.values()]:
        if getattr(other, "__name__", "").startswith("pixeltrend.reducers."):
            for function in vars(other).values():
                cache = getattr(function, "_cache", None)
                if hasattr(cache, "load_overload") and not isinstance(cache, _MendingCache):
                    function._cache = _MendingCache(cache)  # noqa: SLF001 - it has no public name
    return module


class _MendingCache:
    """Numba's cache of one function, which compiles again what was not written to its end."""

    def __init__(self, cache: Any) -> None:
        self._cache = cache

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cache, name)

    def load_overload(self, signature: Any, context: Any) -> Any:
        """Return the compiled function; None if it is to be compiled."""
        try:
            return self._cache.load_overload(signature, context)
        except Exception as error:  # noqa: BLE001 - whatever reading half a pickle raises
            log.info("%s: cannot be read (%r), is replaced", self._cache.cache_path, error)
            self._cache.flush()
            return None


@cache
def _announce_compiling() -> None:
    """Let Numba tell the user when it compiles the first of our functions.

    Raises
    ------
    MissingDependencyError
        Numba cannot be imported.
    """
    try:
        from numba.core import event
    except ImportError as error:
        raise MissingDependencyError(
            f"Numba cannot be imported ({error}): all statistics but the slope of least squares "
            "need it. Install it with `pip install numba` or `conda install -c conda-forge numba`"
        ) from error

    class Announcer(event.Listener):
        """Warns once."""

        announced = False

        def on_start(self, event: Any) -> None:
            ours = event.data["dispatcher"].py_func.__module__.startswith("pixeltrend.")
            if ours and not self.announced:
                self.announced = True
                log.warning(
                    "compiling for this machine, once: it takes some seconds, later runs do not"
                )

        def on_end(self, event: Any) -> None:
            """Do nothing."""

    event.register("numba:compile", Announcer())
