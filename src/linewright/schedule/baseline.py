"""The two answers every planner gives without help: keep the plan, and push everything right.

Both are measured like any other candidate, so that a proposal shows what search adds to them.
"""

from __future__ import annotations

import heapq

import numpy as np

from linewright.plant.arrays import (
    NEVER,
    STARTED,
    UNATTENDED,
    Ints,
    PlanArrays,
    ProblemArrays,
    SchedulingProblem,
)
from linewright.plant.timing import decode, objectives
from linewright.schedule.context import context
from linewright.schedule.portfolio import Candidate
from linewright.schedule.rules import ANY, complete


def current_plan(problem: SchedulingProblem) -> PlanArrays:
    """The plan in force, in array form.

    Settled operations lead; the others follow by planned begin, as far as precedence allows. Operations
    that are not in the plan (a rush order) come after all others of the plan, the most urgent first. A
    planned machine or operator that is no longer possible gives way to the one that ends first.
    """
    p = problem.arrays
    c = context(p)
    planned = p.op_base_machine >= 0
    key = np.where(planned, p.op_base_begin_s, c.latest_s)
    sequence = _in_order(p, [(not planned[op], float(key[op])) for op in range(p.op_order.size)])
    alternative = np.full(p.op_order.size, ANY, np.int64)
    operator = np.full(p.op_order.size, ANY, np.int64)
    for op in range(p.op_order.size):
        if p.fixed_alternative[op] >= 0:
            alternative[op], operator[op] = p.fixed_alternative[op], p.fixed_operator[op]
            continue
        for a in range(p.alt_ptr[op], p.alt_ptr[op + 1]):
            if p.alt_machine[a] == p.op_base_machine[op]:
                alternative[op] = a
                who, group = int(p.op_base_operator[op]), int(p.alt_crew[a])
                crew = (
                    p.crew[p.crew_ptr[group] : p.crew_ptr[group + 1]] if group != UNATTENDED else [UNATTENDED]
                )
                if who in crew:
                    operator[op] = who
                break
    complete(p, c, sequence, alternative, operator)
    return PlanArrays(sequence, alternative, operator)


def _in_order(p: ProblemArrays, key: list[tuple[bool, float]]) -> Ints:
    """All operations: the settled ones, then by key, predecessors always first."""
    fixed = [int(op) for op in p.fixed_sequence]
    settled = set(fixed)
    waiting = np.diff(p.pred_ptr)
    for op in fixed:
        waiting[p.succ[p.succ_ptr[op] : p.succ_ptr[op + 1]]] -= 1
    heap = [(*key[op], op) for op in np.flatnonzero(waiting == 0).tolist() if op not in settled]
    heapq.heapify(heap)
    out = fixed
    while heap:
        op = heapq.heappop(heap)[-1]
        out.append(op)
        for after in p.succ[p.succ_ptr[op] : p.succ_ptr[op + 1]].tolist():
            waiting[after] -= 1
            if waiting[after] == 0 and after not in settled:
                heapq.heappush(heap, (*key[after], after))
    return np.array(out, np.int64)


def keep(problem: SchedulingProblem) -> Candidate:
    """The plan in force carried on: same sequence and resources, nothing begins before it was planned to,
    and only what must wait waits."""
    return _held(problem, "keep", 0)


def push_right(problem: SchedulingProblem) -> Candidate:
    """The plan in force with every operation that has not begun delayed by the length of the disruption.

    That length is the largest delay, in `keep`, of an operation that is *first affected*: late against
    the plan although nothing before it (routing, machine, operator) is late itself.
    """
    p = problem.arrays
    kept = keep(problem)
    begun = (p.op_base_machine < 0) | (p.op_state == STARTED)
    late = np.where(begun, 0, kept.times.setup_start_s - p.op_base_begin_s)
    last_on: dict[int, int] = {}
    last_by: dict[int, int] = {}
    delay = 0
    for op in kept.plan.sequence.tolist():
        machine, who = int(p.alt_machine[kept.plan.alternative[op]]), int(kept.plan.operator[op])
        before = [*p.pred[p.pred_ptr[op] : p.pred_ptr[op + 1]].tolist()]
        before += [last_on[machine]] if machine in last_on else []
        before += [last_by[who]] if who in last_by else []
        if kept.times.setup_start_s[op] < NEVER and all(late[b] <= 0 for b in before):
            delay = max(delay, int(late[op]))
        last_on[machine] = op
        if who != UNATTENDED:
            last_by[who] = op
    return _held(problem, "push-right", delay)


def _held(problem: SchedulingProblem, origin: str, delay_s: int) -> Candidate:
    p = problem.arrays
    plan = current_plan(problem)
    holds = (p.op_base_machine >= 0) & (p.op_state != STARTED)
    not_before = np.where(holds, p.op_base_begin_s + delay_s, 0).astype(np.int64)
    times = decode(p, plan, not_before)
    return Candidate(origin, plan, times, objectives(p, plan, times), not_before)
