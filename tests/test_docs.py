"""Every command and every example in the documentation runs; every option says what it is for."""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path

import click
import pytest
from running import run

import pixeltrend
from pixeltrend.cli import cli

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
# Its blocks run one after the other.
TUTORIAL = ROOT / "docs" / "tutorial.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# Blocks in `console` install things, which a test must not; they hold nothing else.
INSTALLS = (
    "make ",
    "pip install ",
    "pipx install ",
    "conda install ",
    "sudo apt-get install ",
    "#",
)


def blocks(language):
    return [
        pytest.param(text, id=f"{page.name}-{number}")
        for page in PAGES
        if page != TUTORIAL or language == "console"
        for number, (found, text) in enumerate(BLOCK.findall(page.read_text()))
        if found == language
    ]


def story(page, language):
    """The blocks of a page whose commands follow from each other."""
    return [text for found, text in BLOCK.findall(page.read_text()) if found == language]


@pytest.fixture(scope="module")
def series(tmp_path_factory):
    folder = tmp_path_factory.mktemp("series")
    pixeltrend.make_series(folder, height=48, width=40, years="2001:2004", gaps=0.05)
    stats = "slope,pvalue,n_valid"
    pixeltrend.slope(folder / "*.tiff", folder / "trend.tif", stats=stats, workers=1)
    return folder


@pytest.fixture
def place(tmp_path, series):
    """A folder as the documentation has it in mind."""
    (tmp_path / "exports").mkdir()
    for raster in series.glob("*.tiff"):
        for name in (raster.name, "exports/" + raster.name, "exports/lst" + raster.name[4:]):
            os.link(raster, tmp_path / name)
    (tmp_path / "try").mkdir()
    shutil.copy(series / "trend.tif", tmp_path / "try")
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    return tmp_path


def run_at(place, command, programs=()):
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"], *programs])
    done = run(command, cwd=place, env={"PATH": path, "HEIGHT": "48", "WIDTH": "40"})
    assert done.returncode == 0, done.stderr
    assert "failed" not in done.stderr
    assert not any(line.startswith("Error") for line in done.stderr.splitlines())
    return done.stdout + done.stderr


@pytest.mark.parametrize("text", blocks("sh"))
def test_commands_run(text, place, gdal_programs):
    run_at(place, ["bash", "-euo", "pipefail", "-c", text], gdal_programs)


@pytest.mark.parametrize("text", blocks("python"))
def test_python_runs(text, place):
    (place / "example.py").write_text(text)
    run_at(place, [sys.executable, "example.py"])


def test_the_tutorial_prints_what_it_says(tmp_path):
    commands = "".join(story(TUTORIAL, "sh"))
    said = run_at(tmp_path, ["bash", "-euo", "pipefail", "-c", commands])
    for text in story(TUTORIAL, "python"):
        said += run_at(tmp_path, [sys.executable, "-c", text])
    printed = said.splitlines()
    for line in "".join(story(TUTORIAL, "text")).splitlines():
        assert line in printed
    assert "Warning" not in said
    assert (tmp_path / "city" / "map.png").stat().st_size > 10_000


@pytest.mark.parametrize("text", blocks("console"))
def test_other_commands_only_install(text):
    for line in text.splitlines():
        assert not line or line.startswith(INSTALLS), line


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_nothing_is_left_to_fill_in(page):
    assert "@@" not in page.read_text()


def test_every_command_is_in_the_documentation():
    said = "".join(page.read_text() for page in PAGES)
    for name in cli.list_commands(click.Context(cli)):
        assert f"pixeltrend {name} " in said, name


@pytest.mark.parametrize("name", cli.list_commands(click.Context(cli)))
def test_every_option_says_what_it_is_for(name):
    command = cli.get_command(click.Context(cli), name)
    assert command.help
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.name


def test_the_changelog_knows_this_version():
    changelog = (ROOT / "CHANGELOG.md").read_text()
    assert "## Unreleased" in changelog or f"## {pixeltrend.__version__}" in changelog
