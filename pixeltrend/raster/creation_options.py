"""Creation options of GDAL's drivers: which there are, and which values they take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pixeltrend.errors import ArgumentError
from pixeltrend.options import nearest
from pixeltrend.raster.datasets import gdal

if TYPE_CHECKING:
    from collections.abc import Mapping


def check_creation_options(file_format: str, options: Mapping[str, str]) -> None:
    """Refuse creation options that GDAL would only warn of.

    Raises
    ------
    ArgumentError
        The format has no such option, or no such value of it.
    """
    if not options:
        return
    from xml.etree import ElementTree as ET

    driver = gdal.GetDriverByName(file_format)
    listed = ET.fromstring(  # noqa: S314 - GDAL's own text
        driver.GetMetadataItem("DMD_CREATIONOPTIONLIST")
    )
    known = {
        option.get("name", ""): [value.text for value in option.iter("Value")] for option in listed
    }
    numbers = {option.get("name") for option in listed if "int" in option.get("type", "")}
    for key, value in options.items():
        if key not in known:
            raise ArgumentError(
                f"creation option {key}={value}: is not one of {file_format}'s; "
                f"it has {', '.join(sorted(known))}{nearest(key, known)}"
            )
        if key in numbers and not value.removeprefix("-").isdecimal():
            raise ArgumentError(f"creation option {key}={value}: the value must be a whole number")
        if known[key] and value.upper() not in {str(choice).upper() for choice in known[key]}:
            choices = ", ".join(map(str, known[key]))
            raise ArgumentError(
                f"creation option {key}={value}: the value must be one of {choices}"
                f"{nearest(value, map(str, known[key]))}"
            )
