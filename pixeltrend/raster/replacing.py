"""Replacing: a new file takes the place of an older one, whole or not at all."""

from __future__ import annotations

import fcntl
import logging
import os
import stat
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Self

from pixeltrend import interruption
from pixeltrend.errors import OutputError
from pixeltrend.raster.paths import RECORD, UNITS
from pixeltrend.raster.style_files import is_ours, style_path

log = logging.getLogger(__name__)

# GDAL, QGIS, terra and --update leave these beside a raster; those of the old file say nothing of
# the new one.
_SIDE_FILES = (".aux.xml", ".ovr", ".msk", UNITS, RECORD)
# Letters of the target's name in that of its hidden folder: a name has at most 255 bytes.
_SHOWN = 50
# MiB that a disk must take; less, and it is full.
_PROBE = 2


class Replacement:
    """A new file, which grows in a hidden folder beside the target until `commit` renames it.

    The folder is locked as long as the process lives. Folders of runs that were killed are removed
    on entering, the folder itself on leaving.

    Parameters
    ----------
    path
        The target. If it is a link, what the link leads to is replaced.
    overwrite
        Whether there may be an older file.
    styled
        Whether it is a raster, which a style of the same stem belongs to.

    Raises
    ------
    OutputError
        No file can be written there; here, or later from any method.
    """

    def __init__(
        self, path: str | os.PathLike[str], *, overwrite: bool = True, styled: bool = False
    ) -> None:
        self.name = os.fspath(path)
        """The target, as the caller wrote it."""
        self.target = _checked_target(self.name, overwrite=overwrite)
        """The same, with its links resolved."""
        self._overwrite = overwrite
        self._styled = styled
        self._lock = -1
        self.folder = Path()
        """Where the new file grows, and what it is made from."""

    @property
    def path(self) -> Path:
        """The new file until it is committed; what lies beside it comes along."""
        return self.folder / "new" / self.target.name

    def __enter__(self) -> Self:
        _remove_abandoned(self.target)
        try:
            while not self._make_folder():
                log.info("another run took %s for an abandoned one", self.folder)
            self.path.parent.mkdir()
        except BaseException as error:
            self.__exit__()
            if isinstance(error, OSError):
                raise self.failure(error) from error
            raise
        return self

    def __exit__(self, *_error: object) -> None:
        if self._lock >= 0:
            with interruption.held():
                with suppress(OSError):
                    remove_folder(self.folder)
                os.close(self._lock)

    def commit(self) -> None:
        """Bring the new file to the disk and rename it; remove the old one's side files."""
        try:
            if self.target.exists():
                self.path.chmod(stat.S_IMODE(self.target.stat().st_mode))
            side_files = [file for file in self.path.parent.iterdir() if file != self.path]
            for file in (*side_files, self.path):
                fsync(file)
            interruption.check()
            with interruption.held():
                self._move(side_files)
        except OSError as error:
            raise self.failure(error) from error

    def _move(self, side_files: list[Path]) -> None:
        if not self._overwrite:
            self._claim()
        new_style, style = style_path(self.path), style_path(self.target)
        if self._styled and is_ours(style):  # first: no raster stands beside another one's style
            style.unlink()
        for file in side_files:
            if file != new_style:
                file.replace(self.target.with_name(file.name))
        self.path.replace(self.target)
        if new_style in side_files:
            if os.path.lexists(style):
                log.info("%s: is not a style that pixeltrend wrote, so it stays", style)
            else:
                new_style.replace(style)
        interruption.completed.append(self.name)
        kept = {file.name for file in side_files}
        for suffix in _SIDE_FILES:
            old = f"{self.target}{suffix}"
            if os.path.basename(old) not in kept and os.path.lexists(old):
                os.unlink(old)
        fsync(self.target.parent)

    def _claim(self) -> None:
        """Give the target's name to the new file, unless a file has got it since the start."""
        try:
            os.link(self.path, self.target)
        except FileExistsError:
            raise _exists(self.name) from None
        except OSError as error:  # not every file system has hard links
            log.debug("%s: %s", self.target, error)
            if os.path.lexists(self.target):
                raise _exists(self.name) from None

    def write(self, content: bytes) -> None:
        """Write a whole file, or leave the older one as it is; nothing needs to be entered."""
        with self:
            try:
                self.path.write_bytes(content)
            except OSError as error:
                raise self.failure(error) from error
            self.commit()

    def failure(self, error: Exception | str) -> OutputError:
        """Return the error that says why the target cannot be written."""
        reason = getattr(error, "strerror", None) or str(error).partition("\n")[0]
        if not isinstance(error, OSError) and (refusal := self._refusal()):
            reason = f"{refusal} ({reason})"
        return OutputError(f"{self.name}: cannot be written: {reason}")

    def _refusal(self) -> str:
        """Return why the system does not let the new file grow; GDAL does not say it."""
        try:
            with self.path.with_name("probe").open("wb", 0) as file:
                for _ in range(_PROBE):
                    file.write(bytes(2**20))
        except FileNotFoundError:
            pass
        except OSError as error:
            return error.strerror or ""
        finally:
            self.path.with_name("probe").unlink(missing_ok=True)
        return ""

    def _make_folder(self) -> bool:
        """Make and lock the hidden folder; False if it was removed before it was locked."""
        prefix, suffix = _affixes(self.target)
        self.folder = self.target.with_name(f"{prefix}{os.urandom(4).hex()}{suffix}")
        self.folder.mkdir(0o700)
        with suppress(FileNotFoundError):
            self._lock = os.open(self.folder, os.O_RDONLY)
            with suppress(OSError):  # not every file system has locks
                fcntl.flock(self._lock, fcntl.LOCK_EX)
            if self.folder.exists():
                return True
            os.close(self._lock)
            self._lock = -1
        return False


def _checked_target(path: str, *, overwrite: bool) -> Path:
    """Return the target with its links resolved; refuse what can be seen now to fail later."""
    if path.startswith("/vsi"):
        raise OutputError(f"{path}: the output must be a local file")
    target = Path(os.path.realpath(path))
    if target.is_symlink():
        raise OutputError(f"{path}: is a link that leads back to itself")
    if target.is_dir():
        raise OutputError(f"{path}: is a folder; give the name of a file in it")
    if not target.parent.is_dir():
        raise OutputError(f"{path}: the folder {target.parent} does not exist")
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise OutputError(f"{path}: the folder {target.parent} is not writable")
    if target.exists() and not target.is_file():
        raise OutputError(f"{path}: is not a regular file, and cannot be replaced by one")
    if target.exists() and not overwrite:
        raise _exists(path)
    return target


def hidden_name(target: Path, ending: str) -> Path:
    """Return the hidden file or folder beside a target that belongs to it alone."""
    name = target.name
    return target.with_name(f".{name[:_SHOWN]}.{zlib.crc32(os.fsencode(name)):08x}.{ending}")


def _exists(path: str) -> OutputError:
    return OutputError(f"{path}: already exists, and is not to be overwritten")


def _affixes(target: Path) -> tuple[str, str]:
    """Return how the names of a target's hidden folders begin and end."""
    return f".{target.name[:_SHOWN]}.", ".part"


def _remove_abandoned(target: Path) -> None:
    """Remove the hidden folders of runs that were killed: nobody holds their locks."""
    prefix, suffix = _affixes(target)
    for name in os.listdir(target.parent):
        if not (name.startswith(prefix) and name.endswith(suffix)):
            continue
        folder = target.with_name(name)
        with suppress(OSError):
            lock = os.open(folder, os.O_RDONLY)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                remove_folder(folder)
                log.info("removed %s, which a killed run left", folder)
            finally:
                os.close(lock)


def remove_folder(folder: Path) -> None:
    """Remove a folder and all that is in it."""
    for path, _, names in os.walk(folder, topdown=False):
        for name in names:
            os.unlink(os.path.join(path, name))
        os.rmdir(path)


def fsync(path: Path) -> None:
    """Bring a file, or the names in a folder, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
