"""What a user of the command line sees and gets back."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import sys
from subprocess import CompletedProcess

import numpy as np
import pytest
from commands import run_is_refused
from osgeo import gdal
from running import run

import pixeltrend
from pixeltrend.__main__ import main
from pixeltrend.cli import COMMANDS
from pixeltrend.interruption import ENDING

OLD = b"the old output"


def listing(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def run_here(tmp_path, monkeypatch, capfd):
    """Run the command line in `tmp_path` and in this process, which is faster than in its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")
    monkeypatch.setattr("sys.unraisablehook", sys.unraisablehook)
    before = {number: signal.getsignal(number) for number in ENDING}

    def run(*arguments):
        monkeypatch.setattr("sys.argv", ["pixeltrend", *map(str, arguments)])
        monkeypatch.setattr("sys.stdin", io.StringIO(""))
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capfd.readouterr()
        return CompletedProcess(arguments, ended.value.code, out, err)

    yield run
    for number, handler in before.items():
        signal.signal(number, handler)


def test_one_line_at_the_end(run_cli, stack, tmp_path):
    done = run_cli("slope", "*.tif", "-o", "trend.tif", "--workers", 2)
    assert (done.returncode, done.stdout) == (0, "")
    assert re.fullmatch(r"trend\.tif: 48 pixels.* 2000 to 2004.* \d+\.\d+ s\n", done.stderr)
    assert listing(tmp_path) == [
        *[path.name for path in stack],
        "trend.qml",
        "trend.tif",
        "trend.tif.aux.json",
    ]


@pytest.mark.usefixtures("stack")
def test_quiet(run_cli):
    done = run_cli("slope", "*.tif", "-o", "trend.tif", "-q")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.usefixtures("stack")
def test_json(run_cli):
    done = run_cli("slope", "*.tif", "-o", "trend.tif", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    summary = json.loads(done.stdout)
    assert summary["output"] == "trend.tif"
    assert summary["pixels"] == 48
    assert summary["times"] == [2000, 2001, 2002, 2003, 2004]
    assert summary["seconds"] > 0


@pytest.mark.parametrize("options", [[], ["-q"], ["--json"]])
def test_warnings_are_on_stderr_and_the_run_succeeds(run_here, tmp_path, write_stack, options):
    write_stack(tmp_path, np.ones((2, 2, 3, 4), np.float32))
    done = run_here("slope", "*.tif", "-o", "trend.tif", *options)
    assert done.returncode == 0
    assert [line for line in done.stderr.splitlines() if line.startswith("Warning: ")]
    assert "--band" in done.stderr
    assert (tmp_path / "trend.tif").exists()


@pytest.mark.usefixtures("stack")
def test_environment_reaches_a_real_run(run_cli):
    done = run_cli("slope", "*.tif", "-o", "t", env={"PIXELTREND_SLOPE_WORKERS": "0"})
    run_is_refused(done, 2, "0")


@pytest.mark.usefixtures("stack")
def test_list_from_stdin(run_cli, tmp_path):
    done = run_cli("slope", "-", "-o", "t", "--json", stdin="ndvi_2001.tif\nndvi_2000.tif\n")
    assert json.loads(done.stdout)["times"] == [2000, 2001]
    assert (tmp_path / "t").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["--nothing-such"],
        ["nothing-such"],
        ["slope", "*.tif"],
        ["slope", "-o", "t"],
        ["slope", "*.tif", "-o", "t", "--nothing-such"],
        ["slope", "*.tif", "-o", "t", "--workers", "0"],
        ["slope", "*.tif", "-o", "t", "--workers", "many"],
        ["slope", "*.tif", "-o", "t", "--method", "lowess"],
        ["slope", "*.tif", "-o", "t", "--memory", "much"],
        ["slope", "*.tif", "-o", "t", "--memory", "0"],
        ["slope", "*.tif", "-o", "t", "--nodata", "none"],
        ["slope", "*.tif", "-o", "t", "--co", "COMPRESS"],
        ["slope", "*.tif", "-o", "t", "--co", "COMPRESS=ZIP"],
        ["slope", "*.tif", "-o", "t", "--co", "COMPRESSION=LZW"],
        ["slope", "*.tif", "-o", "t", "--of", "PNG"],
        ["slope", "*.tif", "-o", "t", "--dtype", "int16"],
        ["slope", "*.tif", "-o", "t", "--years", "1995-2015"],
        ["slope", "*.tif", "-o", "t", "--date-regex", "("],
        ["slope", "*.tif", "-o", "t", "--years", "2000:2004", "--date-regex", "(.*)"],
        ["demo", "new", "--gaps", "1"],
        ["demo", "new", "--size", "0", "5"],
        ["demo", "new", "--years", "late"],
    ],
    ids=" ".join,
)
def test_wrong_command_line_exits_2(run_here, stack, tmp_path, arguments):
    run_is_refused(run_here(*arguments), 2)
    assert listing(tmp_path) == [path.name for path in stack]


def no_year(folder, write_raster):
    write_raster(folder / "ndvi.tif", np.zeros((6, 8), np.float32))
    return "ndvi.tif"


def several_years(folder, write_raster):
    write_raster(folder / "ndvi_2005_2006.tif", np.zeros((6, 8), np.float32))
    return "ndvi_2005_2006.tif"


def same_time(folder, write_raster):
    write_raster(folder / "evi_2000.tif", np.zeros((6, 8), np.float32))
    return "evi_2000.tif"


def other_size(folder, write_raster):
    write_raster(folder / "ndvi_2005.tif", np.zeros((6, 9), np.float32))
    return "ndvi_2005.tif: 9 x 6 pixels, but"


def no_raster(folder, _):
    (folder / "ndvi_2005.tif").write_text("<html>404</html>")
    return "ndvi_2005.tif"


@pytest.mark.parametrize("spoil", [no_year, several_years, same_time, other_size, no_raster])
def test_refused_inputs_exit_3(run_here, stack, tmp_path, write_raster, spoil):
    said = spoil(tmp_path, write_raster)
    (tmp_path / "trend").write_bytes(OLD)
    before = listing(tmp_path)
    run_is_refused(run_here("slope", "*.tif", "-o", "trend"), 3, said)
    assert (tmp_path / "trend").read_bytes() == OLD
    assert listing(tmp_path) == before
    assert len(stack) == 5


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["none_*.tif"], "none_*.tif"),
        (["ndvi_2000.tif"], "ndvi_2000.tif"),
        (["*.tif", "--band", "2"], "ndvi_2000.tif"),
        (["*.tif", "--band", "NIR"], "NIR"),
        (["*.tif", "--years", "2000:2009"], "5 files"),
        (["*.tif", "--date-regex", r"v(\d{4})"], "ndvi_2000.tif"),
        (["-"], ""),
    ],
)
@pytest.mark.usefixtures("stack")
def test_inputs_that_do_not_fit_the_command_exit_3(run_here, arguments, said):
    run_is_refused(run_here("slope", *arguments, "-o", "trend"), 3, said)


@pytest.mark.parametrize("output", ["none/trend.tif", ".", "old.tif"])
@pytest.mark.usefixtures("stack")
def test_output_that_cannot_be_written_exits_1(run_here, tmp_path, output):
    (tmp_path / "old.tif").write_bytes(OLD)
    done = run_here("slope", "ndvi_*.tif", "-o", output, "--no-overwrite")
    run_is_refused(done, 1, output)
    assert (tmp_path / "old.tif").read_bytes() == OLD


@pytest.mark.parametrize("workers", [1, 2])
def test_damaged_input_exits_1(run_here, tmp_path, write_stack, make_values, workers):
    paths = write_stack(tmp_path, make_values(3, 60, 60))
    os.truncate(paths[1], paths[1].stat().st_size // 2)
    (tmp_path / "trend").write_bytes(OLD)
    done = run_here("slope", "*.tif", "-o", "trend", "--workers", workers)
    run_is_refused(done, 1, "ndvi_2001.tif")
    assert (tmp_path / "trend").read_bytes() == OLD
    assert listing(tmp_path) == [*[path.name for path in paths], "trend"]


@pytest.mark.usefixtures("stack")
def test_verbose_shows_where_it_failed(run_cli):
    done = run_cli("slope", "none_*.tif", "-o", "t", "-v")
    assert done.returncode == 3
    assert done.stdout == ""
    assert "Traceback" in done.stderr
    assert "Error: none_*.tif" in done.stderr


@pytest.mark.parametrize("option", ["--help", "-h"])
@pytest.mark.parametrize("command", [[], ["slope"], ["demo"]])
def test_help(run_cli, command, option):
    done = run_cli(*command, option)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Usage: pixeltrend")


def test_version(run_cli):
    done = run_cli("--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert pixeltrend.__version__ in done.stdout


def test_demo_makes_a_series(run_cli, tmp_path):
    arguments = ["--size", 12, 9, "--years", "2000:2002", "--gaps", 0.1]
    done = run_cli("demo", "there", *arguments)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "there: 3 rasters of 12 x 9 pixels\n"
    dataset = gdal.Open(str(tmp_path / "there" / "ndvi_2000.tiff"))
    assert (dataset.RasterXSize, dataset.RasterYSize) == (12, 9)  # as check and GDAL have them
    assert "Grid: 12 x 9 pixels" in run_cli("check", "there").stdout
    names = ["ndvi_2000.tiff", "ndvi_2001.tiff", "ndvi_2002.tiff", "truth"]
    assert listing(tmp_path / "there") == names
    assert run_cli("demo", "again", *arguments, "-q").stderr == ""


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (["slop", "*.tif"], "slope"),
        (["slope", "*.tif", "-o", "t.tif", "--stats", "slope,r2"], "rsquared"),
        (["slope", "*.tif", "-o", "t.tif", "--stats", "p-value"], "pvalue"),
        (["slope", "*.tif", "-o", "t.tif", "--stats", "P"], "pvalue"),
        (["slope", "*.tif", "-o", "t.tif", "--stats", "theilsen"], "--method theil-sen"),
        (["slope", "*.tif", "-o", "t.tif", "--method", "theilsen"], "theil-sen"),
        (["slope", "*.tif", "-o", "t.tif", "--method", "mk"], "mann-kendall"),
        (["slope", "*.tif", "-o", "t.tif", "--band", "NDIV"], "NDVI"),
        (["slope", "*.tif", "-o", "t.tif", "--co", "COMPRES=LZW"], "COMPRESS"),
        (["slope", "*.tif", "-o", "t.tif", "--co", "COMPRESS=DEFLAT"], "DEFLATE"),
        (["plot", "ndvi_2000.tif", "-o", "t.png", "--band", "ndvi"], "NDVI"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else value,
)
def test_what_was_meant_is_named(run_here, tmp_path, write_stack, make_values, arguments, meant):
    write_stack(tmp_path, make_values(3, 6, 8), descriptions=["NDVI"])
    done = run_here(*arguments)
    assert done.returncode in {2, 3}
    assert f"; did you mean {meant}?" in done.stderr.splitlines()[-1]


ONE_OF_EACH = [
    ["check", "*.tif"],
    ["composite", "*.tif", "-o", "made", "--composite", "max"],
    ["demo", "made"],
    ["fdr", "ndvi_2000.tif", "-o", "t.tif"],
    ["map", "scipy.stats:kendalltau", "*.tif", "-o", "t.tif"],
    ["pixel", "*.tif", "--at", "1", "2"],
    ["plot", "ndvi_2000.tif", "-o", "t.png"],
    ["report", "ndvi_2000.tif", "-o", "t.html"],
    ["slope", "*.tif", "-o", "t.tif"],
    ["table", "ndvi_2000.tif"],
]


@pytest.mark.parametrize("arguments", ONE_OF_EACH, ids=" ".join)
def test_no_gdal_is_one_line(tmp_path, stack, arguments):
    """As on a machine where nobody has installed it."""
    before = listing(tmp_path)
    (tmp_path / "osgeo").mkdir()
    (tmp_path / "osgeo" / "__init__.py").write_text("raise ImportError('no osgeo here')")
    done = run(
        [sys.executable, "-m", "pixeltrend", *arguments],
        cwd=tmp_path,
        env={"PYTHONPATH": f"{tmp_path}:{os.environ.get('PYTHONPATH', '')}"},
    )
    run_is_refused(done, 1, "osgeo", "pip install", "conda install", "README")
    assert listing(tmp_path) == [*before, "osgeo"]


def test_every_command_is_tried_without_gdal():
    assert [command for command, *_ in ONE_OF_EACH] == list(COMMANDS)


@pytest.mark.usefixtures("stack")
def test_stdout_that_nobody_reads(cli_command, tmp_path):
    read, write = os.pipe()
    os.close(read)
    command = [*cli_command, "slope", "*.tif", "-o", "t", "--json"]
    done = run(command, stdout=write, cwd=tmp_path)
    os.close(write)
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    assert (tmp_path / "t").exists()
