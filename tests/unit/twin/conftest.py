"""Small made-up scheduling problems, as arrays."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np
import pytest

from linewright.plant.arrays import (
    BUCKET_S,
    STARTED,
    UNATTENDED,
    PlanArrays,
    ProblemArrays,
    SchedulingProblem,
    UncertaintyArrays,
)

HOUR = 3600
MakeProblem = Callable[..., tuple[SchedulingProblem, list[PlanArrays]]]


def _rows(rows: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    pointers = np.cumsum([0, *(len(row) for row in rows)]).astype(np.int64)
    return pointers, np.array([value for row in rows for value in row], np.int64)


def make_problem(
    seed: int = 1,
    *,
    orders: int = 6,
    operations: int = 4,
    machines: int = 4,
    operators: int = 3,
    plans: int = 3,
    chance: bool = True,
    continuous: bool = False,
    days: int = 60,
) -> tuple[SchedulingProblem, list[PlanArrays]]:
    """A job shop with setups, operators, shifts, a machine down, a started and maybe paused operation,
    and plans for it in random sequence."""
    rng = np.random.default_rng(seed)
    n, families, horizon = orders * operations, 3, days * 24 * HOUR
    whole = [(0, horizon)]
    day = [(d * 24 * HOUR + 6 * HOUR, d * 24 * HOUR + 14 * HOUR) for d in range(days)]
    late = [(d * 24 * HOUR + 10 * HOUR, d * 24 * HOUR + 20 * HOUR) for d in range(days)]
    both = [(d * 24 * HOUR + 10 * HOUR, d * 24 * HOUR + 14 * HOUR) for d in range(days)]
    calendars = [whole] * 4 if continuous else [whole, day, late, both]
    # pair: machine classes (whole, day) x operator classes (day, late) + unattended
    pair = np.array([[1, 2, 0], [1, 3, 1]], np.int64)
    opens, closes, pointers = [], [], [0]
    for calendar in calendars:
        opens += [o for o, _ in calendar]
        closes += [c for _, c in calendar]
        pointers.append(len(opens))
    bucket = np.empty((len(calendars), horizon // BUCKET_S + 1), np.int64)
    for k in range(len(calendars)):
        for b in range(bucket.shape[1]):
            i = pointers[k]
            while i < pointers[k + 1] and closes[i] <= b * BUCKET_S:
                i += 1
            bucket[k, b] = i
    order = np.repeat(np.arange(orders), operations)
    pred = [[i - 1] if i % operations else [] for i in range(n)]
    succ = [[i + 1] if i % operations != operations - 1 else [] for i in range(n)]
    if n > 2 * operations:  # an order that supplies another
        pred[2 * operations].append(operations - 1)
        succ[operations - 1].append(2 * operations)
    pred_ptr, pred_flat = _rows(pred)
    succ_ptr, succ_flat = _rows(succ)
    alternatives = [
        [int(m) for m in rng.choice(machines, rng.integers(1, min(3, machines) + 1), replace=False)]
        for _ in range(n)
    ]
    state = np.zeros(n, np.int64)
    state[0] = STARTED
    alternatives[0] = [0]
    alt_ptr, alt_machine = _rows(alternatives)
    run = rng.integers(600, 4 * HOUR // 2, len(alt_machine))
    crew = rng.integers(-1, 2, len(alt_machine)) if operators else np.full(len(alt_machine), -1)
    people = [list(range(operators)), list(range(max(operators - 1, 0)))]
    crew_ptr, crew_flat = _rows(people)
    fixed_alternative = np.full(n, -1, np.int64)
    fixed_alternative[0] = 0
    fixed_operator = np.full(n, UNATTENDED, np.int64)
    if crew[0] >= 0:
        fixed_operator[0] = 0
    ready = np.zeros(machines, np.int64)
    ready[machines - 1] = 5 * HOUR
    arrays = ProblemArrays(
        op_order=order.astype(np.int64),
        op_ready_s=np.where(state == STARTED, 0, rng.integers(0, 3 * HOUR, n)).astype(np.int64),
        op_family=rng.integers(-1, families, n).astype(np.int64),
        op_pausable=np.where(state == STARTED, 1, rng.integers(0, 2, n)).astype(np.int64),
        op_state=state,
        op_base_machine=np.full(n, -1, np.int64),
        op_base_operator=np.full(n, UNATTENDED, np.int64),
        op_base_begin_s=np.zeros(n, np.int64),
        op_base_start_s=np.zeros(n, np.int64),
        pred_ptr=pred_ptr,
        pred=pred_flat,
        pred_lag_s=rng.integers(0, 900, len(pred_flat)).astype(np.int64),
        succ_ptr=succ_ptr,
        succ=succ_flat,
        alt_ptr=alt_ptr,
        alt_machine=alt_machine,
        alt_run_s=run.astype(np.int64),
        alt_crew=crew.astype(np.int64),
        crew_ptr=crew_ptr,
        crew=crew_flat,
        fixed_sequence=np.array([0], np.int64),
        fixed_alternative=fixed_alternative,
        fixed_operator=fixed_operator,
        machine_ready_s=ready,
        machine_family=np.full(machines, families, np.int64),
        machine_setup=np.zeros(machines, np.int64),
        machine_class=(np.arange(machines) % 2).astype(np.int64),
        setup_s=rng.integers(0, 1800, (1, families + 1, families)).astype(np.int64),
        operator_ready_s=np.zeros(operators, np.int64),
        operator_class=(np.arange(operators) % 2).astype(np.int64),
        pair_calendar=pair,
        cal_ptr=np.array(pointers, np.int64),
        cal_open_s=np.array(opens, np.int64),
        cal_close_s=np.array(closes, np.int64),
        cal_bucket=bucket,
        order_due_s=rng.integers(HOUR, 72 * HOUR, orders).astype(np.int64),
        order_weight=rng.choice([1.0, 2.0, 5.0], orders),
        order_complete=np.ones(orders, np.int64),
        moved_tolerance_s=1800,
    )
    share = 1.0 if chance else 0.0
    uncertainty = UncertaintyArrays(
        op_key=rng.integers(1, 2**63, n).astype(np.uint64),
        op_quantity=rng.integers(1, 60, n).astype(np.int64),
        op_units=np.empty(n, np.int64),
        op_scrap=share * rng.choice([0.0, 0.02, 0.1], n),
        op_rework=share * rng.choice([0.0, 0.05], n),
        alt_cv=share * rng.choice([0.0, 0.2, 0.5], len(alt_machine)),
        machine_key=rng.integers(1, 2**63, machines).astype(np.uint64),
        machine_mtbf_s=share * rng.choice([0.0, 6.0 * HOUR, 20.0 * HOUR], machines),
        machine_mttr_s=np.full(machines, 1.5 * HOUR),
        machine_mttr_cv=np.full(machines, 0.6 * share),
    )
    uncertainty.op_quantity[:] = np.repeat(uncertainty.op_quantity[::operations], operations)
    uncertainty.op_units[:] = np.ceil(uncertainty.op_quantity * (0.9 if chance else 1.0))
    problem = SchedulingProblem(
        epoch=datetime(2026, 3, 2, tzinfo=UTC),
        arrays=arrays,
        uncertainty=uncertainty,
        operations=tuple((f"O{o}", f"{10 * (i % operations) + 10}") for i, o in enumerate(order)),
        started_s={0: (-HOUR, -HOUR // 2)},
        machines=tuple(f"M{m}" for m in range(machines)),
        operators=tuple(f"P{w}" for w in range(operators)),
        orders=tuple(f"O{o}" for o in range(orders)),
        families=tuple(f"F{f}" for f in range(families)),
        pegging=(),
        unplannable=(),
        horizon_s=horizon,
    )
    return problem, [random_plan(problem, rng) for _ in range(plans)]


def random_plan(problem: SchedulingProblem, rng: np.random.Generator) -> PlanArrays:
    """Any plan: operations in a random order, on random machines with random people who can."""
    p = problem.arrays
    n = len(p.op_order)
    sequence = [int(op) for op in p.fixed_sequence]
    done = set(sequence)
    while len(sequence) < n:
        ready = [
            op
            for op in range(n)
            if op not in done and all(int(q) in done for q in p.pred[p.pred_ptr[op] : p.pred_ptr[op + 1]])
        ]
        op = int(rng.choice(ready))
        sequence.append(op)
        done.add(op)
    alternative = np.array([rng.integers(p.alt_ptr[op], p.alt_ptr[op + 1]) for op in range(n)], np.int64)
    fixed = p.fixed_alternative >= 0
    alternative[fixed] = p.fixed_alternative[fixed]
    operator = np.full(n, UNATTENDED, np.int64)
    for op in range(n):
        crew = p.alt_crew[alternative[op]]
        if crew >= 0:
            operator[op] = rng.choice(p.crew[p.crew_ptr[crew] : p.crew_ptr[crew + 1]])
    operator[fixed] = p.fixed_operator[fixed]
    return PlanArrays(np.array(sequence, np.int64), alternative, operator)


@pytest.fixture(name="make_problem", scope="session")
def _make_problem() -> MakeProblem:
    return make_problem


@pytest.fixture(name="random_plan", scope="session")
def _random_plan() -> Callable[[SchedulingProblem, np.random.Generator], PlanArrays]:
    return random_plan
