"""One raster file, on a disk or remote: all that knows GDAL's files, and nothing of times."""
