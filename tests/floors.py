"""For tests of plants: some plan in force, valid rather than good, and a port to serve at."""

from __future__ import annotations

import socket
from dataclasses import replace

import numpy as np

from linewright.plant.arrays import UNATTENDED, PlanArrays, SchedulingProblem, Times
from linewright.plant.build import build
from linewright.plant.generate import generate_state
from linewright.plant.plan import Assignment, Plan, PlantState
from linewright.plant.records import Plant
from linewright.plant.timing import decode


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def any_plan(problem: SchedulingProblem, seed: int) -> PlanArrays:
    """Some plan: operations in any order that respects precedence, on any machine, with anybody able."""
    p, rng = problem.arrays, np.random.default_rng(seed)
    n = len(p.op_order)
    waiting = np.diff(p.pred_ptr).copy()
    open_ = [i for i in range(n) if waiting[i] == 0]
    sequence = []
    while open_:
        op = open_.pop(rng.integers(len(open_)))
        sequence.append(op)
        for after in p.succ[p.succ_ptr[op] : p.succ_ptr[op + 1]]:
            waiting[after] -= 1
            if waiting[after] == 0:
                open_.append(int(after))
    alternative = np.array([rng.integers(p.alt_ptr[i], p.alt_ptr[i + 1]) for i in range(n)])
    crews = [p.alt_crew[a] for a in alternative]
    operator = [
        UNATTENDED if c == UNATTENDED else int(rng.choice(p.crew[p.crew_ptr[c] : p.crew_ptr[c + 1]]))
        for c in crews
    ]
    return PlanArrays(np.array(sequence), alternative, np.array(operator))


def with_any_plan(plant: Plant, seed: int) -> tuple[PlantState, SchedulingProblem, Times]:
    """The plant's first state with some plan in force, version 1, timed by `decode`."""
    state = generate_state(plant)
    problem = build(plant, state)
    plan = any_plan(problem, seed)
    times = decode(problem.arrays, plan, np.zeros(len(problem.operations), np.int64))
    assignments = tuple(
        Assignment(
            order,
            operation,
            problem.machines[problem.arrays.alt_machine[plan.alternative[i]]],
            "" if plan.operator[i] == UNATTENDED else problem.operators[plan.operator[i]],
            problem.instant(times.setup_start_s[i]),
            problem.instant(times.start_s[i]),
            problem.instant(times.end_s[i]),
        )
        for i, (order, operation) in enumerate(problem.operations)
    )
    return replace(state, plan=Plan(1, assignments)), problem, times
