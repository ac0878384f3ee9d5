"""p-values adjusted for the number of pixels tested, in bounded memory however many there are."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import numpy as np

from pixeltrend.errors import OutputError
from pixeltrend.execution.pipeline import Result

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from pixeltrend.execution.pipeline import Results

    Floats = NDArray[np.float64]

# p-values held in memory at a time, at least and at most, and bytes of the arrays of each of them.
_FEWEST, _HELD = 2**12, 2**20
BYTES_HELD = 160
# The first bits of a p-value put it into a class: sign, exponent and eight bits more.
_SHIFT = 44
_CLASSES = (int(np.float64(1.0).view(np.int64)) >> _SHIFT) + 1
_RECORD = np.dtype([("index", np.int64), ("value", np.float64)])


def with_adjusted(
    results: Results,
    row: int,
    method: str,
    *,
    dtype: str,
    folder: Path,
    held: int = _HELD,
) -> Results:
    """Return all results again, each with a band of adjusted p-values after the others.

    Nothing is returned before the last result has come in. Memory holds one of them at a time.

    Parameters
    ----------
    results
        Windows with their float64 blocks.
    row
        The band of the p-values.
    method
        "bh" or "by".
    dtype
        Type of the blocks that are returned.
    folder
        For temporary files.
    held
        p-values in memory at a time.

    Raises
    ------
    OutputError
        The folder is full.
    """
    try:
        with ExitStack() as stack:
            blocks, pvalues = Spill(folder, dtype), Spill(folder)
            stack.callback(blocks.close)
            stack.callback(pvalues.close)
            order = []
            for window, (block, faults, _) in results:
                pvalues.append(block[row])
                blocks.append(block.astype(dtype))
                order.append((window, len(block), faults))
            adjusted = adjust_file(pvalues, method, folder, held)
            stack.callback(adjusted.close)
            start = at = 0
            for window, bands, faults in order:
                pixels = window.pixels
                block = np.empty((bands + 1, pixels), dtype=dtype)
                block[:-1] = blocks.read(at, bands * pixels).reshape(bands, pixels)
                block[-1] = adjusted.read(start, pixels)
                at += bands * pixels
                start += pixels
                yield window, Result(block, faults)
    except OSError as error:
        raise OutputError(
            f"{folder}: cannot hold temporary files: {error.strerror or error}"
        ) from error


def held_within(memory: int | None, pixels: int) -> int:
    """Return how many of so many p-values are held at a time, in a quarter of the memory."""
    most = _HELD if memory is None else memory // (4 * BYTES_HELD)
    return min(_HELD, max(_FEWEST, most), pixels)


def factor(total: int, method: str) -> float:
    """Return what "by" multiplies with, 1 + 1/2 + ... + 1/total; 1 for "bh".

    The halves are those of NumPy's pairwise summation: SciPy's sum, in little memory.
    """

    def harmonic(first: int, count: int) -> float:
        if count <= _HELD:
            return float(np.sum(1 / np.arange(first, first + count)))
        half = count // 2 - count // 2 % 8
        return harmonic(first, half) + harmonic(first + half, count - half)

    return 1.0 if method == "bh" or total == 0 else harmonic(1, total)


def adjust_file(pvalues: Spill, method: str, folder: Path, held: int = _HELD) -> Spill:
    """Adjust more p-values than memory holds; return them in the same order.

    ``adjusted_i = min over j >= i of p_j m / j`` with p sorted and m the number of p-values:
    rejecting those up to q keeps the false discovery rate at q. "by" multiplies with
    ``1 + 1/2 + ... + 1/m``, which holds under any dependence.

    They are dealt out by size into parts that memory holds; the parts are adjusted from the
    largest p-values down, and dealt out again by their places.

    Parameters
    ----------
    pvalues
        float64, NaN where missing.
    method
        "bh" or "by".
    folder
        For temporary files, some 40 bytes a p-value.
    held
        p-values in memory at a time.

    References
    ----------
    Benjamini, Y. and Hochberg, Y. (1995). J. R. Statist. Soc. B 57, 289-300.
    Benjamini, Y. and Yekutieli, D. (2001). Annals of Statistics 29, 1165-1188.
    `scipy.stats.false_discovery_control`, whose numbers these are to the last bit.
    """
    classes = np.zeros(_CLASSES, dtype=np.int64)
    for _, part in _valid_parts(pvalues, held):
        classes += np.bincount(_class(part), minlength=_CLASSES)
    total = int(classes.sum())
    scale, smallest, before = factor(total, method), 1.0, total
    with ExitStack() as stack:
        by_size = _Deal(stack, folder, _ranges(classes, held))
        for index, part in _valid_parts(pvalues, held):
            by_size.add(_class(part), index, part)
        places = np.full(-(-pvalues.count // held), held, dtype=np.int64)
        by_place = _Deal(stack, folder, _ranges(places, held))
        for number in reversed(range(len(by_size.starts) - 1)):
            distinct, counts = np.empty(0), np.empty(0, dtype=np.int64)
            for records in by_size.read(number, held):
                distinct, counts = _merge(distinct, counts, records["value"])
            before -= int(counts.sum())
            table, smallest = _step(distinct, counts, before, total, scale, smallest)
            for records in by_size.read(number, held):
                adjusted = table[np.searchsorted(distinct, records["value"])]
                by_place.add(records["index"] // held, records["index"], adjusted)
        result = Spill(folder)
        for number, start in enumerate(range(0, pvalues.count, held)):
            part = np.full(min(held, pvalues.count - start), np.nan)
            for records in by_place.read(number, held):
                part[records["index"] - start] = records["value"]
            result.append(part)
    return result


class Spill:
    """An array of numbers in a temporary file, written in order, that vanishes when closed."""

    def __init__(self, folder: Path, dtype: Any = np.float64) -> None:
        self._file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115 - closed below
        self._dtype = np.dtype(dtype)
        self.count = 0

    def append(self, values: NDArray[Any]) -> None:
        """Write `values` after those before."""
        self.write(self.count, values)

    def write(self, start: int, values: NDArray[Any]) -> None:
        """Write `values` from index `start` on."""
        self._file.seek(start * self._dtype.itemsize)
        rest = np.ascontiguousarray(values, self._dtype).reshape(-1).view(np.uint8).data
        while rest:  # NumPy's tofile does not say why a disk takes no more
            rest = rest[self._file.write(rest) :]
        self.count = max(self.count, start + values.size)

    def read(self, start: int, count: int) -> NDArray[Any]:
        """Read `count` numbers from index `start` on."""
        self._file.seek(start * self._dtype.itemsize)
        return np.fromfile(self._file, self._dtype, count)

    def close(self) -> None:
        """Remove the file."""
        self._file.close()


class _Deal:
    """Records dealt out into parts by class; how many each part gets is known before."""

    def __init__(
        self, stack: ExitStack, folder: Path, ranges: tuple[NDArray[np.intp], NDArray[np.int64]]
    ) -> None:
        self._spill = Spill(folder, _RECORD)
        stack.callback(self._spill.close)
        self._part_of, sizes = ranges
        self.starts = np.concatenate([[0], np.cumsum(sizes)])
        self._filled = self.starts[:-1].copy()

    def add(self, classes: NDArray[np.int64], index: NDArray[np.int64], values: Floats) -> None:
        """Put values, with their places, into the parts of their classes."""
        parts = self._part_of[classes]
        order = np.argsort(parts, kind="stable")
        records = np.empty(len(order), dtype=_RECORD)
        records["index"], records["value"] = index[order], values[order]
        bounds = np.searchsorted(parts[order], np.arange(len(self.starts)))
        for part in np.flatnonzero(np.diff(bounds)):
            some = records[bounds[part] : bounds[part + 1]]
            self._spill.write(int(self._filled[part]), some)
            self._filled[part] += len(some)

    def read(self, part: int, held: int) -> Iterator[NDArray[Any]]:
        """Yield the records of a part."""
        for start in range(self.starts[part], self._filled[part], held):
            yield self._spill.read(start, min(held, int(self._filled[part]) - start))


def _ranges(sizes: NDArray[np.int64], held: int) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
    """Join neighbouring classes into parts of about `held`; give each class's part, and sizes."""
    part_of = (np.cumsum(sizes) - sizes) // held
    _, part_of = np.unique(part_of, return_inverse=True)
    return part_of, np.bincount(part_of, weights=sizes).astype(np.int64)


def _merge(
    distinct: Floats, counts: NDArray[np.int64], more: Floats
) -> tuple[Floats, NDArray[np.int64]]:
    """Count `more` values into a sorted table of distinct values."""
    values, numbers = np.unique(more, return_counts=True)
    if not len(distinct):
        return values, numbers
    merged, place = np.unique(np.concatenate([distinct, values]), return_inverse=True)
    total = np.zeros(len(merged), dtype=np.int64)
    np.add.at(total, place, np.concatenate([counts, numbers]))
    return merged, total


def _step(
    distinct: Floats,
    counts: NDArray[np.int64],
    before: int,
    total: int,
    scale: float,
    smallest: float,
) -> tuple[Floats, float]:
    """Adjust sorted distinct p-values; `before` of all `total` are below. Of ties the last counts.

    `smallest` is the smallest of the adjusted ones above; it is given back for those below.
    """
    ranks = before + np.cumsum(counts)
    raw = np.append(distinct * (total / ranks) * scale, smallest)
    table = np.minimum.accumulate(raw[::-1])[::-1]
    return table[:-1], float(table[0])


def _valid_parts(pvalues: Spill, held: int) -> Iterator[tuple[NDArray[np.int64], Floats]]:
    """Yield the indices and values of the p-values that are not NaN, in parts that memory holds."""
    for start in range(0, pvalues.count, held):
        part = pvalues.read(start, min(held, pvalues.count - start))
        there = np.flatnonzero(~np.isnan(part))
        yield start + there, part[there]


def _class(pvalues: Floats) -> NDArray[np.int64]:
    """Return the class of each p-value; classes are in the order of the p-values."""
    return np.abs(pvalues).view(np.int64) >> _SHIFT
