"""Runs each test over two real stacks, and counts the pixels that change sides at 5 %.

    python benchmarks/real_data.py FOLDER [PICTURE.png]

FOLDER has `ndvi_yearly_1982_2023/` (yearly NDVI of NOAA STAR) and `modis_somalia_16day_2000_2012/`
(the 16-day series of R's bfast). Prints the tables of docs/real_data.md, and draws its picture.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from osgeo import gdal

import pixeltrend

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Bands = dict[str, NDArray[np.float64]]

LEVEL = 0.05
# NOAA STAR takes AVHRR up to 2012, and VIIRS from 2013 on.
NEW_SENSOR = "2013"
STABLE = 0.0005  # NDVI a year: 0.02 in the 42 years
CORRECTIONS = (
    "ar1",
    "hamed-rao",
    "yue-wang",
    "pre-whitening",
    "trend-free-pre-whitening",
    "wang-swail",
)
LEAST_SQUARES: dict[str, Any] = {"stats": "slope,pvalue"}
MANN_KENDALL: dict[str, Any] = {"method": "mann-kendall", "stats": "tau,pvalue"}
THEIL_SEN: dict[str, Any] = {"method": "theil-sen", "stats": "slope,pvalue"}
SEASONS = MANN_KENDALL | {"season": "16day"}
# Each test with what it is called, the plain one of its kind first.
YEARLY: tuple[tuple[tuple[str, dict[str, Any]], ...], ...] = (
    (
        ("least squares", LEAST_SQUARES),
        ("`--correction ar1`", LEAST_SQUARES | {"correction": "ar1"}),
        ("`--method gls`", LEAST_SQUARES | {"method": "gls"}),
        (f"`--steps {NEW_SENSOR}`", LEAST_SQUARES | {"steps": NEW_SENSOR}),
    ),
    (
        ("Mann-Kendall", MANN_KENDALL),
        *((f"`--correction {name}`", MANN_KENDALL | {"correction": name}) for name in CORRECTIONS),
        (f"`--steps {NEW_SENSOR}`", MANN_KENDALL | {"steps": NEW_SENSOR}),
    ),
    (
        ("Theil-Sen", THEIL_SEN),
        ("`--correction ar1`", THEIL_SEN | {"correction": "ar1"}),
        (f"`--steps {NEW_SENSOR}`", THEIL_SEN | {"steps": NEW_SENSOR}),
    ),
)
SEASONAL = (
    (
        ("`--independent-seasons`", SEASONS | {"independent_seasons": True}),
        ("with the covariance, the default", SEASONS),
    ),
)
CLASSES: dict[str, dict[str, Any]] = {
    "least squares": {},
    "`--correction ar1`": {"correction": "ar1"},
    "`--correction ar1 --fdr`": {"correction": "ar1", "fdr": "bh"},
    f"`--steps {NEW_SENSOR}`": {"steps": NEW_SENSOR},
}


def bands(pattern: str, options: dict[str, Any]) -> Bands:
    """Return the bands of a trend, (height, width) each, by name."""
    with tempfile.TemporaryDirectory() as folder:
        output = str(Path(folder) / "trend.tif")
        pixeltrend.slope(pattern, output, **options)
        dataset = gdal.Open(output)
        return {
            band.GetDescription(): band.ReadAsArray().astype(np.float64)
            for band in (dataset.GetRasterBand(1 + i) for i in range(dataset.RasterCount))
        }


def side_by_side(pattern: str, tests: tuple[Any, ...], reading: dict[str, Any]) -> dict[str, Bands]:
    """Print how many pixels each test finds, and how many it loses and wins against the first."""
    found = {name: bands(pattern, reading | options | {"fdr": "bh"}) for name, options in tests}
    first = next(iter(found.values()))
    for name, ours in found.items():
        cells = []
        for band in ("pvalue", "pvalue_fdr"):
            mine, plain = ours[band] <= LEVEL, first[band] <= LEVEL
            cells.append(f"{mine.sum():,}")
            cells += ["", ""] if ours is first else _changes(mine, plain)
        print(f"| {name} | {' | '.join(cells)} |", flush=True)
    return found


def _changes(mine: NDArray[np.bool_], plain: NDArray[np.bool_]) -> list[str]:
    return [f"{(plain & ~mine).sum():,}", f"{(mine & ~plain).sum():,}"]


def table(head: str, columns: tuple[str, ...]) -> None:
    """Print the head of a Markdown table."""
    print(f"\n| {' | '.join((head, *columns))} |")
    print("| --- " * (1 + len(columns)) + "|")


def shares(pattern: str) -> Iterator[tuple[str, list[str]]]:
    """Return the per cent of pixels in each class, without the missing ones, for each test."""
    for name, options in CLASSES.items():
        [codes] = bands(pattern, options | {"stats": "class", "stable": STABLE}).values()
        counts = np.bincount(codes.astype(int).ravel(), minlength=7)[1:]
        yield name, [f"{share:.1f}" for share in 100 * counts / counts.sum()]


def draw(plain: Bands, others: dict[str, Bands], picture: str) -> None:
    """Draw where a trend is significant with and without each option."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt
    from matplotlib.colors import ListedColormap
    from matplotlib.patches import Patch

    labels = {
        "not significant": "#dcdcdc",
        "decrease, with and without": "#a6611a",
        "increase, with and without": "#01665e",
        "significant without the option only": "#f4a6c0",
        "significant with the option only": "#80b1d3",
    }
    figure, axes = plt.subplots(len(others), 1, figsize=(7, 7), layout="constrained")
    for axis, (title, ours) in zip(axes, others.items(), strict=True):
        before, after = plain["pvalue"] <= LEVEL, ours["pvalue"] <= LEVEL
        codes = np.where(np.isnan(plain["pvalue"]), np.nan, 0.0)
        codes[before & after] = np.where(ours["slope"] < 0.0, 1.0, 2.0)[before & after]
        codes[before & ~after], codes[~before & after] = 3.0, 4.0
        axis.imshow(codes, cmap=ListedColormap(list(labels.values())), vmin=-0.5, vmax=4.5,
                    interpolation="nearest")  # fmt: skip
        axis.set_title(title, fontsize=10)
        axis.set_axis_off()
    patches = [Patch(color=color, label=label) for label, color in labels.items()]
    figure.legend(handles=patches, loc="outside lower center", ncols=2, frameon=False, fontsize=9)
    figure.savefig(picture, dpi=100, metadata={"Software": None})


def main() -> None:
    """Print all tables; draw the picture if it is named."""
    gdal.UseExceptions()
    folder = Path(sys.argv[1])
    yearly = str(folder / "ndvi_yearly_1982_2023" / "*.tif")
    somalia = str(folder / "modis_somalia_16day_2000_2012" / "modisraster.tif")
    columns = ("p <= 0.05", "lost", "won", "p <= 0.05 with `--fdr`", "lost", "won")
    table("yearly NDVI, 15,710 pixels", columns)
    found = [side_by_side(yearly, tests, {}) for tests in YEARLY]
    table("Somalia, 25 pixels, `--season 16day`", columns)
    for tests in SEASONAL:
        side_by_side(somalia, tests, {"bands_are_times": True})
    table(
        "yearly NDVI, % of pixels",
        ("significant decrease", "decrease", "stable", "undetermined", "increase",
         "significant increase"),
    )  # fmt: skip
    for name, cells in shares(yearly):
        print(f"| {name} | {' | '.join(cells)} |", flush=True)
    if len(sys.argv) > 2:  # noqa: PLR2004 - the picture
        plain, ar1, _gls, steps = found[0].values()
        titles = "--correction ar1: errors for AR(1) noise", "--steps 2013: a level for each sensor"
        draw(plain, dict(zip(titles, (ar1, steps), strict=True)), sys.argv[2])


if __name__ == "__main__":
    main()
