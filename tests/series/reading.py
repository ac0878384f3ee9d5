"""What tests of series share: reading one, and what it says."""

from __future__ import annotations

import pixeltrend
from pixeltrend.raster.windows import Window
from pixeltrend.series.reader import read_chunk


def read(patterns, window=None, **options):
    """Return a series, or a window of it, as (N, rows, columns)."""
    series = pixeltrend.open_series(patterns, **options)
    window = window or Window(0, 0, series.grid.height, series.grid.width)
    return read_chunk(series, window).values.reshape(-1, window.height, window.width)


def warnings_of(patterns, **options):
    return pixeltrend.open_series(patterns, **options).warnings


def refuses(done, status, *texts):
    """Assert that a run wrote one line of error, and nothing on stdout."""
    assert (done.returncode, done.stdout) == (status, "")
    assert "Traceback" not in done.stderr
    last = done.stderr.splitlines()[-1]
    assert last.startswith("Error: ")
    for text in texts:
        assert text in last
