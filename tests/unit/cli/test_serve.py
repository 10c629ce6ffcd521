"""`linewright serve`: what it refuses before it does anything, and how it ends."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2 as httpx
import pytest

from linewright.events.store import EventStore
from linewright.events.vocabulary import ConnectorLost, event
from linewright.plant.folder import read_plant
from linewright.plant.folder_write import write_plant
from linewright.plant.generate import SMALL, generate, generate_state
from linewright.schedule.opening import planned


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plant") / "small"
    made = generate(SMALL, seed=5)
    write_plant(folder, made, planned(made, generate_state(made)))
    return folder


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(*arguments: object) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "linewright", "serve", *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def refused(*arguments: object) -> str:
    """What it says, where that is one message and exit code 2."""
    with serving(*arguments) as process:
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (2, ""), err
    assert err.startswith("linewright: ")
    assert "Traceback" not in err
    return err


def test_a_port_somebody_listens_on_is_said_before_the_store_is_made(plant: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        said = refused(plant, "--data", tmp_path / "data", "--port", number)
    assert f"127.0.0.1, port {number}" in said
    assert "another --port" in said
    assert not (tmp_path / "data").exists()


def test_a_folder_that_cannot_hold_the_store_is_named(plant: Path, tmp_path: Path, port: int) -> None:
    (tmp_path / "data").write_text("a file")
    said = refused(plant, "--data", tmp_path / "data", "--port", port)
    assert str(tmp_path / "data") in said
    assert "Maybe" in said


def test_the_store_of_another_plant_is_refused(plant: Path, tmp_path: Path, port: int) -> None:
    with EventStore.open(tmp_path / "events.sqlite", facility="bern") as store:
        at = read_plant(plant)[1].at
        store.append([event(ConnectorLost(connector="c", endpoint="e"), source="opcua:bern", time=at)])
    assert "plant bern" in refused(plant, "--data", tmp_path, "--port", port)


def test_a_log_that_cannot_be_read_is_said_without_a_traceback(
    plant: Path, tmp_path: Path, port: int
) -> None:
    with EventStore.open(tmp_path / "events.sqlite") as store:
        at = read_plant(plant)[1].at
        store.append([event(ConnectorLost(connector="c", endpoint="e"), source="opcua:x", time=at)])
        with store._database.engine.connect() as connection:
            connection.exec_driver_sql('UPDATE event SET body = \'{"type":"robot.danced"}\'')
    said = refused(plant, "--data", tmp_path, "--port", port)
    assert "position 1" in said
    assert "newer Linewright" in said


def test_it_serves_until_it_is_told_to_end(plant: Path, tmp_path: Path, port: int) -> None:
    with serving(plant, "--data", tmp_path, "--port", port) as process:
        deadline = time.monotonic() + 60
        while True:
            try:
                assert httpx.get(f"http://127.0.0.1:{port}/api/health", timeout=10).status_code == 200
                break
            except httpx.TransportError:
                assert process.poll() is None and time.monotonic() < deadline
                time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    assert f"http://127.0.0.1:{port}" in out
