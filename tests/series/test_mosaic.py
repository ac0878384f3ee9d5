"""Mosaics: the tiles of one time are one raster, as if nobody had cut it."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from earth_engine import GEOTRANSFORM, shift, write_shards
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import read, refuses

import pixeltrend
from pixeltrend.errors import ArgumentError, InputError
from pixeltrend.raster.windows import Window

TILED = ["TILED=YES", "BLOCKXSIZE=16", "BLOCKYSIZE=16"]
YEARS = range(2000, 2004)
CUTS = {"h08v05": (0, 32, 0, 16), "h09v05": (0, 32, 16, 53), "h08v06": (32, 75, 0, 16),
        "h09v06": (32, 75, 16, 53)}  # fmt: skip


def refusal(patterns, **options):
    """Give all that is said about inputs that are refused."""
    with pytest.raises(InputError) as caught:
        pixeltrend.open_series(patterns, **options)
    return "\n".join([caught.value.problem, *caught.value.others])


@pytest.fixture
def values(make_values):
    """Four years of 75 x 53 pixels: no multiple of a block."""
    return make_values(len(YEARS), 75, 53, gaps=0.1)


@pytest.fixture
def write_tile(tmp_path, write_raster):
    """Write rows and columns of a year under a name."""

    def write(name, layer, top, bottom, left, right, **settings):
        settings.setdefault("geotransform", shift(GEOTRANSFORM, top, left))
        part = np.ascontiguousarray(layer[..., top:bottom, left:right])
        return write_raster(tmp_path / "tiles" / name, part, **settings)

    (tmp_path / "tiles").mkdir()
    return write


@pytest.fixture
def tiles(tmp_path, values, write_tile):
    """Four years in four tiles each."""
    for year, layer in zip(YEARS, values, strict=True):
        for name, box in CUTS.items():
            write_tile(f"MOD13Q1.A{year}001.{name}.061.tif", layer, *box, options=TILED)
    return tmp_path / "tiles"


RUNS = [
    {},
    {"workers": 2},
    {"workers": 2, "memory": 4 * 16 * 16 * 4},
    {"workers": 1, "memory": 100},
    {"window": (20, 10, 30, 40)},
    {"workers": 2, "memory": 1000, "window": (31, 15, 3, 35)},
]


@pytest.mark.parametrize("run", RUNS, ids=str)
def test_tiles_give_the_pixels_of_the_whole(tmp_path, write_stack, read_raster, values, tiles, run):
    write_stack(tmp_path / "whole", values, YEARS, options=TILED)
    stats = "slope,pvalue,n_valid"
    of_whole, of_tiles = tmp_path / "of_whole.tif", tmp_path / "of_tiles.tif"
    window = {name: run[name] for name in run if name == "window"}
    pixeltrend.slope(tmp_path / "whole", of_whole, stats=stats, workers=1, **window)
    done = pixeltrend.slope(tiles, of_tiles, stats=stats, mosaic=True, **run)
    assert done.warnings == ()
    for band in (1, 2, 3):
        np.testing.assert_array_equal(read_raster(of_tiles, band), read_raster(of_whole, band))


@pytest.mark.parametrize(
    "names",
    [
        ("ndvi_{}_north", "ndvi_{}_south"),
        ("L2A_T32TPS_{}0703", "L2A_T33TUM_{}0703"),
        ("LC08_193027_{}0512_x", "LC08_193028_{}0512_x"),
        ("gfc_{}_40N_100W", "gfc_{}_30N_100W"),
        ("N40E010_{}", "N39E010_{}"),
        ("north/ndvi_{}", "south/ndvi_{}"),
    ],
    ids=lambda names: names[0],
)
def test_names_of_tiles(tmp_path, write_tile, values, names):
    for year, layer in zip(YEARS, values, strict=True):
        for name, rows in zip(names, ((0, 40), (40, 75)), strict=True):
            path = tmp_path / "tiles" / f"{name.format(year)}.tif"
            path.parent.mkdir(exist_ok=True)
            write_tile(path, layer, *rows, 0, 53)
    pattern = str(tmp_path / "tiles" / "**" / "*.tif")
    assert "--mosaic" in refusal(pattern)
    np.testing.assert_array_equal(read(pattern, mosaic=True), values)


def test_a_tile_may_be_in_shards(tmp_path, write_raster, write_tile, values):
    for year, layer in zip(YEARS, values, strict=True):
        write_shards(write_raster, tmp_path / "tiles" / f"a_{year}", layer[:40], [16], [20])
        write_tile(f"b_{year}.tif", layer, 40, 75, 0, 53)
    np.testing.assert_array_equal(read(tmp_path / "tiles", mosaic=True), values)


def test_tiles_whose_bands_are_times(tmp_path, write_tile, values):
    names = [f"{year}_NDVI" for year in YEARS]
    write_tile("north.tif", values, 0, 40, 0, 53, descriptions=names)
    write_tile("south.tif", values[::-1], 30, 75, 0, 53, descriptions=names[::-1])
    found = read(tmp_path / "tiles", mosaic=True, bands_are_times=True)
    np.testing.assert_array_equal(found, values)


# Overlaps


@st.composite
def overlapping(draw):
    """A raster's size, and the rows and columns of some tiles of it."""
    height, width = draw(st.integers(2, 16)), draw(st.integers(2, 16))
    boxes = []
    for _ in range(draw(st.integers(1, 5))):
        top, left = draw(st.integers(0, height - 1)), draw(st.integers(0, width - 1))
        bottom, right = draw(st.integers(top + 1, height)), draw(st.integers(left + 1, width))
        boxes.append((top, bottom, left, right))
    return height, width, list(dict.fromkeys(boxes))


@settings(max_examples=60)
@given(drawn=overlapping(), data=st.data())
def test_the_first_valid_pixel_by_name_counts(tmp_path_factory, write_raster, drawn, data):
    height, width, boxes = drawn
    folder = tmp_path_factory.mktemp("overlapping")
    rng = np.random.default_rng(len(boxes))
    expected = np.full((3, height, width), np.nan, np.float32)
    whole = rng.random((height, width), np.float32)
    write_raster(folder / "a_2000.tif", whole)
    expected[0] = whole
    for year in (1, 2):
        for letter, (top, bottom, left, right) in zip("abcdef", boxes, strict=False):
            pixels = rng.random((bottom - top, right - left), np.float32)
            pixels[rng.random(pixels.shape) < 0.4] = np.nan
            corner = shift(GEOTRANSFORM, top, left)
            write_raster(folder / f"{letter}_{2000 + year}.tif", pixels, geotransform=corner)
            part = expected[year, top:bottom, left:right]
            part[...] = np.where(np.isnan(part), pixels, part)
    np.testing.assert_array_equal(read(folder, mosaic=True), expected)
    top, left = data.draw(st.integers(0, height - 1)), data.draw(st.integers(0, width - 1))
    bottom = data.draw(st.integers(top + 1, height))
    right = data.draw(st.integers(left + 1, width))
    part = read(folder, Window(top, left, bottom - top, right - left), mosaic=True)
    np.testing.assert_array_equal(part, expected[:, top:bottom, left:right])
    shutil.rmtree(folder)


@pytest.fixture
def overlap(tmp_path, write_tile):
    """Two tiles a year of which the middle column is in both."""
    for year in (2000, 2001):
        a, b = np.full((1, 2), year - 1999.0), np.full((1, 2), 5.0)
        write_tile(f"a_{year}.tif", a.astype(np.float32), 0, 1, 0, 2)
        there = shift(GEOTRANSFORM, 0, 1)
        write_tile(f"b_{year}.tif", b.astype(np.float32), 0, 1, 0, 2, geotransform=there)
    return tmp_path / "tiles"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, [1, 1, 0]),
        ({"duplicates": "last"}, [1, 0, 0]),
        ({"duplicates": "mean"}, [1, 0.5, 0]),
        ({"composite": "max"}, [1, 0, 0]),
        ({"composite": "sum"}, [1, 1, 0]),
        ({"composite": "count"}, [0, 0, 0]),
    ],
    ids=str,
)
def test_how_overlaps_are_combined(tmp_path, read_raster, overlap, options, expected):
    done = pixeltrend.slope(overlap, tmp_path / "trend.tif", mosaic=True, workers=1, **options)
    assert not any("tile" in text for text in done.warnings)
    np.testing.assert_allclose(read_raster(tmp_path / "trend.tif"), [expected])
    if "composite" in options:  # both tiles are scenes
        np.testing.assert_array_equal(read_raster(tmp_path / "trend.tif", 2), [[1, 2, 1]])


# Absent tiles


def test_a_tile_that_some_years_lack_is_a_gap(tiles, values):
    (tiles / "MOD13Q1.A2002001.h09v05.061.tif").unlink()
    expected = values.copy()
    expected[2, :32, 16:] = np.nan
    np.testing.assert_array_equal(read(tiles, mosaic=True), expected)
    (warning,) = pixeltrend.open_series(tiles, mosaic=True).warnings
    assert (
        "A2002001.h08v05.061.tif: no tile covers all of rows 0 to 31, columns 16 to 52" in warning
    )


def test_a_tile_that_the_first_year_lacks(tiles, values):
    (tiles / "MOD13Q1.A2000001.h08v05.061.tif").unlink()
    (tiles / "MOD13Q1.A2000001.h08v06.061.tif").unlink()
    expected = values.copy()
    expected[0, :, :16] = np.nan
    np.testing.assert_array_equal(read(tiles, mosaic=True), expected)
    in_all = read(tiles, mosaic=True, extent="intersection")
    np.testing.assert_array_equal(in_all, values[:, :, 16:])


def test_a_tile_that_all_years_lack_is_no_news(tiles):
    for path in tiles.glob("*h08v06*"):
        path.unlink()
    assert pixeltrend.open_series(tiles, mosaic=True).warnings == ()


# Refused


def test_two_of_the_same_pixels_are_no_tiles(tiles, values, write_tile):
    write_tile("MYD13Q1.A2001001.h08v05.061.tif", values[0], 0, 32, 0, 16)
    said = refusal(tiles, mosaic=True)
    assert "2001" in said
    assert "cover the same pixels" in said
    assert "--duplicates" in said
    assert len(pixeltrend.open_series(tiles, mosaic=True, duplicates="mean").times) == 17


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"crs": "EPSG:32632"}, "32632"),
        ({"geotransform": shift(GEOTRANSFORM, 0.5, 16)}, "2329985.0"),
        ({"geotransform": (578_000.0, 10.0, 0.0, 2_330_000.0, 0.0, -10.0)}, "10.0"),
    ],
)
def test_tiles_of_other_grids(tiles, values, write_tile, settings, said):
    write_tile("MOD13Q1.A2001001.h10v05.061.tif", values[0], 0, 32, 16, 53, **settings)
    refused = refusal(tiles, mosaic=True)
    assert "h10v05" in refused
    assert said in refused
    assert "gdalwarp" in refused


def test_all_of_one_time(tiles):
    assert "are tiles of 2000" in refusal(str(tiles / "*A2000*"), mosaic=True)


def test_align_is_another_thing(tiles):
    with pytest.raises(ArgumentError, match="gdalwarp"):
        pixeltrend.open_series(tiles, mosaic=True, align="nearest")


def test_rasters_of_one_extent_are_not_called_tiles(tmp_path, write_raster):
    for name in ("x_2001_dry", "x_2001_old"):
        write_raster(tmp_path / f"{name}.tif", np.zeros((3, 4), np.float32))
    assert "--mosaic" not in refusal(tmp_path)


# On the command line


def test_check_and_update(run_cli, tiles):
    refuses(run_cli("check", "tiles"), 3, "two tiles, h08v05 and h08v06", "--mosaic")
    done = run_cli("check", "tiles", "--mosaic", "--full")
    assert (done.returncode, done.stderr) == (0, "")
    assert "MOD13Q1.A2000001.h08v05.061.tif and others (4 tiles)" in done.stdout
    assert "53 x 75" in done.stdout
    slope = ["slope", "tiles", "-o", "trend.tif", "--mosaic", "--update"]
    assert run_cli(*slope).returncode == 0
    assert "up to date" in run_cli(*slope).stderr
    verified = run_cli("check", "trend.tif", "--verify", "--full")
    assert verified.returncode == 0
    assert "of 16 rasters" in verified.stdout
    for tile in tiles.glob("*A2003*h08v05*"):
        tile.unlink()
    assert "not up to date: " in run_cli(*slope).stderr
