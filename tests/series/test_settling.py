"""--settle: inputs that are still being copied are waited for."""

from __future__ import annotations

import os
import time

import pytest

import pixeltrend
from pixeltrend.errors import InputError


class Clock:
    """Time that passes only while somebody sleeps; meanwhile, others go on."""

    def __init__(self, monkeypatch):
        self.now, self.meanwhile = 2_000_000_000.0, []
        monkeypatch.setattr(time, "time", lambda: self.now)
        monkeypatch.setattr(time, "sleep", self.sleep)

    def sleep(self, seconds):
        self.now += seconds
        if self.meanwhile:
            self.meanwhile.pop(0)()

    def touch(self, path, age=0.0):
        os.utime(path, (self.now - age, self.now - age))


@pytest.fixture
def clock(monkeypatch, stack):
    clock = Clock(monkeypatch)
    for path in stack:
        clock.touch(path, age=1000)
    return clock


def waited_for(clock, stack, seconds):
    before = clock.now
    assert len(pixeltrend.open_series(stack, settle=seconds).times) == len(stack)
    return clock.now - before


def test_old_files_are_not_waited_for(clock, stack):
    assert waited_for(clock, stack, 999) == 0
    clock.touch(stack[1])
    assert waited_for(clock, stack, 0) == 0


def test_a_young_file_is_looked_at_again(clock, stack):
    clock.touch(stack[1], age=5)
    assert waited_for(clock, stack, 30) == 30


def test_a_file_that_grows_is_waited_for(clock, stack):
    whole = stack[1].read_bytes()
    stack[1].write_bytes(whole[:100])
    clock.touch(stack[1])

    def grow():
        stack[1].write_bytes(whole[: stack[1].stat().st_size + 200])
        clock.touch(stack[1])

    rounds = -(-(len(whole) - 100) // 200)
    assert rounds < 8
    clock.meanwhile = [grow] * rounds
    assert waited_for(clock, stack, 30) == 30 * (rounds + 1)


def test_the_clock_of_the_disk_may_differ(clock, stack):
    clock.touch(stack[1], age=-20)
    assert waited_for(clock, stack, 30) == 30
    clock.touch(stack[1], age=-3600)
    assert waited_for(clock, stack, 30) == 0


def test_a_file_that_never_settles_is_refused(clock, stack):
    clock.touch(stack[1])
    clock.meanwhile = [lambda: clock.touch(stack[1])] * 100
    with pytest.raises(InputError, match=r"ndvi_2001\.tif: changes all the time"):
        pixeltrend.open_series(stack, settle=30)


def test_the_command_line(stack, tmp_path, run_cli):
    for path in stack:
        os.utime(path, (0, 0))
    done = run_cli("slope", "ndvi_*.tif", "-o", "trend.tif", "--settle", 100000)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "trend.tif").exists()
