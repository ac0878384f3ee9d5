"""The arrows of the design: who imports what, and what is not loaded before it is needed."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest
from running import run

import pixeltrend

PACKAGE = Path(pixeltrend.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
HEAVY = {"numpy", "osgeo", "scipy", "numba", "matplotlib", "dask", "distributed", "xarray"}


def name_of(path):
    return path.relative_to(PACKAGE).with_suffix("").as_posix()


def imports_of(path):
    """Whole names of what a file imports anywhere, but for type checkers."""
    tree = ast.parse(path.read_text())
    for node in list(ast.walk(tree)):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def roots_of(path):
    return {name.partition(".")[0] for name in imports_of(path)}


def loaded_by(*arguments, cwd=None, env=None):
    """Whole names of the modules that a run of Python loads, in all its processes."""
    done = run([sys.executable, "-X", "importtime", *arguments], cwd=cwd, env=env)
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip() for line in lines}


def roots(names):
    return {name.partition(".")[0] for name in names}


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_only_some_modules_know_gdal(path):
    if "osgeo" in roots_of(path):
        assert name_of(path) in {
            "far", "grid", "integrity", "plot", "rasters", "reader", "sources", "warping", "writer",
        }  # fmt: skip


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_only_the_command_line_knows_click_and_tqdm(path):
    if roots_of(path) & {"click", "tqdm"}:
        assert name_of(path).startswith("cli/")


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_only_the_command_line_knows_the_command_line(path):
    if any(name.startswith("pixeltrend.cli") for name in imports_of(path)):
        assert name_of(path).startswith(("cli/", "__main__"))


@pytest.mark.parametrize(
    "path", [path for path in MODULES if name_of(path).startswith("reducers/")], ids=name_of
)
def test_reducers_know_arrays_and_nothing_else(path):
    foreign = roots_of(path) - set(sys.stdlib_module_names)
    assert foreign <= {"numpy", "scipy", "numba", "pixeltrend"}
    ours = {name for name in imports_of(path) if name.startswith("pixeltrend")}
    assert all(name.startswith(("pixeltrend.reducers", "pixeltrend.errors")) for name in ours)


def test_errors_import_next_to_nothing():
    known = {"__future__.annotations", "pixeltrend.hiding.hidden"}
    assert imports_of(PACKAGE / "errors.py") <= known


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_no_star_imports(path):
    assert not any(name.endswith(".*") for name in imports_of(path))


def test_importing_loads_nothing_heavy():
    assert not roots(loaded_by("-c", "import pixeltrend")) & (HEAVY | {"click", "tqdm"})


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["--version"], ["slope", "--help"], ["demo", "--help"], ["slope", "-h"]],
)
def test_help_loads_nothing_heavy(arguments):
    assert not roots(loaded_by("-m", "pixeltrend", *arguments)) & HEAVY


@pytest.mark.parametrize("workers", [1, 2])
def test_plain_slope_loads_no_scipy(stack, tmp_path, workers):
    command = ["-m", "pixeltrend", "slope", "*.tif", "-o", "trend.tif", "--workers", workers]
    loaded = loaded_by(*command, cwd=tmp_path)
    assert "numpy" in loaded
    assert not roots(loaded) & (HEAVY - {"numpy", "osgeo"})
    assert "tqdm" not in loaded
    assert len(stack) == 5


def test_public_names_are_there():
    for name in pixeltrend.__all__:
        assert getattr(pixeltrend, name) is not None
    assert set(pixeltrend.__all__) <= set(dir(pixeltrend))
    with pytest.raises(AttributeError, match="nothing_such"):
        _ = pixeltrend.nothing_such
