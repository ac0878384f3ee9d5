"""Made-up series with a known trend, for the demo, the tests and the benchmarks."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pixeltrend.errors import ArgumentError, InputError, OutputError
from pixeltrend.raster.datasets import get_metadata, open_raster
from pixeltrend.raster.grid import Grid
from pixeltrend.raster.output import OutputOptions
from pixeltrend.raster.windows import Window
from pixeltrend.raster.writer import Band, RasterWriter
from pixeltrend.times.dates import parse_range

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    Field = NDArray[np.float64]

_ROWS = 256
_PIXEL = 30.0  # metres, as Landsat's
_CLOUD = 24  # rows and columns of the cells that clouds are made of
_UTM_48N = (
    'PROJCS["WGS 84 / UTM zone 48N",GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,'
    '298.257223563,AUTHORITY["EPSG","7030"]],AUTHORITY["EPSG","6326"]],PRIMEM["Greenwich",0],'
    'UNIT["degree",0.0174532925199433],AUTHORITY["EPSG","4326"]],PROJECTION["Transverse_Mercator"],'
    'PARAMETER["latitude_of_origin",0],PARAMETER["central_meridian",105],'
    'PARAMETER["scale_factor",0.9996],PARAMETER["false_easting",500000],'
    'PARAMETER["false_northing",0],UNIT["metre",1],AXIS["Easting",EAST],AXIS["Northing",NORTH],'
    'AUTHORITY["EPSG","32648"]]'
)
_NDVI = Band("NDVI", "Made-up yearly maximum NDVI", "NDVI")
_TREND = Band("slope", "Slope that a made-up series was made with", "NDVI per year")


def make_series(
    folder: str | os.PathLike[str],
    *,
    height: int = 1021,
    width: int = 716,
    years: str = "1995:2015",
    gaps: float = 0.0,
    noise: float = 0.02,
    seed: int = 0,
    creation_options: Mapping[str, str] | None = None,
) -> list[Path]:
    """Write a yearly NDVI series, and the trend it was made with as ``truth/slope.tif``.

    A city of `width` x `height` pixels of 30 m grows into its green surroundings, where plants grow
    denser: a value is base + slope x (year - middle year) + normal noise, in NDVI.

    Parameters
    ----------
    folder
        Where to write ``ndvi_<year>.tiff``; created if it does not exist. Only files of
        another made-up series are replaced.
    height, width
        Size in pixels.
    years
        ``FIRST:LAST`` or ``FIRST:LAST:STEP``.
    gaps
        Fraction of the values that are missing (NaN), in patches as clouds leave them.
    noise
        Standard deviation of the noise, in NDVI.
    seed
        The same seed gives the same series.
    creation_options
        Of GDAL's GeoTIFF driver.

    Returns
    -------
    list of Path
        The yearly rasters.

    Raises
    ------
    OutputError
        The folder cannot be written, or has a file of such a name that somebody else made.
    ArgumentError
        A parameter makes no sense.
    """
    if height < 1 or width < 1 or not 0 <= gaps < 1 or noise < 0:
        raise ArgumentError(
            f"cannot make {width} x {height} pixels with {gaps} of the values missing and a "
            f"noise of {noise}"
        )
    times = parse_range(years)
    truth = Path(folder) / "truth"
    paths = [Path(folder) / f"ndvi_{int(time)}.tiff" for time in times]
    _check_ours([*paths, truth / "slope.tif"])
    try:
        truth.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{truth}: cannot be created: {error.strerror}") from error
    options = OutputOptions(creation_options=creation_options)
    grid = Grid(width, height, (578_000.0, _PIXEL, 0.0, 2_330_000.0, 0.0, -_PIXEL), _UTM_48N)
    middle = (times[0] + times[-1]) / 2
    scene = _Scene(height, width, seed)

    def write(path: Path, info: Band, values: Callable[[Window], Field]) -> None:
        with RasterWriter(path, grid, [info], options) as writer:
            for row_off in range(0, height, _ROWS):
                window = Window(row_off, 0, min(_ROWS, height - row_off), width)
                writer.write(window, values(window).reshape(1, -1))

    def year_values(window: Window, year: float) -> Field:
        rng = np.random.default_rng([seed, int(year), window.row_off])
        values = scene.base(window) + scene.slope(window) * (year - middle)
        values += noise * rng.standard_normal(values.shape)
        if gaps:
            values[scene.clouds(window, year, gaps)] = np.nan
        return values

    write(truth / "slope.tif", _TREND, scene.slope)
    for path, time in zip(paths, times, strict=True):
        write(path, _NDVI, lambda window, year=time: year_values(window, year))  # type: ignore[misc]
    return paths


def _check_ours(paths: Sequence[Path]) -> None:
    """Refuse to replace a file that `make_series` did not write, before anything is written."""
    ours = {_NDVI.description, _TREND.description}
    for path in filter(os.path.lexists, paths):
        try:
            dataset = open_raster(str(path))  # a band does not keep it open
            found = get_metadata(dataset.GetRasterBand(1)).get("DESCRIPTION")
        except (InputError, RuntimeError):
            found = None
        if found not in ours:
            raise OutputError(
                f"{path}: is there already, and is not of a made-up series, so it stays; give "
                "another folder"
            )


class _Scene:
    """Smooth fields over the whole grid, computed for any window of it."""

    def __init__(self, height: int, width: int, seed: int) -> None:
        self._height, self._width, self._seed = height, width, seed
        rng = np.random.default_rng(seed)
        self._phases = rng.uniform(0, 2 * np.pi, (2, 6))
        self._waves = rng.uniform(-9, 9, (2, 6))
        self._centre = rng.uniform(0.35, 0.65, 2)

    def base(self, window: Window) -> Field:
        """Return the NDVI of the middle year, (rows, columns)."""
        built = self._built(window)
        return np.asarray(0.62 + 0.12 * self._texture(window) - 0.38 * built)

    def slope(self, window: Window) -> Field:
        """Return NDVI per year: falling in a ring where the city grows, rising where plants do."""
        built = self._built(window)
        growing = 4 * built * (1 - built)
        return 0.003 + 0.002 * self._texture(window) - 0.014 * growing

    def clouds(self, window: Window, year: float, fraction: float) -> NDArray[np.bool_]:
        """Return where clouds lie, in `fraction` of the pixels: cells with ragged borders."""
        rng = np.random.default_rng([self._seed, int(year), 1])
        shape = (self._height // _CLOUD + 3, self._width // _CLOUD + 3)
        cells = rng.random(shape) < fraction
        ragged = np.random.default_rng([self._seed, int(year), 2, window.row_off])
        rows, columns = np.ogrid[: window.height, : window.width]
        jitter = ragged.integers(0, _CLOUD // 3, (2, window.height, window.width))
        clouds: NDArray[np.bool_] = cells[
            (window.row_off + rows + jitter[0]) // _CLOUD,
            (window.col_off + columns + jitter[1]) // _CLOUD,
        ]
        return clouds

    def _built(self, window: Window) -> Field:
        """Return how far the ground is built over, 0 to 1."""
        y, x = self._position(window)
        distance = np.hypot(y - self._centre[0], x - self._centre[1])
        return 1 / (1 + np.exp((distance - 0.2 - 0.04 * self._texture(window)) / 0.035))

    def _texture(self, window: Window) -> Field:
        """Return the texture of the land, -1 to 1."""
        y, x = self._position(window)
        waves = [
            np.sin(2 * np.pi * (wy * y + wx * x) + py) * np.cos(px + wx * y)
            for wy, wx, py, px in zip(*self._waves, *self._phases, strict=True)
        ]
        return np.asarray(sum(waves)) / len(waves)

    def _position(self, window: Window) -> tuple[Field, Field]:
        """Return row and column, in units of the longer side."""
        side = max(self._height, self._width)
        rows = (window.row_off + np.arange(window.height)) / side
        columns = (window.col_off + np.arange(window.width)) / side
        return rows[:, None], columns[None, :]
