"""The command line: what it hands to the library, and what a user sees and gets back."""

from __future__ import annotations

import fcntl
import io
import json
import os
import pty
import re
import signal
import struct
import sys
import termios
from contextlib import ExitStack, suppress
from pathlib import Path
from subprocess import DEVNULL, PIPE, CompletedProcess

import numpy as np
import pytest
from click.testing import CliRunner
from running import run, started, wait_until

import pixeltrend
from pixeltrend.__main__ import main
from pixeltrend.cli import cli
from pixeltrend.interruption import ENDING
from pixeltrend.trend import Summary

OLD = b"the old output"


def listing(folder):
    return sorted(path.name for path in folder.iterdir())


# What it hands to the library


@pytest.fixture
def handed_over(monkeypatch):
    """Run a command in this process, and give the call that the library gets."""
    calls = []

    def slope(*args, **kwargs):
        calls.append((args, kwargs))
        return Summary("t.tif", 12, 11, (2000.0, 2004.5), 0.1, ())

    def make_series(*args, **kwargs):
        calls.append((args, kwargs))
        return []

    monkeypatch.setattr("pixeltrend.trend.slope", slope)
    monkeypatch.setattr("pixeltrend.synthetic.make_series", make_series)

    def invoke(*arguments, **kwargs):
        result = CliRunner().invoke(cli, list(arguments), catch_exceptions=False, **kwargs)
        assert result.exit_code == 0, result.output
        (call,) = calls
        return call

    return invoke


def test_defaults(handed_over):
    args, settings = handed_over("slope", "a.tif", "-o", "t.tif")
    assert [list(args[0]), *args[1:]] == [["a.tif"], "t.tif"]
    assert settings.pop("progress") is None
    expected = {
        "method": "ols",
        "band": None,
        "years": None,
        "date_regex": None,
        "nodata": None,
        "workers": None,
        "memory": None,
        "dtype": "float32",
        "file_format": None,
        "creation_options": {},
        "overwrite": True,
    }
    assert {name: settings[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("options", "name", "value"),
    [
        (["--method", "linregress"], "method", "linregress"),
        (["--band", "2"], "band", "2"),
        (["--band", "NIR"], "band", "NIR"),
        (["--years", "1995:2015"], "years", "1995:2015"),
        (["--date-regex", r"v2_(\d{4})"], "date_regex", r"v2_(\d{4})"),
        (["--nodata", "0"], "nodata", 0.0),
        (["--nodata", "-9999"], "nodata", -9999.0),
        (["--nodata=-3.4e38"], "nodata", -3.4e38),
        (["--workers", "4"], "workers", 4),
        (["--memory", "1GB"], "memory", 2**30),
        (["--memory", "512K"], "memory", 2**19),
        (["--memory", "100"], "memory", 100 * 2**20),
        (["--memory", "1.5 MiB"], "memory", 3 * 2**19),
        (["--dtype", "float64"], "dtype", "float64"),
        (["--of", "COG"], "file_format", "COG"),
        (["--co", "COMPRESS=ZSTD"], "creation_options", {"COMPRESS": "ZSTD"}),
        (["--co", "A=1", "--co", "B=x=y"], "creation_options", {"A": "1", "B": "x=y"}),
        (["--no-overwrite"], "overwrite", False),
        (["--overwrite"], "overwrite", True),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_options(handed_over, options, name, value):
    _, settings = handed_over("slope", "a.tif", "-o", "t.tif", *options)
    assert settings[name] == value


@pytest.mark.parametrize(
    ("variable", "text", "name", "value"),
    [
        ("WORKERS", "3", "workers", 3),
        ("MEMORY", "128MB", "memory", 2**27),
        ("METHOD", "linregress", "method", "linregress"),
        ("DTYPE", "float64", "dtype", "float64"),
        ("NODATA", "-1", "nodata", -1.0),
        ("OVERWRITE", "0", "overwrite", False),
    ],
)
def test_environment(handed_over, variable, text, name, value):
    environment = {f"PIXELTREND_SLOPE_{variable}": text}
    _, settings = handed_over("slope", "a.tif", "-o", "t.tif", env=environment)
    assert settings[name] == value


def test_what_is_typed_wins_over_the_environment(handed_over):
    environment = {"PIXELTREND_SLOPE_WORKERS": "3"}
    _, settings = handed_over("slope", "a.tif", "-o", "t.tif", "--workers", "2", env=environment)
    assert settings["workers"] == 2


@pytest.mark.parametrize(
    ("typed", "stdin", "patterns"),
    [
        (["a_*.tif", "b"], "", ["a_*.tif", "b"]),
        (["-"], "a 1.tif\nb[2].tif\n\nc.tif", ["a 1.tif", "b[2].tif", "c.tif"]),
        (["-"], "a.tif\r\nb.tif\r\n", ["a.tif", "b.tif"]),
        (["a.tif", "-"], "b.tif\n", ["a.tif", "b.tif"]),
    ],
)
def test_patterns(handed_over, typed, stdin, patterns):
    args, _ = handed_over("slope", *typed, "-o", "t.tif", input=stdin)
    assert list(args[0]) == patterns


def test_demo_options(handed_over):
    args, settings = handed_over("demo", "there")
    expected = {"height": 1021, "width": 716, "years": "1995:2015", "gaps": 0.0}
    assert args == ("there",)
    assert {name: settings[name] for name in expected} == expected


def test_demo_with_options(handed_over):
    typed = ["--size", "20", "30", "--years", "2000:2004", "--gaps", "0.15", "--seed", "9"]
    _, settings = handed_over("demo", "there", *typed, "--noise", "0", "--co", "COMPRESS=LZW")
    expected = {"height": 20, "width": 30, "years": "2000:2004", "gaps": 0.15, "seed": 9}
    expected |= {"noise": 0.0, "creation_options": {"COMPRESS": "LZW"}}
    assert {name: settings[name] for name in expected} == expected


# What a user sees


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


def run_is_refused(done, status, *said):
    """One clear line, nothing on stdout."""
    assert done.returncode == status, done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    last = done.stderr.splitlines()[-1]
    assert last.startswith("Error: ")
    for text in said:
        assert text in last
    if status != 2:
        assert len(done.stderr.splitlines()) == 1


def test_one_line_at_the_end(run_cli, stack, tmp_path):
    done = run_cli("slope", "*.tif", "-o", "trend.tif", "--workers", 2)
    assert (done.returncode, done.stdout) == (0, "")
    assert re.fullmatch(r"trend\.tif: 48 pixels.* 2000 to 2004.* \d+\.\d+ s\n", done.stderr)
    assert listing(tmp_path) == [*[path.name for path in stack], "trend.tif"]


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
    assert len(done.stderr.splitlines()) == 1
    names = ["ndvi_2000.tiff", "ndvi_2001.tiff", "ndvi_2002.tiff", "truth"]
    assert listing(tmp_path / "there") == names
    assert run_cli("demo", "again", *arguments, "-q").stderr == ""


def test_no_gdal_is_one_line(tmp_path, stack):
    """As on a machine where nobody has installed it."""
    (tmp_path / "osgeo").mkdir()
    (tmp_path / "osgeo" / "__init__.py").write_text("raise ImportError('no osgeo here')")
    done = run(
        [sys.executable, "-m", "pixeltrend", "slope", "*.tif", "-o", "t"],
        cwd=tmp_path,
        env={"PYTHONPATH": f"{tmp_path}:{os.environ.get('PYTHONPATH', '')}"},
    )
    run_is_refused(done, 1, "osgeo", "pip install")
    assert len(stack) == 5


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


# The disk is full


def with_file_size_limit(limit, command):
    """No file may grow beyond `limit` bytes."""
    code = (
        "import os, resource, sys; limit = int(sys.argv[1]);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit));"
        "os.execv(sys.argv[2], sys.argv[2:])"
    )
    return [sys.executable, "-c", code, str(limit), *command]


@pytest.mark.parametrize(
    ("limit", "output_format", "workers"),
    [
        (100, "GTiff", "1"),
        (60_000, "GTiff", "2"),
        (200_000, "GTiff", "1"),
        (60_000, "COG", "2"),
        (200_000, "COG", "1"),
    ],
)
def test_full_disk_exits_1(
    cli_command, tmp_path, write_stack, make_values, limit, output_format, workers
):
    write_stack(tmp_path, make_values(2, 300, 300))
    (tmp_path / "trend").write_bytes(OLD)
    before = listing(tmp_path)
    command = [*cli_command, "slope", "*.tif", "-o", "trend", "--of", output_format]
    command += ["--workers", workers, "--memory", "200K"]
    done = run(with_file_size_limit(limit, command), cwd=tmp_path)
    # Some builds of libtiff say these themselves, beside what they tell GDAL.
    lines = [line for line in done.stderr.splitlines() if not line.startswith("_tiff")]
    done.stderr = "\n".join(lines)
    run_is_refused(done, 1, "trend")
    assert (tmp_path / "trend").read_bytes() == OLD
    assert listing(tmp_path) == before


# Signals in the middle of a run


@pytest.fixture(scope="module")
def slow_stack(tmp_path_factory, write_stack, make_values):
    """Takes SciPy many seconds, pixel by pixel."""
    folder = tmp_path_factory.mktemp("slow")
    write_stack(folder, make_values(8, 3000, 32), options=["BLOCKYSIZE=1"])
    return folder


def processes_of(session):
    """Ids of the living processes of a session, and the seconds each has computed."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:  # it has just ended
            continue
        state, its_session, ticks = fields[0], int(fields[3]), int(fields[11])
        if its_session == session and state not in "ZX":
            found[int(stat.parent.name)] = ticks / os.sysconf("SC_CLK_TCK")
    return found


class Run:
    """A slow run in a session of its own, over an old output, in the middle of its work."""

    def __init__(self, process, target, workers):
        self.process, self.target, self.folder = process, target, target.parent
        wait_until(lambda: self.is_writing() and len(self.busy()) >= workers)

    def is_writing(self):
        """Whether there is a growing file, wherever beside the target it is."""
        assert self.process.poll() is None, "the run was not slow enough"
        return any(path.is_file() for path in self.folder.rglob("*") if path != self.target)

    def busy(self):
        """Ids of the processes that compute: the workers, or the only process there is."""
        seconds = processes_of(self.process.pid)
        if len(seconds) > 1:
            del seconds[self.process.pid]
        return [pid for pid, its_seconds in seconds.items() if its_seconds > 0.3]

    def end(self):
        out, err = self.process.communicate()
        wait_until(lambda: not processes_of(self.process.pid))
        return out, err


@pytest.fixture
def slow_run(cli_command, slow_stack, tmp_path):
    target = tmp_path / "trend.tif"
    with ExitStack() as running:

        def start(workers):
            target.write_bytes(OLD)
            command = [*cli_command, "slope", slow_stack, "-o", target, "--memory", "20K"]
            command += ["--method", "linregress", "--workers", workers]
            process = started(command, stdout=PIPE, stderr=PIPE, text=True)
            return Run(running.enter_context(process), target, workers)

        yield start


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize(
    ("number", "whole_group", "status"),
    [(signal.SIGINT, True, 130), (signal.SIGINT, False, 130), (signal.SIGTERM, False, 143),
     (signal.SIGTERM, True, 143)],
    ids=["Ctrl-C", "SIGINT", "SIGTERM", "SIGTERM to all"],
)  # fmt: skip
def test_signal(slow_run, number, whole_group, status, workers):
    run = slow_run(workers)
    if whole_group:
        os.killpg(run.process.pid, number)
    else:
        run.process.send_signal(number)
    out, err = run.end()
    assert run.process.returncode == status
    assert out == ""
    assert len(err.strip().splitlines()) == 1, err  # Click ends the line of a terminal's ^C
    assert run.target.read_bytes() == OLD
    assert listing(run.folder) == ["trend.tif"]


@pytest.mark.parametrize("workers", [1, 2])
def test_killed_run_leaves_the_old_output_and_the_next_run_cleans_up(
    slow_run, run_cli, stack, tmp_path, workers
):
    for path in stack:
        path.unlink()
    run = slow_run(workers)
    run.process.kill()
    run.end()
    assert run.target.read_bytes() == OLD
    done = run_cli("demo", "demo", "--size", 5, 5, "--years", "2000:2002")
    assert done.returncode == 0
    done = run_cli("slope", "demo", "-o", "trend.tif")
    assert done.returncode == 0, done.stderr
    assert listing(tmp_path) == ["demo", "trend.tif"]
    assert run.target.read_bytes() != OLD


def test_killed_worker_exits_1(slow_run):
    run = slow_run(2)
    os.kill(run.busy()[0], signal.SIGKILL)
    out, err = run.end()
    assert run.process.returncode == 1
    assert out == ""
    assert len(err.splitlines()) == 1, err
    assert "worker" in err
    assert run.target.read_bytes() == OLD
    assert listing(run.folder) == ["trend.tif"]


# A terminal


def run_on_terminal(command, cwd):
    """Run with stderr on a terminal; give the status and what the terminal got."""
    terminal, end = pty.openpty()
    fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    shown = b""
    with started(command, cwd=cwd, stdout=DEVNULL, stderr=end, env={"TERM": "xterm"}) as process:
        os.close(end)
        with suppress(OSError):  # the other end is closed
            while some := os.read(terminal, 65536):
                shown += some
        process.wait()
    os.close(terminal)
    return process.returncode, shown.decode()


@pytest.fixture
def unhurried(tmp_path, write_stack, make_values):
    """Arguments of a run that is worth a progress bar, on any machine."""
    write_stack(tmp_path / "in", make_values(3, 40, 60), options=["BLOCKYSIZE=1"])
    function = (
        "import time\ndef mean(pairs):\n    time.sleep(0.001)\n    return pairs[:, 1].mean()\n"
    )
    (tmp_path / "slow.py").write_text(function)
    return ["map", "slow.py:mean", "in", "-o", "t", "--bands", "mean"]


@pytest.mark.parametrize("workers", ["1", "2"])
def test_progress_on_a_terminal(cli_command, unhurried, tmp_path, workers):
    command = [*cli_command, *unhurried, "--workers", workers]
    status, shown = run_on_terminal(command, tmp_path)
    assert status == 0
    assert re.search(r"\d+%", shown)
    assert "2.40k" in shown  # pixels
    assert shown.splitlines()[-1].count("2000 to 2002") == 1


def test_quiet_on_a_terminal(cli_command, unhurried, tmp_path):
    assert run_on_terminal([*cli_command, *unhurried, "-q"], tmp_path) == (0, "")


def test_no_progress_where_nobody_looks(run_cli, unhurried):
    done = run_cli(*unhurried)
    assert done.returncode == 0
    assert "%" not in done.stderr
    assert "\r" not in done.stderr
    assert len(done.stderr.splitlines()) == 1
