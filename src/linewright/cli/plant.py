"""`linewright plant`: check a plant folder, or make one from a production log."""

from __future__ import annotations

from pathlib import Path

import click


@click.group()
def plant() -> None:
    """Check a plant folder, or make one from a production log."""


@plant.command()
@click.argument("directory", type=click.Path(path_type=Path))
def check(directory: Path) -> None:
    """Read a plant folder and report everything that is wrong with it, with file, line and what to do."""
    from linewright.plant.folder import check_text

    text, sound = check_text(directory)
    click.echo(text, err=not sound)
    if not sound:
        raise SystemExit(2)


@plant.command()
@click.argument("log", type=click.Path(path_type=Path))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="Folder to make.")
@click.option("--map", "mapping", type=click.Path(path_type=Path), help="TOML that names the log's columns.")
@click.option("--overwrite", is_flag=True, help="Replace a plant folder that is already there.")
def discover(log: Path, output: Path, mapping: Path | None, overwrite: bool) -> None:
    """Turn a production event log (CSV or XES) into a plant folder."""
    from linewright.discover import discover_folder

    click.echo(discover_folder(log, output, mapping=mapping, overwrite=overwrite))
