"""Shards: the files of one export are one raster, and what they do not cover is missing."""

from __future__ import annotations

import re
import shutil

import numpy as np
import pytest
from earth_engine import GEOTRANSFORM, shard_name, shift, write_shards
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import read
from strategies import cuts

import pixeltrend
from pixeltrend.errors import InputError
from pixeltrend.raster.windows import Window

TILED = ["TILED=YES", "BLOCKXSIZE=16", "BLOCKYSIZE=16"]
YEARS = range(2000, 2004)


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
def write_year(tmp_path, write_raster):
    """Write one year's shards."""

    def write(year, layer, row_cuts=(32,), column_cuts=(16, 48), **kwargs):
        prefix = tmp_path / "shards" / f"ndvi_{year}"
        return write_shards(write_raster, prefix, layer, row_cuts, column_cuts, **kwargs)

    return write


@pytest.fixture
def shards(tmp_path, values, write_year):
    """Four years in six shards each."""
    for year, layer in zip(YEARS, values, strict=True):
        write_year(year, layer, options=TILED)
    return tmp_path / "shards"


# The same as the whole


RUNS = [
    {},
    {"workers": 2},
    {"workers": 2, "memory": 4 * 16 * 16 * 4},
    {"workers": 1, "memory": 100},
    {"window": (20, 10, 30, 40)},
    {"workers": 2, "memory": 1000, "window": (31, 15, 3, 35)},
]


@pytest.mark.parametrize("run", RUNS, ids=str)
def test_shards_give_the_bytes_of_the_whole(tmp_path, write_stack, values, shards, run):
    write_stack(tmp_path / "whole", values, YEARS, options=TILED)
    stats = "slope,pvalue,n_valid"
    of_whole, of_shards = tmp_path / "of_whole.tif", tmp_path / "of_shards.tif"
    window = {name: run[name] for name in run if name == "window"}
    pixeltrend.slope(tmp_path / "whole", of_whole, stats=stats, workers=1, **window)
    done = pixeltrend.slope(shards, of_shards, stats=stats, **run)
    assert done.warnings == ()
    assert of_shards.read_bytes() == of_whole.read_bytes()


@pytest.mark.usefixtures("shards")
def test_shards_on_the_command_line(run_cli, read_raster, tmp_path, write_stack, values):
    write_stack(tmp_path / "whole", values, YEARS)
    assert run_cli("slope", "whole/*.tif", "-o", "of_whole.tif", "-q").returncode == 0
    done = run_cli("slope", "shards/*.tif", "-o", "of_shards.tif")
    assert done.returncode == 0
    assert "4 times from 2000 to 2003" in done.stderr
    assert "Warning" not in done.stderr
    np.testing.assert_array_equal(
        read_raster(tmp_path / "of_shards.tif"), read_raster(tmp_path / "of_whole.tif")
    )


@pytest.mark.parametrize("name", ["{}_ndvi", "ndvi_{}", "LT05-ndvi-{}", "{}"])
def test_prefixes(tmp_path, write_raster, make_values, name):
    values = make_values(2, 8, 9)
    for year, layer in zip((2000, 2001), values, strict=True):
        write_shards(write_raster, tmp_path / name.format(year), layer, [5], [4])
    series = pixeltrend.open_series(tmp_path)
    assert series.times.tolist() == [2000, 2001]
    assert [len(source.tiles) for source in series.sources] == [4, 4]
    np.testing.assert_array_equal(read(tmp_path), values)


def test_each_year_is_cut_in_its_own_way(tmp_path, write_year, write_raster, values):
    write_year(2000, values[0], [], [])
    write_year(2001, values[1], [40], [])
    write_year(2002, values[2], [16, 32, 64], [7], options=TILED)
    write_raster(tmp_path / "shards" / "ndvi_2003.tif", values[3])
    np.testing.assert_array_equal(read(tmp_path / "shards"), values)


def test_years_in_folders_of_their_own(tmp_path, write_raster, values):
    for year, layer in zip(YEARS, values, strict=True):
        prefix = tmp_path / "by_year" / str(year) / f"ndvi_{year}"
        write_shards(write_raster, prefix, layer, [32], [])
    np.testing.assert_array_equal(read(str(tmp_path / "by_year" / "**" / "*.tif")), values)


def test_years_option_counts_exports_not_files(tmp_path, write_raster, values):
    for letter, layer in zip("abcd", values, strict=True):
        write_shards(write_raster, tmp_path / f"ndvi_{letter}", layer, [32], [16])
    series = pixeltrend.open_series(tmp_path, years="1990:1996:2")
    assert series.times.tolist() == [1990, 1992, 1994, 1996]


def test_a_band_by_its_name(tmp_path, write_raster, values):
    both = np.stack([values, values * 2], axis=1)
    for year, layers in zip(YEARS, both, strict=True):
        prefix = tmp_path / f"ndvi_{year}"
        write_shards(write_raster, prefix, layers, [32], [], descriptions=["NDVI", "EVI"])
    np.testing.assert_array_equal(read(tmp_path, band="EVI"), values * 2)


def test_nodata_and_scale_of_each_shard(tmp_path, write_raster):
    pixels = np.array([[1, 2, 0, -1]], np.int16)
    for year in (2000, 2001):
        left, right = pixels[:, :2].copy(), pixels[:, 2:].copy()
        prefix = f"ndvi_{year}"
        write_raster(tmp_path / shard_name(prefix, 0, 0), left, nodata=1, scale=10)
        there = shift(GEOTRANSFORM, 0, 2)
        name = shard_name(prefix, 0, 2)
        write_raster(tmp_path / name, right, geotransform=there, nodata=-1, scale=10)
    np.testing.assert_array_equal(read(tmp_path), [[[np.nan, 20, 0, np.nan]]] * 2)


def test_a_shard_with_rotated_pixels(tmp_path, write_raster, values):
    rotated = (578_000.0, 21.0, 21.0, 2_330_000.0, 21.0, -21.0)
    for year, layer in zip(YEARS, values, strict=True):
        prefix = tmp_path / f"ndvi_{year}"
        write_shards(write_raster, prefix, layer, [30], [20], geotransform=rotated)
    np.testing.assert_array_equal(read(tmp_path), values)


@st.composite
def tilings(draw):
    """A raster's size, and for each of two years where it is cut and which shards are absent."""
    height, width = draw(st.integers(2, 20)), draw(st.integers(2, 20))
    years = []
    for _ in range(2):
        if draw(st.booleans()):
            years.append((draw(cuts(height)), draw(cuts(width)), []))
            continue
        rows, columns = (  # as Earth Engine does
            list(range(size, length, size))
            for length in (height, width)
            for size in [draw(st.integers(max(1, length // 4), length))]
        )
        corners = [(row, column) for row in [0, *rows] for column in [0, *columns]]
        absent = draw(st.lists(st.sampled_from(corners), unique=True, max_size=len(corners) - 1))
        years.append((rows, columns, absent))
    return height, width, years


@settings(max_examples=60)
@given(tiling=tilings(), data=st.data())
def test_any_tiling_is_the_whole_with_holes(tmp_path_factory, write_raster, tiling, data):
    height, width, years = tiling
    folder = tmp_path_factory.mktemp("tiling")
    pixels = np.arange(3 * height * width, dtype=np.float32).reshape(3, height, width)
    expected = pixels.copy()
    for year, layer, (rows, columns, absent) in zip((2001, 2002), expected[1:], years, strict=True):
        write_shards(write_raster, folder / f"ndvi_{year}", layer, rows, columns, absent=absent)
        for top, left in absent:
            bottom = min([*[cut for cut in rows if cut > top], height])
            right = min([*[cut for cut in columns if cut > left], width])
            layer[top:bottom, left:right] = np.nan
    write_raster(folder / "ndvi_2000.tif", pixels[0])
    np.testing.assert_array_equal(read(folder), expected)
    top, left = data.draw(st.integers(0, height - 1)), data.draw(st.integers(0, width - 1))
    bottom = data.draw(st.integers(top + 1, height))
    right = data.draw(st.integers(left + 1, width))
    part = read(folder, Window(top, left, bottom - top, right - left))
    np.testing.assert_array_equal(part, expected[:, top:bottom, left:right])
    shutil.rmtree(folder)


# Absent shards


@pytest.mark.parametrize(
    ("row", "column", "rows", "columns"),
    [
        (0, 0, slice(0, 32), slice(0, 16)),
        (0, 16, slice(0, 32), slice(16, 48)),
        (32, 48, slice(32, 75), slice(48, 53)),
        (32, 0, slice(32, 75), slice(0, 16)),
    ],
)
def test_an_absent_shard_is_missing_in_its_year(shards, values, row, column, rows, columns):
    (shards / shard_name("ndvi_2002", row, column)).unlink()
    expected = values.copy()
    expected[2, rows, columns] = np.nan
    np.testing.assert_array_equal(read(shards), expected)
    (warning,) = pixeltrend.open_series(shards).warnings
    assert "2002" in warning
    assert "2001" not in warning
    assert str(row) in warning
    assert str(column) in warning


def test_an_absent_shard_does_not_stop_a_trend(shards, values, read_raster, run_cli, tmp_path):
    (shards / shard_name("ndvi_2002", 32, 16)).unlink()
    arguments = ["--stats", "slope,n_valid", "--workers", 2]
    done = run_cli("slope", "shards", "-o", "trend.tif", *arguments)
    assert done.returncode == 0
    (warning,) = [line for line in done.stderr.splitlines() if line.startswith("Warning: ")]
    assert "2002" in warning
    counted = np.isfinite(values)
    counted[2, 32:, 16:48] = False
    np.testing.assert_array_equal(read_raster(tmp_path / "trend.tif", 2), counted.sum(axis=0))


def test_a_column_of_shards_absent_at_the_edge_in_every_year_is_not_there(shards, values):
    for path in shards.glob("*-0000000048.tif"):
        path.unlink()
    np.testing.assert_array_equal(read(shards), values[:, :, :48])


def test_a_corner_absent_in_every_year(shards, values):
    for path in shards.glob("*-0000000000-0000000000.tif"):
        path.unlink()
    expected = values.copy()
    expected[:, :32, :16] = np.nan
    np.testing.assert_array_equal(read(shards), expected)


def test_rows_of_shards_absent_above_in_one_year(shards, values):
    for column in (0, 16, 48):
        (shards / shard_name("ndvi_2001", 0, column)).unlink()
    expected = values.copy()
    expected[1, :32] = np.nan
    np.testing.assert_array_equal(read(shards), expected)


# Refused


def spoil(write_raster, folder, row, column, pixels, rows=0.0, columns=0.0, **settings):
    """Write another shard in the place of one of 2002, `rows` and `columns` off."""
    path = folder / shard_name("ndvi_2002", row, column)
    there = settings.pop("geotransform", shift(GEOTRANSFORM, row + rows, column + columns))
    return write_raster(path, pixels, geotransform=there, **settings).name


def write_columns(write_raster, folder, spans):
    """Write shards of these (first column, columns) for two years."""
    for year in (2000, 2001):
        for column, width in spans:
            write_raster(
                folder / shard_name(f"ndvi_{year}", 0, column),
                np.zeros((8, width), np.float32),
                geotransform=shift(GEOTRANSFORM, 0, column),
            )


@pytest.mark.parametrize(
    ("spans", "what", "numbers"),
    [
        ([(0, 17), (16, 16)], "overlap", ["0 to 16", "16"]),
        ([(0, 16), (15, 16)], "overlap", ["0 to 15", "15"]),
        ([(0, 48), (16, 16)], "overlap", ["0 to 47", "16"]),
        ([(0, 15), (16, 16)], "gap", ["0 to 14", "16"]),
        ([(0, 16), (17, 16)], "gap", ["0 to 15", "17"]),
        ([(0, 16), (40, 16)], "gap", ["0 to 15", "40"]),
        ([(0, 8), (8, 16), (32, 16)], "gap", ["8 to 23", "32"]),
    ],
)
def test_overlaps_and_gaps(tmp_path, write_raster, spans, what, numbers):
    write_columns(write_raster, tmp_path, spans)
    said = refusal(tmp_path)
    for text in ("ndvi_2000", what, *numbers):
        assert text in said


@pytest.mark.parametrize(
    ("spans", "width"),
    [
        ([(0, 16), (16, 16), (32, 5)], 37),
        ([(16, 16), (32, 5)], 37),
        ([(0, 16), (32, 5)], 37),
        ([(0, 5), (5, 16)], 21),
        ([(32, 16)], 48),
    ],
)
def test_no_overlap_and_no_gap(tmp_path, write_raster, spans, width):
    write_columns(write_raster, tmp_path, spans)
    covered = np.zeros(width, bool)
    for column, columns in spans:
        covered[column : column + columns] = True
    np.testing.assert_array_equal(np.isfinite(read(tmp_path)[0, 0]), covered)
    assert pixeltrend.open_series(tmp_path).grid.geotransform == GEOTRANSFORM


def test_a_shard_wider_than_those_below_it(shards, write_raster):
    pixels = np.zeros((32, 33), np.float32)
    spoil(write_raster, shards, 0, 16, pixels)
    said = refusal(shards)
    assert "ndvi_2002" in said
    for number in ("33", "32"):
        assert re.search(rf"\b{number}\b", said)


def test_a_shard_that_lies_elsewhere_than_its_name_says(shards, write_raster):
    name = spoil(write_raster, shards, 32, 16, np.zeros((43, 32), np.float32), columns=32)
    said = refusal(shards)
    assert name in said
    assert "32" in said


def test_a_shard_half_a_pixel_off(shards, write_raster):
    name = spoil(write_raster, shards, 32, 16, np.zeros((43, 32), np.float32), rows=0.5)
    said = refusal(shards)
    assert name in said
    assert "2329040.0" in said
    assert "2329025.0" in said


def test_a_shard_of_other_pixels(shards, write_raster):
    there = shift(GEOTRANSFORM, 32, 16)
    other = (there[0], 10.0, 0.0, there[3], 0.0, -10.0)
    name = spoil(write_raster, shards, 32, 16, np.zeros((43, 32), np.float32), geotransform=other)
    said = refusal(shards)
    assert name in said
    assert "10" in said
    assert "30" in said


def test_a_shard_in_another_crs(shards, write_raster):
    name = spoil(write_raster, shards, 32, 16, np.zeros((43, 32), np.float32), crs="EPSG:32649")
    assert name in refusal(shards)


def test_a_shard_with_another_number_of_bands(shards, write_raster):
    name = spoil(write_raster, shards, 32, 16, np.zeros((2, 43, 32), np.float32))
    said = refusal(shards)
    assert name in said
    assert "2 bands" in said


def test_a_shard_of_another_type_is_told(shards, write_raster):
    spoil(write_raster, shards, 32, 16, np.zeros((43, 32), np.int16))
    assert any(
        "Int16" in text and "2002" in text for text in pixeltrend.open_series(shards).warnings
    )


def test_whole_and_shards_of_one_export(shards, write_raster, values):
    write_raster(shards / "ndvi_2002.tif", values[2])
    said = refusal(shards)
    assert "ndvi_2002.tif" in said
    assert "shards" in said


def test_the_same_shards_twice(shards, tmp_path):
    shutil.copytree(shards, tmp_path / "shards" / "copy")
    said = refusal(str(tmp_path / "shards" / "**" / "*.tif"))
    assert "ndvi_2000" in said


@pytest.mark.parametrize("options", [[], ["--extent", "union"], ["--align", "nearest"]])
def test_refused_on_the_command_line(run_cli, shards, write_raster, tmp_path, options):
    name = spoil(write_raster, shards, 32, 16, np.zeros((43, 32), np.float32), columns=32)
    (tmp_path / "trend.tif").write_bytes(b"old")
    for arguments in (["slope", "shards", "-o", "trend.tif", *options], ["check", "shards"]):
        done = run_cli(*arguments)
        assert (done.returncode, done.stdout) == (3, "")
        (line,) = done.stderr.splitlines()
        assert line.startswith("Error: ")
        assert name in line
    assert (tmp_path / "trend.tif").read_bytes() == b"old"
