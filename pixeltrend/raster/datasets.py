"""Datasets: the one module that imports GDAL and sets it up; opening rasters, GDAL's messages."""

from __future__ import annotations

import errno
import logging
import os
import resource
import shlex
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from pixeltrend.errors import InputError, MissingDependencyError
from pixeltrend.raster import formats
from pixeltrend.raster.formats import DRIVERS
from pixeltrend.raster.paths import container, file_name, is_remote, is_store, is_virtual
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
    "Keep", "as_text", "first_line", "gdal", "gdal_messages", "get_metadata", "is_exhausted",
    "limit", "limited", "missing_driver", "most_open", "open_raster",
]  # fmt: skip

log = logging.getLogger(__name__)

_HEAD = 256
# Files and pipes that a process has open besides rasters.
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


class Keep(NamedTuple):
    """What a thread keeps of the rasters that it reads."""

    cache: int = 16 * 2**20
    """Bytes of decoded blocks: those of the row of blocks that it reads."""
    rasters: int = 256
    """How many stay open."""


_keep, _readers = Keep(), 1


# What GDAL only warns of where a TIFF ends before a tag's value: nodata, a mask, a CRS may be lost.
_LOST_TAG = "IO error during reading of"


@contextmanager
def gdal_messages() -> Iterator[list[str]]:
    """Keep GDAL from printing in this thread: failures go into a list, and all of it to the log."""
    failures: list[str] = []

    def take(error_class: int, _number: int, message: str) -> None:
        log.debug("GDAL: %s", message)
        if error_class >= gdal.CE_Failure or _LOST_TAG in message:
            failures.append(message)

    gdal.PushErrorHandler(take)
    try:
        yield failures
    finally:
        gdal.PopErrorHandler()


def limit(keep: Keep) -> None:
    """Let this process keep few decoded blocks and open rasters.

    GDAL's default is 5 % of the machine's memory for each process. Windows follow block boundaries,
    so a block is not needed twice.
    """
    global _keep  # noqa: PLW0603 - as GDAL's own cache is, for the whole process
    _keep = keep
    gdal.SetCacheMax(min(gdal.GetCacheMax(), keep.cache * _readers))


def most_open() -> int:
    """Return how many datasets a thread may keep open: at most half of the files allowed."""
    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most == resource.RLIM_INFINITY:
        return _keep.rasters
    return min(_keep.rasters, max(1, (most - _OTHER_FILES) // (2 * _readers)))


@contextmanager
def limited(readers: int, keep: Keep = _keep) -> Iterator[None]:
    """Limit what this process keeps for a while, in which so many threads read."""
    global _keep, _readers  # noqa: PLW0603 - as GDAL's own cache is, for the whole process
    before = _keep, _readers, gdal.GetCacheMax()
    _readers = readers
    limit(keep)
    try:
        yield
    finally:
        _keep, _readers, most = before
        gdal.SetCacheMax(most)


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
        with gdal_messages() as failures:
            dataset = gdal.OpenEx(
                path,
                gdal.OF_RASTER | gdal.OF_READONLY,
                allowed_drivers=drivers,
                **({} if siblings is None else {"sibling_files": list(siblings)}),
            )
            driver = dataset.GetDriver().ShortName
    except RuntimeError as error:
        raise InputError(
            f"{path}: cannot be opened as a raster ({first_line(error)}){_what_it_is(path)}"
        ) from error
    if lost := [message for message in failures if _LOST_TAG in message]:
        raise InputError(
            f"{path}: its end is missing, and what it says of itself with it ({lost[0]})"
        )
    promised = formats.PROMISED.get(os.path.splitext(file_name(path))[1].lower(), (driver,))
    if driver not in promised and not allow_vrt:
        raise InputError(
            f"{path}: is a {driver}, not a {promised[0]} as its name says; --allow-vrt reads it "
            "anyway"
        )
    return dataset


def is_exhausted(path: str) -> bool:
    """Return whether a file could not be read for want of memory or of open files.

    That is not the file's fault.
    """
    if gdal.GetLastErrorNo() == gdal.CPLE_OutOfMemory:
        return True
    try:
        os.close(os.open(os.devnull if is_virtual(path) else container(path), os.O_RDONLY))
    except OSError as error:
        return error.errno in {errno.EMFILE, errno.ENFILE, errno.ENOMEM}
    return False


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


def missing_driver(name: str) -> str:
    """Return that GDAL has no driver of this name, and which has; empty if it has one."""
    return "" if gdal.GetDriverByName(name) is not None else formats.missing(name)


def _what_it_is(path: str) -> str:
    """Return what a file is that was refused, without opening what it names."""
    if is_store(path) and (missing := missing_driver("Zarr")):
        return f": it is Zarr, {missing}"
    wanted = formats.needed(path)
    if wanted and all(map(missing_driver, wanted)):
        return f": its name is that of {wanted[0]}, {missing_driver(wanted[0])}"
    if is_remote(path):
        return ""
    with gdal_messages():
        try:
            driver = gdal.IdentifyDriverEx(path, gdal.OF_RASTER)
        except RuntimeError:
            driver = None
    if driver is None or driver.ShortName in DRIVERS:
        return ""
    if driver.ShortName == "VRT":
        return ": it is a VRT, which can read any other file; --allow-vrt allows it"
    copy = os.path.splitext(path)[0] + ".tif"
    return (
        f": it is a {driver.ShortName} ({driver.LongName}), which pixeltrend does not read; copy "
        f"it with: gdal_translate {shlex.quote(path)} {shlex.quote(copy)}"
    )


def first_line(error: Exception) -> str:
    """Return the first line of GDAL's message."""
    return (str(error).splitlines() or [type(error).__name__])[0]
