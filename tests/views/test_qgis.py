"""QGIS opens an output with the classes, names and colours that the map has.

Run by `make test-qgis`; skipped where QGIS's Python bindings are not installed.
"""

from __future__ import annotations

import json
import os
import subprocess
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.image import imread
from running import run

import pixeltrend
from pixeltrend.views.colours import MISSING

PYTHON = "/usr/bin/python3"
LOOK = Path(__file__).with_name("qgis_look.py")


@cache
def has_qgis():
    try:
        found = subprocess.run([PYTHON, "-c", "import qgis.core"], capture_output=True, check=False)
    except OSError:
        return False
    return found.returncode == 0


@pytest.fixture(autouse=True)
def _qgis():
    if not has_qgis():
        pytest.skip(f"{PYTHON} has no QGIS: apt-get install python3-qgis")


@pytest.fixture
def series(tmp_path, write_stack, make_values):
    values = make_values(9, 120, 90, gaps=0.1)
    values[:, :20, :30] = np.nan
    values[:, 30:40, :20] = 0.5
    return write_stack(tmp_path / "in", values)


def look(raster, width=90, height=120):
    picture = raster.with_suffix(".png")
    environment = {
        "QT_QPA_PLATFORM": "offscreen", "PATH": os.environ["PATH"], "HOME": str(raster.parent),
        "XDG_RUNTIME_DIR": str(raster.parent), "PYTHONPATH": "",
    }  # fmt: skip
    done = run([PYTHON, LOOK, raster, picture, width, height], env=environment)
    assert done.returncode == 0, done.stderr
    image = (imread(picture)[..., :3] * 255).round().astype(int)
    return json.loads(done.stdout[done.stdout.index("{") :]), image


def colour(text):
    return [int(text[start : start + 2], 16) for start in (1, 3, 5)]


@pytest.mark.parametrize(
    "options",
    [
        {}, {"method": "mann-kendall"}, {"stats": "pvalue,slope"}, {"stats": "n_valid,slope"},
        {"stats": "rmse"}, {"dtype": "float64"}, {"stats": "first_valid,slope"},
    ],
    ids=["slope", "tau", "pvalue", "n_valid", "rmse", "float64", "first_valid"],
)  # fmt: skip
def test_a_layer_has_the_classes_of_the_map_and_its_picture(tmp_path, series, options):
    raster = tmp_path / "trend.tif"
    pixeltrend.slope(series, raster, workers=1, **options)
    summary = pixeltrend.plot_map(raster, tmp_path / "map.svg")
    facts, image = look(raster)
    assert facts["valid"]
    assert (facts["renderer"], facts["bands"]) == ("singlebandpseudocolor", [1])
    uppers, labels, colours = zip(*facts["classes"], strict=True)
    assert list(uppers[:-1]) == list(summary.limits[1:-1])
    assert uppers[-1] == np.inf
    counts = dict.fromkeys(map(tuple, map(colour, colours)), 0)
    drawn, numbers = np.unique(image.reshape(-1, 3), axis=0, return_counts=True)
    for found, number in zip(drawn.tolist(), numbers.tolist(), strict=True):
        if tuple(found) != MISSING:
            counts[tuple(found)] += number
    assert tuple(counts.values()) == summary.counts
    in_map = (tmp_path / "map.svg").read_text()
    for label in labels:
        for text in label.split(" \N{MULTIPLICATION SIGN}")[0].split(" to "):
            assert f">{text}<" in in_map


def test_every_pixel_has_the_colour_of_its_class_and_of_the_map(
    tmp_path, series, read_raster, monkeypatch
):
    raster = tmp_path / "trend.tif"
    pixeltrend.slope(series, raster, workers=1)
    figures = []
    save = Figure.savefig
    monkeypatch.setattr(Figure, "savefig", lambda f, *a, **k: (figures.append(f), save(f, *a, **k)))
    pixeltrend.plot_map(raster)
    facts, image = look(raster)
    values = read_raster(raster)
    uppers = np.array([upper for upper, _, _ in facts["classes"]])
    colours = np.array([colour(text) for _, _, text in facts["classes"]] + [list(MISSING)])
    numbers = np.searchsorted(uppers, values.astype(float), side="left")
    numbers[np.isnan(values)] = len(uppers)
    np.testing.assert_array_equal(image, colours[numbers])
    np.testing.assert_array_equal(image, figures[0].axes[0].images[0].get_array())


@pytest.mark.parametrize("stats", ["class", "reason,slope"])
def test_codes_have_their_names(tmp_path, series, stats):
    raster = tmp_path / "codes.tif"
    pixeltrend.slope(series, raster, workers=1, stats=stats)
    summary = pixeltrend.plot_map(raster, tmp_path / "map.svg")
    facts, image = look(raster)
    assert facts["renderer"] == "paletted"
    assert [code for code, _, _ in facts["classes"]] == list(summary.limits)
    in_map = (tmp_path / "map.svg").read_text()
    for (_, label, text), count in zip(facts["classes"], summary.counts, strict=True):
        assert (image == colour(text)).all(axis=2).sum() == count
        assert (f">{label}<" in in_map) == (count > 0)
