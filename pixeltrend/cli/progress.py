"""What a command says while it runs and when it ends: on stderr, and not with --quiet."""

from __future__ import annotations

import dataclasses
import json
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pixeltrend.cli.exits import say, show
from pixeltrend.times.dates import format_dates

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pixeltrend.summary import Summary


@contextmanager
def progress_bar(
    *, quiet: bool, unit: str = " pixels"
) -> Iterator[Callable[[int, int], None] | None]:
    """Yield a callback that draws a bar, or None where nobody would see it."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from tqdm import tqdm  # a job in the background needs none

    tqdm.monitor_interval = 0  # its thread would be there when workers are forked
    with tqdm(unit=unit, unit_scale=True, leave=False, delay=0.5) as bar:

        def update(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield update


def report(summary: Summary, *, quiet: bool, as_json: bool) -> None:
    """Print warnings, and the summary as a line or as JSON."""
    for warning in summary.warnings:
        say(f"Warning: {warning}")
    if as_json:
        show(json.dumps(dataclasses.asdict(summary)))
    elif not quiet:
        dates = format_dates(summary.times)
        resumed = f", {summary.resumed:,} windows of a run before" if summary.resumed else ""
        periods = f" in {summary.periods} periods" if summary.periods else ""
        say(
            f"{summary.output}: {summary.pixels:,} pixels "
            f"({summary.valid_pixels:,} with a result{resumed}), {len(summary.times)} times "
            f"from {dates[0]} to {dates[-1]}{periods}, {summary.seconds:.2f} s"
        )
