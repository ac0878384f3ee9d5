"""pixeltrend plot, as it is called."""

from __future__ import annotations

import json

import numpy as np
import pytest
from click.testing import CliRunner
from osgeo import gdal

from pixeltrend.cli.plot import plot
from pixeltrend.errors import ArgumentError


@pytest.fixture
def raster(tmp_path, write_raster):
    values = np.random.default_rng(0).normal(0, 0.01, (2, 40, 50))
    return write_raster(tmp_path / "trend.tif", values, descriptions=["slope", "pvalue"])


def invoke(*arguments):
    return CliRunner().invoke(plot, [str(argument) for argument in arguments])


def test_says_what_it_drew(tmp_path, raster):
    done = invoke(raster, "-o", tmp_path / "map.png")
    assert done.exit_code == 0, done.output
    assert done.stdout == ""
    unmet = np.count_nonzero(gdal.Open(str(raster)).ReadAsArray()[1] >= 0.05)
    assert done.stderr == (
        f"{tmp_path}/map.png: slope in 6 classes, 2,000 pixels (2,000 with a value, {unmet:,} "
        "with pvalue ≥ 0.05)\n"
    )
    assert (tmp_path / "map.png").stat().st_size > 10_000


def test_options_and_json(tmp_path, raster):
    done = invoke(
        raster, "-o", tmp_path / "map.svg", "--band", "pvalue", "--classes", 3, "--scheme", "equal",
        "--title", "P", "--dpi", 100, "--json",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    facts = json.loads(done.stdout)
    assert facts["band"] == "pvalue"
    assert "picture" not in facts
    assert len(facts["counts"]) == 3
    assert np.diff(np.diff(facts["limits"])) == pytest.approx(0, abs=1e-12)
    assert done.stderr == ""


def test_quiet(tmp_path, raster):
    assert invoke(raster, "-o", tmp_path / "map.pdf", "-q").output == ""


def test_help_stands_in_groups_and_a_wrong_number_is_refused(tmp_path, raster):
    shown = invoke("--help").output
    assert shown.index("\nMap:") < shown.index("--classes N") < shown.index("\nOutput:")
    refused = invoke(raster, "-o", tmp_path / "map.png", "--classes", 13)
    assert isinstance(refused.exception, ArgumentError)
    assert str(refused.exception) == "13 classes: must be from 1 to 12"
