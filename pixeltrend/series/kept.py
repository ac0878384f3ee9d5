"""Kept: the rasters that threads keep open between two windows, and threads for remote ones."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any, TypeVar

from pixeltrend.errors import ReadError
from pixeltrend.raster.datasets import most_open
from pixeltrend.raster.fingerprint import fingerprint
from pixeltrend.raster.paths import is_virtual
from pixeltrend.raster.remote import REQUESTS, EndingThreads
from pixeltrend.raster.stores import open_dataset
from pixeltrend.series.warping import warped

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pixeltrend.raster.fingerprint import Fingerprint
    from pixeltrend.series.sources import Tile, Warp

Answer = TypeVar("Answer")


class _KeptOpen(threading.local):
    """The rasters of one series that this thread of this process has open.

    A dataset belongs to the thread and to the process that opened it: a child that reads through
    its parent's gets wrong pixels.
    """

    owner: tuple[int, tuple[str, ...]] | None = None

    def __init__(self) -> None:
        self._datasets: dict[tuple[str, Any], tuple[Any, Any]] = {}
        self._asked: dict[str, Fingerprint | None] = {}

    def use_for(self, paths: tuple[str, ...]) -> None:
        """Close what belongs to a series of other files, or was opened by the parent process."""
        owner = (os.getpid(), paths)
        if owner != self.owner:
            self._datasets.clear()
            self.owner = owner

    def open(self, tile: Tile, warp: Warp | None) -> Any:
        """Return the dataset; it stays open unless there are many, or the file is a new one."""
        key = tile.path, warp and warp.resampling
        # Every window asks a local file; a remote one would be asked over the network.
        now = None if is_virtual(tile.path) else fingerprint(tile.path)
        self._asked[tile.path] = now
        dataset, before = self._datasets.pop(key, (None, None))
        if dataset is None or now != before:
            dataset = open_dataset(tile.path, allow_vrt=tile.allow_vrt, siblings=tile.siblings)
            if warp is not None:
                dataset = warped(dataset, tile, warp)
        if len(self._datasets) < most_open():
            self._datasets[key] = dataset, now
        return dataset

    def check_unchanged(self, path: str, *, may_be_gone: bool) -> None:
        """Refuse what was read from a file that changed in the meantime."""
        before = self._asked.get(path)
        if before is None:
            return
        now = fingerprint(path)
        if now != before and not (now is None and may_be_gone):
            raise ReadError(f"{path}: has been replaced or changed while it was read; run again")

    def drop(self, path: str) -> None:
        """Close what is open of a file, so that it is opened again."""
        for key in [key for key in self._datasets if key[0] == path]:
            del self._datasets[key]

    def close(self) -> None:
        """Close all."""
        self._datasets.clear()
        self.owner = None


kept = _KeptOpen()


class _RemoteThreads:
    """Threads of this process that wait for remote files side by side; each keeps its own open."""

    def __init__(self) -> None:
        self._threads: list[EndingThreads] = []
        self._starting = threading.Lock()
        os.register_at_fork(after_in_child=self._forget)

    def _forget(self) -> None:
        """Start without threads: none survives a fork, and whoever held the lock is gone."""
        self._threads = []
        self._starting = threading.Lock()

    def run(self, read: Callable[[Any], Answer], files: Sequence[Any]) -> list[Answer]:
        """Call `read` with each file, always in the same thread; return the answers in order."""
        with self._starting:
            if not self._threads:
                self._threads = [EndingThreads(1) for _ in range(REQUESTS)]
            threads = self._threads
        futures = [
            threads[index % len(threads)].submit(read, file) for index, file in enumerate(files)
        ]
        return [future.result() for future in futures]

    def close(self) -> None:
        """Let the threads end, which closes their files and connections."""
        with self._starting:
            threads, self._threads = self._threads, []
        for thread in threads:
            thread.shutdown()


remote_threads = _RemoteThreads()
