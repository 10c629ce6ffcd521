"""`linewright serve`: the console and the decision loop for a plant."""

from __future__ import annotations

import signal
import socket
from contextlib import suppress
from pathlib import Path

import click

from linewright.errors import ConnectionFailed


@click.command()
@click.argument("plant_folder", metavar="PLANT", type=click.Path(path_type=Path))
@click.option("--endpoint", help="OPC UA endpoint of the plant, like opc.tcp://10.0.0.5:4840.")
@click.option("--store", help="Event store: a path or postgresql://… (default: SQLite in --data).")
@click.option("--data", type=click.Path(path_type=Path), help="Folder for the event store.")
@click.option("--host", help="Address to listen on (default 127.0.0.1).")
@click.option("--port", type=int, help="Port to listen on (default 8600).")
@click.option("--scenarios", type=int, help="Alternatives to generate (default 50).")
@click.option("--seconds", type=float, help="Time for a generation (default 4).")
def serve(plant_folder: Path, **given: object) -> None:
    """Run the console and the decision loop for a plant.

    Without --endpoint there is no live plant: disruptions are declared on the page, approved plans are
    recorded, and the job orders of the newest wait until a plant is connected. Every option is also an
    environment variable LINEWRIGHT_…, like LINEWRIGHT_ENDPOINT.
    """
    import uvicorn

    from linewright.bootstrap import ControlRoom
    from linewright.settings import Settings

    settings = Settings(**{name: value for name, value in given.items() if value is not None})
    with _listening(settings.host, settings.port) as page, ControlRoom.open(plant_folder, settings) as room:
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        click.echo(f"{room.plant.name or room.plant.id}: http://{host}:{settings.port}")
        server = uvicorn.Server(uvicorn.Config(room.app(), log_level="warning"))
        signal.signal(signal.SIGTERM, lambda *_: None)  # the server ends by it, and then all else in order
        with suppress(KeyboardInterrupt):
            server.run(sockets=[page])


def _listening(host: str, port: int) -> socket.socket:
    """A socket for the page, open before anything is done for a plant. Raises ConnectionFailed."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise ConnectionFailed(
            f"no page can be served at {host}, port {port}: {error.strerror or error}. "
            "Maybe another program listens there: give another --port, or another --host."
        ) from error
