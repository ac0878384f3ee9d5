"""Any function over the pixels: of one pixel's series, or of a whole chunk."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from pixeltrend.options import nearest
from pixeltrend.reducers.reducer import PixelError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from pixeltrend.reducers.reducer import BandInfo

    Floats = NDArray[np.floating[Any]]


# Answers without names of their own.
_PLAIN = (np.ndarray, np.generic, float, int, tuple, list)


class Loadable(Protocol):
    """A function that a worker can load."""

    def load(self) -> Callable[..., Any]:
        """Return the function itself."""


def pairs(times: NDArray[np.float64], values: Floats) -> NDArray[np.float64]:
    """Stack (N,) times and (N, P) values into the (P, N, 2) array of (time, value) pairs."""
    result = np.empty((values.shape[1], values.shape[0], 2))
    result[..., 0] = times
    result[..., 1] = values.T
    return result


@dataclass(frozen=True, slots=True)
class PixelFunction:
    """Calls a function with the series of each pixel that has enough values."""

    function: Loadable
    """Takes the (n, 2) array of a pixel's (time, value) pairs; or, if it has arguments called x and
    y, the times as x and the values as y. Returns a number or a sequence of numbers."""
    bands: tuple[BandInfo, ...]
    """What the numbers are."""
    method: str
    """Name of the method."""
    min_valid: int = 1
    """A pixel with fewer values gets NaN."""
    on_error: str = "raise"
    """"raise" ends the run when the function raises; "nan" records NaN."""
    max_pixels: int | None = 4096
    fields: tuple[str, ...] = ()
    """Fields of what it returns that the numbers are, if they have other names than the bands."""

    def reduce(self, times: NDArray[np.float64], values: Floats) -> NDArray[np.float64]:
        """Reduce `values` (N, P), NaN where missing, at `times` (N,) to (bands, P)."""
        return self.reduce_counting(times, values)[0]

    def reduce_counting(
        self, times: NDArray[np.float64], values: Floats
    ) -> tuple[NDArray[np.float64], int]:
        """Reduce, and count the pixels at which the function raised.

        Raises
        ------
        PixelError
            The function raised, or did not return one number for each band.
        """
        function = self.function.load()
        call = taking_pairs(function)
        names = [band.name for band in self.bands]
        result = np.full((len(names), values.shape[1]), np.nan)
        valid = ~np.isnan(values)
        enough = np.flatnonzero(valid.sum(axis=0) >= self.min_valid)
        failed = 0
        for pixel, series in zip(enough, pairs(times, values[:, enough]), strict=True):
            valid_pairs = series[valid[:, pixel]]
            try:
                answer = call(valid_pairs)
            except (Exception, SystemExit) as error:
                if self.on_error == "raise":
                    text = f"{self.method}: {type(error).__name__}: {error}; {_table(valid_pairs)}"
                    raise PixelError(text, int(pixel)) from error
                failed += 1
                continue
            try:
                result[:, pixel] = numbers(answer, names, self.fields)
            except (TypeError, ValueError) as error:
                text = f"{self.method}: {error}; {_table(valid_pairs)}"
                raise PixelError(text, int(pixel)) from error
        return result, failed


@dataclass(frozen=True, slots=True)
class ChunkFunction:
    """Calls a function once with all pixels of a chunk."""

    function: Loadable
    """Takes times (N,) and values (N, P), NaN where missing; returns (P,) or (bands, P)."""
    bands: tuple[BandInfo, ...]
    """What the numbers are."""
    method: str
    """Name of the method."""
    max_pixels: int | None = None
    fields: tuple[str, ...] = ()
    """As of `PixelFunction`."""

    def reduce(self, times: NDArray[np.float64], values: Floats) -> NDArray[np.float64]:
        """Reduce `values` (N, P), NaN where missing, at `times` (N,) to (bands, P).

        Raises
        ------
        PixelError
            The function raised, or returned an array of another shape.
        """
        try:
            returned = self.function.load()(times, values)
            picked = pick(returned, [band.name for band in self.bands], self.fields)
            answer = np.asarray(returned if picked is None else picked, dtype=np.float64)
        except (Exception, SystemExit) as error:
            raise PixelError(f"{self.method}: {type(error).__name__}: {error}", 0) from error
        shape = (len(self.bands), values.shape[1])
        if answer.shape != shape and not (len(self.bands) == 1 and answer.shape == shape[1:]):
            raise PixelError(
                f"{self.method}: returned an array of shape {answer.shape} for values of shape "
                f"{values.shape}; expected {shape}",
                0,
            )
        return answer.reshape(shape)


def taking_pairs(function: Callable[..., Any]) -> Callable[[NDArray[np.float64]], Any]:
    """Return a function of (n, 2) pairs, in whatever way `function` takes times and values.

    SciPy's functions take times and values one by one, and call them x and y.
    """
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):  # written in C, and silent about its arguments
        return function
    by_name = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    if all(name in parameters and parameters[name].kind in by_name for name in ("x", "y")):
        return lambda series: function(x=series[:, 0], y=series[:, 1])
    return function


def numbers(answer: Any, names: Sequence[str], fields: Sequence[str] = ()) -> list[float]:
    """Return the numbers of an answer: its fields of these names, or its items in order.

    Parameters
    ----------
    answer
        What a function returned.
    names
        Of the bands.
    fields
        The fields that the bands are, if those have other names.

    Raises
    ------
    ValueError, TypeError
        The answer has no such fields, more or fewer items than names, or they are not numbers.
    """
    picked = pick(answer, names, fields)
    if picked is not None:
        return list(map(float, picked))
    if not isinstance(answer, _PLAIN) and all(hasattr(answer, name) for name in names):
        return [float(getattr(answer, name)) for name in names]
    items = np.asarray(answer, dtype=np.float64).ravel().tolist()
    if len(items) != len(names):
        raise ValueError(f"returned {len(items)} numbers, but the bands are {', '.join(names)}")
    return items


def pick(answer: Any, names: Sequence[str], fields: Sequence[str]) -> list[Any] | None:
    """Return the fields that the bands are; None if the answer has no names.

    Raises
    ------
    ValueError
        The answer has no such fields.
    """
    known = fields_of(answer)
    if not known:
        if fields:
            raise ValueError(f"returned nothing with names, so no {', '.join(fields)}")
        return None
    for name, field in zip(names, fields or names, strict=True):
        if field not in known:
            raise ValueError(
                f"returned {', '.join(known)}, but no {field}, and bands are fields of the result: "
                f"--bands {name}=FIELD renames one{nearest(field, known)}"
            )
    return [known[field] for field in fields or names]


def fields_of(answer: Any) -> dict[str, Any]:
    """Return what an answer holds by name: a named tuple, a dataclass, a dict; empty of others.

    Results of SciPy are named tuples, some with further attributes.
    """
    if isinstance(answer, Mapping):
        return dict(answer)
    if isinstance(answer, tuple) and hasattr(answer, "_fields"):
        return dict(zip(answer._fields, answer, strict=True)) | getattr(answer, "__dict__", {})
    if dataclasses.is_dataclass(answer) and not isinstance(answer, type):
        return {field.name: getattr(answer, field.name) for field in dataclasses.fields(answer)}
    return {}


def names_of(answer: Any, default: str) -> list[str]:
    """Return names for the numbers of an answer: its fields if they have names, else counted."""
    if hasattr(answer, "_fields"):  # without the further attributes
        return list(answer._fields)
    if fields := fields_of(answer):
        return list(fields)
    count = np.asarray(answer, dtype=np.float64).size
    return [default] if count == 1 else [f"{default}_{i}" for i in range(1, count + 1)]


def _table(series: NDArray[np.float64]) -> str:
    shown = ", ".join(f"{time:.10g}: {value:.6g}" for time, value in series[:12])
    return f"values {shown}" + (f" and {len(series) - 12} more" if len(series) > 12 else "")  # noqa: PLR2004
