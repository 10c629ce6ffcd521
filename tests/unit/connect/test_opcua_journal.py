"""How the door reads a plant's journal: what was missed, what cannot be read, a plant that does not stay."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest

from linewright.connect.door import Checkpoint
from linewright.connect.opcua import door as door_module
from linewright.connect.opcua.door import OpcUaDoor, _Page
from linewright.connect.opcua.security import Security
from linewright.errors import ConnectionFailed

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def entry(sequence, body=None):
    body = body or {"type": "equipment.state_changed", "machine": f"M{sequence}", "state": "idle"}
    time = (NOON + timedelta(minutes=sequence)).isoformat()
    return json.dumps({"sequence": sequence, "time": time, "body": body})


class Plant(OpcUaDoor):
    """A door to a journal in memory: `kept`, whole from `first` on; `last`: the newest when none is kept."""

    def __init__(self, kept, *, first=1, last=0, journal="j", page=3):
        super().__init__("opc.tcp://plant", "demo", Security.none())
        self.kept, self.first, self.last = {n: entry(n) for n in kept}, first, last
        self.journal, self.page = journal, page

    async def _page(self, after):
        self._pages += 1
        entries = [self.kept[n] for n in sorted(self.kept) if n > after][: self.page]
        return _Page(self.journal, self.first, max(self.kept, default=self.last), entries)

    def read_all(self, checkpoint=Checkpoint()):  # noqa: B008
        """Every event after a checkpoint, one of an id as a store keeps them, and the checkpoint behind."""

        async def scenario(checkpoint):
            found, more = {}, True
            while more:
                events, checkpoint, more = await self._read(checkpoint)
                for event in events:
                    found.setdefault(event.id, event)
            return list(found.values()), checkpoint

        return asyncio.run(scenario(checkpoint))


def told(events):
    """Gaps by their reason, other events by their id."""
    return [getattr(event.body, "reason", "") or event.id for event in events]


def test_entries_become_events_and_checkpoints():
    events, behind = Plant(range(1, 8)).read_all()
    assert told(events) == [f"j:{n}" for n in range(1, 8)]
    assert (behind, behind.time) == (Checkpoint("j", 7), NOON + timedelta(minutes=7))
    assert Plant(range(1, 8)).read_all(behind)[0] == []


def test_who_was_away_too_long_is_told_once_and_gets_what_is_left():
    plant = Plant([2, 3, 5, 8, 13, *range(20, 26)], first=20)
    events, behind = plant.read_all(Checkpoint("j", 3, NOON))
    gap = "the plant's journal is whole from 20 on, 4 was next"
    assert told(events) == [gap, "j:5", "j:8", "j:13", *(f"j:{n}" for n in range(20, 26))]
    assert events[0].body.start == NOON
    assert events[0].body.end > NOON
    assert behind == Checkpoint("j", 25)


def test_a_journal_of_which_nothing_is_left_is_passed_over_once():
    plant = Plant([], first=10, last=9)
    events, behind = plant.read_all(Checkpoint("j", 4))
    assert told(events) == ["the plant's journal is whole from 10 on, 5 was next"]
    assert behind == Checkpoint("j", 9)
    assert plant.read_all(behind)[0] == []


def test_another_journal_is_read_from_its_start():
    events, behind = Plant(range(1, 4), journal="new").read_all(Checkpoint("old", 7))
    assert told(events) == ["the plant keeps another journal than before", "new:1", "new:2", "new:3"]
    assert behind == Checkpoint("new", 3)


def test_numbers_given_a_second_time_are_not_taken_for_the_entries_that_had_them_first():
    restored = Plant(range(1, 6))
    events, behind = restored.read_all(Checkpoint("j", 8))
    assert told(events) == ["the plant's journal ends at 5, 8 was received"]
    restored.kept |= {6: entry(6), 7: entry(7)}
    events, behind = restored.read_all(behind)
    assert told(events) == ["j~8:6", "j~8:7"]
    assert Checkpoint.after(events[-1].id) == behind
    assert Plant(range(1, 9)).read_all(behind)[0][0].id == "j~8:8"
    # and once more
    events, behind = Plant(range(1, 7)).read_all(behind)
    assert behind == Checkpoint("j~8~7", 6)


@pytest.mark.parametrize("body", [{"type": "robot.danced"}, {"type": "equipment.state_changed", "state": 3}])
def test_an_entry_that_cannot_be_read_is_a_gap_and_the_next_is_read(body):
    plant = Plant(range(1, 4))
    plant.kept[2] = entry(2, body)
    events, behind = plant.read_all()
    assert told(events)[0::2] == ["j:1", "j:3"]
    assert "entry 2 of the plant's journal cannot be read" in events[1].body.reason
    assert "upgrade" in events[1].body.reason
    assert behind == Checkpoint("j", 3)
    assert plant.read_all()[0][1].id == events[1].id


def test_what_is_no_entry_at_all_is_said_with_its_place():
    plant = Plant(range(1, 4))
    plant.kept[3] = "good morning"
    with pytest.raises(ConnectionFailed, match=r"opc\.tcp://plant: what follows entry 2 of the journal"):
        plant.read_all()


class Flaky(Plant):
    """A plant to which one can connect, and whose journal fails from the first or from a later page on."""

    def __init__(self, pages):
        super().__init__([1])
        self.good, self.attempts = pages, 0

    @property
    def connected(self):
        return False

    async def connect(self):
        self.attempts += 1

    async def close(self):
        pass

    async def _page(self, after):
        if self._pages >= self.good:
            raise ConnectionFailed("opc.tcp://plant: no journal")
        return await super()._page(after)


def follow(plant, monkeypatch, attempts):
    """What a plant that does not stay delivers, and how long is waited between the attempts."""
    waits, delivered = [], []
    ran = [0.0]
    monkeypatch.setattr(door_module, "monotonic", lambda: ran[0])

    async def sleep(seconds):
        waits.append(seconds)
        ran[0] += seconds
        if len(waits) == attempts:
            raise asyncio.CancelledError

    async def take(events, _checkpoint):
        delivered.extend(event.type for event in events)

    async def scenario():
        monkeypatch.setattr(door_module.asyncio, "sleep", sleep)
        with suppress(asyncio.CancelledError):
            await plant.run(take, Checkpoint())

    asyncio.run(scenario())
    return waits, delivered


def test_a_plant_that_answers_but_cannot_be_read_is_asked_ever_less_often(monkeypatch, caplog):
    waits, delivered = follow(Flaky(0), monkeypatch, 60)
    assert delivered == []  # no log full of connections that were none
    assert waits[0] == 0.2
    assert waits == sorted(waits)
    assert waits[-1] == 3.0
    assert sum(wait < 0.5 for wait in waits) > 10  # quick while it may be starting
    assert [record.message for record in caplog.records] == ["opc.tcp://plant: no journal"]


def test_a_lost_connection_is_told_and_taken_up_again_soon(monkeypatch):
    waits, delivered = follow(Flaky(1), monkeypatch, 3)
    assert delivered == ["connector.connected", "equipment.state_changed", "connector.lost"]
    assert waits[0] == 0.2
