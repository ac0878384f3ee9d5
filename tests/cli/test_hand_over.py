"""What the command line hands to the library."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from pixeltrend.cli import cli
from pixeltrend.summary import Summary

OLD = b"the old output"


def listing(folder):
    return sorted(path.name for path in folder.iterdir())


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
    typed = ["--size", "30", "20", "--years", "2000:2004", "--gaps", "0.15", "--seed", "9"]
    _, settings = handed_over("demo", "there", *typed, "--noise", "0", "--co", "COMPRESS=LZW")
    expected = {"height": 20, "width": 30, "years": "2000:2004", "gaps": 0.15, "seed": 9}
    expected |= {"noise": 0.0, "creation_options": {"COMPRESS": "LZW"}}
    assert {name: settings[name] for name in expected} == expected
