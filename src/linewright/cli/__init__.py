"""The command line. Commands load when they are called, so that `linewright --help` answers at once."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import click

from linewright.errors import LinewrightError

COMMANDS = {
    "plant": ("linewright.cli.plant:plant", "Check a plant folder, or make one from a production log."),
    "replan": ("linewright.cli.replan:replan", "Generate tested alternatives for a plant at a moment."),
    "check": ("linewright.cli.replan:check", "Check the alternatives in a file independently."),
    "serve": ("linewright.cli.serve:serve", "Run the console and the decision loop for a plant."),
    "demo": ("linewright.cli.demo:demo", "Open a plant that is already running, and break it."),
    "doctor": ("linewright.cli.doctor:doctor", "Say what is installed, what is missing and what that costs."),
    "warmup": ("linewright.cli.doctor:warmup", "Compile the kernels once, so that first answers are fast."),
}


class _Commands(click.Group):
    """A group whose commands are imported when used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module, attribute = COMMANDS[name][0].split(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="linewright")
def cli() -> None:
    """Linewright keeps a factory running well when the plan breaks."""


def main(argv: list[str] | None = None) -> Any:
    """Entry point: errors raised on purpose become one message and exit code 2, never a traceback."""
    try:
        return cli.main(args=argv, standalone_mode=True)
    except LinewrightError as error:
        click.echo(f"linewright: {error}", err=True)
        sys.exit(2)
    except BrokenPipeError:
        sys.exit(1)
