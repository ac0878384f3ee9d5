"""Table text: a table of areas in words and numbers, for a terminal and for a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pixeltrend.views.table import ClassArea, Table

# Square metres from which on areas are shown in square kilometres.
_LARGE = 1e6


def headlines(found: Table) -> tuple[str, str]:
    """Return what a table counts, and where areas are measured."""
    by = f", significant where {found.pvalue} <= {found.alpha:g}" if found.pvalue else ""
    known = found.classes[0].area is not None
    return (
        f"{found.raster}: {found.band}{by}",
        f"Areas {found.areas}" if known else f"Areas are unknown: {found.areas}",
    )


def how_many(found: Table) -> str:
    """Return how many pixels have a trend."""
    trended = sum(row.pixels for row in found.classes if row.share is not None)
    return f"{trended:,.0f} of {sum(row.pixels for row in found.classes):,.0f} pixels have a trend"


def class_rows(classes: tuple[ClassArea, ...]) -> list[tuple[str, ...]]:
    """Return a heading and a row for each class."""
    unit, size = area_unit(classes)
    rows: list[tuple[str, ...]]
    rows = [("class", "pixels", unit, "share") if unit else ("class", "pixels", "share")]
    for row in classes:
        area = () if row.area is None else (f"{row.area / size:,.1f}",)
        share = "" if row.share is None else f"{row.share:.2%}"
        rows.append((row.name, f"{row.pixels:,.0f}", *area, share))
    return rows


def area_unit(classes: tuple[ClassArea, ...]) -> tuple[str, float]:
    """Return the unit of areas and its square metres; empty if areas are unknown."""
    known = [row.area for row in classes if row.area is not None]
    if not known:
        return "", 1.0
    return ("km2", 1e6) if sum(known) >= _LARGE else ("m2", 1.0)
