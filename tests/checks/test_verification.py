"""check --verify: an output is compared, bit by bit, with what its inputs give today."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from osgeo import gdal

import pixeltrend
from pixeltrend.checks import verification
from pixeltrend.execution.executors import Workers
from pixeltrend.execution.pipeline import Watch

FUNCTION = "def span(pairs, low=0):\n    return pairs[:, 1].max() - low, len(pairs)\n"


@pytest.fixture
def inputs(tmp_path, write_stack, make_values):
    (tmp_path / "mine.py").write_text(FUNCTION)
    return write_stack(tmp_path / "in", make_values(6, 40, 50, gaps=0.2), nodata=-9.0)


def verify(output, **options):
    return verification.verify(str(output), Workers(1), Watch(), **({"full": False} | options))


def change_a_pixel(path, band, row, column, by):
    """Add to one number of an output, as a broken disk might."""
    dataset = gdal.Open(str(path), gdal.GA_Update)
    raster = dataset.GetRasterBand(band)
    value = raster.ReadAsArray(column, row, 1, 1) + by
    raster.WriteArray(value, column, row)
    raster = dataset = None
    return value.item()


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"stats": "slope,pvalue", "fdr": "by", "dtype": "float64"},
        {"method": "theil-sen", "stats": "slope,slope_lower", "confidence": 0.9, "per": "decade"},
        {"valid_range": (0.3, 0.7), "scale": 0.1, "offset": 1.5, "file_format": "COG"},
        {"window": (7, 3, 20, 30), "min_valid": 4, "origin": 2000.5},
        {"season": "month", "method": "mann-kendall"},
    ],
    ids=lambda options: ",".join(options) or "bare",
)
@pytest.mark.parametrize("update", [True, False])
def test_what_was_made_is_made_again(inputs, tmp_path, options, update):
    """From the record; and from the metadata alone, which know names but no folder."""
    output = (tmp_path if update else tmp_path / "in") / "trend.tif"
    pixeltrend.slope(inputs, output, update=update, workers=1, **options)
    size = np.prod(options.get("window", (0, 0, 40, 50))[2:])
    for full in (False, True):
        found = verify(output, full=full)
        assert found.differences == ()
        assert (found.pixels, found.of) == (size, size)
        assert found.not_verified == (("pvalue_fdr",) if "fdr" in options and not full else ())


@pytest.mark.parametrize(
    "options",
    [
        {"composite": "mean", "every": "year", "stats": "slope,pvalue", "fdr": "bh"},
        {"composite": "max", "months": "5-9", "min_scenes": 2, "stats": "class"},
        {"composite": "p75", "every": "water-year", "year_starts": 7, "dtype": "float64"},
        {"duplicates": "mean"},
    ],
    ids=["mean", "class", "percentile", "duplicates"],
)
@pytest.mark.parametrize("update", [True, False])
def test_composites_are_made_again(tmp_path, write_raster, options, update):
    rng = np.random.default_rng(1)
    folder = tmp_path / "in"
    for year in range(2000, 2006):
        for month in (1, 5, 7, 9):
            date = f"{year}" if "duplicates" in options else f"{year}-{month:02}"
            layer = rng.normal(size=(20, 30)).astype(np.float32)
            layer[rng.random(layer.shape) < 0.2] = np.nan
            write_raster(folder / f"ndvi_{date}_{month}a.tif", layer)
    output = folder / "trend.tif"
    given = {"date_regex": r"ndvi_(?P<year>\d{4})(-(?P<month>\d\d))?"} if update else {}
    pixeltrend.slope(folder / "*.tif", output, update=update, workers=1, **options, **given)
    assert verify(output, full=True).differences == ()


def test_a_function_by_its_record(inputs, tmp_path, monkeypatch, run_cli):
    run_cli("map", "mine.py:span", "in/*.tif", "-o", "span.tif", "--arg", "low=2", "--update")
    monkeypatch.chdir(tmp_path / "in")
    assert verify(tmp_path / "span.tif").differences == ()
    (tmp_path / "mine.py").write_text(FUNCTION.replace("max", "min"))
    with pytest.raises(pixeltrend.InputError, match=r"mine\.py has changed"):
        verify(tmp_path / "span.tif")


def test_a_function_without_a_record(inputs, tmp_path, run_cli):
    run_cli("map", "mine.py:span", "in/*.tif", "-o", "span.tif")
    done = run_cli("check", "span.tif", "--verify")
    assert done.returncode == 3
    assert done.stderr == (
        "Error: span.tif: cannot be verified: where its function is stands only in what --update "
        "records\n"
    )


@pytest.mark.parametrize("update", [True, False])
def test_one_changed_pixel_is_named(inputs, tmp_path, run_cli, update, read_raster):
    output = tmp_path / "in" / "trend.tif"
    pixeltrend.slope(inputs, output, update=update, stats="slope,n_valid,pvalue", workers=1)
    computed = read_raster(output, 2)[31, 17].item()
    written = change_a_pixel(output, 2, 31, 17, 0.5)
    done = run_cli("check", "in/trend.tif", "--verify", "--full")
    assert done.returncode == 1, done.stderr
    assert done.stdout.splitlines()[-2:] == [
        "Not identical: n_valid at 1 pixel, by up to 0.5; first at row 31, column 17: "
        f"{written:.9g}, computed again {computed:.9g}",
        "Verified: 1 band differs in 2,000 of 2,000 pixels",
    ]
    done = run_cli("check", "in/trend.tif", "--verify", "--json", "-q")
    assert done.returncode == 1
    [difference] = json.loads(done.stdout)["verification"]["differences"]
    assert (difference["band"], difference["row"], difference["column"]) == ("n_valid", 31, 17)


def test_a_changed_p_value_changes_the_adjusted_ones(inputs, tmp_path):
    """A sample cannot see what is wrong with the adjusted band; all pixels can."""
    output = tmp_path / "in" / "trend.tif"
    pixeltrend.slope(inputs, output, stats="slope,pvalue", fdr="bh", workers=1)
    change_a_pixel(output, 3, 4, 5, 1e-3)
    assert verify(output).differences == ()
    [found] = verify(output, full=True).differences
    assert (found.band, found.pixels, found.row, found.column) == ("pvalue_fdr", 1, 4, 5)
    assert found.largest == pytest.approx(1e-3, rel=1e-3)


def test_missing_against_a_number(inputs, tmp_path):
    output = tmp_path / "in" / "trend.tif"
    pixeltrend.slope(inputs, output, workers=1)
    change_a_pixel(output, 1, 0, 0, np.nan)
    [found] = verify(output).differences
    assert np.isnan(found.largest)
    assert np.isnan(found.written)


def test_a_sample_is_spread_over_the_grid(inputs, tmp_path, monkeypatch):
    monkeypatch.setattr(verification, "_WINDOW_PIXELS", 100)
    output = tmp_path / "in" / "trend.tif"
    pixeltrend.slope(inputs, output, workers=1)
    found = verify(output)
    assert (found.pixels, found.of) == (900, 2000)
    for row in (0, 39):
        change_a_pixel(output, 1, row, 3, 1)
    assert verify(output).differences[0].pixels == 2


def test_new_inputs_do_not_matter(inputs, tmp_path, write_raster):
    pixeltrend.slope(tmp_path / "in", tmp_path / "trend.tif", update=True, workers=1)
    write_raster(tmp_path / "in" / "ndvi_2006.tif", np.ones((40, 50), np.float32), nodata=-9.0)
    found = verify(tmp_path / "trend.tif")
    assert (found.pixels, found.differences) == (2000, ())


@pytest.mark.parametrize("update", [True, False])
def test_inputs_that_are_gone(inputs, tmp_path, run_cli, update):
    pixeltrend.slope(inputs, tmp_path / "in" / "trend.tif", update=update, workers=1)
    inputs[3].unlink()
    done = run_cli("check", "in/trend.tif", "--verify")
    assert done.returncode == 3
    assert done.stdout == ""
    assert done.stderr.startswith("Error: in/trend.tif: cannot be verified: ")
    assert "ndvi_2003.tif" in done.stderr
    assert done.stderr.count("\n") == 1


def test_inputs_in_another_folder(inputs, tmp_path, monkeypatch):
    """What only --update records is where they are; the current folder is looked in too."""
    pixeltrend.slope(inputs, tmp_path / "trend.tif", workers=1)
    with pytest.raises(pixeltrend.InputError, match="must be that of the output or the current"):
        verify(tmp_path / "trend.tif")
    monkeypatch.chdir(tmp_path / "in")
    assert verify(tmp_path / "trend.tif").differences == ()


def test_times_that_names_do_not_tell(inputs, tmp_path):
    output = tmp_path / "in" / "trend.tif"
    pixeltrend.slope(inputs, output, years="1990:1995", workers=1)
    with pytest.raises(pixeltrend.InputError, match="inputs have other times now"):
        verify(output)
    pixeltrend.slope(inputs, output, years="1990:1995", workers=1, update=True)
    assert verify(output).differences == ()


def test_what_is_no_output_is_refused(inputs, tmp_path, run_cli):
    shutil.copy(inputs[0], tmp_path / "copy.tif")
    done = run_cli("check", "copy.tif", "--verify")
    assert done.returncode == 2
    assert "verify: give one output of pixeltrend" in done.stderr
