"""The log: all that --verbose says, with times, on stderr (-v) and in a file (--log-file)."""

from __future__ import annotations

import logging
import os
import shlex
import sys
from contextlib import suppress

import click

from pixeltrend.errors import OutputError, redact

_FORMAT = "%(asctime)s %(name)s: %(message)s"
_RASTERS = (".tif", ".tiff")

log = logging.getLogger("pixeltrend")
# What shows warnings on stderr where nothing else listens.
_warnings = logging.lastResort or logging.NullHandler()


class _RedactingFormatter(logging.Formatter):
    """Writes no keys and passwords, wherever in a message or a traceback they stand."""

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


class _LogFile(logging.Handler):
    """Appends to a file, each message at once: several runs may write into one file."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self._path = path
        try:
            # A FIFO that nobody reads is refused, not waited for.
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NONBLOCK
            self._handle = os.open(path, flags, 0o666)
        except OSError as error:
            raise OutputError(f"{path}: cannot be written: {error.strerror}") from error

    def emit(self, record: logging.LogRecord) -> None:
        """Write a message; say once that it cannot be written."""
        if self._handle < 0:
            return
        try:
            os.write(self._handle, (self.format(record) + "\n").encode(errors="backslashreplace"))
        except OSError as error:
            os.close(self._handle)
            self._handle = -1
            with suppress(OSError):
                text = (
                    f"Warning: {self._path}: cannot be written: {error.strerror}; the run goes on"
                )
                click.echo(text, err=True)


class _State:
    file: _LogFile | None = None
    verbose = False


def note(message: str) -> None:
    """Write a line that is said elsewhere into the log file, if there is one."""
    if _State.file is not None:
        _State.file.handle(log.makeRecord(log.name, logging.INFO, "", 0, message, (), None))


def has_file() -> bool:
    """Return whether there is a log file."""
    return _State.file is not None


def verbose(_ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    """Say all that is logged on stderr."""
    if value:
        _listen(logging.StreamHandler())
        _State.verbose = True
        logging.getLogger().removeHandler(_warnings)


def log_file(_ctx: click.Context, param: click.Parameter, path: str | None) -> None:
    """Append all that is logged, and all that is said, to a file."""
    if path is None:
        return
    if path.lower().endswith(_RASTERS):
        raise click.BadParameter(f"{path!r} is the name of a raster", param=param)
    _State.file = _LogFile(path)
    _listen(_State.file)
    if not _State.verbose:  # where nobody listens, Python shows warnings by itself
        logging.getLogger().addHandler(_warnings)
    note(f"process {os.getpid()} in {_folder()}: pixeltrend {shlex.join(sys.argv[1:])}")


def _listen(handler: logging.Handler) -> None:
    handler.setFormatter(_RedactingFormatter(_FORMAT))
    root = logging.getLogger()
    root.setLevel(logging.DEBUG)
    root.addHandler(handler)


def _folder() -> str:
    try:
        return os.getcwd()
    except OSError:
        return "a folder that has been deleted"
