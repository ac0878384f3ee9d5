"""What it costs when every request to a raster takes its time: `slope` beside the local run.

    python benchmarks/latency.py --help

A web server on this machine sleeps before each answer. The last column compares with one request
after the other: below 1, requests waited side by side.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import stacks
from delaying import serve

if TYPE_CHECKING:
    from collections.abc import Sequence

SIDE = 1500
DELAYS = (0.0, 0.05)
WORKERS = (1, 2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("bench-data"))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--side", type=int, default=SIDE, help="rows and columns  [%(default)s]")
    arguments = parser.parse_args()
    arguments.data.mkdir(parents=True, exist_ok=True)
    stack = stacks.Stack("latency", arguments.side, arguments.side, 0.1)
    stacks.make([stack], arguments.data, arguments.seed)
    folder = stack.folder(arguments.data, arguments.seed)
    names = sorted(path.name for path in folder.glob("*.tiff"))
    print(f"\n### Latency: {len(names)} rasters of {stack.height} x {stack.width} pixels\n")
    print("| delay | workers | seconds | requests | at a time | MB sent | of one by one |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory(dir=arguments.data) as here:
        output = Path(here) / "trend.tif"
        for workers in WORKERS:
            took = _run([str(folder / name) for name in names], output, workers)
            print(f"| local | {workers} | {took:.2f} | | | | |", flush=True)
        expected = output.read_bytes()
        for delay in DELAYS:
            for workers in WORKERS:
                with serve(folder, delay) as server:
                    took = _run([server.url(name) for name in names], output, workers)
                    asked = server.asked
                if output.read_bytes() != expected:
                    sys.exit("latency: the result is not the local one")
                alone = len(asked.requests) * delay
                share = f"{took / alone:.2f}" if alone else ""
                print(
                    f"| {delay * 1000:.0f} ms | {workers} | {took:.2f} | {len(asked.requests)} | "
                    f"{asked.at_once} | {asked.sent / 1e6:.0f} | {share} |",
                    flush=True,
                )


def _run(inputs: Sequence[str], output: Path, workers: int) -> float:
    """Run `slope` on a list of files or URLs; return its wall time."""
    command = [
        str(Path(sys.executable).with_name("pixeltrend")), "slope", "-", "-o", str(output), "-q",
        "--workers", str(workers),
    ]  # fmt: skip
    start = time.perf_counter()
    subprocess.run(command, input="\n".join(inputs), text=True, check=True)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
