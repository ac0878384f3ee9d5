"""What viewers read of an output: statistics of its bands, and the style beside it."""

from __future__ import annotations

import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from osgeo import gdal

from pixeltrend.raster.grid import Grid
from pixeltrend.raster.output import OutputOptions
from pixeltrend.raster.pieces import Piece, most_waiting, sums_of
from pixeltrend.raster.replacing import Replacement
from pixeltrend.raster.sample import sample_steps, sampled
from pixeltrend.raster.statistics import BandStatistics, has_segments, segment_sums
from pixeltrend.raster.style_files import is_ours, sealed
from pixeltrend.raster.windows import Window, plan_windows
from pixeltrend.raster.writer import Band, RasterWriter

SIZE = HEIGHT, WIDTH = 1500, 1100


@pytest.fixture(scope="module")
def values():
    values = np.random.default_rng(3).normal(0.01, 0.02, (2, *SIZE)).astype(np.float32)
    values[0, :700, ::3] = np.nan
    return values


def write(path, values, *, block=(256, 256), pixels=2**20, style=None, **options):
    grid = Grid(WIDTH, HEIGHT, (0, 1, 0, 0, 0, -1), "")
    bands = [Band("slope", "Slope", "NDVI per year"), Band("pvalue", "p", "")]
    with RasterWriter(path, grid, bands, OutputOptions(**options), style=style) as writer:
        for window in plan_windows(HEIGHT, WIDTH, block, max_pixels=pixels):
            rows = slice(window.row_off, window.row_off + window.height)
            columns = slice(window.col_off, window.col_off + window.width)
            writer.write(window, values[:, rows, columns].reshape(2, -1))
    return path


@pytest.mark.parametrize("file_format", ["GTiff", "COG"])
def test_gdal_finds_exact_statistics(tmp_path, values, file_format):
    path = write(tmp_path / "t.tif", values, file_format=file_format)
    dataset = gdal.Open(os.fspath(path))
    for number, band_values in enumerate(values, 1):
        band = dataset.GetRasterBand(number)
        exact = band_values.astype(np.float64)
        found = band.GetStatistics(False, False)
        expected = [np.nanmin(exact), np.nanmax(exact), np.nanmean(exact), np.nanstd(exact)]
        assert found[:2] == expected[:2]
        assert found == pytest.approx(expected, rel=1e-11)
        assert band.GetMetadataItem("STATISTICS_APPROXIMATE") is None
        share = 100 * np.isfinite(exact).mean()
        assert float(band.GetMetadataItem("STATISTICS_VALID_PERCENT")) == pytest.approx(share, 1e-3)
    assert not (tmp_path / "t.tif.aux.xml").exists()


numbers = st.floats(-1e9, 1e9, width=32) | st.just(np.nan)


@given(
    st.lists(
        hnp.arrays(np.float32, st.tuples(st.integers(1, 3), st.integers(1, 600)), elements=numbers),
        min_size=1,
        max_size=4,
    )
)
def test_statistics_of_parts_are_those_of_the_whole(parts):
    statistics = BandStatistics()
    for part in parts:
        statistics.add(segment_sums(part[np.newaxis]), part.size)
    whole = np.concatenate([part.ravel() for part in parts]).astype(np.float64)
    valid = whole[~np.isnan(whole)]
    if not valid.size:
        assert statistics.items() == {}
        return
    items = {name.removeprefix("STATISTICS_"): float(t) for name, t in statistics.items().items()}
    assert (items["MINIMUM"], items["MAXIMUM"]) == (valid.min(), valid.max())
    size = np.abs(valid).max()
    assert items["MEAN"] == pytest.approx(valid.mean(), rel=1e-9, abs=1e-9 * size)
    assert items["STDDEV"] == pytest.approx(valid.std(), rel=1e-6, abs=1e-6 * size)
    assert items["VALID_PERCENT"] == pytest.approx(100 * valid.size / whole.size, rel=1e-3)


@pytest.mark.parametrize("constant", [0.1, -3e-7, 1984.0])
def test_a_constant_band_does_not_deviate(constant):
    statistics = BandStatistics()
    values = np.full((1, 40, 700), constant, np.float32)
    statistics.add(segment_sums(values), values.size)
    assert float(statistics.items()["STATISTICS_STDDEV"]) == 0


def test_infinite_values_have_no_statistics():
    statistics = BandStatistics()
    statistics.add(segment_sums(np.array([[[1.0, np.inf]]])), 2)
    assert statistics.items() == {}


@given(st.data())
def test_pieces_give_the_sums_of_the_whole(data):
    """Whether windows bring their sums or not, and wherever they are cut."""
    height, width = data.draw(st.tuples(st.integers(1, 60), st.integers(1, 1200)))
    block = data.draw(st.tuples(st.integers(1, 60), st.sampled_from([1, 100, 128, 256, 512])))
    values = np.random.default_rng(height).normal(size=(2, height, width)).astype(np.float32)
    values[values > 1] = np.nan
    pixels = data.draw(st.integers(300, 40_000))
    pieces = []
    for window in plan_windows(height, width, block, max_pixels=pixels):
        numbers = np.ascontiguousarray(values[:, *window.slices])
        sums = segment_sums(numbers) if has_segments(window, width) else None
        pieces.append(Piece(window, numbers, sums))
    found = sums_of(pieces, Window(0, 0, height, width))
    assert len(found) == len(values)
    for sums, whole in zip(found, values, strict=True):
        for numbers, expected in zip(sums, segment_sums(whole[np.newaxis]), strict=True):
            np.testing.assert_array_equal(numbers, expected)


@given(st.data())
def test_no_more_windows_wait_than_is_said(data):
    height, width = data.draw(st.tuples(st.integers(1, 300), st.integers(1, 50)))
    block = data.draw(st.tuples(st.integers(1, 90), st.integers(1, 60)))
    windows = list(plan_windows(height, width, block, max_pixels=data.draw(st.integers(1, 3000))))
    tile = data.draw(st.integers(1, 100))
    waiting, most, top = [], 0, 0
    for window in windows:
        waiting.append(window)
        most = max(most, len(waiting))
        bottom = window.slices[0].stop
        if window.slices[1].stop == width:
            top = height if bottom == height else bottom // tile * tile
            waiting = [other for other in waiting if other.slices[0].stop > top]
    assert most <= most_waiting(windows, tile) <= 2 * most + width


@pytest.mark.parametrize(
    ("block", "pixels"), [((256, 256), 2**20), ((1, WIDTH), 5000), ((300, 400), 70_000)],
    ids=["tiles", "strips", "odd blocks"],
)  # fmt: skip
def test_the_sample_is_the_same_for_all_windows(tmp_path, values, block, pixels):
    taken = []

    def style(sample, ends):
        taken.append((sample, ends))
        return "a style"

    write(tmp_path / "t.tif", values, block=block, pixels=pixels, style=style)
    ((sample, ends),) = taken
    assert sample_steps(*SIZE) == (3, 3)
    np.testing.assert_array_equal(sample, values[0, 1:1500:3, 1:1098:3])
    assert ends == (np.nanmin(values[0]), np.nanmax(values[0]))
    assert (tmp_path / "t.qml").read_bytes() == sealed("a style")


@given(st.integers(1, 400), st.integers(1, 400), st.integers(4, 500), st.integers(1, 50))
def test_samples_lie_within_finer_ones(height, width, most, more):
    fine, coarse = sample_steps(height, width, most * more), sample_steps(height, width, most)
    count = 1
    for length, small, large in zip((height, width), fine, coarse, strict=True):
        rows = np.arange(length)[sampled(length, large)].tolist()
        assert len(rows) == length // large >= 1
        assert set(rows) <= set(range(length)[sampled(length, small)])
        parts = [(at, min(at + 7, length)) for at in range(0, length, 7)]
        found = [range(*part)[sampled(length, large, *part)] for part in parts]
        assert [row for part in found for row in part] == rows
        count *= len(rows)
    assert count <= most


def old(_sample, _ends):
    return "old"


def new(_sample, _ends):
    return "new"


def test_a_style_of_ones_own_stays(tmp_path, values):
    mine = tmp_path / "t.qml"
    mine.write_text("<qgis/>")
    write(tmp_path / "t.tif", values, style=new)
    assert mine.read_text() == "<qgis/>"
    mine.write_bytes(sealed("old"))
    write(tmp_path / "t.tif", values, style=new)
    assert mine.read_bytes() == sealed("new")
    mine.write_bytes(sealed("new").replace(b"new", b"red"))
    write(tmp_path / "t.tif", values, style=new)
    assert b"red" in mine.read_bytes()
    assert sorted(os.listdir(tmp_path)) == ["t.qml", "t.tif", "t.tif.aux.json"]


def test_no_style_goes_with_the_old_one(tmp_path, values):
    write(tmp_path / "t.tif", values, style=old)
    write(tmp_path / "t.tif", values)
    assert os.listdir(tmp_path) == ["t.tif"]


@pytest.mark.parametrize(
    ("options", "written"),
    [({}, True), ({"file_format": "COG"}, False), ({"file_format": "COG", "style": True}, True)],
    ids=["GTiff", "COG", "COG with a style"],
)
def test_styles_are_for_geotiffs_unless_asked_for(options, written):
    assert OutputOptions(**options).has_style == written
    assert not OutputOptions(style=False).has_style


def test_an_older_style_is_gone_before_the_raster_comes(tmp_path, monkeypatch):
    """Killed at any rename, a raster stands beside its own style, or none."""
    target = tmp_path / "t.tif"
    target.write_text("old")
    (tmp_path / "t.qml").write_bytes(sealed("old"))
    seen = []
    replace = type(target).replace

    def look_and_replace(source, goal):
        seen.append(((tmp_path / "t.tif").read_text(), (tmp_path / "t.qml").exists()))
        return replace(source, goal)

    monkeypatch.setattr(type(target), "replace", look_and_replace)
    with Replacement(target, styled=True) as growing:
        growing.path.write_text("new")
        growing.path.with_suffix(".qml").write_bytes(sealed("new"))
        growing.commit()
    assert seen == [("old", False), ("new", False)]
    assert (tmp_path / "t.qml").read_bytes() == sealed("new")


def test_a_picture_leaves_the_style_of_the_raster(tmp_path):
    (tmp_path / "t.qml").write_bytes(sealed("of t.tif"))
    Replacement(tmp_path / "t.png").write(b"picture")
    assert is_ours(tmp_path / "t.qml")
