"""RasterWriter: tiles in one order, into a raster that replaces the older one when it is whole."""

from __future__ import annotations

import errno
from contextlib import ExitStack, contextmanager, suppress
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.lib.stride_tricks import as_strided

from pixeltrend.raster.creation_options import check_creation_options
from pixeltrend.raster.datasets import gdal, gdal_messages
from pixeltrend.raster.paths import is_utf8
from pixeltrend.raster.pieces import Piece, cuts, numbers_of, parts_in
from pixeltrend.raster.replacing import Replacement
from pixeltrend.raster.viewers import Band, ForViewers
from pixeltrend.raster.whole import missing_end
from pixeltrend.raster.windows import Window

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

    from numpy.typing import NDArray

    from pixeltrend.raster.grid import Grid
    from pixeltrend.raster.output import OutputOptions
    from pixeltrend.raster.statistics import Sums
    from pixeltrend.raster.viewers import Style

__all__ = ["Band", "RasterWriter"]

_GDAL_TYPES = {
    "uint8": gdal.GDT_Byte,
    "float32": gdal.GDT_Float32,
    "float64": gdal.GDT_Float64,
}
_TILE = 256
# Bytes that are written at once, so few that GDAL's cache holds them until their tiles are whole.
_AT_ONCE = 4 * 2**20
_DEFAULTS = {
    "TILED": "YES",
    "BLOCKXSIZE": str(_TILE),
    "BLOCKYSIZE": str(_TILE),
    "COMPRESS": "DEFLATE",
    "BIGTIFF": "IF_SAFER",
    "INTERLEAVE": "BAND",
}
_LEVELS = {"DEFLATE": "ZLEVEL", "ZSTD": "ZSTD_LEVEL"}
_COG_DEFAULTS = {
    "COMPRESS": "DEFLATE",
    "PREDICTOR": "YES",
    "BIGTIFF": "IF_SAFER",
}


class RasterWriter:
    """Writes float blocks, from the top and from left to right, into a new raster.

    The target is either the old file or the complete new one: see `Replacement`. Leaving the
    context with an exception removes what was written. Equal blocks give equal bytes, however they
    are cut into windows.

    Parameters
    ----------
    path
        The target; an older file there is replaced.
    grid
        Size, geotransform and CRS.
    bands
        Names, descriptions and units. If all are codes of which 0 is missing, the raster is of
        bytes.
    options
        Type, format, creation options, and whether an older file may be replaced. Missing is NaN.
    metadata
        Items for the whole file.
    threads
        How many may compress; they do not change the bytes.
    style
        Returns the style of the first band as text, from a sample of its values and the smallest
        and largest of all. It is written if `options` say so.

    Raises
    ------
    OutputError
        The target cannot be written; here, or later from any method.
    ArgumentError
        The format has another extension, or no such creation option.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        grid: Grid,
        bands: Sequence[Band],
        options: OutputOptions,
        *,
        metadata: Mapping[str, str] | None = None,
        threads: int = 1,
        style: Style | None = None,
    ) -> None:
        self._format = options.format_of(path)
        self._options = dict(options.creation_options or {})
        check_creation_options(self._format, self._options)
        self._new = Replacement(path, overwrite=options.overwrite, styled=True)
        if not is_utf8(str(self._new.target)):
            raise self._new.failure("GDAL writes no file whose name is not UTF-8")
        self._grid = grid
        self._bands = tuple(bands)
        self._classes = all(info.is_of_bytes for info in self._bands)
        self._dtype = "uint8" if self._classes else options.dtype
        self._metadata = dict(metadata or {})
        self._threads = threads
        self._on_exit = ExitStack()
        self._dataset: Any = None
        self._viewers = ForViewers(self._bands, grid, style if options.has_style else None)
        tiled = self._options.get("TILED", _DEFAULTS["TILED"]).upper()
        self._has_strips = tiled in {"NO", "FALSE", "OFF", "0"}
        self._pieces: list[Piece] = []
        self._top = 0
        self._block = _TILE, _TILE

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.enter_context(self._new)
            stack.callback(self._abandon)
            self._create()
            self._on_exit = stack.pop_all()
        return self

    def write(
        self, window: Window, block: NDArray[np.floating[Any]], sums: Sums | None = None
    ) -> None:
        """Write the block (bands, P) of `window`, the next one after the window before.

        The block is kept, and must stay as it is, until all of it fills rows of tiles.

        Parameters
        ----------
        window, block
            Where the numbers lie, and they.
        sums
            The `segment_sums` of the block, if they are known, and it has the type of the raster.

        Raises
        ------
        OutputError
            The file cannot be written.
        """
        if self._classes:
            block = np.nan_to_num(block, nan=0.0)
        block = np.ascontiguousarray(block, self._dtype)
        if not self.tile_height:  # nobody knows how many blocks will wait
            block = block.copy()
        piece = Piece(window, block.reshape(-1, window.height, window.width), sums)
        self._viewers.add(piece)
        self._pieces.append(piece)
        bottom = window.row_off + window.height
        if window.col_off + window.width == self._grid.width:
            self._write_whole_tiles(bottom)

    def add_metadata(self, items: Mapping[str, str]) -> None:
        """Write items for the whole file besides those of the start, which nobody knew then."""
        with self._writing():
            for name, text in items.items():
                self._dataset.SetMetadataItem(name, text)

    @property
    def folder(self) -> Path:
        """The folder of the output, which has room for it."""
        return self._new.target.parent

    @property
    def tile_height(self) -> int:
        """Rows of a tile, until which blocks are kept; 0 if only GDAL knows: copies are kept."""
        return int(self._options.get("BLOCKYSIZE", 0 if self._has_strips else _TILE))

    @property
    def row_bytes(self) -> int:
        """Bytes of the rows that wait until they fill tiles."""
        rows = min(self.tile_height or _TILE, self._grid.height)
        return len(self._bands) * rows * self._grid.width * np.dtype(self._dtype).itemsize

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._on_exit:
            if kind is None:
                self._finish()

    def _create(self) -> None:
        if self._format == "GTiff":
            options = _DEFAULTS | self._options
        else:
            options = _DEFAULTS | {"COMPRESS": "NONE"}
        compression = options["COMPRESS"].upper()
        if compression in {"DEFLATE", "LZW", "ZSTD"}:
            options.setdefault("PREDICTOR", "1" if self._classes else "3")
        # Of a trend, the last digits are noise: higher levels take twice as long to save 1 %.
        if compression in _LEVELS:
            options.setdefault(_LEVELS[compression], "1")
        if self._threads > 1:
            options.setdefault("NUM_THREADS", str(self._threads))
        if not self.tile_height:
            del options["BLOCKXSIZE"], options["BLOCKYSIZE"]
        with self._writing():
            self._dataset = gdal.GetDriverByName("GTiff").Create(
                str(self._growing),
                self._grid.width,
                self._grid.height,
                len(self._bands),
                _GDAL_TYPES[self._dtype],
                [f"{key}={value}" for key, value in options.items()],
            )
            self._describe(self._dataset)
            width, height = self._dataset.GetRasterBand(1).GetBlockSize()
            self._block = height, width

    def _describe(self, dataset: Any) -> None:
        if self._grid.geotransform is not None:
            dataset.SetGeoTransform(self._grid.geotransform)
        if self._grid.crs:
            dataset.SetProjection(self._grid.crs)
        dataset.SetMetadata(self._metadata)
        for number, info in enumerate(self._bands, 1):
            band = dataset.GetRasterBand(number)
            band.SetNoDataValue(0.0 if self._classes else float("nan"))
            band.SetDescription(info.name)
            band.SetMetadataItem("DESCRIPTION", info.description)
            band.SetUnitType(info.unit)
            if info.classes:
                self._describe_classes(band, info)

    def _describe_classes(self, band: Any, info: Band) -> None:
        """Give a band its classes: colours go into the TIFF, names into an .aux.xml beside it."""
        if self._classes:  # a TIFF has no colours for floats
            colours = gdal.ColorTable()
            for code, (_, colour) in enumerate(info.classes):
                colours.SetColorEntry(code, colour)
            band.SetColorTable(colours)
        band.SetCategoryNames([name for name, _ in info.classes])
        names = ", ".join(f"{code} {name}" for code, (name, _) in enumerate(info.classes))
        band.SetMetadataItem("CLASSES", names)

    def _write_whole_tiles(self, bottom: int) -> None:
        """Write the rows down to `bottom` that fill tiles, in one order whatever the windows."""
        is_last = bottom == self._grid.height
        while bottom - self._top >= self._block[0] or (is_last and bottom > self._top):
            height = min(self._block[0], bottom - self._top)
            self._write_rows(Window(self._top, 0, height, self._grid.width))
            self._top += height
            self._pieces = [
                piece
                for piece in self._pieces
                if piece.window.row_off + piece.window.height > self._top
            ]

    def _write_rows(self, rows: Window) -> None:
        """Write a row of tiles, straight from the pieces."""
        self._viewers.add_rows(rows, self._pieces)
        tile_width = self._block[1]
        itemsize = np.dtype(self._dtype).itemsize
        step = max(1, _AT_ONCE // (rows.height * tile_width * itemsize)) * tile_width
        areas = [
            Window(rows.row_off, left, rows.height, right - left)
            for left, right in pairwise(cuts(self._pieces, rows.width, tile_width, step))
        ]
        covered = [(area, parts_in(self._pieces, area)) for area in areas]
        with self._writing():
            for number in range(len(self._bands)):
                band = self._dataset.GetRasterBand(number + 1)
                for area, parts in covered:
                    self._write_area(band, area, numbers_of(parts, area, number))
                # At once: a tile that waits is written when another thread wants its memory.
                band.FlushCache()

    def _write_area(self, band: Any, area: Window, numbers: NDArray[Any]) -> None:
        """Write numbers, (rows, columns), which may be columns of wider rows in memory."""
        line = numbers.strides[0]
        extent = (area.height - 1) * line // numbers.itemsize + area.width
        band.WriteRaster(
            area.col_off,
            area.row_off,
            area.width,
            area.height,
            as_strided(numbers, (extent,), (numbers.itemsize,), writeable=False),
            buf_type=_GDAL_TYPES[self._dtype],
            buf_line_space=line,
        )

    def _write_what_viewers_read(self) -> None:
        """Write statistics into the file, and what else there is beside it."""
        with self._writing():
            self._viewers.write_statistics(self._dataset)
        for path, content in self._viewers.files(self._new.path):
            try:
                path.write_bytes(content)
            except OSError as error:
                if error.errno != errno.ENAMETOOLONG:  # a name with no room for more has none
                    raise self._new.failure(error) from error

    def _finish(self) -> None:
        """Close the new raster, and put it in the target's place."""
        if self._top != self._grid.height:
            rows = f"{self._top} of {self._grid.height} rows"
            raise self._new.failure(f"only {rows} were computed")
        self._write_what_viewers_read()
        self._close()
        if self._format == "COG":
            self._copy_to_cog()
        if lost := missing_end(self._new.path, self._metadata):
            raise self._new.failure(lost)
        self._new.commit()

    def _close(self) -> None:
        """Close the dataset, and raise what GDAL would only print."""
        with self._writing():
            self._dataset.FlushCache()
            self._release()

    def _release(self) -> None:
        """Let go of the dataset, which closes it."""
        dataset, self._dataset = self._dataset, None
        if hasattr(dataset, "Close"):  # GDAL 3.8
            dataset.Close()
        else:  # `del` would not do: the traceback of an error holds it
            dataset.__swig_destroy__(dataset)

    def _copy_to_cog(self) -> None:
        # Nearest shows trends that some pixel has, not trends between them; of classes, the one
        # that most pixels have.
        resampling = {"OVERVIEW_RESAMPLING": "MODE" if self._classes else "NEAREST"}
        options = _COG_DEFAULTS | resampling | self._options
        with self._writing():
            source = gdal.Open(str(self._growing))
            copy = gdal.GetDriverByName("COG").CreateCopy(
                str(self._new.path),
                source,
                options=[f"{key}={value}" for key, value in options.items()],
            )
            self._dataset, copy, source = copy, None, None
        self._close()

    @property
    def _growing(self) -> Path:
        """The GeoTIFF that tiles are written into: a COG is a copy of one."""
        return self._new.path if self._format == "GTiff" else self._new.folder / "stage.tif"

    def _abandon(self) -> None:
        """Close what is still open, whatever GDAL thinks of it."""
        if self._dataset is not None:
            with gdal_messages(), suppress(RuntimeError):
                self._release()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Raise what GDAL raises, or would only print, as an `OutputError`."""
        with gdal_messages() as failures:
            try:
                yield
            except RuntimeError as error:
                raise self._new.failure(error) from error
        if failures:
            raise self._new.failure(failures[0])
