"""Reducers: what is computed from the series of each pixel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from pixeltrend.errors import ArgumentError

if TYPE_CHECKING:
    from numpy.typing import NDArray

METHODS = ("ols", "linregress")


@dataclass(frozen=True, slots=True)
class BandInfo:
    """What one number of a result is."""

    name: str
    """Short name, SciPy's where it has one."""
    description: str
    """One sentence."""
    unit: str
    """Unit in terms of the values' own; ``{unit}`` stands for that."""

    def unit_for(self, values_unit: str) -> str:
        """Give the unit for values that have `values_unit` (empty if unknown)."""
        return self.unit.replace("{unit}", values_unit).strip()


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
        """Reduce `values` (N, P), NaN where missing, at `times` (N,) to (bands, P)."""


SLOPE = BandInfo("slope", "Slope of the least-squares line", "{unit} per year")


def make_reducer(method: str) -> Reducer:
    """Give the reducer of a method's name.

    Raises
    ------
    ArgumentError
        There is no such method.
    """
    # What a method needs is imported when it is asked for: SciPy takes longer than a small raster.
    if method == "ols":
        from pixeltrend.reducers.ols import OLS

        return OLS()
    if method == "linregress":
        from pixeltrend.reducers.function import PixelFunction
        from pixeltrend.reducers.linregress import linregress_slope
        from pixeltrend.reducers.named import GivenFunction

        function = GivenFunction(linregress_slope)
        return PixelFunction(function, bands=(SLOPE,), method="linregress", min_valid=2)
    raise ArgumentError(f"no method {method!r}; there are {', '.join(METHODS)}")
