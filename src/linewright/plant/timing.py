"""From a plan in array form to times and objectives: the semantics of `plant.arrays`, compiled.

`place` puts one block into a calendar; everything that times a plan (search, simulator) uses it.
Blocks are appended in plan sequence, so that every machine and operator follows that sequence.
`place` and `setup_time` are hot: call them from a `plant.kernel.kernel`, not from a plain `njit` function.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from linewright.plant.arrays import (
    BUCKET_S,
    NEVER,
    STARTED,
    UNATTENDED,
    Floats,
    Ints,
    PlanArrays,
    ProblemArrays,
    Times,
)
from linewright.plant.kernel import kernel, part


@kernel
def next_open(p: Any, calendar: int, at: int) -> int:
    """The first interval of a calendar that closes after `at`, -1 past the horizon."""
    bucket = max(at, 0) // BUCKET_S
    if bucket >= p.cal_bucket.shape[1]:
        return -1
    i = p.cal_bucket[calendar, bucket]
    last = p.cal_ptr[calendar + 1]
    while i < last and p.cal_close_s[i] <= at:
        i += 1
    return i if i < last else -1


@kernel
def place(p: Any, calendar: int, earliest: int, setup: int, run: int, pausable: int) -> tuple[int, int, int]:
    """Put a block into a calendar as early as `earliest` allows.

    Returns:
        (setup start, run start, end) in seconds; (NEVER, NEVER, NEVER) past the horizon.
    """
    i = next_open(p, calendar, earliest)
    if i < 0:
        return NEVER, NEVER, NEVER
    last = p.cal_ptr[calendar + 1]
    begin = max(earliest, p.cal_open_s[i])
    work = setup + run
    if begin + work <= p.cal_close_s[i]:  # the usual case: all in one interval
        return begin, begin + setup, begin + work
    if pausable == 0:
        i += 1
        while i < last:
            if p.cal_close_s[i] - p.cal_open_s[i] >= work:
                begin = p.cal_open_s[i]
                return begin, begin + setup, begin + work
            i += 1
        return NEVER, NEVER, NEVER
    t = begin
    left = setup
    while t + left >= p.cal_close_s[i]:  # a run begins at an opening, not at a closing
        left -= p.cal_close_s[i] - t
        i += 1
        if i == last:
            return NEVER, NEVER, NEVER
        t = p.cal_open_s[i]
    start = t + left
    t = start
    left = run
    while t + left > p.cal_close_s[i]:
        left -= p.cal_close_s[i] - t
        i += 1
        if i == last:
            return NEVER, NEVER, NEVER
        t = p.cal_open_s[i]
    return begin, start, t + left


@kernel
def setup_time(p: Any, machine: int, mounted: int, op: int) -> int:
    """Setup seconds of an operation on a machine with a family mounted (F: nothing)."""
    family = p.op_family[op]
    if family < 0 or p.op_state[op] == STARTED:
        return 0
    return int(p.setup_s[p.machine_setup[machine], mounted, family])


@njit(cache=True, nogil=True)
def decode(p: Any, plan: Any, not_before_s: Ints) -> Times:
    """Time a plan: append its blocks in sequence, each as early as the facts allow.

    Args:
        p: `ProblemArrays`.
        plan: `PlanArrays`.
        not_before_s: [N] earliest begin asked for on top of `op_ready_s`; all 0 for none.
    """
    n = p.op_order.shape[0]
    times = Times(np.full(n, NEVER, np.int64), np.full(n, NEVER, np.int64), np.full(n, NEVER, np.int64))
    _append(
        p,
        plan,
        not_before_s,
        times,
        p.machine_ready_s.copy(),
        p.machine_family.copy(),
        p.operator_ready_s.copy(),
    )
    return times


@part
def _append(
    p: Any,
    plan: Any,
    not_before_s: Ints,
    times: Any,
    machine_free: Ints,
    mounted: Ints,
    operator_free: Ints,
) -> None:
    """Append all blocks; the last three arguments say when resources are free, and are used up."""
    unattended = p.pair_calendar.shape[1] - 1
    for step in range(p.op_order.shape[0]):
        op = plan.sequence[step]
        machine = p.alt_machine[plan.alternative[op]]
        operator = plan.operator[op]
        earliest = max(p.op_ready_s[op], not_before_s[op], machine_free[machine])
        column = unattended
        if operator != UNATTENDED:
            earliest = max(earliest, operator_free[operator])
            column = p.operator_class[operator]
        for e in range(p.pred_ptr[op], p.pred_ptr[op + 1]):
            earliest = max(earliest, times.end_s[p.pred[e]] + p.pred_lag_s[e])
        if earliest >= NEVER:
            continue
        setup = setup_time(p, machine, mounted[machine], op)
        begin, run_start, finish = place(
            p,
            p.pair_calendar[p.machine_class[machine], column],
            earliest,
            setup,
            p.alt_run_s[plan.alternative[op]],
            p.op_pausable[op],
        )
        times.setup_start_s[op], times.start_s[op], times.end_s[op] = begin, run_start, finish
        machine_free[machine] = finish
        if operator != UNATTENDED:
            operator_free[operator] = finish
        if p.op_family[op] >= 0:
            mounted[machine] = p.op_family[op]


@njit(cache=True, nogil=True)
def objectives(p: Any, plan: Any, times: Any) -> Floats:
    """The objective vector of a timed plan, in the order of `plant.arrays.OBJECTIVES`.

    * weighted_tardiness_s: sum over complete orders of priority * max(0, completion - due);
    * makespan_s: the latest end;
    * mean_flow_s: mean completion over complete orders (by Little's law, throughput at a given WIP);
    * setup_s: total setup work;
    * imbalance_s: standard deviation of work (setup and run) over operators, over machines in a plant
      without people;
    * moved_operations: operations of the plan in force, not started, whose machine changed or whose
      run start shifted by more than the tolerance.
    """
    completion = np.zeros(p.order_due_s.shape[0], np.int64)
    machine_work = np.zeros(p.machine_ready_s.shape[0], np.float64)
    operator_work = np.zeros(p.operator_ready_s.shape[0], np.float64)
    out = np.zeros(6, np.float64)
    _measure(p, plan, times, completion, machine_work, operator_work, p.machine_family.copy(), out)
    out[4] = np.std(operator_work) if operator_work.shape[0] > 0 else np.std(machine_work)
    return out


@part
def _measure(
    p: Any,
    plan: Any,
    times: Any,
    completion: Ints,
    machine_work: Floats,
    operator_work: Floats,
    mounted: Ints,
    out: Floats,
) -> None:
    """Fill all objectives but the imbalance into `out`, and the work arrays that it follows from."""
    for step in range(p.op_order.shape[0]):
        op = plan.sequence[step]
        alternative = plan.alternative[op]
        machine = p.alt_machine[alternative]
        setup = setup_time(p, machine, mounted[machine], op)
        if p.op_family[op] >= 0:
            mounted[machine] = p.op_family[op]
        out[3] += setup
        work = setup + p.alt_run_s[alternative]
        machine_work[machine] += work
        if plan.operator[op] != UNATTENDED:
            operator_work[plan.operator[op]] += work
        completion[p.op_order[op]] = max(completion[p.op_order[op]], times.end_s[op])
        out[1] = max(out[1], times.end_s[op])
        if p.op_base_machine[op] >= 0 and p.op_state[op] != STARTED:
            shift = abs(times.start_s[op] - p.op_base_start_s[op])
            if p.op_base_machine[op] != machine or shift > p.moved_tolerance_s:
                out[5] += 1
    complete = 0
    for j in range(completion.shape[0]):
        if p.order_complete[j]:
            complete += 1
            out[2] += completion[j]
            out[0] += p.order_weight[j] * max(0, completion[j] - p.order_due_s[j])
    out[2] /= max(complete, 1)


def evaluate(p: ProblemArrays, plan: PlanArrays) -> tuple[Times, Floats]:
    """Times and objectives of a plan."""
    times = decode(p, plan, np.zeros(p.op_order.shape[0], np.int64))
    return times, objectives(p, plan, times)
