"""Notes: what to know of the times of a series before its statistics; refusals of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pixeltrend.reducers.derived import SENSOR

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from pixeltrend.reducers.options import StatsOptions

# Two values lie on a line, whatever the noise.
_FEWEST = 3

# Names under which a band holds p-values: ours, and what SciPy's functions are often renamed to.
_P_VALUES = ("pvalue", "p", "p_value")


def p_row(names: Sequence[str]) -> int | None:
    """Return which of the bands of these names has the p-values; None if none has."""
    return next((row for row, name in enumerate(names) if name.lower() in _P_VALUES), None)


def untested(count: int, *, has_reason: bool) -> str:
    """Return what it means that every p-value of series of so many times is NaN.

    Where they are statistics of ours, there is a `reason`.
    """
    if count < _FEWEST:
        return f"every p-value is NaN: {count} times are too few for a test"
    hint = "; --stats reason says which" if has_reason else ""
    return f"every p-value is NaN: too few values for a test, or all of them equal{hint}"


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
