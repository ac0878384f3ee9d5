"""Outputs that are something else than a file, and two runs that write one while others read it."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from command import HungError, WrongError
from inputs import socket_at
from judging import OLD, written
from rounds import Fault, expect

if TYPE_CHECKING:
    import random
    from pathlib import Path

    from rounds import Bench

_COMMAND = ("slope", "--workers", "1", "-q")


def _small(bench: Bench) -> str:
    return str(bench.folder / "small")


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _link(path: Path) -> None:
    path.unlink()
    (path.parent / "elsewhere.tif").write_bytes(OLD)
    path.symlink_to("elsewhere.tif")


def _dangling(path: Path) -> None:
    path.unlink()
    path.symlink_to("elsewhere.tif")


def _loop(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.name)


def _hard_link(path: Path) -> None:
    os.link(path, path.parent / "elsewhere.tif")


def _fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _socket(path: Path) -> None:
    path.unlink()
    socket_at(path)


def _device(path: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/null")


# What is there, what becomes of a run, and which name the new raster then has.
_KINDS = {
    "a folder": (_folder, "refused"),
    "a link": (_link, "new"),
    "a dangling link": (_dangling, "new"),
    "a link to itself": (_loop, "refused"),
    "a hard link": (_hard_link, "new"),
    "a FIFO": (_fifo, "refused"),
    "a socket": (_socket, "refused"),
    "a device": (_device, "refused"),
    "read-only": (lambda path: path.chmod(0o400), "new"),
}


def _kind(bench: Bench, _chance: random.Random, number: int) -> str:
    make, wanted = list(_KINDS.values())[number % len(_KINDS)]
    new, _ = bench.expected(*_COMMAND, _small(bench))
    bench.clear()
    make(bench.target)
    before = os.lstat(bench.target)
    run = bench.start(*_COMMAND, _small(bench), "-o", "t.tif")
    if wanted == "new":
        is_link = bench.target.is_symlink()
        outcome = bench.judge(run, {new}, old=None, beside=written(bench.out / "elsewhere.tif"))
        if is_link != bench.target.is_symlink():
            raise WrongError("the link was replaced")
        elsewhere = bench.out / "elsewhere.tif"
        if make is _hard_link and elsewhere.read_bytes() != OLD:
            raise WrongError("the other name was written to")
        return expect(outcome, wanted, said=run.said)
    status = run.wait()
    if status not in {1, 2} or run.said.count("\n") != 1 or not run.said.startswith("Error: "):
        raise WrongError(f"status {status}: {run.said}")
    after = os.lstat(bench.target)
    if (before.st_ino, before.st_mode) != (after.st_ino, after.st_mode):
        raise WrongError(f"replaced: {run.said}")
    return "refused"


def _an_input(bench: Bench, chance: random.Random, number: int) -> str:
    """Name an input as the output: plainly, by another path, by a link, by a hard link."""
    folder = bench.copy()
    path = folder / "ndvi_2001.tiff"
    before = path.read_bytes()
    bench.clear(old=None)
    target = (path, folder / ".." / "copy" / path.name, bench.target, bench.target)[number % 4]
    if number % 4 == 2:
        target.symlink_to(path)
    elif number % 4 == 3:
        os.link(path, target)
    run = bench.start(*_COMMAND, folder / "*.tiff", "-o", target)
    status = run.wait()
    if path.read_bytes() != before:
        raise WrongError(f"an input is gone: status {status}: {run.said}")
    if status == 0 and number % 4 == 3:
        return "new"
    if status not in {1, 2, 3} or run.said.count("\n") != 1:
        raise WrongError(f"status {status}: {run.said}")
    return "refused"


def _names(bench: Bench, _chance: random.Random, number: int) -> str:
    """Write to odd names."""
    name = (
        "a b.tif", "a\nb.tif", "'q'.tif", '"q".tif', "-o.tif", "n*.tif", "t[1].tif", "a?.tif",
        "\u00fc.tif", "x" * 251 + ".tif", ".tif", "%s.tif", "\udcff.tif", "x" * 252 + ".tif",
    )[number]  # fmt: skip
    new, _ = bench.expected(*_COMMAND, _small(bench))
    bench.clear(old=None)
    target = bench.out / name
    run = bench.start(*_COMMAND, _small(bench), "-o", name)
    if len(os.fsencode(name)) > 255:
        return expect(bench.judge(run, (), old=None), "refused")
    outcome = bench.judge(run, {new}, old=None, target=target)
    return expect(outcome, "refused" if "\udcff" in name else "new", said=f"{name!r}: {run.said}")


def _race(bench: Bench, chance: random.Random, _number: int) -> str:
    """Start two runs at about the same time; whoever reads sees one whole output."""
    first = bench.expected(*_COMMAND, bench.stack)
    second = bench.expected(*_COMMAND, bench.stack, "--dtype", "float64")
    bench.clear()
    wait = ("--lock-timeout", "60") if chance.randrange(2) else ()
    a = bench.start(*_COMMAND, bench.stack, "-o", "t.tif", *wait)
    a.is_over(chance.random() * first[1] / 2)
    b = bench.start(*_COMMAND, bench.stack, "-o", "t.tif", "--dtype", "float64", *wait)
    allowed = {OLD, first[0], second[0]}
    deadline = time.monotonic() + 60
    while not (a.is_over(0) and b.is_over(0)):
        if bench.target.read_bytes() not in allowed:
            raise WrongError("a reader saw something else than a whole output")
        if time.monotonic() > deadline:
            raise HungError("60 s")
    status = {a: a.wait(), b: b.wait()}
    found = bench.target.read_bytes()
    for run, code in status.items():
        if code not in {0, 1} or (code and "is being written by" not in run.said):
            raise WrongError(f"status {code}: {run.said}")
        if code and wait:
            raise WrongError(f"did not wait: {run.said}")
    done = {first[0]} if status[a] == 0 else set()
    done |= {second[0]} if status[b] == 0 else set()
    if found not in done or {path.name for path in bench.out.iterdir()} - written(bench.target):
        raise WrongError(f"output of neither, or leftovers: {list(status.values())}")
    return "new"


def _no_overwrite(bench: Bench, chance: random.Random, _number: int) -> str:
    """Let another program write the output during a run that must not overwrite it."""
    new, seconds = bench.expected(*_COMMAND, bench.stack)
    bench.clear(old=None)
    run = bench.start(*_COMMAND, bench.stack, "-o", "t.tif", "--no-overwrite")
    run.is_over(chance.random() * seconds)
    try:
        with bench.target.open("xb") as file:
            file.write(OLD)
    except FileExistsError:
        return expect(bench.judge(run, {new}, old=None), "new")
    return expect(bench.judge(run, ()), "refused", said=run.said)


FAULTS = (
    Fault("the output is a folder, link, FIFO, device ...", len(_KINDS), _kind, len(_KINDS)),
    Fault("the output is an input", 4, _an_input, 4),
    Fault("odd names of outputs", 14, _names, 7),
    Fault("two runs and a reader", 200, _race, 8),
    Fault("--no-overwrite, and another program writes", 100, _no_overwrite, 8),
)
