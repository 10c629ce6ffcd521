"""`linewright-plant`: a plant folder, run in accelerated time and reached by OPC UA."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from linewright.demo.clock import LARGEST_RATE
from linewright.errors import LinewrightError

if TYPE_CHECKING:
    from linewright.demo.process import PlantProcess


def _address(_context: click.Context, _option: click.Parameter, value: str) -> str:
    parts = urlsplit(value)
    with suppress(ValueError):
        if parts.scheme == "opc.tcp" and parts.hostname and parts.port:
            return value
    raise click.BadParameter(f"{value!r} is no address. Maybe opc.tcp://127.0.0.1:4840/linewright.")


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--endpoint",
    default="opc.tcp://127.0.0.1:4840/linewright",
    show_default=True,
    callback=_address,
    help="Address to serve.",
)
@click.option(
    "--rate",
    type=click.FloatRange(0, LARGEST_RATE),
    default=15.0,
    show_default=True,
    help="Plant seconds a second; 0 stands still. A plant that was running keeps its rate unless given.",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Folder for what the plant remembers; a plant started again on it goes on where it was.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="Seed of chance on the shop floor.")
@click.option(
    "--security",
    type=click.Choice(["none", "sign-and-encrypt"]),
    default="none",
    show_default=True,
    help="none: for this machine only. sign-and-encrypt: certificates are in DATA/pki.",
)
@click.option("--parent", type=int, help="Id of the process that started it: end when that has ended.")
@click.pass_context
def main(
    context: click.Context,
    folder: Path,
    endpoint: str,
    rate: float,
    data: Path,
    seed: int,
    security: str,
    parent: int | None,
) -> None:
    """Run the plant in FOLDER and serve it by OPC UA."""
    logging.basicConfig(level=logging.WARNING, format="linewright-plant: %(message)s")
    logging.getLogger("asyncua").setLevel(logging.CRITICAL)
    given = context.get_parameter_source("rate") is not click.core.ParameterSource.DEFAULT
    try:
        asyncio.run(_run(folder, endpoint, rate, given, data, seed, security, parent))
    except LinewrightError as error:
        click.echo(str(error), err=True)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


async def _run(
    folder: Path,
    endpoint: str,
    rate: float,
    rate_given: bool,
    data: Path,
    seed: int,
    security: str,
    parent: int | None,
) -> None:
    from linewright.demo.memory import Memory
    from linewright.demo.opening import open_floor
    from linewright.demo.process import PlantProcess
    from linewright.plant.folder import read_plant

    plant, state = read_plant(folder)
    memory = Memory(data / "plant.sqlite")
    try:
        if memory.fresh or rate_given:
            memory.rate = rate
        floor = open_floor(plant, state, memory, seed)
        process = PlantProcess(floor, endpoint, data / "pki" if security != "none" else None)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            with suppress(NotImplementedError):
                loop.add_signal_handler(number, process.stop)
        await process.start()
        click.echo(f"{plant.name or plant.id} serves {endpoint}")
        sys.stdout.flush()
        watch = asyncio.create_task(_end_with(parent, process)) if parent is not None else None
        await process.run()
        if watch is not None:
            watch.cancel()
    finally:
        memory.close()


async def _end_with(parent: int, process: PlantProcess) -> None:
    """Stop the plant when its parent is gone, be it before this begins to look."""
    while os.getppid() == parent:
        await asyncio.sleep(0.3)
    process.stop()


if __name__ == "__main__":
    main()
