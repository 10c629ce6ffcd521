"""Small plants with a plan, and floors that run them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from floors import with_any_plan
from linewright.demo.memory import Memory
from linewright.demo.opening import open_floor
from linewright.plant.arrays import SchedulingProblem, Times
from linewright.plant.generate import SMALL, FacilitySpec, generate
from linewright.plant.plan import PlantState
from linewright.plant.records import Plant


@pytest.fixture(scope="session")
def any_state() -> Callable[..., tuple[PlantState, SchedulingProblem, Times]]:
    return with_any_plan


@pytest.fixture
def planned() -> Callable[..., tuple[Plant, PlantState, SchedulingProblem, Times]]:
    """`planned(spec, seed)`: a made-up plant, its state with a plan, its problem and the plan's times."""

    def make(spec: FacilitySpec, seed: int) -> tuple[Plant, PlantState, SchedulingProblem, Times]:
        plant = generate(spec, seed)
        return plant, *with_any_plan(plant, seed)

    return make


@pytest.fixture
def floor_of(planned: Any) -> Callable[..., Any]:
    """`floor_of(spec, seed)`: a floor in memory on its first morning."""

    def make(spec: FacilitySpec = SMALL, seed: int = 1) -> Any:
        plant, state, _, _ = planned(spec, seed)
        return open_floor(plant, state, Memory(), seed)

    return make
