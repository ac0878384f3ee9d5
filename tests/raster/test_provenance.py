"""What an output says it was made from."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

import pixeltrend
from pixeltrend.raster.provenance import Provenance, describe, options_text, read
from pixeltrend.series.opening import open_series


def facts_of(patterns, method="ols", options=None, **settings):
    series = open_series(patterns, **settings)
    times, text = tuple(series.times.tolist()), options_text(options or {})
    return describe(Provenance(method, times, tuple(series.names), (1,), text))


def test_version_method_times_and_inputs(stack):
    facts = facts_of(stack)
    assert facts["PIXELTREND_VERSION"] == pixeltrend.__version__
    assert facts["PIXELTREND_METHOD"] == "ols"
    assert facts["PIXELTREND_TIMES"].split() == ["2000", "2001", "2002", "2003", "2004"]
    assert json.loads(facts["PIXELTREND_INPUTS"]) == [path.name for path in stack]


def test_method_is_said(stack):
    assert facts_of(stack, method="linregress")["PIXELTREND_METHOD"] == "linregress"


def test_options_are_said(stack):
    assert "-9999" in facts_of(stack, options={"nodata": "-9999"})["PIXELTREND_OPTIONS"]


def test_decimal_years_are_said_to_the_hour(tmp_path, write_stack):
    write_stack(tmp_path, np.zeros((2, 2, 2), np.float32), ["20160101", "20160701"])
    facts = facts_of(tmp_path, date_regex=r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)")
    times = [float(time) for time in facts["PIXELTREND_TIMES"].split()]
    assert times == pytest.approx([2016, 2016 + 182 / 366], abs=1 / 366 / 24)


def test_inputs_of_several_folders_are_told_apart(tmp_path, write_stack):
    write_stack(tmp_path / "a", np.zeros((1, 2, 2), np.float32), [2000])
    write_stack(tmp_path / "b", np.zeros((1, 2, 2), np.float32), [2001])
    facts = facts_of(tmp_path / "**" / "*.tif")
    assert json.loads(facts["PIXELTREND_INPUTS"]) == ["a/ndvi_2000.tif", "b/ndvi_2001.tif"]


def test_where_the_inputs_lie_does_not_show(stack, tmp_path, monkeypatch):
    facts = facts_of(stack)
    elsewhere = tmp_path / "deep" / "elsewhere"
    elsewhere.mkdir(parents=True)
    for path in stack:
        shutil.copy(path, elsewhere)
    assert facts_of(elsewhere) == facts
    monkeypatch.chdir(elsewhere)
    assert facts_of("*.tif") == facts


def test_facts_are_text(stack):
    for name, fact in facts_of(stack, options={"nodata": "0"}).items():
        assert isinstance(name, str)
        assert isinstance(fact, str)


def test_what_is_written_can_be_read():
    facts = Provenance("ols", (2000.0, 2001.5), ("a 1.tif", 'b"2.tif'), (1, 3), "nodata=-9999.0")
    assert read(describe(facts)) == facts


@pytest.mark.parametrize(
    "items", [{}, {"VERSION": "1"}, {"AREA_OR_POINT": "Area"}, {"PIXELTREND_METHOD": "ols"}]
)
def test_rasters_of_others_say_nothing(items):
    assert read(items) is None


@pytest.mark.parametrize(
    "damage", [{"TIMES": "soon"}, {"INPUTS": "[1, 2"}, {"INPUTS": "7"}, {"INPUT_BANDS": "red"}]
)
def test_damaged_metadata_are_still_those_of_an_output(damage):
    items = describe(Provenance("ols", (2000.0,), ("a.tif",)))
    read_back = read(items | {f"PIXELTREND_{name}": text for name, text in damage.items()})
    assert read_back == Provenance("ols", (), ())
