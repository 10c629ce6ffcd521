"""The floor's memory: a process killed at any moment goes on from a state that has been."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from linewright.demo import memory as memory_module
from linewright.demo.memory import Memory
from linewright.demo.opening import open_floor
from linewright.errors import StoreError
from linewright.events.vocabulary import EquipmentStateChanged
from linewright.plant.generate import SMALL, generate

RESTLESS = replace(SMALL, cv=0.3, mtbf_h=6.0, mttr_h=1.0, scrap_rate=0.02, rework_rate=0.05)
DAYS_S = 15 * 86400


@pytest.fixture(scope="module")
def restless(any_state):
    plant = generate(RESTLESS, 2)
    return plant, any_state(plant, 2)[0]


def journal(memory):
    return memory.read(0, 10**6)


def test_a_floor_that_is_killed_again_and_again_tells_the_same_story(restless, tmp_path):
    plant, state = restless
    whole = open_floor(plant, state, Memory(), 1)
    whole.advance(DAYS_S)
    whole.memory.commit()
    path = tmp_path / "plant.sqlite"
    at = 0
    while at < DAYS_S:
        memory = Memory(path)
        floor = open_floor(plant, state, memory, 1)
        at = floor.advance(min(DAYS_S, floor.now + 70_000))
        memory.commit()
        floor.advance(at + 50_000)  # never committed: it has not happened
        memory.close()
    memory = Memory(path)
    assert journal(memory) == journal(whole.memory)
    assert memory.jobs == whole.memory.jobs
    assert memory.machines == whole.memory.machines
    assert memory.lots == whole.memory.lots


def test_what_was_asked_of_the_floor_is_remembered(restless, tmp_path):
    plant, state = restless
    path = tmp_path / "plant.sqlite"
    floor = open_floor(plant, state, Memory(path), 1)
    person = next(iter(floor.facts.people))
    floor.operator_absent(person, 5)
    until = floor.break_machine("M01", 8)
    order = floor.rush_order(next(iter(floor.facts.parts)), 3, floor.instant(90_000), 2.0)
    floor.memory.rate = 12.5
    floor.memory.commit()
    floor.memory.close()
    again = open_floor(plant, state, Memory(path), 1)
    assert not again.is_there(person)
    assert again.instant(again.memory.machines["M01"].down_until) == until
    assert again.memory.orders[order].quantity == 3
    assert again.memory.rate == 12.5
    assert not again.memory.fresh


def test_one_plant_at_a_time(tmp_path):
    path = tmp_path / "plant.sqlite"
    first = Memory(path)
    first.commit()
    with pytest.raises(StoreError, match="Maybe another plant runs"):
        Memory(path)
    first.close()


def test_a_file_that_is_no_memory_says_so(tmp_path):
    path = tmp_path / "plant.sqlite"
    path.write_text("nothing of the kind, and long enough to be looked at" * 100)
    with pytest.raises(StoreError, match=r"plant\.sqlite: cannot be used"):
        Memory(path)


def test_a_folder_that_cannot_be_made_says_so(tmp_path):
    (tmp_path / "data").write_text("a file")
    with pytest.raises(StoreError, match=r"plant\.sqlite: cannot be used as the plant's memory"):
        Memory(tmp_path / "data" / "plant.sqlite")


def test_the_memory_of_another_plant_says_so(restless, planned, tmp_path):
    plant, state = restless
    path = tmp_path / "plant.sqlite"
    first = open_floor(plant, state, Memory(path), 1)
    first.memory.commit()
    first.memory.close()
    other, other_state, _, _ = planned(replace(SMALL, machines=7), 3)
    with pytest.raises(StoreError, match="does not fit the folder of"):
        open_floor(other, other_state, Memory(path), 1)


def test_old_entries_are_pruned_and_numbers_go_on(monkeypatch, tmp_path):
    monkeypatch.setattr(memory_module, "JOURNAL_KEPT", 20)
    monkeypatch.setattr(memory_module, "_PRUNE_EVERY", 10)
    memory = Memory(tmp_path / "plant.sqlite")
    for _ in range(100):
        memory.say(datetime(2026, 3, 2, tzinfo=UTC), EquipmentStateChanged(machine="M", state="idle"))
        memory.commit()
    kept = [row[0] for row in journal(memory)]
    # the last word on the machine from before, and everything since
    assert kept == list(range(memory.first_sequence - 1, 101))
    assert 21 <= len(kept) <= 32
    memory.close()
    again = Memory(tmp_path / "plant.sqlite")
    assert (again.first_sequence, again.last_sequence) == (memory.first_sequence, 100)


def test_entries_are_read_after_a_number_up_to_a_limit(restless):
    plant, state = restless
    floor = open_floor(plant, state, Memory(), 1)
    floor.advance(86400)
    assert journal(floor.memory) == []  # not committed, not told
    floor.memory.commit()
    everything = journal(floor.memory)
    assert [row[0] for row in everything] == list(range(1, floor.memory.last_sequence + 1))
    assert floor.memory.read(3, 2) == everything[3:5]


def entered(memory, count):
    for _ in range(count):
        memory.say(datetime(2026, 3, 2, tzinfo=UTC), EquipmentStateChanged(machine="M", state="idle"))


def test_a_full_disk_is_said_and_the_memory_goes_on_when_there_is_space(tmp_path):
    memory = Memory(tmp_path / "plant.sqlite")
    memory.commit()
    full = memory._db.execute("pragma page_count").fetchone()[0]
    memory._db.execute(f"pragma max_page_count={full}")
    entered(memory, 200)
    for _ in range(2):
        with pytest.raises(StoreError, match="database or disk is full"):
            memory.commit()
    assert (journal(memory), memory.committed) == ([], 0)
    memory._db.execute("pragma max_page_count=10000")
    memory.commit()
    assert len(journal(memory)) == memory.committed == 200


def test_a_commit_that_fails_half_way_leaves_nothing_half_done(tmp_path):
    memory = Memory(tmp_path / "plant.sqlite")
    entered(memory, 3)
    memory._db.execute("alter table meta rename to hidden")
    with pytest.raises(StoreError, match="no such table: meta"):
        memory.commit()
    assert journal(memory) == []
    memory._db.execute("alter table hidden rename to meta")
    memory.commit()
    assert len(journal(memory)) == 3
