"""A picture's file: there as a whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from pixeltrend.errors import ArgumentError, OutputError

FORMATS = ("png", "svg", "pdf")


def picture_format(output: str) -> str:
    """Give the format that an extension stands for, after a look at where the file shall be.

    Raises
    ------
    ArgumentError
        The extension is another.
    OutputError
        The target is a folder, or in none.
    """
    extension = Path(output).suffix.lower().removeprefix(".")
    if extension not in FORMATS:
        known = ", ".join(f".{name}" for name in FORMATS)
        raise ArgumentError(f"{output}: a picture's name ends in one of {known}")
    target = Path(os.path.realpath(output))
    if target.is_dir():
        raise OutputError(f"{output}: is a folder; give the name of a file")
    if not target.parent.is_dir():
        raise OutputError(f"{output}: there is no folder {target.parent}")
    return extension


def write_picture(output: str, content: bytes) -> None:
    """Put the whole picture in the target's place, or leave the older one there.

    Raises
    ------
    OutputError
        The file system refuses it.
    """
    target = Path(os.path.realpath(output))
    try:
        with tempfile.TemporaryDirectory(".part", f".{target.name}.", target.parent) as folder:
            part = Path(folder) / target.name
            with part.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            part.replace(target)
        handle = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        raise OutputError(f"{output}: cannot be written: {error.strerror or error}") from error
