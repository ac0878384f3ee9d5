"""A page about a trend: what it holds, that it loads nothing, and that its numbers are right."""

import base64
import hashlib
import json
import re
import shlex
import sys
from html.parser import HTMLParser

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from osgeo import gdal

import pixeltrend
from pixeltrend.cli.report import report as command
from pixeltrend.cli.slope import slope as slope_command
from pixeltrend.errors import (
    ArgumentError,
    InputError,
    MissingDependencyError,
)
from pixeltrend.raster.parts import read_whole
from pixeltrend.raster.places import Point
from pixeltrend.views.report_map import lattice, page_map

pytest.importorskip("bokeh", reason="pages need Bokeh")

HOSTILE = "</script><script>window.hacked=1</script><img src=x onerror=window.hacked=1>'\"&$$x$$"


class Reader(HTMLParser):
    """The elements of a page, its scripts and its text."""

    def __init__(self, path):
        super().__init__()
        self.tags, self.scripts, self.text = [], [], ""
        self.feed(path.read_text())

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag == "script":
            self.scripts.append([dict(attrs), ""])

    def handle_data(self, data):
        if self.cdata_elem == "script":
            self.scripts[-1][1] += data
        else:
            self.text += data

    @property
    def data(self):
        return json.loads(next(text for facts, text in self.scripts if facts.get("id") == "data"))


def unpacked(array):
    return np.frombuffer(base64.b64decode(array["text"]), "<" + array["type"])


@pytest.fixture
def inputs(tmp_path, write_stack, make_values):
    return write_stack(tmp_path / "in", make_values(12, 9, 14, gaps=0.15))


@pytest.fixture
def trend(inputs, tmp_path):
    path = tmp_path / "in" / "trend.tif"
    pixeltrend.slope(inputs, path, stats="slope,pvalue", workers=1)
    return path


def page_of(trend, tmp_path, **options):
    summary = pixeltrend.report(trend, tmp_path / "page.html", **options)
    return summary, Reader(tmp_path / "page.html")


def test_loads_nothing_and_runs_no_script_but_its_own(trend, tmp_path):
    _, page = page_of(trend, tmp_path)
    for tag, attributes in page.tags:
        assert not attributes.keys() & {"src", "href", "srcset", "data", "action"}, (
            tag,
            attributes,
        )
        assert tag not in {"link", "iframe", "object", "embed", "base", "img"}
        assert not any(name.startswith("on") for name in attributes)
    css = (tmp_path / "page.html").read_text().partition("<style>")[2].partition("</style>")[0]
    assert "url(" not in css
    assert "@import" not in css
    policy = next(a["content"] for _, a in page.tags if a.get("http-equiv"))
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe-eval" not in policy
    run = [text for facts, text in page.scripts if facts.get("type") != "application/json"]
    sums = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in run]
    assert re.findall(r"'sha256-([^']+)'", policy) == sums


def test_names_and_metadata_are_text(tmp_path, write_stack, make_values):
    values = make_values(6, 5, 6)
    name = "<img src=x onerror=window.hacked=1> & {}.tif"
    write_stack(tmp_path / "in", values, name=name)
    trend = tmp_path / "in" / "<b>trend.tif"
    pixeltrend.slope(tmp_path / "in", trend, stats="slope,pvalue,rmse", workers=1)
    dataset = gdal.Open(str(trend), gdal.GA_Update)
    dataset.GetRasterBand(3).SetDescription(HOSTILE)
    dataset.GetRasterBand(1).SetMetadataItem("DESCRIPTION", HOSTILE)
    dataset.GetRasterBand(1).SetUnitType(HOSTILE)
    del dataset
    plain = tmp_path / "plain"
    pixeltrend.slope(
        write_stack(plain, values), plain / "trend.tif", stats="slope,pvalue,rmse", workers=1
    )
    _, other = page_of(plain / "trend.tif", tmp_path)
    summary, page = page_of(trend, tmp_path)
    assert [tag for tag, _ in page.tags] == [tag for tag, _ in other.tags]
    assert summary.bands == ("slope", "pvalue", HOSTILE)
    assert page.text.count(HOSTILE) >= 3
    assert "<b>trend.tif" in page.text
    assert page.data["series"]["names"][2] == HOSTILE


@pytest.mark.parametrize(
    ("options", "has_line"),
    [
        ({}, True),
        ({"stats": "all", "origin": 2000.0, "dtype": "float64"}, True),
        (
            {"method": "theil-sen", "stats": "slope,pvalue", "correction": "ar1", "per": "decade"},
            True,
        ),
        ({"method": "gls", "stats": "slope,r1"}, True),
        ({"method": "mann-kendall"}, False),
        ({"steps": "2006", "stats": "slope,pvalue"}, False),
        ({"stats": "class", "window": (1, 2, 7, 9)}, True),
        ({"composite": "mean", "every": "year"}, True),
    ],
    ids=["bare", "all", "theil-sen", "gls", "mann-kendall", "steps", "class", "composite"],
)
@pytest.mark.parametrize("embed", [5 * 2**20, 6000], ids=["exact", "grid"])
def test_series_are_those_of_pixel(inputs, tmp_path, options, has_line, embed):
    trend = tmp_path / "in" / "trend.tif"
    pixeltrend.slope(inputs, trend, workers=1, **options)
    summary, page = page_of(trend, tmp_path, embed=embed)
    series = page.data["series"]
    rows, columns, times = series["rows"], series["columns"], np.array(series["times"])
    assert summary.series == len(rows) * len(columns)
    assert summary.exact == (embed > 6000)
    values = unpacked(series["values"]).reshape(len(times), len(rows), len(columns))
    written = unpacked(series["written"]).reshape(len(series["names"]), len(rows), len(columns))
    packed = [series[name]["text"] for name in ("values", "written", "line") if series[name]]
    assert embed / 3 < sum(map(len, packed)) <= embed or summary.exact
    some = [(i, j) for i in range(0, len(rows), 3) for j in range(0, len(columns), 4)]
    found = pixeltrend.pixel(trend, [Point(rows[i], columns[j], "rowcol") for i, j in some])
    assert (series["line"] is not None) == has_line
    for (i, j), expected in zip(some, found, strict=True):
        assert times.tolist() == [point.time for point in expected.points]
        assert series["dates"] == [point.date for point in expected.points]
        theirs = np.array([point.value for point in expected.points], float)
        np.testing.assert_array_equal(values[:, i, j], theirs)
        theirs = np.array([band.written for band in expected.written], float)
        np.testing.assert_array_equal(written[:, i, j], theirs)
        if has_line:
            slope, intercept = unpacked(series["line"]).reshape(2, len(rows), -1)[:, i, j]
            line = intercept + slope * (times - series["origin"])
            theirs = np.array([point.line for point in expected.points], float)
            np.testing.assert_array_equal(line, theirs)


def test_a_function_has_its_series_and_no_line(inputs, tmp_path):
    trend = tmp_path / "in" / "tau.tif"
    pixeltrend.map_pixels("scipy.stats:kendalltau", inputs, trend, workers=1, update=True)
    summary, page = page_of(trend, tmp_path)
    assert summary.exact
    assert page.data["series"]["line"] is None
    assert "the function scipy.stats:kendalltau was computed of its values" in page.text
    assert "Missing values were left out" not in page.text


def test_the_map_has_the_classes_of_plot(trend, tmp_path, read_raster):
    summary, page = page_of(trend, tmp_path, alpha=0.03)
    shown, slopes = page.data["map"], read_raster(trend)
    assert summary.map_pixels == slopes.size
    assert "No warnings." in page.text
    drawn = pixeltrend.plot_map(trend, tmp_path / "map.png", dpi=50)
    codes = unpacked(shown["layers"][0]["codes"]).reshape(slopes.shape)
    limits = np.array(drawn.limits)
    expected = np.searchsorted(limits[1:-1], slopes)
    np.testing.assert_array_equal(codes, np.where(np.isnan(slopes), len(limits) - 1, expected))
    pvalues = read_raster(trend, 2)
    passed = unpacked(shown["passed"]).reshape(slopes.shape)
    texts = [level["text"] for level in shown["levels"]]
    for position, text in enumerate(texts):
        np.testing.assert_array_equal(passed <= position, pvalues <= np.float32(text))
    assert "0.03" in texts
    count = np.count_nonzero(pvalues <= np.float32(0.03))
    assert f"pvalue <= 0.03: {count:,} of" in shown["levels"][texts.index("0.03")]["said"]
    bars = shown["layers"][0]["histogram"]
    beyond = int((re.match(r"\d+", bars["beyond"]) or ["0"])[0])
    assert sum(bars["top"]) + beyond == np.isfinite(slopes).sum()


def test_areas_are_those_of_the_table(trend, tmp_path):
    _, page = page_of(trend, tmp_path, alpha=0.2)
    for row in pixeltrend.table(trend, alpha=0.2).classes:
        assert row.name in page.text
        assert row.share is None or f"{row.share:.2%}" in page.text
    assert "significant where pvalue <= 0.2" in page.text


def test_the_command_in_the_page_makes_the_same_raster(inputs, tmp_path, monkeypatch):
    trend = tmp_path / "in" / "trend.tif"
    options = {"valid_range": (0.4, 0.9), "method": "theil-sen", "fdr": "bh", "per": "decade",
               "stats": "slope,pvalue", "season": "month", "independent_seasons": True}  # fmt: skip
    pixeltrend.slope(inputs, trend, workers=1, **options)
    _, page = page_of(trend, tmp_path)
    line = next(line for line in page.text.splitlines() if line.startswith("pixeltrend slope "))
    before = trend.read_bytes()
    trend.unlink()
    monkeypatch.chdir(tmp_path / "in")
    done = CliRunner().invoke(slope_command, shlex.split(line)[2:])
    assert done.exit_code == 0, done.output
    assert trend.read_bytes() == before


def test_without_series_the_inputs_are_not_needed(trend, inputs, tmp_path):
    for path in inputs:
        path.unlink()
    with pytest.raises(InputError, match=r"cannot be shown with its series .--embed 0 does"):
        page_of(trend, tmp_path)
    assert not (tmp_path / "page.html").exists()
    done = CliRunner().invoke(
        command, [str(trend), "-o", str(tmp_path / "page.html"), "--embed", "0", "--json"]
    )
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["series"] == 0
    page = Reader(tmp_path / "page.html")
    assert page.data["series"] is None
    assert "The inputs were not opened for this page." in page.text
    assert "ndvi_2003.tif" in page.text


def test_a_bound_too_small_for_a_pixel_is_told(trend, tmp_path):
    summary, page = page_of(trend, tmp_path, embed=10)
    assert summary.series == 0
    assert "none fits into" in page.text


def test_warnings_of_the_inputs_are_in_the_page(tmp_path, write_stack, make_values):
    inputs = write_stack(
        tmp_path / "in", make_values(6, 4, 5), [2000, 2001, 2002, 2003, 2004, 2007]
    )
    made = pixeltrend.slope(inputs, tmp_path / "in" / "trend.tif", workers=1)
    assert made.warnings
    summary, page = page_of(tmp_path / "in" / "trend.tif", tmp_path)
    assert set(made.warnings) <= set(summary.warnings)
    for warning in made.warnings:
        assert warning in page.text


def test_a_page_does_not_tell_where_it_was_made(tmp_path, write_stack, make_values):
    inputs = write_stack(tmp_path / "in", make_values(6, 4, 5), nodata=-9.0)
    dataset = gdal.Open(str(inputs[2]), gdal.GA_Update)
    dataset.GetRasterBand(1).SetNoDataValue(-8.0)
    del dataset
    pixeltrend.slope(inputs, tmp_path / "in" / "trend.tif", workers=1, update=True)
    inputs[1].touch()
    summary, _ = page_of(tmp_path / "in" / "trend.tif", tmp_path)
    assert any(warning.startswith("ndvi_2002.tif: ") for warning in summary.warnings)
    assert str(tmp_path) not in (tmp_path / "page.html").read_text()


def test_many_codes_have_a_class_each(tmp_path, write_raster):
    codes = np.arange(1, 201, dtype=np.uint8).reshape(10, 20)
    path = write_raster(tmp_path / "cover.tif", codes, descriptions=["class"])
    [layer] = page_map(read_whole(str(path)), 0.05).layers
    np.testing.assert_array_equal(layer.codes, codes - 1)
    assert layer.codes.dtype == np.uint16
    assert layer.histogram is None


def test_p_values_that_are_all_missing_have_no_slider(tmp_path, write_stack, make_values):
    inputs = write_stack(tmp_path / "in", make_values(2, 4, 5))
    trend = tmp_path / "in" / "trend.tif"
    pixeltrend.slope(inputs, trend, stats="slope,pvalue", workers=1)
    summary, page = page_of(trend, tmp_path)
    assert summary.bands == ("slope",)
    assert not any(attributes.get("type") == "range" for _, attributes in page.tags)
    assert page.data["map"]["levels"] == []


def test_refusals(trend, inputs, tmp_path):
    with pytest.raises(ArgumentError, match=r"must end in \.html"):
        pixeltrend.report(trend, tmp_path / "page.pdf")
    with pytest.raises(InputError, match="was not written by pixeltrend"):
        pixeltrend.report(inputs[0], tmp_path / "page.html")
    with pytest.raises(ArgumentError, match="alpha 2"):
        pixeltrend.report(trend, tmp_path / "page.html", alpha=2.0)
    with pytest.raises(ArgumentError, match="embed -1"):
        pixeltrend.report(trend, tmp_path / "page.html", embed=-1)


def test_without_bokeh_one_line_says_what_to_install(trend, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "bokeh.embed", None)
    with pytest.raises(MissingDependencyError, match=r"needs Bokeh.*pip install bokeh"):
        pixeltrend.report(trend, tmp_path / "page.html")


@given(st.integers(1, 3000), st.integers(1, 3000), st.integers(1, 10_000))
def test_a_lattice_is_even_and_small_enough(height, width, most):
    rows, columns = lattice(height, width, most)
    assert 1 <= len(rows) * len(columns) <= most
    for numbers, length in ((rows, height), (columns, width)):
        steps = np.diff([-1, *numbers]) if len(numbers) == length else np.diff(numbers)
        assert numbers[0] >= 0
        assert numbers[-1] < length
        assert len(steps) == 0 or steps.max() - steps.min() <= 1
    if height * width <= most:
        assert len(rows) * len(columns) == height * width
