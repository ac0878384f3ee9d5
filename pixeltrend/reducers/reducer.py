"""Reducer: what turns the series of many pixels into a few numbers each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from pixeltrend.errors import FunctionError

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class BandInfo:
    """What one number of a result is."""

    name: str
    """Short name, SciPy's where it has one."""
    description: str
    """One sentence."""
    unit: str
    """Unit in terms of the values' own; ``{unit}`` stands for that."""
    classes: tuple[tuple[str, tuple[int, int, int, int]], ...] = ()
    """Names and colours (red, green, blue, opacity) by code from 0; empty for numbers that are no
    codes. A code that cannot be seen stands for what is missing."""

    def unit_for(self, values_unit: str) -> str:
        """Return the unit for values that have `values_unit` (empty if unknown)."""
        return self.unit.replace("{unit}", values_unit).strip()


class PixelError(FunctionError):
    """A user's function failed at one pixel of a chunk."""

    def __init__(self, text: str, pixel: int) -> None:
        super().__init__(text, pixel)
        self.text = text
        self.pixel = pixel


class Reducer(Protocol):
    """Turns the series of many pixels into a few numbers each. Picklable.

    A pixel's numbers depend on the values of that pixel alone, to the last bit: how pixels are
    grouped into chunks never shows in a result.
    """

    @property
    def method(self) -> str:
        """Name of the method, as on the command line."""

    @property
    def bands(self) -> tuple[BandInfo, ...]:
        """What the numbers are, in order."""

    @property
    def max_pixels(self) -> int | None:
        """Pixels to reduce in one go at most, where a pixel takes long; None for any number."""

    def reduce(self, times: NDArray[Any], values: NDArray[Any]) -> NDArray[Any]:
        """Reduce `values` (N, P), NaN where missing, at increasing `times` (N,) to (bands, P)."""


def prepare(reducer: Reducer) -> None:
    """Let a reducer do once, in the parent, what each worker would have to do: compile, or load."""
    if hasattr(reducer, "prepare"):
        reducer.prepare()
