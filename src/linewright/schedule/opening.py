"""A plant without a plan gets its first one, as records."""

from __future__ import annotations

from dataclasses import replace

from linewright.plant.arrays import UNATTENDED, PlanArrays, SchedulingProblem, Times
from linewright.plant.build import build
from linewright.plant.plan import Assignment, Plan, PlantState
from linewright.plant.records import Plant
from linewright.plant.timing import evaluate
from linewright.schedule.search import first_plan


def assignments(problem: SchedulingProblem, plan: PlanArrays, times: Times) -> tuple[Assignment, ...]:
    """A timed plan as records, in the problem's order of operations."""
    machine = problem.arrays.alt_machine[plan.alternative]
    rows = []
    for op, (order, operation) in enumerate(problem.operations):
        setup_start, start = problem.started_s.get(op, (int(times.setup_start_s[op]), int(times.start_s[op])))
        operator = int(plan.operator[op])
        rows.append(
            Assignment(
                order=order,
                operation=operation,
                machine=problem.machines[machine[op]],
                operator="" if operator == UNATTENDED else problem.operators[operator],
                setup_start=problem.instant(setup_start),
                start=problem.instant(start),
                end=problem.instant(int(times.end_s[op])),
            )
        )
    return tuple(rows)


def planned(plant: Plant, state: PlantState, seed: int = 1) -> PlantState:
    """The state with a good plan from scratch in force, one version on."""
    problem = build(plant, state)
    plan = first_plan(problem, seed)
    times, _ = evaluate(problem.arrays, plan)
    return replace(state, plan=Plan(state.plan.version + 1, assignments(problem, plan, times)))
