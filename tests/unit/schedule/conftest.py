"""Problems to search: small complete facilities, as built and in the middle of a disruption."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from linewright.plant.arrays import SchedulingProblem
from linewright.plant.build import build
from linewright.plant.disruption import MachineDown, RushOrder, apply
from linewright.plant.generate import SMALL, FacilitySpec, generate, generate_state
from linewright.plant.history import state_at
from linewright.plant.plan import PlantState
from linewright.plant.records import Plant
from linewright.schedule.opening import planned


@pytest.fixture(scope="session")
def facility() -> Callable[..., tuple[Plant, PlantState]]:
    """A made-up facility with a plan in force."""
    known: dict[tuple[FacilitySpec, int], tuple[Plant, PlantState]] = {}

    def make(spec: FacilitySpec = SMALL, seed: int = 1) -> tuple[Plant, PlantState]:
        if (spec, seed) not in known:
            plant = generate(spec, seed)
            known[spec, seed] = plant, planned(plant, generate_state(plant))
        return known[spec, seed]

    return make


@pytest.fixture(scope="session")
def disrupted(facility: Callable[..., tuple[Plant, PlantState]]) -> Callable[..., SchedulingProblem]:
    """A facility some time into its plan, with a machine down and maybe a rush order."""

    def make(
        spec: FacilitySpec = SMALL, seed: int = 1, hours: float = 5, rush: bool = False
    ) -> SchedulingProblem:
        plant, state = facility(spec, seed)
        now = state_at(plant, state, (), state.at + timedelta(hours=hours))
        now = apply(plant, now, MachineDown(plant.machines[0].id, now.at + timedelta(hours=6)))
        if rush:
            like = plant.orders[0]
            new = replace(like, id="RUSH", release=now.at, due=now.at + timedelta(days=1), priority=8.0)
            now = apply(plant, now, RushOrder(new))
        return build(plant, now)

    return make
