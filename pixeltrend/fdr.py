"""p-values of a raster that is written already, or of a VRT of its parts, adjusted over all."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pixeltrend.errors import InputError
from pixeltrend.execution.fdr import with_adjusted
from pixeltrend.execution.pipeline import Result
from pixeltrend.raster import provenance
from pixeltrend.raster.datasets import open_raster
from pixeltrend.raster.header import read_header
from pixeltrend.raster.output import OutputOptions
from pixeltrend.raster.parts import read_parts
from pixeltrend.raster.provenance import describe, options_text
from pixeltrend.raster.windows import plan_windows
from pixeltrend.raster.writer import Band, RasterWriter
from pixeltrend.reducers.bands import make_band
from pixeltrend.reducers.options import StatsOptions
from pixeltrend.trend import styled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pixeltrend.execution.pipeline import Results

_ADJUSTED = "pvalue_fdr"
# Pixels in memory at a time.
_HELD = 2**18


def adjust(
    raster: str | os.PathLike[str],
    output: str | os.PathLike[str] | None = None,
    method: str = "bh",
) -> int:
    """Write the bands of a trend, and its p-values adjusted for the number of its pixels.

    Parameters
    ----------
    raster
        A raster that pixeltrend wrote, or a VRT of rasters that it wrote with the same options.
    output
        The raster to write; by default it replaces `raster`.
    method
        "bh" (Benjamini-Hochberg) or "by" (Benjamini-Yekutieli).

    Returns
    -------
    int
        Number of p-values.

    Raises
    ------
    InputError
        `raster` has no p-values, or its parts were not made alike.
    OutputError
        The run failed. An older output is untouched.
    """
    options = StatsOptions(stats="pvalue", fdr=method)
    path = os.fspath(raster)
    target = path if output is None else os.fspath(output)
    header = read_header(path, allow_vrt=True)
    dataset = open_raster(path, allow_vrt=True)
    parts = read_parts(path, header)
    facts = [provenance.read(part.metadata) for part in parts]
    first, made = parts[0], facts[0]
    if made is None:
        raise InputError(f"{first.path}: was not written by pixeltrend")
    for part, fact in zip(parts, facts, strict=True):
        if fact != made or len(part.bands) != len(header.bands):
            raise InputError(
                f"{part.path}: was made of other inputs or with other options than {first.path}: "
                "p-values are adjusted over one map"
            )
    names = [band.description for band in first.bands]
    if "pvalue" not in names:
        raise InputError(f"{path}: has no band pvalue; give --stats slope,pvalue to slope")
    kept = [number for number, name in enumerate(names) if name != _ADJUSTED]
    bands = [
        Band(band.description, band.metadata.get("DESCRIPTION", ""), band.unit)
        for band in (first.bands[number] for number in kept)
    ]
    info = make_band(_ADJUSTED, options)
    words = (word for word in made.options.split() if not word.startswith("fdr="))
    text = options_text(dict(word.split("=", 1) for word in words) | {"fdr": method})
    dtype = "float64" if any(band.dtype == "Float64" for band in first.bands) else "float32"
    writer = RasterWriter(
        target,
        header.grid,
        [*bands, Band(info.name, info.description, info.unit)],
        OutputOptions(dtype=dtype),
        metadata=describe(made._replace(options=text))
        | ({"AREA_OR_POINT": first.area_or_point} if first.area_or_point else {}),
        style=partial(styled, bands[0]),
    )

    def read(numbers: Sequence[int]) -> Results:
        windows = plan_windows(
            header.grid.height, header.grid.width, header.block, max_pixels=_HELD
        )
        for window in windows:
            area = (window.col_off, window.row_off, window.width, window.height)
            block = [dataset.GetRasterBand(number + 1).ReadAsArray(*area) for number in numbers]
            yield window, Result(np.array(block, np.float64).reshape(len(numbers), -1))

    row = [band.name for band in bands].index("pvalue")
    folder = Path(target).resolve().parent
    count = 0
    with writer:
        for window, (block, *_) in with_adjusted(
            read(kept), row, method, dtype=dtype, folder=folder
        ):
            writer.write(window, block)
            count += int(np.count_nonzero(~np.isnan(block[row])))
    return count
