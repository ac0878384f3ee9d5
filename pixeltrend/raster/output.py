"""OutputOptions: how a raster is written. Loads no NumPy and no GDAL."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pixeltrend.errors import ArgumentError
from pixeltrend.options import check_choices, option

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMATS = ("GTiff", "COG")
DTYPES = ("float32", "float64")
_EXTENSIONS = ("", ".tif", ".tiff")


@dataclass(frozen=True, slots=True)
class OutputOptions:
    """How a raster is written."""

    dtype: str = option(
        "float32", "Type of the numbers in the output.", group="Output", choices=DTYPES
    )
    file_format: str | None = option(
        None,
        "Format of the output.  [default: by its extension; .tif and .tiff are GTiff]",
        group="Output",
        choices=FORMATS,
    )
    creation_options: Mapping[str, str] | None = option(
        None,
        "Creation option of the output's GDAL driver, as COMPRESS=ZSTD. Can be repeated.",
        group="Output",
        metavar="NAME=VALUE",
    )
    overwrite: bool = option(True, "Replace an older output.", group="Output")
    style: bool | None = option(
        None,
        "Write a style for QGIS beside the output, a .qml of the same stem, with the classes and "
        "colours that plot has, and units for R's terra (.aux.json); a style that somebody else "
        "saved stays.  [default: for GTiff, not for COG]",
        group="Output",
    )
    update: bool = option(
        False,
        "Do nothing if the output is what this run would make, by a record beside it that runs "
        "with this option write; else say what has changed, and make it.",
        group="Output",
    )
    resume: bool = option(
        False,
        "Keep finished windows beside the output until it is complete, and go on with those of a "
        "run that was killed if inputs and options are the same; else say why not, and start over.",
        group="Output",
    )
    lock_timeout: float = option(
        0.0,
        "Wait up to so many seconds for another run that writes the same output.  [default: stop, "
        "and say who writes it]",
        group="Output",
        metavar="SECONDS",
    )

    def __post_init__(self) -> None:
        check_choices(self)
        values: dict[str, str] = {}
        for name, value in (self.creation_options or {}).items():
            if values.setdefault(name.upper(), value) != value:
                raise ArgumentError(
                    f"creation option {name.upper()}: has two values, {values[name.upper()]} and "
                    f"{value}"
                )
        object.__setattr__(self, "creation_options", values)

    @property
    def has_style(self) -> bool:
        """Whether a style is written."""
        return self.file_format != "COG" if self.style is None else self.style

    def format_of(self, path: str | os.PathLike[str]) -> str:
        """Return GDAL's name of the format that a file is written in.

        Raises
        ------
        ArgumentError
            The extension of the file is that of another format.
        """
        extension = os.path.splitext(path)[1]
        if extension.lower() not in _EXTENSIONS:
            raise ArgumentError(
                f"{os.fspath(path)}: only GeoTIFF can be written, so the name must end in .tif or "
                f".tiff, not in {extension}"
            )
        return self.file_format or FORMATS[0]
