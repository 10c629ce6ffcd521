"""`linewright demo`: a plant that is already running, in a process of its own, and the console on it."""

from __future__ import annotations

import json
import signal
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from linewright.bootstrap import ControlRoom

FASTEST = 3600.0  # plant seconds a second


@click.command()
@click.option("--headless", is_flag=True, help="No browser: break a machine, approve, follow, report.")
@click.option("--json", "as_json", is_flag=True, help="Print what happened as JSON (with --headless).")
@click.option(
    "--port",
    type=click.IntRange(1, 65_535),
    default=8600,
    show_default=True,
    help="Port of the page; the next free one is taken.",
)
@click.option(
    "--rate",
    type=click.FloatRange(0, FASTEST),
    default=15.0,
    show_default=True,
    help="Plant seconds per second.",
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**32 - 1),
    default=1,
    show_default=True,
    help="Chance in the plant and in search.",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where the demonstration keeps its data.",
)
@click.option("--reset", is_flag=True, help="Begin again from the first morning.")
@click.option(
    "--hours",
    type=click.IntRange(min=1),
    default=24,
    show_default=True,
    help="Plant hours to follow (with --headless).",
)
def demo(
    headless: bool,
    as_json: bool,
    port: int,
    rate: float,
    seed: int,
    data: Path | None,
    reset: bool,
    hours: int,
) -> None:
    """Open a plant that is already running, and break it."""
    from linewright.cli.demonstration import data_folder

    if as_json and not headless:
        raise click.UsageError("--json goes with --headless: a page has nothing to print.")
    with data_folder(data, kept=not headless, reset=reset) as folder:
        if headless:
            from linewright.cli.headless import drive, told

            report = drive(folder, port=port, rate=rate, seed=seed, hours=hours, quiet=as_json)
            click.echo(json.dumps(report, indent=1) if as_json else told(report))
        else:
            _open(folder, port=port, rate=rate, seed=seed)


def _open(folder: Path, *, port: int, rate: float, seed: int) -> None:
    from linewright.cli.demonstration import running

    with running(folder, port=port, rate=rate, seed=seed) as (address, room):
        click.echo("")
        click.echo(f"  The plant is running: {address}")
        click.echo("")
        click.echo("  Break a machine on the page and see what can be done about it. Ctrl-C ends it;")
        click.echo(f"  what happened is kept in {folder} (linewright demo --reset begins again).")
        threading.Thread(target=_tell_warm, args=(room,), daemon=True).start()
        stop = threading.Event()
        signal.signal(signal.SIGTERM, lambda *_: stop.set())
        with suppress(KeyboardInterrupt):
            while not stop.wait(0.5):
                pass
        click.echo("\nStopping.")


def _tell_warm(room: ControlRoom) -> None:
    """Say so when compiling the kernels takes a while, and when it is done."""
    began = time.monotonic()
    told = False
    while room.warm_s is None:
        if not told and time.monotonic() - began > 3:
            told = True
            click.echo("  Compiling search and simulation, once: the first alternatives come in a minute.")
        time.sleep(0.5)
    if told:
        click.echo(f"  Compiled in {time.monotonic() - began:.0f} s; from now on they come in seconds.")
