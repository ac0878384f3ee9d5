"""Signals end a run at any moment: one line, one status, no torn output, nobody left."""

from __future__ import annotations

import signal
import sys

import pytest
from running import run

# Runs the command line, and sends itself a signal at a moment of its own.
PROGRAM = """
import os, signal, sys
number, moment, count = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
del sys.argv[1:4]

def send():
    global count
    count -= 1
    if count == 0:
        os.kill(os.getpid(), number)

def before(owner, name):
    call = getattr(owner, name)
    def wrapped(*arguments, **keywords):
        send()
        return call(*arguments, **keywords)
    setattr(owner, name, wrapped)

def after(owner, name):
    call, parent = getattr(owner, name), os.getpid()
    def wrapped(*arguments, **keywords):
        value = call(*arguments, **keywords)
        if os.getpid() == parent:
            send()
        return value
    setattr(owner, name, wrapped)

if moment == "fork":
    os.register_at_fork(before=send)
elif moment == "forked":
    os.register_at_fork(after_in_parent=send)
elif moment == "pipe":
    after(os, "pipe")
elif moment == "destructor":
    from pixeltrend.series import reader
    class Dropped:
        def __del__(self):
            send()
    plain = reader.read_chunk
    def read_chunk(*arguments):
        Dropped()
        return plain(*arguments)
    from pixeltrend.execution import pipeline
    pipeline.read_chunk = read_chunk
elif moment == "removing":
    from pixeltrend.raster import replacing
    before(replacing, "remove_folder")
elif moment == "renaming":
    import pathlib
    before(pathlib.Path, "replace")
elif moment == "renamed":
    import pathlib
    after(pathlib.Path, "replace")
elif moment == "killing":
    from pixeltrend.execution.processes import LocalProcesses
    before(LocalProcesses, "_kill")
elif moment == "start":
    send()
elif moment == "importing":
    class Finder:
        def find_spec(self, name, *_):
            if name == "click":
                send()
    sys.meta_path.insert(0, Finder())
from pixeltrend.__main__ import main
main()
"""
OLD = b"the old output"


@pytest.fixture
def run_signalled(tmp_path, stack):
    """Run slope and send it a signal at the n-th moment of a kind; return what became of it."""
    (tmp_path / "trend").write_bytes(OLD)

    def run_it(number, moment, count=1, options=("--workers", 2), before=()):
        command = [*before, sys.executable, "-c", PROGRAM, int(number), moment, count]
        command += ["slope", "*.tif", "-o", "trend", *options]
        done = run(command, cwd=tmp_path)
        assert "Traceback" not in done.stderr
        is_old = (tmp_path / "trend").read_bytes() == OLD
        kept = sorted(path.name for path in tmp_path.iterdir())
        beside = [] if is_old else ["trend.aux.json", "trend.qml"]
        assert kept == [*[path.name for path in stack], "trend", *beside]
        return done.returncode, done.stderr, is_old

    return run_it


@pytest.mark.parametrize(
    ("moment", "count"),
    [("fork", 1), ("fork", 2), ("forked", 1), ("forked", 2), ("pipe", 1), ("pipe", 2), ("pipe", 3),
     ("pipe", 4), ("pipe", 5), ("pipe", 6), ("pipe", 7)],
)  # fmt: skip
def test_while_workers_start(run_signalled, moment, count):
    done = run_signalled(signal.SIGTERM, moment, count)
    assert done == (143, "Error: terminated; an older output is untouched\n", True)


@pytest.mark.parametrize(
    ("number", "status", "verb"),
    [(signal.SIGTERM, 143, "terminated"), (signal.SIGINT, 130, "interrupted"),
     (signal.SIGHUP, 129, "terminated")],
)  # fmt: skip
def test_what_a_destructor_swallows_is_raised_at_the_next_window(
    run_signalled, number, status, verb
):
    options = ("--workers", 1, "--memory", "0.4K")
    done = run_signalled(number, "destructor", options=options)
    assert done == (status, f"Error: {verb}; an older output is untouched\n", True)


@pytest.mark.parametrize("moment", ["renaming", "renamed", "removing"])
def test_an_output_that_is_complete_is_not_called_old(run_signalled, moment):
    done = run_signalled(signal.SIGTERM, moment)
    assert done == (143, "Error: terminated; trend is complete\n", False)


def test_while_workers_end(run_signalled):
    status, told, is_old = run_signalled(signal.SIGTERM, "killing")
    assert (status, is_old) == (143, False)
    assert told == "Error: terminated; trend is complete\n"


def test_what_is_ignored_stays_ignored(run_signalled):
    before = ["sh", "-c", 'trap "" HUP; exec "$@"', "sh"]
    status, _, is_old = run_signalled(signal.SIGHUP, "fork", before=before)
    assert (status, is_old) == (0, False)


def test_while_the_program_is_loaded_there_is_no_traceback(run_signalled):
    assert run_signalled(signal.SIGINT, "importing") == (-signal.SIGINT, "", True)
