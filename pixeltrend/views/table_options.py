"""TableOptions: what a table of areas counts. Loads no NumPy and no GDAL."""

from __future__ import annotations

from dataclasses import dataclass

from pixeltrend.errors import ArgumentError
from pixeltrend.options import option


@dataclass(frozen=True, slots=True)
class TableOptions:
    """What a table of areas counts."""

    alpha: float = option(
        0.05, "Level at which a trend is significant.", group="Table", metavar="LEVEL"
    )
    band: int | str | None = option(
        None,
        "Band whose sign is the direction, or a band of classes: its number, from 1, or its "
        "description.  [default: class, slope, tau, s or z, the first that there is]",
        group="Table",
        metavar="BAND",
    )
    pvalue: int | str | None = option(
        None,
        "Band of p-values.  [default: pvalue_fdr or pvalue, the first that there is]",
        group="Table",
        metavar="BAND",
    )

    def __post_init__(self) -> None:
        if not 0 < self.alpha < 1:
            raise ArgumentError(f"alpha {self.alpha:g}: must lie between 0 and 1")
