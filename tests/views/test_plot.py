"""Maps of written rasters: classes, files, and what is refused."""

from __future__ import annotations

import errno
import os
import sys

import matplotlib as mpl
import numpy as np
import pytest
from osgeo import gdal
from running import run

from pixeltrend.errors import ArgumentError, InputError, OutputError, ReadError
from pixeltrend.views import reading
from pixeltrend.views.map import plot_map

NOWHERE = {"geotransform": None, "crs": ""}


def make_slopes(height=60, width=90, *, mean=0.0, seed=0):
    return np.random.default_rng(seed).normal(mean, 0.01, (height, width)).astype(np.float32)


@pytest.fixture
def raster(tmp_path, write_raster):
    """Slopes around zero, with a band of missing pixels."""
    values = make_slopes()
    values[:6] = np.nan
    return write_raster(tmp_path / "trend.tif", values, nodata=np.nan, unit="NDVI per year")


@pytest.mark.parametrize("seed", range(3))
def test_quintiles_hold_a_fifth_each(tmp_path, write_raster, seed):
    values = make_slopes(300, 200, mean=0.004, seed=seed)
    values[np.random.default_rng(seed).random(values.shape) < 0.3] = np.nan
    path = write_raster(tmp_path / "trend.tif", values, options=["TILED=YES"])
    summary = plot_map(path, tmp_path / "map.png")
    valid = values[np.isfinite(values)]
    zero = summary.limits.index(0)
    quintiles = [*summary.limits[:zero], *summary.limits[zero + 1 :]]
    shares = np.histogram(valid, quintiles)[0] / valid.size
    assert shares == pytest.approx(0.2, abs=0.001)
    counts = np.histogram(valid, summary.limits)[0]
    assert summary.counts == pytest.approx(counts, abs=1)
    assert (summary.pixels, summary.valid_pixels) == (values.size, valid.size)
    assert not summary.decimated
    assert set(quintiles) <= set(valid.astype(float).tolist())


@pytest.mark.parametrize("overview", ["", "NEAREST"])
def test_a_large_raster_is_read_decimated(tmp_path, write_raster, monkeypatch, overview):
    values = make_slopes(400, 600)
    path = write_raster(tmp_path / "trend.tif", values, options=["TILED=YES"])
    if overview:
        dataset = gdal.OpenEx(os.fspath(path), gdal.OF_UPDATE)
        dataset.BuildOverviews(overview, [2, 4])
        dataset = None
    monkeypatch.setattr(reading, "MAX_PIXELS", 100_000)
    summary = plot_map(path, tmp_path / "map.png")
    assert summary.decimated
    assert summary.pixels == 133 * 200
    quintiles = [limit for limit in summary.limits if limit != 0]
    if not overview:
        np.testing.assert_array_equal(quintiles[0], values[1:399:3, 1::3].min())
    assert set(quintiles) <= set(values.ravel().astype(float).tolist())
    assert np.histogram(values, quintiles)[0] / values.size == pytest.approx(0.2, abs=0.02)


@pytest.mark.parametrize(
    ("values", "limits"),
    [
        (np.full((5, 6), 0.25), (0.25, 0.25)),
        (np.zeros((5, 6), np.float32), (0, 0)),
        (np.repeat(np.array([[0, 0, 0, 1, 2]], np.int16), 4, axis=0), (0, 0, 1, 2)),
        (np.full((1, 1), -1e-30), (-1e-30, -1e-30)),
        (np.array([[-3.4e38, 3.4e38]], np.float32), (-3.4e38, 0, 3.4e38)),
    ],
)
def test_ties(tmp_path, write_raster, values, limits):
    path = write_raster(tmp_path / "trend.tif", values)
    assert plot_map(path, tmp_path / "map.png").limits == pytest.approx(limits, rel=1e-6)


def test_nodata_scale_offset_and_masks(tmp_path, write_raster):
    values = np.arange(100, dtype=np.int16).reshape(10, 10)
    path = write_raster(tmp_path / "a.tif", values, nodata=0, scale=0.5, offset=-10)
    summary = plot_map(path, tmp_path / "map.png")
    assert (summary.limits[0], summary.limits[-1]) == (-9.5, 39.5)
    assert summary.valid_pixels == 99
    path = write_raster(tmp_path / "b.tif", values.astype(np.float32), mask=values > 49)
    assert plot_map(path, tmp_path / "map.png").limits[0] == 50


@pytest.mark.parametrize(
    ("name", "magic"), [("m.png", b"\x89PNG"), ("m.SVG", b"<?xml"), ("m.pdf", b"%PDF")]
)
def test_formats_are_what_the_extension_says_and_always_the_same(tmp_path, raster, name, magic):
    plot_map(raster, tmp_path / name)
    first = (tmp_path / name).read_bytes()
    assert first.startswith(magic)
    (tmp_path / name).write_bytes(b"an older picture")
    with mpl.rc_context({"font.size": 20, "savefig.dpi": 30, "axes.facecolor": "red"}):
        plot_map(raster, tmp_path / name)
    assert (tmp_path / name).read_bytes() == first


def test_only_the_picture_is_left(tmp_path, raster, umask):
    umask(0o027)
    (tmp_path / "pictures").mkdir()
    link = tmp_path / "pictures" / "link.png"
    link.symlink_to("map.png")
    plot_map(raster, link)
    assert sorted(os.listdir(link.parent)) == ["link.png", "map.png"]
    assert link.is_symlink()
    assert (link.parent / "map.png").stat().st_mode & 0o777 == 0o640
    assert sorted(os.listdir(tmp_path)) == ["pictures", "trend.tif"]


def test_a_full_disk_leaves_the_older_picture(tmp_path, raster, monkeypatch):
    (tmp_path / "map.png").write_bytes(b"an older picture")

    def fail(_handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OutputError, match=r"map\.png: cannot be written: No space left on device"):
        plot_map(raster, tmp_path / "map.png")
    assert (tmp_path / "map.png").read_bytes() == b"an older picture"
    assert sorted(os.listdir(tmp_path)) == ["map.png", "trend.tif"]


@pytest.mark.parametrize(
    ("output", "options", "error", "message"),
    [
        ("map.jpg", {}, ArgumentError, "a picture's name ends in one of .png, .svg, .pdf"),
        ("map", {}, ArgumentError, "a picture's name ends in one of"),
        ("map.png", {"classes": 0}, ArgumentError, "0 classes: must be from 1 to 12"),
        ("map.png", {"classes": 13}, ArgumentError, "13 classes: must be from 1 to 12"),
        (
            "map.png",
            {"scheme": "jenks"},
            ArgumentError,
            "scheme 'jenks': is not one of quantiles, equal",
        ),
        ("map.png", {"dpi": 0}, ArgumentError, "0 dpi: must be from 50 to 1200"),
        ("map.png", {"colour": "red"}, ArgumentError, "colour: is not an option"),
        ("map.png", {"band": 2}, InputError, "no band 2; it has 1"),
        ("map.png", {"band": "0"}, InputError, "no band 0; it has 1"),
        ("map.png", {"band": "tau"}, InputError, "no band called 'tau'; its 1 bands have no names"),
        ("no/map.png", {}, OutputError, "does not exist"),
        ("folder.png", {}, OutputError, "is a folder; give the name of a file"),
    ],
)
def test_refused(tmp_path, raster, output, options, error, message):
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(error) as caught:
        plot_map(raster, tmp_path / output, **options)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert sorted(os.listdir(tmp_path)) == ["folder.png", "trend.tif"]


def test_refused_rasters(tmp_path, write_raster):
    with pytest.raises(InputError, match=r"empty\.tif: band 1 is missing in every pixel"):
        plot_map(write_raster(tmp_path / "empty.tif", np.full((4, 5), np.nan)), tmp_path / "m.png")
    with pytest.raises(InputError, match=r"none\.tif: cannot be opened as a raster"):
        plot_map(tmp_path / "none.tif", tmp_path / "m.png")
    with pytest.raises(InputError, match=r"band 1 has complex numbers"):
        plot_map(write_raster(tmp_path / "c.tif", np.ones((4, 5), "c8")), tmp_path / "m.png")
    two = write_raster(tmp_path / "t.tif", np.ones((2, 4, 5)), descriptions=["slope", "slope"])
    with pytest.raises(InputError, match=r"bands \[1, 2\] are all called 'slope'; give a number"):
        plot_map(two, tmp_path / "m.png", band="slope")
    assert not (tmp_path / "m.png").exists()


def test_a_raster_is_not_replaced_by_its_map(tmp_path, write_raster):
    source = write_raster(tmp_path / "t.tif", np.ones((4, 5), np.uint8), **NOWHERE)
    gdal.Translate(os.fspath(tmp_path / "t.png"), os.fspath(source), format="PNG")
    with pytest.raises(ArgumentError, match=r"t\.png: is the raster itself"):
        plot_map(tmp_path / "t.png", tmp_path / "t.png")


def test_a_torn_raster(tmp_path, write_raster):
    path = write_raster(tmp_path / "t.tif", make_slopes(300, 300), options=["COMPRESS=DEFLATE"])
    path.write_bytes(path.read_bytes()[:-150_000])
    with pytest.raises((ReadError, InputError), match=r"t\.tif: cannot be"):
        plot_map(path, tmp_path / "map.png")
    assert sorted(os.listdir(tmp_path)) == ["t.tif"]


@pytest.mark.parametrize("library", ["matplotlib", "matplotlib_scalebar"])
def test_without_matplotlib(tmp_path, raster, library):
    code = (
        "import sys; sys.modules[sys.argv.pop()] = None\n"
        "import pixeltrend.views.map\n"
        "try: pixeltrend.views.map.plot_map(*sys.argv[1:])\n"
        "except pixeltrend.MissingDependencyError as error: print(error)\n"
    )
    done = run([sys.executable, "-c", code, raster, tmp_path / "map.png", library])
    assert done.returncode == 0, done.stderr
    assert "pip install matplotlib-scalebar" in done.stdout
    assert done.stdout.count("\n") == 1
    assert sorted(os.listdir(tmp_path)) == ["trend.tif"]
