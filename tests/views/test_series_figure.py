"""Pictures of series: what they say, and that they are the same each time."""

import struct

import numpy as np
import pytest

from pixeltrend.errors import ArgumentError
from pixeltrend.raster.places import Point
from pixeltrend.views.pixel import pixel
from pixeltrend.views.series_figure import MOST_PANELS, plot_pixels

pytest.importorskip("matplotlib_scalebar")


@pytest.fixture
def inputs(tmp_path, write_stack):
    rng = np.random.default_rng(4)
    values = rng.normal(0.3, 0.02, (12, 3, 4)) + 0.01 * np.arange(12)[:, None, None]
    values[[2, 7], 1, 1] = np.nan
    return write_stack(tmp_path / "in", values.astype(np.float32), unit="NDVI")


def text_of(reports, path):
    plot_pixels(reports, path)
    return path.read_text()


@pytest.mark.parametrize(
    ("options", "expected", "absent"),
    [
        ({}, ["ols: slope {slope} per year", "95 % confidence band of the line"], ["tau"]),
        (
            {"method": "theil-sen", "confidence": 0.9, "per": "decade"},
            ["theil-sen: slope {slope} per decade", "90 % limits of the slope"],
            ["confidence band"],
        ),
        ({"method": "gls"}, ["gls: slope {slope} per year"], ["%"]),
        ({"method": "mann-kendall"}, ["mann-kendall: tau {tau}"], ["%", "slope"]),
    ],
    ids=["ols", "theil-sen", "gls", "mann-kendall"],
)
def test_a_picture_says_what_was_found(inputs, tmp_path, options, expected, absent):
    reports = pixel(inputs, [Point(1, 1, "rowcol", "field & 7")], **options)
    text = text_of(reports, tmp_path / "pixel.svg")
    found = reports[0].statistics
    numbers = {
        "slope": f"{found.get('slope', 0):.4g}".replace("-", "\N{MINUS SIGN}"),
        "tau": f"{found.get('tau', 0):.3f}",
    }
    said = text.split("<text")[1:]
    for words in (
        *expected,
        f"p {found['pvalue']:.2g}",
        "missing (2)",
        "NDVI",
        "field &amp; 7: row 1, column 1 (21.06",
    ):
        assert words.format(**numbers) in text
    assert not any(word in piece for word in absent for piece in said)


def test_pictures_are_the_same_each_time(inputs, tmp_path):
    reports = pixel(inputs, [Point(1, 1, "rowcol"), Point(0, 3, "rowcol")])
    for name in ("a.png", "a.svg", "a.pdf"):
        plot_pixels(reports, tmp_path / name)
        before = (tmp_path / name).read_bytes()
        plot_pixels(reports, tmp_path / name)
        assert (tmp_path / name).read_bytes() == before
    width, height = struct.unpack(">II", (tmp_path / "a.png").read_bytes()[16:24])
    assert (width, height) == (1400, 1080)


def test_a_pixel_without_values_is_drawn(tmp_path, write_stack):
    inputs = write_stack(tmp_path / "in", np.full((3, 1, 1), np.nan, np.float32))
    assert "missing (3)" in text_of(pixel(inputs, [Point(0, 0, "rowcol")]), tmp_path / "a.svg")


def test_what_makes_no_picture_is_refused(inputs, tmp_path, run_cli):
    reports = pixel(inputs, [Point(1, 1, "rowcol")])
    with pytest.raises(ArgumentError, match=r"a picture's name ends in one of"):
        plot_pixels(reports, tmp_path / "pixel.gif")
    with pytest.raises(ArgumentError, match=f"shows up to {MOST_PANELS} pixels"):
        plot_pixels(reports * (MOST_PANELS + 1), tmp_path / "pixel.png")
    done = run_cli("pixel", "in/*.tif", "--rowcol", "--at", "1", "1", "-o", "pixel.png")
    assert done.returncode == 0
    assert (tmp_path / "pixel.png").read_bytes().startswith(b"\x89PNG")
