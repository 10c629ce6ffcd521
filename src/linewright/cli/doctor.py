"""`linewright doctor` and `linewright warmup`."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import sys
import time
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from linewright.settings import Settings

PARTS = (
    ("numba", "numba", "search and simulation", "nothing works without it: pip install linewright"),
    ("ortools", "ortools", "peer in benchmarks", "only needed to compare: pip install 'linewright[dev]'"),
    ("asyncua", "asyncua", "the OPC UA door", "no live plant can be connected"),
    ("fastapi", "fastapi", "the console", "linewright serve and demo cannot start"),
    ("psycopg", "psycopg", "event store on PostgreSQL", "SQLite is used: pip install 'linewright[cluster]'"),
    (
        "torch",
        "torch",
        "training of models",
        "shipped models run, none is trained: pip install torch==2.13.0",
    ),
    (
        "playwright",
        "playwright",
        "browser tests",
        "only needed to test the console: pip install 'linewright[dev]'",
    ),
)


@click.command()
def doctor() -> None:
    """Say what is installed, what is missing and what that costs."""
    import linewright

    click.echo(
        f"linewright {linewright.__version__}  python {platform.python_version()}  {platform.platform()}"
    )
    click.echo(f"cores {os.cpu_count()}  installed in {Path(linewright.__file__).parent}")
    for module, distribution, purpose, cost in PARTS:
        if importlib.util.find_spec(module) is None:
            click.echo(f"  missing  {distribution:<12} {purpose}: {cost}")
        else:
            click.echo(f"  ok       {distribution:<12} {metadata.version(distribution):<10} {purpose}")
    static = Path(linewright.__file__).parent / "serve" / "static" / "index.html"
    if static.exists():
        click.echo(f"  ok       {'console':<12} {'built':<10} the page")
    else:
        click.echo(
            f"  missing  {'console':<12} the page was not built: pip install . builds it with its own Node"
        )
    for program, purpose in (("chromium", "browser tests"),):
        path = shutil.which(program)
        click.echo(f"  {'ok      ' if path else 'missing '} {program:<12} {path or purpose + ' are skipped'}")
    from linewright.settings import Settings

    settings = Settings()
    writable = os.access(next(p for p in (settings.data, *settings.data.parents) if p.exists()), os.W_OK)
    click.echo(f"  {'ok      ' if writable else 'problem '} {'data':<12} {settings.data}")
    if not writable:
        click.echo("           it cannot be written. Maybe set LINEWRIGHT_DATA_DIR to a folder that can.")
        sys.exit(2)
    _plant(settings)


def _plant(settings: Settings) -> None:
    """Where approved plans go, and what waits to go there."""
    from linewright.events.outbox import State
    from linewright.events.store import EventStore

    if settings.endpoint:
        click.echo(f"  ok       {'plant':<12} {settings.endpoint}")
    else:
        click.echo(
            f"  missing  {'plant':<12} approved plans are recorded and not written to machines:"
            " set LINEWRIGHT_ENDPOINT"
        )
    file = settings.data / "events.sqlite"
    if not settings.store and not file.exists():
        return
    with EventStore.open(settings.store or file) as store:
        counts = store.command_counts()
    waiting = counts.get(State.PENDING, 0) + counts.get(State.DELIVERING, 0)
    if waiting:
        why = "the plant to answer" if settings.endpoint else "no plant connected"
        click.echo(f"  waiting  {'job orders':<12} {waiting:<10} {why}")


@click.command()
def warmup() -> None:
    """Compile the kernels once, so that first answers are fast."""
    from linewright.warmup import warm

    began = time.perf_counter()
    for step in warm():
        click.echo(f"  {step}")
    click.echo(f"ready in {time.perf_counter() - began:.1f} s")
