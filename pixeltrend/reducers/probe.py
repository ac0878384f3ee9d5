"""From a user's function to the reducer that calls it, which may ask it once for its bands."""

from __future__ import annotations

import os
import traceback
from typing import TYPE_CHECKING, Any

import numpy as np

from pixeltrend.errors import ArgumentError, FunctionError
from pixeltrend.reducers.function import (
    ChunkFunction,
    PixelFunction,
    fields_of,
    names_of,
    taking_pairs,
)
from pixeltrend.reducers.named import NamedFunction, PassedFunction
from pixeltrend.reducers.reducer import BandInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from pixeltrend.reducers.function_options import FunctionOptions
    from pixeltrend.reducers.reducer import Reducer

    Floats = NDArray[np.floating[Any]]

# What is wrong with a function, whatever the values are.
_MISTAKES = (NameError, AttributeError, ImportError, SyntaxError)


def function_reducer(
    function: str | Callable[..., Any],
    samples: Iterable[tuple[Floats, Floats]],
    options: FunctionOptions,
) -> Reducer:
    """Return the reducer that calls a function.

    Parameters
    ----------
    function
        The function, or its name as ``MODULE:FUNCTION`` or ``FILE.py:FUNCTION``.
    samples
        Times (N,) and values (N, P) of some pixels, to call the function with once.
    options
        How to call it, and what it returns.

    Raises
    ------
    ArgumentError
        The function cannot be imported or sent to workers, or its bands are not known.
    FunctionError
        The first call failed.
    """
    loadable: NamedFunction | PassedFunction
    if isinstance(function, str):
        loadable = NamedFunction.parse(function, options.arguments)
    else:
        loadable = PassedFunction.check(function, options.arguments)
    method = f"map {loadable}"
    if options.vectorized:
        method += ", vectorized"
    elif options.min_valid != 1:  # what else the numbers depend on
        method += f", from {options.min_valid} values on"
    if options.fields:
        method += f", {','.join(options.bands or ())}"
    names = options.names or _ask(loadable, samples, options)
    bands = tuple(BandInfo(name, f"{name} of {loadable}", "") for name in names)
    if options.vectorized:
        return ChunkFunction(loadable, bands, method, fields=options.fields)
    return PixelFunction(
        loadable, bands, method, options.min_valid, options.on_error, fields=options.fields
    )


def _ask(
    loadable: NamedFunction | PassedFunction,
    samples: Iterable[tuple[Floats, Floats]],
    options: FunctionOptions,
) -> list[str]:
    """Call the function once, and name what it returns."""
    function = loadable.load()
    for times, values in samples:
        valid = ~np.isnan(values)
        best = int(np.argmax(valid.sum(axis=0)))
        if valid[:, best].sum() < max(1, options.min_valid):
            continue
        try:
            if options.vectorized:
                answer = function(times, values[:, best : best + 1])
                answer = answer if fields_of(answer) else np.atleast_2d(answer)[:, 0]
            else:
                series = np.column_stack([times, values[:, best]])[valid[:, best]]
                answer = taking_pairs(function)(series.astype(np.float64))
        except (Exception, SystemExit) as error:
            # A call that may fail at some pixels need not be tried; a function that is wrong fails
            # at all of them.
            without = options.on_error == "nan" and not isinstance(error, _MISTAKES)
            raise FunctionError(
                f"{loadable}: the first call, to see what it returns, failed "
                f"({type(error).__name__}: {error}{_where(error)})"
                f"{'; --bands names its results without it' if without else ''}"
            ) from error
        try:
            return names_of(answer, "value")
        except (TypeError, ValueError) as error:
            raise FunctionError(
                f"{loadable}: the first call returned neither a number nor a sequence of numbers "
                f"({type(answer).__name__}: {answer!r:.80})"
            ) from error
    raise ArgumentError(
        f"{loadable}: no pixel has enough values to call it with; name its results with --bands"
    )


def _where(error: BaseException) -> str:
    """Return the file and line in which a user's function raised; empty if it has none."""
    frames = traceback.extract_tb(error.__traceback__)[1:]  # the first is the call
    return f", {os.path.basename(frames[-1].filename)} line {frames[-1].lineno}" if frames else ""
