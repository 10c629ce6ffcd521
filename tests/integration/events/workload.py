"""A small plant's day on an event store, the same however often it is killed and started again.

`python workload.py STORE EFFECTS HOUR`: facts come in, plans are approved, commands are delivered to a
target that notes each effect once in EFFECTS. HOUR moves the clock past the leases of a killed run.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from linewright.events.outbox import Command, Intent, State
from linewright.events.store import EventStore
from linewright.events.vocabulary import (
    DispatchAcknowledged,
    DispatchFailed,
    EquipmentStateChanged,
    Event,
    ScheduleApproved,
    event,
)

START = datetime(2026, 3, 2, tzinfo=UTC)
DOOR = "opcua:test"
STEPS = 9
CLOSED = (State.DONE, State.FAILED)


def main(where: str, effects: Path, hour: int) -> None:
    now = START + timedelta(hours=hour)
    with EventStore.open(where) as store:
        for step in range(store.offset("source"), STEPS):
            receive(store, step)
            deliver(store, effects, now, until=2 * (step + 1))
        deliver(store, effects, now, until=10**6)
        store.commit_offset("worker", store.last_position())


def receive(store: EventStore, step: int) -> None:
    """Two facts a step, and at every third an approved plan that replaces what was not delivered.

    The offset moves only when the commands due in the step before are out, so that a run started again
    repeats the step it died in.
    """
    facts: list[Event] = [
        event(
            EquipmentStateChanged(machine=f"M{number}", state="down" if step % 2 else "running"),
            source="test",
            time=START + timedelta(minutes=step),
            key=f"{step}/{number}",
        )
        for number in range(2)
    ]
    intents: list[Intent] = []
    version = step // 3 + 1
    if step % 3 == 0:
        approved = event(
            ScheduleApproved(proposal=f"p{version}", scenario="s", plan_version=version, by="ada"),
            source="linewright",
            time=START,
            key=str(version),
        )
        facts.append(approved)
        intents = [
            Intent(
                DOOR, "store", f"v{version}/{number}", {"n": number}, version, approved.id, f"M{number % 4}"
            )
            for number in range(8)
        ]
    store.append(facts, outbox=intents, supersede=(version, DOOR) if intents else None)


def deliver(store: EventStore, effects: Path, now: datetime, until: int) -> None:
    """Deliver until so many commands are closed, or none is left."""
    while len(store.commands(states=CLOSED)) < until:
        commands = store.claim(DOOR, 1, now, lease_s=60)
        if not commands:
            break
        carry_out(store, commands[0], effects, now)
    step = store.offset("source")
    if step < STEPS:
        store.append([], offset=("source", step + 1))


def carry_out(store: EventStore, command: Command, effects: Path, now: datetime) -> None:
    if command.key.endswith("/5"):
        body = DispatchFailed(command=command.key, target=DOOR, reason="refused")
        store.fail(command.id, "refused", [event(body, source="linewright", time=START, key=command.key)])
        return
    if command.key.endswith("/2") and not command.error:
        store.retry(command.id, now, "no answer")
        return
    if command.key not in effects.read_text().split():  # the target knows the key
        with effects.open("a") as file:
            file.write(command.key + "\n")
    body = DispatchAcknowledged(command=command.key, target=DOOR)
    store.acknowledge(
        command.id, {"key": command.key}, [event(body, source="linewright", time=START, key=command.key)]
    )


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
