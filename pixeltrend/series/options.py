"""InputOptions: what is read from the inputs, and how. Loads no NumPy and no GDAL."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, TypedDict

from pixeltrend.errors import ArgumentError

if TYPE_CHECKING:
    import os

EXTENTS = ("intersection", "union", "first")
RESAMPLINGS = ("nearest", "bilinear")
_QA_BITS = 32


@dataclass(frozen=True, slots=True)
class InputOptions:
    """What is read from the inputs, and how; the defaults take them as they are."""

    band: int | str | None = None
    """Number, from 1, or description of the band to read; the first one by default."""
    bands_are_times: bool = False
    """Every band of a file is a time of its own."""
    years: str | None = None
    """``FIRST:LAST`` or ``FIRST:LAST:STEP``: the years of the files in order of their names, or of
    the bands."""
    date_regex: str | None = None
    """A regular expression for the time in a file name or a band description: a group named
    ``year``, and ``month`` and ``day`` or ``doy`` if wanted, or the first group."""
    times: str | os.PathLike[str] | None = None
    """A table with a line for each file: its name and its time."""
    nodata: float | None = None
    """Value that stands for missing, in place of the one that the files declare."""
    valid_range: tuple[float, float] | None = None
    """Least and greatest value; others are missing. In the files' own numbers, before scale and
    offset, as product guides give them."""
    scale: float | None = None
    """Values are the files' numbers x scale + offset; in place of what the files declare."""
    offset: float | None = None
    """The same."""
    mask_band: int | str | None = None
    """Band that is 0 where a pixel is missing."""
    qa_band: int | str | None = None
    """Band of quality bits."""
    qa_bits: str | None = None
    """Bits of the quality band that mean missing: see `parse_qa_bits`."""
    extent: str | None = None
    """What to do with rasters of different extents on one pixel grid: one of `EXTENTS`. Refused by
    default."""
    align: str | None = None
    """How to warp rasters on other grids onto the first one's: one of `RESAMPLINGS`. Refused by
    default."""
    allow_vrt: bool = False
    """Whether a VRT may be read, which can name any file, or a file that is something else than its
    name says."""

    def __post_init__(self) -> None:
        said = [name for name in ("years", "date_regex", "times") if getattr(self, name)]
        if len(said) > 1:
            names = " and ".join(name.replace("_", " ") for name in said)
            raise ArgumentError(f"{names} both say what the times are: give one of them")
        if self.bands_are_times and self.band is not None:
            raise ArgumentError("band picks one band, but with bands are times all are read")
        if self.extent is not None and self.extent not in EXTENTS:
            raise ArgumentError(f"no extent {self.extent!r}; there are {', '.join(EXTENTS)}")
        if self.align is not None and self.align not in RESAMPLINGS:
            raise ArgumentError(f"no align {self.align!r}; there are {', '.join(RESAMPLINGS)}")
        if self.align and self.extent not in {None, "first"}:
            raise ArgumentError(
                "align warps onto the first raster's grid: extent can only be first"
            )
        self._check_values()

    def _check_values(self) -> None:
        if self.valid_range is not None and not self.valid_range[0] <= self.valid_range[1]:
            low, high = self.valid_range
            raise ArgumentError(f"valid range {low:g} to {high:g}: the first is the smaller one")
        for name in ("scale", "offset"):
            value = getattr(self, name)
            if value is not None and not math.isfinite(value):
                raise ArgumentError(f"{name} {value:g} leaves no values")
        if self.scale == 0:
            raise ArgumentError("scale 0 makes all values the same")
        if (self.qa_band is None) != (self.qa_bits is None):
            raise ArgumentError(
                "qa band and qa bits go together: which band, and which of its bits"
            )
        if self.qa_bits is not None:
            parse_qa_bits(self.qa_bits)
        masks = (self.valid_range, self.mask_band, self.qa_band)
        if self.align == "bilinear" and any(mask is not None for mask in masks):
            raise ArgumentError(
                "align bilinear would mix what valid range, mask band or qa band declare missing "
                "into its neighbours: give align nearest"
            )

    def given(self) -> dict[str, str]:
        """Give the options that change values, as text: what a result depends on."""
        said = {
            field.name: _text(getattr(self, field.name))
            for field in fields(self)
            if getattr(self, field.name) != field.default
        }
        for name in ("band", "bands_are_times", "years", "date_regex", "times", "allow_vrt"):
            said.pop(name, None)  # times and bands are said for themselves
        return said


class InputKeywords(TypedDict, total=False):
    """The fields of `InputOptions` as keyword arguments."""

    band: int | str | None
    bands_are_times: bool
    years: str | None
    date_regex: str | None
    times: str | os.PathLike[str] | None
    nodata: float | None
    valid_range: tuple[float, float] | None
    scale: float | None
    offset: float | None
    mask_band: int | str | None
    qa_band: int | str | None
    qa_bits: str | None
    extent: str | None
    align: str | None
    allow_vrt: bool


def parse_qa_bits(text: str) -> tuple[tuple[int, int], ...]:
    """Read which bits of a quality band mean missing.

    ``3`` is a bit that is set, ``1-4`` any bit from 1 to 4 that is set, ``8-9=3`` the number 3 in
    bits 8 and 9, ``0-1=2|3`` one of two numbers. Several are put together with commas.

    Returns
    -------
    tuple of (mask, number)
        A pixel is missing where ``bits & mask == number`` for one of them.

    Raises
    ------
    ArgumentError
        The text has another form.
    """
    found: list[tuple[int, int]] = []
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d+)(?:-(\d+))?(?:=(\d+(?:\|\d+)*))?\s*", part)
        first = int(match[1]) if match else 0
        last = int(match[2] or first) if match else 0
        if not match or not first <= last < _QA_BITS:
            raise ArgumentError(
                f"qa bits {text!r}: expected bits from 0 to {_QA_BITS - 1}, as 1,3,4 or 1-4, or "
                "the number in some of them, as 8-9=3"
            )
        if match[3] is None:
            found += [(1 << bit, 1 << bit) for bit in range(first, last + 1)]
            continue
        mask = (1 << last + 1) - (1 << first)
        for number in map(int, match[3].split("|")):
            if number << first > mask:
                raise ArgumentError(f"qa bits {text!r}: bits {first}-{last} cannot hold {number}")
            found.append((mask, number << first))
    return tuple(found)


def _text(value: object) -> str:
    if isinstance(value, tuple):
        return ",".join(map(_text, value))
    return f"{value!r}" if isinstance(value, float) else str(value)
