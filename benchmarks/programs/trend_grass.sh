#!/bin/sh
# The trend with GRASS: links the rasters, computes, exports.
#   grass --tmp-location FIRST_RASTER --exec sh trend_grass.sh FOLDER OUT
set -e
maps=
for path in "$1"/*.tiff; do
    map=$(basename "$path" .tiff)
    r.external --quiet input="$path" output="$map"
    maps="$maps${maps:+,}$map"
done
g.region raster="$map"
r.series --quiet input="$maps" output=slope method=slope
r.out.gdal --quiet --overwrite -c -f input=slope output="$2" type=Float32 nodata=nan \
    createopt=TILED=YES,COMPRESS=DEFLATE,PREDICTOR=3
