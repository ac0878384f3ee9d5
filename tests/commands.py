"""What tests of the command line share."""

from __future__ import annotations


def run_is_refused(done, status, *said):
    """One clear line, nothing on stdout."""
    assert done.returncode == status, done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    last = done.stderr.splitlines()[-1]
    assert last.startswith("Error: ")
    for text in said:
        assert text in last
    if status != 2:
        assert len(done.stderr.splitlines()) == 1
