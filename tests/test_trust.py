"""Trust: inputs are rasters, are what their names say, and stay as they are."""

from __future__ import annotations

import os
import resource
import shutil
import struct
import sys
from contextlib import suppress

import numpy as np
import pytest
from osgeo import gdal
from running import run

import pixeltrend
from pixeltrend.errors import InputError
from pixeltrend.raster.header import read_header
from pixeltrend.raster.windows import Window
from pixeltrend.series import pixels
from pixeltrend.series.reader import read_chunk

YEARS = (2000, 2001, 2002)
PIXELS = np.arange(12, dtype=np.float32).reshape(3, 4)


def read(patterns, **options):
    series = pixeltrend.open_series(patterns, **options)
    window = Window(0, 0, series.grid.height, series.grid.width)
    return read_chunk(series, window).values.reshape(-1, window.height, window.width)


@pytest.fixture
def folder(tmp_path, write_stack):
    """Three good rasters."""
    write_stack(tmp_path / "in", [PIXELS, PIXELS + 1, PIXELS + 2])
    return tmp_path / "in"


@pytest.fixture
def is_refused(run_cli, tmp_path):
    """See that slope and check refuse the folder `in`, in one line, and touch nothing."""

    def see(*said, options=(), pattern="in/*"):
        (tmp_path / "t").write_bytes(b"old")
        before = listing(tmp_path)
        for arguments in (["slope", pattern, "-o", "t", *options], ["check", pattern]):
            done = run_cli(*arguments, *options)
            assert (done.returncode, done.stdout) == (3, "")
            (line,) = done.stderr.splitlines()
            assert line.startswith("Error: ")
            for text in said:
                assert text in line
        assert listing(tmp_path) == before

    return see


def listing(folder):
    """Give every file below with its bytes and its time of change."""
    return {
        path: (path.read_bytes(), path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


# VRTs


def write_vrt(path, target):
    """Write a VRT of another raster."""
    vrt = gdal.BuildVRT(str(path.with_suffix(".vrt")), [str(target)])
    vrt.FlushCache()
    vrt = None
    if path.suffix != ".vrt":
        path.with_suffix(".vrt").rename(path)
    return path


@pytest.mark.parametrize("name", ["ndvi_2003.vrt", "ndvi_2003.tif", "ndvi_2003.img"])
def test_a_vrt_is_refused_whatever_its_name(folder, tmp_path, is_refused, write_raster, name):
    hidden = write_raster(tmp_path / "elsewhere" / "secret.tif", PIXELS)
    write_vrt(folder / name, hidden)
    is_refused(name, "VRT", "--allow-vrt")


@pytest.mark.parametrize("name", ["ndvi_2003.vrt", "ndvi_2003.tif"])
def test_a_vrt_is_read_if_allowed(folder, tmp_path, run_cli, write_raster, name):
    write_vrt(folder / name, write_raster(tmp_path / "elsewhere" / "more.tif", PIXELS + 7))
    np.testing.assert_array_equal(read(str(folder / "*"), allow_vrt=True)[3], PIXELS + 7)
    done = run_cli("slope", "in/*", "-o", "t.tif", "--allow-vrt", "--workers", 2, "-q")
    assert (done.returncode, done.stderr) == (0, "")
    done = run_cli("check", "in/*", "--allow-vrt", "--full")
    assert (done.returncode, done.stderr) == (0, "")


def test_a_vrt_of_a_file_that_is_gone(folder, tmp_path, run_cli, write_raster):
    target = write_raster(tmp_path / "elsewhere" / "more.tif", PIXELS)
    write_vrt(folder / "ndvi_2003.vrt", target)
    target.unlink()
    (tmp_path / "t.tif").write_bytes(b"old")
    done = run_cli("slope", "in/*", "-o", "t.tif", "--allow-vrt")
    assert done.returncode in {1, 3}
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert "ndvi_2003.vrt" in line
    assert (tmp_path / "t.tif").read_bytes() == b"old"


def test_a_vrt_in_a_zip_is_refused(tmp_path, write_stack, write_raster):
    write_stack(tmp_path / "in", [PIXELS, PIXELS])
    write_vrt(tmp_path / "in" / "ndvi_2003.tif", write_raster(tmp_path / "more.tif", PIXELS))
    archive = shutil.make_archive(str(tmp_path / "all"), "zip", tmp_path / "in")
    with pytest.raises(InputError, match="VRT"):
        pixeltrend.open_series(f"/vsizip/{archive}/*.tif")


@pytest.mark.parametrize(
    "text",
    [
        '<WMTS_TILES/>', '<GDAL_WMS><Service name="TMS"/></GDAL_WMS>',
        '<GDAL_WCS></GDAL_WCS>', "<VRTDataset rasterXSize='1' rasterYSize='1'/>",
        "<html><body>404 Not Found</body></html>", "<?xml version='1.0'?><Error/>",
        "version https://git-lfs.github.com/spec/v1\n",
        "%PDF-1.4", "not a raster", "", "\0" * 100, "II*\0", "BM", "DERIVED_SUBDATASET:X:Y",
    ],
    ids=repr,
)  # fmt: skip
def test_what_is_no_raster_is_refused(folder, is_refused, text):
    (folder / "ndvi_2003.tif").write_text(text)
    is_refused("ndvi_2003.tif")


@pytest.mark.parametrize("text", ["not a raster", "<GDAL_WMS></GDAL_WMS>"])
def test_what_is_no_raster_is_refused_even_if_vrts_are_allowed(folder, is_refused, text):
    (folder / "ndvi_2003.tif").write_text(text)
    is_refused("ndvi_2003.tif", options=["--allow-vrt"])


# Names that lie


def test_a_raster_of_another_format_than_its_name_says(folder, is_refused):
    source = gdal.GetDriverByName("MEM").Create("", 4, 3, 1, gdal.GDT_Byte)
    gdal.GetDriverByName("PNG").CreateCopy(str(folder / "x.png"), source)
    for path in folder.glob("x.png*"):
        path.rename(folder / "ndvi_2003.tif") if path.suffix == ".png" else path.unlink()
    is_refused("ndvi_2003.tif", "PNG", "GTiff", "--allow-vrt")


def test_a_lying_name_is_read_if_allowed(tmp_path, write_raster):
    for year in YEARS:
        write_raster(tmp_path / f"ndvi_{year}.nc", PIXELS, driver="netCDF")
        (tmp_path / f"ndvi_{year}.nc").rename(tmp_path / f"ndvi_{year}.tif")
    with pytest.raises(InputError, match="netCDF"):
        read(tmp_path)
    np.testing.assert_array_equal(read(tmp_path, allow_vrt=True), [PIXELS] * 3)


def test_a_tiff_of_another_name_is_a_tiff(tmp_path, write_raster):
    for year in YEARS:
        write_raster(tmp_path / f"ndvi_{year}.tif", PIXELS)
        (tmp_path / f"ndvi_{year}.tif").rename(tmp_path / f"ndvi_{year}.dat")
    np.testing.assert_array_equal(read(str(tmp_path / "*.dat")), [PIXELS] * 3)


@pytest.mark.parametrize("suffix", ["tif", "TIF", "tiff", "TIFF", "Tif"])
def test_names_are_compared_without_case(tmp_path, write_raster, suffix):
    for year in YEARS:
        write_raster(tmp_path / f"ndvi_{year}.{suffix}", PIXELS)
    np.testing.assert_array_equal(read(str(tmp_path / "*")), [PIXELS] * 3)


# Nothing is written beside the inputs


@pytest.mark.parametrize(
    "arguments",
    [
        ["slope", "in", "-o", "out.tif"],
        ["slope", "in", "-o", "out.tif", "--workers", "2", "--stats", "all"],
        ["slope", "in", "-o", "out.tif", "--extent", "union"],
        ["slope", "in", "-o", "out.tif", "--align", "bilinear"],
        ["slope", "in", "-o", "out.tif", "--fdr", "--stats", "pvalue"],
        ["check", "in", "--pixels"],
        ["check", "in", "--full"],
    ],
    ids=" ".join,
)
# A wheel brings fewer drivers than a system's GDAL.
@pytest.mark.parametrize(
    "driver", [name for name in ("GTiff", "HFA", "ENVI") if gdal.GetDriverByName(name)]
)
def test_nothing_is_written_beside_an_input(
    run_cli, tmp_path, write_raster, make_values, driver, arguments
):
    suffix = {"GTiff": "tif", "HFA": "img", "ENVI": "bin"}[driver]
    for year, layer in zip(YEARS, make_values(3, 20, 20, gaps=0.1), strict=True):
        path = write_raster(tmp_path / "in" / f"ndvi_{year}.{suffix}", layer, driver=driver)
        path.chmod(0o444)
    for path in (tmp_path / "in").glob("*.aux.xml"):
        path.unlink()
    before = listing(tmp_path / "in")
    pattern = f"in/*.{suffix}"
    done = run_cli(*[pattern if word == "in" else word for word in arguments])
    assert done.returncode == 0, done.stderr
    assert listing(tmp_path / "in") == before


def test_inputs_in_a_folder_that_cannot_be_written(tmp_path, folder):
    folder.chmod(0o555)
    try:
        pixeltrend.slope(folder, tmp_path / "t.tif")
    finally:
        folder.chmod(0o755)
    assert (tmp_path / "t.tif").exists()


# Sizes in headers


def patch_tag(path, tag, value):
    """Change a number in the first directory of a little-endian TIFF."""
    content = bytearray(path.read_bytes())
    assert content[:4] == b"II*\0"
    (start,) = struct.unpack_from("<I", content, 4)
    (count,) = struct.unpack_from("<H", content, start)
    for entry in range(start + 2, start + 2 + 12 * count, 12):
        found, kind, _ = struct.unpack_from("<HHI", content, entry)
        if found == tag:
            struct.pack_into("<HI", content, entry + 2, 4, 1)
            struct.pack_into("<I", content, entry + 8, value)
            path.write_bytes(content)
            return
    raise AssertionError(f"no tag {tag} of kind {kind}")


WIDTH, HEIGHT, ROWS_A_STRIP = 256, 257, 278


@pytest.mark.parametrize(
    "tags",
    [
        {WIDTH: 2**31 - 1},
        {HEIGHT: 2**31 - 1},
        {WIDTH: 2**31 - 1, HEIGHT: 2**31 - 1},
        {WIDTH: 300_000, HEIGHT: 300_000, ROWS_A_STRIP: 300_000},
        {WIDTH: 0},
    ],
    ids=str,
)
def test_a_header_that_promises_too_much(run_cli, tmp_path, write_stack, tags):
    """A few hundred bytes that call themselves terabytes are refused, and no memory is taken."""
    for path in write_stack(tmp_path / "in", [PIXELS] * 3):
        for tag, value in tags.items():
            patch_tag(path, tag, value)
    (tmp_path / "t.tif").write_bytes(b"old")
    for arguments in (["slope", "in", "-o", "t.tif"], ["check", "in"], ["check", "in", "--full"]):
        done = run_cli(*arguments)
        assert done.returncode in {1, 3}, (done.stdout, done.stderr)
        assert "Traceback" not in done.stderr
        assert "ndvi_200" in done.stderr
        assert all(line.startswith("Error: ") for line in done.stderr.splitlines())
    assert (tmp_path / "t.tif").read_bytes() == b"old"


def test_memory_is_not_taken_for_what_a_header_says(tmp_path, write_stack):
    for path in write_stack(tmp_path / "in", [PIXELS] * 3):
        for tag in (WIDTH, HEIGHT, ROWS_A_STRIP):
            patch_tag(path, tag, 60_000)  # a strip of 14 GB
    program = (
        "import resource, sys, pixeltrend\n"
        "try:\n"
        "    pixeltrend.slope(sys.argv[1], sys.argv[2], workers=1)\n"
        "except pixeltrend.PixelTrendError as error:\n"
        "    print(error)\n"
    )
    limit = 3 * 2**30
    done = run(
        [sys.executable, "-c", program, tmp_path / "in", tmp_path / "t.tif"],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
    )
    assert done.returncode == 0, done.stderr
    assert "ndvi_200" in done.stdout
    assert not (tmp_path / "t.tif").exists()


def test_a_raster_that_is_replaced_while_it_is_read(folder, write_raster, tmp_path):
    """A worker that finds another raster than the one that was checked says so."""
    series = pixeltrend.open_series(folder)
    write_raster(folder / "ndvi_2001.tif", np.zeros((2, 2), np.float32))
    with pytest.raises(pixeltrend.ReadError, match=r"ndvi_2001\.tif"):
        read_chunk(series, Window(0, 0, 3, 4))
    os.remove(folder / "ndvi_2002.tif")
    write_raster(folder / "ndvi_2001.tif", PIXELS)
    with pytest.raises(pixeltrend.ReadError, match=r"ndvi_2002\.tif"):
        read_chunk(series, Window(0, 0, 3, 4))


def test_a_fifo_is_never_waited_for(folder, is_refused):
    (folder / "ndvi_2001.tif").unlink()
    os.mkfifo(folder / "ndvi_2001.tif")
    with pytest.raises(InputError, match=r"ndvi_2001\.tif: is not a regular file"):
        pixeltrend.open_series([folder / f"ndvi_{year}.tif" for year in YEARS])
    with pytest.raises(InputError, match=r"ndvi_2001\.tif: .*not a regular file"):
        read_header(str(folder / "ndvi_2001.tif"))


def test_a_fifo_that_takes_an_inputs_place(folder):
    series = pixeltrend.open_series(folder)
    (folder / "ndvi_2001.tif").unlink()
    os.mkfifo(folder / "ndvi_2001.tif")
    with pytest.raises(pixeltrend.ReadError, match=r"ndvi_2001\.tif"):
        read_chunk(series, Window(0, 0, 3, 4))


@pytest.mark.parametrize("suffix", [".tif.aux.xml", ".tif.msk", ".tfw", "_RPC.TXT"])
@pytest.mark.parametrize("link", [False, True])
def test_a_fifo_beside_a_raster_is_never_waited_for(folder, suffix, link):
    series = pixeltrend.open_series(folder)
    fifo = folder / (f"ndvi_2001{suffix}" if not link else "fifo")
    os.mkfifo(fifo)
    if link:
        (folder / f"ndvi_2001{suffix}").symlink_to("fifo")
    said = rf"ndvi_2001\.tif: .*ndvi_2001{suffix}, beside it, is not a regular file"
    with pytest.raises(InputError, match=said):
        read_header(str(folder / "ndvi_2001.tif"))
    with pytest.raises(pixeltrend.ReadError, match=said):
        read_chunk(series, Window(0, 0, 3, 4))
    read_header(str(folder / "ndvi_2000.tif"))


def test_names_that_are_not_utf8_are_refused(folder):
    name = folder / "\udcff_2001.tif"
    (folder / "ndvi_2001.tif").rename(name)
    with pytest.raises(InputError, match=r"2001\.tif: GDAL opens no file whose name is not UTF-8"):
        read_header(str(name))
    with pytest.raises(pixeltrend.OutputError, match="name is not UTF-8"):
        pixeltrend.slope(folder / "ndvi_*.tif", folder / "\udcff.tif")


def write_again(path, write_raster):
    write_raster(path, PIXELS * 2)


def move_another_here(path, write_raster):
    write_raster(path.with_name("other"), PIXELS * 2).replace(path)


@pytest.mark.parametrize("change", [write_again, move_another_here])
def test_a_change_that_keeps_size_and_time_is_seen(folder, write_raster, change):
    path = folder / "ndvi_2001.tif"
    before = path.stat()
    series = pixeltrend.open_series(folder)
    change(path, write_raster)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    with pytest.raises(pixeltrend.ReadError, match=r"ndvi_2001\.tif: has been replaced or changed"):
        series.check_unchanged()


def test_a_change_while_a_file_is_read_is_seen(folder, write_raster, monkeypatch):
    series = pixeltrend.open_series(folder)
    plain = pixels._decode

    def change_and_decode(tile, *arguments):
        if tile.path.endswith("ndvi_2001.tif"):
            move_another_here(folder / "ndvi_2001.tif", write_raster)
        plain(tile, *arguments)

    monkeypatch.setattr(pixels, "_decode", change_and_decode)
    with pytest.raises(pixeltrend.ReadError, match=r"ndvi_2001\.tif: .* while it was read"):
        read_chunk(series, Window(0, 0, 3, 4))


@pytest.mark.parametrize("where", ["metadata", "description", "unit", "name of an item"])
def test_latin_1_is_read(tmp_path, write_stack, read_raster, where):
    paths = write_stack(tmp_path / "in", [PIXELS, PIXELS + 1, PIXELS + 2])
    for path in paths:
        dataset = gdal.OpenEx(str(path), gdal.OF_UPDATE)
        {
            "metadata": lambda d: d.SetMetadataItem("NAME", "M__tres"),
            "name of an item": lambda d: d.SetMetadataItem("M__tres", "1"),
            "description": lambda d: d.GetRasterBand(1).SetDescription("M__tres"),
            "unit": lambda d: d.GetRasterBand(1).SetUnitType("M__tres"),
        }[where](dataset)
        dataset = None
        path.write_bytes(path.read_bytes().replace(b"M__tres", b"M\xe8\xe9tres"))
    band = "M\xe8\xe9tres" if where == "description" else 1
    pixeltrend.slope(tmp_path / "in", tmp_path / "t.tif", band=band)
    np.testing.assert_array_equal(read_raster(tmp_path / "t.tif"), np.ones((3, 4)))
    if where == "unit":
        dataset = gdal.Open(str(tmp_path / "t.tif"))
        assert dataset.GetRasterBand(1).GetUnitType() == "M\xe8\xe9tres per year"


def test_any_byte_of_a_header_may_be_none_of_utf_8(folder):
    """Whatever GDAL makes of them, it is read or refused in our own words."""
    path = folder / "ndvi_2001.tif"
    whole = path.read_bytes()
    for place in range(8, len(whole), 3):
        path.write_bytes(whole[:place] + b"\xe9" + whole[place + 1 :])
        with suppress(pixeltrend.PixelTrendError):
            pixeltrend.slope(folder, folder.parent / "t.tif", workers=1)
