"""Notes: what to know of the times of a series before its statistics; refusals of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pixeltrend.reducers.derived import SENSOR

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pixeltrend.reducers.options import StatsOptions


def notes(times: NDArray[np.float64], options: StatsOptions | None) -> list[str]:
    """Return what to know of the times, (N,), increasing, one line each.

    Raises
    ------
    ArgumentError
        The season, the correction, `detectable` or the steps cannot do with these times.
    """
    if options is None:
        return []
    if options.season is not None:
        from pixeltrend.reducers.seasons import season_notes  # most runs have no seasons

        return season_notes(times, options.season)
    if options.steps not in (None, SENSOR):
        from pixeltrend.reducers.offsets import codes_of  # most runs have no steps

        codes_of(times, str(options.steps))
    if options.correction is not None or options.method == "gls" or "detectable" in options.names:
        from pixeltrend.reducers.steps import steps

        steps(times)
    return []
