"""The torture runs, goes on where it stopped, and prints a table; `make torture` runs all of it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from running import run

TORTURE = Path(__file__).parent / "torture"


def test_rounds_that_went_well_are_not_run_again(tmp_path):
    results = tmp_path / "torture.jsonl"
    command = [sys.executable, TORTURE, "headers", "--rounds", "3", "--resume", results]
    first = run(command)
    assert first.returncode == 0, first.stdout + first.stderr
    lines = results.read_text().splitlines()
    assert len(lines) == 6
    results.write_text("\n".join(lines[:4]) + '\n{"fault": "a half')
    again = run(command)
    assert again.stdout == first.stdout
    assert len(results.read_text().splitlines()) == 4 + 1 + 2
    assert run([*command, "--table"]).stdout == first.stdout
    kinds = {json.loads(line)["outcome"] for line in lines}
    assert kinds <= {"new", "refused"}
    assert "| a file cut off | 3 | 0 | 0 | 3 | 0 | 0 |" in first.stdout
