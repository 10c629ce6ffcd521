"""A plan that can be changed one operation at a time and knows at once what that does to it.

Every operation is linked to its neighbours on its machine and with its operator. After a change only the
operations whose inputs changed are timed again, in plan sequence; where a delay is absorbed by idle or
closed time the wave ends. All that was touched is logged, so that a change can be taken back.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from linewright.plant.arrays import NEVER, STARTED, UNATTENDED, Floats, Ints
from linewright.plant.kernel import part
from linewright.plant.timing import place, setup_time
from linewright.schedule.context import hold_until

FAR = 2**38
"""Seconds: a completion that never comes, small enough for sums to stay exact."""

# positions in `State.total`
TARDINESS, FLOW, SETUP, MOVED, WORK, WORK_SQUARED = range(6)
# positions in `State.counter`
DIRTY, FIRST, LOGGED, ORDERS = range(4)


class State(NamedTuple):
    """N operations, M machines, W operators, J orders."""

    sequence: Ints  # [N]
    position: Ints  # [N] where an operation stands in the sequence
    alternative: Ints  # [N]
    operator: Ints  # [N]
    begin: Ints  # [N] setup start
    start: Ints
    end: Ints
    setup: Ints  # [N] seconds
    mounted: Ints  # [N] family on the machine after an operation
    moved: Ints  # [N] 1: differs from the plan in force
    machine_before: Ints  # [N] neighbours on the machine, -1: none
    machine_after: Ints
    operator_before: Ints  # [N] neighbours with the operator
    operator_after: Ints
    machine_last: Ints  # [M]
    operator_last: Ints  # [W]
    completion: Ints  # [J]
    work: Ints  # [W], or [M] in a plant without people: what balance is measured over
    total: Floats  # [6]
    hold: Ints  # [1] 1: no run starts on its planned machine before it was planned to
    # the change being tried
    counter: Ints  # [4]
    dirty: Ints  # [N] by position: to be timed again
    log: Ints  # [N, 7] operations as they were
    order_log: Ints  # [J, 2]
    order_dirty: Ints  # [J]
    old_total: Floats  # [6]
    old_place: Ints  # [4] of the operation that was relocated: itself, position, alternative, operator


def empty_state(p: Any) -> State:
    """Working space for one plan of a problem."""
    n = p.op_order.shape[0]
    machines, operators = p.machine_ready_s.shape[0], p.operator_ready_s.shape[0]
    orders = p.order_due_s.shape[0]
    return State(
        np.zeros(n, np.int64),
        np.zeros(n, np.int64),
        np.zeros(n, np.int64),
        np.zeros(n, np.int64),
        np.zeros(n, np.int64),
        np.zeros(n, np.int64),
        np.zeros(n, np.int64),
        np.zeros(n, np.int64),
        np.zeros(n, np.int64),
        np.zeros(n, np.int64),
        np.zeros(n, np.int64),
        np.zeros(n, np.int64),
        np.zeros(n, np.int64),
        np.zeros(n, np.int64),
        np.zeros(machines, np.int64),
        np.zeros(operators, np.int64),
        np.zeros(orders, np.int64),
        np.zeros(operators if operators > 0 else machines, np.int64),
        np.zeros(6),
        np.zeros(1, np.int64),
        np.zeros(4, np.int64),
        np.zeros(n, np.int64),
        np.zeros((n, 7), np.int64),
        np.zeros((orders, 2), np.int64),
        np.zeros(orders, np.int64),
        np.zeros(6),
        np.zeros(4, np.int64),
    )


@part
def load(p: Any, c: Any, s: Any, hold: int, sequence: Any, alternative: Any, operator: Any) -> None:
    """Take over a plan and time all of it."""
    s.hold[0] = hold
    for machine in range(s.machine_last.shape[0]):
        s.machine_last[machine] = -1
    for who in range(s.operator_last.shape[0]):
        s.operator_last[who] = -1
    for k in range(s.work.shape[0]):
        s.work[k] = 0
    for k in range(6):
        s.total[k] = 0.0
    for order in range(s.completion.shape[0]):
        s.completion[order] = 0
        s.order_dirty[order] = 0
        s.total[TARDINESS] += p.order_complete[order] * _late(p, order, 0)
    for position in range(sequence.shape[0]):
        op = sequence[position]
        s.sequence[position] = op
        s.position[op] = position
        s.alternative[op] = alternative[op]
        s.operator[op] = operator[op]
        s.begin[op] = s.start[op] = s.end[op] = -1
        s.setup[op] = s.moved[op] = 0
        s.mounted[op] = -1
        s.dirty[position] = 1
        _link(p, s, op)
        _add_work(p, s, op, p.alt_run_s[alternative[op]])
    s.counter[DIRTY] = sequence.shape[0]
    s.counter[FIRST] = s.counter[LOGGED] = s.counter[ORDERS] = 0
    propagate(p, c, s)


@part
def _late(p: Any, order: int, completion: int) -> float:
    return float(p.order_weight[order] * max(0, completion - p.order_due_s[order]))


@part
def _link(p: Any, s: Any, op: int) -> None:
    """Put an operation between its neighbours by position."""
    machine = p.alt_machine[s.alternative[op]]
    position = s.position[op]
    after = -1
    before = s.machine_last[machine]
    while before >= 0 and s.position[before] > position:
        after = before
        before = s.machine_before[before]
    s.machine_before[op], s.machine_after[op] = before, after
    if before >= 0:
        s.machine_after[before] = op
    if after >= 0:
        s.machine_before[after] = op
    else:
        s.machine_last[machine] = op
    who = s.operator[op]
    if who == UNATTENDED:
        s.operator_before[op] = s.operator_after[op] = -1
        return
    after = -1
    before = s.operator_last[who]
    while before >= 0 and s.position[before] > position:
        after = before
        before = s.operator_before[before]
    s.operator_before[op], s.operator_after[op] = before, after
    if before >= 0:
        s.operator_after[before] = op
    if after >= 0:
        s.operator_before[after] = op
    else:
        s.operator_last[who] = op


@part
def _unlink(p: Any, s: Any, op: int) -> None:
    before, after = s.machine_before[op], s.machine_after[op]
    if before >= 0:
        s.machine_after[before] = after
    if after >= 0:
        s.machine_before[after] = before
    else:
        s.machine_last[p.alt_machine[s.alternative[op]]] = before
    who = s.operator[op]
    if who == UNATTENDED:
        return
    before, after = s.operator_before[op], s.operator_after[op]
    if before >= 0:
        s.operator_after[before] = after
    if after >= 0:
        s.operator_before[after] = before
    else:
        s.operator_last[who] = before


@part
def _add_work(p: Any, s: Any, op: int, seconds: int) -> None:
    """Add work to the operator of an operation, or to its machine in a plant without people."""
    k = s.operator[op]
    if p.operator_ready_s.shape[0] == 0:
        k = p.alt_machine[s.alternative[op]]
    if k < 0:
        return
    old = float(s.work[k])
    s.work[k] += seconds
    new = float(s.work[k])
    s.total[WORK] += new - old
    s.total[WORK_SQUARED] += new * new - old * old


@part
def _mark(s: Any, op: int) -> None:
    if op < 0:
        return
    position = s.position[op]
    if s.dirty[position] == 0:
        s.dirty[position] = 1
        s.counter[DIRTY] += 1
        s.counter[FIRST] = min(s.counter[FIRST], position)


@part
def _shift(p: Any, s: Any, op: int, position: int, alternative: int, operator: int) -> None:
    """Move an operation to a position of the sequence, an alternative and an operator, times aside."""
    _unlink(p, s, op)
    _add_work(p, s, op, -s.setup[op] - p.alt_run_s[s.alternative[op]])
    at = s.position[op]
    step = 1 if position > at else -1
    while at != position:
        other = s.sequence[at + step]
        s.sequence[at] = other
        s.position[other] = at
        at += step
    s.sequence[at] = op
    s.position[op] = at
    s.alternative[op] = alternative
    s.operator[op] = operator
    _link(p, s, op)
    _add_work(p, s, op, s.setup[op] + p.alt_run_s[alternative])


@part
def relocate(p: Any, c: Any, s: Any, op: int, position: int, alternative: int, operator: int) -> None:
    """Try a change: an operation to another position, alternative or operator; then `undo` or go on."""
    for k in range(6):
        s.old_total[k] = s.total[k]
    s.old_place[0], s.old_place[1] = op, s.position[op]
    s.old_place[2], s.old_place[3] = s.alternative[op], s.operator[op]
    machine_after, operator_after = s.machine_after[op], s.operator_after[op]
    s.counter[DIRTY] = s.counter[LOGGED] = s.counter[ORDERS] = 0
    s.counter[FIRST] = s.sequence.shape[0]
    _shift(p, s, op, position, alternative, operator)
    _mark(s, op)
    _mark(s, machine_after)
    _mark(s, operator_after)
    _mark(s, s.machine_after[op])
    _mark(s, s.operator_after[op])
    propagate(p, c, s)


@part
def propagate(p: Any, c: Any, s: Any) -> None:
    """Time what is dirty, and what that changes, in plan sequence."""
    unattended = p.pair_calendar.shape[1] - 1
    at = s.counter[FIRST]
    while s.counter[DIRTY] > 0:
        while s.dirty[at] == 0:
            at += 1
        s.dirty[at] = 0
        s.counter[DIRTY] -= 1
        op = s.sequence[at]
        a = s.alternative[op]
        machine = p.alt_machine[a]
        before = s.machine_before[op]
        earliest = p.op_ready_s[op]
        if before >= 0:
            earliest = max(earliest, s.end[before])
            mounted = s.mounted[before]
        else:
            earliest = max(earliest, p.machine_ready_s[machine])
            mounted = p.machine_family[machine]
        who = s.operator[op]
        column = unattended
        if who != UNATTENDED:
            column = p.operator_class[who]
            before = s.operator_before[op]
            earliest = max(earliest, s.end[before] if before >= 0 else p.operator_ready_s[who])
        for e in range(p.pred_ptr[op], p.pred_ptr[op + 1]):
            earliest = max(earliest, s.end[p.pred[e]] + p.pred_lag_s[e])
        setup = setup_time(p, machine, mounted, op)
        if s.hold[0] != 0 and machine == p.op_base_machine[op]:
            earliest = max(earliest, hold_until(c, op, setup))
        if p.op_family[op] >= 0:
            mounted = p.op_family[op]
        begin = start = end = NEVER
        if earliest < NEVER:
            begin, start, end = place(
                p,
                p.pair_calendar[p.machine_class[machine], column],
                earliest,
                setup,
                p.alt_run_s[a],
                p.op_pausable[op],
            )
        moved = 0
        if p.op_base_machine[op] >= 0 and p.op_state[op] != STARTED:
            shift = abs(start - p.op_base_start_s[op])
            moved = 1 if p.op_base_machine[op] != machine or shift > p.moved_tolerance_s else 0
        old_end = s.end[op]
        if (
            end == old_end
            and begin == s.begin[op]
            and start == s.start[op]
            and setup == s.setup[op]
            and moved == s.moved[op]
            and mounted == s.mounted[op]
        ):
            continue
        row = s.counter[LOGGED]
        s.counter[LOGGED] += 1
        s.log[row, 0], s.log[row, 1], s.log[row, 2], s.log[row, 3] = op, s.begin[op], s.start[op], old_end
        s.log[row, 4], s.log[row, 5], s.log[row, 6] = s.setup[op], s.mounted[op], s.moved[op]
        s.total[MOVED] += moved - s.moved[op]
        if setup != s.setup[op]:
            s.total[SETUP] += setup - s.setup[op]
            _add_work(p, s, op, setup - s.setup[op])
        if mounted != s.mounted[op]:
            _mark(s, s.machine_after[op])
        s.begin[op], s.start[op], s.end[op] = begin, start, end
        s.setup[op], s.mounted[op], s.moved[op] = setup, mounted, moved
        if end != old_end:
            _mark(s, s.machine_after[op])
            _mark(s, s.operator_after[op])
            for e in range(p.succ_ptr[op], p.succ_ptr[op + 1]):
                _mark(s, p.succ[e])
            order = p.op_order[op]
            if c.is_sink[op] and s.order_dirty[order] == 0:
                s.order_dirty[order] = 1
                s.order_log[s.counter[ORDERS], 0] = order
                s.counter[ORDERS] += 1
    for row in range(s.counter[ORDERS]):
        order = s.order_log[row, 0]
        s.order_dirty[order] = 0
        old = s.completion[order]
        s.order_log[row, 1] = old
        new = 0
        for e in range(c.sink_ptr[order], c.sink_ptr[order + 1]):
            new = max(new, min(s.end[c.sink[e]], FAR))
        s.completion[order] = new
        if p.order_complete[order]:
            s.total[FLOW] += new - old
            s.total[TARDINESS] += _late(p, order, new) - _late(p, order, old)


@part
def undo(p: Any, s: Any) -> None:
    """Take the last change back."""
    for row in range(s.counter[LOGGED]):
        op = s.log[row, 0]
        s.begin[op], s.start[op], s.end[op] = s.log[row, 1], s.log[row, 2], s.log[row, 3]
        if s.setup[op] != s.log[row, 4]:
            _add_work(p, s, op, s.log[row, 4] - s.setup[op])
            s.setup[op] = s.log[row, 4]
        s.mounted[op], s.moved[op] = s.log[row, 5], s.log[row, 6]
    for row in range(s.counter[ORDERS]):
        s.completion[s.order_log[row, 0]] = s.order_log[row, 1]
    _shift(p, s, s.old_place[0], s.old_place[1], s.old_place[2], s.old_place[3])
    for k in range(6):
        s.total[k] = s.old_total[k]


@part
def measure(p: Any, s: Any, orders: int, values: Floats) -> None:
    """Write the objective vector; `orders`: how many are complete."""
    values[0] = s.total[TARDINESS]
    latest = 0
    for order in range(s.completion.shape[0]):
        latest = max(latest, s.completion[order])
    values[1] = latest if latest < FAR else NEVER
    values[2] = s.total[FLOW] / max(orders, 1)
    values[3] = s.total[SETUP]
    mean = s.total[WORK] / s.work.shape[0]
    values[4] = np.sqrt(max(s.total[WORK_SQUARED] / s.work.shape[0] - mean * mean, 0.0))
    values[5] = s.total[MOVED]
