"""Exit statuses: what happened, as a number, with one clear line on stderr."""

from __future__ import annotations

import errno
import logging
import os
import signal
import sys
from contextlib import suppress
from typing import NoReturn

import click

from pixeltrend import interruption
from pixeltrend.cli.log import note
from pixeltrend.errors import ArgumentError, InputError, PixelTrendError

FAILED = 1
WRONG_COMMAND_LINE = 2
REFUSED_INPUTS = 3

# What helps where the system refuses something.
_HINTS = {
    errno.EMFILE: "raise the limit of open files (ulimit -n), or give fewer --workers",
    errno.ENFILE: "the machine has too many files open",
    errno.EAGAIN: "raise the limit of processes (ulimit -u), or give fewer --workers",
    errno.ENOMEM: "fewer --workers or less --memory may help",
}

log = logging.getLogger("pixeltrend")


def run_command(command: click.Command) -> NoReturn:
    """Run `command` with the arguments of this process, and exit with its status."""
    _open_standard_streams()
    sys.unraisablehook = _ignore_interruptions
    # Chunks are spread over processes: threads within one only get in each other's way.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    status, error = _outcome(command)
    number = interruption.received()
    if number:
        verb = "interrupted" if number == signal.SIGINT else "terminated"
        say(f"Error: {verb}; {_what_is_there()}")
        status = 128 + number
    elif error is not None:
        status = complain(error)
    try:
        sys.stdout.flush()
    except OSError:  # nothing more can be said there
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(status)


def say(message: str) -> None:
    """Write a line to stderr and to the log file; nothing fails because nobody can hear it."""
    note(message)
    with suppress(OSError):
        click.echo(message, err=True)


def show(result: str) -> None:
    """Write a result to stdout."""
    try:
        click.echo(result)
    except OSError as error:
        raise OSError(error.errno, error.strerror, "stdout") from error


def _outcome(command: click.Command) -> tuple[int, BaseException | None]:
    """Run the command; return its status and what it raised. No signal is raised afterwards."""
    try:
        try:
            interruption.listen()
            status = command.main(prog_name="pixeltrend", standalone_mode=False)
            return (status if isinstance(status, int) else 0), None  # --help and --version give one
        finally:
            interruption.hold()
    except BaseException as error:  # noqa: BLE001 - `complain` tells them apart
        return FAILED, error


def _what_is_there() -> str:
    """Return what has become of the outputs."""
    complete = interruption.completed
    if not complete:
        return "an older output is untouched"
    if len(complete) == 1:
        return f"{complete[0]} is complete"
    return f"{len(complete)} files are complete, the last of them {complete[-1]}"


def complain(error: BaseException) -> int:
    """Print what went wrong; return the exit status."""
    if isinstance(error, click.Abort) and error.__cause__ is not None:
        error = error.__cause__  # Click takes every EOFError for the end of a dialogue
    message, status = str(error), FAILED
    if isinstance(error, click.ClickException):
        note(f"Error: {error.format_message()}")
        with suppress(OSError):
            error.show()
        return error.exit_code
    if isinstance(error, BrokenPipeError):  # the reader of stdout has gone, as in `| head`
        return FAILED
    log.debug("where it was raised:", exc_info=error)
    if isinstance(error, PixelTrendError):
        if isinstance(error, ArgumentError):
            status = WRONG_COMMAND_LINE
        elif isinstance(error, InputError):
            status = REFUSED_INPUTS
    elif isinstance(error, MemoryError):
        message = "out of memory; fewer --workers or less --memory may help"
    elif isinstance(error, OSError) and error.errno is not None:
        hint = _HINTS.get(error.errno)
        name = f"{error.filename}: " if error.filename else ""
        message = f"{name}{error.strerror}" + (f"; {hint}" if hint else "")
    else:  # a defect of ours: still one line, and -v for the rest
        first = (message.splitlines() or [""])[0]
        message = f"unexpected {type(error).__name__}: {first} (a defect: -v shows where)"
    say(f"Error: {message}")
    return status


def _open_standard_streams() -> None:
    """Open what is closed, so that no raster becomes stdin, stdout or stderr.

    Reading from stdin and writing to stdout fail, as with those that are closed.
    """
    modes = (
        ("stdin", os.O_WRONLY, "r"),
        ("stdout", os.O_RDONLY, "w"),
        ("stderr", os.O_WRONLY, "w"),
    )
    for number, (name, flags, mode) in enumerate(modes):
        if getattr(sys, name) is not None:
            continue
        with suppress(OSError):
            os.fstat(number)
            continue
        os.open(os.devnull, flags)  # the lowest number that is free
        setattr(sys, name, open(number, mode, closefd=False))  # noqa: SIM115 - till the end


def _ignore_interruptions(unraisable: sys.UnraisableHookArgs) -> None:
    """Be silent about a signal that a callback swallowed: it is raised again."""
    if unraisable.exc_type is not interruption.Interrupted:
        sys.__unraisablehook__(unraisable)
