"""Settling: waiting until inputs that are still being copied have stopped to change."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from pixeltrend.errors import InputError
from pixeltrend.raster.folders import status_of
from pixeltrend.raster.paths import container, is_virtual

if TYPE_CHECKING:
    from collections.abc import Sequence

log = logging.getLogger(__name__)

# How often a file may change while somebody waits for it.
_ROUNDS = 10


def settle(paths: Sequence[str], seconds: float) -> None:
    """Wait until no local file has changed for so many seconds.

    A copy that keeps the time of its original gets it when it is complete; until then, its time is
    that of the last byte. Clocks that differ are caught by a look at the size.

    Raises
    ------
    InputError
        A file keeps changing.
    """
    local = [path for path in map(container, paths) if not is_virtual(path)]
    before: dict[str, tuple[int, float] | None] = {}
    for _ in range(_ROUNDS + 1):
        looks = {path: _look(path) for path in local}
        now = time.time()
        young = {p: look for p, look in looks.items() if look and abs(now - look[1]) < seconds}
        if not young or all(before.get(path) == look for path, look in young.items()):
            return  # old, or the same for so many seconds by this machine's own clock
        before = looks
        log.info("%s: changed in the last %g s; waiting", next(iter(young)), seconds)
        time.sleep(seconds)
    raise InputError(
        f"{next(iter(young))}: changes all the time: it did in each of the last {_ROUNDS} times "
        f"{seconds:g} s; run again when it is complete"
    )


def _look(path: str) -> tuple[int, float] | None:
    """Return size and time of the last change of content in s; None if the file is gone."""
    try:
        _, size, changed, _ = status_of(path)
    except OSError:
        return None
    return size, changed / 1e9
