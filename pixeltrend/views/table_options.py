"""TableOptions: what a table of areas counts. Loads no NumPy and no GDAL."""

from __future__ import annotations

import os
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

    zones: str | os.PathLike[str] | None = option(
        None,
        "The same for each zone, and the trend of the zone's own mean: polygons (GeoPackage, "
        "GeoJSON, shapefile, ...) or a raster of whole numbers, such as land cover.",
        group="Zones",
        metavar="FILE",
    )
    by: str | None = option(
        None,
        "Field that names the zones; polygons of one name are one zone.  [default: each polygon "
        "is one, by its number]",
        group="Zones",
        metavar="NAME",
    )
    layer: str | None = option(
        None, "Layer of the polygons, where a file has several.", group="Zones", metavar="NAME"
    )
    means: bool = option(
        True,
        "Whether the trend of each zone's own mean is computed, which reads the rasters that TREND "
        "was made from.",
        group="Zones",
    )

    def __post_init__(self) -> None:
        if not 0 < self.alpha < 1:
            raise ArgumentError(f"alpha {self.alpha:g}: must lie between 0 and 1")
        if self.zones is not None:
            object.__setattr__(self, "zones", os.fspath(self.zones))
        for name in ("by", "layer"):
            if getattr(self, name) is not None and self.zones is None:
                raise ArgumentError(f"{name}: needs zones")
