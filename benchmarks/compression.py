"""CPU and bytes of the output's compressions, of one band and of all statistics; prints Markdown.

    python benchmarks/compression.py --help

Each writes the same values in one thread, in turn, and reads them again; CPU seconds are less what
the same takes without compression.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import stacks
from osgeo import gdal
from tables import machine, print_table, say

import pixeltrend

if TYPE_CHECKING:
    from collections.abc import Callable

OUTPUTS = {"slope": "slope", "all 12 statistics": "all"}
COMPRESSIONS: tuple[tuple[str, ...], ...] = (
    ("COMPRESS=NONE",),
    ("COMPRESS=DEFLATE", "ZLEVEL=1"),
    ("COMPRESS=DEFLATE", "ZLEVEL=6"),
    ("COMPRESS=ZSTD", "ZSTD_LEVEL=1"),
    ("COMPRESS=ZSTD", "ZSTD_LEVEL=3"),
    ("COMPRESS=ZSTD", "ZSTD_LEVEL=9"),
    ("COMPRESS=LZW",),
)
TILES = ("TILED=YES", "BLOCKXSIZE=256", "BLOCKYSIZE=256", "INTERLEAVE=BAND", "BIGTIFF=IF_SAFER")


def seconds(call: Callable[[], object]) -> float:
    """Return the CPU seconds of a call, in this thread."""
    start = time.thread_time()
    call()
    return time.thread_time() - start


def write(values: Any, output: Path, options: tuple[str, ...]) -> None:
    """Write values (bands, rows, columns), and close the file."""
    bands, height, width = values.shape
    predictor = () if "COMPRESS=NONE" in options else ("PREDICTOR=3",)
    dataset = gdal.GetDriverByName("GTiff").Create(
        str(output), width, height, bands, gdal.GDT_Float32, [*TILES, *options, *predictor]
    )
    dataset.WriteArray(values)
    dataset.FlushCache()


def read(path: Path) -> None:
    """Read all values."""
    gdal.Open(str(path)).ReadAsArray()


def measure(values: Any, here: Path, runs: int) -> dict[tuple[str, ...], tuple[str, ...]]:
    """Return what each compression takes to write and to read (bands, rows, columns), and bytes."""
    took: dict[tuple[str, ...], list[tuple[float, float]]] = {o: [] for o in COMPRESSIONS}
    sizes = {}
    path = here / "out.tif"
    for number in range(runs + 1):  # the first one warms up
        for options, times in took.items():
            both = seconds(partial(write, values, path, options)), seconds(partial(read, path))
            sizes[options] = path.stat().st_size
            path.unlink()
            if number:
                times.append(both)
    medians = {
        options: [statistics.median(each) for each in zip(*times, strict=True)]
        for options, times in took.items()
    }
    plain = medians.pop(COMPRESSIONS[0])
    return {
        options: (
            *(f"{each - base:.2f}" for each, base in zip(both, plain, strict=True)),
            f"{sizes[options] / values.nbytes:.1%}",
        )
        for options, both in medians.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--side", type=int, default=3000, help="rows and columns (%(default)s)")
    add("--runs", type=int, default=5, help="runs that count (%(default)s)")
    add("--data", type=Path, default=Path("bench-data"), help="stacks for reuse (%(default)s)")
    add("--seed", type=int, default=0, help="another made-up place (%(default)s)")
    arguments = parser.parse_args()
    gdal.UseExceptions()
    arguments.data.mkdir(parents=True, exist_ok=True)
    stack = stacks.NODE.squared(arguments.side)
    stacks.make([stack], arguments.data, arguments.seed)
    print(f"\n### Compression of {stack.pixels:,} pixels\n")
    print(f"{machine()}.\nMedians of {arguments.runs}.\n")
    with tempfile.TemporaryDirectory(prefix="out-", dir=arguments.data) as folder:
        here = Path(folder)
        columns = []
        for name, names in OUTPUTS.items():
            say(name)
            pixeltrend.slope(
                str(stack.folder(arguments.data, arguments.seed) / "*.tiff"),
                here / "trend.tif",
                stats=names,
            )
            values = gdal.Open(str(here / "trend.tif")).ReadAsArray()
            columns.append(measure(values.reshape(-1, *values.shape[-2:]), here, arguments.runs))
        header = [
            f"{name}: {what}" for name in OUTPUTS for what in ("compress", "decompress", "size")
        ]
        print_table(
            ("CPU seconds", *header),
            (
                (
                    " ".join(f"`{option}`" for option in options),
                    *columns[0][options],
                    *columns[1][options],
                )
                for options in columns[0]
            ),
        )


if __name__ == "__main__":
    main()
