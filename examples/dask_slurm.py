"""A cluster of batch jobs: dask-jobqueue submits them, pixeltrend runs its windows there.

python examples/dask_slurm.py '/shared/exports/*.tiff' /shared/trend.tif
"""

from __future__ import annotations

import sys

from dask_jobqueue import SLURMCluster

import pixeltrend


def main(pattern: str, output: str) -> None:
    """Start two jobs of two workers, compute, and end them."""
    with SLURMCluster(cores=2, processes=2, memory="4GB", walltime="01:00:00") as cluster:
        cluster.scale(jobs=2)
        summary = pixeltrend.slope(pattern, output, dask=cluster.scheduler_address)
    print(f"{summary.output}: {summary.pixels} pixels in {summary.seconds:.1f} s")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
