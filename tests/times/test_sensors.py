"""Sensor, version and level of a raster, by its product id or its metadata."""

import pytest

from pixeltrend.times.products import PRODUCTS
from pixeltrend.times.sensors import sensor_of

IDS = {
    "LT05_L2SP_127046_19950101_20200912_02_T1_SR_B4.TIF": ("LT05", "02", "L2"),
    "LC08_L1TP_144048_20140602_20170422_01_T1_B5.TIF": ("LC08", "01", "L1"),
    "LT51270461995033BKT00_B4.TIF": ("LT5", "", ""),
    "LC080470272013101401T1-SC20170407161252": ("LC08", "", ""),
    "C02/LE07_144048_20030101_ndvi.tif": ("LE07", "02", ""),
    "ndvi_LC09_2022.tif": ("LC09", "", ""),
    "MOD13Q1.A2016017.h08v05.061.2021350002230.hdf": ("MOD", "061", ""),
    "MYD13Q1.A2016017.h08v05.006.2021350002230.hdf": ("MYD", "006", ""),
    "MOD13Q1.061__250m_16_days_NDVI_doy2016017_aid0001.tif": ("MOD", "061", ""),
    "S2A_MSIL1C_20170105T013442_N0204_R031_T53NMJ_20170105T013443.SAFE": (
        "Sentinel-2", "baseline before 04.00", "L1C"),
    "S2B_MSIL2A_20220205T013442_N0400_R031_T53NMJ_20220205T013443.SAFE/T53NMJ_B04.jp2": (
        "Sentinel-2", "baseline 04.00 or later", "L2A"),
    "LT05/ndvi_2004.tif": ("LT05", "", ""),
    "ndvi_2004.tif": ("", "", ""),
    "modis_2004.tif": ("", "", ""),
    "ALT05_2004.tif": ("", "", ""),
}  # fmt: skip


@pytest.mark.parametrize(("path", "known"), IDS.items())
def test_ids_tell(path, known):
    assert sensor_of(path, {}) == known


def test_a_name_tells_more_than_its_folders():
    assert sensor_of("LT05_and_LC08/LC08_2014.tif", {}).sensor == "LC08"


@pytest.mark.parametrize(
    ("items", "known"),
    [
        ({"SPACECRAFT_ID": "LANDSAT_8", "COLLECTION_NUMBER": "2"}, ("LANDSAT_8", "2", "")),
        ({"SHORTNAME": "MOD13Q1", "VERSIONID": "61"}, ("MOD13Q1", "61", "")),
        (
            {
                "DATATAKE_1_SPACECRAFT_NAME": "Sentinel-2B",
                "PROCESSING_BASELINE": "05.09",
                "PROCESSING_LEVEL": "Level-2A",
            },
            ("Sentinel-2", "baseline 04.00 or later", "Level-2A"),
        ),
    ],
)
def test_metadata_tell_what_names_do_not(items, known):
    assert sensor_of("b4_2014.tif", items) == known
    assert sensor_of("LC08_2014.tif", items).sensor == "LC08"


def test_no_product_id_is_taken_for_another_sensor():
    starts = {"LT": "LT", "LC": "LC", "MOD": "MOD", "S2": "Sentinel-2"}
    for product in PRODUCTS:
        sensor = sensor_of(product.example, {}).sensor
        if sensor:
            assert any(product.example.startswith(start) for start in starts), product.example
