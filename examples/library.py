"""The library: the job of the command line, and the same numbers on arrays of one's own.

python examples/library.py FOLDER_WITH_EXPORTS OUTPUT_FOLDER
"""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pixeltrend


def show(done: int, total: int) -> None:
    """Report progress."""
    print(f"{done / total:4.0%}", file=sys.stderr)


def main(exports: Path, results: Path) -> None:
    """Look at a series, then compute its trend and a function of one's own."""
    series = pixeltrend.open_series(exports)
    print(f"{len(series.times)} rasters of {series.grid.height} x {series.grid.width} pixels")

    summary = pixeltrend.slope(exports, results / "trend.tif", workers=2, progress=show)
    print(f"{summary.valid_pixels} pixels have a trend")

    # Any executor of concurrent.futures will do: mpi4py's and Dask's are others.
    with ThreadPoolExecutor(2) as executor:
        pixeltrend.map_pixels(
            "scipy.stats:kendalltau",
            exports,
            results / "tau.tif",
            bands=["statistic", "pvalue"],
            min_valid=2,
            executor=executor,
        )


if __name__ == "__main__":  # a pool of processes imports this file again
    main(Path(sys.argv[1]), Path(sys.argv[2]))
