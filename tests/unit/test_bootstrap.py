"""How store, door and loop are wired together."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from linewright import bootstrap
from linewright.bootstrap import ControlRoom
from linewright.connect.door import Checkpoint
from linewright.errors import ConnectionFailed, StoreError
from linewright.events.store import EventStore
from linewright.events.vocabulary import (
    ConnectorConnected,
    DataGapDetected,
    EquipmentStateChanged,
    Event,
    event,
)
from linewright.plant.folder_write import write_plant
from linewright.plant.generate import SMALL, generate, generate_state
from linewright.settings import Settings

PLANT = generate(SMALL, seed=5)
STATE = generate_state(PLANT)
SOURCE = f"opcua:{PLANT.id}"


class FakeDoor:
    """A plant whose journal holds five entries and is delivered two at a time."""

    source, plant_id, freshness_s = SOURCE, PLANT.id, math.inf

    def __init__(self) -> None:
        self.asked: list[Checkpoint] = []

    def clock(self) -> datetime:
        return datetime(2030, 1, 1, tzinfo=UTC)

    async def run(self, on_events: Any, checkpoint: Checkpoint) -> None:
        self.asked.append(checkpoint)
        own = ConnectorConnected(connector=SOURCE, endpoint="opc.tcp://plant")
        await on_events([event(own, source=SOURCE, time=STATE.at)], checkpoint)
        for start in range(checkpoint.sequence + 1, 6, 2):
            entries = [entry(number) for number in range(start, min(start + 2, 6))]
            await on_events(entries, Checkpoint("j", start + 1))
        raise asyncio.CancelledError


def entry(number: int) -> Event:
    body = EquipmentStateChanged(machine="M01", state="idle")
    return Event(id=f"j:{number}", source=SOURCE, time=STATE.at, body=body)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EventStore]:
    with EventStore.open(tmp_path / "events.sqlite", facility=PLANT.id) as opened:
        yield opened


def room(store: EventStore, door: Any) -> ControlRoom:
    return ControlRoom(PLANT, STATE, store, door, Settings())


def listen(store: EventStore, door: FakeDoor) -> None:
    async def scenario() -> None:
        with suppress(asyncio.CancelledError):
            await room(store, door)._listen(door)  # type: ignore[arg-type]

    asyncio.run(scenario())


def test_the_plant_is_read_from_the_last_entry_that_was_committed(store: EventStore) -> None:
    own = DataGapDetected(source_id=SOURCE, start=STATE.at, end=STATE.at)
    store.append([entry(1), entry(2), event(own, source=SOURCE, time=STATE.at)])
    door = FakeDoor()
    listen(store, door)
    assert [(point.event_id, point.time) for point in door.asked] == [("j:2", STATE.at)]
    assert [item.id for item in store.read(types=["equipment.state_changed"])] == [
        f"j:{n}" for n in range(1, 6)
    ]


def test_what_a_store_could_not_take_is_read_again(
    store: EventStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    append, calls = store.append, 0

    def away(events: list[Event]) -> Any:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise StoreError("event store: disk is full.")
        return append(events)

    monkeypatch.setattr(store, "append", away)
    monkeypatch.setattr(bootstrap, "RECONNECT_S", 0.0)
    door = FakeDoor()
    listen(store, door)
    assert [point.sequence for point in door.asked] == [0, 2]
    assert [item.id for item in store.read(types=["equipment.state_changed"])] == [
        f"j:{n}" for n in range(1, 6)
    ]
    [said] = caplog.records
    assert said.exc_info is None
    assert "read again later: event store: disk is full" in said.getMessage()


def test_the_time_is_the_plants_once_it_was_heard(store: EventStore) -> None:
    door = FakeDoor()
    floor = room(store, door).floor
    assert floor.now() == STATE.at
    door.freshness_s = 0.5
    assert floor.now() == door.clock()
    assert room(store, None).floor.now() == STATE.at


def test_another_host_is_not_reached_in_the_clear_unless_that_is_said(tmp_path: Path) -> None:
    write_plant(tmp_path / "plant", PLANT, STATE)
    there = {"endpoint": "opc.tcp://10.0.0.5:4840", "data": tmp_path / "data"}
    with pytest.raises(ConnectionFailed, match=r"in the clear\. Maybe give LINEWRIGHT_OPCUA_CERTIFICATE"):
        ControlRoom.open(tmp_path / "plant", Settings(**there))
    assert not (tmp_path / "data").exists()
    with ControlRoom.open(tmp_path / "plant", Settings(**there, opcua_insecure=True)) as opened:
        assert opened.target == SOURCE
