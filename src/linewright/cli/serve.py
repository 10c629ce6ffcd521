"""`linewright serve`: the console and the decision loop for a plant."""

from __future__ import annotations

from pathlib import Path

import click


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
    recorded and nothing is written to machines. Every option is also an environment variable
    LINEWRIGHT_…, like LINEWRIGHT_ENDPOINT.
    """
    import uvicorn

    from linewright.bootstrap import ControlRoom
    from linewright.settings import Settings

    settings = Settings(**{name: value for name, value in given.items() if value is not None})
    room = ControlRoom.open(plant_folder, settings)
    click.echo(f"{room.plant.name or room.plant.id}: http://{settings.host}:{settings.port}")
    uvicorn.run(room.app(), host=settings.host, port=settings.port, log_level="warning")
