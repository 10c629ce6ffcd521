"""The semantics of `plant.timing` once more, in plain Python that walks through time step by step.

All instants and durations must be multiples of `STEP`; `random_problem` makes such problems.
"""

from __future__ import annotations

from random import Random
from statistics import pstdev

import numpy as np

from linewright.plant.arrays import (
    BUCKET_S,
    FREE,
    NEVER,
    STARTED,
    UNATTENDED,
    PlanArrays,
    ProblemArrays,
    Times,
)

STEP = 1200
Interval = tuple[int, int]


def place(
    intervals: list[Interval], earliest: int, setup: int, run: int, pausable: bool
) -> tuple[int, int, int]:
    """Setup start, run start and end of a block that begins at `earliest` or later."""

    def is_open(t: int) -> bool:
        return any(begin <= t < end for begin, end in intervals)

    steps = range(earliest, max([0, *(end for _, end in intervals)]), STEP)
    if not pausable:
        for begin in steps:
            if all(is_open(begin + t) for t in range(0, setup + run, STEP)):
                return begin, begin + setup, begin + setup + run
        return NEVER, NEVER, NEVER
    worked = [t for t in steps if is_open(t)][: (setup + run) // STEP]
    if len(worked) < (setup + run) // STEP:
        return NEVER, NEVER, NEVER
    return worked[0], worked[setup // STEP], worked[-1] + STEP


def intervals_of(p: ProblemArrays, machine: int, operator: int) -> list[Interval]:
    """When a machine and its operator both work."""
    column = -1 if operator == UNATTENDED else p.operator_class[operator]
    row = p.pair_calendar[p.machine_class[machine], column]
    part = slice(p.cal_ptr[row], p.cal_ptr[row + 1])
    return [(int(a), int(b)) for a, b in zip(p.cal_open_s[part], p.cal_close_s[part], strict=True)]


def decode(p: ProblemArrays, plan: PlanArrays, not_before: list[int]) -> Times:
    """Append the blocks of a plan one after another."""
    n = len(p.op_order)
    times = Times(*(np.full(n, NEVER) for _ in range(3)))
    free_machine = {m: int(ready) for m, ready in enumerate(p.machine_ready_s)}
    free_operator = {w: int(ready) for w, ready in enumerate(p.operator_ready_s)}
    mounted = {m: int(family) for m, family in enumerate(p.machine_family)}
    for op in plan.sequence:
        alternative, operator = plan.alternative[op], int(plan.operator[op])
        machine = int(p.alt_machine[alternative])
        waits = [int(p.op_ready_s[op]), not_before[op], free_machine[machine]]
        if operator != UNATTENDED:
            waits.append(free_operator[operator])
        before = range(p.pred_ptr[op], p.pred_ptr[op + 1])
        waits.extend(int(times.end_s[p.pred[e]] + p.pred_lag_s[e]) for e in before)
        if max(waits) >= NEVER:
            continue
        family = int(p.op_family[op])
        setup = 0
        if family >= 0 and p.op_state[op] != STARTED:
            setup = int(p.setup_s[p.machine_setup[machine]][mounted[machine]][family])
        calendar = intervals_of(p, machine, operator)
        block = place(calendar, max(waits), setup, int(p.alt_run_s[alternative]), bool(p.op_pausable[op]))
        for column, instant in zip(times, block, strict=True):
            column[op] = instant
        free_machine[machine] = block[2]
        if operator != UNATTENDED:
            free_operator[operator] = block[2]
        if family >= 0:
            mounted[machine] = family
    return times


def objectives(p: ProblemArrays, plan: PlanArrays, times: Times) -> list[float]:
    """The objective vector, from the definitions."""
    n = len(p.op_order)
    work = {}
    setups = 0
    mounted = [int(family) for family in p.machine_family]
    for op in plan.sequence:
        machine = p.alt_machine[plan.alternative[op]]
        family = p.op_family[op]
        setup = 0
        if family >= 0:
            if p.op_state[op] != STARTED:
                setup = int(p.setup_s[p.machine_setup[machine], mounted[machine], family])
            mounted[machine] = family
        setups += setup
        work[op] = setup + int(p.alt_run_s[plan.alternative[op]])
    ends = {j: max([0, *(int(times.end_s[i]) for i in range(n) if p.op_order[i] == j)]) for j in orders(p)}
    due = p.order_due_s
    if len(p.operator_ready_s):
        resource, count = plan.operator, len(p.operator_ready_s)
    else:
        resource, count = p.alt_machine[plan.alternative], len(p.machine_ready_s)
    load = [sum(work[i] for i in range(n) if resource[i] == r) for r in range(count)]
    moved = [
        i
        for i in range(n)
        if p.op_base_machine[i] >= 0
        and p.op_state[i] != STARTED
        and (
            p.op_base_machine[i] != p.alt_machine[plan.alternative[i]]
            or abs(int(times.start_s[i] - p.op_base_start_s[i])) > p.moved_tolerance_s
        )
    ]
    return [
        sum(float(p.order_weight[j]) * max(0, end - int(due[j])) for j, end in ends.items()),
        max([0, *(int(end) for end in times.end_s)]),
        sum(ends.values()) / max(1, len(ends)),
        setups,
        pstdev(load),
        len(moved),
    ]


def orders(p: ProblemArrays) -> list[int]:
    """The orders that are planned completely."""
    return [j for j in range(len(p.order_due_s)) if p.order_complete[j]]


def random_problem(random: Random, people: int = 3) -> ProblemArrays:
    """A small problem with all there is: gaps in calendars, setups, crews, precedence, a plan in force."""
    machines, families, groups, count = 3, 2, 2, random.randint(1, 3)
    n = random.randint(1, 10)

    def some(high: int, low: int = 0) -> int:
        return STEP * random.randint(low, high)

    calendars = [_calendar(random) for _ in range(2 * (people + 1))]
    ptr = np.cumsum([0, *map(len, calendars)])
    flat = np.array([interval for calendar in calendars for interval in calendar], np.int64)
    buckets = [
        [begin + sum(close <= b * BUCKET_S for _, close in calendar) for b in range(8)]
        for begin, calendar in zip(ptr[:-1], calendars, strict=True)
    ]
    order = [random.randrange(count) for _ in range(n)]
    before = [[k for k in range(i) if order[k] == order[i] and random.random() < 0.5] for i in range(n)]
    after = [[k for k in range(n) if i in before[k]] for i in range(n)]
    crews = [
        sorted(random.sample(range(people), random.randint(1, people))) for _ in range(2 if people else 0)
    ]
    choices = [random.sample(range(machines), random.randint(1, machines)) for _ in range(n)]
    alternatives = sum(map(len, choices))
    state = [STARTED if not before[i] and random.random() < 0.1 else FREE for i in range(n)]
    return ProblemArrays(
        op_order=np.array(order),
        op_ready_s=np.array([some(8) for _ in range(n)]),
        op_family=np.array([random.randint(-1, families - 1) for _ in range(n)]),
        op_pausable=np.array([random.randint(0, 1) for _ in range(n)]),
        op_state=np.array(state),
        op_base_machine=np.array([random.randint(-1, machines - 1) for _ in range(n)]),
        op_base_operator=np.full(n, UNATTENDED),
        op_base_begin_s=np.zeros(n, np.int64),
        op_base_start_s=np.array([some(30) for _ in range(n)]),
        pred_ptr=np.cumsum([0, *map(len, before)]),
        pred=np.array([k for row in before for k in row], np.int64),
        pred_lag_s=np.array([some(1) for row in before for _ in row], np.int64),
        succ_ptr=np.cumsum([0, *map(len, after)]),
        succ=np.array([k for row in after for k in row], np.int64),
        alt_ptr=np.cumsum([0, *map(len, choices)]),
        alt_machine=np.array([machine for row in choices for machine in row]),
        alt_run_s=np.array([some(9, 1) for _ in range(alternatives)]),
        alt_crew=np.array([random.randrange(UNATTENDED, len(crews)) for _ in range(alternatives)]),
        crew_ptr=np.cumsum([0, *map(len, crews)]),
        crew=np.array([w for crew in crews for w in crew], np.int64),
        fixed_sequence=np.zeros(0, np.int64),
        fixed_alternative=np.full(n, -1),
        fixed_operator=np.full(n, UNATTENDED),
        machine_ready_s=np.array([random.choice((0, some(10))) for _ in range(machines)]),
        machine_family=np.array([random.randint(0, families) for _ in range(machines)]),
        machine_setup=np.array([random.randrange(groups) for _ in range(machines)]),
        machine_class=np.array([random.randrange(2) for _ in range(machines)]),
        setup_s=np.array(
            [[[some(3) for _ in range(families)] for _ in range(families + 1)] for _ in range(groups)]
        ),
        operator_ready_s=np.array([some(3) for _ in range(people)], np.int64),
        operator_class=np.arange(people),
        pair_calendar=np.arange(2 * (people + 1)).reshape(2, people + 1),
        cal_ptr=ptr,
        cal_open_s=np.ascontiguousarray(flat[:, 0]),
        cal_close_s=np.ascontiguousarray(flat[:, 1]),
        cal_bucket=np.array(buckets),
        order_due_s=np.array([some(40) for _ in range(count)]),
        order_weight=np.array([random.choice((0.5, 1.0, 3.0)) for _ in range(count)]),
        order_complete=np.array([int(random.random() < 0.8) for _ in range(count)]),
        moved_tolerance_s=some(3),
    )


def random_plan(p: ProblemArrays, random: Random) -> PlanArrays:
    """Any order that respects precedence, any alternatives, any operators of their crews."""
    n = len(p.op_order)
    sequence: list[int] = [int(i) for i in p.fixed_sequence]
    while len(sequence) < n:
        sequence.append(
            random.choice(
                [
                    i
                    for i in range(n)
                    if i not in sequence
                    and all(k in sequence for k in p.pred[p.pred_ptr[i] : p.pred_ptr[i + 1]])
                ]
            )
        )
    alternative = [
        int(p.fixed_alternative[i])
        if p.fixed_alternative[i] >= 0
        else random.randrange(p.alt_ptr[i], p.alt_ptr[i + 1])
        for i in range(n)
    ]
    operator = []
    for i in range(n):
        crew = p.alt_crew[alternative[i]]
        if p.fixed_alternative[i] >= 0:
            operator.append(int(p.fixed_operator[i]))
        elif crew == UNATTENDED:
            operator.append(UNATTENDED)
        else:
            operator.append(int(random.choice(p.crew[p.crew_ptr[crew] : p.crew_ptr[crew + 1]])))
    return PlanArrays(np.array(sequence), np.array(alternative), np.array(operator))


def _calendar(random: Random) -> list[Interval]:
    """Disjoint intervals that do not touch, over about a day; the first may open before 0."""
    t = STEP * random.randint(-3, 3)
    found = []
    for _ in range(random.randint(1, 7)):
        length = STEP * random.randint(1, 15)
        found.append((t, t + length))
        t += length + STEP * random.randint(1, 15)
    return [interval for interval in found if interval[1] > 0] or [(0, STEP)]
