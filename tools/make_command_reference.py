"""Write docs/reference/commands.md from the commands themselves: `python tools/make_command_reference.py`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from linewright.cli import cli
from linewright.demo.plant import main as plant_process

PAGE = Path(__file__).parent.parent / "docs" / "reference" / "commands.md"
WIDTH = 100


def commands(
    command: click.Command, path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """A command and all below it, groups first."""
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command, info_name=path[-1])
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None:
                yield from commands(inner, (*path, name))


def page() -> str:
    """The whole page."""
    parts = ["# Commands\n\nWritten by `tools/make_command_reference.py`; a test keeps it true.\n"]
    for path, command in (*commands(cli, ("linewright",)), (("linewright-plant",), plant_process)):
        context = click.Context(
            command, info_name=" ".join(path), max_content_width=WIDTH, terminal_width=WIDTH
        )
        parts.append(f"## {' '.join(path)}\n\n```\n{command.get_help(context)}\n```\n")
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
