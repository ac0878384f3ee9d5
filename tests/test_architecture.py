"""The arrows of the design: which wing knows which, and what is not loaded before it is needed."""

from __future__ import annotations

import ast
import sys
from functools import cache
from pathlib import Path

import pytest
from running import run

import pixeltrend

PACKAGE = Path(pixeltrend.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
HEAVY = {"numpy", "osgeo", "scipy", "numba", "matplotlib", "dask", "distributed", "xarray", "bokeh"}

# Which wings each wing may know, besides itself; all may know what stands below them all.
MAY_KNOW = {
    "raster": set(),
    "times": set(),
    "reducers": set(),
    "series": {"raster", "times"},
    "execution": {"series", "reducers", "raster"},
    "checks": {"execution", "series", "reducers", "raster", "times"},
    "views": {"checks", "execution", "series", "reducers", "raster", "times"},
}
BELOW = {"bar", "errors", "interruption", "options", "version"}
# Modules of the package itself, which see the wings from above; nothing but `cli` and each other
# knows them.
TOP = {
    "__init__", "__main__", "arrays", "cli", "composites", "fdr", "summary", "synthetic",
    "trend", "xarray",
}  # fmt: skip
LIBRARIES = {
    "osgeo": {"raster", "series", "checks", "views"},
    "bokeh": {"views"},
    "click": {"cli"},
    "jinja2": {"views"},
    "tqdm": {"bar"},
    "numba": {"reducers"},
    "distributed": {"execution"},
    "exactextract": {"views"},
    "matplotlib": {"views"},
    "matplotlib_scalebar": {"views"},
    "xarray": {"xarray"},
}


def name_of(path):
    return path.relative_to(PACKAGE).with_suffix("").as_posix()


def wing_of(path):
    return name_of(path).partition("/")[0]


@cache
def imports_of(path):
    """Whole names of what a file imports anywhere, for type checkers too."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def wings_known(path):
    """The wings that a module imports from, besides its own."""
    steps = [name.split(".") for name in imports_of(path)]
    return {name[1] for name in steps if name[0] == "pixeltrend" and len(name) > 1} - {
        wing_of(path)
    }


def loaded_by(*arguments, cwd=None, env=None):
    """Whole names of the modules that a run of Python loads, in all its processes."""
    done = run([sys.executable, "-X", "importtime", *arguments], cwd=cwd, env=env)
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip() for line in lines}


def roots(names):
    return {name.partition(".")[0] for name in names}


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_arrows_point_one_way(path):
    """A module at the top knows wings; a wing knows those below it."""
    wing = wing_of(path)
    assert wing in MAY_KNOW.keys() | BELOW | TOP, f"{path}: in no wing"
    if wing not in TOP:
        assert wings_known(path) <= MAY_KNOW.get(wing, set()) | BELOW


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_libraries_stay_in_their_wings(path):
    for library in roots(imports_of(path)) & LIBRARIES.keys():
        assert wing_of(path) in LIBRARIES[library], library


def test_one_module_sets_gdal_up():
    """Nobody gets GDAL without its exceptions and settings, or without the kind sentence."""
    known = {name_of(path) for path in MODULES if "osgeo.gdal" in imports_of(path)}
    assert known == {"raster/datasets"}


@pytest.mark.parametrize(
    "path", [path for path in MODULES if wing_of(path) in {"reducers", "times"}], ids=name_of
)
def test_reducers_know_arrays_and_times_know_texts(path):
    libraries = roots(imports_of(path)) - set(sys.stdlib_module_names) - {"pixeltrend"}
    assert libraries <= ({"numpy", "scipy", "numba"} if wing_of(path) == "reducers" else {"cftime"})


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_no_star_imports(path):
    assert not any(name.endswith(".*") for name in imports_of(path))


def test_importing_loads_nothing_heavy():
    assert not roots(loaded_by("-c", "import pixeltrend")) & (HEAVY | {"click", "tqdm"})


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        ["slope", "--help"],
        ["demo", "--help"],
        ["slope", "-h"],
        ["table", "--help"],
        ["pixel", "--help"],
        ["report", "--help"],
    ],
)
def test_help_loads_nothing_heavy(arguments):
    assert not roots(loaded_by("-m", "pixeltrend", *arguments)) & HEAVY


@pytest.mark.parametrize("workers", [1, 2])
def test_plain_slope_loads_no_scipy(stack, tmp_path, workers):
    command = ["-m", "pixeltrend", "slope", "*.tif", "-o", "trend.tif", "--workers", workers]
    loaded = loaded_by(*command, cwd=tmp_path)
    assert "numpy" in loaded
    assert not roots(loaded) & (HEAVY - {"numpy", "osgeo"})
    assert not loaded & {"tqdm", "numpy.ma"}
    assert len(stack) == 5


def test_public_names_are_there():
    for name in pixeltrend.__all__:
        assert getattr(pixeltrend, name) is not None
    assert set(pixeltrend.__all__) <= set(dir(pixeltrend))
    with pytest.raises(AttributeError, match="nothing_such"):
        _ = pixeltrend.nothing_such


def test_there_is_no_circle_between_modules():
    """Imports at the top of a module, followed from each module, never come back to it."""
    known = {f"pixeltrend.{name_of(path).replace('/', '.')}": path for path in MODULES}
    arrows = {
        name: {
            other
            for other in known
            if other != name
            and any(i == other or i.startswith(f"{other}.") for i in imports_of(path))
        }
        for name, path in known.items()
        if not name.endswith("__init__")
    }
    while leaves := [name for name, others in arrows.items() if not others & arrows.keys()]:
        for name in leaves:
            del arrows[name]
    assert not arrows
