"""The benchmarks run, on stacks of a few pixels; the model of a node is arithmetic."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from node import Shares
from running import run

import pixeltrend

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"
SHARES = BENCHMARKS / "programs" / "shares.py"
SECONDS = st.floats(0.0, 1e6)
PATH = "/usr/bin:/bin"  # without the programs of others
# Sees twenty samples in whatever it runs.
PY_SPY = """#!/bin/sh
while [ "$1" != -- ]; do [ "$1" = --output ] && output=$2; shift; done
shift
echo "main;run 20" > "$output"
exec "$@"
"""


def rows_of(text):
    """The cells of all Markdown tables, without headers."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    rules = [number for number, row in enumerate(rows) if row[0] == "---"]
    return [row for number, row in enumerate(rows) if not {number, number + 1} & {*rules}]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Where the stacks of all benchmarks are kept."""
    return tmp_path_factory.mktemp("data")


def bench(name, *arguments, data, **env):
    command = [sys.executable, BENCHMARKS / name, *arguments, "--runs", 1, "--data", data]
    done = run(command, env={"PATH": PATH} | env)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_shared_work_is_divided_and_the_parents_is_not():
    shares = Shares(workers=12.0, parent=0.5, compression=3.5)
    assert shares.all == 16
    assert [shares.seconds(cores) for cores in (2, 4, 16, 64)] == [8, 4, 1, 0.5]
    assert shares.worth == 32


@given(SECONDS, SECONDS, SECONDS, st.integers(1, 128))
def test_more_cores_never_take_longer(workers, parent, compression, cores):
    shares = Shares(workers, parent, compression)
    assert parent <= shares.seconds(cores + 1) <= shares.seconds(cores) <= shares.all


def test_what_the_start_took_is_no_part_of_the_shares():
    assert Shares(5.0, 2.0, 1.0).less(Shares(1.0, 0.5, 1.5)) == Shares(4.0, 1.5, 0.0)


@pytest.mark.parametrize("executor", ["processes", "threads"])
def test_shares_of_a_run_are_printed_and_its_output_is_the_usual_one(executor, tmp_path):
    pixeltrend.make_series(tmp_path / "in", height=600, width=600, years="2001:2005")
    inputs = f"{tmp_path}/in/*.tiff"
    pixeltrend.slope(inputs, tmp_path / "usual.tif")
    options = ("--workers", 2, "--executor", executor, "--quiet")
    done = run([sys.executable, SHARES, "slope", inputs, "-o", tmp_path / "out.tif", *options])
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out.tif").read_bytes() == (tmp_path / "usual.tif").read_bytes()
    took = json.loads(done.stdout)
    assert took["threads"]["MainThread"] > 0
    assert took["native"] > 0  # two threads compress
    assert (took["workers"] > 0) is (executor == "processes")
    assert ("ThreadPoolExecutor" in took["threads"]) is (executor == "threads")


def test_the_status_of_a_run_that_failed_is_passed_on(tmp_path):
    done = run([sys.executable, SHARES, "slope", tmp_path / "*.tiff", "-o", tmp_path / "out.tif"])
    assert (done.returncode, done.stdout) == (3, "")


def test_scaling_prints_shares_nodes_and_targets(data):
    said = bench("scaling.py", "slope", "--side", 64, "--limit", 0, data=data)
    assert "Storage is left out" in said
    shares, nodes, ratio, parent = rows_of(said)
    assert shares[0] == nodes[0] == "slope"
    assert "(7.7)" in shares[1]
    assert "measured" in nodes[1]
    assert ratio[0] == "slope: <= 1.15 x the floor of as many bands (1)"
    assert parent[0] == "slope: parent <= 1% besides compression and start-up"


def test_scaling_knows_its_rows():
    done = run([sys.executable, BENCHMARKS / "scaling.py", "sen"])
    assert done.returncode == 2
    assert "sen: no such row" in done.stderr


def test_compressions_are_compared(data):
    rows = {row[0]: row[1:] for row in rows_of(bench("compression.py", "--side", 64, data=data))}
    deflate = rows["`COMPRESS=DEFLATE` `ZLEVEL=1`"]
    assert len(deflate) == len(rows["`COMPRESS=ZSTD` `ZSTD_LEVEL=1`"]) == 6  # one band, and all
    assert 0 < float(deflate[5].rstrip("%")) < 120


def test_executors_are_compared(data):
    said = bench("executors.py", "--side", 64, "--workers", 2, data=data)
    assert "there is no py-spy here" in said
    rows = rows_of(said)
    assert [row[1] for row in rows] == ["2"] * 4
    for row in rows:
        processes, threads = map(float, row[2].split(" / "))
        assert min(processes, threads) > 0


def test_who_holds_the_lock_is_sampled_where_it_can_be(data, tmp_path):
    spy = tmp_path / "py-spy"
    spy.write_text(PY_SPY)
    spy.chmod(0o755)
    said = bench(
        "executors.py", "slope", "--side", 64, "--workers", 2, data=data, PATH=f"{tmp_path}:{PATH}"
    )
    times, held = rows_of(said)
    assert times[0] == held[0] == "slope"
    assert held[1] == "0.00"  # as much as the start


def test_a_job_that_another_interpreter_cannot_do_says_why(data, tmp_path):
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\ntest "$1" = -c || exit 3\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    said = bench(
        "executors.py", "slope", "--side", 64, "--workers", 2, "--python", python, data=data
    )
    assert rows_of(said)[0][2].startswith("failed with status 3")
