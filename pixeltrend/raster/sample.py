"""Sample: the same pixels of a raster for whoever needs some, however it is cut into windows.

They lie in the middle of squares of 3, 9, 27 ... pixels. Such grids lie within each other: what a
coarse one has is part of what a finer one has.
"""

from __future__ import annotations

# Pixels that are enough for limits of classes: a quintile of so many is true to 0.1 %.
ENOUGH = 2**20


def sample_steps(height: int, width: int, most: int = ENOUGH) -> tuple[int, int]:
    """Return height and width, powers of 3, of squares of which at most so many fit in.

    `most` is 4 at least: a row of two pixels is not halved.
    """
    down = across = 1
    while (height // down) * (width // across) > most:
        down, across = (
            step * 3 if length >= step * 3 else step
            for length, step in ((height, down), (width, across))
        )
    return down, across


def sampled(length: int, step: int, start: int = 0, stop: int | None = None) -> slice:
    """Return which rows or columns are in the sample.

    Parameters
    ----------
    length
        Of the whole raster.
    step
        Side of a square; what is left over at the end has no pixel in the sample.
    start, stop
        The part that is at hand; the slice counts from `start`.
    """
    stop = min(length // step * step, length if stop is None else stop)
    return slice((step // 2 - start) % step, max(0, stop - start), step)


def placed(length: int, step: int, start: int, stop: int) -> tuple[slice, slice]:
    """Return which rows or columns of a part are in the sample, as `sampled`, and where in it."""
    taken = sampled(length, step, start, stop)
    first = (start + taken.start) // step
    return taken, slice(first, first + len(range(*taken.indices(stop - start))))
