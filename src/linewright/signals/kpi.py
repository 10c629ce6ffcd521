"""Key performance indicators of executed work, ISO 22400-2, over arrays of blocks.

One code path for both worlds: the simulator's kernel fills `Blocks` as it executes a plan,
`signals.blocks` fills them from the plant's events, and `measure` turns either into the same figures.

Terms of ISO 22400-2: PBT planned busy time (the machine's calendar), APT actual production time, ASUT
actual unit setup time, PRU planned run time per unit, PQ produced quantity, GQ good quantity.
Where a ratio has nothing to divide by it says: no time planned, availability 0; nothing ran,
effectiveness 1; nothing was finished, quality ratio 1.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from linewright.plant.arrays import NEVER, Floats, Ints, ProblemArrays
from linewright.plant.timing import next_open

KPIS = (
    "weighted_tardiness_s",  # sum over orders of priority * time late
    "late_orders",
    "on_time_delivery",  # share of orders completed by their due date
    "makespan_s",
    "throughput_orders",  # orders completed in the window
    "throughput_units",  # good units of those orders
    "mean_wip",  # orders begun and not complete, time average over the window (Little's law)
    "changeovers",  # blocks with a setup
    "setup_s",
    "availability",
    "effectiveness",
    "quality_ratio",
    "oee",
    "overtime_s",  # work done while the calendars are closed
    "scrap_units",
    "rework_units",
    "breakdowns",
    "bottleneck_share",  # of the window during which one machine, the busiest so, is the bottleneck
    "unfinished_operations",
)
"""What `measure` writes, in this order. Those of time in production (availability to quality ratio) and
throughput, WIP and bottleneck count inside the window; the others count the whole plan."""

PLACES = 256
"""Instants, evenly spread over the window, at which the bottleneck is determined."""

APT, ASUT, PRU_PQ, PQ, GQ = 0, 1, 2, 3, 4
"""Columns of the time elements; PRU_PQ is planned run time per unit times produced quantity."""


class Calendars(NamedTuple):
    """The calendars of `ProblemArrays`; kernels compile faster when handed no more than they read."""

    cal_ptr: Ints
    cal_open_s: Ints
    cal_close_s: Ints
    cal_bucket: Ints


class Orders(NamedTuple):
    """The orders of `ProblemArrays`."""

    op_order: Ints  # [N]
    order_due_s: Ints  # [J]
    order_weight: Floats
    order_complete: Ints


class Blocks(NamedTuple):
    """Executed blocks, one an operation; instants are seconds from the epoch, NEVER where unknown."""

    order: Ints  # [N] operations in an order in which every machine's blocks follow each other
    machine: Ints  # [N]
    operator: Ints  # [N] who did it, -1: nobody
    begin_s: Ints  # [N] setup start
    start_s: Ints  # [N] run start
    end_s: Ints  # [N]
    setup_s: Ints  # [N] setup work
    run_s: Ints  # [N] run work
    setup_window_s: Ints  # [N] of these, worked inside the window
    run_window_s: Ints  # [N]
    planned_s: Ints  # [N] planned run time of what was produced, PRU * PQ
    produced: Ints  # [N] units, PQ
    scrap: Ints  # [N] units
    rework: Ints  # [N] units run twice
    overtime_s: Ints  # [N] work outside the calendars
    failures: Ints  # [N] breakdowns during the block
    active_from_s: Ints  # [N] since when the machine had not waited for work


def empty_blocks(n: int) -> Blocks:
    """Blocks of `n` operations of which nothing has happened."""
    zeros = [np.zeros(n, np.int64) for _ in Blocks._fields]
    blocks = Blocks(*zeros)
    for instant in (blocks.begin_s, blocks.start_s, blocks.end_s, blocks.active_from_s):
        instant[:] = NEVER
    blocks.order[:] = np.arange(n)
    return blocks


@njit(cache=True, nogil=True)
def availability(apt: float, pbt: float) -> float:
    """APT / PBT. Above 1 where overtime was worked, which is production time that was not planned."""
    return apt / pbt if pbt > 0.0 else 0.0


@njit(cache=True, nogil=True)
def effectiveness(pru_pq: float, apt: float) -> float:
    """PRU * PQ / APT."""
    return pru_pq / apt if apt > 0.0 else 1.0


@njit(cache=True, nogil=True)
def quality_ratio(gq: float, pq: float) -> float:
    """GQ / PQ."""
    return gq / pq if pq > 0.0 else 1.0


@njit(cache=True, nogil=True)
def oee(pbt: float, apt: float, pru_pq: float, pq: float, gq: float) -> float:
    """Overall equipment effectiveness index: availability * effectiveness * quality ratio."""
    return availability(apt, pbt) * effectiveness(pru_pq, apt) * quality_ratio(gq, pq)


@njit(cache=True, nogil=True)
def open_between(cal: Any, calendar: int, since: int, until: int) -> int:
    """Open seconds of a calendar between two instants."""
    total = 0
    i = next_open(cal, calendar, since)
    while 0 <= i < cal.cal_ptr[calendar + 1] and cal.cal_open_s[i] < until:
        total += min(until, cal.cal_close_s[i]) - max(since, cal.cal_open_s[i])
        i += 1
    return total


def planned_busy_s(p: ProblemArrays, window_s: int) -> Ints:
    """[M] PBT of each machine: the open time of its calendar inside [0, window_s)."""
    calendars = Calendars(p.cal_ptr, p.cal_open_s, p.cal_close_s, p.cal_bucket)
    by_class = [open_between(calendars, int(row[-1]), 0, window_s) for row in p.pair_calendar]
    return np.array(by_class, np.int64)[p.machine_class]


@njit(cache=True, nogil=True)
def waited(cal: Any, calendar: int, free: int, begin: int) -> bool:
    """Whether a machine of a calendar, free at `free`, stood open without work before `begin`."""
    if begin <= free:
        return False
    i = next_open(cal, calendar, free)
    return i < 0 or begin > max(free, cal.cal_open_s[i])


@njit(cache=True, nogil=True)
def time_elements(machines: int, blocks: Any, window_s: int) -> Floats:
    """[machines, 5] APT, ASUT, PRU * PQ, PQ, GQ of each machine inside the window.

    Planned run time counts by the share of the run that lies inside; quantities where the block ends
    inside, as that is when they are reported.
    """
    out = np.zeros((machines, 5), np.float64)
    for op in range(blocks.machine.shape[0]):
        machine = blocks.machine[op]
        out[machine, APT] += blocks.run_window_s[op]
        out[machine, ASUT] += blocks.setup_window_s[op]
        if blocks.run_s[op] > 0:
            out[machine, PRU_PQ] += blocks.planned_s[op] * (blocks.run_window_s[op] / blocks.run_s[op])
        if blocks.end_s[op] <= window_s:
            out[machine, PQ] += blocks.produced[op]
            out[machine, GQ] += blocks.produced[op] - blocks.scrap[op]
    return out


@njit(cache=True, nogil=True)
def bottleneck_shares(machines: int, blocks: Any, window_s: int, out: Floats) -> None:
    """Share of the window during which each machine is the bottleneck; written to `out` [machines].

    The active-period method (Roser, Nakano and Tanaka, "Shifting bottleneck detection", WSC 2002): at any
    moment it is the machine whose current spell without waiting for work is the longest.
    """
    longest = np.zeros(PLACES, np.int64)
    holder = np.full(PLACES, -1, np.int64)
    spell = np.full(machines, NEVER, np.int64)
    for k in range(blocks.order.shape[0] - 1, -1, -1):
        op = blocks.order[k]
        since, until, machine = blocks.active_from_s[op], blocks.end_s[op], blocks.machine[op]
        if until == NEVER or spell[machine] == since:  # not executed, or seen with the spell's last block
            continue
        spell[machine] = since
        place = max(0, since * PLACES // window_s)
        while place < PLACES and place * window_s // PLACES < until:
            more = until - since - longest[place]
            if place * window_s // PLACES >= since and (more > 0 or (more == 0 and machine < holder[place])):
                longest[place] = until - since
                holder[place] = machine
            place += 1
    out[:] = 0.0
    for place in range(PLACES):
        if holder[place] >= 0:
            out[holder[place]] += 1.0 / PLACES


@njit(cache=True, nogil=True)
def measure(
    orders: Any,
    blocks: Any,
    order_begun: Ints,
    pbt_s: Ints,
    window_s: int,
    horizon_s: int,
    completion_s: Ints,
    bottleneck: Floats,
    out: Floats,
) -> None:
    """The figures of executed blocks.

    Args:
        orders: `Orders` the blocks belong to.
        blocks: `Blocks`.
        order_begun: [J] 1 where an operation of the order had begun before the epoch.
        pbt_s: [M] from `planned_busy_s` for the same window.
        window_s: the window is [0, window_s); at least 1.
        horizon_s: an order with an unfinished operation counts as completed then.
        completion_s: [J] written: completion of each order.
        bottleneck: [M] written: see `bottleneck_shares`.
        out: [len(KPIS)] written.
    """
    n, count, machines = orders.op_order.shape[0], orders.order_due_s.shape[0], pbt_s.shape[0]
    begin = np.full(count, NEVER, np.int64)
    good = np.full(count, NEVER, np.int64)
    unfinished = np.zeros(count, np.int64)
    completion_s[:] = 0
    out[:] = 0.0
    for op in range(n):
        order = orders.op_order[op]
        end = min(blocks.end_s[op], horizon_s)
        if blocks.end_s[op] == NEVER:
            unfinished[order] = 1
            out[18] += 1.0
        begin[order] = min(begin[order], blocks.begin_s[op])
        completion_s[order] = max(completion_s[order], end)
        good[order] = min(good[order], blocks.produced[op] - blocks.scrap[op])
        out[3] = max(out[3], end)
        if blocks.setup_s[op] > 0:
            out[7] += 1.0
        out[8] += blocks.setup_s[op]
        out[13] += blocks.overtime_s[op]
        out[14] += blocks.scrap[op]
        out[15] += blocks.rework[op]
        out[16] += blocks.failures[op]
    complete = 0
    for order in range(count):
        leaves = window_s
        if orders.order_complete[order]:
            complete += 1
            late = completion_s[order] - orders.order_due_s[order]
            if late > 0:
                out[0] += orders.order_weight[order] * late
                out[1] += 1.0
            if completion_s[order] <= window_s and unfinished[order] == 0:
                leaves = completion_s[order]
                out[4] += 1.0
                out[5] += good[order]
        enters = 0 if order_begun[order] else begin[order]
        out[6] += max(0, leaves - enters) / window_s
    out[2] = 1.0 - out[1] / complete if complete > 0 else 1.0
    elements = time_elements(machines, blocks, window_s)
    apt = pru_pq = pq = gq = pbt = 0.0
    for machine in range(machines):
        apt += elements[machine, APT]
        pru_pq += elements[machine, PRU_PQ]
        pq += elements[machine, PQ]
        gq += elements[machine, GQ]
        pbt += pbt_s[machine]
    out[9] = availability(apt, pbt)
    out[10] = effectiveness(pru_pq, apt)
    out[11] = quality_ratio(gq, pq)
    out[12] = oee(pbt, apt, pru_pq, pq, gq)
    bottleneck_shares(machines, blocks, window_s, bottleneck)
    for machine in range(machines):
        out[17] = max(out[17], bottleneck[machine])
