"""Inputs that are no rasters, have odd names, or change while they are read."""

from __future__ import annotations

import os
import socket
from functools import partial
from typing import TYPE_CHECKING

from rounds import BUSY, Fault, expect

if TYPE_CHECKING:
    import random
    from collections.abc import Callable
    from pathlib import Path

    from rounds import Bench

_VICTIM = "ndvi_2002.tiff"


def socket_at(path: Path) -> None:
    """Make a socket."""
    here = os.getcwd()
    os.chdir(path.parent)  # the name of a socket is short
    try:
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(path.name)
    finally:
        os.chdir(here)


# What takes a raster's place.
_INSTEAD: dict[str, Callable[[Path], object]] = {
    "a FIFO": os.mkfifo,
    "a socket": socket_at,
    "a link to /dev/zero": lambda path: path.symlink_to("/dev/zero"),
    "a dangling link": lambda path: path.symlink_to("nowhere"),
    "a link to itself": lambda path: path.symlink_to(path.name),
    "an empty file": lambda path: path.write_bytes(b""),
    "a folder": lambda path: path.mkdir(),
    "a text": lambda path: path.write_text("no raster\n"),
    "a sparse file of 1 TB": lambda path: (path.touch(), os.truncate(path, 2**40)),
}
# What lies beside a raster, where GDAL looks for more.
_BESIDE = (".tiff.aux.xml", ".tfw", ".tiff.msk", ".tiff.ovr", ".wld", ".aux", ".IMD", "_RPC.TXT")
_SPECIAL = ("a FIFO", "a link to /dev/zero", "a socket")
# Names that are as good as any.
_NAMES = (
    "a b_{}.tiff", "a\nb_{}.tiff", "'{}'.tiff", '"q"_{}.tiff', "-o_{}.tiff", "--stats_{}.tiff",
    "n*_{}.tiff", "[{}].tiff", "a?_{}.tiff", "\udcff\udcfe_{}.tiff", "\u00fc\u4e2d_{}.tiff",
    "$(x)_{}.tiff", "a\\b_{}.tiff", "%s_{}.tiff", "{}" + "x" * 240 + ".tiff", "~_{}.tiff",
)  # fmt: skip


def _instead(bench: Bench, _chance: random.Random, number: int, *, by_name: bool) -> str:
    """Refused by name; left out of a pattern, or refused, where it cannot be an input."""
    name = list(_INSTEAD)[number % len(_INSTEAD)]
    folder = bench.copy()
    (folder / _VICTIM).unlink()
    rest = sorted(folder.glob("*.tiff"))
    new, _ = bench.expected("slope", *rest)
    _INSTEAD[name](folder / _VICTIM)
    bench.clear()
    paths = [*rest, folder / _VICTIM] if by_name else [folder / "*.tiff"]
    run = bench.start("slope", *paths, "-o", "t.tif", "-q")
    outcome = bench.judge(run, {new})
    bench.kept.clear()
    return expect(outcome, "refused", *[] if by_name else ["new"], said=f"{name}: {run.said}")


def _beside(bench: Bench, _chance: random.Random, number: int) -> str:
    kind, name = divmod(number, len(_BESIDE))
    folder = bench.copy()
    _INSTEAD[_SPECIAL[kind]](folder / f"ndvi_2002{_BESIDE[name]}")
    bench.clear()
    run = bench.start("slope", folder / "*.tiff", "-o", "t.tif", "-q", "--workers", "1")
    return expect(bench.judge(run, ()), "refused")


def _named(bench: Bench, _chance: random.Random, number: int) -> str:
    """Read rasters of odd names, as a folder, with the numbers of those of plain ones."""
    ways = ("folder", "pattern", "named")
    name, way = _NAMES[number // len(ways)], ways[number % len(ways)]
    folder = bench.copy()
    for path in sorted(folder.glob("*.tiff")):
        path.rename(folder / name.format(path.stem[-4:]))
    paths = sorted(folder.glob("*.tiff"))
    given = {
        "folder": [folder],
        "pattern": [folder / "*.tiff"],
        "named": [path.name for path in paths],
    }
    bench.clear()
    run = bench.start(
        "slope", "-o", bench.target, "-q", "--dtype", "float64", "--", *given[way], cwd=folder
    )
    outcome = bench.judge(run, None)
    wanted = "refused" if "\udcff" in name else "new"  # GDAL opens no name that is not UTF-8
    return expect(outcome, wanted, said=f"{name!r}, {way}: {run.said}")


def _folders(bench: Bench, _chance: random.Random, number: int) -> str:
    """Read rasters in folders of odd names."""
    name = ("a*b", "a[1]", "-x", "a?", "a\nb", "\udcff", "'q'", "a b", "**", "{1,2}")[number]
    folder = bench.copy()
    inside = folder / name
    inside.mkdir()
    for path in folder.glob("*.tiff"):
        path.rename(inside / path.name)
    bench.clear()
    run = bench.start("slope", "-o", bench.target, "-q", "--", name, cwd=folder)
    wanted = "refused" if "\udcff" in name else "new"
    return expect(bench.judge(run, None), wanted, said=f"{name!r}: {run.said}")


def _during(bench: Bench, chance: random.Random, _number: int, *, what: str) -> str:
    """Change an input at a random moment of a run: refused, or too late to matter."""
    command = ["slope", *BUSY]
    new, seconds = bench.expected(*command, bench.stack)
    folder = bench.copy("in")
    path = folder / "ndvi_2003.tiff"
    other = bench.folder / "other.tiff"
    content = bytearray(path.read_bytes())
    content[-1000:] = bytes(1000)
    if what == "replaced by one of the same size and time":
        other.write_bytes(content)
        status = path.stat()
        os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    else:
        other.write_bytes(content[: len(content) // 2])
    bench.clear()
    run = bench.start(*command, folder, "-o", "t.tif", "-q")
    if not run.is_over(chance.random() * seconds):
        if what == "removed":
            path.unlink()
        elif what == "growing":
            with path.open("ab") as file:
                file.write(bytes(1000))
        elif what == "replaced by a FIFO":
            path.unlink()
            os.mkfifo(path)
        else:
            other.replace(path)
    return expect(bench.judge(run, {new}), "refused", "new", said=run.said)


FAULTS = (
    Fault(
        "no raster in the place of one, matched", len(_INSTEAD), partial(_instead, by_name=False), 9
    ),
    Fault(
        "no raster in the place of one, named", len(_INSTEAD), partial(_instead, by_name=True), 9
    ),
    Fault("FIFO, socket or device beside a raster", len(_BESIDE) * len(_SPECIAL), _beside, 10),
    Fault("odd names of inputs", len(_NAMES) * 3, _named, 16),
    Fault("odd names of folders", 10, _folders, 5),
    *(
        Fault(f"an input is {what} during a run", 100, partial(_during, what=what), 4)
        for what in (
            "replaced",
            "replaced by one of the same size and time",
            "replaced by a FIFO",
            "removed",
            "growing",
        )
    ),
)
