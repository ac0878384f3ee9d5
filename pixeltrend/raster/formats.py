"""Formats: which of GDAL's drivers read rasters here, and what is said where one is missing."""

from __future__ import annotations

import os

# Drivers that read the file that they are told to read and no other. A VRT can read any file,
# whatever its own name says.
DRIVERS = (
    "GTiff", "HFA", "ENVI", "EHdr", "AAIGrid", "RST", "SAGA", "SRTMHGT",
    "netCDF", "HDF5", "HDF5Image", "HDF4", "HDF4Image", "Zarr",
    "JP2OpenJPEG", "PNG", "JPEG", "KEA", "RRASTER",
)  # fmt: skip
# What a name promises, where the driver's name does not say so itself.
PROMISED = {
    ".tif": ("GTiff", "COG"), ".tiff": ("GTiff", "COG"), ".jp2": ("JP2OpenJPEG",),
    ".nc": ("netCDF", "HDF5"), ".png": ("PNG",), ".jpg": ("JPEG",), ".jpeg": ("JPEG",),
}  # fmt: skip
# The drivers, of which one is enough, that such a name needs; not every GDAL has them.
_NEEDED = {
    ".asc": ("AAIGrid",), ".bil": ("EHdr", "ENVI"), ".bip": ("ENVI",), ".bsq": ("ENVI",),
    ".dat": ("ENVI",), ".grb": ("GRIB",), ".grb2": ("GRIB",), ".grib": ("GRIB",),
    ".grd": ("RRASTER",), ".h5": ("HDF5",), ".hdf": ("HDF4", "HDF5"),
    ".hdf5": ("HDF5",), ".he5": ("HDF5",), ".hgt": ("SRTMHGT",), ".img": ("HFA", "ENVI"),
    ".jp2": ("JP2OpenJPEG",), ".jpeg": ("JPEG",), ".jpg": ("JPEG",), ".kea": ("KEA",),
    ".nc": ("netCDF", "HDF5"), ".png": ("PNG",), ".rst": ("RST",), ".sdat": ("SAGA",),
    ".zarr": ("Zarr",),
}  # fmt: skip


def needed(path: str) -> tuple[str, ...]:
    """Return the drivers that would read a file of this name; empty if it says nothing."""
    if os.path.exists(f"{path}.hdr"):
        return ("ENVI",)
    return _NEEDED.get(os.path.splitext(path)[1].lower(), ())


def missing(driver: str) -> str:
    """Return that this GDAL does not have the driver, and which GDALs do."""
    return (
        f"but this GDAL has no driver {driver}: Debian's and Ubuntu's have, and conda-forge's with "
        "libgdal"
    )
