"""What every engine wants to know of a problem and computes once: due dates and remaining work carried
back along the routings, the operations free to move, the sinks of the orders, the family members."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from linewright.plant.arrays import FREE, STARTED, Floats, Ints, ProblemArrays
from linewright.plant.kernel import part


class Context(NamedTuple):
    """N operations, J orders. Times in seconds."""

    free: Ints  # operations whose place is open
    fixed: int  # how many are not; they lead every sequence
    tail_s: Floats  # [N] longest remaining work from an operation's begin to the end of its order(s)
    latest_s: Floats  # [N] latest begin that still meets every due date downstream
    weight: Floats  # [N] largest priority downstream
    mean_run_s: float
    sink_ptr: Ints  # [J + 1] operations of an order that nothing of the same order follows
    sink: Ints
    is_sink: Ints  # [N] 0 or 1
    # of what is planned and has not begun, else 0: planned setup start and run start
    hold_begin_s: Ints  # [N]
    hold_start_s: Ints  # [N]
    family_ptr: Ints  # [F + 1] free operations of a family
    family: Ints


@njit(cache=True, nogil=True)
def _backwards(p: Any, stretch: float) -> tuple[Floats, Floats, Floats]:
    n = p.op_order.shape[0]
    left = np.empty(n, np.int64)
    queue = np.empty(n, np.int64)
    tail = np.zeros(n)
    latest = np.full(n, np.inf)
    weight = np.zeros(n)
    tail_of = 0
    for op in range(n):
        left[op] = p.succ_ptr[op + 1] - p.succ_ptr[op]
        if left[op] == 0:
            queue[tail_of] = op
            tail_of += 1
    head = 0
    while head < tail_of:
        op = queue[head]
        head += 1
        run = 0.0
        for a in range(p.alt_ptr[op], p.alt_ptr[op + 1]):
            run += p.alt_run_s[a]
        run *= stretch / (p.alt_ptr[op + 1] - p.alt_ptr[op])
        order = p.op_order[op]
        tail[op] += run
        latest[op] = min(latest[op], p.order_due_s[order]) - run
        weight[op] = max(weight[op], p.order_weight[order])
        for e in range(p.pred_ptr[op], p.pred_ptr[op + 1]):
            before = p.pred[e]
            tail[before] = max(tail[before], tail[op] + p.pred_lag_s[e])
            latest[before] = min(latest[before], latest[op] - p.pred_lag_s[e])
            weight[before] = max(weight[before], weight[op])
            left[before] -= 1
            if left[before] == 0:
                queue[tail_of] = before
                tail_of += 1
    return tail, latest, weight


def context(p: ProblemArrays) -> Context:
    """Derive a problem's `Context`."""
    n, orders = p.op_order.size, p.order_due_s.size
    opened = float((p.cal_close_s - np.maximum(p.cal_open_s, 0)).sum())
    span = sum(
        float(p.cal_close_s[last - 1])
        for first, last in zip(p.cal_ptr, p.cal_ptr[1:], strict=False)
        if last > first
    )
    tail, latest, weight = _backwards(p, max(1.0, span / opened) if opened > 0 else 1.0)
    free = np.ones(n, bool)
    free[p.fixed_sequence] = False
    follows = np.zeros(n, bool)  # something of the same order follows
    successor_of = np.repeat(np.arange(n), np.diff(p.succ_ptr))
    follows[successor_of[p.op_order[successor_of] == p.op_order[p.succ]]] = True
    sinks = np.flatnonzero(~follows)
    sinks = sinks[np.argsort(p.op_order[sinks], kind="stable")]
    families = int(p.setup_s.shape[2])
    holds = (p.op_base_machine >= 0) & (p.op_state != STARTED)
    members = np.flatnonzero(free & (p.op_family >= 0) & (p.op_state == FREE))
    members = members[np.argsort(p.op_family[members], kind="stable")]
    return Context(
        free=np.flatnonzero(free),
        fixed=int(p.fixed_sequence.size),
        tail_s=tail,
        latest_s=latest,
        weight=weight,
        mean_run_s=float(max(1.0, p.alt_run_s.mean())) if p.alt_run_s.size else 1.0,
        sink_ptr=_rows(p.op_order[sinks], orders),
        sink=sinks,
        is_sink=(~follows).astype(np.int64),
        hold_begin_s=np.where(holds, p.op_base_begin_s, 0).astype(np.int64),
        hold_start_s=np.where(holds, p.op_base_start_s, 0).astype(np.int64),
        family_ptr=_rows(p.op_family[members], families),
        family=members,
    )


def _rows(sorted_keys: Ints, rows: int) -> Ints:
    """Compressed row pointers of sorted keys."""
    return np.searchsorted(sorted_keys, np.arange(rows + 1)).astype(np.int64)


@part
def hold_until(c: Any, op: int, setup: int) -> int:
    """The begin of a planned operation that is held to its plan: as planned, earlier for a longer setup."""
    return int(min(c.hold_begin_s[op], c.hold_start_s[op] - setup))
