"""Run the command line: ``python -m pixeltrend``."""


def main() -> None:
    """Run the command line and exit with its status."""
    from pixeltrend.cli import run  # importing this module does no work

    run()


if __name__ == "__main__":
    main()
