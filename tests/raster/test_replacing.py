"""Replacing: the old file or the whole new one, and nothing left over."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from pixeltrend.errors import OutputError
from pixeltrend.raster.replacing import Replacement


@pytest.fixture
def target(tmp_path):
    """An older file."""
    path = tmp_path / "trend.tif"
    path.write_bytes(b"old")
    return path


def listing(folder):
    return sorted(path.name for path in folder.iterdir())


def test_the_old_file_stays_until_the_new_one_is_committed(target):
    with Replacement(target) as new:
        new.path.write_bytes(b"new")
        assert target.read_bytes() == b"old"
        new.commit()
        assert target.read_bytes() == b"new"
    assert listing(target.parent) == ["trend.tif"]


def test_without_a_commit_the_old_file_stays(target):
    with Replacement(target) as new:
        new.path.write_bytes(b"new")
    assert target.read_bytes() == b"old"
    assert listing(target.parent) == ["trend.tif"]


def test_side_files_come_along_and_other_files_do_not(target):
    for suffix in (".ovr", ".msk"):
        target.with_name("trend.tif" + suffix).write_bytes(b"of the old one")
    with Replacement(target) as new:
        new.path.write_bytes(b"new")
        new.path.with_name("trend.tif.msk").write_bytes(b"of the new one")
        (new.folder / "stage.tif").write_bytes(b"on the way")
        new.commit()
    assert listing(target.parent) == ["trend.tif", "trend.tif.msk"]
    assert target.with_name("trend.tif.msk").read_bytes() == b"of the new one"


@pytest.mark.parametrize(
    "name", ["stage.tif", "new", "trend[1].tif", "*.tif", "x" * 255, "é" * 127]
)
def test_any_name(tmp_path, name):
    for content in (b"first", b"second"):
        Replacement(tmp_path / name).write(content)
        assert (tmp_path / name).read_bytes() == content
    assert listing(tmp_path) == [name]


@pytest.mark.parametrize("mode", [0o664, 0o600, 0o644])
def test_the_mode_of_an_older_file_is_kept(target, umask, mode):
    umask(0o022)
    target.chmod(mode)
    Replacement(target).write(b"new")
    assert stat.S_IMODE(target.stat().st_mode) == mode


def test_a_new_file_has_the_mode_that_the_umask_leaves(tmp_path, umask):
    umask(0o027)
    Replacement(tmp_path / "new.tif").write(b"new")
    assert stat.S_IMODE((tmp_path / "new.tif").stat().st_mode) == 0o640


# What is refused


@pytest.mark.parametrize("link", [False, True])
def test_a_fifo_is_not_replaced(tmp_path, link):
    path = tmp_path / "trend.tif"
    os.mkfifo(tmp_path / "fifo" if link else path)
    if link:
        path.symlink_to("fifo")
    with pytest.raises(OutputError, match=r"trend\.tif: is not a regular file"):
        Replacement(path)
    assert len(listing(tmp_path)) == 1 + link


def test_a_device_is_not_replaced():
    with pytest.raises(OutputError, match="/dev/null: is not a regular file"):
        Replacement(os.devnull)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("none/trend.tif", "does not exist"),
        ("trend.tif/trend.tif", "does not exist"),
        (".", "is a folder"),
        ("/vsimem/trend.tif", "must be a local file"),
    ],
)
@pytest.mark.usefixtures("target")
def test_what_cannot_be_written_is_refused(tmp_path, monkeypatch, path, reason):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OutputError, match=reason) as refused:
        Replacement(path)
    assert str(refused.value).startswith(path)
    assert listing(tmp_path) == ["trend.tif"]


def test_an_older_file_is_refused_where_it_is_not_to_be_overwritten(target):
    with pytest.raises(OutputError, match=r"trend\.tif: already exists"):
        Replacement(target, overwrite=False)
    Replacement(target.with_name("new.tif"), overwrite=False).write(b"new")
    assert listing(target.parent) == ["new.tif", "trend.tif"]


@pytest.mark.parametrize("links", [True, False])
def test_a_file_that_came_in_the_meantime_is_not_overwritten(tmp_path, monkeypatch, links):
    if not links:

        def refuse(*_paths):
            raise PermissionError

        monkeypatch.setattr(os, "link", refuse)  # as on FAT
    target = tmp_path / "trend.tif"
    with Replacement(target, overwrite=False) as new:
        new.path.write_bytes(b"new")
        target.write_bytes(b"another program's")
        with pytest.raises(OutputError, match=r"trend\.tif: already exists"):
            new.commit()
    assert target.read_bytes() == b"another program's"
    target.unlink()
    Replacement(target, overwrite=False).write(b"new")
    assert target.read_bytes() == b"new"
    assert target.stat().st_nlink == 1
    assert listing(tmp_path) == ["trend.tif"]


def test_a_link_to_itself_is_not_replaced(tmp_path):
    (tmp_path / "trend.tif").symlink_to("trend.tif")
    with pytest.raises(OutputError, match=r"trend\.tif: is a link that leads back to itself"):
        Replacement(tmp_path / "trend.tif")
    assert listing(tmp_path) == ["trend.tif"]


# Other runs


def test_what_a_killed_run_left_is_removed(tmp_path):
    path = tmp_path / "trend[1].tif"
    pid = os.fork()
    if pid == 0:
        try:
            Replacement(path).__enter__().path.write_bytes(b"a part")
        finally:
            os._exit(0)  # in the middle
    os.waitpid(pid, 0)
    assert len(listing(tmp_path)) == 1
    Replacement(path).write(b"new")
    assert listing(tmp_path) == ["trend[1].tif"]


def test_a_run_leaves_another_one_alone(target):
    with Replacement(target) as slow:
        slow.path.write_bytes(b"slow")
        Replacement(target).write(b"fast")
        assert target.read_bytes() == b"fast"
        slow.commit()
    assert target.read_bytes() == b"slow"
    assert listing(target.parent) == ["trend.tif"]


def test_a_second_start_between_making_and_locking_a_folder(target, monkeypatch):
    make_folder = Path.mkdir
    rivals = [Replacement(target)]

    def make_and_lose(*arguments):
        make_folder(*arguments)
        if rivals:
            rivals.pop().write(b"the rival's")

    monkeypatch.setattr(Path, "mkdir", make_and_lose)
    with Replacement(target) as new:
        assert not rivals
        assert target.read_bytes() == b"the rival's"
        new.path.write_bytes(b"new")
        new.commit()
    assert target.read_bytes() == b"new"
    assert listing(target.parent) == ["trend.tif"]
