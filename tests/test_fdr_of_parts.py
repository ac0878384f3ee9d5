"""p-values adjusted over what parts make together: the numbers of one run over all."""

import numpy as np
import pytest
from osgeo import gdal

import pixeltrend
from pixeltrend.fdr import adjust

STATS = {"method": "theil-sen", "stats": "slope,pvalue", "workers": 1}


@pytest.fixture
def stack(tmp_path, write_stack, make_values):
    return write_stack(tmp_path, make_values(9, 30, 20, gaps=0.1))


def parts(stack, folder, **options):
    names = []
    for row in (0, 13):
        names.append(str(folder / f"rows_{row}.tif"))
        pixeltrend.slope(
            stack, names[-1], window=(row, 0, 13 if row == 0 else 17, 20), **(STATS | options)
        )
    vrt = folder / "trend.vrt"
    gdal.BuildVRT(str(vrt), names).FlushCache()
    return vrt


def describing(path):
    dataset = gdal.Open(str(path))
    bands = [dataset.GetRasterBand(number + 1) for number in range(dataset.RasterCount)]
    return dataset.GetMetadata(), [
        (band.GetDescription(), band.GetMetadataItem("DESCRIPTION"), band.GetUnitType())
        for band in bands
    ]


@pytest.mark.parametrize("method", ["bh", "by"])
def test_parts_read_together_have_the_p_values_of_the_whole(tmp_path, stack, run_cli, method):
    pixeltrend.slope(stack, tmp_path / "whole.tif", fdr=method, dtype="float64", **STATS)
    vrt = parts(stack, tmp_path, dtype="float64")
    done = run_cli("fdr", vrt, "-o", "out.tif", "--method", method)
    assert done.returncode == 0, done.stderr
    assert done.stderr.endswith("p-values adjusted\n")
    whole, out = (
        gdal.Open(str(tmp_path / name)).ReadAsArray() for name in ("whole.tif", "out.tif")
    )
    np.testing.assert_array_equal(out, whole)
    assert describing(tmp_path / "out.tif") == describing(tmp_path / "whole.tif")


def test_a_raster_is_replaced_and_adjusted_once(tmp_path, stack):
    pixeltrend.slope(stack, tmp_path / "whole.tif", fdr="by", dtype="float64", **STATS)
    pixeltrend.slope(stack, tmp_path / "trend.tif", dtype="float64", **STATS)
    adjust(tmp_path / "trend.tif")
    adjust(tmp_path / "trend.tif", method="by")
    assert (tmp_path / "trend.tif").read_bytes() == (tmp_path / "whole.tif").read_bytes()


def test_a_part_of_the_map_is_not_adjusted(run_cli, stack):
    for part in (["--window", "0", "0", "5", "5"], ["--bounds", "0", "0", "1", "1"]):
        done = run_cli("slope", "ndvi_*.tif", "-o", "out.tif", "--fdr", *part)
        assert done.returncode == 2
        assert "pixeltrend fdr" in done.stderr


def test_parts_made_otherwise_and_rasters_without_p_are_refused(tmp_path, stack):
    vrt = parts(stack, tmp_path)
    pixeltrend.slope(stack, tmp_path / "rows_13.tif", window=(13, 0, 17, 20), min_valid=8, **STATS)
    with pytest.raises(pixeltrend.InputError, match="other options"):
        adjust(vrt, tmp_path / "out.tif")
    pixeltrend.slope(stack, tmp_path / "slope.tif")
    with pytest.raises(pixeltrend.InputError, match="no band pvalue"):
        adjust(tmp_path / "slope.tif")
    with pytest.raises(pixeltrend.InputError, match="not written by pixeltrend"):
        adjust(next(tmp_path.glob("ndvi_*.tif")), tmp_path / "out.tif")
    assert not (tmp_path / "out.tif").exists()
