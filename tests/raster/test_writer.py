"""Writing: the old file or the whole new one, and nothing left over."""

from __future__ import annotations

import os
import stat

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from osgeo import gdal, osr

from pixeltrend.errors import ArgumentError, OutputError
from pixeltrend.raster.grid import Grid
from pixeltrend.raster.output import OutputOptions
from pixeltrend.raster.windows import Window, plan_windows
from pixeltrend.raster.writer import Band, RasterWriter

HEIGHT, WIDTH = 70, 50
UTM = (578_000.0, 30.0, 0.0, 2_330_000.0, 0.0, -30.0)
BANDS = (Band("slope", "Slope of a line", "NDVI per year"), Band("n", "Values", "1"))
VALUES = np.random.default_rng(1).normal(size=(2, HEIGHT, WIDTH)).astype(np.float32)
VALUES[:, 3:9, 5:20] = np.nan


def wkt(code=32648):
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(code)
    return reference.ExportToWkt()


GRID = Grid(WIDTH, HEIGHT, UTM, wkt())


def rows(row_off, height):
    return Window(row_off, 0, height, WIDTH)


def block(window, values=VALUES):
    part = values[
        :,
        window.row_off : window.row_off + window.height,
        window.col_off : window.col_off + window.width,
    ]
    return part.reshape(len(values), -1)


WHOLE = (rows(0, HEIGHT),)


def write(path, windows=WHOLE, *, grid=GRID, bands=BANDS, metadata=None, **options):
    with RasterWriter(path, grid, bands, OutputOptions(**options), metadata=metadata) as writer:
        for window in windows:
            writer.write(window, block(window))
    return path


def listing(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def target(tmp_path):
    """An older output."""
    path = tmp_path / "trend.tif"
    path.write_bytes(b"the old output")
    return path


# What is written


@pytest.mark.parametrize("file_format", ["GTiff", "COG"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_pixels_and_grid(tmp_path, read_raster, dtype, file_format):
    path = write(tmp_path / "trend.tif", dtype=dtype, file_format=file_format)
    for number, values in enumerate(VALUES, 1):
        np.testing.assert_array_equal(read_raster(path, number), values)
    dataset = gdal.Open(str(path))
    assert gdal.GetDataTypeName(dataset.GetRasterBand(1).DataType).lower() == dtype
    assert Grid.of(dataset).geotransform == UTM
    assert dataset.GetSpatialRef().IsSame(osr.SpatialReference(wkt()))
    assert dataset.GetSpatialRef().GetAuthorityCode(None) == "32648"
    assert listing(tmp_path) == ["trend.tif"]


@pytest.mark.parametrize("file_format", ["GTiff", "COG"])
def test_bands_say_what_they_are(tmp_path, file_format):
    path = write(
        tmp_path / "trend.tif",
        metadata={"PIXELTREND_VERSION": "1.2.3", "AREA_OR_POINT": "Area"},
        file_format=file_format,
    )
    dataset = gdal.Open(str(path))
    assert dataset.GetMetadataItem("PIXELTREND_VERSION") == "1.2.3"
    slope, count = dataset.GetRasterBand(1), dataset.GetRasterBand(2)
    assert slope.GetDescription() == "slope"
    assert slope.GetUnitType() == "NDVI per year"
    assert count.GetDescription() == "n"
    assert count.GetUnitType() == "1"
    for band, info in zip((slope, count), BANDS, strict=True):
        assert np.isnan(band.GetNoDataValue())
        assert info.description in band.GetMetadata().values()


def test_layout(tmp_path):
    dataset = gdal.Open(str(write(tmp_path / "trend.tif")))
    structure = dataset.GetMetadata("IMAGE_STRUCTURE")
    assert structure["COMPRESSION"] == "DEFLATE"
    assert structure["PREDICTOR"] == "3"
    assert dataset.GetRasterBand(1).GetBlockSize() == [256, 256]


def test_cog(tmp_path):
    dataset = gdal.Open(str(write(tmp_path / "trend.tif", file_format="COG")))
    assert dataset.GetMetadata("IMAGE_STRUCTURE")["LAYOUT"] == "COG"


@pytest.mark.parametrize("file_format", ["GTiff", "COG"])
def test_no_georeference_in_none_out(tmp_path, file_format):
    path = write(
        tmp_path / "trend.tif", grid=Grid(WIDTH, HEIGHT, None, ""), file_format=file_format
    )
    grid = Grid.of(gdal.Open(str(path)))
    assert grid == Grid(WIDTH, HEIGHT, None, "")


@pytest.mark.parametrize(
    "geotransform",
    [
        (578_000.0, 26.0, 15.0, 2_330_000.0, 15.0, -26.0),
        (578_000.0, 30.0, 0.0, 2_300_000.0, 0.0, 30.0),
    ],
    ids=["rotated", "northward"],
)
def test_unusual_geotransforms_are_kept(tmp_path, geotransform):
    path = write(tmp_path / "trend.tif", grid=Grid(WIDTH, HEIGHT, geotransform, wkt()))
    np.testing.assert_allclose(gdal.Open(str(path)).GetGeoTransform(), geotransform, rtol=1e-12)


@pytest.mark.parametrize(
    ("options", "structure"),
    [
        ({"COMPRESS": "LZW"}, {"COMPRESSION": "LZW", "PREDICTOR": "3"}),
        ({"compress": "lzw"}, {"COMPRESSION": "LZW"}),
        ({"COMPRESS": "NONE"}, {}),
        ({"PREDICTOR": "2"}, {"COMPRESSION": "DEFLATE", "PREDICTOR": "2"}),
        ({"TILED": "NO"}, {"COMPRESSION": "DEFLATE"}),
        ({"TILED": "NO", "BLOCKYSIZE": "9"}, {"COMPRESSION": "DEFLATE"}),
        ({"BLOCKXSIZE": "32", "BLOCKYSIZE": "16"}, {"COMPRESSION": "DEFLATE"}),
        ({"BIGTIFF": "YES"}, {}),
        ({"INTERLEAVE": "PIXEL"}, {"INTERLEAVE": "PIXEL"}),
        ({"NUM_THREADS": "2"}, {}),
    ],
)
def test_creation_options(tmp_path, read_raster, options, structure):
    path = write(tmp_path / "trend.tif", creation_options=options)
    found = gdal.Open(str(path)).GetMetadata("IMAGE_STRUCTURE")
    assert found.items() >= structure.items()
    np.testing.assert_array_equal(read_raster(path, 2), VALUES[1])


def test_blocks_asked_for(tmp_path):
    options = {"BLOCKXSIZE": "32", "BLOCKYSIZE": "16"}
    path = write(tmp_path / "trend.tif", creation_options=options)
    assert gdal.Open(str(path)).GetRasterBand(1).GetBlockSize() == [32, 16]


def test_world_file_asked_for_comes_along(tmp_path):
    write(tmp_path / "trend.tif", creation_options={"TFW": "YES"})
    assert listing(tmp_path) == ["trend.tfw", "trend.tif"]


def test_cog_options(tmp_path):
    options = {"COMPRESS": "LZW", "BLOCKSIZE": "128"}
    path = write(tmp_path / "trend.tif", file_format="COG", creation_options=options)
    dataset = gdal.Open(str(path))
    assert dataset.GetMetadata("IMAGE_STRUCTURE")["COMPRESSION"] == "LZW"
    assert dataset.GetRasterBand(1).GetBlockSize() == [128, 128]


@pytest.mark.parametrize("file_format", ["GTiff", "COG"])
@pytest.mark.parametrize("options", [{"COMPRESSION": "LZW"}, {"COMPRESS": "ZIP"}])
def test_creation_option_that_is_none_is_refused(target, options, file_format):
    ((name, value),) = options.items()
    with pytest.raises(ArgumentError, match=f"{name}.*{value}"):
        write(target, file_format=file_format, creation_options=options)
    assert target.read_bytes() == b"the old output"
    assert listing(target.parent) == ["trend.tif"]


@pytest.mark.parametrize(
    ("file_format", "name"), [("GTiff", "BLOCKYSIZE"), ("GTiff", "ZLEVEL"), ("COG", "LEVEL")]
)
def test_creation_option_that_is_no_number_is_refused(target, file_format, name):
    with pytest.raises(ArgumentError, match=f"{name}=abc: the value must be a whole number"):
        write(target, file_format=file_format, creation_options={name: "abc"})
    assert target.read_bytes() == b"the old output"


@pytest.mark.parametrize("wrong", [{"dtype": "int16"}, {"file_format": "PNG"}])
def test_unknown_type_or_format_is_refused(target, wrong):
    with pytest.raises(ArgumentError, match=next(iter(wrong.values()))):
        write(target, **wrong)
    assert target.read_bytes() == b"the old output"


@pytest.mark.parametrize("extension", [".nc", ".zarr", ".vrt", ".png", ".jp2", ".JPG", ".tif.gz"])
@pytest.mark.parametrize("file_format", [None, "GTiff", "COG"])
def test_another_extension_is_refused(tmp_path, extension, file_format):
    with pytest.raises(ArgumentError, match=r"must end in \.tif or \.tiff, not in \."):
        write(tmp_path / f"trend{extension}", file_format=file_format)
    assert listing(tmp_path) == []


def test_two_values_of_one_creation_option_are_refused():
    with pytest.raises(ArgumentError, match="COMPRESS: has two values, LZW and ZSTD"):
        OutputOptions(creation_options={"COMPRESS": "LZW", "compress": "ZSTD"})
    same = OutputOptions(creation_options={"COMPRESS": "LZW", "compress": "LZW"})
    assert same.creation_options == {"COMPRESS": "LZW"}


# The same bytes


@pytest.fixture(scope="module")
def bytes_of_one_window(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    options = {"BLOCKXSIZE": "16", "BLOCKYSIZE": "16"}
    return write(folder / "trend.tif", creation_options=options).read_bytes()


@settings(max_examples=40)
@given(st.tuples(st.integers(1, 70), st.integers(1, 50)), st.integers(20, 4000))
def test_windows_do_not_show(tmp_path_factory, bytes_of_one_window, blocks, max_pixels):
    folder = tmp_path_factory.mktemp("cut")
    windows = plan_windows(HEIGHT, WIDTH, blocks, max_pixels=max_pixels)
    options = {"BLOCKXSIZE": "16", "BLOCKYSIZE": "16"}
    path = write(folder / "trend.tif", windows, creation_options=options)
    assert path.read_bytes() == bytes_of_one_window


def test_place_and_name_do_not_show(tmp_path):
    (tmp_path / "folder").mkdir()
    first = write(tmp_path / "trend.tif").read_bytes()
    assert write(tmp_path / "folder" / "other.tiff").read_bytes() == first


# The old file or the new one


def test_older_output_is_replaced(target, read_raster):
    write(target)
    np.testing.assert_array_equal(read_raster(target), VALUES[0])
    assert listing(target.parent) == ["trend.tif"]


def test_target_is_old_until_all_is_written(target):
    with RasterWriter(target, GRID, BANDS, OutputOptions()) as writer:
        writer.write(rows(0, HEIGHT), VALUES.reshape(2, -1))
        assert target.read_bytes() == b"the old output"
    assert target.read_bytes() != b"the old output"


def failing_after(height, error):
    """Windows of some rows, and then an error."""
    if height:
        yield rows(0, height)
    raise error


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("height", [0, 40, HEIGHT])
@pytest.mark.parametrize("file_format", ["GTiff", "COG"])
def test_failing_midway_leaves_the_old_output(target, error, height, file_format):
    with pytest.raises(error):
        write(target, failing_after(height, error), file_format=file_format)
    assert target.read_bytes() == b"the old output"
    assert listing(target.parent) == ["trend.tif"]


def test_failing_midway_leaves_nothing(tmp_path):
    with pytest.raises(RuntimeError):
        write(tmp_path / "trend.tif", failing_after(40, RuntimeError))
    assert listing(tmp_path) == []


def test_part_of_the_rows_is_no_output(target):
    with pytest.raises(OutputError, match=f"{HEIGHT}"):
        write(target, [rows(0, 40)])
    assert target.read_bytes() == b"the old output"
    assert listing(target.parent) == ["trend.tif"]


@pytest.mark.parametrize("mask", [0o022, 0o077, 0o002])
@pytest.mark.parametrize("file_format", ["GTiff", "COG"])
def test_umask_is_honoured(tmp_path, umask, mask, file_format):
    umask(mask)
    path = write(tmp_path / "trend.tif", file_format=file_format)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~mask


@pytest.mark.parametrize("exists", [True, False])
def test_link_stays_a_link(tmp_path, read_raster, exists):
    (tmp_path / "elsewhere").mkdir()
    real, link = tmp_path / "elsewhere" / "real.tif", tmp_path / "trend.tif"
    if exists:
        real.write_bytes(b"the old output")
    link.symlink_to(os.path.join("elsewhere", "real.tif"))
    write(link)
    assert link.is_symlink()
    np.testing.assert_array_equal(read_raster(real), VALUES[0])
    assert listing(tmp_path / "elsewhere") == ["real.tif"]


def test_what_lies_beside_stays_when_the_run_fails(target):
    target.with_name("trend.tif.ovr").write_text("of the old one")
    with pytest.raises(OutputError):
        write(target, [rows(0, 40)])
    assert listing(target.parent) == ["trend.tif", "trend.tif.ovr"]


@pytest.mark.parametrize(
    "name", ["trend (1) [2].tif", "été.TIF", "trend", "a b.tiff", "x" * 255, "x" * 251 + ".tif"]
)
def test_any_name(tmp_path, read_raster, name):
    np.testing.assert_array_equal(read_raster(write(tmp_path / name)), VALUES[0])
    assert listing(tmp_path) == [name]


def test_relative_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write("trend.tif")
    assert listing(tmp_path) == ["trend.tif"]


def test_metadata_is_text_of_any_kind(tmp_path):
    text = 'quotes " and <tags> & é\nand lines'
    path = write(tmp_path / "trend.tif", metadata={"PIXELTREND_OPTIONS": text})
    assert gdal.Open(str(path)).GetMetadataItem("PIXELTREND_OPTIONS") == text
