"""The style beside an output has the classes of its map."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import numpy as np
import pytest

import pixeltrend
from pixeltrend.raster import viewers
from pixeltrend.views import reading
from pixeltrend.views.categories import Category
from pixeltrend.views.classes import classify
from pixeltrend.views.kinds import Kind
from pixeltrend.views.options import ClassOptions
from pixeltrend.views.style import qml


def items(path, tag="item"):
    return [(e.get("value"), e.get("label"), e.get("color")) for e in ET.parse(path).iter(tag)]  # noqa: S314


@pytest.fixture
def series(tmp_path, write_stack, make_values):
    return write_stack(tmp_path / "in", make_values(6, 70, 80, gaps=0.2), unit="NDVI")


@pytest.mark.parametrize("most", [10**6, 500], ids=["all pixels", "a sample"])
@pytest.mark.parametrize("stats", ["slope", "pvalue", "n_valid,slope", "rvalue", "stderr"])
def test_limits_are_those_of_the_map(tmp_path, series, stats, most, monkeypatch):
    steps = reading.sample_steps

    def fewer(height, width, wanted=most):  # for classes; a map is drawn from all pixels
        return steps(height, width, wanted if wanted == reading.MAX_PIXELS else most)

    monkeypatch.setattr(viewers, "sample_steps", fewer)
    monkeypatch.setattr(reading, "sample_steps", fewer)
    output = tmp_path / "trend.tif"
    pixeltrend.slope(series, output, stats=stats, workers=1)
    summary = pixeltrend.plot_map(output, dpi=50)
    found = items(tmp_path / "trend.qml")
    assert [float(value) for value, _, _ in found[:-1]] == list(summary.limits[1:-1])
    assert found[-1][0] == "inf"
    root = ET.parse(tmp_path / "trend.qml").getroot()  # noqa: S314
    (shader,) = root.iter("colorrampshader")
    assert float(shader.get("minimumValue")) == summary.limits[0]
    assert float(shader.get("maximumValue")) == summary.limits[-1]
    (renderer,) = root.iter("rasterrenderer")
    assert (renderer.get("band"), renderer.get("type")) == ("1", "singlebandpseudocolor")


def test_units_stand_in_the_file_of_terra(tmp_path, series):
    pixeltrend.slope(series, tmp_path / "t.tif", stats="slope,pvalue", workers=1)
    units = (tmp_path / "t.tif.aux.json").read_text()
    assert units == '{\n"unit":["NDVI per year",""]\n}\n'
    pixeltrend.slope(series, tmp_path / "t.tif", stats="pvalue", workers=1)
    assert not (tmp_path / "t.tif.aux.json").exists()


def test_composites_have_none_and_say_so(tmp_path, series):
    pixeltrend.composite(series, tmp_path / "c", composite="max", workers=1)
    assert not list((tmp_path / "c").glob("*.qml"))
    with pytest.raises(pixeltrend.ArgumentError, match="style: composites have none"):
        pixeltrend.composite(series, tmp_path / "c", composite="max", style=True)


def test_names_are_text_whatever_they_are(tmp_path):
    names = '<script> "a" & b'
    classes = classify(
        np.array([1.0]), Kind.CATEGORY, ClassOptions(), categories=[Category(1, names, (1, 2, 3))]
    )
    (tmp_path / "s.qml").write_text(qml(classes))
    assert items(tmp_path / "s.qml", "paletteEntry") == [("1", names, "#010203")]


def test_powers_of_ten_are_in_the_labels():
    classes = classify(np.array([1e-9, 2e-9, 3e-9]), Kind.TREND, ClassOptions(classes=2))
    assert all(label.endswith("10⁻⁹") for label in classes.labels)
