"""Times out of names as they occur in the wild, whole series at once."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pixeltrend.errors import InputError
from pixeltrend.times.dates import decimal_year
from pixeltrend.times.names import times_from_names

YEARS = [1995, 1996, 2004, 2015]


def day(text):
    date = dt.date.fromisoformat(text)
    return decimal_year(date.year, date.month, date.day)


def days(text):
    return [day(word) for word in text.split()]


def refusal(names):
    with pytest.raises(InputError) as refused:
        times_from_names(names)
    said = str(refused.value)
    assert "\n" not in said
    assert "--date-regex" in said
    return said


@pytest.mark.parametrize(
    "name",
    [
        "{}.tif",
        "ndvi_{}.tiff",
        "ndvi{}.tif",
        "NDVI-max-{}-clip.TIF",
        "NDVI {} (1).tif",
        "ndvi.{}.v2.tif",
        "ndvi_{}_30m.tif",
        "ndvi_{}_10m.tif",
        "ndvi_{}_2000m.tif",
        "ndvi_{}_4500m.tif",
        "ndvi_{}_1km.tif",
        "ndvi_{}_10days.tif",
        "ndvi_{}_epsg2154.tif",
        "ndvi_{}_v2000.tif",
        "v2001_ndvi_{}.tif",
        "ndvi_{}_127046.tif",
        "ndvi_199012_{}.tif",
        "id20011301_{}.tif",
        "id2001999_{}.tif",
        "id200101011_{}.tif",
        "export_2021_Hanoi_NDVI_{}.tif",
        "LANDSAT_LT05_C02_T1_L2_{}_NDVI.tif",
        "MOD13Q1.A{}.h28v06.061.tif",
        "S2_T53NMJ_N0204_R031_{}_B04.jp2",
        "Landsat_NDVI_{}-0000000000-0000023296.tif",
        "chm_20210417_{}.tif",
        "VHP_SMN_annual_ndvi_{}.tif",
        "chirps-v2.0.{}.tif",
        "Année_{}_été.tif",
        "exports/1990/ndvi_{}.tif",
        "/data/2001-2020/run 2/ndvi_{}.tif",
        "X{}",
        "{}_NDVI",
        "0_{}_NDVI",
    ],
)
def test_year_is_found(name):
    assert times_from_names([name.format(year) for year in YEARS]) == YEARS


@pytest.mark.parametrize(
    ("form", "names", "times"),
    [
        ("YYYY, the yearly NDVI", [f"VHP_SMN_annual_ndvi_{y}.tif" for y in range(1982, 2024)],
         list(range(1982, 2024))),
        ("YYYY, Landsat of Peru", [f"{y}.tif" for y in range(1985, 2021, 5)],
         list(range(1985, 2021, 5))),
        ("YYYYMM", ["LST_199506.tif", "LST_199507.tif", "LST_199607.tif"],
         days("1995-06-01 1995-07-01 1996-07-01")),
        ("YYYY-MM", ["ndvi-2015-12.tif", "ndvi-2016-01.tif"], days("2015-12-01 2016-01-01")),
        ("YYYY_MM", ["ndvi_2015_12_500m.tif", "ndvi_2016_01_500m.tif"],
         days("2015-12-01 2016-01-01")),
        ("YYYY.MM, CHIRPS", ["chirps-v2.0.1995.01.tif", "chirps-v2.0.1995.02.tif"],
         days("1995-01-01 1995-02-01")),
        ("YYYY.MM.DD, CHIRPS a day", ["chirps-v2.0.1995.01.31.tif", "chirps-v2.0.1995.02.01.tif"],
         days("1995-01-31 1995-02-01")),
        ("YYYY_MM_DD", ["S2_2016_02_29.tif", "S2_2017_03_01.tif"], days("2016-02-29 2017-03-01")),
        ("YYYY-MM-DD", ["2016-02-29_ndvi.tif", "2017-03-01_ndvi.tif"],
         days("2016-02-29 2017-03-01")),
        ("YYYYMMDD", ["planet_20160229_3m.tif", "planet_20170301_3m.tif"],
         days("2016-02-29 2017-03-01")),
        ("YYYYMMDDTHHMMSS", ["hls_20160229T200012_b4.tif", "hls_20170301T200112_b4.tif"],
         days("2016-02-29 2017-03-01")),
        ("YYYYDDD", ["ndvi.P1981035.SM.SMN.tif", "ndvi.P1982365.SM.SMN.tif"],
         days("1981-02-04 1982-12-31")),
        ("YYYYDDDTHHMMSS, HLS", ["HLS.S30.T18TWK.2021237T153809.v2.0.B04.tif",
         "HLS.L30.T18TWK.2021245T154911.v2.0.B04.tif"], days("2021-08-25 2021-09-02")),
        ("YYYY_DDD, MODIS of the R package", [f"MOD13A1_NDVI_2016_{d:03}.tif" for d in
         range(1, 366, 16)], [2016 + (d - 1) / 366 for d in range(1, 366, 16)]),
        ("YYYY-DDD", ["ndvi-2015-365.tif", "ndvi-2016-366.tif"], days("2015-12-31 2016-12-31")),
        ("AYYYYDDD, MODIS", ["MOD13Q1.A2016001.h08v05.061.2021350002230.hdf",
         "MOD13Q1.A2016017.h08v05.061.2021350234512.hdf"], days("2016-01-01 2016-01-17")),
        ("AYYYYDDD, a swath of MODIS", ["MOD021KM.A2016001.1930.061.2017321001122.hdf",
         "MOD021KM.A2016002.2015.061.2017321001122.hdf"], days("2016-01-01 2016-01-02")),
        ("AYYYYDDD, VIIRS", ["VNP13A1.A2022097.h11v05.001.2022113080900_500_m_16_days_NDVI.tif",
         "VNP13A1.A2022113.h11v05.001.2022130080900_500_m_16_days_NDVI.tif"],
         days("2022-04-07 2022-04-23")),
        ("doyYYYYDDD, AppEEARS", ["MOD13Q1.061__250m_16_days_NDVI_doy2016001_aid0001.tif",
         "MOD13Q1.061__250m_16_days_NDVI_doy2016017000000_aid0001.tif"],
         days("2016-01-01 2016-01-17")),
        ("Landsat", ["LT05_L2SP_127046_19950101_20200912_02_T1_SR_B4.TIF",
         "LC08_L1TP_127046_20130415_20200912_02_T1_SR_B5.TIF"], days("1995-01-01 2013-04-15")),
        ("Landsat, analysis ready", ["LC08_CU_029005_20181208_20190614_C01_V01_SRB4.tif",
         "LE07_CU_029005_20181130_20190614_C01_V01_SRB3.tif"], days("2018-12-08 2018-11-30")),
        ("Landsat, old", ["LT51270461995001BKT00_B4.TIF", "LC81270462013105LGN01_B5.TIF"],
         days("1995-01-01 2013-04-15")),
        ("Landsat, old and new", ["LT51270461995001BKT00_B4.TIF",
         "LC08_L2SP_127046_20130415_20200912_02_T1_SR_B5.TIF"], days("1995-01-01 2013-04-15")),
        ("Landsat, ESPA", ["LE072310652016012501T1-SC20170407161252.tar.gz",
         "LC080470272013101401T1-SC20170407161252.tar.gz"], days("2016-01-25 2013-10-14")),
        ("Landsat, Earth Engine", ["0_LT05_127046_19950101_NDVI", "1_2_LC08_127046_20130415_NDVI",
         "LE07_127046_20010228_NDVI"], days("1995-01-01 2013-04-15 2001-02-28")),
        ("Sentinel-2", ["S2A_MSIL1C_20170105T013442_N0204_R031_T53NMJ_20170106T013443.SAFE",
         "S2B_MSIL2A_20180105T013442_N0204_R031_T53NMJ_20190106T013443"],
         days("2017-01-05 2018-01-05")),
        ("Sentinel-2, a band", ["T53NMJ_20170105T013442_B04.jp2",
         "T53NMJ_20180105T013442_B04_10m.jp2"], days("2017-01-05 2018-01-05")),
        ("Sentinel-2 of 2015", [
         "S2A_OPER_PRD_MSIL1C_PDMC_20160806T202847_R142_V20160805T192909_20160805T192909.SAFE",
         "S2A_OPER_PRD_MSIL1C_PDMC_20151228T112523_R110_V20151227T142229_20151227T142229.SAFE"],
         days("2016-08-05 2015-12-27")),
        ("Sentinel-2, Earth Engine", ["0_20170105T013442_20170106T013443_T53NMJ_B4",
         "1_20180105T013442_20180106T013443_T53NMJ_B4"], days("2017-01-05 2018-01-05")),
        ("Sentinel-1", [
         "S1A_IW_GRDH_1SDV_20151021T235952_20151022T000017_008247_00B9CD_2770_COG.SAFE",
         "s1b-iw-grd-vv-20161021t235952-20161022t000017-008247-00b9cd-001.tiff"],
         days("2015-10-21 2016-10-21")),
        ("Sentinel-3", ["S3A_OL_1_EFR____20161020T081224_20161020T081524_20161021T102406_0179_010_"
         "078_2340_SVL_O_NR_002.SEN3", "S3B_OL_2_WFR____20181020T235912_20181021T000212_20181022T10"
         "2406_0179_010_078_2340_SVL_O_NR_002.SEN3"], days("2016-10-20 2018-10-20")),
        ("Copernicus Global Land", ["c_gls_NDVI_199901010000_GLOBE_VGT_V3.0.1.tiff",
         "c_gls_NDVI300_201601110000_GLOBE_PROBAV_V1.0.1.nc"], days("1999-01-01 2016-01-11")),
        ("R", ["X1991.01.16", "X1991.02.16"], days("1991-01-16 1991-02-16")),
        ("toBands", ["19950101_NDVI", "19960229_NDVI"], days("1995-01-01 1996-02-29")),
        ("MODIS on Earth Engine", ["2016_01_01_NDVI", "2016_01_17_NDVI"],
         days("2016-01-01 2016-01-17")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_forms(form, names, times):
    assert times_from_names(names) == pytest.approx(times, rel=1e-15)
    folders = [f"/data/20{number:02}-01-01/{name}" for number, name in enumerate(names)]
    assert times_from_names(folders[::-1]) == pytest.approx(times[::-1], rel=1e-15)


@pytest.mark.parametrize(
    ("name", "time"),
    [
        ("scene_20150704.tif", day("2015-07-04")),
        ("ndvi_1995_2000m.tif", 1995),
        ("LT05_127046_19950101_NDVI", day("1995-01-01")),
        ("S2A_MSIL1C_20170105T013442_N0204_R031_T53NMJ_20170105T013443", day("2017-01-05")),
        ("2016_01_01", 2016),
    ],
)
def test_one_name_alone(name, time):
    assert times_from_names([name]) == [time]


def test_order_of_times_is_that_of_names():
    names = ["b_2003.tif", "a_2001.tif", "c_2002.tif"]
    assert times_from_names(names) == [2003, 2001, 2002]


@pytest.mark.parametrize(
    ("names", "times"),
    [
        (["lt05_1995_sr.tif", "2013-landsat8.tif"], [1995, 2013]),
        (["a2001b1999.tif", "c2001b2000.tif"], [1999, 2000]),
        (["1995_12.tif", "1996_13.tif"], [1995, 1996]),
        (["1995_12_31.tif", "1996_06_31.tif"], days("1995-12-01 1996-06-01")),
        (["ndvi_2009-10.tif", "ndvi_2012-13.tif"], [2009, 2012]),
        (["16_ndvi_1995.tif", "ndvi_1996.tif"], [1995, 1996]),
        (["1995_ndvi_19950704.tif", "1996_ndvi_19960101.tif"], days("1995-07-04 1996-01-01")),
        (["scene1234_1995.tif", "scene1850_1996.tif"], [1995, 1996]),
    ],
)
def test_one_rule_holds_for_all_names(names, times):
    assert times_from_names(names) == times


def test_parts_of_one_export_have_one_time():
    names = [
        f"ndvi_2021_of_{year}-0000000000-{column:010}.tif"
        for year in (1995, 1996)
        for column in (0, 23296)
    ]
    assert times_from_names(names) == [1995, 1995, 1996, 1996]


@pytest.mark.parametrize(
    ("names", "times"),
    [
        (["ndvi_1995_a.tif", "ndvi_1995_b.tif", "ndvi_1996_a.tif"], [1995, 1995, 1996]),
        (["2021_1995_a.tif", "2021_1995_b.tif", "2021_1996_a.tif"], [1995, 1995, 1996]),
        (["T53NMJ_20170105T013442_B04.jp2", "T53NMJ_20170105T013442_B08.jp2"],
         days("2017-01-05 2017-01-05")),
        (["LC08_127046_20130415_1995.tif", "LC08_127046_20130415_1996.tif"], [1995, 1996]),
        (["2001/ndvi_1995.tif", "2002/ndvi_1995.tif"], [1995, 1995]),
    ],
)  # fmt: skip
def test_names_that_differ_in_something_else(names, times):
    assert times_from_names(names) == times


def test_no_names():
    assert times_from_names([]) == []


@pytest.mark.parametrize(
    "name",
    [
        "ndvi.tif", "ndvi_95.tif", "ndvi_0012.tif", "ndvi_3005.tif", "ndvi_1799.tif",
        "ndvi_2200.tif", "scene_20150704.tif", "2001/ndvi.tif", "ndvi_2000m.tif", "v2000_ndvi.tif",
        "LT05_127046_T1.tif", "h08v05.006.tif",
    ],
)  # fmt: skip
def test_a_name_that_breaks_the_rule_is_named(name):
    said = refusal(["ndvi_1995.tif", "ndvi_1996.tif", name, "ndvi_1997.tif"])
    assert said.startswith(f"{name}: ")
    assert "YYYY fits 3 of 4 names" in said
    assert "--times FILE.csv" in said
    assert "--years" in said


def test_the_form_that_comes_closest_is_named():
    names = [f"scene_201507{day:02}.tif" for day in range(1, 21)]
    assert refusal([*names, "scene_20150732.tif"]) == (
        "scene_20150732.tif: no time in the name (YYYYMMDD fits 20 of 21 names, but not this one); "
        "say where it is with --date-regex, or give --times FILE.csv or --years FIRST:LAST"
    )


@pytest.mark.parametrize(
    "names",
    [
        ["0_NDVI", "1_NDVI"],
        ["h08v05.tif", "h09v05.tif"],
        ["LT05_127046.tif", "LT05_127047.tif"],
        ["ndvi-0000000000-0000023296.tif", "ndvi-0000000000-0000000000.tif"],
        ["id20161301.tif", "id20160230.tif"],
        ["MOD13Q1.h08v05.061.2021350002230.hdf", "MOD13Q1.h08v05.061.2021350002231.hdf"],
    ],
)
def test_names_without_a_time(names):
    said = refusal(names)
    assert said.startswith(names[0])
    assert "--years" in said


def test_a_date_regex_wins():
    names = ["LC08_127046_20130415_1995.tif", "LC08_127046_20130415_1996.tif"]
    assert times_from_names(names, date_regex=r"_(\d{4})\d{4}_") == [2013, 2013]


FORMS = [
    "%Y%m%d",
    "%Y_%m_%d",
    "%Y-%m-%d",
    "%Y.%m.%d",
    "%Y%j",
    "A%Y%j",
    "%Y_%j",
    "%Y-%j",
    "%Y.%j",
    "%Y%m%dT201530",
    "LT05_L2SP_127046_%Y%m%d_20200912_02_T1",
    "LC8127046%Y%jLGN01",
    "LC08047027%Y%m%d01T1-SC20190517105817",
    "LC08_127046_%Y%m%d",
    "%Y%m%dT013442_20190105T013443_T53NMJ",
    "T53NMJ_%Y%m%dT013442_B04",
    "S2A_MSIL1C_%Y%m%dT013442_N0204_R031_T53NMJ_20190105T013443",
    "S1A_IW_GRDH_1SDV_%Y%m%dT063752_20190105T013443_008247_00B9CD",
    "MOD13Q1.A%Y%j.h08v05.061.2021350002230",
    "X%Y.%m.%d",
]
dates = st.lists(
    st.dates(dt.date(1800, 1, 1), dt.date(2199, 12, 31)), min_size=1, max_size=8, unique=True
)
# Text without digits. An underscore is drawn with it where a letter would touch the time.
texts = st.text(st.characters(exclude_categories=["N", "C"], exclude_characters="/"), max_size=6)


@given(dates, st.sampled_from(FORMS), st.data())
def test_any_dates_in_any_form_are_exact(found, form, data):
    before = data.draw(texts)
    if form[0] != "%" or "NMJ" in form:  # an id stands apart from what is before it
        before += "_"
    after = data.draw(texts.map(lambda text: "_" + text))
    assume(not before.lower().endswith("v"))
    names = [before + date.strftime(form) + after + ".tif" for date in found]
    expected = [decimal_year(date.year, date.month, date.day) for date in found]
    assert times_from_names(names) == expected


@given(st.lists(st.integers(1800, 2199), min_size=1, unique=True), st.data())
def test_years_need_not_stand_in_names_that_are_alike(found, data):
    assume(not all(0 < year % 100 <= 36 for year in found))  # 1805 could be May 2018
    names = [
        data.draw(texts.map(lambda text: text + "_"))
        + str(year)
        + data.draw(texts.map("_".__add__))
        for year in found
    ]
    assert times_from_names(names) == found


@given(dates, st.sampled_from(FORMS), st.randoms(use_true_random=False))
def test_the_order_of_names_does_not_matter(found, form, random):
    names = [f"ndvi_{date.strftime(form)}.tif" for date in found]
    times = dict(zip(names, times_from_names(names), strict=True))
    shuffled = random.sample(names, len(names))
    assert times_from_names(shuffled) == [times[name] for name in shuffled]


@given(
    dates.filter(lambda found: len(found) > 1),
    st.sampled_from(FORMS),
    st.from_regex(r"[0-9]{1,14}", fullmatch=True) | st.integers(1800, 2199).map(str),
    st.booleans(),
)
def test_a_constant_number_elsewhere_does_not_matter(found, form, number, first):
    pattern = f"x{number}x {{}}.tif" if first else f"{{}} x{number}x.tif"
    names = [pattern.format(date.strftime(form)) for date in found]
    expected = [decimal_year(date.year, date.month, date.day) for date in found]
    assert times_from_names(names) == expected


def test_long_names_do_not_take_long():
    for name in ("1_" * 127, "19" * 127, "S2A_OPER_" * 28, "A" * 255, "A." * 127, "1995-" * 51):
        for suffix in ("", "x"):
            try:
                times_from_names([name + suffix, suffix + name + "."])
            except InputError:
                continue
