"""The floor: what nobody can go below. Decodes every input and writes one band; computes nothing.

As lean as it gets: NumPy for the buffers and GDAL, forks and pipes by hand, every raster opened
once by each process, no checks, no fsync. What it writes are the values of the last year, so that
the output holds as much noise as a trend does; or those of the last BANDS years.

    python benchmarks/floor.py FOLDER OUT WORKERS [BANDS]
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import numpy as np
from osgeo import gdal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import BufferedReader

# Those of pixeltrend's output.
CREATION_OPTIONS = [
    "TILED=YES", "BLOCKXSIZE=256", "BLOCKYSIZE=256", "INTERLEAVE=BAND",
    "COMPRESS=DEFLATE", "PREDICTOR=3", "ZLEVEL=1", "BIGTIFF=IF_SAFER",
]  # fmt: skip
FLOAT32_BYTES = 4


def decode(
    paths: list[str], chunks: list[tuple[int, int]], width: int, kept: int
) -> Iterator[memoryview]:
    """Read every raster chunk by chunk; yield the pixels of the last `kept` ones."""
    datasets = [gdal.OpenEx(path, gdal.OF_RASTER, ["GTiff"]) for path in paths]
    bands = [dataset.GetRasterBand(1) for dataset in datasets]
    buffer = np.empty(kept * max(rows for _, rows in chunks) * width * FLOAT32_BYTES, np.uint8)
    for top, rows in chunks:
        size = rows * width * FLOAT32_BYTES
        for number, band in enumerate(bands, kept - len(bands)):
            start = max(0, number) * size  # older ones are written over
            pixels = memoryview(buffer)[start : start + size]
            band.ReadRaster(0, top, width, rows, buf_type=gdal.GDT_Float32, buf_obj=pixels)
        yield memoryview(buffer)[: kept * size]


def start_workers(
    paths: list[str], chunks: list[tuple[int, int]], width: int, workers: int, kept: int
) -> list[BufferedReader]:
    """Fork processes that decode the chunks in turn, and send the last rasters' pixels by pipe."""
    pipes = []
    for worker in range(workers):
        source, sink = os.pipe()
        if os.fork() == 0:
            for pixels in decode(paths, chunks[worker::workers], width, kept):
                sent = 0
                while sent < len(pixels):
                    sent += os.write(sink, pixels[sent:])
            os._exit(0)
        os.close(sink)
        pipes.append(os.fdopen(source, "rb"))
    return pipes


def receive(
    pipes: list[BufferedReader], chunks: list[tuple[int, int]], width: int, kept: int
) -> Iterator[memoryview]:
    """Take the chunks out of the workers' pipes, in order."""
    buffer = np.empty(kept * max(rows for _, rows in chunks) * width * FLOAT32_BYTES, np.uint8)
    for number, (_, rows) in enumerate(chunks):
        pixels = memoryview(buffer)[: kept * rows * width * FLOAT32_BYTES]
        if pipes[number % len(pipes)].readinto(pixels) != len(pixels):
            sys.exit("floor: a worker died")
        yield pixels


def main() -> None:
    folder, output, workers = sys.argv[1], sys.argv[2], int(sys.argv[3])
    kept = int(sys.argv[4]) if len(sys.argv) > 4 else 1  # noqa: PLR2004
    gdal.UseExceptions()
    gdal.SetConfigOption("GDAL_DISABLE_READDIR_ON_OPEN", "EMPTY_DIR")
    gdal.SetCacheMax(16 * 2**20)
    paths = sorted(os.path.join(folder, f) for f in os.listdir(folder) if f.endswith(".tiff"))
    first = gdal.Open(paths[0])
    width, height = first.RasterXSize, first.RasterYSize
    block_rows = first.GetRasterBand(1).GetBlockSize()[1]
    chunks = [(top, min(block_rows, height - top)) for top in range(0, height, block_rows)]
    if workers == 1:
        decoded = decode(paths, chunks, width, kept)
    else:
        pipes = start_workers(paths, chunks, width, workers, kept)
        decoded = receive(pipes, chunks, width, kept)
    target = gdal.GetDriverByName("GTiff").Create(
        output, width, height, kept, gdal.GDT_Float32, CREATION_OPTIONS
    )
    target.SetGeoTransform(first.GetGeoTransform())
    target.SetProjection(first.GetProjection())
    for (top, rows), pixels in zip(chunks, decoded, strict=True):
        size = len(pixels) // kept
        for number in range(kept):
            values = pixels[number * size : (number + 1) * size]
            band = target.GetRasterBand(number + 1)
            band.WriteRaster(0, top, width, rows, values, buf_type=gdal.GDT_Float32)
    target.FlushCache()
    for _ in range(workers if workers > 1 else 0):
        os.wait()


if __name__ == "__main__":
    main()
