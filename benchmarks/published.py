"""The published approach: one `scipy.stats.linregress` call a pixel, in a pool of processes.

The stack becomes an array of P x N x 2: the (year, value) pairs of every pixel. It is split into
chunks, and the pool maps a function over them.

    python benchmarks/published.py FOLDER OUT WORKERS [ROWS]

With ROWS, only so many rows are computed, from the middle of the raster. Prints the seconds that
grow with the number of pixels: all but starting Python and its imports.
"""

from __future__ import annotations

import re
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from osgeo import gdal
from scipy import stats

CHUNKS_PER_WORKER = 8


def pixel_slope(pairs: np.ndarray) -> float:
    """Return the slope of one pixel's (N, 2) pairs, gaps left out."""
    pixel = pairs[~np.isnan(pairs[:, 1])]
    if len(pixel) < 2:  # noqa: PLR2004 - two points make a line
        return np.nan
    return stats.linregress(pixel[:, 0], pixel[:, 1]).slope


def chunk_slopes(chunk: np.ndarray) -> list[float]:
    """Return the slopes of a chunk of pixels, (P, N, 2)."""
    return [pixel_slope(pairs) for pairs in chunk]


def main() -> None:
    gdal.UseExceptions()
    start = time.perf_counter()
    folder, output, workers = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    paths = sorted(folder.glob("*.tiff"))
    first = gdal.Open(str(paths[0]))
    height, width = first.RasterYSize, first.RasterXSize
    rows = min(height, int(sys.argv[4])) if len(sys.argv) > 4 else height  # noqa: PLR2004
    top = (height - rows) // 2
    pairs = np.empty((rows * width, len(paths), 2))
    for i, path in enumerate(paths):
        pairs[:, i, 0] = int(re.findall(r"\d{4}", path.name)[-1])
        pairs[:, i, 1] = gdal.Open(str(path)).ReadAsArray(0, top, width, rows).ravel()
    chunks = np.array_split(pairs, workers * CHUNKS_PER_WORKER)
    with ProcessPoolExecutor(workers) as executor:
        slopes = [slope for part in executor.map(chunk_slopes, chunks) for slope in part]
    target = gdal.GetDriverByName("GTiff").Create(output, width, rows, 1, gdal.GDT_Float32)
    target.SetProjection(first.GetProjection())
    target.GetRasterBand(1).WriteArray(np.array(slopes, dtype=np.float32).reshape(rows, width))
    target.FlushCache()
    print(time.perf_counter() - start)


if __name__ == "__main__":
    main()
