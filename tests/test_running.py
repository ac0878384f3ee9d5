"""Processes of tests end, whatever happens."""

from __future__ import annotations

import os
import sys

import pytest
from running import run, started, wait_until

LEAVES_A_CHILD = 'sleep 1000 & echo $!; cat; echo "$WORD" >&2; exit 3'


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def test_a_child_that_holds_the_pipes_is_ended():
    done = run(["bash", "-c", LEAVES_A_CHILD], stdin="given", env={"WORD": "said"})
    child, _, copied = done.stdout.partition("\n")
    assert (done.returncode, copied, done.stderr) == (3, "given", "said\n")
    wait_until(lambda: not is_alive(int(child)))


def test_a_process_is_ended_when_its_test_fails():
    with pytest.raises(ZeroDivisionError), started(["sleep", 1000]) as process:
        raise ZeroDivisionError
    assert process.returncode == -9


def test_a_process_is_ended_when_the_tests_are_killed(tmp_path):
    program = (
        "import os, signal\nfrom running import started\n"
        "with started(['sleep', 1000]) as process:\n"
        "    print(process.pid, flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = run([sys.executable, "-c", program], env={"PYTHONPATH": os.path.dirname(__file__)})
    assert done.returncode == -9
    wait_until(lambda: not is_alive(int(done.stdout)))


def test_what_hangs_shows_its_stacks(tmp_path, monkeypatch, capfd):
    ready = tmp_path / "ready"
    program = (
        "import pathlib, sys, time\n"
        "def hang():\n    pathlib.Path(sys.argv[1]).touch()\n    time.sleep(1000)\n"
        "print('before')\nhang()\n"
    )

    def interrupt(*_arguments):
        wait_until(ready.exists)
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "waitid", interrupt)
    with pytest.raises(KeyboardInterrupt):
        run([sys.executable, "-u", "-c", program, ready])
    shown = capfd.readouterr().err
    assert "before" in shown
    assert 'line 4 in hang\n  File "<string>", line 6 in <module>' in shown
