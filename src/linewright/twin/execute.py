"""The simulator's kernel: execute a plan from the state of the plant, once per replication.

The recursion is that of `plant.timing.decode`, with what reality adds: run times spread around their
plan, breakdowns and repairs, residual repairs of machines that are down now, scrap and rework. With no
spread, no failures and no scrap it gives exactly the times of `decode`.

* A pausable block consumes open time as it comes. A block that is not pausable begins where its planned
  length fits and, once begun, runs on past closing if it takes longer (overtime).
* Machines break down in operating time (setup or run); a block pauses through the repair, which takes
  wall time, and goes on when machine and calendar allow.
* A person whose block would end more than `relief_s` later than the plan had it is relieved by whoever of
  the crew can end it first, if that is sooner by more than `relief_s` too: a shop does not leave work
  until tomorrow because the one person who was to do it has gone home.
* A unit scrapped in an operation does not reach the next one of its order; a unit reworked is run twice.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from linewright.plant.arrays import NEVER, UNATTENDED, Floats, Ints
from linewright.plant.timing import next_open, place, setup_time
from linewright.signals.kpi import Calendars, Orders, measure, open_between, waited
from linewright.twin.keyed import (
    FAILURE,
    REPAIR,
    RESIDUAL,
    REWORK,
    RUN,
    SCRAP,
    binomial,
    exponential,
    lognormal,
    normal,
    spread,
    stream,
)

LOG_SETUP, LOG_RUN, LOG_REPAIR = 0, 1, 2
"""Kinds of rows in an execution's log: (kind, operation, machine, since, until)."""

OVERTIME, FAILURES = 2, 3
"""Places of a block's tally, after setup work and run work (LOG_SETUP, LOG_RUN) inside the window."""


RELIEF_S = 1800


class Setups(NamedTuple):
    """What `plant.timing.setup_time` reads of `ProblemArrays`."""

    op_family: Ints
    op_state: Ints
    machine_setup: Ints
    setup_s: Ints


class Draws(NamedTuple):
    """What chance decides in one replication, the same for every plan."""

    run_s: Ints  # [A] realised run time
    produced: Ints  # [N] units that enter the operation
    scrap: Ints  # [N]
    rework: Ints  # [N]
    machine_ready_s: Ints  # [M] end of the repair under way


class Wear(NamedTuple):
    """How far each machine is from its next breakdown."""

    age_s: Ints  # [M] operating time so far
    next_s: Ints  # [M] operating time at which it breaks down next
    failures: Ints  # [M] breakdowns so far


@njit(cache=True, nogil=True)
def draw(p: Any, u: Any, sequence: Ints, seed: int, replication: int, repair_scale: float) -> Any:
    """The `Draws` of a replication; `sequence` is any order of operations that respects precedence."""
    n, machines = p.op_order.shape[0], p.machine_ready_s.shape[0]
    run_key, rework_key, scrap_key = (
        stream(seed, replication, RUN),
        stream(seed, replication, REWORK),
        stream(seed, replication, SCRAP),
    )
    run_s = np.empty(p.alt_run_s.shape[0], np.int64)
    produced = np.empty(n, np.int64)
    scrap = np.empty(n, np.int64)
    rework = np.empty(n, np.int64)
    for step in range(n):
        op = sequence[step]
        units = u.op_units[op]
        for e in range(p.pred_ptr[op], p.pred_ptr[op + 1]):
            before = p.pred[e]
            if p.op_order[before] == p.op_order[op]:
                units = min(units, produced[before] - scrap[before])
        produced[op] = units
        scrap[op] = binomial(scrap_key, u.op_key[op], 0, units, u.op_scrap[op])
        rework[op] = binomial(rework_key, u.op_key[op], 0, units, u.op_rework[op])
        share = (units + rework[op]) / u.op_quantity[op]
        z = normal(run_key, u.op_key[op], 0)
        for a in range(p.alt_ptr[op], p.alt_ptr[op + 1]):
            run_s[a] = max(1, int(np.rint(p.alt_run_s[a] * share * spread(z, u.alt_cv[a]))))
    ready = np.zeros(machines, np.int64)
    residual_key = stream(seed, replication, RESIDUAL)
    for machine in range(machines):
        planned = p.machine_ready_s[machine]
        if planned > 0:
            left = lognormal(residual_key, u.machine_key[machine], 0, planned, u.machine_mttr_cv[machine])
            ready[machine] = int(np.rint(left * repair_scale))
    return Draws(run_s, produced, scrap, rework, ready)


@njit(cache=True, nogil=True)
def _time_to_failure(u: Any, key: np.uint64, machine: int, failures: int) -> int:
    if u.machine_mtbf_s[machine] <= 0.0:
        return NEVER
    return max(1, int(exponential(key, u.machine_key[machine], failures, u.machine_mtbf_s[machine])))


@njit(cache=True, nogil=True)
def _work(
    cal: Any,
    calendar: int,
    pausable: int,
    u: Any,
    machine: int,
    op: int,
    begin: int,
    setup: int,
    run: int,
    wear: Any,
    failure_key: np.uint64,
    repair_key: np.uint64,
    repair_scale: float,
    window_s: int,
    tally: Ints,
    log: Ints,
    rows: Ints,
) -> tuple[int, int, int]:
    """Work through a block step by step from `begin`, which lies in open time.

    Returns:
        (begin, run start, end); all NEVER past the horizon. Adds to `tally`.
    """
    last = cal.cal_ptr[calendar + 1]
    i = next_open(cal, calendar, begin)
    t = begin
    start = NEVER
    left = setup
    kind = LOG_SETUP
    while True:
        if wear.next_s[machine] <= wear.age_s[machine]:  # broken down
            count = wear.failures[machine]
            repair = lognormal(
                repair_key,
                u.machine_key[machine],
                count,
                u.machine_mttr_s[machine],
                u.machine_mttr_cv[machine],
            )
            until = t + max(1, int(np.rint(repair * repair_scale)))
            _note(log, rows, LOG_REPAIR, op, machine, t, until)
            tally[FAILURES] += 1
            wear.failures[machine] = count + 1
            wear.next_s[machine] = wear.age_s[machine] + _time_to_failure(u, failure_key, machine, count + 1)
            i = next_open(cal, calendar, until)
            if i < 0:
                return NEVER, NEVER, NEVER
            t = max(until, cal.cal_open_s[i])
        elif pausable and t >= cal.cal_close_s[i]:
            i += 1
            if i == last:
                return NEVER, NEVER, NEVER
            t = cal.cal_open_s[i]
        if kind == LOG_SETUP and left == 0:
            kind = LOG_RUN
            start = t
            left = run
        step = min(left, wear.next_s[machine] - wear.age_s[machine])
        if pausable:
            step = min(step, cal.cal_close_s[i] - t)
        else:
            tally[OVERTIME] += step - open_between(cal, calendar, t, t + step)
        tally[kind] += max(0, min(t + step, window_s) - t)
        _note(log, rows, kind, op, machine, t, t + step)
        t += step
        wear.age_s[machine] += step
        left -= step
        if left == 0 and kind == LOG_RUN:
            return begin, start, t


@njit(cache=True, nogil=True)
def _attending(
    p: Any,
    cal: Any,
    machine: int,
    alternative: int,
    planned: int,
    earliest: int,
    setup: int,
    run: int,
    pausable: int,
    operator_free: Ints,
    latest: int,
    relief_s: int,
) -> int:
    """Who does an attended block: the person planned, or who relieves them.

    Args:
        earliest: when all but the person are ready.
        latest: end up to which the person planned is waited for.
    """
    row = p.machine_class[machine]
    _, _, end = place(
        cal,
        p.pair_calendar[row, p.operator_class[planned]],
        max(earliest, operator_free[planned]),
        setup,
        run,
        pausable,
    )
    if end <= latest:
        return planned
    best, soonest = planned, end - relief_s
    crew = p.alt_crew[alternative]
    for c in range(p.crew_ptr[crew], p.crew_ptr[crew + 1]):
        who = p.crew[c]
        _, _, end = place(
            cal,
            p.pair_calendar[row, p.operator_class[who]],
            max(earliest, operator_free[who]),
            setup,
            run,
            pausable,
        )
        if end < soonest:
            best, soonest = who, end
    return int(best)


@njit(cache=True, nogil=True)
def _note(log: Ints, rows: Ints, kind: int, op: int, machine: int, since: int, until: int) -> None:
    """Append a row to the log; where it is full only count, so that the caller can ask for a larger one."""
    row = rows[0]
    if row < log.shape[0]:
        log[row, 0], log[row, 1], log[row, 2] = kind, op, machine
        log[row, 3], log[row, 4] = since, until
    rows[0] = row + 1


@njit(cache=True, nogil=True)
def execute(
    p: Any,
    u: Any,
    sequence: Ints,
    alternative: Ints,
    operator: Ints,
    not_before_s: Ints,
    nominal_end_s: Ints,
    relief_s: int,
    draws: Any,
    seed: int,
    replication: int,
    repair_scale: float,
    window_s: int,
    blocks: Any,
    log: Ints,
    rows: Ints,
) -> None:
    """Execute a plan with what chance decided; writes `blocks`, and `log` where it has room for rows.

    Args:
        p: `ProblemArrays`.
        u: `UncertaintyArrays`.
        sequence, alternative, operator: the fields of `PlanArrays`.
        not_before_s: [N] earliest begins the plan holds to.
        nominal_end_s: [N] ends by plan.
        relief_s: how late a block may end before it is handed on; NEVER: it is not.
        draws: `Draws` of the replication.
        repair_scale: factor on every repair.
        window_s: see `signals.kpi.measure`.
        blocks: `Blocks`, overwritten.
        log: [rows, 5], empty to keep none.
        rows: [1] number of rows written or, where `log` is too short, needed.
    """
    n, machines = p.op_order.shape[0], p.machine_ready_s.shape[0]
    failure_key, repair_key = stream(seed, replication, FAILURE), stream(seed, replication, REPAIR)
    wear = Wear(np.zeros(machines, np.int64), np.empty(machines, np.int64), np.zeros(machines, np.int64))
    for machine in range(machines):
        wear.next_s[machine] = _time_to_failure(u, failure_key, machine, 0)
    machine_free = draws.machine_ready_s.copy()
    active_from = np.full(machines, -1, np.int64)  # -1: nothing has happened on it yet
    mounted = p.machine_family.copy()
    operator_free = p.operator_ready_s.copy()
    unattended = p.pair_calendar.shape[1] - 1
    cal = Calendars(p.cal_ptr, p.cal_open_s, p.cal_close_s, p.cal_bucket)
    setups = Setups(p.op_family, p.op_state, p.machine_setup, p.setup_s)
    tally = np.zeros(4, np.int64)
    rows[0] = 0
    for step in range(n):
        op = sequence[step]
        a = alternative[op]
        machine = p.alt_machine[a]
        who = operator[op]
        blocks.order[step] = op
        blocks.machine[op] = machine
        blocks.begin_s[op] = blocks.start_s[op] = blocks.end_s[op] = blocks.active_from_s[op] = NEVER
        blocks.setup_s[op] = blocks.run_s[op] = blocks.planned_s[op] = 0
        blocks.produced[op] = blocks.scrap[op] = blocks.rework[op] = 0
        tally[:] = 0
        earliest = max(p.op_ready_s[op], not_before_s[op], machine_free[machine])
        for e in range(p.pred_ptr[op], p.pred_ptr[op + 1]):
            earliest = max(earliest, blocks.end_s[p.pred[e]] + p.pred_lag_s[e])
        blocks.operator[op] = who
        if earliest >= NEVER:
            continue
        setup = setup_time(setups, machine, mounted[machine], op)
        planned = p.alt_run_s[a]
        run = draws.run_s[a]
        pausable = p.op_pausable[op]
        column = unattended
        if who != UNATTENDED:
            if relief_s < NEVER:
                who = _attending(
                    p, cal, machine, a, who, earliest, setup, run if pausable else planned, pausable,
                    operator_free, nominal_end_s[op] + relief_s, relief_s,
                )  # fmt: skip
                blocks.operator[op] = who
            earliest = max(earliest, operator_free[who])
            column = p.operator_class[who]
            if earliest >= NEVER:
                continue
        calendar = p.pair_calendar[p.machine_class[machine], column]
        begin, start, end = place(cal, calendar, earliest, setup, run if pausable else planned, pausable)
        smooth = (
            wear.age_s[machine] + setup + run <= wear.next_s[machine]
            and (pausable or run <= planned)
            and (end <= window_s or begin >= window_s)
            and log.shape[0] == 0
        )
        if smooth and begin < NEVER:
            end = end if pausable else start + run
            wear.age_s[machine] += setup + run
            if begin < window_s:
                tally[LOG_SETUP], tally[LOG_RUN] = setup, run
        elif begin < NEVER:
            begin, start, end = _work(
                cal, calendar, pausable, u, machine, op, begin, setup, run, wear,
                failure_key, repair_key, repair_scale, window_s, tally, log, rows,
            )  # fmt: skip
        if begin < NEVER:
            if active_from[machine] < 0:
                active_from[machine] = 0 if draws.machine_ready_s[machine] > 0 else begin
            if waited(
                cal, p.pair_calendar[p.machine_class[machine], unattended], machine_free[machine], begin
            ):
                active_from[machine] = begin
            blocks.begin_s[op], blocks.start_s[op], blocks.end_s[op] = begin, start, end
            blocks.active_from_s[op] = active_from[machine]
            blocks.setup_s[op], blocks.run_s[op] = setup, run
            blocks.produced[op], blocks.scrap[op] = draws.produced[op], draws.scrap[op]
            blocks.rework[op] = draws.rework[op]
            blocks.planned_s[op] = int(np.rint(planned * (draws.produced[op] / u.op_quantity[op])))
        else:
            tally[:] = 0
        blocks.setup_window_s[op], blocks.run_window_s[op] = tally[LOG_SETUP], tally[LOG_RUN]
        blocks.overtime_s[op], blocks.failures[op] = tally[OVERTIME], tally[FAILURES]
        machine_free[machine] = end
        if who != UNATTENDED:
            operator_free[who] = end
        if p.op_family[op] >= 0:
            mounted[machine] = p.op_family[op]


@njit(cache=True, nogil=True)
def replicate(
    p: Any,
    u: Any,
    sequences: Ints,
    alternatives: Ints,
    operators: Ints,
    not_before_s: Ints,
    nominal_end_s: Ints,
    relief_s: int,
    order_begun: Ints,
    pbt_s: Ints,
    seed: int,
    replication: int,
    repair_scale: float,
    window_s: int,
    horizon_s: int,
    blocks: Any,
    kpis: Floats,
    completion_s: Ints,
    bottleneck: Floats,
) -> None:
    """One replication of every plan.

    Args:
        sequences, alternatives, operators, not_before_s, nominal_end_s: [plans, N].
        order_begun, pbt_s, window_s, horizon_s: see `signals.kpi.measure`.
        blocks: `Blocks` to work in.
        kpis: [plans, len(KPIS)] written.
        completion_s: [plans, J] written.
        bottleneck: [plans, M] written.
    """
    draws = draw(p, u, sequences[0], seed, replication, repair_scale)
    log = np.empty((0, 5), np.int64)
    rows = np.zeros(1, np.int64)
    orders = Orders(p.op_order, p.order_due_s, p.order_weight, p.order_complete)
    for plan in range(sequences.shape[0]):
        execute(
            p, u, sequences[plan], alternatives[plan], operators[plan], not_before_s[plan],
            nominal_end_s[plan], relief_s, draws, seed, replication, repair_scale, window_s,
            blocks, log, rows,
        )  # fmt: skip
        measure(
            orders, blocks, order_begun, pbt_s, window_s, horizon_s,
            completion_s[plan], bottleneck[plan], kpis[plan],
        )  # fmt: skip
