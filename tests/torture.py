"""Kill a worker at a random moment of a real run, many times: ``make torture``.

Blocks are megabytes, so that many workers die in the middle of an answer. Every run is in a session
of its own, which is ended whatever happens; one that takes longer than its limit counts as a hang.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

# Seconds; many times what a run takes, on a busy machine too.
LIMIT = 120.0
# Seconds in which everything that a run started must have ended after it.
PATIENCE = 5.0
OLD = b"an older output"
BAD = ("hang", "output lost", "not said", "left behind")
# With a second thread, workers are spawned; alone, they are forked.
PROGRAM = """
import sys, threading
if __name__ == "__main__":
    if sys.argv.pop(1) == "spawn":
        threading.Thread(target=threading.Event().wait, daemon=True).start()
    from pixeltrend.__main__ import main
    main()
"""


def processes(session: int) -> dict[int, int]:
    """Return the living processes of a session, with their parents."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has just ended
            state, parent, _, its_session = stat.read_text().rpartition(")")[2].split()[:4]
            if int(its_session) == session and state not in "ZX":
                found[int(stat.parent.name)] = int(parent)
    return found


def workers(run: subprocess.Popen) -> list[int]:
    """Return the workers of a run."""
    found = []
    for process, parent in processes(run.pid).items():
        with suppress(OSError):
            command = Path(f"/proc/{process}/cmdline").read_bytes()
            if parent == run.pid and b"resource_tracker" not in command:
                found.append(process)
    return sorted(found)


def start(command: list[str], folder: Path) -> subprocess.Popen:
    """Start a run over an older output, and return when all of its workers are there."""
    (folder / "trend.tif").write_bytes(OLD)
    run = subprocess.Popen(
        command, cwd=folder, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    while len(workers(run)) < 2 and run.poll() is None:
        time.sleep(0.002)
    return run


def end(run: subprocess.Popen) -> None:
    """End whatever is left of a run."""
    with suppress(ProcessLookupError):
        os.killpg(run.pid, signal.SIGKILL)
    run.communicate()


def judge(run: subprocess.Popen, folder: Path, expected: bytes) -> str:
    """Wait for a run one of whose workers was killed, and say what became of it."""
    try:
        _, message = run.communicate(timeout=LIMIT)
    except subprocess.TimeoutExpired:
        return "hang"
    deadline = time.monotonic() + PATIENCE
    while processes(run.pid):  # what tracks names for spawned workers ends a moment later
        if time.monotonic() > deadline:
            return "left behind"
        time.sleep(0.01)
    written = (folder / "trend.tif").read_bytes()
    if written != (OLD if run.returncode else expected) or len(list(folder.iterdir())) > 1:
        return "output lost"
    if run.returncode == 0:
        return "finished"
    named = re.search(r"a worker died at rows .* columns .*killed by signal 9", message)
    early = re.search(r"a worker died at no window yet \(killed by signal 9\)", message)
    if run.returncode != 1 or message.count("\n") != 1 or not (named or early):
        sys.stderr.write(message)
        return "not said"
    return "window named" if named else "between windows"


def main() -> int:
    """Kill, count, and print a table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=200, help="kills [200]")
    options.add_argument("--seed", type=int, default=1, help="of the moments [1]")
    options.add_argument("--start", choices=["fork", "spawn"], default="fork")
    given = options.parse_args()
    chance = random.Random(given.seed)  # noqa: S311 - nothing is kept secret
    counts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "out"
        folder.mkdir()
        program = Path(name) / "run.py"
        program.write_text(PROGRAM)
        pixeltrend = [sys.executable, str(program), given.start]
        demo = ["demo", f"{name}/in", "--size", "1600", "1600", "--years", "2000:2003", "-q"]
        subprocess.run([*pixeltrend, *demo], check=True)
        command = [*pixeltrend, "slope", f"{name}/in", "-o", "trend.tif", "--stats", "all", "-q"]
        command += ["--workers", "2", "--co", "COMPRESS=NONE"]
        for _ in range(2):  # the first one compiles
            run = start(command, folder)
            begin = time.monotonic()
            run.communicate()
            whole = time.monotonic() - begin
        expected = (folder / "trend.tif").read_bytes()
        while counts.total() - counts["too late"] < given.rounds:
            run = start(command, folder)
            try:
                time.sleep(chance.random() * whole)
                victims = workers(run)
                if victims:
                    os.kill(chance.choice(victims), signal.SIGKILL)
                    counts[judge(run, folder, expected)] += 1
                else:
                    counts["too late"] += 1
            except ProcessLookupError:
                counts["too late"] += 1
            finally:
                end(run)
    done = counts.total() - counts["too late"]
    print(f"{done} kills, seed {given.seed}, {given.start}; a run takes {whole:.2f} s")
    for what in ("window named", "between windows", "finished", *BAD):
        print(f"  {what:<16}{counts[what]:>5}")
    return any(counts[what] for what in BAD)


if __name__ == "__main__":
    sys.exit(main())
