"""Disrupted plants to plan: a facility some way into its first plan, with a machine down for a shift."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from linewright.plant.arrays import SchedulingProblem
from linewright.plant.build import build
from linewright.plant.disruption import MachineDown, apply
from linewright.plant.generate import BENCH_20X500, BENCH_100X5000, FacilitySpec, generate, generate_state
from linewright.plant.history import state_at
from linewright.plant.plan import PlantState
from linewright.plant.records import Plant
from linewright.schedule.opening import planned

DONE_SHARE = 0.12  # of the first plan's makespan has passed
DOWN_HOURS = 8.0

# sized so that about 500 (5,000) operations are left when the machine fails
PLANT_20 = replace(BENCH_20X500, orders=100, operations=660)
PLANT_100 = replace(BENCH_100X5000, orders=800, operations=6300)

FACILITIES: dict[str, tuple[FacilitySpec, int]] = {
    "job-20": (PLANT_20, 11),
    "flexible-20": (replace(PLANT_20, shop="flexible"), 12),
    "assembly-20": (replace(PLANT_20, shop="assembly"), 13),
    "flow-20-continuous": (replace(PLANT_20, shop="flow", calendars="continuous"), 14),
}


def disrupted_plant(spec: FacilitySpec, seed: int) -> tuple[Plant, PlantState]:
    """A plant some way into its first plan, at the moment at which its first machine has failed."""
    plant = generate(spec, seed)
    state = planned(plant, generate_state(plant), seed)
    begin, end = state.at, max(item.end for item in state.plan.assignments)
    now = state_at(plant, state, (), begin + DONE_SHARE * (end - begin))
    failed = MachineDown(plant.machines[0].id, now.at + timedelta(hours=DOWN_HOURS))
    return plant, apply(plant, now, failed)


def disrupted(spec: FacilitySpec, seed: int) -> SchedulingProblem:
    """The problem that is left after the first machine has failed."""
    return build(*disrupted_plant(spec, seed))
