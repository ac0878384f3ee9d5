"""Workers of this machine, and calls for them."""

from __future__ import annotations

import time
from contextlib import contextmanager

from pixeltrend.execution.executors import Workers


def square(number):
    return number * number


def sleep_for_ever(_):
    time.sleep(600)


@contextmanager
def local(workers, function, array_bytes=0, kept=0):
    """What submits a task to workers of this machine."""
    with Workers(workers=workers).open([]) as (start, count):
        assert count == workers
        yield start(function, array_bytes, workers, kept)
