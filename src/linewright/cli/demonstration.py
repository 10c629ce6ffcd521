"""The demonstration's two processes: the plant, kept alive, and the console over it in this one."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from linewright.errors import ConnectionFailed, LinewrightError

if TYPE_CHECKING:
    from linewright.bootstrap import ControlRoom
    from linewright.settings import Settings

T = TypeVar("T")

FOLDER = Path(__file__).parent.parent / "demo" / "facility"
PLANT_PORT = 48400
PORTS = 100  # that are tried, one after the other
START_S = 90.0

LOOK_S = 0.5  # between two looks at whether the plant's process runs
RESTARTS = 5
LIVED_S = 60.0
"""A plant process that lived longer did not die of the reason for which the one before it did."""

AFTER_DEATHS = " Its words are above; maybe begin again with linewright demo --reset."


class DemoFailed(LinewrightError):
    """The demonstration did not get where it should have; the message says where it stopped."""


@contextmanager
def data_folder(data: Path | None, *, kept: bool, reset: bool) -> Iterator[Path]:
    """The folder of a demonstration: the one named, else the user's own, or one that is not `kept`."""
    if data is None and kept:
        from linewright.settings import Settings

        data = Settings().data / "demo"
    if data is None:
        with tempfile.TemporaryDirectory(prefix="linewright-demo-") as name:
            yield Path(name)
        return
    if reset and data.exists():
        _forget(data)
    try:
        data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DemoFailed(
            f"{data} cannot be used: {error.strerror}. Maybe name another with --data."
        ) from error
    yield data


def _forget(data: Path) -> None:
    """Delete what a demonstration has kept in a folder, and nothing else.

    Raises:
        DemoFailed: there are files, and they are not a demonstration's.
    """
    memory = data / "plant"
    if any(data.iterdir()) and not (memory / "plant.sqlite").is_file():
        raise DemoFailed(f"{data} does not look like a demonstration's data. Maybe name another folder.")
    shutil.rmtree(memory, ignore_errors=True)
    for file in data.glob("events.sqlite*"):
        file.unlink()


@contextmanager
def running(folder: Path, *, port: int, rate: float, seed: int) -> Iterator[tuple[str, ControlRoom]]:
    """The plant process and the console over it; yields the page's address and the console."""
    with _port(port) as http, _port(PLANT_PORT) as opc:
        endpoint = f"opc.tcp://127.0.0.1:{opc}/linewright"
        plant = _Plant(endpoint, folder / "plant", rate=rate, seed=seed)
        try:
            with _console(_settings(folder, endpoint, http, seed), plant) as room:
                yield f"http://127.0.0.1:{http}", room
        finally:
            plant.stop()


@contextmanager
def _console(settings: Settings, plant: _Plant) -> Iterator[ControlRoom]:
    """The console, from when its page is served and the plant answers."""
    import uvicorn  # here, while the plant starts on another core

    from linewright.bootstrap import ControlRoom

    with ControlRoom.open(FOLDER, settings) as room:
        server = uvicorn.Server(
            uvicorn.Config(
                room.app(), host=settings.host, port=settings.port, log_level="warning", lifespan="on"
            )
        )
        thread = threading.Thread(target=server.run, name="linewright-console", daemon=True)
        thread.start()

        def up() -> bool:
            if plant.gone is not None:
                raise DemoFailed(
                    f"the plant's process ended {plant.deaths} times, with exit code {plant.gone}."
                    + AFTER_DEATHS
                )
            if not thread.is_alive():
                raise DemoFailed("the page could not be served. Maybe the words above say why.")
            return server.started and room.floor.connected

        try:
            wait_for(up, START_S, "the plant to answer")
            yield room
        finally:
            server.should_exit = True
            thread.join(timeout=10)


def _settings(folder: Path, endpoint: str, port: int, seed: int) -> Settings:
    """The user's settings, less those that are of the user's own plant."""
    from linewright.settings import Settings

    return Settings(
        data=folder,
        store="",
        endpoint=endpoint,
        opcua_certificate=None,
        opcua_private_key=None,
        opcua_server_certificate=None,
        host="127.0.0.1",
        port=port,
        seed=seed,
    )


class _Plant:
    """The plant's process; one that dies is started again and goes on where it was."""

    def __init__(self, endpoint: str, data: Path, *, rate: float, seed: int) -> None:
        self._command = [
            *(sys.executable, "-m", "linewright.demo.plant", str(FOLDER), "--endpoint", endpoint),
            *("--parent", str(os.getpid()), "--data", str(data), "--seed", str(seed)),
        ]
        self._stopping = threading.Event()
        self._process = self._start("--rate", str(rate))
        self._started = time.monotonic()
        self.deaths = 0  # one soon after the other
        self._watch = threading.Thread(target=self._keep_alive, name="linewright-plant", daemon=True)
        self._watch.start()

    def _start(self, *options: str) -> subprocess.Popen[bytes]:
        command = [*self._command, *options]
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=2)  # to stderr

    def _keep_alive(self) -> None:
        """Start the process again when it ends, at the rate that it had."""
        while not self._stopping.wait(LOOK_S):
            code = self._process.poll()
            if code is None:
                continue
            if time.monotonic() - self._started > LIVED_S:
                self.deaths = 0
            self.deaths += 1
            if self.deaths > RESTARTS:
                click.echo(
                    f"The plant's process ended again ({code}) and is given up.{AFTER_DEATHS}", err=True
                )
                return
            click.echo(f"The plant's process ended ({code}); starting it again.", err=True)
            self._process, self._started = self._start(), time.monotonic()

    @property
    def gone(self) -> int | None:
        """Its exit code, where it has died too often to be started again."""
        return self._process.poll() if self.deaths > RESTARTS else None

    def stop(self) -> None:
        self._stopping.set()
        self._watch.join()
        self._process.terminate()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def wait_for(condition: Callable[[], T | None], seconds: float, what: str) -> T:
    """The first true value of a condition. Raises DemoFailed when it does not come in time."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise DemoFailed(f"waited {seconds:.0f} s for {what}, in vain.")
        time.sleep(0.05)


@contextmanager
def _port(first: int) -> Iterator[int]:
    """The first port from `first` on that is free, kept from other demonstrations.

    What keeps it is the UDP port of its number, which nothing else uses: the TCP port is for a process that
    is still to start, and may have to start again. Raises ConnectionFailed.
    """
    for number in range(first, min(first + PORTS, 65_536)):
        with ExitStack() as held:
            try:
                with socket.socket() as tcp:
                    tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    tcp.bind(("127.0.0.1", number))
                    held.enter_context(socket.socket(type=socket.SOCK_DGRAM)).bind(("127.0.0.1", number))
            except OSError:
                continue
            yield number
            return
    raise ConnectionFailed(f"no free port among the {PORTS} from {first} on. Maybe give another with --port.")
