"""Directions: pixels sorted by the sign of their trend and its significance, or by a class band."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pixeltrend.errors import InputError
from pixeltrend.raster.header import find_band

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pixeltrend.raster.header import BandHeader, Header
    from pixeltrend.views.table_options import TableOptions

# What says where a trend goes, and what says how sure that is, the first that there is.
_DIRECTIONS = ("class", "slope", "tau", "s", "z")
_PVALUES = ("pvalue_fdr", "pvalue")
_SIGNS = ("missing", "decrease", "no change", "increase")
# By code; the first ones are those of `_SIGNS`.
_TESTED = (
    "missing", "decrease (not significant)", "no change", "increase (not significant)",
    "significant decrease", "significant increase", "not tested",
)  # fmt: skip
_DECREASE, _NO_CHANGE, _INCREASE, _SURE_DECREASE, _SURE_INCREASE, _NOT_TESTED = range(1, 7)


@dataclass(frozen=True, slots=True)
class Directions:
    """How the pixels of a raster are sorted."""

    names: tuple[str, ...]
    """What each code stands for, from 0, which is missing."""
    order: tuple[int, ...]
    """The codes in the order in which they are shown."""
    bands: tuple[int, ...]
    """Numbers of the bands, from 1: the direction, and the p-values if there are any."""
    alpha: float
    """Level at which a trend is significant."""
    band: str
    """What the direction's band is called."""
    pvalue: str = ""
    """What that of the p-values is called; empty if there is none, or if the band has classes."""

    @classmethod
    def of(cls, header: Header, options: TableOptions) -> Directions:
        """Return how the pixels of a written raster are sorted.

        Raises
        ------
        InputError
            It has no such band, or none that says where a trend goes.
        """
        number = _wanted(header, options.band, _DIRECTIONS)
        if number is None:
            names = ", ".join(repr(band.description) for band in header.bands)
            raise InputError(
                f"{header.path}: none of its bands, {names}, is {', '.join(_DIRECTIONS[:-1])} or "
                f"{_DIRECTIONS[-1]}: say with --band which one has the direction"
            )
        band = header.bands[number - 1]
        name = band.description or f"band {number}"
        if known := _classes(band):
            last = max(known) + 1
            classes = tuple(known.get(code, f"class {code}") for code in range(last))
            return cls(classes, (*range(1, last), 0), (number,), options.alpha, name)
        tested = _wanted(header, options.pvalue, _PVALUES)
        if tested is None:
            return cls(_SIGNS, (1, 2, 3, 0), (number,), options.alpha, name)
        pvalue = header.bands[tested - 1].description or f"band {tested}"
        order = (4, 1, 2, 3, 5, 6, 0)
        return cls(_TESTED, order, (number, tested), options.alpha, name, pvalue)

    def sort(self, values: NDArray[np.floating[Any]]) -> NDArray[np.int64]:
        """Return the codes, (P,), of the pixels of some bands, (bands, P).

        Raises
        ------
        InputError
            A band of classes has other codes than it says.
        """
        trend = values[0]
        if self.names not in {_SIGNS, _TESTED}:
            codes = np.nan_to_num(trend, nan=0.0).astype(np.int64)
            if not np.isin(codes, range(len(self.names))).all():
                raise InputError(f"{self.band}: has codes that its metadata do not name")
            return codes
        codes = np.where(np.isnan(trend), 0, np.sign(trend) + _NO_CHANGE).astype(np.int64)
        if self.pvalue:
            p = values[1]
            sure = p <= self.alpha
            codes[sure & (codes == _DECREASE)] = _SURE_DECREASE
            codes[sure & (codes == _INCREASE)] = _SURE_INCREASE
            codes[np.isnan(p) & (codes > 0)] = _NOT_TESTED
        return codes


def _wanted(header: Header, band: int | str | None, usual: tuple[str, ...]) -> int | None:
    """Return the number of a band that was asked for, or else of the first of the usual ones."""
    if band is not None:
        return find_band(header, band)
    names = [info.description for info in header.bands]
    return next((names.index(name) + 1 for name in usual if name in names), None)


def _classes(band: BandHeader) -> dict[int, str]:
    """Return the names of a band's classes by code, as the writer puts them into its metadata."""
    found = re.findall(r"(\d+) ([^,]+)", band.metadata.get("CLASSES", ""))
    return {int(code): name for code, name in found}
