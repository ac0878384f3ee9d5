"""Fixtures: tiny dated GeoTIFFs, and the command line as a user runs it."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from osgeo import gdal, osr
from running import run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path
    from subprocess import CompletedProcess

gdal.UseExceptions()
osr.UseExceptions()

# On a busy machine everything is slow, which is not the fault of an example.
settings.register_profile(
    "fixed",
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=80,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("fixed")

# Landsat's pixels, somewhere in Hanoi.
GEOTRANSFORM = (578_000.0, 30.0, 0.0, 2_330_000.0, 0.0, -30.0)
CRS = "EPSG:32648"

_GDAL_TYPES = {
    "uint8": gdal.GDT_Byte,
    "uint16": gdal.GDT_UInt16,
    "int16": gdal.GDT_Int16,
    "uint32": gdal.GDT_UInt32,
    "int32": gdal.GDT_Int32,
    "int64": gdal.GDT_Int64,
    "float32": gdal.GDT_Float32,
    "float64": gdal.GDT_Float64,
    "complex64": gdal.GDT_CFloat32,
}


def _write_raster(
    path: Path,
    values: Any,
    *,
    geotransform: Sequence[float] | None = GEOTRANSFORM,
    crs: str = CRS,
    nodata: float | None = None,
    scale: float | None = None,
    offset: float | None = None,
    unit: str = "",
    descriptions: Sequence[str] = (),
    mask: Any = None,
    internal_mask: bool = True,
    options: Sequence[str] = (),
    driver: str = "GTiff",
) -> Path:
    """Write (rows, columns) or (bands, rows, columns) values in their own type."""
    values = np.asarray(values)
    bands = values.reshape(-1, *values.shape[-2:])
    count, height, width = bands.shape
    path.parent.mkdir(parents=True, exist_ok=True)
    data_type = _GDAL_TYPES[values.dtype.name]
    dataset = gdal.GetDriverByName(driver).Create(
        os.fspath(path), width, height, count, data_type, list(options)
    )
    if geotransform is not None:
        dataset.SetGeoTransform(geotransform)
    if crs:
        reference = osr.SpatialReference()
        reference.SetFromUserInput(crs)
        dataset.SetProjection(reference.ExportToWkt())
    for number, band_values in enumerate(bands, 1):
        band = dataset.GetRasterBand(number)
        if nodata is not None:
            band.SetNoDataValue(nodata)
        if scale is not None:
            band.SetScale(scale)
        if offset is not None:
            band.SetOffset(offset)
        if unit:
            band.SetUnitType(unit)
        if descriptions:
            band.SetDescription(descriptions[number - 1])
        band.WriteRaster(
            0, 0, width, height, np.ascontiguousarray(band_values).tobytes(), buf_type=data_type
        )
        band = None
    if mask is not None:
        before = gdal.GetConfigOption("GDAL_TIFF_INTERNAL_MASK")
        gdal.SetConfigOption("GDAL_TIFF_INTERNAL_MASK", "YES" if internal_mask else "NO")
        try:
            dataset.CreateMaskBand(gdal.GMF_PER_DATASET)
            shown = np.where(np.asarray(mask, dtype=bool), 255, 0).astype(np.uint8)
            band = dataset.GetRasterBand(1).GetMaskBand()
            band.WriteRaster(0, 0, width, height, shown.tobytes(), buf_type=gdal.GDT_Byte)
            band = None
        finally:
            gdal.SetConfigOption("GDAL_TIFF_INTERNAL_MASK", before)
    dataset.FlushCache()
    dataset = None
    return path


def _read_raster(path: Path, band: int = 1) -> np.ndarray:
    dataset = gdal.OpenEx(os.fspath(path), gdal.OF_RASTER)
    width, height = dataset.RasterXSize, dataset.RasterYSize
    raster = dataset.GetRasterBand(band)
    is_double = raster.DataType == gdal.GDT_Float64
    kind = gdal.GDT_Float64 if is_double else gdal.GDT_Float32
    buffer = raster.ReadRaster(0, 0, width, height, buf_type=kind)
    return np.frombuffer(buffer, np.float64 if is_double else np.float32).reshape(height, width)


@pytest.fixture(scope="session")
def write_raster() -> Callable[..., Path]:
    """Write one raster."""
    return _write_raster


@pytest.fixture(scope="session")
def read_raster() -> Callable[..., np.ndarray]:
    """Read one band of a raster as floats."""
    return _read_raster


@pytest.fixture(scope="session")
def write_stack() -> Callable[..., list[Path]]:
    """Write one raster a year into a folder."""

    def write(
        folder: Path,
        values: Any,
        years: Sequence[int] | None = None,
        *,
        name: str = "",
        **kwargs: Any,
    ) -> list[Path]:
        years = range(2000, 2000 + len(values)) if years is None else years
        return [
            _write_raster(folder / (name or "ndvi_{}.tif").format(year), layer, **kwargs)
            for year, layer in zip(years, values, strict=True)
        ]

    return write


@pytest.fixture(scope="session")
def make_values() -> Callable[..., np.ndarray]:
    """Make (N, rows, columns) values with a slope a pixel, noise and gaps."""

    def make(
        count: int, height: int, width: int, *, gaps: float = 0.0, seed: int = 7
    ) -> np.ndarray:
        rng = np.random.default_rng(seed)
        slopes = rng.normal(0, 0.01, (height, width))
        values = 0.5 + slopes * np.arange(count)[:, None, None]
        values = values + rng.normal(0, 0.02, values.shape)
        values[rng.random(values.shape) < gaps] = np.nan
        return values.astype(np.float32)

    return make


@pytest.fixture
def stack(
    tmp_path: Path, write_stack: Callable[..., list[Path]], make_values: Callable[..., np.ndarray]
) -> list[Path]:
    """Five years, 2000 to 2004, of 6 x 8 pixels with gaps, in `tmp_path`."""
    return write_stack(tmp_path, make_values(5, 6, 8, gaps=0.2))


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody's settings change what the tests see; where GDAL lies is not a setting."""
    for name in set(os.environ) - {"GDAL_DATA", "GDAL_DRIVER_PATH"}:
        if name.startswith(("PIXELTREND_", "GDAL_", "CPL_", "VSI_", "AWS_", "GS_", "AZURE_")):
            monkeypatch.delenv(name)
    for command in ("SLOPE", "MAP", "CHECK", "TABLE"):  # on a busy machine every run is a long one
        monkeypatch.setenv(f"PIXELTREND_{command}_PROGRESS", "none")


@pytest.fixture(autouse=True)
def _no_worker_is_left() -> Iterator[None]:
    """Whatever becomes of a test, the workers that it has in this process end."""
    yield
    for child in multiprocessing.active_children():
        child.kill()
        child.join()


@pytest.fixture
def cli_command() -> list[str]:
    """What a user types as `pixeltrend`."""
    return [sys.executable, "-m", "pixeltrend"]


@pytest.fixture
def run_cli(tmp_path: Path, cli_command: list[str]) -> Callable[..., CompletedProcess[str]]:
    """Run the command line in `tmp_path`, in a process of its own."""

    def run_it(*arguments: Any, cwd: Path = tmp_path, **options: Any) -> CompletedProcess[str]:
        return run([*cli_command, *arguments], cwd=cwd, **options)

    return run_it


@pytest.fixture
def gdal_programs(tmp_path: Path) -> list[str]:
    """Return the folders with GDAL's programs that are not on the path: a wheel brings none."""
    if shutil.which("gdalbuildvrt") is not None:
        return []
    program = tmp_path / "gdal-programs" / "gdalbuildvrt"
    program.parent.mkdir()
    program.write_text(
        f"#!{sys.executable}\nimport sys\nfrom osgeo import gdal\ngdal.UseExceptions()\n"
        "gdal.BuildVRT(sys.argv[2], sys.argv[3:]).FlushCache()\n"
    )
    program.chmod(0o755)
    return [str(program.parent)]


@pytest.fixture
def umask() -> Iterator[Callable[[int], None]]:
    """Set the umask for one test."""
    before = os.umask(0o022)
    os.umask(before)

    def set_to(mask: int) -> None:
        os.umask(mask)

    yield set_to
    os.umask(before)
