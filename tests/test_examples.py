"""Everything in examples/ runs, and gives the right numbers."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import numpy as np
import pytest
from osgeo import gdal
from running import run
from scipy.stats import theilslopes

import pixeltrend

EXAMPLES = Path(__file__).parent.parent / "examples"
BIN = str(Path(sys.executable).parent)

# What a batch system does, as far as a job can tell: it takes a copy of the script, which is soon
# deleted, and runs it in the background. The jobs stay in the group of the run that they are for.
SBATCH = """#!/bin/sh
for script; do :; done
job=$(mktemp job.XXXXXX)
cp "$script" "$job"
sh "$job" >/dev/null 2>&1 &
echo "Submitted batch job $!"
"""
SCANCEL = """#!/bin/sh
for job; do kill -TERM "$job" 2>/dev/null; done
exit 0
"""


@pytest.fixture
def exports(tmp_path):
    pixeltrend.make_series(tmp_path / "exports", height=30, width=20, gaps=0.1, years="2001:2009")
    return tmp_path / "exports"


def run_here(*command, cwd, **env):
    path = {"PATH": BIN + os.pathsep + os.environ["PATH"]}
    done = run(command, cwd=cwd, env=path | env)
    assert done.returncode == 0, done.stderr
    return done


def read(path):
    dataset = gdal.Open(str(path))
    buffer = dataset.ReadRaster(buf_type=gdal.GDT_Float64)
    return np.frombuffer(buffer).reshape(-1, dataset.RasterYSize, dataset.RasterXSize)


def test_every_example_is_here():
    tested = {"batch.sh", "cron.sh", "dask_slurm.py", "library.py", "regions.sh", "theil_sen.py"}
    assert {path.name for path in EXAMPLES.iterdir() if path.is_file()} == tested


def test_theil_sen_equals_scipys(exports, tmp_path):
    run_here(
        "pixeltrend", "map", EXAMPLES / "theil_sen.py:theil_sen", "exports/*.tiff", "-o", "sen.tif",
        "--dtype", "float64", "--workers", "2", cwd=tmp_path,
    )  # fmt: skip
    found = read(tmp_path / "sen.tif")[0]
    years = np.arange(2001.0, 2010)
    values = np.stack([read(exports / f"ndvi_{year:.0f}.tiff")[0] for year in years])
    for row, column in np.ndindex(found.shape):
        series = values[:, row, column]
        valid = ~np.isnan(series)
        if valid.sum() < 2:
            assert np.isnan(found[row, column])
        else:
            assert found[row, column] == theilslopes(series[valid], years[valid]).slope


def test_library(exports, tmp_path):
    done = run_here(sys.executable, EXAMPLES / "library.py", exports, tmp_path, cwd=tmp_path)
    assert "9 rasters of 30 x 20 pixels" in done.stdout
    assert "100%" in done.stderr
    assert np.nanmax(np.abs(read(tmp_path / "tau.tif")[0])) <= 1


def test_batch(exports, tmp_path):
    run_here(EXAMPLES / "batch.sh", "exports", "results", cwd=tmp_path)
    names = sorted(path.name for path in (tmp_path / "results").iterdir())
    assert names == ["ndvi_trend.qml", "ndvi_trend.tif", "ndvi_trend.tif.aux.json"]


def test_a_batch_without_exports_fails(tmp_path):
    path = BIN + os.pathsep + os.environ["PATH"]
    done = run([EXAMPLES / "batch.sh", "nowhere", "results"], cwd=tmp_path, env={"PATH": path})
    assert done.returncode == 3
    assert done.stderr == "nowhere: no exports of ndvi, lst or snow_days there\n"


def test_cron_says_nothing_and_can_run_again(exports, tmp_path):
    for path in exports.iterdir():
        os.utime(path, (0, 0))
    made = []
    for _ in range(2):
        done = run_here(EXAMPLES / "cron.sh", exports, tmp_path / "trend.tif", cwd=tmp_path)
        assert done.stdout + done.stderr == ""
        made.append((tmp_path / "trend.tif").stat().st_ino)
    assert made[0] == made[1]
    assert np.isfinite(read(tmp_path / "trend.tif")).all()


def test_regions_are_the_whole(exports, tmp_path, gdal_programs):
    path = os.pathsep.join([BIN, os.environ["PATH"], *gdal_programs])
    run_here(
        EXAMPLES / "regions.sh", "exports/*.tiff", "results", 30, 20, 8, cwd=tmp_path, PATH=path
    )
    run_here("pixeltrend", "slope", "exports/*.tiff", "-o", "whole.tif", cwd=tmp_path)
    np.testing.assert_array_equal(
        read(tmp_path / "results" / "trend.vrt"), read(tmp_path / "whole.tif")
    )


def test_dask_jobqueue_with_jobs_of_its_own(exports, tmp_path):
    for name, text in (("sbatch", SBATCH), ("scancel", SCANCEL)):
        program = tmp_path / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(text)
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
    path = os.pathsep.join([str(tmp_path / "bin"), BIN, os.environ["PATH"]])
    pattern = str(exports / "*.tiff")
    run_here(
        sys.executable, EXAMPLES / "dask_slurm.py", pattern, tmp_path / "there.tif", cwd=tmp_path,
        PATH=path, DASK_JOBQUEUE__SLURM__INTERFACE="lo",
        DASK_JOBQUEUE__SLURM__SCHEDULER_OPTIONS='{"dashboard_address": null}',
    )  # fmt: skip
    pixeltrend.slope(pattern, tmp_path / "here.tif")
    assert (tmp_path / "there.tif").read_bytes() == (tmp_path / "here.tif").read_bytes()
