"""The command line. Each command is a file of its own, imported when it is called."""

from __future__ import annotations

import importlib

import click

from pixeltrend.cli.exits import run_command
from pixeltrend.options import nearest
from pixeltrend.version import __version__

COMMANDS = {
    "check": "Say what would be read, and what is odd or wrong with it.",
    "composite": "Write a raster for each year, season or month of a series.",
    "demo": "Write a made-up NDVI series to try things on.",
    "fdr": "Adjust the p-values of a written trend for the number of its pixels.",
    "map": "Write what any function makes of every pixel's series.",
    "pixel": "Explain one pixel: its values, its trend, and the way to its p-value.",
    "plot": "Draw a written trend as a map in classes.",
    "report": "Write a page about a written trend: map, areas, series, methods.",
    "slope": "Write the trend of every pixel.",
    "table": "Say how much of a written trend goes which way, in square metres.",
}


class LazyGroup(click.Group):
    """A group that imports a command's file only when the command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the names of the commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command; end with the name nearest to one that does not exist."""
        if cmd_name not in COMMANDS:
            ctx.fail(f"no command {cmd_name!r}{nearest(cmd_name, COMMANDS)}")
        command = getattr(importlib.import_module(f"pixeltrend.cli.{cmd_name}"), cmd_name)
        if not isinstance(command, click.Command):
            raise TypeError(f"{cmd_name} is not a command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=LazyGroup,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "auto_envvar_prefix": "PIXELTREND",
        "max_content_width": 100,
    },
    epilog="Every option also reads the environment: PIXELTREND_SLOPE_WORKERS=4 is --workers 4.",
)
@click.version_option(__version__, prog_name="pixeltrend")
def cli() -> None:
    """Compute how fast every pixel of a stack of yearly rasters changes.

    \b
    pixeltrend slope '*.tiff' -o trend.tif --workers 4
    """


def run() -> None:
    """Run the command line and exit with its status."""
    run_command(cli)
