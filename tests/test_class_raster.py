"""Rasters of classes: bytes with names and colours, whole or not there."""

import numpy as np
import pytest
from osgeo import gdal

import pixeltrend
from pixeltrend.errors import ArgumentError
from pixeltrend.reducers.classes import CLASSES

gdal.UseExceptions()
YEARS = np.arange(2001, 2015)


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    folder = tmp_path_factory.mktemp("classes")
    rng = np.random.default_rng(0)
    values = rng.standard_normal((14, 40, 30)).astype(np.float32)
    values += (rng.uniform(-0.3, 0.3, (40, 30)) * np.arange(14)[:, None, None]).astype(np.float32)
    values[:, :3, :5] = np.nan
    for year, raster in zip(YEARS, values, strict=True):
        dataset = gdal.GetDriverByName("GTiff").Create(
            str(folder / f"ndvi_{year}.tif"), 30, 40, 1, gdal.GDT_Float32
        )
        dataset.SetGeoTransform((0, 30, 0, 0, 0, -30))
        dataset.GetRasterBand(1).WriteRaster(
            0, 0, 30, 40, raster.tobytes(), buf_type=gdal.GDT_Float32
        )
        dataset.FlushCache()
    return folder, values


@pytest.mark.parametrize(
    "options",
    [{}, {"fdr": "bh"}, {"stable": 0.1, "alpha": 0.1}, {"method": "theil-sen", "fdr": "by"}],
    ids=["p", "fdr", "stable", "theil-sen"],
)
@pytest.mark.parametrize("file_format", ["GTiff", "COG"])
def test_bytes_hold_the_classes_that_reduce_gives(stack, tmp_path, options, file_format):
    folder, values = stack
    path = tmp_path / "class.tif"
    done = pixeltrend.slope(
        folder / "*.tif", path, stats="class", file_format=file_format, workers=1, **options
    )
    expected = pixeltrend.reduce(YEARS, values, stats="class", **options)["class"]
    assert done.valid_pixels == (~np.isnan(expected)).sum() == 1200 - 15
    dataset = gdal.Open(str(path))
    assert dataset.RasterCount == 1
    assert dataset.GetGeoTransform()[0] == 0  # GDAL 3.6 reads the .aux.xml when asked for this
    band = dataset.GetRasterBand(1)
    assert band.DataType == gdal.GDT_Byte
    assert band.GetNoDataValue() == 0
    np.testing.assert_array_equal(band.ReadAsArray(), np.nan_to_num(expected, nan=0))
    assert band.GetCategoryNames() == [name for name, _ in CLASSES]
    colours = band.GetColorTable()
    for code, (name, colour) in enumerate(CLASSES):
        assert f"{code} {name}" in band.GetMetadataItem("CLASSES")
        assert colours.GetColorEntry(code)[:3] == colour[:3]
    style = ["class.qml"] if file_format == "GTiff" else []
    names = [*style, "class.tif", "class.tif.aux.xml"]
    assert sorted(file.name for file in tmp_path.iterdir()) == names


def test_workers_and_windows_do_not_show(stack, tmp_path):
    folder, _ = stack
    one, two = tmp_path / "one.tif", tmp_path / "two.tif"
    pixeltrend.slope(folder / "*.tif", one, stats="class", workers=1)
    pixeltrend.slope(folder / "*.tif", two, stats="class", workers=2, memory=20_000)
    assert one.read_bytes() == two.read_bytes()


def test_another_raster_takes_the_names_away(stack, tmp_path):
    folder, _ = stack
    path = tmp_path / "out.tif"
    pixeltrend.slope(folder / "*.tif", path, stats="class", workers=1)
    pixeltrend.slope(folder / "*.tif", path, workers=1)
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "out.qml", "out.tif", "out.tif.aux.json",
    ]  # fmt: skip
    assert "missing" not in (tmp_path / "out.qml").read_text()
    assert gdal.Open(str(path)).GetRasterBand(1).GetColorTable() is None


def test_classes_stand_alone_and_are_bytes(stack, tmp_path):
    folder, _ = stack
    with pytest.raises(ArgumentError, match="a raster of its own"):
        pixeltrend.slope(folder / "*.tif", tmp_path / "out.tif", stats="slope,class")
    with pytest.raises(ArgumentError, match="dtype float64: the classes"):
        pixeltrend.slope(folder / "*.tif", tmp_path / "out.tif", stats="class", dtype="float64")
    assert not list(tmp_path.iterdir())


def test_a_map_of_classes_has_their_names_and_counts(stack, tmp_path):
    folder, _ = stack
    path = tmp_path / "class.tif"
    pixeltrend.slope(folder / "*.tif", path, stats="class", workers=1)
    codes = gdal.Open(str(path)).ReadAsArray()
    summary = pixeltrend.plot_map(path, tmp_path / "class.svg")
    assert summary.limits == tuple(range(1, len(CLASSES)))
    assert summary.counts == tuple(np.bincount(codes.ravel(), minlength=len(CLASSES))[1:])
    drawn = (tmp_path / "class.svg").read_text()
    for (name, _), count in zip(CLASSES[1:], summary.counts, strict=True):
        assert (f">{name}<" in drawn) == (count > 0)
    with pytest.raises(ArgumentError, match="each with a class of its own"):
        pixeltrend.plot_map(path, tmp_path / "class.png", classes=3)
