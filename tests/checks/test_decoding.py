"""One pass over the blocks: each is decoded once, and what is on the grid is tallied."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from earth_engine import GEOTRANSFORM, shift, write_shards
from hypothesis import given
from hypothesis import strategies as st
from reports import damage

import pixeltrend
from pixeltrend.checks import decoding
from pixeltrend.checks.missing_blocks import Layout

SIZES = st.integers(1, 60)
TILES = ["TILED=YES", "BLOCKXSIZE=64", "BLOCKYSIZE=64"]


@pytest.fixture
def small_parts(monkeypatch):
    """Files are decoded in many windows and parts."""
    monkeypatch.setattr(decoding, "_WINDOW_NUMBERS", 5_000)
    monkeypatch.setattr(decoding, "_PART_NUMBERS", 15_000)


@pytest.fixture
def patched(make_values):
    """Three years of 150 x 230 pixels with a constant in a patch and along a border."""
    values = make_values(3, 150, 230)
    values[:, 40:90, 60:200] = values[:, :, :30] = -9999
    return values


@given(SIZES, SIZES, st.tuples(SIZES, SIZES), st.integers(1, 4000), st.integers(1, 9000))
def test_parts_cover_each_pixel_once(height, width, block, window, part):
    file = SimpleNamespace(bands=(1,))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(decoding, "_WINDOW_NUMBERS", window)
        patch.setattr(decoding, "_PART_NUMBERS", part)
        parts = decoding.whole(file, Layout(height, width, block), ())
    seen = np.zeros((height, width), int)
    for one in (window for part in parts for window in part.windows):
        seen[one.row_off : one.row_off + one.height, one.col_off : one.col_off + one.width] += 1
        assert one.row_off % block[0] == one.col_off % block[1] == 0
    assert (seen == 1).all()


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("options", [[], TILES, [*TILES, "COMPRESS=DEFLATE"]], ids=str)
def test_counts_of_all_pixels(tmp_path, write_stack, patched, options, workers):
    write_stack(tmp_path, patched, options=options)
    [warning] = pixeltrend.check(tmp_path, full=True, workers=workers).warnings
    assert f"{(patched == -9999).sum():,} of {patched.size:,} pixels" in warning
    border = np.ones(patched.shape[1:], bool)
    border[1:-1, 1:-1] = False
    assert f"{(patched[0] == -9999)[border].mean():.0%} of the border" in warning


@pytest.mark.usefixtures("small_parts")
def test_counts_of_shards(tmp_path, write_raster, patched):
    for year, layer in enumerate(patched, 2000):
        write_shards(write_raster, tmp_path / f"ndvi_{year}", layer, [64, 128], [64])
    [warning] = pixeltrend.check(tmp_path, full=True).warnings
    assert f"{(patched == -9999).sum():,} of {patched.size:,} pixels" in warning


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("interleave", ["PIXEL", "BAND"])
def test_counts_of_a_stack(tmp_path, write_raster, patched, interleave):
    names = ["2000", "2001", "2002"]
    options = [*TILES, f"INTERLEAVE={interleave}"]
    write_raster(tmp_path / "stack.tif", patched, descriptions=names, options=options)
    [warning] = pixeltrend.check(tmp_path / "stack.tif", full=True, bands_are_times=True).warnings
    assert f"{(patched == -9999).sum():,} of {patched.size:,} pixels" in warning


@pytest.mark.usefixtures("small_parts")
def test_only_pixels_of_the_grid_count(tmp_path, write_raster, patched):
    for year, layer in enumerate(patched, 2000):
        moved = shift(GEOTRANSFORM, 7 if year == 2001 else 0, 0)
        write_raster(tmp_path / f"ndvi_{year}.tif", layer, geotransform=moved, options=TILES)
    report = pixeltrend.check(tmp_path, full=True, extent="intersection")
    shown = [layer[:-7] if year == 1 else layer[7:] for year, layer in enumerate(patched)]
    count = sum((layer == -9999).sum() for layer in shown)
    assert any(f"{count:,} of {3 * 143 * 230:,} pixels" in text for text in report.warnings)


@pytest.mark.parametrize("interleave", ["PIXEL", "BAND"])
def test_a_broken_block_of_a_stack_is_named_once(tmp_path, write_raster, interleave):
    values = np.random.default_rng(1).integers(1, 99, (3, 70, 90)).astype(np.uint8)
    options = ["TILED=YES", "BLOCKXSIZE=32", "BLOCKYSIZE=32", "COMPRESS=DEFLATE"]
    path = write_raster(
        tmp_path / "stack.tif", values, descriptions=["2000", "2001", "2002"],
        options=[*options, f"INTERLEAVE={interleave}"],
    )  # fmt: skip
    damage(path, 32, 64)
    [problem] = pixeltrend.check(path, full=True, bands_are_times=True).problems
    assert "rows 32 to 63, columns 64 to 89" in problem
    assert ("of band 1" in problem) == (interleave == "BAND")
