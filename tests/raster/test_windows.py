"""Windows: every pixel once, along blocks, within memory."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixeltrend.errors import ArgumentError
from pixeltrend.raster.windows import Window, plan_windows

sizes = st.integers(1, 70)
blocks = st.tuples(st.integers(1, 40), st.integers(1, 40))
limits = st.integers(1, 6000)
targets = st.fixed_dictionaries(
    {"target_pixels": st.none() | st.integers(1, 6000), "tile_height": st.integers(0, 40)}
)


def clipped(block, height, width):
    return min(block[0], height), min(block[1], width)


@given(sizes, sizes, blocks, limits, targets)
def test_every_pixel_exactly_once(height, width, block, limit, target):
    touched = np.zeros((height, width), dtype=int)
    for window in plan_windows(height, width, block, max_pixels=limit, **target):
        rows = slice(window.row_off, window.row_off + window.height)
        columns = slice(window.col_off, window.col_off + window.width)
        assert touched[rows, columns].size == window.pixels > 0
        touched[rows, columns] += 1
    assert (touched == 1).all()


@given(sizes, sizes, blocks, limits, targets)
def test_memory_limit_is_kept(height, width, block, limit, target):
    windows = plan_windows(height, width, block, max_pixels=limit, **target)
    assert max(window.pixels for window in windows) <= limit


@given(sizes, sizes, blocks, limits, targets)
def test_no_block_is_in_two_windows(height, width, block, limit, target):
    block_height, block_width = clipped(block, height, width)
    limit = max(limit, block_height * block_width)
    owners = {}
    for window in plan_windows(height, width, block, max_pixels=limit, **target):
        last_row = (window.row_off + window.height - 1) // block_height
        last_column = (window.col_off + window.width - 1) // block_width
        for row in range(window.row_off // block_height, last_row + 1):
            for column in range(window.col_off // block_width, last_column + 1):
                assert owners.setdefault((row, column), window) is window


@given(sizes, sizes, blocks, limits)
def test_columns_are_split_only_when_a_row_of_blocks_is_too_large(height, width, block, limit):
    row_of_blocks = clipped(block, height, width)[0] * width
    limit = max(limit, row_of_blocks)
    windows = list(plan_windows(height, width, block, max_pixels=limit))
    assert {window.width for window in windows} == {width}


@given(sizes, sizes, blocks, limits, targets)
def test_windows_come_in_the_order_they_are_written(height, width, block, limit, target):
    windows = list(plan_windows(height, width, block, max_pixels=limit, **target))
    starts = [(window.row_off, window.col_off) for window in windows]
    assert starts == sorted(starts)


def test_windows_are_as_large_as_memory_allows():
    windows = list(plan_windows(1000, 100, (10, 100), max_pixels=25_000))
    assert windows[0] == Window(0, 0, 250, 100)
    assert len(windows) == 4


@given(
    st.integers(100, 3000),
    st.integers(1, 300),
    st.integers(1, 40),
    st.integers(1, 10**6),
    st.sampled_from([16, 64, 256]),
)
def test_windows_of_whole_rows_end_with_tiles(height, width, block_height, limit, tile):
    plain, ending = (
        list(plan_windows(height, width, (block_height, width), max_pixels=limit, tile_height=rows))
        for rows in (0, tile)
    )
    assert len(ending) <= 2 * len(plain)
    first = ending[0].height
    if plain[0].height >= block_height * tile or (
        block_height == 1 and tile > plain[0].height > 1 and width <= limit
    ):
        assert first % tile == 0 or tile % first == 0 or first == height


def test_no_memory_is_refused():
    with pytest.raises(ArgumentError):
        list(plan_windows(10, 10, (1, 10), max_pixels=0))


def test_window_says_where_it_is():
    assert str(Window(10, 20, 5, 6)) == "rows 10 to 14, columns 20 to 25"
