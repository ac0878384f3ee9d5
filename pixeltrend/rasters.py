"""Opening rasters: the one place that sets GDAL up. Errors raise, warnings go to the log."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pixeltrend.errors import InputError, MissingDependencyError

if TYPE_CHECKING:
    from collections.abc import Iterator

try:
    from osgeo import gdal
except ImportError as error:
    raise MissingDependencyError(
        f"GDAL's Python bindings (osgeo) cannot be imported ({error}). Install one of: "
        '`pip install "pixeltrend[wheel]"` (Python 3.12+, GDAL inside), '
        "`conda install -c conda-forge gdal`, or, beside the system's GDAL with its headers, "
        '`pip install "gdal==$(gdal-config --version)"`'
    ) from error

gdal.UseExceptions()

log = logging.getLogger(__name__)

# Drivers that read the file they are given and no other: a VRT, for one, can name any file in the
# world, whatever its own name says.
DRIVERS = (
    "GTiff", "HFA", "ENVI", "EHdr", "AAIGrid", "RST", "SAGA", "SRTMHGT",
    "netCDF", "HDF5", "HDF4", "JP2OpenJPEG", "PNG", "JPEG", "KEA", "Zarr",
)  # fmt: skip
# Decoded blocks that a process keeps: those of the row of blocks that it reads.
_BLOCK_CACHE = 16 * 2**20
# Not `EMPTY_DIR`: that hides .msk and .aux.xml files, and their masks and nodata with them.
if gdal.GetConfigOption("GDAL_DISABLE_READDIR_ON_OPEN") is None:
    gdal.SetConfigOption("GDAL_DISABLE_READDIR_ON_OPEN", "TRUE")


@contextmanager
def gdal_messages() -> Iterator[list[str]]:
    """Take what GDAL would print in this thread: failures as a list, all of it to the log."""
    failures: list[str] = []

    def take(error_class: int, _number: int, message: str) -> None:
        log.debug("GDAL: %s", message)
        if error_class >= gdal.CE_Failure:
            failures.append(message)

    gdal.PushErrorHandler(take)
    try:
        yield failures
    finally:
        gdal.PopErrorHandler()


def limit_block_cache() -> None:
    """Let GDAL keep few decoded blocks in this process.

    Its default is 5 % of the machine's memory for each process. Windows follow block boundaries,
    so a block is not wanted twice.
    """
    if gdal.GetCacheMax() > _BLOCK_CACHE:
        gdal.SetCacheMax(_BLOCK_CACHE)


@contextmanager
def block_cache() -> Iterator[None]:
    """Limit the block cache of this process for a while."""
    before = gdal.GetCacheMax()
    limit_block_cache()
    try:
        yield
    finally:
        gdal.SetCacheMax(before)


def open_raster(path: str) -> Any:
    """Open `path` read-only.

    Raises
    ------
    InputError
        GDAL cannot open it as a raster.
    """
    try:
        with gdal_messages():
            return gdal.OpenEx(
                path, gdal.OF_RASTER | gdal.OF_READONLY, allowed_drivers=list(DRIVERS)
            )
    except RuntimeError as error:
        raise InputError(f"{path}: cannot be opened as a raster ({first_line(error)})") from error


def first_line(error: Exception) -> str:
    """Give the first line of GDAL's message."""
    return (str(error).splitlines() or [type(error).__name__])[0]


def exists(path: str) -> bool:
    """Tell whether GDAL sees a file, local or on one of its virtual file systems."""
    return gdal.VSIStatL(path) is not None
