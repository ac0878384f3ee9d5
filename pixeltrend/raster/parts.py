"""Parts: what a VRT does not say of its bands is taken from the rasters that it is made of.

gdalbuildvrt keeps no metadata and, of some versions, neither names nor units.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pixeltrend.raster import provenance
from pixeltrend.raster.datasets import open_raster
from pixeltrend.raster.header import read_header

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pixeltrend.raster.header import Header

_RASTERS = (".tif", ".tiff")


def read_parts(path: str, header: Header) -> list[Header]:
    """Return the headers of the rasters that a VRT is made of; of another raster, its own."""
    files = open_raster(path, allow_vrt=True).GetFileList() or []
    parts = [file for file in files if file != path and file.lower().endswith(_RASTERS)]
    return [read_header(file) for file in parts] or [header]


def read_whole(path: str) -> Header:
    """Return the header of a raster; that of a VRT has what all of its parts say of themselves.

    Raises
    ------
    InputError
        It, or one of its parts, is not a raster.
    """
    header = read_header(path, allow_vrt=path.lower().endswith(".vrt"))
    numbers = _source_bands(path) if path.lower().endswith(".vrt") else []
    if len(numbers) != len(header.bands):
        return header
    parts = read_parts(path, header)
    made = {provenance.read(part.metadata) for part in parts}
    if len(made) > 1 or any(number > len(part.bands) for part in parts for number in numbers):
        return header
    bands = tuple(
        own._replace(
            description=own.description or part.description,
            unit=own.unit or part.unit,
            metadata={**_of_any_part(part.metadata), **own.metadata},
        )
        for own, part in zip(
            header.bands, (parts[0].bands[number - 1] for number in numbers), strict=True
        )
    )
    return header._replace(bands=bands, metadata={**parts[0].metadata, **header.metadata})


def _of_any_part(metadata: Mapping[str, str]) -> dict[str, str]:
    """Return the items of a band that hold for the whole too."""
    return {name: text for name, text in metadata.items() if not name.startswith("STATISTICS_")}


def _source_bands(path: str) -> list[int]:
    """Return which band of its parts each band of a VRT shows; fewer where that is not one band."""
    from xml.etree import ElementTree as ET

    xml: Any = open_raster(path, allow_vrt=True).GetMetadata("xml:VRT") or ["<none/>"]
    found = []
    for band in ET.fromstring(xml[0]).iter("VRTRasterBand"):  # noqa: S314 - GDAL's own
        sources = {source.text or "" for source in band.iter("SourceBand")}
        if len(sources) == 1 and (text := sources.pop()).isdecimal():
            found.append(int(text))
    return found
