"""Resume: finished windows of a run, kept beside its output until that is complete.

A folder holds the plan of the windows with what they are computed from, and a file for each window
that is finished: written under another name, and renamed. What a crash of the machine leaves of one
is found out by its checksum, so that none needs to be waited for until it has reached the disk.
"""

from __future__ import annotations

import json
import logging
import os
import struct
import zlib
from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np

from pixeltrend.errors import OutputError
from pixeltrend.execution.pipeline import Faults, Result
from pixeltrend.raster.replacing import fsync, hidden_name, remove_folder
from pixeltrend.raster.windows import Window
from pixeltrend.series import record

if TYPE_CHECKING:
    from pathlib import Path

    from pixeltrend.execution.pipeline import Results
    from pixeltrend.raster.replacing import Replacement
    from pixeltrend.series.record import Request

log = logging.getLogger(__name__)

_PLAN = "plan"
# Before the numbers of a block: checksum of all that follows; bytes of the faults, which are JSON,
# and of a number.
_CHECKSUM = struct.Struct("<I")
_HEAD = struct.Struct("<QI")


class KeptWindows:
    """The finished windows of a run, and of those before it that did not end.

    Parameters
    ----------
    output
        What the run writes; nobody else does.
    request
        What it is computed from. If None, nothing is kept, and what another run kept is removed.

    Raises
    ------
    OutputError
        A window cannot be kept; from any method.
    """

    def __init__(self, output: Replacement, request: Request | None) -> None:
        self._output, self._request = output, request
        self._folder = hidden_name(output.target, "resume")
        self._windows: list[Window] = []
        self._finished: set[int] = set()
        self._key = 0

    @property
    def resumed(self) -> int:
        """How many windows another run has finished."""
        return len(self._finished)

    def take_up(self, windows: list[Window]) -> list[Window]:
        """Return the windows that are still to be computed, in order.

        Parameters
        ----------
        windows
            All windows of the grid. Those of a run that did not end take their place, if it had
            the same inputs and options: what it has finished is of its own windows.
        """
        if self._request is None:
            self.remove()
            return windows
        made = record.describe(self._request, contents=False)
        self._windows = self._planned(self._request) or self._start_over(windows, made)
        kept = [number for number in range(len(self._windows)) if self._path(number).exists()]
        self._finished = {number for number in kept if self._read(number)}
        if len(self._finished) < len(kept):
            log.warning(
                "%s: %d of %d windows that were kept are damaged, and computed again",
                self._output.name,
                len(kept) - len(self._finished),
                len(kept),
            )
        return [w for number, w in enumerate(self._windows) if number not in self._finished]

    def join(self, computed: Results) -> Results:
        """Return all results in order: those that are kept, and those computed, kept from now."""
        if self._request is None:
            yield from computed
            return
        for number, window in enumerate(self._windows):
            if number not in self._finished:
                _, result = next(computed)
                self._keep(number, result)
            elif (found := self._read(number)) is not None:
                result = found
            else:
                raise OutputError(f"{self._path(number)}: has changed since the run began")
            yield window, result

    def remove(self) -> None:
        """Remove all that is kept."""
        if self._folder.is_dir():
            with suppress(OSError):
                remove_folder(self._folder)

    def _planned(self, request: Request) -> list[Window]:
        """Return the windows of a run that did not end; none if there is none to go on with."""
        try:
            content = (self._folder / _PLAN).read_bytes()
        except OSError:
            return []
        try:
            self._key = zlib.crc32(content[_CHECKSUM.size :])
            if _CHECKSUM.pack(self._key) != content[: _CHECKSUM.size]:
                content = b""
            plan = json.loads(content[_CHECKSUM.size :])
            reasons = record.differences(record.Record(**plan["made"]), request)
        except (ValueError, TypeError, LookupError):
            reasons = ["what was kept is damaged"]
        if reasons:
            log.warning("%s: starts over: %s", self._output.name, record.in_short(reasons))
            return []
        return [Window(*numbers) for numbers in plan["windows"]]

    def _start_over(self, windows: list[Window], made: record.Record) -> list[Window]:
        """Keep a new plan, and no windows; return those of the plan."""
        self.remove()
        text = json.dumps({"made": made._asdict(), "windows": windows}).encode()
        self._key = zlib.crc32(text)
        try:
            self._folder.mkdir(0o700, exist_ok=True)
            self._write(_PLAN, _CHECKSUM.pack(self._key), text)
            for path in (self._folder / _PLAN, self._folder, self._folder.parent):
                fsync(path)
        except OSError as error:
            raise self._failure(error) from error
        return windows

    def _keep(self, number: int, result: Result) -> None:
        block = np.ascontiguousarray(result.block)
        text = json.dumps(result.faults).encode()
        head = _HEAD.pack(len(text), block.itemsize) + text
        checksum = self._checksum(number, head, block.data)
        try:
            self._write(str(number), _CHECKSUM.pack(checksum) + head, block.data)
        except OSError as error:
            raise self._failure(error) from error

    def _read(self, number: int) -> Result | None:
        """Return what is kept of a window; None if it is not what was written."""
        try:
            content = memoryview(self._path(number).read_bytes())
            (checksum,) = _CHECKSUM.unpack_from(content)
            length, itemsize = _HEAD.unpack_from(content, _CHECKSUM.size)
        except (OSError, struct.error):
            return None
        if self._checksum(number, content[_CHECKSUM.size :]) != checksum:
            return None
        start = _CHECKSUM.size + _HEAD.size
        faults = Faults(*json.loads(bytes(content[start : start + length])))
        block = np.frombuffer(content[start + length :], f"f{itemsize}")
        return Result(block.reshape(-1, self._windows[number].pixels), faults)

    def _checksum(self, number: int, *parts: bytes | memoryview) -> int:
        """Return the checksum of a window's file, which that of another window or plan has not."""
        checksum = zlib.crc32(b"%d" % number, self._key)
        for part in parts:
            checksum = zlib.crc32(part, checksum)
        return checksum

    def _path(self, number: int) -> Path:
        return self._folder / str(number)

    def _write(self, name: str, head: bytes, content: bytes | memoryview) -> None:
        """Write a file that is there as a whole or not at all."""
        new = self._folder / "new"
        try:
            with new.open("wb") as file:
                file.write(head)
                file.write(content)
            os.replace(new, self._folder / name)
        except OSError:
            with suppress(OSError):
                new.unlink()
            raise

    def _failure(self, error: OSError) -> OutputError:
        return OutputError(
            f"{self._output.name}: a finished window cannot be kept beside it: {error.strerror}; "
            "mend that and run again, or run without --resume, which keeps none"
        )
