"""What a map looks like: colours, texts, scale bar, and that nothing overlaps."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.image import imread
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from matplotlib_scalebar.scalebar import ScaleBar

from pixeltrend.trend import slope
from pixeltrend.views import reading
from pixeltrend.views.colours import (
    MISSING,
    NEUTRAL,
    amount_colours,
    shade_colours,
    significance_colours,
)
from pixeltrend.views.map import plot_map

DEGREES = {"geotransform": (-74.7, 0.001, 0, -8.3, 0, -0.001), "crs": "EPSG:4326"}
NOWHERE = {"geotransform": None, "crs": ""}


def make_slopes(height=60, width=90, *, mean=0.0, seed=0):
    return np.random.default_rng(seed).normal(mean, 0.01, (height, width)).astype(np.float32)


@pytest.fixture
def figures(monkeypatch):
    """Collect the figures that are saved."""
    saved = []
    save = Figure.savefig

    def keep(figure, *args, **kwargs):
        saved.append(figure)
        return save(figure, *args, **kwargs)

    monkeypatch.setattr(Figure, "savefig", keep)
    return saved


def texts_of(figure):
    return [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]


def scale_bars_of(figure):
    return figure.findobj(ScaleBar)


def is_swatch(artist):
    return isinstance(artist, Rectangle) and artist.get_edgecolor() == (0.4, 0.4, 0.4, 1)


def colour_counts(path):
    """Pixels of each colour of a PNG."""
    pixels = (imread(path)[..., :3] * 255).round().astype(int).reshape(-1, 3)
    colours, counts = np.unique(pixels, axis=0, return_counts=True)
    return {tuple(c.tolist()): n for c, n in zip(colours, counts.tolist(), strict=True)}


def as_bytes(colour):
    return tuple(int(part) for part in colour)


def test_brown_is_below_zero_blue_above_white_between_and_grey_missing(tmp_path, write_raster):
    values = np.empty((40, 50), np.float32)
    values[:, :10], values[:, 10:20], values[:, 20:30] = -3, -1, 0
    values[:, 30:40], values[:, 40:] = np.nan, 2
    path = write_raster(tmp_path / "trend.tif", values, geotransform=None, crs="")
    plot_map(path, tmp_path / "map.png", scheme="equal")
    brown, pale_brown = shade_colours([-1, -(0.3 + 0.7 * 1.5 / 2.5)])
    image = (imread(tmp_path / "map.png")[..., :3] * 255).round().astype(int)
    row = image[image.shape[0] // 2, : image.shape[1] * 7 // 10]  # left of the legend
    in_order = [tuple(c.tolist()) for i, c in enumerate(row) if i == 0 or (c != row[i - 1]).any()]
    blue = shade_colours([0.3 + 0.7 * 1.5 / 2.5])[0]
    expected = [as_bytes(c) for c in (brown, pale_brown, NEUTRAL, MISSING, blue)]
    assert [c for c in in_order if c in expected] == expected


@pytest.mark.parametrize(("sign", "side"), [(1, 2), (-1, 0)])
def test_slopes_of_one_sign_have_colours_of_one_side(tmp_path, write_raster, sign, side):
    path = write_raster(tmp_path / "trend.tif", sign * (np.abs(make_slopes()) + 0.001))
    plot_map(path, tmp_path / "map.png")
    coloured = [c for c, n in colour_counts(tmp_path / "map.png").items() if n > 5000]
    coloured = [c for c in coloured if max(c) - min(c) > 10]
    assert len(coloured) == 5
    assert all(c[side] == max(c) for c in coloured)


def test_colours_can_be_told_apart_by_everyone():
    # Machado, Oliveira and Fernandes 2009: what protanopes, deuteranopes and tritanopes see.
    eyes = [
        np.eye(3),
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
         [-0.003882, -0.048116, 1.051998]],
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
         [-0.011820, 0.042940, 0.968881]],
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
         [0.004733, 0.691367, 0.303900]],
    ]  # fmt: skip
    to_xyz = [[0.4339, 0.3762, 0.1899], [0.2126, 0.7152, 0.0722], [0.0178, 0.1095, 0.8727]]
    symmetric, positive = [-1, -0.53, 0, 0.53, 1], [0.3, 0.475, 0.65, 0.825, 1]
    ramps = [shade_colours(s) for s in (symmetric, positive, [-shade for shade in positive])]
    ramps += [significance_colours(5), amount_colours(5)]
    for ramp in ramps:
        colours = np.array([*ramp, MISSING]) / 255
        linear = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
        for eye in eyes:
            f = np.cbrt(np.clip(linear @ np.transpose(eye), 1e-3, 1) @ np.transpose(to_xyz))
            lab = np.stack([116 * f[:, 1], 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])])
            distances = [np.linalg.norm(a - b) for a, b in combinations(lab.T, 2)]
            assert min(distances) > 10


def test_title_and_legend_come_from_the_metadata(tmp_path, stack, figures):
    slope(stack, tmp_path / "out.tif", workers=1)
    plot_map(tmp_path / "out.tif", tmp_path / "map.png", band="slope")
    shown = [text.get_text() for text in texts_of(figures[0])]
    assert "Slope of the least-squares line, 2000 to 2004" in shown
    assert "out.tif: method ols, 5 rasters, ndvi_2000.tif to ndvi_2004.tif" in shown
    assert "slope" in shown
    assert "per year" in shown
    assert sum(text.endswith(" %") for text in shown) == 6
    assert any(text.endswith("°E") for text in shown)
    assert len(scale_bars_of(figures[0])) == 1


def test_a_title_of_ones_own_is_no_formula(tmp_path, write_raster, figures):
    raster = write_raster(tmp_path / "trend.tif", make_slopes())
    plot_map(raster, tmp_path / "map.png", title="Greening $\\frac{$ 1995\x00\nto 2015")
    assert "Greening $\\frac{$ 1995\nto 2015" in [t.get_text() for t in texts_of(figures[0])]


@pytest.mark.parametrize(
    ("height", "width", "georeference"),
    [
        (60, 90, {}), (2, 3, {}), (1, 1, {}), (40, 900, {}), (900, 40, {}), (1, 500, {}),
        (500, 1, {}), (60, 90, NOWHERE), (60, 90, DEGREES), (400, 30, DEGREES), (30, 400, NOWHERE),
        (90, 180, {"geotransform": (-180, 2, 0, 90, 0, -2), "crs": "EPSG:4326"}),
        (50, 60, {"geotransform": (0, 30, 5, 0, 5, -30)}), (50, 60, {"crs": ""}),
        (50, 60, {"geotransform": (1e6, 30, 0, 1e6, 0, 30), "crs": "EPSG:2263"}),
        (50, 60, {"geotransform": (5e5, 0.01, 0, 2e6, 0, -0.01)}),
    ],
)  # fmt: skip
def test_nothing_overlaps(tmp_path, write_raster, figures, height, width, georeference):
    values = make_slopes(height, width) * 10
    values[0, 0] = np.nan if values.size > 3 else 1
    path = write_raster(
        tmp_path / "trend.tif",
        values,
        unit="kilograms of carbon per square metre and year, and what else a unit may say",
        descriptions=["a name that is so long that it has to go on two lines"],
        **georeference,
    )
    plot_map(path, tmp_path / "map.png", classes=7, title="A long title. " * 20, dpi=60)
    figures[0].draw_without_rendering()
    boxes = [text.get_window_extent() for text in texts_of(figures[0])]
    boxes += [bar.info.window_extent for bar in scale_bars_of(figures[0])]
    axes = figures[0].axes[0]
    boxes.append(axes.get_window_extent())
    boxes += [part.get_window_extent() for part in figures[0].findobj(is_swatch)]
    for one, other in combinations(boxes, 2):
        is_free = (
            one.x1 <= other.x0 + 1 or other.x1 <= one.x0 + 1
            or one.y1 <= other.y0 + 1 or other.y1 <= one.y0 + 1
        )  # fmt: skip
        assert is_free, (one, other)


@pytest.mark.parametrize(
    ("georeference", "metres"),
    [
        ({}, 30 * 200),
        ({"geotransform": (10, 0.01, 0, 60.5, 0, -0.01), "crs": "EPSG:4326"}, 2 * 55_800),
        ({"geotransform": (0, 1000, 0, 8.45e6, 0, -1000), "crs": "EPSG:3857"}, 2e5 * 0.5),
        ({"geotransform": (1e6, 30, 0, 2e5, 0, -30), "crs": "EPSG:2263"}, 6000 * 0.3048),
    ],
    ids=["UTM", "degrees at 60 N", "Web Mercator at 60 N", "feet"],
)
def test_the_scale_bar_is_true(tmp_path, write_raster, figures, georeference, metres):
    path = write_raster(tmp_path / "trend.tif", make_slopes(100, 200), **georeference)
    plot_map(path, tmp_path / "map.png")
    (bar,) = scale_bars_of(figures[0])
    length = bar.info.value * {"m": 1, "km": 1000, "Mm": 1e6}[bar.info.units]
    axes = figures[0].axes[0]
    share = bar.info.length_px / np.ptp(axes.get_xlim())
    assert length / share == pytest.approx(metres, rel=0.02)
    assert 0.3 < share * axes.get_window_extent().width / figures[0].dpi < 1.7


def test_the_scale_bar_of_a_world_map_counts_kilometres(tmp_path, write_raster, figures):
    georeference = {"geotransform": (-180, 2, 0, 90, 0, -2), "crs": "EPSG:4326"}
    plot_map(
        write_raster(tmp_path / "t.tif", make_slopes(90, 180), **georeference), tmp_path / "map.svg"
    )
    (bar,) = scale_bars_of(figures[0])
    assert bar.scale_formatter(bar.info.value, bar.info.units) == "5,000 km"
    assert bar.scale_formatter(20, "m") == "20 m"


def test_no_scale_bar_without_a_scale(tmp_path, write_raster, figures):
    for georeference in (NOWHERE, {"crs": ""}):
        plot_map(
            write_raster(tmp_path / "t.tif", make_slopes(), **georeference), tmp_path / "map.png"
        )
    assert not any(scale_bars_of(figure) for figure in figures)
    assert figures[0].axes[0].get_ylabel() == "Row"
    assert figures[0].axes[0].yaxis.get_inverted()


def test_south_up_rasters_are_turned(tmp_path, write_raster):
    values = make_slopes() * 0.1 - 1
    values[:30] += 2  # the first rows lie in the south
    path = write_raster(
        tmp_path / "t.tif", values, geotransform=(5e5, 30, 0, 2e6, 0, 30), crs="EPSG:32648"
    )
    plot_map(path, tmp_path / "map.png", classes=2)
    image = imread(tmp_path / "map.png")[..., :3]
    brown = (np.abs(image - shade_colours([-1]) / 255) < 0.01).all(axis=2)
    assert brown[:, : image.shape[1] // 2].any(axis=1).argmax() < image.shape[0] / 3


def test_no_more_pixels_are_drawn_than_the_picture_has(tmp_path, write_raster, figures):
    path = write_raster(tmp_path / "t.tif", make_slopes(700, 1000))
    plot_map(path, tmp_path / "map.png", dpi=60)
    (image,) = figures[0].axes[0].images
    assert image.get_array().shape[:2] == (273, 390)


def test_a_decimated_map_says_so(tmp_path, write_raster, monkeypatch, figures):
    monkeypatch.setattr(reading, "MAX_PIXELS", 100_000)
    plot_map(write_raster(tmp_path / "t.tif", make_slopes(400, 600)), tmp_path / "map.png")
    shown = " ".join(" ".join(text.get_text().split()) for text in texts_of(figures[0]))
    assert "Limits and shares from 200 x 133 pixels of the raster." in shown
