"""Several bands in one run: an output for each."""

from __future__ import annotations

import json

import numpy as np
import pytest
from osgeo import gdal

import pixeltrend

NAMES = ["NIR", "SWIR", "flags"]


@pytest.fixture
def scenes(tmp_path, write_raster, make_values):
    """Five years of three bands; the second one is twice the first."""
    values = make_values(5, 6, 8, gaps=0.2)
    for year, layer in zip(range(2000, 2005), values, strict=True):
        bands = np.stack([layer, 2 * layer, np.ones_like(layer)])
        write_raster(tmp_path / f"scene_{year}.tif", bands, descriptions=NAMES, unit="K")
    return tmp_path


def test_each_band_is_the_output_of_its_own_run(run_cli, scenes):
    typed = ["--stats", "slope,pvalue", "--fdr"]
    done = run_cli("slope", "scene_*.tif", "-o", "trend_{band}.tif", "--band", "NIR, SWIR", *typed)
    assert done.returncode == 0, done.stderr
    assert [line.partition(":")[0] for line in done.stderr.splitlines()] == [
        "trend_NIR.tif",
        "trend_SWIR.tif",
    ]
    for name in ("NIR", "SWIR"):
        alone = run_cli("slope", "scene_*.tif", "-o", "alone.tif", "--band", name, *typed)
        assert alone.returncode == 0
        ours, theirs = (scenes / f"trend_{name}.tif").read_bytes(), scenes / "alone.tif"
        assert ours == theirs.read_bytes()
    nir, swir = (gdal.Open(str(scenes / f"trend_{name}.tif")).ReadAsArray() for name in NAMES[:2])
    np.testing.assert_allclose(swir[0], 2 * nir[0], rtol=1e-6)


@pytest.mark.parametrize("again", [[], ["--update"]], ids=["run", "update"])
def test_outputs_among_the_inputs_are_none_of_them(run_cli, scenes, again):
    typed = ["slope", "*.tif", "-o", "scene_{band}.tif", "--band", "1,SWIR", *again]
    for _ in range(2):
        done = run_cli(*typed)
        assert done.returncode == 0, done.stderr
    assert done.stderr.count("up to date with 5 files") == 2 * len(again)
    assert (scenes / "scene_1.tif").exists()


def test_summaries_are_lines_of_json(run_cli, scenes):
    typed = ["--band", "NIR,SWIR", "--json"]
    done = run_cli("map", "numpy:mean", "scene_*.tif", "-o", "{band}.tif", *typed)
    outputs = [json.loads(line)["output"] for line in done.stdout.splitlines()]
    assert outputs == ["NIR.tif", "SWIR.tif"]


def test_a_band_that_fails_does_not_keep_others_from_it(run_cli, scenes):
    done = run_cli("slope", "scene_*.tif", "-o", "t_{band}.tif", "--band", "RED,SWIR")
    assert done.returncode == 3
    assert "no band called 'RED'" in done.stderr
    assert (scenes / "t_SWIR.tif").exists()
    assert not (scenes / "t_RED.tif").exists()


def test_composites_of_each_band(run_cli, scenes):
    done = run_cli(
        "composite", "scene_*.tif", "-o", "years_{band}", "--band", "NIR,2", "--composite", "max"
    )
    assert done.returncode == 0, done.stderr
    assert len(list(scenes.glob("years_NIR/*.tif"))) == len(list(scenes.glob("years_2/*.tif"))) == 5


def test_a_name_with_a_comma_stays_a_name(tmp_path, write_raster):
    for year in (2000, 2001):
        bands = np.full((2, 2, 2), year, np.float32)
        write_raster(tmp_path / f"s_{year}.tif", bands, descriptions=["a", "NDVI, mean"])
    summary = pixeltrend.slope(tmp_path / "s_*.tif", tmp_path / "t.tif", band="NDVI, mean")
    assert summary.valid_pixels == 4


@pytest.mark.parametrize(
    ("typed", "status", "said"),
    [
        (["-o", "t.tif", "--band", "NIR,SWIR"], 3, "-o 'NAME_{band}.tif'"),
        (["-o", "t_{band}.tif"], 2, "--band"),
        (["-o", "t_{band}.tif", "--band", "NIR,,SWIR"], 2, "NIR,,SWIR"),
        (["-o", "t_{band}.tif", "--band", "NIR,NIR"], 2, "twice"),
        (["-o", "t_{band}.tif", "--band", "NIR,SWIR", "--bands-are-times"], 2, "bands_are_times"),
    ],
    ids=["one output", "no band", "empty", "twice", "bands are times"],
)
def test_what_does_not_go_together(run_cli, scenes, typed, status, said):
    done = run_cli("slope", "scene_*.tif", *typed)
    assert done.returncode == status
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert not list(scenes.glob("t*.tif"))
