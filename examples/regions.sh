#!/bin/bash
# One run a region, for jobs of their own, and all results read together as one raster:
#   examples/regions.sh 'exports/*.tiff' results HEIGHT WIDTH ROWS_PER_REGION
set -euo pipefail
pattern=$1 results=$2 height=$3 width=$4 rows=$5

mkdir -p "$results"
for ((row = 0; row < height; row += rows)); do
    here=$((row + rows < height ? rows : height - row))
    pixeltrend slope "$pattern" -o "$results/rows_$row.tif" \
        --window "$row" 0 "$here" "$width" --quiet
done
cd "$results"
gdalbuildvrt -q trend.vrt rows_*.tif
# A map of all, with the names and units of the parts:
#   pixeltrend plot trend.vrt -o trend.png
# If the regions have p-values (--stats slope,pvalue), adjust them over the whole map, not by parts:
#   pixeltrend fdr trend.vrt -o trend.tif
