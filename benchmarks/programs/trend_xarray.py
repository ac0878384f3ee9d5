"""The trend with xarray and Dask, as its users write it. Run by the Python in PEERS_PYTHON.

python trend_xarray.py FOLDER OUT THREADS
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import dask
import rioxarray
import xarray as xr

dask.config.set(scheduler="threads", num_workers=int(sys.argv[3]))
paths = sorted(Path(sys.argv[1]).glob("*.tiff"))
years = [int(re.findall(r"\d{4}", path.name)[-1]) for path in paths]
# Whole rows of the files' blocks, as pixeltrend reads them.
rasters = [rioxarray.open_rasterio(path, chunks={"x": -1, "y": 256}) for path in paths]
stack = xr.concat([raster.squeeze("band", drop=True) for raster in rasters], dim="year")
stack = stack.assign_coords(year=years).chunk({"year": -1})
complete = "gaps0" in sys.argv[1]
fit = stack.polyfit(dim="year", deg=1, skipna=not complete)
slope = fit.polyfit_coefficients.sel(degree=1, drop=True).astype("float32")
slope = slope.rio.write_crs(rasters[0].rio.crs)
slope.rio.to_raster(sys.argv[2], tiled=True, compress="deflate", predictor=3)
