"""The smallest repair: what the disruption does not touch stays exactly as planned.

The plan in force is walked through as it is held to. An operation whose run could start only later than
planned, beyond some patience, or that waits for one such, is taken out; what is left keeps its times.
Then what was taken out goes, one by one, into the first gap of a machine and an operator in which it ends
soonest without a longer setup for what follows. Where a plan is tight this moves few operations far,
while carrying the delay on would move nearly all of them a little, and many over the end of a shift.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from linewright.plant.arrays import NEVER, UNATTENDED, Ints, PlanArrays, ProblemArrays
from linewright.plant.kernel import part
from linewright.plant.timing import place, setup_time
from linewright.schedule.context import Context, hold_until

PATIENCE_S = (60, 900, 1800, 7200)

# columns of the working table
MACHINE_NEXT, OPERATOR_NEXT, BEGIN, END, TAKEN_OUT = range(5)


def repairs(p: ProblemArrays, c: Context, plan: PlanArrays) -> list[PlanArrays]:
    """Repairs of the plan in force, from few operations moved far to many moved a little; to be held.

    Args:
        p: the problem.
        c: its context.
        plan: the plan in force in array form (`baseline.current_plan`).
    """
    found = []
    rank = np.argsort(plan.sequence)
    for patience_s in PATIENCE_S:
        for urgency in (p.op_base_begin_s.astype(np.float64), c.latest_s):
            alternative, operator = plan.alternative.copy(), plan.operator.copy()
            begin = _repair(p, c, plan.sequence, alternative, operator, patience_s, urgency)
            begin[p.fixed_sequence] = -1
            order = np.lexsort((rank, begin))
            free = order[~np.isin(order, p.fixed_sequence)]
            found.append(PlanArrays(np.concatenate([p.fixed_sequence, free]), alternative, operator))
    return found


@njit(cache=True, nogil=True)
def _repair(
    p: Any, c: Any, sequence: Ints, alternative: Ints, operator: Ints, patience_s: int, urgency: Any
) -> Ints:
    """Choose alternatives and operators anew where needed; [N] begins."""
    n = p.op_order.shape[0]
    table = np.full((n, 5), -1, np.int64)
    first_on = np.full(p.machine_ready_s.shape[0], -1, np.int64)
    first_by = np.full(p.operator_ready_s.shape[0], -1, np.int64)
    waiting = np.zeros(n, np.int64)
    _walk(
        p,
        c,
        sequence,
        alternative,
        operator,
        patience_s,
        table,
        first_on,
        first_by,
        p.machine_ready_s.copy(),
        p.machine_family.copy(),
        p.operator_ready_s.copy(),
    )
    # gaps open only behind what is settled
    machine_from, operator_from = p.machine_ready_s.copy(), p.operator_ready_s.copy()
    for op in p.fixed_sequence:
        machine, who = p.alt_machine[alternative[op]], operator[op]
        machine_from[machine] = max(machine_from[machine], table[op, END])
        if who != UNATTENDED:
            operator_from[who] = max(operator_from[who], table[op, END])
    _put_back(
        p,
        c,
        sequence,
        alternative,
        operator,
        patience_s,
        urgency,
        table,
        first_on,
        first_by,
        machine_from,
        operator_from,
        waiting,
    )
    return table[:, BEGIN].copy()


@part
def _walk(
    p: Any,
    c: Any,
    sequence: Ints,
    alternative: Ints,
    operator: Ints,
    patience_s: int,
    table: Ints,
    first_on: Ints,
    first_by: Ints,
    machine_free: Ints,
    mounted: Ints,
    operator_free: Ints,
) -> None:
    """Keep what can begin in time; mark the rest as taken out."""
    for step in range(sequence.shape[0]):
        op = sequence[step]
        machine, who = p.alt_machine[alternative[op]], operator[op]
        settled = step < c.fixed
        table[op, TAKEN_OUT] = 0
        earliest = max(p.op_ready_s[op], machine_free[machine])
        setup = setup_time(p, machine, mounted[machine], op)
        if not settled:
            if p.op_base_machine[op] != machine or p.op_base_operator[op] != who:
                table[op, TAKEN_OUT] = 1
                continue
            earliest = max(earliest, hold_until(c, op, setup))
        column = p.pair_calendar.shape[1] - 1
        if who != UNATTENDED:
            earliest = max(earliest, operator_free[who])
            column = p.operator_class[who]
        for e in range(p.pred_ptr[op], p.pred_ptr[op + 1]):
            if table[p.pred[e], TAKEN_OUT] == 1:
                table[op, TAKEN_OUT] = 1
            else:
                earliest = max(earliest, table[p.pred[e], END] + p.pred_lag_s[e])
        begin, start, end = place(
            p,
            p.pair_calendar[p.machine_class[machine], column],
            earliest,
            setup,
            p.alt_run_s[alternative[op]],
            p.op_pausable[op],
        )
        if not settled and start - p.op_base_start_s[op] > patience_s:
            table[op, TAKEN_OUT] = 1
        if table[op, TAKEN_OUT] == 1 and not settled:
            continue
        table[op, TAKEN_OUT] = 0
        _enter(p, op, machine, who, begin, end, table, first_on, first_by)
        machine_free[machine] = end
        if who != UNATTENDED:
            operator_free[who] = end
        if p.op_family[op] >= 0:
            mounted[machine] = p.op_family[op]


@part
def _enter(
    p: Any, op: int, machine: int, who: int, begin: int, end: int, table: Ints, first_on: Ints, first_by: Ints
) -> None:
    """Note a block in the timelines of its machine and its operator."""
    table[op, BEGIN], table[op, END] = begin, end
    before, after = -1, first_on[machine]
    while after >= 0 and table[after, BEGIN] <= begin:
        before, after = after, table[after, MACHINE_NEXT]
    table[op, MACHINE_NEXT] = after
    if before >= 0:
        table[before, MACHINE_NEXT] = op
    else:
        first_on[machine] = op
    if who == UNATTENDED:
        return
    before, after = -1, first_by[who]
    while after >= 0 and table[after, BEGIN] <= begin:
        before, after = after, table[after, OPERATOR_NEXT]
    table[op, OPERATOR_NEXT] = after
    if before >= 0:
        table[before, OPERATOR_NEXT] = op
    else:
        first_by[who] = op


@part
def _put_back(
    p: Any,
    c: Any,
    sequence: Ints,
    alternative: Ints,
    operator: Ints,
    patience_s: int,
    urgency: Any,
    table: Ints,
    first_on: Ints,
    first_by: Ints,
    machine_from: Ints,
    operator_from: Ints,
    waiting: Ints,
) -> None:
    """Every operation taken out into the gap where it ends soonest, the most urgent first."""
    left = 0
    for op in range(sequence.shape[0]):
        left += table[op, TAKEN_OUT]
        for e in range(p.pred_ptr[op], p.pred_ptr[op + 1]):
            waiting[op] += table[p.pred[e], TAKEN_OUT]
    while left > 0:
        op = -1
        for other in range(sequence.shape[0]):
            if (
                table[other, TAKEN_OUT] == 1
                and waiting[other] == 0
                and (op < 0 or urgency[other] < urgency[op])
            ):
                op = other
        earliest = p.op_ready_s[op]
        for e in range(p.pred_ptr[op], p.pred_ptr[op + 1]):
            earliest = max(earliest, table[p.pred[e], END] + p.pred_lag_s[e])
        best_begin = best_end = NEVER
        for a in range(p.alt_ptr[op], p.alt_ptr[op + 1]):
            group = p.alt_crew[a]
            members = 1 if group == UNATTENDED else p.crew_ptr[group + 1] - p.crew_ptr[group]
            for k in range(members):
                who = UNATTENDED if group == UNATTENDED else p.crew[p.crew_ptr[group] + k]
                at = max(earliest, machine_from[p.alt_machine[a]])
                if who != UNATTENDED:
                    at = max(at, operator_from[who])
                if p.alt_machine[a] == p.op_base_machine[op]:
                    at = max(at, c.hold_begin_s[op])
                begin, end = _gap(p, op, a, who, at, best_end, patience_s, table, first_on, first_by)
                if end < best_end or (a == p.alt_ptr[op] and k == 0):
                    best_begin, best_end = begin, end
                    alternative[op], operator[op] = a, who
        machine = p.alt_machine[alternative[op]]
        _enter(p, op, machine, operator[op], best_begin, best_end, table, first_on, first_by)
        table[op, TAKEN_OUT] = 0
        left -= 1
        for e in range(p.succ_ptr[op], p.succ_ptr[op + 1]):
            waiting[p.succ[e]] -= 1


@part
def _gap(
    p: Any,
    op: int,
    a: int,
    who: int,
    at: int,
    bound: int,
    patience_s: int,
    table: Ints,
    first_on: Ints,
    first_by: Ints,
) -> tuple[int, int]:
    """Begin and end in the first gap from `at` that machine and operator share, if it ends before `bound`."""
    machine = p.alt_machine[a]
    column = p.pair_calendar.shape[1] - 1 if who == UNATTENDED else p.operator_class[who]
    calendar = p.pair_calendar[p.machine_class[machine], column]
    while at < NEVER:
        mounted = p.machine_family[machine]
        block = first_on[machine]
        while block >= 0 and table[block, BEGIN] <= at:
            if p.op_family[block] >= 0:
                mounted = p.op_family[block]
            at = max(at, table[block, END])
            block = table[block, MACHINE_NEXT]
        setup = setup_time(p, machine, mounted, op)
        begin, _, end = place(p, calendar, at, setup, p.alt_run_s[a], p.op_pausable[op])
        if end >= bound:
            return NEVER, NEVER
        later = at
        after = block
        if after >= 0 and table[after, BEGIN] < end:
            later = table[after, END]
        if who != UNATTENDED:
            block = first_by[who]
            while block >= 0 and table[block, BEGIN] < end:
                if table[block, END] > begin:
                    later = max(later, table[block, END])
                block = table[block, OPERATOR_NEXT]
        if later == at and after >= 0 and p.op_family[op] >= 0:
            longer = setup_time(p, machine, p.op_family[op], after) - setup_time(p, machine, mounted, after)
            if longer > patience_s:
                later = table[after, END]
        if later == at:
            return begin, end
        at = later
    return NEVER, NEVER
