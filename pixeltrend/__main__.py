"""Run the command line: ``python -m pixeltrend``."""

import gc
import signal

# Containers made since the garbage collector looked last. Python's 700 make it look dozens of
# times while modules are imported, which leaves it nothing to find.
_NEW_CONTAINERS = 20_000


def main() -> None:
    """Run the command line and exit with its status."""
    try:  # until the command line listens, Ctrl-C ends the process without a traceback
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.raise_signal(signal.SIGINT)
    gc.set_threshold(_NEW_CONTAINERS)
    from pixeltrend.cli import run  # importing this module does no work

    try:
        run()
    finally:  # all memory is about to go: Python need not look through it twice
        gc.freeze()


if __name__ == "__main__":
    main()
