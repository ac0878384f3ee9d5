"""A stack of over 20 GB on two Dask workers: how long it takes, and that memory stays flat.

Seven links to each raster of the large stack of bench.py make a series of 147 rasters, each of
which is decoded on its own.

    python benchmarks/scale.py --help
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import stacks
from measure import tree_sizes

if TYPE_CHECKING:
    from collections.abc import Sequence

LINKS = 7
FIRST_YEAR = 1850
FLOAT32_BYTES = 4
SAMPLE_SECONDS = 0.2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("bench-data"))
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    arguments.data.mkdir(parents=True, exist_ok=True)
    stacks.make([stacks.LARGE], arguments.data, arguments.seed)
    rasters = sorted(stacks.LARGE.folder(arguments.data, arguments.seed).glob("*.tiff"))
    with tempfile.TemporaryDirectory(dir=arguments.data) as folder, ExitStack() as stack:
        here = Path(folder)
        for number, raster in enumerate(rasters * LINKS):
            (here / f"ndvi_{FIRST_YEAR + number}.tiff").symlink_to(raster.resolve())
        file = here / "scheduler.json"
        cluster = [
            _start(stack, "scheduler", "--scheduler-file", file, "--port", "0", "--no-dashboard"),
            *(
                _start(stack, "worker", "--scheduler-file", file, "--nthreads", "1", "--no-nanny",
                       "--no-dashboard", "--local-directory", here)
                for _ in range(2)
            ),
        ]  # fmt: skip
        while not file.exists():
            time.sleep(SAMPLE_SECONDS)
        _report(cluster, here, file, len(rasters) * LINKS)


def _report(cluster: list[int], here: Path, file: Path, times: int) -> None:
    """Run pixeltrend on the cluster, watch all processes, and print what was seen."""
    command = [
        str(Path(sys.executable).with_name("pixeltrend")), "slope", str(here / "ndvi_*.tiff"),
        "-o", str(here / "trend.tif"), "--dask", str(file), "--json",
    ]  # fmt: skip
    with (here / "summary.json").open("w+") as summary:
        client = subprocess.Popen(command, stdout=summary)
        seen: list[tuple[int, ...]] = []
        while client.poll() is None:
            seen.append(tuple(tree_sizes(pid)[0] for pid in (*cluster, client.pid)))
            time.sleep(SAMPLE_SECONDS)
        if client.returncode:
            sys.exit(f"scale: pixeltrend failed with status {client.returncode}")
        summary.seek(0)
        took = json.load(summary)["seconds"]
    decoded = stacks.LARGE.pixels * times * FLOAT32_BYTES
    print(
        f"\n### {decoded / 1e9:.1f} GB on two Dask workers\n\n"
        f"{stacks.LARGE.pixels:,} pixels x {times} rasters in {took:.0f} s: "
        f"{decoded / took / 1e6:.0f} MB/s of decoded values.\n\n"
        "Peak PSS in each third of the run:\n"
    )
    print("| | first | second | third |\n| --- | --- | --- | --- |")
    third = max(1, len(seen) // 3)
    thirds = [seen[:third], seen[third : 2 * third], seen[2 * third :]]
    names = ("scheduler", "worker 1", "worker 2", "pixeltrend: plans and writes")
    for row, name in enumerate(names):
        peaks = [max(sample[row] for sample in part) for part in thirds]
        print(f"| {name} | " + " | ".join(f"{peak / 1e6:.0f} MB" for peak in peaks) + " |")


def _start(stack: ExitStack, what: str, *arguments: object) -> int:
    """Start a part of the cluster, to be ended with `stack`; return its process id."""
    words: Sequence[str] = [str(word) for word in arguments]
    process = subprocess.Popen(
        [sys.executable, "-m", f"distributed.cli.dask_{what}", "--host", "127.0.0.1", *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    stack.callback(process.wait)
    stack.callback(process.kill)
    return process.pid


if __name__ == "__main__":
    main()
