"""What is left of the journal's old entries says how things are now."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec
import pytest

from linewright.demo import memory as memory_module
from linewright.demo.jobs import JobDesk
from linewright.demo.memory import Memory
from linewright.demo.opening import open_floor
from linewright.events.vocabulary import AnyBody, Event
from linewright.plant.generate import SMALL, generate
from linewright.twin.mirror import Mirror

RESTLESS = replace(SMALL, cv=0.3, mtbf_h=6.0, mttr_h=1.0, scrap_rate=0.02, rework_rate=0.05)
DAY_S = 86400


def day_after_day(plant: Any, state: Any, days: int) -> Memory:
    """The memory of a plant in which something is asked of the floor every day."""
    floor = open_floor(plant, state, Memory(), 1)
    people = sorted(floor.facts.people)
    desk = JobDesk(floor)
    for day in range(days):
        floor.advance(day * DAY_S)
        floor.operator_absent(people[day % len(people)], 2)
        floor.rush_order(plant.parts[0].id, 3, floor.instant((day + 5) * DAY_S), 2.0)
        floor.break_machine(sorted(floor.facts.machines)[day % 3], 1)
        stored = [job for job in floor.memory.jobs.values() if job.state == "released"]
        if stored:
            desk.abort(stored[-1].id, "no longer wanted")
            desk.settle()
        floor.memory.commit()
    return floor.memory


def events(memory: Memory) -> list[Event]:
    return [
        Event(
            id=f"{sequence}",
            source="opcua:test",
            time=datetime.fromisoformat(time),
            body=msgspec.json.decode(body, type=AnyBody),
            position=sequence,
        )
        for sequence, time, body in memory.read(0, 10**6)
    ]


def test_a_reader_that_was_away_knows_the_present_from_what_is_left(
    any_state: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant = generate(RESTLESS, 2)
    state = any_state(plant, 2)[0]
    whole = events(day_after_day(plant, state, 9))
    monkeypatch.setattr(memory_module, "JOURNAL_KEPT", 40)
    monkeypatch.setattr(memory_module, "_PRUNE_EVERY", 25)
    pruned = day_after_day(plant, state, 9)
    left = events(pruned)
    assert len(left) < 0.8 * len(whole)
    assert pruned.first_sequence > len(whole) - 40 - 25 - 200
    assert left[-40:] == whole[-40:]
    true = Mirror(plant, state)
    for event in whole:
        true.apply(event)
    for known in (0, 3, 25, len(whole) // 2, pruned.first_sequence - 10):
        reader = Mirror(plant, state)
        for event in [*whole[:known], *(event for event in left if event.position > known)]:
            reader.apply(event)
        assert reader.anomalies == true.anomalies == ()
        assert now(reader) == now(true), known


def now(mirror: Mirror) -> Any:
    """The state, less how much work is left by the clock: the next report says that."""
    state = mirror.state()
    return replace(
        state,
        progress=tuple(replace(item, remaining_s=None) for item in state.progress),
        absences=tuple(sorted(state.absences, key=repr)),
    )
