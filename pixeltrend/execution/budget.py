"""Budget: windows, and workers at a time, for which the memory of all processes is enough."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pixeltrend.errors import ArgumentError
from pixeltrend.execution.machine import available_memory
from pixeltrend.raster.datasets import Keep
from pixeltrend.raster.remote import REQUESTS
from pixeltrend.raster.statistics import BYTES_A_VALUE
from pixeltrend.raster.windows import Window, plan_windows, window_size

if TYPE_CHECKING:
    from pixeltrend.execution.executors import Workers
    from pixeltrend.reducers.reducer import Reducer
    from pixeltrend.series.series import Series

# Bytes of pixels that a worker holds, if nobody says otherwise: few enough for the allocator to
# hand out the same memory for every window; more only where one block of all rasters takes more.
_MEMORY = 32 * 2**20
_MEMORY_FOR_A_BLOCK = 128 * 2**20
# The same where each window waits for a network: fewer windows, fewer round trips.
_MEMORY_REMOTE = 128 * 2**20
# Fewer values than this are read and reduced faster than a process starts.
_WINDOW_VALUES = 2**21
# Windows a worker: enough for all workers to end at about the same time.
_WINDOWS_PER_WORKER = 4
# Python, NumPy and GDAL, with what they keep of the memory that they are done with: of the process
# that starts, and of each worker. A limit of --memory is for what is held besides.
PROGRAM, PROGRAM_OF_A_WORKER = 100 * 2**20, 40 * 2**20
# The part of a machine, a cgroup or a job that a run may fill if nobody says otherwise.
_SHARE = 0.9
# What a raster that is open takes besides the block that it read last, and what all may take.
_OPEN_BYTES, _OPEN_BYTES_OF_ALL = 2**16, 64 * 2**20
# Of what does not grow with the windows, so much in each process counts as part of the program.
_SMALL = 2 * 2**20
# A block of all times of so many bytes takes some milliseconds to decode again.
_WORTH_A_NOTE = 2**20
# Pixels of the largest tiles that are common: what has larger blocks is better written again.
_LARGE_TILE = 512 * 512
# Steps in which windows become smaller until they fit.
_STEP = 0.85


class Plan(NamedTuple):
    """How a run divides its work."""

    windows: list[Window]
    """In order."""
    workers: int
    """How many windows are computed at a time."""
    keep: Keep
    """What each worker keeps of the rasters that it reads."""
    bytes: int
    """What all processes hold at most, besides the programs themselves."""
    max_pixels: int
    """Pixels of a window that the memory is enough for."""
    note: str = ""
    """What a user should know before the run begins, in a line; empty if all is well."""


class Output(NamedTuple):
    """What the process that starts the workers holds of their results."""

    dtype: str = "float32"
    """Type of the blocks."""
    row_bytes: int = 0
    """Bytes of the rows that wait until they can be written, and of other arrays of fixed size."""
    tile_height: int = 0
    """Rows of a tile, where blocks are written as they come, and wait until they fill tiles."""

    @property
    def bytes_a_number(self) -> int:
        """Bytes of a number of a result, with the sums that are taken where it is written."""
        return np.dtype(self.dtype).itemsize + (BYTES_A_VALUE if self.tile_height else 0)


def plan(series: Series, reducer: Reducer, workers: Workers, count: int, output: Output) -> Plan:
    """Choose windows that fit in memory, and that keep all workers busy.

    Without a limit a worker holds 32 MB of pixels, or a block of all rasters, unless that is more
    than the machine, a cgroup or a job of SLURM has for all processes. With one, there are as many
    workers and as large windows as fit: rather fewer workers than blocks that are decoded again
    for each of their parts.

    Parameters
    ----------
    series, reducer
        What is read, and what is made of it.
    workers
        The limit, and whether they are on this machine.
    count
        How many windows may be computed at a time.
    output
        What becomes of the results.

    Raises
    ------
    ArgumentError
        The memory is not enough for one pixel, one block, or one row of the output.
    """
    costs = _Costs(series, reducer, output)
    if workers.memory is None:
        chosen = costs.plan(costs.usual_pixels(), count)
        if not workers.are_local:
            return costs.noted(chosen, count)
        programs = PROGRAM + PROGRAM_OF_A_WORKER * (count if count > 1 else 0)
        room = int(_SHARE * available_memory()) - programs
        if chosen.bytes <= room:
            return costs.noted(chosen, count)
        smaller = costs.fit(max(room, 0), count)
        if smaller is not None:
            return costs.noted(smaller, count, "the memory that this machine or job has")
        alone = costs.plan(costs.usual_pixels(), 1)
        return alone._replace(note=f"{costs.needs()}, more than this machine or job has")
    fitting = costs.fit(workers.memory, count)
    if fitting is None:
        raise ArgumentError(
            f"memory {megabytes(workers.memory)}: {costs.needs()}; give more memory{costs.advice()}"
        )
    return costs.noted(fitting, count, f"memory {megabytes(workers.memory)}")


class _Costs:
    """What the parts of a run take, in bytes."""

    def __init__(self, series: Series, reducer: Reducer, output: Output) -> None:
        self._series, self._reducer, self._row_bytes = series, reducer, output.row_bytes
        self._tile_height = output.tile_height
        self._count, size = len(series.times), series.dtype.itemsize
        bands = len(reducer.bands)
        # A pixel takes its values, a mask byte and a result; twice, where all pixels are reduced at
        # a time.
        self._values = self._count * size + 1 + bands * np.dtype(output.dtype).itemsize
        if hasattr(reducer, "reduce_counting"):
            self._values += 8 * bands
        tiles = series.tiles
        if any(tile.qa_band is not None or tile.mask_band is not None for tile in tiles):
            self._masks = 24
        else:
            self._masks = 4
        bands_of_a_file = max(self._count // len(series.paths) + 1, len(tiles) // len(series.paths))
        if len(tiles) > len(series.sources) or any(tile.area != tiles[0].area for tile in tiles):
            self._masks += bands_of_a_file * size  # a part is read, and copied to where it belongs
        self._result = bands * output.bytes_a_number
        readers = min(REQUESTS, self._count) if series.is_remote else 1
        # A block as it is stored, and decoded.
        self._decoding = 2 * series.block_bytes * readers
        grid = series.grid
        self._block = min(series.block[0], grid.height), min(series.block[1], grid.width)
        self._block_pixels = self._block[0] * self._block[1]

    def usual_pixels(self) -> int:
        """Return the pixels of a window if nobody limits the memory."""
        usual = _MEMORY_REMOTE if self._series.is_remote else _MEMORY
        # A block that is split is decoded for each of its parts.
        block = min(self._block_pixels, _MEMORY_FOR_A_BLOCK // self._values)
        return max(usual // self._values, block, 1)

    def fit(self, memory: int, count: int) -> Plan | None:
        """Return the plan with the most workers whose blocks are decoded once, as far as can be."""
        best, best_speed = None, 0.0
        for workers in range(count, 0, -1):
            if workers <= best_speed:
                break
            keep = self._keep(memory // (8 * workers))
            pixels = max(1, memory // (workers * (self._of_a_worker_pixel() + 2 * self._result)))
            while pixels and self._bytes(self._size(pixels, workers), workers, keep) > memory:
                pixels = int(pixels * _STEP)
            if not pixels:
                continue
            speed = workers / self._decodings(self._size(pixels, workers))
            if speed > best_speed:
                best, best_speed = (pixels, workers, keep), speed
        return self.plan(*best) if best else None

    def plan(self, max_pixels: int, workers: int, keep: Keep | None = None) -> Plan:
        """Return the plan with windows of so many pixels at most."""
        series, keep = self._series, keep or self._keep(_OPEN_BYTES_OF_ALL)
        most, target = self._limits(max_pixels, workers)
        windows = plan_windows(
            series.grid.height,
            series.grid.width,
            series.block,
            max_pixels=most,
            target_pixels=target,
            tile_height=self._tile_height,
            origin=series.origin,
        )
        size = self._size(max_pixels, workers)
        return Plan(list(windows), workers, keep, self._bytes(size, workers, keep), max_pixels)

    def _limits(self, max_pixels: int, workers: int) -> tuple[int, int]:
        """Return how many pixels a window may, and should, have at most."""
        share = -(-self._series.grid.pixels // (workers * _WINDOWS_PER_WORKER))
        if self._reducer.max_pixels is not None:
            most = min(max_pixels, self._reducer.max_pixels, share)
            return most, most
        return max_pixels, max(share, _WINDOW_VALUES // self._count)

    def _size(self, max_pixels: int, workers: int) -> tuple[int, int]:
        """Return height and width of windows of so many pixels at most."""
        most, target = self._limits(max_pixels, workers)
        grid, block = self._series.grid, self._series.block
        return window_size(
            grid.height,
            grid.width,
            block,
            max_pixels=most,
            target_pixels=target,
            tile_height=self._tile_height,
        )

    def _decodings(self, size: tuple[int, int]) -> int:
        """Return how many times a block is decoded: once for each window that has a part of it."""
        return -(-self._block[0] // size[0]) * -(-self._block[1] // size[1])

    def noted(self, plan: Plan, count: int, limit: str = "") -> Plan:
        """Return the plan with what a user should know of it."""
        notes = []
        height = max(window.height for window in plan.windows)
        times = self._decodings((height, max(window.width for window in plan.windows)))
        is_small = self._block_pixels * self._values < _WORTH_A_NOTE
        if is_small or self._block_pixels <= plan.max_pixels:
            times = 1  # nobody waits for it; or it is shared out among the workers in any case
        if times > 1:
            notes.append(
                f"a block of {self._block[1]} x {self._block[0]} pixels takes "
                f"{megabytes(self._block_pixels * self._values)} with all {self._count} times, so "
                f"each is read in {times} windows and decoded for each"
            )
        if plan.workers < count and limit:
            notes.append(f"{limit}: enough for {plan.workers} of {count} workers")
        if not notes:
            return plan
        more = self.advice() if times > 1 else ""
        return plan._replace(note=f"{'; '.join(notes)}; more memory helps{more}")

    def needs(self) -> str:
        """Return what a worker that reads pixel by pixel would take, and for what."""
        least = self._bytes((1, 1), 1, self._keep(0))
        parts = {
            f"to decode a block of {self._block[1]} x {self._block[0]} pixels": self._decoding,
            "for rows of the output": self._row_bytes,
        }
        size, part = max((size - _SMALL, part) for part, size in parts.items())
        reason = f", {megabytes(size)} of it {part}" if 2 * size > least else ""
        return f"one worker needs at least {megabytes(least)}{reason}"

    def advice(self) -> str:
        """Return what else helps where blocks are larger than tiles need to be."""
        if self._block_pixels <= _LARGE_TILE or self._block_pixels * self._values <= _MEMORY:
            return ""
        return ", or write the inputs again in tiles (gdal_translate -co TILED=YES)"

    def _keep(self, room: int) -> Keep:
        """Return what a worker keeps, each kind within `room` bytes."""
        usual = Keep()
        each = _OPEN_BYTES + self._series.block_bytes
        return Keep(
            min(usual.cache, max(room, _SMALL // 2)),
            min(usual.rasters, min(max(room, _SMALL // 4), _OPEN_BYTES_OF_ALL) // each),
        )

    def _of_a_worker_pixel(self) -> int:
        return self._values + self._masks

    def _bytes(self, size: tuple[int, int], workers: int, keep: Keep) -> int:
        """Return what all processes hold while windows of this height and width are computed."""
        pixels = size[0] * size[1]
        scratch = getattr(self._reducer, "scratch_bytes", lambda _times, _pixels: 0)
        rasters = min(keep.rasters, len(self._series.paths))
        fixed = keep.cache + rasters * (_OPEN_BYTES + self._series.block_bytes) + self._decoding
        fixed += scratch(self._series.times, pixels)
        of_parent = keep.cache + self._row_bytes + pixels * self._result
        if size[1] < self._series.grid.width:  # rows wait until they are whole
            of_parent += size[0] * self._series.grid.width * self._result
        # Two results a worker wait in shared memory.
        each = pixels * (self._of_a_worker_pixel() + 2 * self._result)
        return workers * (each + max(0, fixed - _SMALL)) + max(0, of_parent - _SMALL)


def megabytes(size: float) -> str:
    """Return a size as people write it."""
    return f"{size / 2**20:,.0f} MB" if size >= 10 * 2**20 else f"{size / 2**20:,.3g} MB"
