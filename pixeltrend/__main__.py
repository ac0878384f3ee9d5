"""Run the command line: ``python -m pixeltrend``."""

import signal


def main() -> None:
    """Run the command line and exit with its status."""
    try:  # until the command line listens, Ctrl-C ends the process without a traceback
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.raise_signal(signal.SIGINT)
    from pixeltrend.cli import run  # importing this module does no work

    run()


if __name__ == "__main__":
    main()
