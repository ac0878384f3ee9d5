"""Exit statuses: what happened, as a number, with one clear line on stderr."""

from __future__ import annotations

import logging
import os
import signal
import sys
from typing import TYPE_CHECKING, NoReturn

import click

from pixeltrend.errors import ArgumentError, InputError, PixelTrendError

if TYPE_CHECKING:
    from types import FrameType

FAILED = 1
WRONG_COMMAND_LINE = 2
REFUSED_INPUTS = 3

log = logging.getLogger("pixeltrend")


class Terminated(BaseException):
    """A signal asked this process to end."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def _terminate(number: int, _frame: FrameType | None) -> None:
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, signal.SIG_IGN)  # once is enough: cleaning up takes a moment
    raise Terminated(number)


def run_command(command: click.Command) -> NoReturn:
    """Run `command` with the arguments of this process, and exit with its status."""
    # Not when ignored, as under nohup.
    for ending in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(ending) == signal.SIG_DFL:
            signal.signal(ending, _terminate)
    # Chunks are spread over processes: threads within one only get in each other's way.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    sys.exit(_status(command))


def _status(command: click.Command) -> int:  # noqa: PLR0911 - one for each way to end
    try:
        status = command.main(prog_name="pixeltrend", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        _say("interrupted; an older output is untouched")
        return 128 + signal.SIGINT
    except Terminated as error:
        _say("terminated; an older output is untouched")
        return 128 + error.number
    except BrokenPipeError:
        # The reader of stdout has gone, as in `| head`. Nothing more can be said there.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except PixelTrendError as error:
        _say(str(error))
        log.debug("where it was raised:", exc_info=True)
        if isinstance(error, ArgumentError):
            return WRONG_COMMAND_LINE
        return REFUSED_INPUTS if isinstance(error, InputError) else FAILED
    except MemoryError:
        _say("out of memory; fewer --workers or less --memory may help")
        return FAILED
    except Exception as error:  # a defect of ours: still one line, and -v for the rest
        said = (str(error).splitlines() or [""])[0]
        _say(f"unexpected {type(error).__name__}: {said} (a defect: -v shows where)")
        log.debug("where it was raised:", exc_info=True)
        return FAILED
    return status if isinstance(status, int) else 0  # --help and --version give one


def _say(message: str) -> None:
    click.echo(f"Error: {message}", err=True)
