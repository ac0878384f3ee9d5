"""The files around the package agree: versions, Pythons, extras."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import yaml

import pixeltrend

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PROJECT = PYPROJECT["project"]
WORKFLOW = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())
PYTHONS = {
    name.rpartition(" ")[2]
    for name in PROJECT["classifiers"]
    if re.fullmatch(r"Programming Language :: Python :: \d\.\d+", name)
}


def test_citation_is_of_this_version():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert str(citation["version"]) == pixeltrend.__version__
    assert citation["license"] == PROJECT["license"]
    assert citation["keywords"] == PROJECT["keywords"]
    assert [author["name"] for author in citation["authors"]] == [
        author["name"] for author in PROJECT["authors"]
    ]


@pytest.mark.parametrize("gdal", ["conda-forge", "debian", "wheel"])
def test_hosted_ci_runs_every_python_with_every_gdal(gdal):
    job = WORKFLOW["jobs"][gdal]
    matrix = job["strategy"]["matrix"]
    versions = {row["python"] for row in matrix.get("include", [])} | set(matrix.get("python", []))
    assert versions == PYTHONS - ({"3.11"} if gdal == "wheel" else set())
    assert [step["run"] for step in job["steps"] if "run" in step] == [".ci/run"]


def test_supported_pythons_are_the_same_everywhere():
    assert PROJECT["requires-python"] == ">=" + min(PYTHONS)
    makefile = re.search(r"for python in (.*);", (ROOT / "Makefile").read_text())
    assert {name.removeprefix("python") for name in makefile[1].split()} == PYTHONS
    assert PYPROJECT["tool"]["ruff"]["target-version"] == "py" + min(PYTHONS).replace(".", "")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_extras_in_the_documentation_exist(page):
    for names in re.findall(r'"\.\[([^]]*)\]"', page.read_text()):
        assert set(names.split(",")) <= set(PROJECT["optional-dependencies"]), names


def test_the_readme_names_every_extra():
    readme = (ROOT / "README.md").read_text()
    for name in PROJECT["optional-dependencies"]:
        assert f"`{name}`" in readme, name


def test_no_page_and_no_message_promises_a_package_index():
    """Pixeltrend is not on one: `pip install pixeltrend` would fail, or install somebody else's."""
    sources = sorted((ROOT / "pixeltrend").rglob("*.py"))
    for path in [*PAGES, *sources]:
        assert not re.search(r"pipx? install [\"']?pixeltrend", path.read_text()), path.name
