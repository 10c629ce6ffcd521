"""A real plant process on an ephemeral port, and doors to it."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from floors import free_port, with_any_plan
from linewright.connect.door import Checkpoint
from linewright.connect.opcua.door import OpcUaDoor
from linewright.connect.opcua.security import Security
from linewright.events.vocabulary import Event
from linewright.plant.folder_write import write_plant
from linewright.plant.generate import SMALL, generate

SPEC = replace(
    SMALL,
    orders=60,
    operations=400,
    people=6,
    skills=3,
    calendars="continuous",
    families=0,
    run_min=6.0,
    mtbf_h=3.0,
    mttr_h=0.2,
)
"""Short jobs and frequent failures: much happens in a few seconds."""


class RunningPlant:
    """`linewright-plant` as a process that can be killed and started again."""

    def __init__(self, folder: Path, data: Path, *options: str) -> None:
        self.folder, self.data, self.options = folder, data, options
        self.port = free_port()
        self.endpoint = f"opc.tcp://127.0.0.1:{self.port}/linewright"
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [
                sys.executable,
                *("-W", "error", "-m", "linewright.demo.plant", str(self.folder)),
                *("--endpoint", self.endpoint, "--data", str(self.data), "--seed", "1", *self.options),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if "serves" not in line:
            _, errors = self.process.communicate()
            raise RuntimeError(f"the plant did not start: {line}{errors}")

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate()

    def stop(self) -> str:
        """End it politely; what it said on stderr."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.communicate(timeout=30)[1]


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A plant folder with a plan."""
    plant = replace(generate(SPEC, 1), id="demo")
    target = tmp_path_factory.mktemp("plant") / "small"
    write_plant(target, plant, with_any_plan(plant, 1)[0])
    return target


@pytest.fixture
def start_plant(folder: Path, tmp_path: Path) -> Iterator[Callable[..., RunningPlant]]:
    """`start_plant(*options)`: a plant of its own for the test."""
    plants: list[RunningPlant] = []

    def start(*options: str, data: str = "data") -> RunningPlant:
        plants.append(RunningPlant(folder, tmp_path / data, *options))
        return plants[-1]

    yield start
    for plant in plants:
        if plant.process.poll() is None:
            plant.kill()


@pytest.fixture(scope="module")
def paused(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPlant]:
    """A plant in which time stands still, shared by the tests of a file."""
    plant = RunningPlant(folder, tmp_path_factory.mktemp("paused"), "--rate", "0")
    yield plant
    assert plant.stop() == ""


class Reader:
    """Runs a door and keeps what it delivers, as a store would: by id, with the checkpoint."""

    def __init__(self, endpoint: str, checkpoint: Checkpoint | None = None) -> None:
        self.door = OpcUaDoor(endpoint, "demo", Security.none())
        self.checkpoint = checkpoint or Checkpoint()
        self.events: list[Event] = []
        self._news = asyncio.Event()

    async def __aenter__(self) -> Reader:
        self._task = asyncio.create_task(self.door.run(self._take, self.checkpoint))
        return self

    async def __aexit__(self, *_: Any) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _take(self, events: list[Event], checkpoint: Checkpoint) -> None:
        self.events += events
        self.checkpoint = checkpoint
        self._news.set()

    async def until(self, condition: Callable[[], Any], seconds: float = 30.0) -> Any:
        """Wait until something holds."""
        end = time.monotonic() + seconds
        while not (found := condition()):
            assert time.monotonic() < end, "waited in vain"
            if self._task.done():
                self._task.result()
            await asyncio.sleep(0.02)
        return found

    def journal(self) -> list[Event]:
        """What came from the plant's journal."""
        return [event for event in self.events if Checkpoint.after(event.id)]

    def of(self, kind: str) -> list[Any]:
        return [event.body for event in self.events if event.type == kind]


@pytest.fixture
def reader() -> type[Reader]:
    return Reader
