"""A user's function to a reducer: asked once what it gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pixeltrend.errors import ArgumentError, FunctionError
from pixeltrend.reducers.function import ChunkFunction, PixelFunction, apart, names_of
from pixeltrend.reducers.named import GivenFunction, NamedFunction
from pixeltrend.reducers.reducer import BandInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from pixeltrend.reducers.reducer import Reducer

    Floats = NDArray[np.floating[Any]]

ON_ERROR = ("raise", "nan")


def function_reducer(
    function: str | Callable[..., Any],
    samples: Iterable[tuple[Floats, Floats]],
    *,
    bands: Sequence[str] | None,
    arguments: Mapping[str, Any] | None,
    vectorized: bool,
    keep_gaps: bool,
    min_valid: int,
    on_error: str,
) -> Reducer:
    """Make a reducer of a function; see `trend.map_pixels` for the parameters.

    `samples` are times (N,) and values (N, P) of some pixels, to call the function with once.

    Raises
    ------
    ArgumentError
        The function cannot be imported or sent to workers, or the bands cannot be found out.
    FunctionError
        The first call failed.
    """
    if on_error not in ON_ERROR:
        raise ArgumentError(f"on error {on_error!r}: expected {' or '.join(ON_ERROR)}")
    if min_valid < 0:
        raise ArgumentError(f"at least {min_valid} valid values: give 0 or more")
    if isinstance(function, str):
        loadable: NamedFunction | GivenFunction = NamedFunction.parse(function, arguments)
    else:
        loadable = GivenFunction.check(function, arguments)
    method = f"map {loadable}"
    if vectorized:
        method += ", vectorized"
    else:  # what else the numbers depend on
        method += ", gaps kept" if keep_gaps else ""
        method += f", from {min_valid} values on" if min_valid != 1 else ""
    if bands is None:
        bands = _ask(loadable, samples, vectorized=vectorized, keep_gaps=keep_gaps, least=min_valid)
    if not bands or len(set(bands)) < len(bands) or not all(bands):
        raise ArgumentError(f"bands {','.join(bands)!r}: every band wants a name of its own")
    infos = tuple(BandInfo(name, f"{name} of {loadable}", "") for name in bands)
    if vectorized:
        return ChunkFunction(loadable, infos, method)
    return PixelFunction(loadable, infos, method, min_valid, keep_gaps, on_error)


def _ask(
    loadable: NamedFunction | GivenFunction,
    samples: Iterable[tuple[Floats, Floats]],
    *,
    vectorized: bool,
    keep_gaps: bool,
    least: int,
) -> list[str]:
    """Call the function once, and name what it gives."""
    function = loadable.load()
    for times, values in samples:
        valid = ~np.isnan(values)
        best = int(np.argmax(valid.sum(axis=0)))
        if valid[:, best].sum() < max(1, least):
            continue
        try:
            if vectorized:
                answer = np.atleast_2d(function(times, values[:, best : best + 1]))
                return names_of(answer[:, 0], "value")
            series_pairs = np.column_stack([times, values[:, best]])
            given = series_pairs if keep_gaps else series_pairs[valid[:, best]]
            return names_of(apart(function)(given.astype(np.float64)), "value")
        except (Exception, SystemExit) as error:
            raise FunctionError(
                f"{loadable}: the first call, to see what it gives, failed "
                f"({type(error).__name__}: {error}); name its results with --bands"
            ) from error
    raise ArgumentError(
        f"{loadable}: found no pixel with values to call it with; name its results with --bands"
    )
