"""What else computes the same map: GRASS, CDO, xarray with Dask, R's terra, where installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from measure import Program
from osgeo import gdal

if TYPE_CHECKING:
    from collections.abc import Callable

_PROGRAMS = Path(__file__).parent / "programs"


class MissingError(Exception):
    """A peer is not installed; says which."""


def find(folder: Path, out: Path, workers: int, limit: float) -> tuple[list[Program], list[str]]:
    """Return the peers that are installed, and a line for each that is not.

    Parameters
    ----------
    folder
        The stack.
    out
        Where outputs are put.
    workers
        Processes or threads for those that can use more than one.
    limit
        Seconds after which a peer is stopped.
    """
    peers: tuple[Callable[[Path, Path, int], Program], ...] = (_cdo, _grass, _xarray, _terra)
    programs, missing = [], []
    for peer in peers:
        try:
            found = peer(folder, out, workers)
        except MissingError as error:
            missing.append(str(error))
        else:
            programs.append(Program(found.name, found.workers, found.command, limit=limit))
    return programs, missing


def _need(condition: object, message: str) -> None:
    if not condition:
        raise MissingError(message)


def _grass(folder: Path, out: Path, _workers: int) -> Program:
    _need(shutil.which("grass"), "GRASS is not installed (grass-core)")
    first = str(min(folder.glob("*.tiff")))
    script = str(_PROGRAMS / "trend_grass.sh")
    command = ("grass", "--tmp-location", first, "--exec", "sh", script)
    return Program("GRASS `r.series`", 1, (*command, str(folder), str(out / "grass.tif")))


def _terra(folder: Path, out: Path, _workers: int) -> Program:
    installed = shutil.which("Rscript") and _succeeds("Rscript", "-e", "library(terra)")
    _need(installed, "R with terra is not installed (r-cran-terra)")
    script = str(_PROGRAMS / "trend_terra.R")
    return Program("R terra `app`", 1, ("Rscript", script, str(folder), str(out / "terra.tif")))


def _xarray(folder: Path, out: Path, workers: int) -> Program:
    python = os.environ.get("PEERS_PYTHON", sys.executable)
    _need(
        _succeeds(python, "-c", "import xarray, dask, rioxarray, scipy"),
        "xarray, Dask and rioxarray are not installed (PEERS_PYTHON names a Python that has them)",
    )
    script = str(_PROGRAMS / "trend_xarray.py")
    command = (python, script, str(folder), str(out / "xarray.tif"), str(workers))
    return Program("xarray `polyfit`, Dask", workers, command)


def _cdo(folder: Path, out: Path, workers: int) -> Program:
    _need(shutil.which("cdo"), "CDO is not installed (cdo)")
    _need(gdal.GetDriverByName("netCDF"), "CDO reads netCDF, which this GDAL cannot write")
    stack = folder.with_name(f"{folder.name}.nc")
    if not stack.exists():
        _convert(folder, stack)
    outputs = (str(out / "cdo_intercept.nc"), str(out / "cdo_slope.nc"))
    command = ("cdo", "-s", "-O", "-P", str(workers), "-f", "nc4", "-z", "zip_1", "trend")
    return Program("CDO `trend`, from netCDF", workers, (*command, str(stack), *outputs))


def _convert(folder: Path, stack: Path) -> None:
    """Write the stack as one compressed netCDF file with a time axis, as users of CDO have it."""
    parts = []
    for path in sorted(folder.glob("*.tiff")):
        part = stack.with_name(f"{path.stem}.part.nc")
        gdal.Translate(str(part), str(path), format="netCDF", creationOptions=["FORMAT=NC4"])
        parts.append(part)
    growing = stack.with_suffix(".part.nc")
    years = [path.stem.split("_")[1].split(".")[0] for path in parts]
    axis = f"-settaxis,{years[0]}-01-01,00:00:00,1year"
    command = ["cdo", "-s", "-O", "-f", "nc4", "-z", "zip_1", axis, "-cat", *map(str, parts)]
    subprocess.run([*command, str(growing)], check=True)
    for part in parts:
        part.unlink()
    growing.rename(stack)


def _succeeds(*command: str) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False
