"""Options of inputs: what is read from them, and how. Loads no NumPy and no GDAL."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from pixeltrend.errors import ArgumentError
from pixeltrend.options import changed, check_choices, option

_QA_BITS = 32

# What an output tells in other items of its metadata, or by its grid.
_KNOWN_OTHERWISE = {
    "band", "window", "bounds", "allow_vrt", "years", "date_regex", "times", "time",
    "bands_are_times", "settle", "groups", "variable",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class InputOptions:
    """What is read from the inputs, and how; the defaults take them as they are."""

    band: int | str | None = option(
        None,
        "Band to read: its number, from 1, or its description. Several, with commas, each have an "
        "output of their own: -o 'trend_{band}.tif'.  [default: 1]",
        group="Inputs",
        metavar="BAND",
    )
    variable: str | None = option(
        None,
        "Variable of NetCDF, HDF or Zarr files to read, at all times of its axis of time; where it "
        "has none, the names of the files hold the times.",
        group="Inputs",
        metavar="NAME",
    )
    window: tuple[int, int, int, int] | None = option(
        None,
        "Read only this part, in pixels. Rows and columns are counted from 0.",
        group="Inputs",
        metavar="ROW COL HEIGHT WIDTH",
    )
    bounds: tuple[float, float, float, float] | None = option(
        None,
        "Read only this part, in the units of the CRS.",
        group="Inputs",
        metavar="XMIN YMIN XMAX YMAX",
    )
    extent: str | None = option(
        None,
        "Of rasters with different extents on one pixel grid, read what all have in common, all "
        "that any covers, or what the first covers.  [default: refuse them]",
        group="Inputs",
        choices=("intersection", "union", "first"),
    )
    align: str | None = option(
        None,
        "Warp rasters on other grids onto the grid of the first one.  [default: refuse them]",
        group="Inputs",
        choices=("nearest", "bilinear"),
    )
    mosaic: bool = option(
        False,
        "Put the tiles of each time together, such as MODIS h08v05 and h09v05, on the pixel grid "
        "that they lie on. Where they overlap, the first one by name whose pixel is valid counts; "
        "with --composite and --duplicates each is a scene.",
        group="Inputs",
    )
    scale: float | None = option(
        None,
        "Multiply the numbers in the files by this, whatever scale they declare.",
        group="Inputs",
        metavar="NUMBER",
    )
    offset: float | None = option(
        None,
        "Add this to the scaled numbers, whatever offset the files declare.",
        group="Inputs",
        metavar="NUMBER",
    )
    allow_vrt: bool = option(
        False,
        "Read VRTs, which can name any other file, and files in another format than their names "
        "say.",
        group="Inputs",
    )
    settle: float = option(
        0.0,
        "Wait until no local input has changed for so long: some may not be copied completely yet.",
        group="Inputs",
        metavar="SECONDS",
    )
    on_read_error: str = option(
        "fail",
        "What a block that cannot be read, or a file that cannot be opened any more, does: end the "
        "run, or count as missing, with a warning.",
        group="Missing values",
        choices=("fail", "missing"),
    )
    years: str | None = option(
        None,
        "Years of the files in the order of their names, or of the bands.",
        group="Times",
        metavar="FIRST:LAST[:STEP]",
    )
    date_regex: str | None = option(
        None,
        "Regular expression for the time in a name: a group named year, with month and day, doy, "
        "monthname, quarter, half, season, week, dekad, pentad or halfmonth, or else the first "
        r"group, as in 'v2_(\d{4})'.",
        group="Times",
        metavar="REGEX",
    )
    times: str | None = option(
        None,
        "Table of times: a line for each file, with its name and its time.",
        group="Times",
        metavar="FILE.csv",
    )
    groups: str | None = option(
        None,
        "Table of groups: a line for each file, with its name and its group, such as its sensor. "
        "[default: sensor, version and level, as product ids and metadata tell them]",
        group="Times",
        metavar="FILE.csv",
    )
    time: str | None = option(
        None,
        "Of two times in each name, the first and last of a period, what counts.  [default: start]",
        group="Times",
        choices=("start", "middle", "end"),
    )
    bands_are_times: bool = option(
        False,
        "Every band of a file has a time of its own, from its description or --years.",
        group="Times",
    )
    duplicates: str | None = option(
        None,
        "Of rasters of one time, as overlapping paths are, take pixel by pixel the mean, or the "
        "first or last value in the order of their names; best: the first, in the order of how "
        "many valid pixels they have.  [default: refuse them, but for --composite]",
        group="Composites",
        choices=("mean", "first", "last", "best"),
    )
    nodata: float | None = option(
        None,
        "Value that means missing, in place of the one that the files declare.",
        group="Missing values",
        metavar="VALUE",
    )
    valid_range: tuple[float, float] | None = option(
        None,
        "Other values are missing. In the numbers of the files, before scale and offset.",
        group="Missing values",
        metavar="MIN MAX",
    )
    mask_band: int | str | None = option(
        None,
        "Band that is 0 where a pixel is missing: its number or its description.",
        group="Missing values",
        metavar="BAND",
    )
    qa_band: int | str | None = option(
        None,
        "Band of quality bits, such as Landsat's QA_PIXEL.",
        group="Missing values",
        metavar="BAND",
    )
    qa_bits: str | None = option(
        None,
        "Bits of --qa-band that mean missing: 3 for bit 3, 1-4 for any of bits 1 to 4, 8-9=3 for "
        "the number 3 in bits 8 and 9. Put commas between several.",
        group="Missing values",
        metavar="BITS",
    )

    def __post_init__(self) -> None:
        check_choices(self)
        dating = [name for name in ("years", "date_regex", "times") if getattr(self, name)]
        if len(dating) > 1:
            raise ArgumentError(
                f"{' and '.join(dating)} each say what the times are: give only one of them"
            )
        if dating and self.time is not None:
            raise ArgumentError(
                f"time {self.time} is of a period in the names, but {dating[0]} says what the "
                "times are: give only one of them"
            )
        if self.bands_are_times and self.band is not None:
            raise ArgumentError(
                "band picks one band, but bands_are_times reads them all: give only one of them"
            )
        if self.variable is not None:
            for name in ("band", "mask_band", "qa_band"):
                if getattr(self, name) is not None:
                    raise ArgumentError(
                        f"{name} is a band of a raster, but variable reads one variable, whose "
                        "bands are its times: give only one of them"
                    )
        if self.window is not None and self.bounds is not None:
            raise ArgumentError(
                "window and bounds both say which part to read: give only one of them"
            )
        if self.align and self.mosaic:
            raise ArgumentError(
                "mosaic puts tiles of one pixel grid together, and align warps single rasters: "
                "warp the tiles onto one grid first, with gdalwarp -t_srs, -tr and -tap"
            )
        if self.align and self.extent not in {None, "first"}:
            raise ArgumentError(
                f"extent {self.extent!r}: align warps onto the grid of the first raster, so extent "
                "can only be first"
            )
        self._check_values()

    def _check_values(self) -> None:
        if self.valid_range is not None and not self.valid_range[0] <= self.valid_range[1]:
            low, high = self.valid_range
            raise ArgumentError(
                f"valid_range {low:g} {high:g}: the first number must not be the larger one"
            )
        for name in ("scale", "offset"):
            value = getattr(self, name)
            if value is not None and not math.isfinite(value):
                raise ArgumentError(f"{name} {value:g}: must be a finite number")
        if self.scale == 0:
            raise ArgumentError("scale 0: would make all values the same")
        if (self.qa_band is None) != (self.qa_bits is None):
            raise ArgumentError(
                "qa_band and qa_bits need each other: which band, and which of its bits"
            )
        if self.qa_bits is not None:
            parse_qa_bits(self.qa_bits)
        masks = (self.valid_range, self.mask_band, self.qa_band)
        if self.align == "bilinear" and any(mask is not None for mask in masks):
            raise ArgumentError(
                "align bilinear would mix values that valid_range, mask_band or qa_band declare "
                "missing into their neighbours: use align nearest"
            )


def value_options(options: InputOptions) -> dict[str, str]:
    """Return the options that change values, as text: what a result depends on.

    Times, bands and the part that was read are known from the result itself.
    """
    return {name: text for name, text in changed(options).items() if name not in _KNOWN_OTHERWISE}


def parse_qa_bits(text: str) -> tuple[tuple[int, int], ...]:
    """Return which bits of a quality band mean missing.

    ``3`` is a bit that is set, ``1-4`` any bit from 1 to 4 that is set, ``8-9=3`` the number 3 in
    bits 8 and 9, ``0-1=2|3`` one of two numbers. Commas stand between several.

    Returns
    -------
    tuple of (mask, number)
        A pixel is missing where ``bits & mask == number`` for one of them.

    Raises
    ------
    ArgumentError
        The text has another form.
    """
    rules: list[tuple[int, int]] = []
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d+)(?:-(\d+))?(?:=(\d+(?:\|\d+)*))?\s*", part)
        first = int(match[1]) if match else 0
        last = int(match[2] or first) if match else 0
        if not match or not first <= last < _QA_BITS:
            raise ArgumentError(
                f"qa_bits {text!r}: expected bits from 0 to {_QA_BITS - 1}, as in 1,3,4 or 1-4, or "
                "a number in some of them, as in 8-9=3"
            )
        if match[3] is None:
            rules += [(1 << bit, 1 << bit) for bit in range(first, last + 1)]
            continue
        mask = (1 << last + 1) - (1 << first)
        for number in map(int, match[3].split("|")):
            if number << first > mask:
                raise ArgumentError(f"qa_bits {text!r}: bits {first}-{last} cannot hold {number}")
            rules.append((mask, number << first))
    return tuple(rules)
