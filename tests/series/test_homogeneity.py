"""Warnings of what changes within a series, and tables of groups."""

import numpy as np
import pytest
from osgeo import gdal

import pixeltrend
from pixeltrend.errors import ArgumentError, InputError
from pixeltrend.raster.header import read_header

gdal.UseExceptions()


def make(folder, names):
    pixeltrend.make_series(folder, height=4, width=5, years=f"2001:{2000 + len(names)}")
    for old, new in zip(sorted(folder.glob("*.tiff")), names, strict=True):
        old.rename(folder / new)
    return folder / "*.tif"


LANDSAT = [
    "LT05_L2SP_127046_20090101_20200912_02_T1_B4.tif",
    "LT05_L2SP_127046_20100101_20200912_02_T1_B4.tif",
    "LC08_L2SP_127046_20140101_20200912_02_T1_B4.tif",
]


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (LANDSAT, "the sensor changes within the series: LT05 (2, 2009 to 2010-01-01), LC08"),
        (
            ["LT05_C01_2009.tif", "LT05_C02_2010.tif", "LT05_C02_2011.tif"],
            "the product version changes within the series: 01 (1, 2009 to 2009), 02 (2,",
        ),
        (["MOD13Q1_2009.tif", "MYD13Q1_2010.tif"], "the sensor changes within the series: MOD"),
        (
            [
                "S2A_MSIL2A_20210105T013442_N0214_R031_T53NMJ_20210105T013443.tif",
                "S2B_MSIL2A_20220105T013442_N0400_R031_T53NMJ_20220105T013443.tif",
            ],
            "baseline before 04.00 (1",
        ),
        (
            [
                "S2A_MSIL1C_20210105T013442_N0204_R031_T53NMJ_20210105T013443.tif",
                "S2B_MSIL2A_20210205T013442_N0214_R031_T53NMJ_20210205T013443.tif",
            ],
            "the processing level changes within the series: L1C",
        ),
    ],
    ids=["sensor", "collection", "MODIS", "baseline", "level"],
)
def test_a_change_is_told(tmp_path, names, said):
    patterns = make(tmp_path, names)
    warnings = [text for text in pixeltrend.check(patterns).warnings if "changes within" in text]
    assert len(warnings) == 1
    assert said.partition(",")[0] in warnings[0]
    done = pixeltrend.slope(patterns, tmp_path / "out.tif", workers=1)
    assert warnings[0] in done.warnings


@pytest.mark.parametrize(
    "names",
    [
        ["LT05_2009.tif", "LT05_2010.tif", "ndvi_2014.tif"],
        [
            "S2A_MSIL2A_20220105T013442_N0400_R031_T53NMJ_20220105T013443.tif",
            "S2B_MSIL2A_20220205T013442_N0509_R031_T53NMJ_20220205T013443.tif",
        ],
        ["ndvi_2009.tif", "ndvi_2010.tif"],
    ],
    ids=["unknown", "one baseline", "none"],
)
def test_no_change_is_made_up(tmp_path, names):
    warnings = pixeltrend.check(make(tmp_path, names)).warnings
    assert not [text for text in warnings if "changes within" in text]


def test_a_table_tells_groups(tmp_path):
    patterns = make(tmp_path, LANDSAT)
    table = tmp_path / "groups.csv"
    table.write_text(
        "file,group\n" + "".join(f"{name},{i % 2}\n" for i, name in enumerate(LANDSAT))
    )
    series = pixeltrend.open_series(patterns, groups=str(table))
    assert series.groups == ("0", "1", "0")
    assert "the group changes within the series: 0 (2, " in " ".join(series.warnings)
    table.write_text(f"{LANDSAT[0]},a\n")
    with pytest.raises(InputError, match=r"no line for .*; add one, such as .*,LC08"):
        pixeltrend.open_series(patterns, groups=str(table))
    with pytest.raises(InputError, match="--groups needs a table of files and groups"):
        pixeltrend.open_series(patterns, groups=str(tmp_path / "none.csv"))


def test_steps_between_sensors_are_fitted(tmp_path):
    names = [f"LT05_{year}.tif" for year in range(2001, 2007)]
    make(tmp_path, [*names, *(f"LC08_{year}.tif" for year in range(2013, 2019))])
    patterns, out = tmp_path / "L*.tif", tmp_path / "out.tif"
    done = pixeltrend.slope(patterns, out, workers=1, steps="sensor", stats="slope,pvalue")
    assert not [text for text in done.warnings if "changes within" in text]
    bands = read_header(str(out)).bands
    assert [band.description for band in bands] == ["slope", "pvalue", "step_1", "step_1_pvalue"]
    assert bands[2].metadata["DESCRIPTION"] == "Step of the level from LT05 to LC08"
    by_year = pixeltrend.slope(patterns, tmp_path / "years.tif", workers=1, steps="2010")
    assert [text for text in by_year.warnings if "changes within" in text]
    one, two = (gdal.Open(str(tmp_path / name)).ReadAsArray() for name in ("out.tif", "years.tif"))
    np.testing.assert_array_equal(one[[0, 2, 3]], two)


def test_steps_need_to_know_every_sensor(tmp_path):
    patterns = make(tmp_path, ["LT05_2001.tif", "LC08_2002.tif", "ndvi_2003.tif"])
    with pytest.raises(ArgumentError, match="the sensor of 1 of 3 rasters; give a table"):
        pixeltrend.slope(patterns, tmp_path / "out.tif", steps="sensor")
    (tmp_path / "ndvi_2003.tif").rename(tmp_path / "LC08_2003.tif")
    (tmp_path / "LT05_2001.tif").rename(tmp_path / "LC08_2001.tif")
    with pytest.raises(ArgumentError, match="all rasters are of one sensor, LC08"):
        pixeltrend.slope(patterns, tmp_path / "out.tif", steps="sensor")


TWO_SENSORS = [
    f"{sensor}_{year}-0{month}-01.tif"
    for sensor, years in (("LT05", range(2001, 2005)), ("LC08", range(2011, 2015)))
    for year in years
    for month in (4, 8)
]
TWO_TILES = [f"LT05_{part}_{year}.tif" for year in (2001, 2002, 2003) for part in "ab"] + [
    f"LC08_{part}_{year}.tif" for year in (2009, 2010, 2011, 2012) for part in "ab"
]


@pytest.mark.parametrize(
    ("names", "options"),
    [(TWO_SENSORS, {"composite": "mean"}), (TWO_TILES, {"duplicates": "mean"})],
    ids=["period", "time"],
)
def test_a_value_made_of_several_rasters_is_of_their_sensor(tmp_path, names, options):
    patterns = make(tmp_path, names)
    bands = []
    for steps in ("sensor", "2006"):
        out = tmp_path / f"{steps}.tiff"
        pixeltrend.slope(patterns, out, workers=1, stats="slope,pvalue", steps=steps, **options)
        bands.append(gdal.Open(str(out)).ReadAsArray())
    assert np.isfinite(bands[0][:3]).all()
    np.testing.assert_array_equal(*bands)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"composite": "mean"}, "the value of 2004 would be made of rasters of LT05 and LC08"),
        ({"duplicates": "mean"}, "the value of 2004-08 would be made of rasters of LC08 and LT05"),
    ],
    ids=["period", "time"],
)
def test_a_value_made_of_two_sensors_is_refused(tmp_path, options, said):
    patterns, out = make(tmp_path, [*TWO_SENSORS, "LC08_2004-08-01.tif"]), tmp_path / "out.tiff"
    with pytest.raises(InputError, match=said):
        pixeltrend.slope(patterns, out, workers=1, steps="sensor", **options)
    assert not out.exists()
