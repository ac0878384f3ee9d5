"""Acquisition dates of satellite products, which stand in their ids among other dates."""

from __future__ import annotations

import re

from pixeltrend.times.dates import time_of

_DATE = r"(?P<year>(?:1[89]|2[01])\d\d)(?P<month>\d\d)(?P<day>\d\d)"
_DOY = r"(?P<year>(?:1[89]|2[01])\d\d)(?P<doy>\d{3})"
_CLOCK = r"T\d{6}"
_STOP = r"[-_]\d{8}T\d{6}"

_IDS = (
    # Landsat, collections 1 and 2, their analysis ready tiles, and Earth Engine's indexes:
    # LT05_L2SP_127046_19950101_20200912_02_T1, LC08_CU_029005_20181208_...,
    # LC08_127046_20130415
    rf"L[COTEM]\d\d_(?:[A-Z][A-Z0-9]{{1,3}}_)?\d{{6}}_{_DATE}",
    # Landsat before the collections: LT51270461995001BKT00, LT51270461995001-SC20150909123456
    rf"L[COTEM]\d{{7}}{_DOY}",
    # Landsat as ESPA orders it: LC080470272013101401T1-SC20190517105817
    rf"L[COTEM]\d{{8}}{_DATE}\d\d",
    # Sentinel-2: S2A_MSIL1C_20170105T013442_N0204_R031_T53NMJ_20170105T013443, until 2016
    # S2A_OPER_PRD_MSIL1C_PDMC_20160806T202847_R142_V20160805T192909_20160805T192909
    rf"S2[A-D]_MSIL[12][A-C]_{_DATE}{_CLOCK}",
    rf"S2[A-D]_OPER_[A-Z0-9_]*?_V{_DATE}{_CLOCK}{_STOP}",
    # Sentinel-2 on Earth Engine: 20170105T013442_20170105T013443_T53NMJ
    rf"{_DATE}{_CLOCK}{_STOP}_T\d\d[A-Z]{{3}}",
    # A band of Sentinel-2: T53NMJ_20170105T013442_B04.jp2
    rf"T\d\d[A-Z]{{3}}_{_DATE}{_CLOCK}",
    # Sentinel-1, 3 and 5P, from start to stop:
    # S1A_IW_GRDH_1SDV_20151021T063752_20151021T063817_...,
    # s1a-iw-grd-vv-20151021t063752-20151021t063817-..., S3A_OL_1_EFR____20161020T081224_...
    rf"S(?:[13][A-D]|5P)[-_][A-Z0-9_-]*?[-_]{_DATE}{_CLOCK}{_STOP}",
    # MODIS and VIIRS: MOD13Q1.A2016001.h08v05.061.2021350002230, MOD021KM.A2016001.1930.061....
    rf"[A-Z][A-Z0-9_]+\.A{_DOY}(?=\.)",
    # AppEEARS: MOD13Q1.061__250m_16_days_NDVI_doy2016001_aid0001, ..._doy2016001000000_aid0001
    rf"doy{_DOY}(?:\d{{6}})?_aid\d+",
    # Copernicus Global Land: c_gls_NDVI_199901010000_GLOBE_VGT_V3.0.1
    rf"c_gls_[A-Z0-9-]+_{_DATE}\d{{4}}",
)


def acquisition_time(name: str) -> float | None:
    """Return the decimal year, to the day, of the acquisition in a product id anywhere in `name`.

    Returns
    -------
    float or None
        None if the name holds no id of a known kind.

    References
    ----------
    USGS, "Landsat Collections: product identifiers"; ESA, "Naming convention" of Sentinel-1, 2 and
    3; NASA LP DAAC, "MODIS naming conventions".
    """
    if not re.search(r"\d{7}", name, re.ASCII):
        return None  # each id holds a date of seven digits or more; the others need not be compiled
    for product in _IDS:
        pattern = rf"(?<![A-Z0-9]){product}(?!\d)"
        if match := re.search(pattern, name, re.ASCII | re.IGNORECASE):
            try:
                return time_of(match)
            except ValueError:
                continue
    return None
