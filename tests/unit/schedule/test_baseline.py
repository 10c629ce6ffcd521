"""Keep the plan, push it right: exactly as defined."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from linewright.plant.arrays import STARTED
from linewright.plant.build import build
from linewright.plant.history import state_at
from linewright.plant.plan import PlantState
from linewright.plant.records import Plant
from linewright.schedule import current_plan, keep, push_right
from schedules import MakeProblem, flaws


@pytest.mark.parametrize("hours", [0, 3, 30])
def test_keep_is_the_plan_when_nothing_happened(
    facility: Callable[..., tuple[Plant, PlantState]], hours: int
) -> None:
    plant, state = facility()
    problem = build(plant, state_at(plant, state, (), state.at + timedelta(hours=hours)))
    p, kept = problem.arrays, keep(problem)
    open_now = p.op_state != STARTED
    assert open_now.any()
    np.testing.assert_array_equal(kept.times.setup_start_s[open_now], p.op_base_begin_s[open_now])
    np.testing.assert_array_equal(kept.times.start_s[open_now], p.op_base_start_s[open_now])
    assert kept.objectives[5] == 0
    pushed = push_right(problem)
    np.testing.assert_array_equal(pushed.times.end_s, kept.times.end_s)


def test_keep_changes_neither_sequence_nor_resources(disrupted: MakeProblem) -> None:
    problem = disrupted()
    p, kept = problem.arrays, keep(problem)
    assert flaws(p, kept.plan) == []
    np.testing.assert_array_equal(p.alt_machine[kept.plan.alternative], p.op_base_machine)
    np.testing.assert_array_equal(kept.plan.operator, p.op_base_operator)
    free = kept.plan.sequence[len(p.fixed_sequence) :]
    open_now = p.op_state != STARTED
    assert (kept.times.setup_start_s >= p.op_base_begin_s)[open_now].all()
    assert (np.diff(p.op_base_begin_s[free]) >= 0).all()


def test_push_right_delays_all_by_the_delay_of_the_first_affected(disrupted: MakeProblem) -> None:
    problem = disrupted()
    p, kept, pushed = problem.arrays, keep(problem), push_right(problem)
    holds = pushed.not_before_s[p.op_state != STARTED] - p.op_base_begin_s[p.op_state != STARTED]
    assert len(set(holds)) == 1
    delay = int(holds[0])
    late = kept.times.setup_start_s - p.op_base_begin_s
    assert delay > 0
    assert delay in late
    # the machine that is down until 6 h from now delays the first of its operations by this much
    first = min(
        (
            i
            for i in range(len(late))
            if p.op_base_machine[i] == 0 and p.op_state[i] != STARTED and late[i] > 0
        ),
        key=lambda i: p.op_base_begin_s[i],
    )
    assert delay >= late[first] > 0
    assert (pushed.times.setup_start_s >= kept.times.setup_start_s)[p.op_state != STARTED].all()


def test_a_rush_order_comes_after_the_plan(disrupted: MakeProblem) -> None:
    problem = disrupted(rush=True)
    p = problem.arrays
    new = [i for i, (order, _) in enumerate(problem.operations) if order == "RUSH"]
    plan = current_plan(problem)
    assert flaws(p, plan) == []
    assert plan.sequence[-len(new) :].tolist() == new
    assert (keep(problem).not_before_s[new] == 0).all()


def test_a_machine_or_operator_no_longer_possible_gives_way(disrupted: MakeProblem) -> None:
    problem = disrupted()
    p = problem.arrays
    choosable = [
        int(i)
        for i in range(len(p.op_order))
        if p.fixed_alternative[i] < 0 and p.alt_ptr[i + 1] - p.alt_ptr[i] > 1 and p.op_base_operator[i] >= 0
    ]
    nowhere, nobody = choosable[:2]
    machine, operator = p.op_base_machine.copy(), p.op_base_operator.copy()
    machine[nowhere] = len(problem.machines)  # not among its alternatives
    operator[nobody] = len(problem.operators)  # not of the crew
    changed = replace(problem, arrays=p._replace(op_base_machine=machine, op_base_operator=operator))
    plan = current_plan(changed)
    assert flaws(p, plan) == []
    assert p.alt_machine[plan.alternative[nobody]] == p.op_base_machine[nobody]
