"""Any function over the pixels: from the command line and from Python."""

from __future__ import annotations

import functools
import textwrap

import numpy as np
import pytest
from osgeo import gdal
from scipy.stats import kendalltau, theilslopes

import pixeltrend

MINE = """
    from dataclasses import dataclass
    from typing import NamedTuple

    import numpy as np

    def count(pairs):
        assert pairs.shape[1] == 2
        return len(pairs)

    def ends(pairs):
        return pairs[0], pairs[-1, 1]

    def first_and_last(pairs):
        return pairs[0, 1], pairs[-1, 1]

    def scaled_mean(pairs, factor=1.0, how="mean"):
        return getattr(np, how)(pairs[:, 1]) * factor

    def fails_without_gaps(pairs):
        if len(pairs) == 5:
            raise RuntimeError("complete")
        return 1.0

    def chunk_mean(times, values):
        return np.nanmean(np.where(np.isnan(values), 0, values), axis=0)

    def chunk_range(times, values):
        filled = np.nan_to_num(values)
        return np.stack([filled.min(axis=0), filled.max(axis=0)])

    def text(pairs):
        return "much"

    def mistaken(pairs):
        return nowhere(pairs)

    class Ends(NamedTuple):
        first: float
        last: float

    @dataclass
    class Pair:
        first: float
        last: float

    def as_tuple(pairs):
        return Ends(pairs[0, 1], pairs[-1, 1])

    def as_dataclass(pairs):
        return Pair(pairs[0, 1], pairs[-1, 1])

    def as_dict(pairs):
        return {"first": pairs[0, 1], "last": pairs[-1, 1]}

    def as_chunk(times, values):
        return Ends(values[0], values[-1])

    def maker():
        def inner(pairs):
            return 0
        return inner

    shape = lambda pairs: 1
    closure = maker()
    number = 3
"""


@pytest.fixture
def mine(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(textwrap.dedent(MINE))
    return path


@pytest.fixture
def values(make_values):
    return make_values(5, 6, 8, gaps=0.2)


def stacked(read_raster, path, bands):
    return np.stack([read_raster(path, band) for band in range(1, bands + 1)])


def test_scipys_linregress_equals_the_built_in_reference(tmp_path, stack, run_cli, read_raster):
    names = "slope,intercept,rvalue,pvalue,stderr"
    mapped = run_cli(
        "map", "scipy.stats:linregress", "ndvi_*.tif", "-o", "map.tif", "--dtype", "float64",
        "--bands", names, "--min-valid", "2",
    )  # fmt: skip
    assert mapped.returncode == 0, mapped.stderr
    run_cli(
        "slope", "ndvi_*.tif", "-o", "slope.tif", "--dtype", "float64", "--method", "linregress"
    )
    np.testing.assert_array_equal(
        read_raster(tmp_path / "map.tif"), read_raster(tmp_path / "slope.tif")
    )


def test_functions_that_take_x_and_y_get_times_and_values(tmp_path, stack, values, read_raster):
    pixeltrend.map_pixels(
        "scipy.stats:theilslopes", tmp_path / "ndvi_*.tif", tmp_path / "sen.tif", dtype="float64",
        min_valid=2,
    )  # fmt: skip
    pixeltrend.map_pixels(
        "scipy.stats:kendalltau", tmp_path / "ndvi_*.tif", tmp_path / "tau.tif", dtype="float64",
        min_valid=2, bands=["pvalue", "statistic"],
    )  # fmt: skip
    times = np.arange(2000.0, 2005)
    sen, tau = (
        stacked(read_raster, tmp_path / "sen.tif", 4),
        stacked(read_raster, tmp_path / "tau.tif", 2),
    )
    for row, column in np.ndindex(6, 8):
        series = values[:, row, column].astype(np.float64)
        valid = ~np.isnan(series)
        if valid.sum() < 2:
            assert np.isnan(sen[:, row, column]).all()
            continue
        np.testing.assert_array_equal(sen[:, row, column], theilslopes(series[valid], times[valid]))
        answer = kendalltau(times[valid], series[valid])
        np.testing.assert_array_equal(tau[:, row, column], [answer.pvalue, answer.statistic])


@pytest.mark.parametrize("executor", ["processes", "threads"])
def test_a_function_of_a_file_gets_the_valid_pairs(
    tmp_path, stack, mine, values, read_raster, executor
):
    pixeltrend.map_pixels(
        f"{mine}:count", tmp_path / "ndvi_*.tif", tmp_path / "n.tif", executor=executor
    )
    n = (~np.isnan(values)).sum(axis=0).astype(float)
    np.testing.assert_array_equal(read_raster(tmp_path / "n.tif"), np.where(n, n, np.nan))


def test_a_module_in_this_folder_is_found(run_cli, stack, mine, tmp_path):
    done = run_cli("map", "mine:count", "ndvi_*.tif", "-o", "n.tif", "--workers", "2")
    assert done.returncode == 0, done.stderr


def test_the_first_call_tells_how_many_bands(tmp_path, stack, mine, values, read_raster):
    pixeltrend.map_pixels(
        f"{mine}:first_and_last", tmp_path / "ndvi_*.tif", tmp_path / "two.tif", min_valid=5
    )
    expected = np.where(np.isnan(values).any(axis=0), np.nan, values[[0, -1]])
    np.testing.assert_array_equal(stacked(read_raster, tmp_path / "two.tif", 2), expected)


def test_arguments_are_bound_and_read_as_python_reads_them(
    run_cli, stack, mine, tmp_path, values, read_raster
):
    done = run_cli(
        "map", "mine.py:scaled_mean", "ndvi_*.tif", "-o", "m.tif", "--arg", "factor=-2.5",
        "--arg", "how=max", "--dtype", "float64",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    with np.errstate(invalid="ignore"):
        expected = -2.5 * np.nanmax(values.astype(np.float64), axis=0)
    np.testing.assert_array_equal(read_raster(tmp_path / "m.tif"), expected)


def test_different_arguments_leave_different_metadata(tmp_path, stack, mine):
    for name, factor in (("a", 1.0), ("b", 1.0), ("c", 2.0)):
        pixeltrend.map_pixels(
            f"{mine}:scaled_mean", stack, tmp_path / f"{name}.tif", arguments={"factor": factor}
        )
    a, b, c = ((tmp_path / f"{name}.tif").read_bytes() for name in "abc")
    assert a == b
    assert b"factor=2.0" in c
    assert b"factor=2.0" not in a


@pytest.mark.parametrize(("function", "bands"), [("chunk_mean", 1), ("chunk_range", 2)])
def test_vectorized_functions_take_chunks(
    tmp_path, stack, mine, values, read_raster, function, bands
):
    pixeltrend.map_pixels(
        f"{mine}:{function}", stack, tmp_path / "v.tif", vectorized=True, memory=2000
    )
    filled = np.nan_to_num(values)
    expected = {
        "chunk_mean": np.nanmean(filled, axis=0)[None],
        "chunk_range": np.stack([filled.min(axis=0), filled.max(axis=0)]),
    }[function]
    np.testing.assert_allclose(stacked(read_raster, tmp_path / "v.tif", bands), expected, rtol=1e-6)


def test_an_exception_names_row_column_and_values(run_cli, tmp_path, write_stack, mine):
    values = np.full((5, 6, 8), np.nan, np.float32)
    values[:2, 1, 1] = 1
    values[:, 4, 3] = [1, 2, 3, 4, 5.5]
    write_stack(tmp_path, values)
    done = run_cli(
        "map", "mine.py:fails_without_gaps", "ndvi_*.tif", "-o", "out.tif", "--bands", "a"
    )
    assert done.returncode == 1
    assert done.stderr.startswith("Error: row 4, column 3: ")
    assert "RuntimeError: complete" in done.stderr
    assert "2004: 5.5" in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out.tif").exists()


def test_on_error_nan_counts(run_cli, tmp_path, write_stack, mine, read_raster):
    values = np.ones((5, 6, 8), np.float32)
    values[0, :2] = np.nan
    write_stack(tmp_path, values)
    done = run_cli(
        "map", "mine.py:fails_without_gaps", "ndvi_*.tif", "-o", "out.tif", "--on-error", "nan",
        "--bands", "a",
    )  # fmt: skip
    assert done.returncode == 0
    assert "failed at 32 pixels" in done.stderr
    found = read_raster(tmp_path / "out.tif")
    assert (found[:2] == 1).all()
    assert np.isnan(found[2:]).all()


@pytest.mark.parametrize(
    ("function", "status", "said"),
    [
        ("mine.py:shape", 2, "lambda"),
        ("mine.py:closure", 2, "top-level function"),
        ("mine.py:missing", 2, "cannot be imported"),
        ("mine.py:number", 2, "is not a function"),
        ("no_such_module:f", 2, "cannot be imported"),
        ("no_such_file.py:f", 2, "cannot be imported"),
        ("mine.py", 2, "MODULE:FUNCTION"),
        ("mine.py:text", 1, "first call"),
        ("mine.py:ends", 1, "first call"),
        ("mine.py:scaled_men", 2, "did you mean scaled_mean?"),
        ("scipy.stats:kendaltau", 2, "did you mean kendalltau?"),
        ("scipy.stat:kendalltau", 2, "did you mean stats?"),
        ("scpy.stats:kendalltau", 2, "did you mean scipy?"),
        ("mine.py:mistaken", 1, "(NameError: name 'nowhere' is not defined, mine.py line "),
    ],
)
def test_functions_that_cannot_be_used(run_cli, stack, mine, tmp_path, function, status, said):
    done = run_cli("map", function, "ndvi_*.tif", "-o", "out.tif")
    assert done.returncode == status
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out.tif").exists()


NAMED = ["as_tuple", "as_dataclass", "as_dict", "as_chunk"]


@pytest.mark.parametrize("function", NAMED)
@pytest.mark.parametrize(
    ("bands", "order"),
    [
        (None, [0, -1]),
        ("last", [-1]),
        ("last,first", [-1, 0]),
        ("end=last,first", [-1, 0]),
        ("first=last,last=first", [-1, 0]),
    ],
    ids=["all", "one", "both", "one renamed", "swapped"],
)
def test_bands_are_the_fields_of_a_result(
    tmp_path, make_values, write_stack, mine, read_raster, function, bands, order
):
    values = make_values(5, 6, 8)
    pixeltrend.map_pixels(
        f"{mine}:{function}", write_stack(tmp_path, values), tmp_path / "out.tif", bands=bands,
        vectorized=function == "as_chunk",
    )  # fmt: skip
    names = [band.partition("=")[0] for band in (bands or "first,last").split(",")]
    dataset = gdal.Open(str(tmp_path / "out.tif"))
    bands_of = [dataset.GetRasterBand(number) for number in range(1, dataset.RasterCount + 1)]
    assert [band.GetDescription() for band in bands_of] == names
    np.testing.assert_array_equal(
        stacked(read_raster, tmp_path / "out.tif", len(order)), values[order]
    )


@pytest.mark.parametrize("function", [*NAMED, "first_and_last"])
def test_other_names_than_the_fields_are_refused(tmp_path, stack, mine, function):
    bands = "p=lst,first" if function == "first_and_last" else "lst,first"
    said = "nothing with names" if function == "first_and_last" else "did you mean last"
    with pytest.raises(pixeltrend.FunctionError, match=said):
        pixeltrend.map_pixels(
            f"{mine}:{function}", stack, tmp_path / "out.tif", bands=bands,
            vectorized=function == "as_chunk",
        )  # fmt: skip
    assert not (tmp_path / "out.tif").exists()


def test_scipys_tau_never_stands_under_p(run_cli, stack, tmp_path, read_raster):
    command = ["map", "scipy.stats:kendalltau", "ndvi_*.tif", "--min-valid", 2, "--bands"]
    done = run_cli(*command, "p,tau", "-o", "out.tif")
    assert done.returncode == 1
    assert "returned statistic, pvalue" in done.stderr
    assert "--bands p=FIELD renames one; did you mean pvalue?" in done.stderr
    assert run_cli(*command, "p=pvalue,tau=statistic", "-o", "new.tif").returncode == 0
    run_cli(*command, "pvalue,statistic", "-o", "old.tif")
    for band in (1, 2):
        new, old = (read_raster(tmp_path / name, band) for name in ("new.tif", "old.tif"))
        np.testing.assert_array_equal(new, old)
    assert b"p=pvalue,tau=statistic" in (tmp_path / "new.tif").read_bytes()


@pytest.mark.parametrize(
    ("function", "on_error", "advised"),
    [
        ("fails_without_gaps", "nan", True),
        ("fails_without_gaps", "raise", False),
        ("mistaken", "nan", False),
        ("text", "nan", False),
    ],
)
def test_bands_are_advised_where_they_help(
    run_cli, tmp_path, write_stack, mine, function, on_error, advised
):
    write_stack(tmp_path, np.ones((5, 2, 2), np.float32))
    done = run_cli(
        "map", f"mine.py:{function}", "ndvi_*.tif", "-o", "out.tif", "--on-error", on_error
    )
    assert done.returncode == 1
    assert ("--bands" in done.stderr) == advised


def test_wrong_numbers_of_results_are_refused(run_cli, stack, mine):
    done = run_cli("map", "mine.py:count", "ndvi_*.tif", "-o", "out.tif", "--bands", "a,b")
    assert done.returncode == 1
    assert "returned 1 numbers, but the bands are a, b" in done.stderr
    done = run_cli("map", "mine.py:count", "ndvi_*.tif", "-o", "out.tif", "--bands", "a,a")
    assert done.returncode == 2
    done = run_cli(
        "map", "mine.py:chunk_range", "ndvi_*.tif", "-o", "out.tif", "--bands", "a", "--vectorized"
    )
    assert done.returncode == 1
    assert "shape" in done.stderr


def test_a_callable_in_hand_must_be_able_to_travel(tmp_path, stack):
    with pytest.raises(pixeltrend.ArgumentError, match="top-level"):
        pixeltrend.map_pixels(lambda _pairs: 1, stack, tmp_path / "out.tif")
    bound = functools.partial(np.full, fill_value=2.0)
    with pytest.raises(pixeltrend.FunctionError, match="first call"):
        pixeltrend.map_pixels(bound, stack, tmp_path / "out.tif")


def test_a_callable_in_hand(tmp_path, stack, values, read_raster):
    pixeltrend.map_pixels(len, stack, tmp_path / "n.tif", bands=["n"], workers=2)
    n = (~np.isnan(values)).sum(axis=0).astype(float)
    np.testing.assert_array_equal(read_raster(tmp_path / "n.tif"), np.where(n, n, np.nan))


def test_nothing_to_call_the_function_with(tmp_path, write_stack):
    files = write_stack(tmp_path, np.full((3, 4, 4), np.nan, np.float32))
    with pytest.raises(pixeltrend.ArgumentError, match="--bands"):
        pixeltrend.map_pixels(len, files, tmp_path / "n.tif")
    summary = pixeltrend.map_pixels(len, files, tmp_path / "n.tif", bands=["n"])
    assert summary.valid_pixels == 0
    assert any("no pixel has a result" in warning for warning in summary.warnings)
