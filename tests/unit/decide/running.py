"""A running loop over a real store, on a shop floor that answers as it is told to."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from linewright.connect.door import JobState, Receipt
from linewright.decide.dispatch import Dispatcher
from linewright.decide.loop import DecisionLoop
from linewright.decide.model import ControlsRecord, Proposal, ScenarioOperation
from linewright.errors import ConnectionFailed
from linewright.events.store import EventStore
from linewright.events.vocabulary import (
    AnyBody,
    EquipmentStateChanged,
    Event,
    JobOrderCompleted,
    event,
)
from linewright.plant.plan import job_order_id

from .conftest import EFFORT, Shop

TARGET = "opcua:test"


class Clock:
    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at


class FakeDoor:
    """A shop floor that answers as it is told to."""

    def __init__(self) -> None:
        self.connected = True
        self.effects: dict[str, list[Mapping[str, Any]]] = {}
        self.answer: Callable[[str], Receipt] = lambda job: Receipt("done")
        self.lose_answers = 0

    async def send(self, write: Any) -> Receipt:
        job = write.payload["job_order"]
        held = write.kind == "job_order.store_and_start" and job in self.effects
        receipt = Receipt("refused", "it is held already") if held else self.answer(job)
        if receipt.outcome == "done":
            self.effects.setdefault(job, []).append(write.payload)
        if self.lose_answers:
            self.lose_answers -= 1
            raise ConnectionFailed("the answer was lost")
        return receipt

    async def read_back(self, job_order: str) -> JobState | None:
        held = self.effects.get(job_order)
        if not held:
            return None
        last = held[-1]
        return JobState(
            job_order,
            "AllowedToStart",
            last["plan_version"],
            last["machine"],
            last["operator"],
            datetime.fromisoformat(last["setup_start"]),
        )


class Running:
    def __init__(self, shop: Shop, store: EventStore, after: timedelta = timedelta()) -> None:
        self.shop, self.store, self.clock = shop, store, Clock(shop.state.at + after)
        self.told: list[str] = []
        self.loop = DecisionLoop(
            shop.plant,
            shop.state,
            store,
            clock=self.clock,
            effort=EFFORT,
            target=TARGET,
            publish=lambda kind, payload: self.told.append(kind),
        )
        self.door = FakeDoor()
        self.dispatcher = Dispatcher(store, self.door, target=TARGET, clock=self.clock)  # type: ignore[arg-type]
        self.loop.start()

    def happen(self, body: AnyBody, *, key: str = "", minutes: float = 0) -> Event:
        self.clock.at += timedelta(minutes=minutes)
        happened = event(body, source="opcua:test", time=self.clock.at, key=key)
        (position,) = self.store.append([happened]).positions
        self.wait(lambda: self.loop.position >= self.store.last_position())
        return msgspec.structs.replace(happened, position=position)

    def complete(self, row: ScenarioOperation, version: int, late: timedelta = timedelta()) -> None:
        """An operation ends on its machine, `late`."""
        self.clock.at = max(self.clock.at, row.end + late)
        self.store.append([self.completed(row, version, late)])
        self.wait(lambda: self.loop.position >= self.store.last_position())

    def completed(self, row: ScenarioOperation, version: int, late: timedelta = timedelta()) -> Event:
        job = job_order_id(row.order, row.operation)
        body = JobOrderCompleted(
            job_order=job,
            machine=row.machine,
            operator=row.operator,
            setup_start=row.setup_start + late,
            run_start=row.start + late,
            end=row.end + late,
            good=1,
            plan_version=version,
        )
        return event(body, source="opcua:test", time=row.end + late, key=job)

    def break_machine(self) -> Proposal:
        self.happen(
            EquipmentStateChanged(
                machine=self.shop.machine,
                state="down",
                expected_end=self.clock.at + timedelta(hours=6),
                reason="spindle",
            )
        )
        return self.wait(self.open_proposal)

    def next_proposal(self) -> Proposal:
        """Alternatives from now, for the disruption known already."""
        last = next(reversed(self.loop.agenda.proposals))
        new = self.loop.regenerate(last, ControlsRecord())
        found: Proposal = self.wait(lambda: (p := self.open_proposal()) and p.id == new and p)
        return found

    def declare_rush(self) -> Proposal:
        due = self.clock.at + timedelta(days=3)
        order = {"id": "RUSH", "part": self.shop.plant.parts[0].id, "quantity": 5, "due": due.isoformat()}
        self.loop.declare({"kind": "rush_order", "order": order})
        proposal: Proposal = self.wait(self.open_proposal)
        return proposal

    def open_proposal(self) -> Proposal | None:
        for entry in self.loop.agenda.proposals.values():
            if entry.status == "open":
                return self.loop.proposal(entry.id)
        return None

    def deliver(self) -> None:
        async def all_of_it() -> None:
            while await self.dispatcher.once():
                pass

        asyncio.run(all_of_it())

    def wait(self, condition: Callable[[], Any], seconds: float = 30) -> Any:
        deadline = time.monotonic() + seconds
        while not (value := condition()):
            assert time.monotonic() < deadline, "waited in vain"
            threading.Event().wait(0.01)
        return value
