"""The made-up stacks that everything is timed on; made once for each seed, then reused."""

from __future__ import annotations

import os
import shutil
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pixeltrend.synthetic import make_series

if TYPE_CHECKING:
    from pathlib import Path

YEARS = 21


@dataclass(frozen=True)
class Stack:
    """A yearly stack: its size, its gaps and how it is stored."""

    name: str
    """What the table calls it."""
    height: int
    """Rows."""
    width: int
    """Columns."""
    gaps: float
    """Fraction of the values that are missing."""
    compress: str = "DEFLATE"
    """How its tiles of 256 x 256 pixels are compressed."""
    predictor: str = "3"
    """GDAL's predictor: 1 is none, 3 is the one for floats."""
    large: bool = False
    """Whether decoding takes far longer than starting Python."""

    @property
    def pixels(self) -> int:
        """Rows times columns."""
        return self.height * self.width

    def squared(self, side: int) -> Stack:
        """Return a stack that is stored alike, of another size."""
        return replace(self, height=side, width=side)

    def folder(self, data: Path, seed: int) -> Path:
        """Return the folder, whose name says all that the pixels depend on."""
        stored = f"{self.compress.lower()}{self.predictor}"
        gaps = f"gaps{round(100 * self.gaps)}"
        return data / f"{self.height}x{self.width}-{gaps}-{stored}-seed{seed}"


SMALL = (
    Stack("small, complete", 1021, 716, 0.0),
    Stack("small, 15 % gaps, LZW", 1021, 716, 0.15, "LZW", "1"),
)
LARGE = Stack("36 million, 10 % gaps, DEFLATE", 6000, 6000, 0.1, large=True)
# How it scales; a file of a year is 64 MB decoded.
NODE = Stack("16 million, 10 % gaps, DEFLATE", 4000, 4000, 0.1, large=True)
# The memory table: 1, 4 and 16 times the pixels.
SIZES = (Stack("1 x", 1500, 1500, 0.1), Stack("4 x", 3000, 3000, 0.1), LARGE)


def make(stacks: list[Stack], data: Path, seed: int) -> None:
    """Write the stacks that are not there yet, several at a time, each whole or not at all."""
    folders = {stack.folder(data, seed): stack for stack in stacks}
    wanted = [stack for folder, stack in folders.items() if not folder.exists()]
    wanted.sort(key=lambda stack: stack.pixels, reverse=True)
    if wanted:
        with ProcessPoolExecutor(min(len(wanted), os.cpu_count() or 1)) as executor:
            list(executor.map(_make, wanted, [data] * len(wanted), [seed] * len(wanted)))


def _make(stack: Stack, data: Path, seed: int) -> None:
    folder = stack.folder(data, seed)
    growing = folder.with_name(folder.name + ".part")
    shutil.rmtree(growing, ignore_errors=True)
    make_series(
        growing,
        height=stack.height,
        width=stack.width,
        gaps=stack.gaps,
        seed=seed,
        creation_options={"COMPRESS": stack.compress, "PREDICTOR": stack.predictor},
    )
    growing.rename(folder)
