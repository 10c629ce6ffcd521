"""The smallest repair: few operations move, and only as far as the plan has room."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from random import Random

import numpy as np
import pytest

from linewright.plant.arrays import STARTED, PlanArrays, ProblemArrays
from linewright.plant.build import build
from linewright.plant.generate import FacilitySpec
from linewright.plant.history import state_at
from linewright.plant.plan import PlantState
from linewright.plant.records import Plant
from linewright.plant.timing import decode, objectives
from linewright.schedule import current_plan, keep
from linewright.schedule.context import context
from linewright.schedule.repair import PATIENCE_S, repairs
from linewright.schedule.rules import held_until
from naive import decode as naive_decode
from naive import random_problem
from schedules import MakeProblem, flaws, wrap

SPEC = FacilitySpec(machines=8, people=8, orders=20, operations=120, skills=3)


def held(p: ProblemArrays, plan: PlanArrays) -> np.ndarray:
    until = held_until(p, context(p), plan.sequence, plan.alternative, 1)
    return objectives(p, plan, decode(p, plan, until))


def test_nothing_moves_where_nothing_happened(facility: Callable[..., tuple[Plant, PlantState]]) -> None:
    plant, state = facility()
    problem = build(plant, state_at(plant, state, (), state.at + timedelta(hours=3)))
    p = problem.arrays
    plan = current_plan(problem)
    for fix in repairs(p, context(p), plan):
        until = held_until(p, context(p), fix.sequence, fix.alternative, 1)
        open_now = p.op_state != STARTED
        times = decode(p, fix, until)
        np.testing.assert_array_equal(times.start_s[open_now], p.op_base_start_s[open_now])
        np.testing.assert_array_equal(fix.operator, plan.operator)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_fewer_operations_move_than_by_carrying_on(disrupted: MakeProblem, seed: int) -> None:
    problem = disrupted(SPEC, seed)
    p = problem.arrays
    found = repairs(p, context(p), current_plan(problem))
    assert len(found) == 2 * len(PATIENCE_S)
    for fix in found:
        assert flaws(p, fix) == []
    moved = min(held(p, fix)[5] for fix in found)
    assert moved < 0.7 * keep(problem).objectives[5]


@pytest.mark.parametrize("people", [0, 3])
def test_any_plan_in_force_is_repaired(people: int) -> None:
    for seed in range(40):
        p = random_problem(Random(seed), people)
        for fix in repairs(p, context(p), current_plan(wrap(p))):
            assert flaws(p, fix) == []
            until = held_until(p, context(p), fix.sequence, fix.alternative, 1)
            times = decode(p, fix, until)
            np.testing.assert_array_equal(times.end_s, naive_decode(p, fix, until.tolist()).end_s)
