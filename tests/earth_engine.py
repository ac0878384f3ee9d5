"""Exports as Earth Engine splits them: `<prefix>-<row>-<column>.tif`, ten digits each."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

GEOTRANSFORM = (578_000.0, 30.0, 0.0, 2_330_000.0, 0.0, -30.0)


def shard_name(prefix: str, row: int, column: int) -> str:
    """Name the shard whose first pixel is there."""
    return f"{prefix}-{row:010}-{column:010}.tif"


def shift(geotransform: Sequence[float], rows: float, columns: float) -> tuple[float, ...]:
    """Give the geotransform of the same grid from another pixel on."""
    x, a, b, y, d, e = geotransform
    return (x + columns * a + rows * b, a, b, y + columns * d + rows * e, d, e)


def write_shards(
    write_raster: Callable[..., Path],
    prefix: Path,
    values: NDArray[Any],
    row_cuts: Sequence[int],
    column_cuts: Sequence[int],
    *,
    absent: Sequence[tuple[int, int]] = (),
    geotransform: Sequence[float] = GEOTRANSFORM,
    **settings: Any,
) -> list[Path]:
    """Cut (..., rows, columns) values, and write the parts but for those that begin at `absent`."""
    height, width = values.shape[-2:]
    rows, columns = [0, *row_cuts, height], [0, *column_cuts, width]
    return [
        write_raster(
            prefix.parent / shard_name(prefix.name, top, left),
            np.ascontiguousarray(values[..., top:bottom, left:right]),
            geotransform=shift(geotransform, top, left),
            **settings,
        )
        for top, bottom in itertools.pairwise(rows)
        for left, right in itertools.pairwise(columns)
        if (top, left) not in absent
    ]
