"""Datasets: the one module that imports GDAL and sets it up; opening rasters, GDAL's messages."""

from __future__ import annotations

import logging
import os
import resource
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pixeltrend.errors import InputError, MissingDependencyError
from pixeltrend.raster.paths import file_name
from pixeltrend.raster.regular import check_regular

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

try:
    from osgeo import gdal
except ImportError as error:
    raise MissingDependencyError(
        f"GDAL's Python bindings (osgeo) cannot be imported ({error}). Install one of: "
        "`pip install gdal-wheel` (Python 3.12+, GDAL inside), `conda install -c conda-forge gdal` "
        "or bindings for the system's GDAL, as the README's Install section says"
    ) from error

gdal.UseExceptions()

__all__ = [
    "as_text", "block_cache", "first_line", "gdal", "gdal_messages", "get_metadata",
    "limit_block_cache", "most_open", "open_raster",
]  # fmt: skip

log = logging.getLogger(__name__)

# Drivers that read the file that they are told to read and no other. A VRT can read any file,
# whatever its own name says.
DRIVERS = (
    "GTiff", "HFA", "ENVI", "EHdr", "AAIGrid", "RST", "SAGA", "SRTMHGT",
    "netCDF", "HDF5", "HDF4", "JP2OpenJPEG", "PNG", "JPEG", "KEA", "Zarr",
)  # fmt: skip
# What a name promises, where the driver's name does not say so itself.
_PROMISED = {
    ".tif": ("GTiff", "COG"), ".tiff": ("GTiff", "COG"), ".jp2": ("JP2OpenJPEG",),
    ".nc": ("netCDF", "HDF5"), ".png": ("PNG",), ".jpg": ("JPEG",), ".jpeg": ("JPEG",),
}  # fmt: skip
_HEAD = 256
# Bytes of decoded blocks that a thread that reads keeps: those of the row of blocks it reads.
_BLOCK_CACHE = 16 * 2**20
_readers = 1
# Rasters that a thread keeps open, and files and pipes that a process has open besides.
_MOST_OPEN = 64
_OTHER_FILES = 32
# What GDAL does if nobody says otherwise, in the environment or its configuration file.
_SETTINGS = {
    # Not `EMPTY_DIR`: that hides .msk and .aux.xml files, and their masks and nodata with them.
    "GDAL_DISABLE_READDIR_ON_OPEN": "TRUE",
    # A server that is busy is asked again, soon; GDAL would give up, or wait 30 seconds.
    "GDAL_HTTP_MAX_RETRY": "3",
    "GDAL_HTTP_RETRY_DELAY": "0.5",
    # Seconds until a server that does not answer, or falls silent, counts as an error; GDAL would
    # wait without end.
    "GDAL_HTTP_CONNECTTIMEOUT": "10",
    "GDAL_HTTP_LOW_SPEED_TIME": "20",
    "GDAL_HTTP_LOW_SPEED_LIMIT": "1",
}
for _name, _value in _SETTINGS.items():
    if gdal.GetConfigOption(_name) is None:
        gdal.SetConfigOption(_name, _value)


@contextmanager
def gdal_messages() -> Iterator[list[str]]:
    """Keep GDAL from printing in this thread: failures go into a list, and all of it to the log."""
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
    so a block is not needed twice.
    """
    gdal.SetCacheMax(min(gdal.GetCacheMax(), _BLOCK_CACHE * _readers))


def most_open() -> int:
    """Return how many datasets a thread may keep open: half of the files that are allowed."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limit == resource.RLIM_INFINITY:
        return _MOST_OPEN
    return max(1, min(_MOST_OPEN, (limit - _OTHER_FILES) // (2 * _readers)))


@contextmanager
def block_cache(readers: int) -> Iterator[None]:
    """Limit the block cache of this process for a while, in which so many threads read."""
    global _readers  # noqa: PLW0603 - as GDAL's own cache is, for the whole process
    before = _readers, gdal.GetCacheMax()
    _readers = readers
    limit_block_cache()
    try:
        yield
    finally:
        _readers = before[0]
        gdal.SetCacheMax(before[1])


def open_raster(
    path: str, *, allow_vrt: bool = False, siblings: Sequence[str] | None = None
) -> Any:
    """Open `path` read-only.

    Parameters
    ----------
    path
        Anything that GDAL opens: a file, a path of its virtual file systems, a subdataset.
    allow_vrt
        Whether it may be a VRT, or something else than its name says.
    siblings
        Its own name and those of the files in its folder that may belong to it; by default GDAL
        looks for them.

    Raises
    ------
    InputError
        GDAL cannot open it as a raster, or it is something else than its name says.
    """
    check_regular(path)
    drivers = [*DRIVERS, "VRT"] if allow_vrt else list(DRIVERS)
    try:
        with gdal_messages():
            dataset = gdal.OpenEx(
                path,
                gdal.OF_RASTER | gdal.OF_READONLY,
                allowed_drivers=drivers,
                **({} if siblings is None else {"sibling_files": list(siblings)}),
            )
            driver = dataset.GetDriver().ShortName
    except RuntimeError as error:
        raise InputError(
            f"{path}: cannot be opened as a raster ({first_line(error)}){_is_vrt(path)}"
        ) from error
    promised = _PROMISED.get(os.path.splitext(file_name(path))[1].lower(), (driver,))
    if driver not in promised and not allow_vrt:
        raise InputError(
            f"{path}: is a {driver}, not a {promised[0]} as its name says; --allow-vrt reads it "
            "anyway"
        )
    return dataset


def as_text(text: str | bytes) -> str:
    """Return text that GDAL hands out; what is not UTF-8 is Latin-1."""
    raw = text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def get_metadata(raster: Any, domain: str = "") -> dict[str, str]:
    """Return the metadata of a dataset or a band, by name."""
    items = raster.GetMetadata(domain) or {}
    return {as_text(name): as_text(value) for name, value in items.items()}


def _is_vrt(path: str) -> str:
    """Return that a file which was refused is a VRT, if so, without opening what it names."""
    with gdal_messages():
        try:
            file = gdal.VSIFOpenL(path, "rb")
        except RuntimeError:
            file = None
        if file is None:
            return ""
        head = bytes(gdal.VSIFReadL(1, _HEAD, file) or b"")
        gdal.VSIFCloseL(file)
    if b"<VRTDataset" not in head:
        return ""
    return ": it is a VRT, which can read any other file; --allow-vrt allows it"


def first_line(error: Exception) -> str:
    """Return the first line of GDAL's message."""
    return (str(error).splitlines() or [type(error).__name__])[0]
