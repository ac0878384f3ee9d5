"""Sensors: what product ids and metadata say of sensor, product version and processing level."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

_START, _END = r"(?<![A-Za-z0-9])", r"(?![A-Za-z0-9])"
_MODIS = rf"{_START}(?:MOD|MYD|MCD|VNP|VJ1|VJ2)\d\d[A-Z0-9]{{0,4}}"
# By what they say: regular expressions, of which the last match in a path counts, as a name tells
# more than its folders.
_IDS = {
    "sensor": (
        rf"{_START}(L[COTEM]0[1-9])(?=\d{{16}}|{_END})",
        rf"{_START}(L[COTEM][1-9])(?=\d{{13}})",
        rf"{_START}(MOD|MYD|MCD|VNP|VJ1|VJ2)\d\d[A-Z0-9]{{0,4}}{_END}",
        rf"{_START}(S2)[A-D]_",
    ),
    "version": (
        rf"{_START}L[COTEM]0[1-9]_L\d[A-Z]{{2}}_\d{{6}}_\d{{8}}_\d{{8}}_(0[12])_",
        rf"{_START}C(0[12]){_END}",
        rf"{_MODIS}\.(?:A\d{{7}}\.)?(?:h\d\dv\d\d\.)?(\d{{3}})(?=\.|_)",
        rf"{_START}S2[A-D]_MSIL\d[A-C]_\d{{8}}T\d{{6}}_N(\d{{4}}){_END}",
    ),
    "level": (
        rf"{_START}L[COTEM]0[1-9]_(L\d)[A-Z]{{2}}{_END}",
        rf"{_START}S2[A-D]_MSI(L\d[A-C]){_END}",
    ),
}
_ITEMS = {
    "sensor": ("SPACECRAFT_ID", "SATELLITE", "SHORTNAME", "DATATAKE_1_SPACECRAFT_NAME"),
    "version": ("COLLECTION_NUMBER", "VERSIONID", "PROCESSING_BASELINE"),
    "level": ("PROCESSING_LEVEL", "DATA_TYPE"),
}
# From this baseline on, values of Sentinel-2 are 1,000 higher.
_BASELINE = 400


class Sensor(NamedTuple):
    """What a raster comes from; each is empty if unknown."""

    sensor: str = ""
    """LT05, LC08, MOD, MYD, S2, ..."""
    version: str = ""
    """Landsat's collection, MODIS's collection, the baseline of Sentinel-2."""
    level: str = ""
    """Processing level."""

    def __str__(self) -> str:
        return " ".join(filter(None, self))


def sensor_of(path: str, metadata: Mapping[str, str]) -> Sensor:
    """Return what a raster's path says of its sensor; what it leaves open, its metadata."""
    facts = {}
    for what, patterns in _IDS.items():
        found = [match for pattern in patterns for match in re.finditer(pattern, path)]
        text = max(found, key=lambda match: match.start())[1] if found else ""
        items = (metadata.get(name, "").strip() for name in _ITEMS[what])
        facts[what] = text or next(filter(None, items), "")
    if re.fullmatch(r"(Sentinel-2|S2)[A-D]?", facts["sensor"]):
        facts["sensor"] = "Sentinel-2"  # its satellites are made alike
        facts["version"] = _baseline(facts["version"])
    return Sensor(**facts)


def _baseline(text: str) -> str:
    """Return the side of the baseline of Sentinel-2 that changed its values."""
    digits = text.replace(".", "")
    if not re.fullmatch(r"\d{4}", digits):
        return ""
    return "baseline 04.00 or later" if int(digits) >= _BASELINE else "baseline before 04.00"
