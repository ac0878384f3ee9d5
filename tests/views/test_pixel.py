"""One pixel explained: its values, its trend, and what is written beside what is computed again."""

import csv
import io
import json

import numpy as np
import pytest
from osgeo import gdal

import pixeltrend
from pixeltrend.errors import ArgumentError, InputError
from pixeltrend.raster.places import Point
from pixeltrend.views.chart import chart
from pixeltrend.views.pixel import pixel

AT = [Point(2, 5, "rowcol")]


@pytest.fixture
def inputs(tmp_path, write_stack, make_values):
    return write_stack(tmp_path / "in", make_values(12, 6, 8, gaps=0.15), nodata=-9.0)


def write_over(path, band, value):
    dataset = gdal.Open(str(path), gdal.GA_Update)
    dataset.GetRasterBand(band).WriteRaster(
        5, 2, 1, 1, np.float32(value).tobytes(), buf_type=gdal.GDT_Float32
    )
    dataset.FlushCache()


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"stats": "all", "dtype": "float64"},
        {"stats": "slope,pvalue", "fdr": "bh"},
        {"stats": "slope,pvalue", "window": (1, 1, 5, 7)},
        {"stats": "class"},
        {"method": "theil-sen", "stats": "all", "correction": "ar1", "per": "decade"},
        {"method": "gls", "stats": "slope,pvalue,r1"},
        {"method": "mann-kendall"},
        {"stats": "slope,fragile,percent,predicted", "predict": 2030.0},
        {"steps": "2006", "stats": "slope,pvalue"},
    ],
    ids=lambda options: ",".join(f"{name}={value}" for name, value in options.items()) or "bare",
)
@pytest.mark.parametrize("update", [False, True], ids=["metadata", "record"])
def test_what_is_written_is_computed_again(inputs, tmp_path, options, update):
    output = tmp_path / "in" / "trend.tif"
    pixeltrend.slope(inputs, output, workers=1, update=update, **options)
    [found] = pixel(output, AT)
    same = {band.band: band.same for band in found.written}
    assert same.pop("pvalue_fdr", None) is None
    assert set(same.values()) == {True}
    assert (found.changes, found.method) == ((), options.get("method", "ols"))
    assert len(found.values) == 12


def test_the_numbers_of_the_files(inputs, tmp_path, read_raster):
    pixeltrend.slope(inputs, tmp_path / "trend.tif", workers=1)
    [found] = pixel([tmp_path / "trend.tif", tmp_path / "in"], AT)
    for value, path in zip(found.values, inputs, strict=True):
        number = read_raster(path)[2, 5]
        assert value.file == str(path)
        assert value.value == (None if np.isnan(number) else number.item())
        assert bool(value.why) == np.isnan(number)
    assert [value.date for value in found.values] == [str(year) for year in range(2000, 2012)]
    assert found.written[0].written == pytest.approx(found.statistics["slope"], rel=1e-6)
    [bare] = pixel(inputs, AT)
    assert (bare.values, bare.steps, bare.statistics) == (
        found.values,
        found.steps,
        found.statistics,
    )
    assert (bare.raster, bare.written) == ("", ())


def test_a_changed_number_is_told(inputs, tmp_path, run_cli):
    output = tmp_path / "in" / "trend.tif"
    pixeltrend.slope(inputs, output, workers=1, stats="slope,n_valid")
    write_over(output, 2, 99)
    [found] = pixel(output, AT)
    assert [band.same for band in found.written] == [True, False]
    assert found.written[1].written == 99
    done = run_cli("pixel", "in/trend.tif", "--rowcol", "--at", "2", "5")
    assert done.returncode == 0
    assert "Of what can be computed again, n_valid differs." in done.stdout
    assert "Nothing tells what has changed" in done.stdout


def test_a_changed_input_is_named(inputs, tmp_path, run_cli):
    output = tmp_path / "in" / "trend.tif"
    pixeltrend.slope(inputs, output, workers=1, update=True)
    write_over(inputs[3], 1, 44)
    [found] = pixel(output, AT)
    assert found.written[0].same is False
    assert found.values[3].value == 44
    assert [change for change in found.changes if "ndvi_2003.tif has changed" in change]
    text = run_cli("pixel", "in/trend.tif", "--rowcol", "--at", "2", "5").stdout
    assert f"Since it was made: {inputs[3]} has changed" in text


def test_other_times_are_told(inputs, tmp_path):
    output = tmp_path / "in" / "trend.tif"
    pixeltrend.slope(inputs, output, years="1980:1991", workers=1)
    [found] = pixel(output, AT)
    assert any("other times now" in change for change in found.changes)


def test_inputs_that_have_moved(inputs, tmp_path, run_cli):
    pixeltrend.slope(inputs, tmp_path / "trend.tif", workers=1)
    done = run_cli("pixel", "trend.tif", "--rowcol", "--at", "2", "5")
    assert done.returncode == 3
    assert done.stderr.endswith("if they have moved, name them after trend.tif\n")
    assert run_cli("pixel", "trend.tif", "in/*.tif", "--rowcol", "--at", "2", "5").returncode == 0


def test_parts_of_a_map_are_explained_as_one(inputs, tmp_path, run_cli):
    for name, rows in (("top", (0, 2)), ("rest", (2, 4))):
        part = (rows[0], 0, rows[1], 8)
        pixeltrend.slope(inputs, tmp_path / "in" / f"{name}.tif", window=part, workers=1)
    whole = tmp_path / "in" / "trend.vrt"
    parts = [str(tmp_path / "in" / f"{name}.tif") for name in ("top", "rest")]
    gdal.BuildVRT(str(whole), parts).FlushCache()
    [found] = pixel(whole, AT)
    assert [(band.band, band.same) for band in found.written] == [("slope", True)]
    assert found.statistics["slope"] == pixel(inputs, AT)[0].statistics["slope"]
    done = run_cli("check", "in/trend.vrt", "--verify", "--full")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (
        0,
        "Verified: identical in 48 of 48 pixels",
    )


def test_a_function_has_numbers_and_no_test(tmp_path, inputs, run_cli):
    (tmp_path / "mine.py").write_text(
        "def span(pairs):\n    return pairs[:, 1].max(), len(pairs)\n"
    )
    run_cli("map", "mine.py:span", "in/*.tif", "-o", "span.tif", "--update", "--bands", "top,n")
    done = run_cli("pixel", "span.tif", "--rowcol", "--at", "2", "5", "--json")
    [found] = json.loads(done.stdout)
    assert found["steps"] == []
    values = [value["value"] for value in found["values"] if value["value"] is not None]
    assert found["statistics"] == {"top": max(values), "n": len(values)}
    assert all(band["same"] for band in found["written"])


def test_text_csv_and_json_say_the_same(inputs, tmp_path, run_cli):
    (tmp_path / "points.csv").write_text("name,row,column\nhere,2,5\nthere,0,0\n")
    command = ["pixel", "in/*.tif", "--points", "points.csv"]
    text = run_cli(*command).stdout
    rows = list(csv.DictReader(io.StringIO(run_cli(*command, "--csv").stdout)))
    data = json.loads(run_cli(*command, "--json").stdout)
    assert [report["place"]["name"] for report in data] == ["here", "there"]
    assert text.startswith("here: row 2, column 5; x 578165, y 2329925; longitude 105.7")
    assert "\nthere: row 0, column 0; " in text
    assert len(rows) == 24
    for row, value in zip(rows, data[0]["values"], strict=False):
        assert (row["name"], row["date"], row["why"]) == ("here", value["date"], value["why"])
        assert (float(row["value"]) if row["value"] else None) == value["value"]
    for step in data[0]["steps"]:
        assert step["formula"] in text
    assert "nan" not in json.dumps(data).lower()


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        ([], 2, "which pixel? Give --at X Y or --points FILE"),
        (["--at", "0", "0"], 2, "lies outside the raster"),
        (["--lonlat", "--rowcol", "--at", "0", "0"], 2, "lonlat and rowcol: give one of them"),
        (["--rowcol", "--at", "0", "0", "--csv", "--json"], 2, "csv and json: give one of them"),
        (["--points", "none.csv"], 3, "none.csv: cannot be read"),
    ],
    ids=["no-pixel", "outside", "two-systems", "two-formats", "no-file"],
)
def test_what_makes_no_sense_is_refused(inputs, run_cli, arguments, status, message):
    done = run_cli("pixel", "in/*.tif", *arguments)
    assert (done.returncode, done.stdout) == (status, "")
    assert message in done.stderr


def test_a_result_has_its_own_options(inputs, tmp_path):
    pixeltrend.slope(inputs, tmp_path / "trend.tif", workers=1)
    with pytest.raises(ArgumentError, match=r"confidence: .* its metadata say how"):
        pixel(tmp_path / "trend.tif", AT, confidence=0.9)
    with pytest.raises(InputError, match="matches no file"):
        pixel([tmp_path / "trend.tif", tmp_path / "none*.tif"], AT)


def test_pairs_are_of_the_system_that_is_named(inputs):
    [by_row] = pixel(inputs, [(2, 5)], system="rowcol")
    [by_map] = pixel(inputs, [(by_row.place.x, by_row.place.y)])
    lonlat = by_row.place.longitude, by_row.place.latitude
    [by_degrees] = pixel(inputs, [lonlat], system="lonlat")
    assert by_row == by_map == by_degrees
    with pytest.raises(ArgumentError, match="system 'latlon': is not one of map, lonlat, rowcol"):
        pixel(inputs, [(2, 5)], system="latlon")


@pytest.fixture
def scenes(tmp_path, write_raster):
    """Six years of three months each, with gaps."""
    rng = np.random.default_rng(6)
    values = rng.normal(size=(6, 3, 6, 8)).astype(np.float32)
    values[rng.random(values.shape) < 0.3] = np.nan
    values[2, :, 2, 5] = np.nan
    for year, months in enumerate(values, 2000):
        for month, layer in zip((5, 7, 9), months, strict=True):
            write_raster(tmp_path / "in" / f"ndvi_{year}-{month:02}.tif", layer)
    return values


@pytest.mark.parametrize("update", [False, True], ids=["metadata", "record"])
def test_composites_are_made_of_the_scenes(scenes, tmp_path, update):
    output = tmp_path / "in" / "trend.tif"
    options = {"composite": "mean", "months": "5-8"}
    pixeltrend.slope(
        tmp_path / "in", output, stats="slope,pvalue", update=update, workers=1, **options
    )
    [found] = pixel(output, AT)
    assert [band.band for band in found.written] == ["slope", "pvalue", "n_scenes"]
    assert all(band.same for band in found.written)
    assert [value.date for value in found.values[:3]] == ["2000-05", "2000-07", "2001-05"]
    assert all(value.line is None for value in found.values)
    of_years = scenes[:, :2, 2, 5]
    assert [period.scenes for period in found.periods] == (~np.isnan(of_years)).sum(1).tolist()
    for period, year in zip(found.periods, of_years, strict=True):
        valid = year[~np.isnan(year)]
        expected = pytest.approx(valid.mean()) if len(valid) else None
        assert period.value == expected
    assert [period.date for period in found.points] == [str(2000 + year) for year in range(6)]
    [bare] = pixel(tmp_path / "in" / "ndvi_*.tif", AT, **options)
    assert bare.periods == found.periods


def test_rasters_of_one_time_become_one(tmp_path, write_raster, run_cli):
    for year in (2000, 2001, 2002):
        for part, value in (("a", 1), ("b", np.nan), ("c", 4)):
            layer = np.full((2, 3), year * value, np.float32)
            write_raster(tmp_path / "in" / f"ndvi_{year}_{part}.tif", layer)
    [found] = pixel(tmp_path / "in", [(0, 1)], system="rowcol", duplicates="mean")
    assert [(p.scenes, p.value) for p in found.periods] == [(2, 2.5 * y) for y in range(2000, 2003)]
    command = ["pixel", "in", "--rowcol", "--at", "0", "1", "--duplicates"]
    text = run_cli(*command, "mean").stdout
    assert (
        "\nperiod   value    line  scenes  leverage\n2000      5000    5000       2     0.833\n"
        in text
    )
    done = run_cli(*command, "best")
    assert done.returncode == 2
    assert "which raster counts is found from all pixels" in done.stderr


def test_a_chart_has_each_value_in_its_place():
    rows = chart([2000, 2001, 2002, 2010], [1.0, None, 2.0, 3.0], [1.0] * 4, ("2000", "2010"), 47)
    columns = rows[11].count("-")
    assert rows[11] == "  +" + "-" * 43  # the last column of a terminal stays free
    body = [row.split("|", 1)[1] for row in rows[:11]]
    assert body[10] == "o" + "." * (columns - 1)
    assert body[5].index("o") == round(0.2 * (columns - 1))
    assert body[0].index("o") == columns - 1
    assert rows[12].index("x") == 3 + round(0.1 * (columns - 1))
    assert rows[13].split() == ["2000", "2010"]


def test_a_chart_of_nothing_is_empty_and_one_of_a_constant_is_not():
    assert chart([2000, 2001], [None, None], [None, None], ("", ""), 80) == []
    assert sum("o" in row for row in chart([1, 2], [5.0, 5.0], [None] * 2, ("1", "2"), 80)) == 1
