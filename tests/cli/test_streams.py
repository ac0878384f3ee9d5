"""Standard streams that are closed or full: what can be computed is, and the rest is one line."""

from __future__ import annotations

import pytest
from running import run


@pytest.fixture
def run_redirected(cli_command, stack, tmp_path):
    """Run the command line with a redirection that a shell makes."""

    def run_it(redirection, *arguments):
        command = ["sh", "-c", f'exec "$@" {redirection}', "sh", *cli_command, *arguments]
        done = run(command, cwd=tmp_path)
        assert "Traceback" not in done.stderr
        assert "defect" not in done.stderr
        return done

    assert len(stack) == 5
    return run_it


@pytest.mark.parametrize("redirection", ["2>&-", "2>/dev/full", "<&-", ">&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("workers", [1, 2])
def test_a_trend_needs_no_stream(run_redirected, tmp_path, read_raster, redirection, workers):
    options = ("--workers", workers, "-o")
    assert run_redirected("", "slope", "ndvi_*", *options, "plain.tif").returncode == 0
    assert run_redirected(redirection, "slope", "ndvi_*", *options, "t.tif").returncode == 0
    assert (tmp_path / "t.tif").read_bytes() == (tmp_path / "plain.tif").read_bytes()
    assert read_raster(tmp_path / "t.tif").shape == (6, 8)


@pytest.mark.parametrize("redirection", ["2>&-", "2>/dev/full"])
def test_an_error_keeps_its_status_if_nobody_hears_it(run_redirected, redirection):
    assert run_redirected(redirection, "slope", "nothing*", "-o", "t.tif").returncode == 3
    assert run_redirected(redirection, "slope", "--nothing").returncode == 2


def test_a_closed_stdin_has_no_patterns(run_redirected):
    done = run_redirected("<&-", "slope", "-", "-o", "t.tif")
    assert done.returncode == 3
    assert done.stderr == "Error: stdin: cannot be read (Bad file descriptor)\n"


@pytest.mark.parametrize(
    ("redirection", "told"), [(">/dev/full", "No space left on device"), (">&-", "Bad file")]
)
def test_a_result_that_cannot_be_printed_fails(run_redirected, redirection, told):
    done = run_redirected(redirection, "check", "ndvi_*")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("Error: stdout: ")
    assert told in line
