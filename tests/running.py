"""Processes that tests start: each leads a group of its own, which is ended whatever happens.

Nothing here looks at a clock: pytest-timeout ends what hangs.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from subprocess import PIPE, CompletedProcess, Popen, TimeoutExpired
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

# A process that is aborted for its stacks leaves no core.
resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))

# Kills a group when the tests are killed, who then do not say that they have done it.
GUARD = 'read -r line || kill -s KILL -- "-$1"'


@contextmanager
def started(
    command: Sequence[Any], *, env: Mapping[str, str] | None = None, **options: Any
) -> Iterator[Popen[Any]]:
    """Start a process in a session of its own, and kill its group at the end.

    Parameters
    ----------
    command
        The program and its arguments.
    env
        Variables beside those of this process.
    **options
        Of `subprocess.Popen`.
    """
    process = Popen(
        list(map(str, command)),
        env=os.environ | {"PYTHONFAULTHANDLER": "1"} | (env or {}),
        start_new_session=True,
        **options,
    )
    guard = ["sh", "-c", GUARD, "sh", str(process.pid)]
    with process, Popen(guard, stdin=PIPE, start_new_session=True) as guarding:
        try:
            yield process
        finally:
            _signal(process, signal.SIGKILL)
            guarding.communicate(b"\n")


def run(
    command: Sequence[Any], *, stdin: str = "", stdout: int = PIPE, **options: Any
) -> CompletedProcess[str]:
    """Run a program until it ends; return its status and what it wrote.

    Children that outlive it are killed, so that nobody waits for the pipes that they hold. A
    program that is interrupted, as by pytest-timeout, shows the stacks of its processes first.

    Parameters
    ----------
    command
        The program and its arguments.
    stdin
        What it can read.
    stdout
        Where it writes, if not to a pipe of this function.
    **options
        Of `started`.
    """
    with TemporaryFile("w+") as readable, ThreadPoolExecutor(2) as readers:
        readable.write(stdin)
        readable.seek(0)
        pipes = {"stdin": readable, "stdout": stdout, "stderr": PIPE, "text": True}
        with started(command, **pipes, **options) as process:
            written = [readers.submit(_read, end) for end in (process.stdout, process.stderr)]
            try:
                # Unlike wait(), this keeps the number of the group until it is killed.
                os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
            except BaseException:
                _signal(process, signal.SIGABRT)
                with suppress(TimeoutExpired):
                    process.wait(5)
                _signal(process, signal.SIGKILL)
                sys.stderr.writelines(text.result() for text in written)
                raise
            _signal(process, signal.SIGKILL)
            out, err = (text.result() for text in written)
    return CompletedProcess(list(command), process.returncode, out, err)


def wait_until(condition: Callable[[], object]) -> None:
    """Return as soon as something that is bound to happen has happened."""
    while not condition():
        time.sleep(0.01)


def _signal(process: Popen[Any], number: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def _read(pipe: IO[str] | None) -> str:
    return "" if pipe is None else pipe.read()
