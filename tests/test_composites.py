"""Scenes become years on their way to a trend, or as rasters; rasters of one time become one."""

import datetime as dt
import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from series.reading import refuses

import pixeltrend
from pixeltrend.errors import ArgumentError, InputError, OutputError

YEARS, HEIGHT, WIDTH = 6, 7, 9


@pytest.fixture(scope="module")
def months(tmp_path_factory, write_raster):
    """Monthly rasters of 2001 to 2006 with gaps, and their values (N, rows, columns)."""
    folder = tmp_path_factory.mktemp("months")
    rng = np.random.default_rng(5)
    values = rng.normal(0.4, 0.2, (12 * YEARS, HEIGHT, WIDTH)).astype(np.float32)
    values[rng.random(values.shape) < 0.3] = np.nan
    values[24:36, 0, 0] = np.nan
    for number, layer in enumerate(values):
        year, month = divmod(number, 12)
        write_raster(
            folder / f"ndvi_{2001 + year}{month + 1:02d}.tif",
            layer,
            nodata=np.nan,
            unit="NDVI",
            options=["TILED=YES", "BLOCKXSIZE=16", "BLOCKYSIZE=16"],
        )
    return folder, values


def by_year(values):
    return values.reshape(YEARS, 12, HEIGHT, WIDTH)


def test_the_trend_of_maxima(months, tmp_path, read_raster):
    folder, values = months
    summary = pixeltrend.slope(
        str(folder), tmp_path / "t.tif", composite="max", dtype="float64", workers=1
    )
    expected = pixeltrend.reduce(np.arange(2001, 2007), np.fmax.reduce(by_year(values), axis=1))
    np.testing.assert_array_equal(read_raster(tmp_path / "t.tif"), expected["slope"])
    counts = (~np.isnan(by_year(values))).sum(axis=1)
    n_scenes = counts.sum(axis=0) / (counts > 0).sum(axis=0)
    np.testing.assert_array_equal(read_raster(tmp_path / "t.tif", 2), n_scenes)
    assert (summary.periods, len(summary.times), summary.warnings) == (6, 72, ())


@pytest.mark.parametrize("composite", ["max", "median"])
def test_composites_and_then_a_trend_are_a_trend_of_composites(
    months, tmp_path, run_cli, read_raster, composite
):
    """To the last bit: of maxima in Float32 too, of what has more digits with --ot float64."""
    folder, values = months
    scenes = str(folder / "*.tif")
    ot = [] if composite == "max" else ["--ot", "float64"]
    done = run_cli(
        "composite", scenes, "-o", "years", "--composite", composite, *ot, "--json", "--workers", 2
    )
    assert (done.returncode, done.stderr) == (0, "")
    summary = json.loads(done.stdout)
    names = [f"{composite}_{year}.tif" for year in range(2001, 2007)]
    assert summary["outputs"] == [f"years/{name}" for name in names]
    assert sorted(p.name for p in (tmp_path / "years").iterdir()) == names
    assert (summary["periods"], summary["scenes"]) == ([*range(2001, 2007)], [12] * 6)
    two = run_cli("slope", "years", "-o", "two.tif", "--ot", "float64", "-q")
    one = run_cli(
        "slope", scenes, "-o", "one.tif", "--composite", composite, "--ot", "float64", "-q"
    )
    assert (two.stderr, one.stderr) == ("", "")
    one, two = read_raster(tmp_path / "one.tif"), read_raster(tmp_path / "two.tif")
    assert one.tobytes() == two.tobytes()
    if composite == "max":
        third = read_raster(tmp_path / "years" / "max_2003.tif")
        np.testing.assert_array_equal(third, np.fmax.reduce(by_year(values)[2], axis=0))


def test_bits_are_those_of_any_windows_and_workers(months, tmp_path):
    folder, _ = months
    ways = [
        {"workers": 1},
        {"workers": 1, "memory": 4000},
        {"workers": 2, "executor": "threads", "memory": 9000},
        {"workers": 2},
    ]
    made = []
    for number, way in enumerate(ways):
        output = tmp_path / f"{number}.tif"
        pixeltrend.slope(
            str(folder),
            output,
            composite="mean",
            every="season",
            duplicates="first",
            **way,
        )
        pixeltrend.composite(str(folder), tmp_path / f"c{number}", composite="p75", **way)
        files = [output, *sorted((tmp_path / f"c{number}").iterdir())]
        assert len(files) == 7
        made.append([file.read_bytes() for file in files])
    assert all(files == made[0] for files in made)


@pytest.mark.parametrize("every", ["month", "season", "water-year"])
def test_what_is_written_is_read_with_its_times(months, tmp_path, every):
    folder, _ = months
    summary = pixeltrend.composite(
        str(folder), tmp_path / "out", composite="mean", every=every, name="NDVI16_v2"
    )
    series = pixeltrend.open_series(str(tmp_path / "out"))
    assert series.times.tolist() == list(summary.periods)
    assert (series.unit, series.warnings) == ("NDVI", ())


def test_rasters_outside_of_the_months_are_not_read(months, tmp_path, read_raster):
    folder, values = months
    for path in folder.glob("*.tif"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    broken = tmp_path / "ndvi_200105.tif"
    broken.write_bytes(broken.read_bytes()[:-200])
    scenes = str(tmp_path / "ndvi_*.tif")
    pixeltrend.slope(scenes, tmp_path / "t.tif", composite="max", months="6-9", dtype="float64")
    maxima = np.fmax.reduce(by_year(values)[:, 5:9], axis=1)
    expected = pixeltrend.reduce(np.arange(2001, 2007), maxima)["slope"]
    np.testing.assert_array_equal(read_raster(tmp_path / "t.tif"), expected)


def test_any_function_of_composites(months, tmp_path, read_raster):
    folder, _ = months
    pixeltrend.map_pixels(
        "scipy.stats:kendalltau", str(folder), tmp_path / "m.tif", composite="max", workers=1
    )
    pixeltrend.slope(
        str(folder), tmp_path / "t.tif", composite="max", method="mann-kendall", stats="tau,pvalue"
    )
    for band in (1, 2, 3):
        one, other = (read_raster(tmp_path / name, band) for name in ("m.tif", "t.tif"))
        np.testing.assert_allclose(one, other, rtol=1e-6)


def test_an_output_says_how_it_was_made(months, tmp_path, run_cli):
    folder, _ = months
    pixeltrend.composite(str(folder), tmp_path / "y", composite="max", months="6-9")
    done = run_cli("check", "y/max_2002.tif", "--json")
    origin = json.loads(done.stdout)
    assert origin["options"] == "composite=max months=6-9"
    assert origin["inputs"] == [f"ndvi_2002{month:02d}.tif" for month in range(6, 10)]


def test_update_knows_the_composite(months, tmp_path, run_cli):
    folder, _ = months
    command = ["slope", folder, "-o", "t.tif", "--update", "--composite"]
    assert run_cli(*command, "max").returncode == 0
    assert "up to date with 72 files" in run_cli(*command, "max").stderr
    assert "option composite: min, was max" in run_cli(*command, "min").stderr


class TestDuplicates:
    """Two paths of one day: the first and the second in the order of their names."""

    @pytest.fixture(autouse=True)
    def paths(self, tmp_path, write_raster):
        nan = np.nan
        rows = {
            "a_2000.tif": [1, nan, nan, 5],
            "b_2000.tif": [3, 4, nan, 7],
            "a_2001.tif": [2, 3, 4, 5],
        }
        for name, row in rows.items():
            write_raster(tmp_path / name, np.array([row], dtype=np.float32))
        return tmp_path

    @pytest.mark.parametrize(
        ("how", "first_year"),
        [
            ("mean", [2, 4, np.nan, 6]),
            ("first", [1, 4, np.nan, 5]),
            ("last", [3, 4, np.nan, 7]),
            ("best", [3, 4, np.nan, 7]),  # b has three valid pixels, a has two
        ],
    )
    def test_they_become_one(self, paths, read_raster, how, first_year):
        pixeltrend.slope(str(paths / "*_200?.tif"), paths / "t.tif", duplicates=how, workers=1)
        expected = np.array([2, 3, 4, 5]) - np.array(first_year)
        np.testing.assert_array_equal(read_raster(paths / "t.tif"), [expected])

    def test_the_refusal_says_what_to_do(self, run_cli):
        done = run_cli("slope", "*_200?.tif", "-o", "t.tif")
        refuses(done, 3, "have the same time, 2000: ", "--duplicates mean", "--composite")

    def test_a_composite_takes_them_as_scenes(self, paths, read_raster):
        pixeltrend.slope(str(paths / "*_200?.tif"), paths / "t.tif", composite="sum", workers=1)
        np.testing.assert_array_equal(read_raster(paths / "t.tif"), [[-2, -1, np.nan, -7]])
        n_scenes = read_raster(paths / "t.tif", 2)
        np.testing.assert_array_equal(n_scenes, [[1.5, 1, 1, 1.5]])

    def test_or_as_one(self, paths, read_raster):
        pixeltrend.composite(
            str(paths / "*_200?.tif"), paths / "y", composite="sum", duplicates="best"
        )
        np.testing.assert_array_equal(
            read_raster(paths / "y" / "sum_2000.tif"), [[3, 4, np.nan, 7]]
        )

    def test_one_time_is_no_trend(self, run_cli):
        done = run_cli("slope", "?_2000.tif", "-o", "t.tif", "--duplicates", "best")
        refuses(done, 3, "two times or more, but all 2 rasters", "are of 2000")


def write_days(folder, days, write_raster):
    for day in days:
        write_raster(folder / f"x_{day:%Y%m%d}.tif", np.ones((2, 2), np.float32))
    return str(folder / "x_*.tif")


def test_more_scenes_are_warned_of_where_they_matter(tmp_path, write_raster):
    """One scene in the first years, ten in the last."""
    days = [dt.date(1990 + y, m, 1) for y in range(10) for m in range(1, 2 + y)]
    scenes = write_days(tmp_path, days, write_raster)
    [text] = pixeltrend.composite(scenes, tmp_path / "max", composite="max").warnings[-1:]
    assert "the number of scenes a year rises from 2.5 (1990-1993) to 8.5 (1996-1999)" in text
    assert "more scenes make larger maxima" in text
    said = pixeltrend.composite(scenes, tmp_path / "mean", composite="mean").warnings
    assert not any("number of scenes" in text for text in said)


def test_as_many_scenes_every_year_are_no_warning(months, tmp_path):
    folder, _ = months
    assert pixeltrend.composite(str(folder), tmp_path / "y", composite="max").warnings == ()


def test_a_year_that_has_only_begun(tmp_path, write_raster):
    days = [dt.date(2001 + n // 12, n % 12 + 1, 1) for n in range(4 * 12 + 2)]
    scenes = write_days(tmp_path, days, write_raster)
    said = pixeltrend.slope(scenes, tmp_path / "t.tif", composite="mean").warnings
    assert any(text.startswith("2005 has 2 of the scenes, others mostly have 12") for text in said)


def test_a_missing_year_is_named(tmp_path, write_raster):
    days = [dt.date(year, month, 1) for year in (2001, 2002, 2004, 2005) for month in (5, 6)]
    scenes = write_days(tmp_path, days, write_raster)
    [text] = pixeltrend.composite(scenes, tmp_path / "y", composite="max").warnings
    assert text.startswith("a year is missing: 2003")


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({}, "composite: say what the value of a period is"),
        ({"composite": "max", "update": True}, "update: "),
        ({"composite": "max", "name": "of_2020"}, "would not be read as 2003 again"),
    ],
)
def test_what_cannot_be_written_is_refused_before_it_is_computed(months, tmp_path, options, text):
    with pytest.raises(ArgumentError, match=text):
        pixeltrend.composite(str(months[0] / "*_2003*"), tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


def test_inputs_are_not_replaced(tmp_path, write_stack, make_values):
    write_stack(tmp_path, make_values(3, 4, 5))
    with pytest.raises(ArgumentError, match="is one of the inputs"):
        pixeltrend.composite(str(tmp_path / "ndvi_*.tif"), tmp_path, composite="max", name="ndvi")


def test_months_without_a_raster(months, tmp_path):
    with pytest.raises(InputError, match="none of the 72 rasters, of 2001-01 to 2006-12,"):
        pixeltrend.slope(str(months[0]), tmp_path / "t.tif", composite="max", days="366")


def test_a_trend_needs_two_periods(months, tmp_path):
    with pytest.raises(InputError, match=r"two periods or more, but all 12 .* 2001 \(every year\)"):
        pixeltrend.slope(str(months[0] / "*2001*"), tmp_path / "t.tif", composite="max")
    summary = pixeltrend.composite(str(months[0] / "*2001*"), tmp_path / "y", composite="max")
    assert summary.scenes == (12,)


def test_a_run_that_fails_leaves_older_rasters(months, tmp_path):
    folder, _ = months
    for path in folder.glob("*.tif"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    scenes, years = str(tmp_path / "ndvi_*.tif"), tmp_path / "years"
    before = pixeltrend.composite(scenes, years, composite="max").outputs
    contents = [Path(path).read_bytes() for path in before]
    broken = tmp_path / "ndvi_200605.tif"
    broken.write_bytes(broken.read_bytes()[:-200])
    with pytest.raises(pixeltrend.ReadError, match="ndvi_200605"):
        pixeltrend.composite(scenes, years, composite="min", name="max")
    assert [Path(path).read_bytes() for path in before] == contents
    assert len(list(years.iterdir())) == len(before)
    with pytest.raises(OutputError, match="already exists"):
        pixeltrend.composite(scenes, years, composite="max", overwrite=False)


def test_other_rasters_in_the_folder_are_named(months, tmp_path):
    pixeltrend.composite(str(months[0]), tmp_path / "y", composite="max")
    said = pixeltrend.composite(str(months[0]), tmp_path / "y", composite="min").warnings
    assert [text.partition(": ")[2] for text in said] == [
        "has other rasters too, which this run did not write: max_2001.tif and 5 more"
    ]


def test_many_periods_are_written_in_passes(months, tmp_path, monkeypatch):
    """As if only five rasters might be written at a time; progress counts all."""
    folder, _ = months
    said = []
    monkeypatch.setattr("pixeltrend.composites._MOST_FILES", 5)
    few = pixeltrend.composite(
        str(folder),
        tmp_path / "few",
        composite="mean",
        every="month",
        workers=1,
        progress=lambda done, total: said.append((done, total)),
    )
    monkeypatch.undo()
    at_once = pixeltrend.composite(str(folder), tmp_path / "all", composite="mean", every="month")
    for one, other in zip(few.outputs, at_once.outputs, strict=True):
        assert Path(one).read_bytes() == Path(other).read_bytes()
    assert len(few.outputs) == 72
    assert said[-1] == (15 * HEIGHT * WIDTH, 15 * HEIGHT * WIDTH)
    assert all(a < b for (a, _), (b, _) in itertools.pairwise(said))
