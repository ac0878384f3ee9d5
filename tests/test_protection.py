"""What must never happen: an input overwritten, a result taken for a year, years out of order."""

from __future__ import annotations

import numpy as np
import pytest

import pixeltrend
from pixeltrend.errors import ArgumentError, InputError

PIXELS = np.arange(12, dtype=np.float32).reshape(3, 4)


def refuses_to_replace(path, patterns, **options):
    before = path.read_bytes()
    with pytest.raises(ArgumentError, match="looks like one of the inputs"):
        pixeltrend.slope(patterns, path, **options)
    assert path.read_bytes() == before


def test_a_stack_is_not_replaced(tmp_path, write_raster):
    for number in (1, 2):
        names = [str(2000 + 3 * number + i) for i in range(3)]
        write_raster(tmp_path / f"stack{number}.tif", np.stack([PIXELS] * 3), descriptions=names)
    pattern = tmp_path / "stack*.tif"
    refuses_to_replace(tmp_path / "stack2.tif", pattern, bands_are_times=True)


def test_what_a_link_leads_to_is_not_replaced(tmp_path, write_stack):
    paths = write_stack(tmp_path, np.stack([PIXELS] * 4))
    (tmp_path / "link").symlink_to(paths[0])
    with pytest.raises(ArgumentError, match="looks like one of the inputs"):
        pixeltrend.slope(tmp_path / "ndvi_*.tif", tmp_path / "link")
    assert pixeltrend.open_series(tmp_path / "ndvi_*.tif").times.tolist() == [
        2000,
        2001,
        2002,
        2003,
    ]


def test_a_raster_of_another_suffix_is_not_replaced(tmp_path, write_stack, write_raster):
    write_stack(tmp_path, np.stack([PIXELS] * 3))
    path = write_raster(tmp_path / "ndvi_2003.tiff", PIXELS)
    refuses_to_replace(path, tmp_path / "ndvi_*.tif*")


def test_a_raster_without_a_time_in_its_name_is_not_replaced(tmp_path, write_stack, write_raster):
    write_stack(tmp_path, np.stack([PIXELS] * 3))
    path = write_raster(tmp_path / "last.tif", PIXELS)
    refuses_to_replace(path, tmp_path / "*.tif", years="2000:2002")


def test_our_own_output_is_replaced_when_the_pattern_matches_it(tmp_path, write_stack):
    write_stack(tmp_path, np.stack([PIXELS] * 3))
    for _ in range(2):
        pixeltrend.slope(tmp_path / "*.tif", tmp_path / "trend_2004.tif")


def test_a_result_is_no_year_of_the_series(tmp_path, write_stack):
    write_stack(tmp_path, np.stack([PIXELS] * 3))
    pixeltrend.slope(tmp_path / "*.tif", tmp_path / "trend_2004.tif")
    with pytest.raises(InputError, match=r"trend_2004\.tif: was written by pixeltrend"):
        pixeltrend.open_series(tmp_path / "*.tif")


def test_a_series_of_results_is_a_series(tmp_path, write_stack):
    write_stack(tmp_path / "in", np.stack([PIXELS] * 3))
    for year in (2000, 2001):
        pixeltrend.slope(tmp_path / "in", tmp_path / f"amplitude_{year}.tif")
    assert pixeltrend.open_series(tmp_path / "amplitude_*.tif").times.tolist() == [2000, 2001]


def test_years_go_by_the_names_of_files_not_of_folders(tmp_path, write_raster):
    first = write_raster(tmp_path / "z" / "img_1.tif", PIXELS)
    second = write_raster(tmp_path / "a" / "img_2.tif", PIXELS)
    series = pixeltrend.open_series([first, second], years="2000:2001")
    assert series.paths == [str(first), str(second)]


def test_files_of_one_name_have_no_order_for_years(tmp_path, write_raster):
    paths = [write_raster(tmp_path / folder / "img.tif", PIXELS) for folder in "ab"]
    with pytest.raises(InputError, match="same name"):
        pixeltrend.open_series(paths, years="2000:2001")


def test_years_of_two_digits_are_refused(tmp_path, write_stack):
    write_stack(tmp_path, np.stack([PIXELS] * 4), ["98", "99", "01", "02"])
    with pytest.raises(InputError, match="four digits"):
        pixeltrend.open_series(tmp_path, date_regex=r"_(\d\d)\.")


def test_a_mask_that_one_year_lacks_is_told(tmp_path, write_stack, write_raster):
    write_stack(tmp_path, np.stack([PIXELS] * 3), mask=np.ones((3, 4)))
    write_raster(tmp_path / "ndvi_2003.tif", PIXELS)
    warnings = pixeltrend.open_series(tmp_path / "*.tif").warnings
    assert any("ndvi_2003.tif: mask none" in text for text in warnings)


def test_a_mask_band_is_no_time(tmp_path, write_raster, read_raster):
    layers = np.array([[[1, 1, 1]], [[1, 0, 1]], [[2, 5, 3]], [[3, 9, 5]]], np.float32)
    names = ["1995", "mask", "1996", "1997"]
    path = write_raster(tmp_path / "stack.tif", layers, descriptions=names)
    pixeltrend.slope(path, tmp_path / "out.tif", bands_are_times=True, mask_band="mask")
    np.testing.assert_array_equal(read_raster(tmp_path / "out.tif"), [[1, np.nan, 2]])


def test_a_table_cannot_name_bands_without_names(tmp_path, write_raster):
    path = write_raster(tmp_path / "stack.tif", np.stack([PIXELS] * 2))
    (tmp_path / "times.csv").write_text("file,time\nstack.tif,2000\n")
    with pytest.raises(InputError, match=r"stack\.tif, band 1: has no description"):
        pixeltrend.open_series(path, bands_are_times=True, times=tmp_path / "times.csv")


def test_shards_with_bands_in_another_order_are_refused(tmp_path, write_raster):
    for column, names in ((0, ["1995", "1996"]), (4, ["1996", "1995"])):
        write_raster(
            tmp_path / f"stack-0000000000-{column:010d}.tif",
            np.stack([PIXELS] * 2),
            descriptions=names,
            geotransform=(30.0 * column, 30.0, 0.0, 0.0, 0.0, -30.0),
        )
    with pytest.raises(InputError, match="a different order"):
        pixeltrend.open_series(tmp_path, bands_are_times=True)


def test_shards_of_shifted_exports_are_all_there(tmp_path, write_raster):
    for year, shift in ((2000, 0), (2001, 3), (2002, 6)):
        for column in (0, 4):
            write_raster(
                tmp_path / f"ndvi_{year}-0000000000-{column:010d}.tif",
                PIXELS,
                geotransform=(30.0 * (column + shift), 30.0, 0.0, 0.0, 0.0, -30.0),
            )
    series = pixeltrend.open_series(tmp_path, extent="union")
    assert series.grid.width == 14
    assert not any("no shard" in text for text in series.warnings)


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("ending", ["raise SystemExit(0)", "sys.exit(3)"])
def test_a_function_that_leaves_ends_the_run(run_cli, stack, tmp_path, workers, ending):
    (tmp_path / "mine.py").write_text(f"import sys\ndef leave(pairs):\n    {ending}\n")
    done = run_cli("map", "mine.py:leave", "ndvi_*.tif", "-o", "out.tif", "--bands", "a",
                   "--workers", workers)  # fmt: skip
    assert done.returncode == 1
    assert "SystemExit" in done.stderr
    assert not (tmp_path / "out.tif").exists()
    assert len(stack) == 5


def test_a_function_whose_worker_is_killed_ends_the_run(run_cli, stack, tmp_path):
    (tmp_path / "mine.py").write_text(
        "import os, signal\ndef die(pairs):\n    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    for _ in range(3):
        done = run_cli("map", "mine.py:die", "ndvi_*.tif", "-o", "out.tif", "--bands", "a",
                       "--workers", 2)  # fmt: skip
        assert done.returncode == 1
        assert "a worker died" in done.stderr
        assert done.stderr.count("\n") == 1
    assert len(stack) == 5
