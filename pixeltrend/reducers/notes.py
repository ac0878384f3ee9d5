"""Notes: what to know of the times of a series before its statistics; refusals of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pixeltrend.reducers.options import StatsOptions


def notes(times: NDArray[np.float64], options: StatsOptions | None) -> list[str]:
    """Return what to know of the times, (N,), increasing, one line each.

    Raises
    ------
    ArgumentError
        The season or the correction cannot do with these times.
    """
    if options is None:
        return []
    if options.season is not None:
        from pixeltrend.reducers.seasons import season_notes  # most runs have no seasons

        return season_notes(times, options.season)
    if options.correction is not None or options.method == "gls":
        from pixeltrend.reducers.steps import steps

        steps(times)
    return []
