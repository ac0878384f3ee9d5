"""A run whose p-values are adjusted: results wait in temporary files until all are known."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import numpy as np

from pixeltrend.errors import OutputError
from pixeltrend.execution.fdr import Spill, adjust_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from pixeltrend.raster.windows import Window

    Results = Iterator[tuple[Window, tuple[NDArray[np.floating[Any]], int]]]


def with_adjusted(
    results: Results,
    row: int,
    method: str,
    *,
    dtype: str,
    folder: Path,
    progress: Callable[[int], None],
) -> Results:
    """Give all results again, each with a band of adjusted p-values after the others.

    Nothing is given before the last result has come in. Memory holds one of them at a time.

    Parameters
    ----------
    results
        Windows with their float64 blocks (bands, P) and counts of failures.
    row
        The band of the p-values.
    method
        "bh" or "by".
    dtype
        Type of the blocks that are given.
    folder
        For temporary files.
    progress
        Called with the pixels of each result that comes in.

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
            for window, (block, failures) in results:
                pvalues.append(block[row])
                blocks.append(block.astype(dtype))
                order.append((window, len(block), failures))
                progress(window.pixels)
            adjusted = adjust_file(pvalues, method, folder)
            stack.callback(adjusted.close)
            start = at = 0
            for window, bands, failures in order:
                pixels = window.pixels
                block = np.empty((bands + 1, pixels), dtype=dtype)
                block[:-1] = blocks.read(at, bands * pixels).reshape(bands, pixels)
                block[-1] = adjusted.read(start, pixels)
                at += bands * pixels
                start += pixels
                yield window, (block, failures)
    except OSError as error:
        raise OutputError(f"{folder}: cannot hold temporary files: {error.strerror}") from error
