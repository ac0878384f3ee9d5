"""Aligning: rasters on other grids, as gdalwarp puts them; and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from earth_engine import GEOTRANSFORM, shift
from osgeo import gdal
from reading import read

import pixeltrend
from pixeltrend.errors import ArgumentError, InputError
from pixeltrend.raster.windows import Window

NAN = np.nan


# Other grids


DEGREES = (105.755, 0.00029, 0.0, 21.066, 0.0, -0.00027)
COARSE = (575_800.0, 90.0, 0.0, 2_331_500.0, 0.0, -90.0)
FINE = (578_100.0, 13.0, 0.0, 2_329_900.0, 0.0, -13.0)
SOUTH_UP = (578_000.0, 30.0, 0.0, 2_328_200.0, 0.0, 30.0)
ROTATED = (578_000.0, 24.0, 9.0, 2_330_000.0, 9.0, -24.0)
OTHER_GRIDS = [
    pytest.param({"geotransform": shift(GEOTRANSFORM, 0.5, 0.5)}, id="half a pixel"),
    pytest.param({"geotransform": shift(GEOTRANSFORM, -0.3, 4.2)}, id="4.2 columns"),
    pytest.param({"geotransform": COARSE}, id="90 m"),
    pytest.param({"geotransform": FINE}, id="13 m"),
    pytest.param({"geotransform": DEGREES, "crs": "EPSG:4326"}, id="degrees"),
    pytest.param({"geotransform": SOUTH_UP}, id="south up"),
    pytest.param({"geotransform": ROTATED}, id="rotated"),
]
SIZE = (60, 50)


def warp(path, resampling, nodata=None):
    """Warp one raster with GDAL onto the grid of `GEOTRANSFORM`, as floats with NaN."""
    height, width = SIZE
    x, dx, _, y, _, dy = GEOTRANSFORM
    warped = gdal.Warp(
        "",
        str(path),
        format="MEM",
        dstSRS="EPSG:32648",
        outputBounds=(x, y + height * dy, x + width * dx, y),
        width=width,
        height=height,
        resampleAlg=resampling,
        srcNodata=nodata,
        dstNodata=NAN,
        outputType=gdal.GDT_Float64,
        errorThreshold=0,
    )
    buffer = warped.ReadRaster(0, 0, width, height, buf_type=gdal.GDT_Float64)
    return np.frombuffer(buffer, np.float64).reshape(height, width)


@pytest.fixture
def smooth():
    """A surface that interpolation follows, with a hole."""
    rows, columns = np.mgrid[0 : SIZE[0], 0 : SIZE[1]]
    values = np.sin(rows / 7) * 3 + columns / 5 + 10
    values[20:24, 30:33] = -9999
    return values.astype(np.float32)


@pytest.fixture
def write_pair(tmp_path, write_raster):
    """Write a first raster on the grid, and a second one on another."""

    def write(second, first=None, **settings):
        first = np.zeros(SIZE, np.float32) if first is None else first
        write_raster(tmp_path / "in" / "ndvi_2000.tif", first)
        return write_raster(tmp_path / "in" / "ndvi_2001.tif", second, **settings)

    return write


@pytest.mark.parametrize("resampling", ["nearest", "bilinear"])
@pytest.mark.parametrize("other", OTHER_GRIDS)
def test_align_is_what_gdalwarp_gives(tmp_path, write_pair, smooth, other, resampling):
    path = write_pair(smooth, nodata=-9999, **other)
    _, aligned = read(tmp_path / "in", align=resampling)
    expected = warp(path, resampling, nodata=-9999)
    assert np.isfinite(expected).sum() > 500
    assert np.isnan(expected).any()
    np.testing.assert_array_equal(np.isnan(aligned), np.isnan(expected))
    if resampling == "nearest":
        # GDAL's approximation of transforms may pick the neighbour on a border between pixels.
        same = (aligned == expected) | np.isnan(aligned)
        assert same.mean() > 0.99
    else:
        np.testing.assert_allclose(aligned, expected, rtol=2e-3)


def test_half_a_pixel_bilinear_is_the_mean_of_four(tmp_path, write_pair):
    pixels = np.arange(30, dtype=np.float32).reshape(5, 6) ** 2
    write_pair(pixels, np.zeros((5, 6)), geotransform=shift(GEOTRANSFORM, -0.5, -0.5))
    _, aligned = read(tmp_path / "in", align="bilinear")
    four = (pixels[:-1, :-1] + pixels[1:, :-1] + pixels[:-1, 1:] + pixels[1:, 1:]) / 4
    np.testing.assert_allclose(aligned[:4, :5], four, rtol=1e-5)


def test_nodata_is_not_interpolated(tmp_path, write_pair):
    pixels = np.full((6, 6), 7, np.int16)
    pixels[2, 3] = -9999
    there = shift(GEOTRANSFORM, -0.25, -0.25)
    write_pair(pixels, np.zeros((6, 6)), geotransform=there, nodata=-9999)
    _, aligned = read(tmp_path / "in", align="bilinear")
    assert set(aligned[np.isfinite(aligned)].tolist()) == {7.0}


def test_nodata_given_is_not_interpolated(tmp_path, write_pair):
    pixels = np.full((6, 6), 7, np.int16)
    pixels[2, 3] = -9999
    write_pair(pixels, np.zeros((6, 6)), geotransform=shift(GEOTRANSFORM, -0.25, -0.25))
    _, aligned = read(tmp_path / "in", align="bilinear", nodata=-9999)
    assert set(aligned[np.isfinite(aligned)].tolist()) == {7.0}


def test_nan_is_not_interpolated(tmp_path, write_pair):
    pixels = np.full((6, 6), 7, np.float32)
    pixels[2, 3] = NAN
    write_pair(pixels, np.zeros((6, 6)), geotransform=shift(GEOTRANSFORM, -0.25, -0.25))
    _, aligned = read(tmp_path / "in", align="bilinear")
    assert np.isfinite(aligned).sum() >= 24  # the hole does not grow by more than its neighbours
    assert set(aligned[np.isfinite(aligned)].tolist()) == {7.0}


def test_scale_counts_after_warping(tmp_path, write_pair, smooth):
    path = write_pair(
        (smooth * 100).astype(np.int16),
        geotransform=shift(GEOTRANSFORM, 0.5, 0.5),
        scale=0.01,
        offset=3,
    )
    _, aligned = read(tmp_path / "in", align="nearest")
    np.testing.assert_allclose(aligned, warp(path, "nearest") * 0.01 + 3, rtol=1e-6)


def test_missing_outside_the_warped_raster(tmp_path, write_pair):
    there = shift(GEOTRANSFORM, 10.5, 20.5)
    write_pair(np.ones((10, 10), np.uint8), geotransform=there)
    _, aligned = read(tmp_path / "in", align="nearest")
    found = np.isfinite(aligned)
    assert found.sum() == 100
    assert found[10:21, 20:31].sum() == 100


@pytest.mark.parametrize("resampling", ["nearest", "bilinear"])
@pytest.mark.parametrize("other", OTHER_GRIDS)
def test_alignment_does_not_depend_on_chunks(tmp_path, write_pair, smooth, other, resampling):
    write_pair(smooth, first=smooth[::-1].copy(), nodata=-9999, **other)
    whole = read(tmp_path / "in", align=resampling)
    cut = np.full_like(whole, NAN)
    for top in range(0, SIZE[0], 7):
        for left in range(0, SIZE[1], 13):
            window = Window(top, left, min(7, SIZE[0] - top), min(13, SIZE[1] - left))
            rows, columns = slice(top, top + window.height), slice(left, left + window.width)
            cut[:, rows, columns] = read(tmp_path / "in", window, align=resampling)
    np.testing.assert_array_equal(cut, whole)


@pytest.mark.parametrize("resampling", ["nearest", "bilinear"])
def test_alignment_does_not_depend_on_workers_and_memory(tmp_path, write_pair, smooth, resampling):
    write_pair(smooth, nodata=-9999, geotransform=DEGREES, crs="EPSG:4326")
    outputs = []
    for workers, memory in ((1, None), (2, None), (2, 2000), (1, 500)):
        output = tmp_path / f"{workers}_{memory}.tif"
        pixeltrend.slope(tmp_path / "in", output, align=resampling, workers=workers, memory=memory)
        outputs.append(output.read_bytes())
    assert len(set(outputs)) == 1


def test_quality_bits_are_warped_with_nearest(tmp_path, write_raster):
    rng = np.random.default_rng(3)
    values = rng.integers(1, 1000, (20, 20)).astype(np.uint16)
    bits = rng.integers(0, 2, (20, 20)).astype(np.uint16) << 3
    for year, there in ((2000, GEOTRANSFORM), (2001, shift(GEOTRANSFORM, 0.4, 0.4))):
        write_raster(tmp_path / f"l_{year}.tif", np.stack([values, bits]), geotransform=there)
    on_grid, aligned = read(tmp_path, align="nearest", qa_band=2, qa_bits="3")
    np.testing.assert_array_equal(on_grid, np.where(bits, NAN, values))
    np.testing.assert_array_equal(aligned, on_grid)


def test_mask_bands_are_warped_with_nearest(tmp_path, write_raster):
    rng = np.random.default_rng(3)
    values = rng.integers(1, 200, (20, 20)).astype(np.uint8)
    mask = rng.integers(0, 2, (20, 20)).astype(np.uint8)
    for year, there in ((2000, GEOTRANSFORM), (2001, shift(GEOTRANSFORM, 1.4, 0.4))):
        write_raster(tmp_path / f"l_{year}.tif", np.stack([values, mask]), geotransform=there)
    on_grid, aligned = read(tmp_path, align="nearest", mask_band=2)
    np.testing.assert_array_equal(on_grid, np.where(mask, values, NAN))
    np.testing.assert_array_equal(aligned[1:], on_grid[:-1])
    assert np.isnan(aligned[0]).all()


def test_masks_of_the_file_are_warped_with_it(tmp_path, write_pair):
    mask = np.ones((20, 20))
    mask[5:9] = 0
    pixels = np.full((20, 20), 7, np.uint8)
    pixels[5:9] = 200
    there = shift(GEOTRANSFORM, 0.4, 0.4)
    write_pair(pixels, np.zeros((20, 20)), geotransform=there, mask=mask)
    for align in ("nearest", "bilinear"):
        _, aligned = read(tmp_path / "in", align=align)
        assert set(aligned[np.isfinite(aligned)].tolist()) == {7.0}
        assert np.isnan(aligned).sum() >= 3 * 20


# Refused


@pytest.mark.parametrize("other", OTHER_GRIDS)
@pytest.mark.parametrize("extent", [None, "union", "intersection", "first"])
def test_other_grids_are_refused_whatever_the_extent(tmp_path, write_pair, smooth, other, extent):
    write_pair(smooth, **other)
    with pytest.raises(InputError, match=r"ndvi_2001.tif: .*ndvi_2000.tif.*--align"):
        pixeltrend.open_series(tmp_path / "in", extent=extent)


def test_a_shift_is_told_in_pixels(run_cli, tmp_path, write_pair, smooth):
    write_pair(smooth, geotransform=shift(GEOTRANSFORM, 0.5, -1.25))
    (tmp_path / "t.tif").write_bytes(b"old")
    for arguments in (["slope", "in", "-o", "t.tif"], ["check", "in"]):
        done = run_cli(*arguments)
        assert (done.returncode, done.stdout) == (3, "")
        (line,) = done.stderr.splitlines()
        for text in ("ndvi_2001.tif", "ndvi_2000.tif", "0.5 row", "-1.25 col", "--align"):
            assert text in line
    assert (tmp_path / "t.tif").read_bytes() == b"old"


def test_other_pixels_and_crs_are_told(tmp_path, write_pair, smooth):
    write_pair(smooth, geotransform=COARSE)
    with pytest.raises(InputError, match=r"90\.0.*30\.0"):
        pixeltrend.open_series(tmp_path / "in")
    write_pair(smooth, geotransform=DEGREES, crs="EPSG:4326")
    with pytest.raises(InputError, match=r"EPSG:4326.*EPSG:32648"):
        pixeltrend.open_series(tmp_path / "in")


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"geotransform": COARSE}, r"90\.0.*30\.0"),
        ({"geotransform": DEGREES, "crs": "EPSG:4326"}, r"EPSG:4326.*EPSG:32648"),
    ],
)
def test_another_size_does_not_hide_other_pixels_and_crs(tmp_path, write_pair, other, said):
    write_pair(np.zeros((20, 17), np.float32), **other)
    with pytest.raises(InputError, match=f"{said}.*--align"):
        pixeltrend.open_series(tmp_path / "in")


@pytest.mark.parametrize("settings", [{"geotransform": None}, {"crs": ""}])
def test_what_lies_nowhere_cannot_be_aligned(tmp_path, write_pair, smooth, settings):
    settings = {"geotransform": shift(GEOTRANSFORM, 0.5, 0.5)} | settings
    write_pair(smooth, **settings)
    with pytest.raises(InputError, match=r"ndvi_2001.tif"):
        read(tmp_path / "in", align="nearest")


@pytest.mark.parametrize(
    "options",
    [
        {"align": "cubic"},
        {"extent": "second"},
        {"align": "nearest", "extent": "union"},
        {"align": "nearest", "extent": "intersection"},
        {"align": "bilinear", "qa_band": 2, "qa_bits": "3"},
        {"align": "bilinear", "mask_band": 2},
        {"align": "bilinear", "valid_range": (0, 100)},
    ],
    ids=str,
)
def test_options_that_make_no_sense(run_cli, tmp_path, write_pair, smooth, options):
    write_pair(smooth)
    with pytest.raises(ArgumentError):
        pixeltrend.open_series(tmp_path / "in", **options)
    typed = []
    for name, value in options.items():
        values = value if isinstance(value, tuple) else (value,)
        typed += ["--" + name.replace("_", "-"), *values]
    (tmp_path / "t.tif").write_bytes(b"old")
    done = run_cli("slope", "in", "-o", "t.tif", *typed)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[-1].startswith("Error: ")
    assert (tmp_path / "t.tif").read_bytes() == b"old"
