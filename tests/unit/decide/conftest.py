"""A small plant in the middle of its first plan, and one generation of alternatives for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from linewright.decide.effort import Effort
from linewright.decide.generate import Alternatives, generate
from linewright.plant.disruption import MachineDown, apply
from linewright.plant.generate import SMALL, generate_state
from linewright.plant.generate import generate as facility
from linewright.plant.history import state_at
from linewright.plant.plan import PlantState
from linewright.plant.records import Plant
from linewright.schedule.opening import planned
from linewright.warmup import warm

EFFORT = Effort(scenarios=8, seconds=None, moves=400, threads=1, seed=3)


@dataclass(frozen=True)
class Shop:
    """A plant, its state some hours in, and the machine that is about to break."""

    plant: Plant
    state: PlantState
    machine: str

    @property
    def down(self) -> MachineDown:
        return MachineDown(self.machine, self.state.at + timedelta(hours=6))


@pytest.fixture(scope="session")
def shop() -> Shop:
    for _ in warm():  # no test waits for the compiler
        pass
    plant = facility(SMALL, seed=5)
    state = planned(plant, generate_state(plant))
    begin = min(a.setup_start for a in state.plan.assignments)
    soon = next(  # what is about to begin when the machine breaks is frozen
        a
        for a in sorted(state.plan.assignments, key=lambda a: a.setup_start)
        if a.setup_start >= begin + timedelta(hours=2)
    )
    state = state_at(plant, state, (), soon.setup_start - timedelta(minutes=5))
    later = [a for a in state.plan.assignments if a.setup_start > state.at + timedelta(hours=1)]
    load = {m.id: sum(a.machine == m.id for a in later) for m in plant.machines if m.id != soon.machine}
    return Shop(plant, state, max(load, key=lambda machine: load[machine]))


@pytest.fixture(scope="session")
def found(shop: Shop) -> Alternatives:
    return generate(shop.plant, apply(shop.plant, shop.state, shop.down), effort=EFFORT)


@pytest.fixture
def now(shop: Shop) -> datetime:
    return shop.state.at
