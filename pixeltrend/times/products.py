"""Times of satellite and climate products, whose ids hold them among other dates and numbers."""

from __future__ import annotations

import re
from typing import NamedTuple

from pixeltrend.times.dates import time_of

_YEAR = r"(?P<year>(?:1[89]|2[01])\d\d)"
_DATE = _YEAR + r"(?P<month>\d\d)(?P<day>\d\d)"
_DOY = _YEAR + r"(?P<doy>\d{3})"
_CLOCK = r"T\d{6}"
_STOP = r"[-_]\d{8}T\d{6}"


class Product(NamedTuple):
    """How the ids of one product hold their time."""

    name: str
    pattern: str
    """A regular expression of the id, with groups of `dates.PARTS`."""
    example: str
    time: str
    """What `example` is of, as `dates.parse_time` reads it."""
    mark: str = ""
    """What stands in each id, in lower case, where it has no seven digits in a row."""


# A line is its own test, and its line in docs/inputs.md. The first that fits a name counts.
PRODUCTS = (
    Product(
        "Landsat", rf"L[COTEM]\d\d_(?:[A-Z][A-Z0-9]{{1,3}}_)?\d{{6}}_{_DATE}",
        "LT05_L2SP_127046_19950101_20200912_02_T1_SR_B4.TIF", "1995-01-01"),
    Product(
        "Landsat, old scene ids", rf"L[COTEM]\d{{7}}{_DOY}",
        "LT51270461995033BKT00_B4.TIF", "1995-02-02"),
    Product(
        "Landsat, ESPA orders", rf"L[COTEM]\d{{8}}{_DATE}\d\d",
        "LC080470272013101401T1-SC20170407161252", "2013-10-14"),
    Product(
        "Sentinel-2", rf"S2[A-D]_MSIL[12][A-C]_{_DATE}{_CLOCK}",
        "S2A_MSIL1C_20170105T013442_N0204_R031_T53NMJ_20170105T013443.SAFE", "2017-01-05"),
    Product(
        "Sentinel-2, until 2016", rf"S2[A-D]_OPER_[A-Z0-9_]*?_V{_DATE}{_CLOCK}{_STOP}",
        "S2A_OPER_PRD_MSIL1C_PDMC_20160806T202847_R142_V20160805T192909_20160805T192909.SAFE",
        "2016-08-05"),
    Product(
        "Sentinel-2, Earth Engine", rf"{_DATE}{_CLOCK}{_STOP}_T\d\d[A-Z]{{3}}",
        "20170105T013442_20170105T013443_T53NMJ", "2017-01-05"),
    Product(
        "Sentinel-2, a band", rf"T\d\d[A-Z]{{3}}_{_DATE}{_CLOCK}",
        "T53NMJ_20170105T013442_B04.jp2", "2017-01-05"),
    Product(
        "Sentinel-1, 3, 5P (start)",
        rf"S(?:[13][A-D]|5P)[-_][A-Z0-9_-]*?[-_]{_DATE}{_CLOCK}{_STOP}",
        "S1A_IW_GRDH_1SDV_20151021T063752_20151021T063817_008247_00B9CD_2770.SAFE", "2015-10-21"),
    Product(
        "MODIS, VIIRS", rf"[A-Z][A-Z0-9_]+\.A{_DOY}(?=\.)",
        "MOD13Q1.A2016017.h08v05.061.2021350002230.hdf", "2016-01-17"),
    Product(
        "AppEEARS", rf"doy{_DOY}(?:\d{{6}})?_aid\d+",
        "MOD13Q1.061__250m_16_days_NDVI_doy2016017_aid0001.tif", "2016-01-17"),
    Product(
        "Copernicus Global Land", rf"c_gls_[A-Z0-9-]+_{_DATE}\d{{4}}",
        "c_gls_NDVI_199901110000_GLOBE_VGT_V3.0.1.tiff", "1999-01-11"),
    Product(
        "NOAA VHP (weeks)", rf"VHP\.[A-Z0-9.]+\.P{_YEAR}0(?P<week>[0-5]\d)",
        "VHP.G04.C07.P1981035.SM.SMN.tif", "1981-239"),
    Product(
        "PKU GIMMS NDVI (half-months)",
        rf"PKU_GIMMS_NDVI_V[0-9._]+?_{_YEAR}(?P<month>\d\d)0(?P<halfmonth>[12])",
        "PKU_GIMMS_NDVI_V1.2_19820702.tif", "1982-07-16"),
    Product(
        "GIMMS NDVI3g (half-months)",
        r"geo(?P<year>\d\d)(?P<monthname>[a-z]{3})15(?P<halfmonth>[ab])(?![a-z])",
        "geo81jul15b.n07-VI3g", "1981-07-16", "geo"),
    Product(
        "SNODAS", rf"[uz][sz]_ssm[a-z0-9_]+?TTNATS{_DATE}\d\d",
        "us_ssmv11034tS__T0001TTNATS2003093005HP001.tif", "2003-09-30"),
    Product(
        "Ocean colour", rf"[ACSTV]{_DOY}(?:(?:19|20)\d{{5}})?(?=\.L3[bm])",
        "A20030322003059.L3m_MO_CHL_chlor_a_4km.nc", "2003-02-01"),
    Product(
        "Ocean colour, since 2022", rf"[A-Z0-9]+_[A-Z0-9]+\.{_DATE}(?:_\d{{8}})?(?=\.L3[bm])",
        "AQUA_MODIS.20030201_20030228.L3m.MO.CHL.chlor_a.4km.nc", "2003-02-01"),
    Product(
        "DMSP night lights", rf"F1\d{_YEAR}(?=\.v\d)",
        "F182010.v4d_web.stable_lights.avg_vis.tif", "2010", ".v"),
    Product(
        "CORINE land cover", rf"(?:U(?:19|20)\d\d_)?C(?:LC|HA){_YEAR}(?![-_.]?\d)",
        "U2006_CLC2000_V2020_20u1.tif", "2000", "clc"),
    Product(
        "WaPOR (dekads)", rf"WAPOR-\d\.L\d-[A-Z0-9-]+-D\.{_YEAR}-(?P<month>\d\d)-D(?P<dekad>[1-3])",
        "WAPOR-3.L1-AETI-D.2018-02-D2.tif", "2018-02-11", "wapor"),
    Product(
        "CHIRPS (dekads)",
        rf"chirps-v[\d.]+?\.{_YEAR}\.(?P<month>\d\d)\.(?P<dekad>[1-3])(?=\.|$)",
        "chirps-v2.0.1981.01.2.tif", "1981-01-11", "chirps"),
    Product(
        "ASTER", rf"AST_(?:L1[ABT]|\d\d[A-Z]*)_\d{{3}}(?P<month>\d\d)(?P<day>\d\d){_YEAR}\d{{6}}",
        "AST_L1T_00305122018101536_20180613123456_12345.hdf", "2018-05-12"),
    Product(
        "OMI", rf"OMI-Aura_L[23]G?-[A-Z0-9_]+?_{_YEAR}m(?P<month>\d\d)(?P<day>\d\d)",
        "OMI-Aura_L3-OMNO2d_2004m1001_v003-2018m0627t042221.he5", "2004-10-01", "omi-aura"),
    Product(
        "DWD RADOLAN", r"raa01-[a-z]{2}_\d{5}-(?P<year>\d\d)(?P<month>\d\d)(?P<day>\d\d)\d{4}",
        "raa01-sf_10000-1805122350-dwd---bin", "2018-05-12", "raa01"),
    Product(
        "DWD grids (13 to 16 are seasons, 17 the year)",
        rf"grids_germany_[a-z0-9_]+_{_YEAR}(?:17|(?P<season>1[3-6])|(?P<month>0[1-9]|1[0-2]))",
        "grids_germany_annual_air_temp_mean_189117.asc", "1891", "grids_germany"),
)  # fmt: skip


def acquisition_time(name: str) -> float | None:
    """Return the decimal year, to the day, of the acquisition in a product id anywhere in `name`.

    Returns
    -------
    float or None
        None if the name holds no id of a known kind.

    References
    ----------
    USGS, "Landsat Collections: product identifiers"; ESA, "Naming convention" of Sentinel-1, 2 and
    3; NASA LP DAAC, "MODIS naming conventions"; NOAA STAR, "Vegetation Health products: file
    names"; Li et al. (2023), PKU GIMMS NDVI; Deutscher Wetterdienst, CDC "grids_germany".
    """
    lower = name.lower()
    has_date = re.search(r"\d{7}", name, re.ASCII)  # an expression is compiled where it may fit
    for product in PRODUCTS:
        if not (product.mark in lower if product.mark else has_date):
            continue
        pattern = rf"(?<![A-Z0-9]){product.pattern}(?!\d)"
        if match := re.search(pattern, name, re.ASCII | re.IGNORECASE):
            try:
                return time_of(match.groupdict())
            except ValueError:
                continue
    return None


def products_table() -> str:
    """Return the products as a table in Markdown."""
    rows = [f"| {product.name} | `{product.example}` | {product.time} |" for product in PRODUCTS]
    return "\n".join(["| product | for example | time |", "| --- | --- | --- |", *rows]) + "\n"
