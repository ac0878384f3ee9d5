"""What a command says while it runs and when it ends: on stderr, and not with --quiet."""

from __future__ import annotations

import dataclasses
import json
import sys
import time
from contextlib import ExitStack, closing, contextmanager
from typing import TYPE_CHECKING

import click

from pixeltrend.cli.exits import say, show
from pixeltrend.cli.log import has_file, note
from pixeltrend.times.dates import format_dates

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pixeltrend.summary import Summary

    Show = Callable[[int, int], None]

STYLES = ("none", "lines", "bar")
# A line is written when so many parts of the work are done, but not sooner than so many seconds
# after the one before; and after so many seconds, however little was done.
_PARTS, _SOONEST, _LATEST = 10, 10.0, 60.0


def remember_style(ctx: click.Context, _param: click.Parameter, style: str | None) -> None:
    """Keep --progress for `progress`."""
    ctx.meta["progress"] = style


@contextmanager
def progress_of(*, quiet: bool, as_json: bool, unit: str = "pixels") -> Iterator[Show | None]:
    """Yield a callback that shows how much is done, or None where nobody would see it.

    Lines go to the log file too, whatever is shown on stderr.
    """
    usual = "none" if as_json else "bar" if sys.stderr.isatty() else "lines"
    style = "none" if quiet else click.get_current_context().meta.get("progress") or usual
    shows: list[Show] = []
    with ExitStack() as stack:
        if style == "bar":
            from pixeltrend.bar import Bar  # a job in the background needs none

            shows.append(stack.enter_context(closing(Bar(unit))))
        if style == "lines" or has_file():
            shows.append(lines(say if style == "lines" else note, unit))

        def update(done: int, total: int) -> None:
            for show_ in shows:
                show_(done, total)

        yield update if shows else None


def lines(
    write: Callable[[str], None], unit: str, clock: Callable[[], float] = time.monotonic
) -> Show:
    """Return a callback that writes a line each 10 % or each minute, and not one of a short run."""
    start = last = clock()
    written = 0

    def update(done: int, total: int) -> None:
        nonlocal last, written
        now, part = clock(), _PARTS * done // total
        since = now - last
        if since >= _LATEST or (since >= _SOONEST and part > written):
            left = (now - start) * (total - done) / done
            share = f"{done / total:.0%} of {total:,} {unit}"
            write(f"{share} in {now - start:.0f} s, {left:.0f} s left")
            last, written = now, part

    return update


def report(summary: Summary, *, quiet: bool, as_json: bool) -> None:
    """Print warnings, and the summary as a line or as JSON; the log file gets it in any case."""
    for warning in summary.warnings:
        say(f"Warning: {warning}")
    dates = format_dates(summary.times)
    resumed = f", {summary.resumed:,} windows of a run before" if summary.resumed else ""
    periods = f" in {summary.periods} periods" if summary.periods else ""
    line = (
        f"{summary.output}: {summary.pixels:,} pixels "
        f"({summary.valid_pixels:,} with a result{resumed}), {len(summary.times)} times "
        f"from {dates[0]} to {dates[-1]}{periods}, {summary.seconds:.2f} s"
    )
    if quiet or as_json:
        note(line)
    else:
        say(line)
    if as_json:
        show(json.dumps(dataclasses.asdict(summary)))
