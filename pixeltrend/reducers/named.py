"""Functions by name: they travel as text and are imported where they run."""

from __future__ import annotations

import functools
import importlib
import importlib.util
import os
import pickle
import pkgutil
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from pixeltrend.errors import ArgumentError
from pixeltrend.options import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_WHY = (
    "workers import the function by its name, so it must be a top-level function of a module or of "
    "a .py file: give it a name with def, in a file, and write MODULE:FUNCTION or FILE.py:FUNCTION"
)


@dataclass(frozen=True, slots=True)
class NamedFunction:
    """A function of a module or of a file, with keyword arguments bound to it."""

    home: str
    """Dotted name of a module, or absolute path of a .py file."""
    name: str
    """Name of the function in it."""
    arguments: tuple[tuple[str, Any], ...] = ()
    """Keyword arguments."""

    @classmethod
    def parse(cls, text: str, arguments: Mapping[str, Any] | None = None) -> NamedFunction:
        """Read ``MODULE:FUNCTION`` or ``FILE.py:FUNCTION``, and try it.

        A module that only the current folder has is taken as a file.

        Raises
        ------
        ArgumentError
            It cannot be imported, or is not a function.
        """
        home, colon, name = text.rpartition(":")
        if not colon or not home or not name:
            raise ArgumentError(f"function {text!r}: expected MODULE:FUNCTION or FILE.py:FUNCTION")
        home = _resolved(home)
        named = cls(home, name, tuple(sorted((arguments or {}).items())))
        try:
            function = named.load()
        except Exception as error:
            raise ArgumentError(
                f"function {text!r}: cannot be imported ({type(error).__name__}: {error})"
                f"{_nearest(home, name)}"
            ) from error
        if not callable(function):
            raise ArgumentError(f"function {text!r}: is not a function; {_WHY}")
        if "<" in getattr(function, "__qualname__", ""):
            raise ArgumentError(f"function {text!r}: is a {function.__qualname__}; {_WHY}")
        return named

    def load(self) -> Callable[..., Any]:
        """Import the function, once in a process."""
        function = _load(self.home, self.name)
        return functools.partial(function, **dict(self.arguments)) if self.arguments else function

    def __str__(self) -> str:
        return f"{os.path.basename(self.home)}:{self.name}{_in_brackets(dict(self.arguments))}"


@dataclass(frozen=True, slots=True)
class PassedFunction:
    """A function that a caller of the library passes as an object."""

    function: Callable[..., Any]
    """Picklable."""

    @classmethod
    def check(
        cls, function: Callable[..., Any], arguments: Mapping[str, Any] | None = None
    ) -> PassedFunction:
        """Bind keyword arguments, and refuse what cannot travel to a worker.

        Raises
        ------
        ArgumentError
            It is a lambda, a closure, or something else that cannot be pickled.
        """
        if arguments:
            function = functools.partial(function, **arguments)
        try:
            pickle.dumps(function)
        except (pickle.PicklingError, AttributeError, TypeError) as error:
            name = getattr(function, "__qualname__", repr(function))
            raise ArgumentError(f"function {name}: cannot be sent to a worker; {_WHY}") from error
        return cls(function)

    def load(self) -> Callable[..., Any]:
        """Return the function."""
        return self.function

    def __str__(self) -> str:
        if isinstance(self.function, functools.partial):
            inner, arguments = self.function.func, self.function.keywords
        else:
            inner, arguments = self.function, {}
        name = getattr(inner, "__qualname__", type(inner).__qualname__)
        return f"{inner.__module__}:{name}{_in_brackets(arguments)}"


def _in_brackets(arguments: Mapping[str, Any]) -> str:
    inside = ", ".join(f"{name}={arguments[name]!r}" for name in sorted(arguments))
    return f"({inside})" if inside else ""


def origin_of(text: str) -> tuple[str, list[str]]:
    """Return a function, as `NamedFunction.parse` takes it in any folder, and its file, if any."""
    home, _, name = text.rpartition(":")
    home = _resolved(home)
    try:
        spec = None if home.endswith(".py") else importlib.util.find_spec(home)
    except (ImportError, ValueError):  # a run refuses it
        spec = None
    path = home if spec is None else spec.origin
    return f"{home}:{name}", [path] if path and os.path.isfile(path) else []


def _resolved(home: str) -> str:
    """Return the name of an installed module, or the absolute path of a file."""
    path = home.replace(".", os.sep) + ".py"
    if home.endswith(".py"):
        return os.path.abspath(home)
    return os.path.abspath(path) if _not_installed(home) and os.path.exists(path) else home


def _nearest(home: str, name: str) -> str:
    """Return the function or module most like one that cannot be imported, as a question."""
    try:
        module = _load_file(home) if home.endswith(".py") else importlib.import_module(home)
    except Exception:  # noqa: BLE001 - what a user's module raises
        if home.endswith(".py") or not _not_installed(home):
            return ""
        parent, _, child = home.rpartition(".")
        while parent and _not_installed(parent):
            parent, _, child = parent.rpartition(".")
        paths = _paths_of(parent) if parent else None
        return nearest(child, [found.name for found in pkgutil.iter_modules(paths)])
    return nearest(name, [known for known in dir(module) if not known.startswith("_")])


def _paths_of(package: str) -> list[str] | None:
    spec = importlib.util.find_spec(package)
    return None if spec is None else spec.submodule_search_locations


def _not_installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is None
    except (ImportError, ValueError):
        return True


@functools.cache
def _load(home: str, name: str) -> Callable[..., Any]:
    function: Any = _load_file(home) if home.endswith(".py") else importlib.import_module(home)
    for part in name.split("."):
        function = getattr(function, part)
    return cast("Callable[..., Any]", function)


@functools.cache
def _load_file(path: str) -> Any:
    """Import a file; its folder can then be imported from, as if Python ran the file."""
    spec = importlib.util.spec_from_file_location(os.path.basename(path)[:-3], path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is not a Python file")
    folder = os.path.dirname(path)
    if folder not in sys.path:
        sys.path.append(folder)
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault(spec.name, module)
    spec.loader.exec_module(module)
    return module
