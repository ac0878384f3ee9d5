"""Series: which files, in which order, and what is refused before a pixel is read."""

from __future__ import annotations

import os
import re
from pathlib import Path

import numpy as np
import pytest
from osgeo import gdal

import pixeltrend
from pixeltrend.errors import ArgumentError, InputError
from pixeltrend.series.opening import open_series
from pixeltrend.series.patterns import find_inputs

PIXELS = np.arange(12, dtype=np.float32).reshape(3, 4)


@pytest.fixture
def touch(tmp_path, monkeypatch):
    """Make empty files in `tmp_path`, which is the current folder."""
    monkeypatch.chdir(tmp_path)

    def make(*names):
        for name in names:
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()

    return make


def names_of(series):
    return [os.path.basename(source.path) for source in series.sources]


# What a pattern finds


@pytest.mark.parametrize(
    ("patterns", "found"),
    [
        ("*.tif", ["a.tif", "b.tif"]),
        (["*.tif", "*.tiff"], ["a.tif", "b.tif", "c.tiff"]),
        ("**/*.tif", ["a.tif", "b.tif", "deep/e.tif", "deep/er/f.tif"]),
        ("deep/**/*.tif", ["deep/e.tif", "deep/er/f.tif"]),
        ("deep", ["deep/e.TIFF", "deep/e.tif"]),
        ("deep/", ["deep/e.TIFF", "deep/e.tif"]),
        (["b.tif", "a.tif"], ["a.tif", "b.tif"]),
        ("[ab].tif", ["a.tif", "b.tif"]),
        (["a.tif", "*.tif", "./a.tif"], ["a.tif", "b.tif"]),
        (["a.tif", "deep", "deep/e.tif"], ["a.tif", "deep/e.TIFF", "deep/e.tif"]),
    ],
)
def test_patterns(touch, patterns, found):
    touch("a.tif", "b.tif", "c.tiff", "d.txt", "deep/e.tif", "deep/e.TIFF", "deep/er/f.tif")
    assert [os.path.normpath(path) for path in find_inputs(patterns)] == found


def test_paths_as_objects(touch, tmp_path):
    touch("a.tif", "b.tif")
    assert find_inputs(tmp_path / "a.tif") == [str(tmp_path / "a.tif")]
    assert find_inputs([tmp_path]) == [str(tmp_path / "a.tif"), str(tmp_path / "b.tif")]


@pytest.mark.parametrize("name", ["ndvi[1].tif", "ndvi (1)?.tif", "été 1.tif", "*.tif"])
def test_a_file_is_taken_by_its_name_whatever_is_in_it(touch, name):
    touch(name, "ndvi1.tif")
    assert find_inputs([name]) == [name]


def test_a_folder_with_brackets(touch):
    touch("run [2]/a.tif", "run 2/b.tif")
    assert find_inputs(["run [2]"]) == [os.path.join("run [2]", "a.tif")]


def test_home_folder(touch, tmp_path, monkeypatch):
    touch("a.tif")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert find_inputs("~/*.tif") == [str(tmp_path / "a.tif")]


@pytest.mark.parametrize("pattern", ["*", "*.tif*", "."])
def test_what_lies_beside_rasters_is_left_out(touch, pattern):
    touch("a.tif", "a.tif.aux.xml", "a.tif.ovr", "a.tif.msk", "a.tfw", "a.TFW", "a.prj", "a.wld")
    assert [os.path.normpath(path) for path in find_inputs(pattern)] == ["a.tif"]


@pytest.mark.parametrize("pattern", ["*.tif", "**/*.tif", "."])
def test_hidden_files_are_left_out(touch, pattern):
    touch("a.tif", ".b.tif", ".hidden/c.tif", "._a.tif")
    assert [os.path.normpath(path) for path in find_inputs(pattern)] == ["a.tif"]


@pytest.mark.parametrize(
    "pattern", ["nothing*.tif", "a_2000.tif", "empty", "none/*.tif", "**/*.jp2"]
)
def test_nothing_found_is_refused_with_the_pattern(touch, pattern):
    touch("a.tif", "empty/readme.txt")
    with pytest.raises(InputError, match=re.escape(pattern)):
        find_inputs(["a.tif", pattern])


def test_no_patterns_at_all():
    with pytest.raises(InputError):
        find_inputs([])


@pytest.fixture
def with_trend(tmp_path, monkeypatch, write_stack):
    """Three years in the current folder, and their trend among them, under two names."""
    monkeypatch.chdir(tmp_path)
    write_stack(tmp_path, np.stack([PIXELS] * 3))
    pixeltrend.slope("ndvi_*.tif", "trend.tif")
    (tmp_path / "link.tif").symlink_to("trend.tif")
    (tmp_path / "alias").symlink_to(".")
    return [f"ndvi_{year}.tif" for year in (2000, 2001, 2002)]


@pytest.mark.parametrize(
    "output", ["trend.tif", "./trend.tif", "alias/./trend.tif", "link.tif", "alias/trend.tif"]
)
def test_output_is_not_an_input(with_trend, tmp_path, output):
    for path in (output, os.path.join(tmp_path, output), Path(output)):
        assert names_of(open_series("[a-t]*.tif", output=path)) == with_trend
    assert names_of(open_series([*with_trend, "trend.tif"], output=output)) == with_trend


def test_nothing_but_the_output_is_refused(touch):
    touch("trend.tif")
    with pytest.raises(InputError, match="nothing but the output"):
        open_series("*.tif", output="trend.tif")


# Order and time


class ReversedScan:
    """`os.scandir` of a file system that lists the other way round."""

    def __init__(self, scan, path):
        with scan(path) as entries:
            self.entries = sorted(entries, key=lambda entry: entry.name, reverse=True)

    def __enter__(self):
        return iter(self.entries)

    def __exit__(self, *_):
        return None


@pytest.fixture(params=["as it comes", "reversed"])
def file_system(request, monkeypatch):
    """File systems that list folders in different orders."""
    if request.param == "reversed":
        scan, listdir = os.scandir, os.listdir
        monkeypatch.setattr(os, "scandir", lambda path=".": ReversedScan(scan, path))
        monkeypatch.setattr(os, "listdir", lambda path=".": sorted(listdir(path), reverse=True))


@pytest.mark.usefixtures("file_system")
@pytest.mark.parametrize("pattern", ["", "*.tif", "**/*.tif"])
def test_order_is_that_of_time(tmp_path, write_stack, pattern):
    years = [2003, 2001, 2010, 1999]
    write_stack(tmp_path, np.stack([PIXELS] * 4), years, name="{}_ndvi.tif")
    series = open_series(os.path.join(tmp_path, pattern))
    assert series.times.tolist() == sorted(years)
    assert names_of(series) == [f"{year}_ndvi.tif" for year in sorted(years)]


def test_order_of_the_patterns_does_not_matter(tmp_path, write_stack):
    paths = write_stack(tmp_path, np.stack([PIXELS] * 6))
    shuffled = [paths[place] for place in (3, 0, 5, 1, 4, 2)]
    assert names_of(open_series(shuffled)) == names_of(open_series(paths))


@pytest.mark.usefixtures("file_system")
def test_a_link_to_another_year_does_not_depend_on_the_file_system(tmp_path, write_raster):
    for year in (2000, 2001):
        write_raster(tmp_path / f"ndvi_{year}.tif", PIXELS)
    (tmp_path / "ndvi_2002.tif").symlink_to("ndvi_2000.tif")
    series = open_series(tmp_path / "*.tif")
    assert series.times.tolist() in ([2000, 2001], [2000, 2001, 2002])


def test_times_are_decimal_years(tmp_path, write_stack):
    write_stack(
        tmp_path, np.stack([PIXELS] * 3), ["20160101", "20160701", "20150701"], name="{}.tif"
    )
    regex = r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)"
    series = open_series(tmp_path, date_regex=regex)
    np.testing.assert_allclose(series.times, [2015 + 181 / 365, 2016, 2016 + 182 / 366], rtol=1e-15)
    assert series.times.dtype == np.float64


def test_years_are_given_in_order_of_the_numbers_in_names(tmp_path, write_stack):
    write_stack(tmp_path, np.stack([PIXELS] * 11), range(1, 12), name="img_{}.tif")
    series = open_series(tmp_path, years="1995:2005")
    assert series.times.tolist() == list(range(1995, 2006))
    assert names_of(series) == [f"img_{number}.tif" for number in range(1, 12)]


@pytest.mark.parametrize("years", ["2000:2001", "2000:2003"])
def test_wrong_count_of_years_is_refused(tmp_path, write_stack, years):
    write_stack(tmp_path, np.stack([PIXELS] * 3), ["a", "b", "c"])
    with pytest.raises(InputError, match="3"):
        open_series(tmp_path, years=years)


def test_years_and_date_regex_together_are_refused(stack):
    with pytest.raises(ArgumentError):
        open_series(stack, years="2000:2004", date_regex=r"(\d{4})")


def test_two_files_of_one_time_are_named(tmp_path, write_stack):
    write_stack(tmp_path, np.stack([PIXELS] * 2), name="ndvi_{}.tif")
    write_stack(tmp_path, PIXELS[None], [2001], name="evi_{}.tif")
    with pytest.raises(InputError, match="2001") as refused:
        open_series(tmp_path)
    assert "ndvi_2001.tif" in str(refused.value)
    assert "evi_2001.tif" in str(refused.value)


def test_one_time_is_too_few(tmp_path, write_stack):
    write_stack(tmp_path, PIXELS[None], [2001])
    with pytest.raises(InputError, match=r"two.*ndvi_2001\.tif"):
        open_series(tmp_path)


def test_two_times_are_enough(tmp_path, write_stack):
    write_stack(tmp_path, np.stack([PIXELS] * 2), [2001, 2009])
    assert open_series(tmp_path).times.tolist() == [2001, 2009]


# One grid


@pytest.mark.parametrize(
    ("change", "values"),
    [
        ({"values": np.zeros((4, 4), np.float32)}, ("4 x 4 pixels", "4 x 3 pixels")),
        ({"geotransform": (578_030.0, 30, 0, 2_330_000.0, 0, -30)}, ("578030", "578000")),
        ({"geotransform": (578_000.0, 30, 0, 2_330_015.0, 0, -30)}, ("2330015", "2330000")),
        ({"geotransform": (578_000.0, 60, 0, 2_330_000.0, 0, -60)}, ("60", "30")),
        ({"geotransform": None}, ("no georeference", "578000")),
        ({"crs": "EPSG:32649"}, ("zone 49N", "zone 48N")),
        ({"crs": "EPSG:4326"}, ("WGS 84", "zone 48N")),
        ({"crs": ""}, ("no CRS", "zone 48N")),
    ],
    ids=[
        "size",
        "a pixel east",
        "half a pixel north",
        "pixel size",
        "none",
        "zone",
        "crs",
        "no crs",
    ],
)
def test_another_grid_is_refused_with_both_files_and_both_values(
    tmp_path, write_stack, write_raster, change, values
):
    write_stack(tmp_path, np.stack([PIXELS] * 3))
    write_raster(tmp_path / "ndvi_2003.tif", **({"values": PIXELS} | change))
    with pytest.raises(InputError) as refused:
        open_series(tmp_path)
    assert re.search(
        rf"ndvi_2003\.tif: .*{values[0]}.* but .*ndvi_2000\.tif has .*{values[1]}",
        str(refused.value),
    )
    assert "\n" not in str(refused.value)


def test_jitter_of_exports_is_accepted(tmp_path, write_raster):
    modis = (-7_783_653.637667, 463.312716528, 0.0, 2_223_901.039333, 0.0, -463.312716527917)
    for year, jitter in zip(range(2000, 2003), (0.0, 1e-6, -1e-6), strict=True):
        geotransform = [number + jitter * bool(number) for number in modis]
        write_raster(tmp_path / f"ndvi_{year}.tif", PIXELS, geotransform=geotransform)
    series = open_series(tmp_path)
    assert series.grid.geotransform == pytest.approx(modis, abs=1e-9)


def test_grid_is_that_of_the_inputs(stack):
    grid = open_series(stack).grid
    assert (grid.width, grid.height) == (8, 6)
    assert grid.geotransform == (578_000, 30, 0, 2_330_000, 0, -30)
    assert "zone 48N" in grid.crs


# Bands


@pytest.fixture
def two_bands(tmp_path, write_stack):
    write_stack(tmp_path, np.stack([[PIXELS, PIXELS]] * 2), descriptions=["red", "NIR"])
    return tmp_path


@pytest.mark.parametrize(("band", "number"), [(1, 1), (2, 2), ("2", 2), ("red", 1), ("NIR", 2)])
def test_band(two_bands, band, number):
    series = open_series(two_bands, band=band)
    assert [source.band for source in series.sources] == [number, number]
    assert series.warnings == ()


def test_band_is_found_by_description_in_each_file(two_bands, write_raster):
    write_raster(two_bands / "ndvi_2002.tif", [PIXELS, PIXELS], descriptions=["NIR", "red"])
    assert [source.band for source in open_series(two_bands, band="NIR").sources] == [2, 2, 1]


@pytest.mark.parametrize("band", [0, 3, -1, "3", "nir", "SWIR"])
def test_missing_band_is_refused(two_bands, band):
    with pytest.raises(InputError, match=rf"ndvi_2000\.tif.*{band}"):
        open_series(two_bands, band=band)


def test_missing_description_lists_those_there_are(two_bands):
    with pytest.raises(InputError, match=r"red.*NIR"):
        open_series(two_bands, band="SWIR")


def test_description_of_two_bands_is_refused(tmp_path, write_stack):
    write_stack(tmp_path, np.stack([[PIXELS, PIXELS]] * 2), descriptions=["red", "red"])
    with pytest.raises(InputError, match="red"):
        open_series(tmp_path, band="red")


def test_first_of_several_bands_is_used_with_a_warning(two_bands):
    series = open_series(two_bands)
    assert [source.band for source in series.sources] == [1, 1]
    assert any("--band" in warning for warning in series.warnings)


# What is no raster, or none with a trend


@pytest.mark.parametrize(
    "text", ["", "not a raster", '<VRTDataset rasterXSize="4" rasterYSize="3"></VRTDataset>']
)
def test_no_raster_is_refused_by_name(tmp_path, write_stack, text):
    write_stack(tmp_path, np.stack([PIXELS] * 2))
    (tmp_path / "ndvi_2002.tif").write_text(text)
    with pytest.raises(InputError, match=r"ndvi_2002\.tif"):
        open_series(tmp_path)


def test_a_vrt_reads_no_other_file_under_a_name_of_a_tiff(tmp_path, stack):
    gdal.GetDriverByName("VRT").CreateCopy(str(tmp_path / "x.vrt"), gdal.Open(str(stack[0])))
    (tmp_path / "x.vrt").rename(tmp_path / "ndvi_2005.tif")
    with pytest.raises(InputError, match=r"ndvi_2005\.tif"):
        open_series(tmp_path)


def test_complex_numbers_have_no_trend(tmp_path, write_stack):
    write_stack(tmp_path, np.stack([PIXELS] * 2).astype(np.complex64))
    with pytest.raises(InputError, match=r"ndvi_2000\.tif"):
        open_series(tmp_path)


# What the series tells


def test_nodata_that_the_type_cannot_hold_is_warned_of(tmp_path, write_stack):
    write_stack(tmp_path, np.ones((2, 3, 4), np.uint8))
    series = open_series(tmp_path, nodata=-9999)
    assert any("-9999" in warning for warning in series.warnings)


def test_unit_is_the_one_they_share(tmp_path, write_stack, write_raster):
    write_stack(tmp_path, np.stack([PIXELS] * 2), unit="K")
    assert open_series(tmp_path).unit == "K"
    write_raster(tmp_path / "ndvi_2002.tif", PIXELS, unit="degC")
    assert open_series(tmp_path).unit == ""


@pytest.mark.parametrize(
    ("dtype", "exact"),
    [("uint8", "f4"), ("int16", "f4"), ("float32", "f4"), ("int32", "f8"), ("float64", "f8")],
)
def test_values_are_held_exactly(tmp_path, write_stack, dtype, exact):
    write_stack(tmp_path, np.stack([PIXELS] * 2).astype(dtype))
    assert open_series(tmp_path).dtype == np.dtype(exact)


def test_blocks_of_all_files_fit_into_the_common_one(tmp_path, write_raster):
    pixels = np.zeros((100, 90), np.float32)
    tiled = ["TILED=YES", "BLOCKXSIZE=32", "BLOCKYSIZE=16"]
    write_raster(tmp_path / "a_2000.tif", pixels, options=tiled)
    write_raster(tmp_path / "a_2001.tif", pixels, options=["BLOCKYSIZE=12"])
    assert open_series(tmp_path).block == (48, 90)


def test_opening_leaves_the_folder_as_it_was(stack, tmp_path):
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    open_series(tmp_path)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before
