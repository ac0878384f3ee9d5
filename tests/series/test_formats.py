"""Formats of GDAL that are read, and what is said where a driver is missing."""

from __future__ import annotations

import numpy as np
import pytest
from commands import run_is_refused
from oracles import linregress_slopes
from osgeo import gdal

import pixeltrend
from pixeltrend.raster.formats import DRIVERS

YEARS = np.arange(2001, 2005)
# Whole numbers, which every format keeps.
VALUES = np.random.default_rng(3).integers(1, 200, (4, 8, 9), dtype=np.uint8)
FORMATS = {
    "AAIGrid": "asc", "EHdr": "bil", "ENVI": "dat", "GTiff": "tif", "HFA": "img",
    "JP2OpenJPEG": "jp2", "KEA": "kea", "PNG": "png", "RRASTER": "grd", "RST": "rst",
    "SAGA": "sdat", "netCDF": "nc",
}  # fmt: skip
CREATION = {"JP2OpenJPEG": ["QUALITY=100", "REVERSIBLE=YES"]}


def write_all(folder, write_raster, driver):
    if gdal.GetDriverByName(driver) is None:
        pytest.skip(f"this GDAL has no driver {driver}")
    for year, layer in zip(YEARS, VALUES, strict=True):
        source = write_raster(folder / "source" / f"{year}.tif", layer)
        target = folder / f"v_{year}.{FORMATS[driver]}"
        options = CREATION.get(driver, [])
        gdal.GetDriverByName(driver).CreateCopy(str(target), gdal.Open(str(source)), 0, options)
    return str(folder / f"v_*.{FORMATS[driver]}")


@pytest.mark.parametrize("driver", FORMATS)
def test_each_format_gives_the_slopes_of_its_numbers(tmp_path, write_raster, read_raster, driver):
    pattern = write_all(tmp_path, write_raster, driver)
    pixeltrend.slope(pattern, tmp_path / "t.tif", workers=1, dtype="float64")
    np.testing.assert_allclose(
        read_raster(tmp_path / "t.tif"), linregress_slopes(YEARS, VALUES), atol=1e-12
    )


@pytest.mark.parametrize("driver", sorted(FORMATS.keys() - {"GTiff", "netCDF"}))
def test_a_missing_driver_is_named_with_the_builds_that_have_it(
    tmp_path, write_raster, run_cli, driver
):
    pattern = write_all(tmp_path, write_raster, driver)
    left_out = [name for name in {driver, "EHdr", "ENVI"} if gdal.GetDriverByName(name)]
    done = run_cli("slope", pattern, "-o", "t.tif", env={"GDAL_SKIP": " ".join(left_out)})
    run_is_refused(done, 3, f"this GDAL has no driver {driver}", "Debian's", "conda-forge's")
    assert not (tmp_path / "t.tif").exists()


def test_the_formats_are_those_that_are_read():
    assert FORMATS.keys() <= set(DRIVERS)
