"""The made-up series: what it says it is."""

from __future__ import annotations

import numpy as np
import pytest
from oracles import linregress_slopes
from osgeo import gdal

from pixeltrend import make_series, slope
from pixeltrend.errors import ArgumentError, OutputError

YEARS = np.arange(1995, 2016)


def read_all(paths, read_raster):
    return np.stack([read_raster(path) for path in paths])


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plain")
    return folder, make_series(folder, height=48, width=30)


def test_one_raster_a_year(plain):
    folder, paths = plain
    assert [path.name for path in paths] == [f"ndvi_{year}.tiff" for year in YEARS]
    assert sorted(path.name for path in folder.iterdir()) == [*[p.name for p in paths], "truth"]
    assert [path.name for path in (folder / "truth").iterdir()] == ["slope.tif"]


def test_size_unit_and_place(plain):
    dataset = gdal.Open(str(plain[1][0]))
    assert (dataset.RasterYSize, dataset.RasterXSize) == (48, 30)
    assert dataset.GetGeoTransform()[1] == 30
    assert "UTM zone 48N" in dataset.GetProjectionRef()
    assert dataset.GetRasterBand(1).GetDescription() == "NDVI"


def test_values_are_those_of_ndvi(plain, read_raster):
    values = read_all(plain[1], read_raster)
    assert np.isfinite(values).all()
    assert -0.2 < values.min() < values.max() < 1.1
    assert 0.2 < values.mean() < 0.8


def test_trend_is_the_one_it_was_made_with(plain, read_raster):
    folder, paths = plain
    truth = read_raster(folder / "truth" / "slope.tif")
    found = linregress_slopes(YEARS, read_all(paths, read_raster))
    stderr = 0.02 / np.sqrt(((YEARS - YEARS.mean()) ** 2).sum())
    score = (found - truth) / stderr
    assert np.abs(score).max() < 6
    assert score.std() == pytest.approx(1, abs=0.1)
    assert truth.min() < 0 < truth.max()


def test_without_noise_the_trend_is_exact(tmp_path, read_raster):
    paths = make_series(tmp_path, height=20, width=30, years="2000:2010:2", noise=0)
    found = linregress_slopes(np.arange(2000, 2011, 2), read_all(paths, read_raster))
    truth = read_raster(tmp_path / "truth" / "slope.tif")
    np.testing.assert_allclose(found, truth, atol=1e-7)


@pytest.mark.parametrize("gaps", [0.1, 0.5])
def test_gaps(tmp_path, read_raster, gaps):
    paths = make_series(tmp_path, height=300, width=300, years="2000:2009", gaps=gaps)
    values = read_all(paths, read_raster)
    assert np.isnan(values).mean() == pytest.approx(gaps, abs=0.05)
    assert not np.isnan(values).all(axis=(1, 2)).any()


def test_same_seed_same_bytes(tmp_path):
    made = [
        make_series(tmp_path / name, height=30, width=20, years="2000:2002", gaps=0.2, seed=seed)
        for name, seed in (("a", 4), ("b", 4), ("c", 5))
    ]
    first, again, other = ([path.read_bytes() for path in paths] for paths in made)
    assert first == again
    assert all(ours != theirs for ours, theirs in zip(first, other, strict=True))


def test_creation_options(tmp_path):
    paths = make_series(
        tmp_path, height=20, width=20, years="2000:2001", creation_options={"COMPRESS": "LZW"}
    )
    structure = gdal.Open(str(paths[0])).GetMetadata("IMAGE_STRUCTURE")
    assert structure["COMPRESSION"] == "LZW"


@pytest.mark.parametrize(
    "wrong",
    [{"height": 0}, {"width": -1}, {"gaps": 1}, {"gaps": -0.1}, {"noise": -1}, {"years": "2015"}],
)
def test_what_makes_no_sense_is_refused(tmp_path, wrong):
    with pytest.raises(ArgumentError):
        make_series(tmp_path / "new", **({"height": 4, "width": 4} | wrong))
    assert not (tmp_path / "new").exists()


def test_place_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="file"):
        make_series(tmp_path / "file", height=4, width=4)


@pytest.mark.parametrize("taken", ["ndvi_2001.tiff", "truth/slope.tif"])
@pytest.mark.parametrize("content", ["raster", "trend", "text", "link to nowhere"])
def test_files_of_others_are_never_replaced(tmp_path, write_raster, taken, content):
    path = tmp_path / taken
    path.parent.mkdir(exist_ok=True)
    if content == "link to nowhere":
        path.symlink_to(tmp_path / "nowhere")
    elif content == "text":
        path.write_text("mine")
    else:
        write_raster(path, np.ones((3, 4), np.float32), descriptions=["slope"])
    if content == "trend":
        make_series(tmp_path / "other", height=4, width=4, years="2000:2002")
        slope(tmp_path / "other", path, workers=1, style=False)
    before = path.read_bytes() if path.exists() else None
    with pytest.raises(OutputError, match=rf"{taken}: .*is not of a made-up series"):
        make_series(tmp_path, height=4, width=4, years="2000:2002")
    assert (path.read_bytes() if path.exists() else None) == before
    assert not (tmp_path / "ndvi_2000.tiff").exists()


def test_a_made_up_series_is_replaced_by_another(tmp_path):
    old = [path.read_bytes() for path in make_series(tmp_path, height=4, width=4)]
    new = [path.read_bytes() for path in make_series(tmp_path, height=4, width=4, seed=1)]
    assert all(a != b for a, b in zip(old, new, strict=True))
