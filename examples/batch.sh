#!/bin/bash
# One trend a variable, as a batch job:  sbatch examples/batch.sh exports results
#SBATCH --cpus-per-task=8
#SBATCH --mem-per-cpu=1G
#SBATCH --time=02:00:00
set -euo pipefail
exports=$1 results=$2

mkdir -p "$results"
found=0
for variable in ndvi lst snow_days; do
    compgen -G "$exports/${variable}_*.tiff" >/dev/null || continue
    found=1
    pixeltrend slope "$exports/${variable}_*.tiff" -o "$results/${variable}_trend.tif" \
        --workers "${SLURM_CPUS_PER_TASK:-2}"
done
if [ "$found" = 0 ]; then
    echo "$exports: no exports of ndvi, lst or snow_days there" >&2
    exit 3
fi
