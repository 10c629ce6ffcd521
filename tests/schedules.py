"""For tests of plans in array form: bare arrays as a problem, and what is wrong with a plan."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np

from linewright.plant.arrays import UNATTENDED, PlanArrays, ProblemArrays, SchedulingProblem

MakeProblem = Callable[..., SchedulingProblem]


def wrap(arrays: ProblemArrays) -> SchedulingProblem:
    """Bare arrays as a problem with made-up names."""
    n = len(arrays.op_order)
    return SchedulingProblem(
        epoch=datetime(2026, 3, 2, 6, tzinfo=UTC),
        arrays=arrays,
        uncertainty=None,  # type: ignore[arg-type]
        operations=tuple((f"O{order}", str(i)) for i, order in enumerate(arrays.op_order)),
        started_s={},
        machines=tuple(f"M{i}" for i in range(len(arrays.machine_ready_s))),
        operators=tuple(f"W{i}" for i in range(len(arrays.operator_ready_s))),
        orders=tuple(f"O{i}" for i in range(len(arrays.order_due_s))),
        families=("A", "B"),
        pegging=(),
        unplannable=(),
        horizon_s=int(arrays.cal_close_s.max()) if n else 0,
    )


def flaws(p: ProblemArrays, plan: PlanArrays) -> list[str]:
    """What is wrong with a plan, apart from its timing."""
    found = []
    n = len(p.op_order)
    if sorted(plan.sequence.tolist()) != list(range(n)):
        return ["not every operation once"]
    position = np.argsort(plan.sequence)
    if plan.sequence[: len(p.fixed_sequence)].tolist() != p.fixed_sequence.tolist():
        found.append("settled operations do not lead in their sequence")
    for op in range(n):
        if any(position[k] > position[op] for k in p.pred[p.pred_ptr[op] : p.pred_ptr[op + 1]]):
            found.append(f"{op} stands before its predecessor")
        a, who = int(plan.alternative[op]), int(plan.operator[op])
        if p.fixed_alternative[op] >= 0:
            if (a, who) != (p.fixed_alternative[op], p.fixed_operator[op]):
                found.append(f"{op} is settled elsewhere")
            continue
        if not p.alt_ptr[op] <= a < p.alt_ptr[op + 1]:
            found.append(f"{op} has another operation's alternative")
        group = p.alt_crew[a]
        crew = (
            [UNATTENDED]
            if group == UNATTENDED
            else p.crew[p.crew_ptr[group] : p.crew_ptr[group + 1]].tolist()
        )
        if who not in crew:
            found.append(f"{op} has an operator who cannot do it")
    return found
