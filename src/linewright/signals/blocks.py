"""From events to executed blocks: what `signals.kpi.measure` reads, for real plants and simulated ones.

The machine's states say when it set up, ran and was down; the job's events say what came of it. All is
told against a scheduling problem, so that what happened can be held against what was simulated. Reports
that contradict each other are taken as the mirror takes them (`twin.facts`): the first start and the first
finish of a job count, and a job that was aborted has not begun.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from linewright.events.vocabulary import (
    EquipmentStateChanged,
    Event,
    JobOrderAborted,
    JobOrderCompleted,
    JobOrderStarted,
)
from linewright.plant.arrays import NEVER, Floats, Ints, SchedulingProblem
from linewright.plant.plan import split_job_order
from linewright.signals.kpi import (
    KPIS,
    Blocks,
    Calendars,
    Orders,
    empty_blocks,
    measure,
    open_between,
    planned_busy_s,
    waited,
)


@dataclass(slots=True)
class _Machine:
    """A machine while its events are read."""

    op: int = -1  # under way
    operator: int = -1
    state: str = ""
    since: int = 0
    spells: list[tuple[str, int, int]] = field(default_factory=list)  # of work on `op`
    active_from: int = NEVER  # since when it has not waited for work
    free: int = 0  # end of its last block or repair
    broke_idle: bool = False  # it is down and was not working when it broke down


def read_blocks(
    problem: SchedulingProblem, events: Iterable[Event], *, until_s: int, window_s: int
) -> Blocks:
    """The blocks of a problem's operations as events tell them.

    Args:
        problem: the problem the events are held against; events of other operations are left out.
        events: in the order in which they happened, from before the epoch for what was under way then.
        until_s: events later than this do not count; work under way counts up to here.
        window_s: see `signals.kpi.measure`.
    """
    return _Reader(problem, until_s, window_s).read(events)


def measure_events(
    problem: SchedulingProblem,
    events: Iterable[Event],
    order_begun: Ints,
    *,
    until_s: int,
    window_s: int,
) -> tuple[dict[str, float], Floats]:
    """The figures of what happened until `until_s`, and [machines] each one's share as the bottleneck.

    An order with an unfinished operation counts as completed at `until_s`.
    """
    p = problem.arrays
    blocks = read_blocks(problem, events, until_s=until_s, window_s=window_s)
    out, bottleneck = np.empty(len(KPIS)), np.empty(len(p.machine_ready_s))
    measure(
        Orders(p.op_order, p.order_due_s, p.order_weight, p.order_complete),
        blocks,
        order_begun,
        planned_busy_s(p, window_s),
        window_s,
        until_s,
        np.empty(len(p.order_due_s), np.int64),
        bottleneck,
        out,
    )
    return dict(zip(KPIS, map(float, out), strict=True)), bottleneck


class _Reader:
    def __init__(self, problem: SchedulingProblem, until_s: int, window_s: int) -> None:
        p = problem.arrays
        self.problem, self.p, self.until_s, self.window_s = problem, p, until_s, window_s
        self.blocks = empty_blocks(len(p.op_order))
        self.index = {key: i for i, key in enumerate(problem.operations)}
        self.machine = {name: m for m, name in enumerate(problem.machines)}
        self.operator = {name: w for w, name in enumerate(problem.operators)}
        self.calendars = Calendars(p.cal_ptr, p.cal_open_s, p.cal_close_s, p.cal_bucket)
        self.machines = [_Machine() for _ in problem.machines]
        self.sequence: dict[int, None] = {}  # operations that have begun, in that order

    def second(self, instant: datetime) -> int:
        return round((instant - self.problem.epoch).total_seconds())

    def read(self, events: Iterable[Event]) -> Blocks:
        for event in events:
            if self.second(event.time) > self.until_s:
                continue
            body = event.body
            if isinstance(body, JobOrderStarted):
                self.started(body)
            elif isinstance(body, EquipmentStateChanged) and body.machine in self.machine:
                self.changed(self.machine[body.machine], body, self.second(event.time))
            elif isinstance(body, JobOrderCompleted):
                self.completed(body)
            elif isinstance(body, JobOrderAborted):
                self.aborted(body, self.second(event.time))
        for m, machine in enumerate(self.machines):
            if machine.op >= 0:
                self.close_spell(machine, self.until_s)
                self.account(m, machine)
        rest = (op for op in range(len(self.index)) if op not in self.sequence)
        self.blocks.order[:] = [*self.sequence, *rest]
        return self.blocks

    def started(self, body: JobOrderStarted) -> None:
        op = self.index.get(split_job_order(body.job_order))
        m = self.machine.get(body.machine)
        if op is not None and m is not None and op not in self.sequence:
            self.begin(m, op, self.operator.get(body.operator, -1), self.second(body.setup_start))

    def begin(self, m: int, op: int, operator: int, at: int) -> None:
        machine = self.machines[m]
        if machine.op == op:
            return
        machine.op, machine.operator, machine.spells = op, operator, []
        self.sequence[op] = None
        self.blocks.machine[op] = m
        self.blocks.begin_s[op] = max(0, at)

    def changed(self, m: int, body: EquipmentStateChanged, at: int) -> None:
        machine = self.machines[m]
        self.close_spell(machine, at)
        if body.state == "down" and machine.state != "down":
            machine.broke_idle = machine.op < 0
            if machine.broke_idle:
                self.activate(m, machine, max(0, at))
            else:
                self.blocks.failures[machine.op] += 1
        elif body.state != "down" and machine.state == "down" and machine.broke_idle:
            machine.free = at
        machine.state, machine.since = body.state, at

    def activate(self, m: int, machine: _Machine, at: int) -> None:
        """Note since when a machine that is active from `at` on has not waited for work."""
        if machine.active_from == NEVER or waited(self.calendars, self.calendar(m, -1), machine.free, at):
            machine.active_from = at

    def close_spell(self, machine: _Machine, at: int) -> None:
        since = max(machine.since, 0)
        if machine.op >= 0 and machine.state in ("setup", "running") and at > since:
            machine.spells.append((machine.state, since, at))

    def completed(self, body: JobOrderCompleted) -> None:
        op = self.index.get(split_job_order(body.job_order))
        m = self.machine.get(body.machine)
        if op is None or m is None or self.blocks.end_s[op] != NEVER:
            return
        for other in self.machines:
            if other.op == op and other is not self.machines[m]:  # it was said to run elsewhere
                other.op, other.spells = -1, []
        self.begin(m, op, self.operator.get(body.operator, -1), self.second(body.setup_start))
        machine, blocks, end = self.machines[m], self.blocks, self.second(body.end)
        self.close_spell(machine, end)
        self.account(m, machine)
        blocks.start_s[op], blocks.end_s[op] = max(0, self.second(body.run_start)), end
        blocks.produced[op] = body.good + body.scrap
        blocks.scrap[op], blocks.rework[op] = body.scrap, body.rework
        share = (body.good + body.scrap) / int(self.problem.uncertainty.op_quantity[op])
        blocks.planned_s[op] = int(np.rint(self.planned_run(op, m) * share))
        self.activate(m, machine, int(blocks.begin_s[op]))
        blocks.active_from_s[op] = machine.active_from
        machine.free, machine.op, machine.spells, machine.since = end, -1, [], end

    def aborted(self, body: JobOrderAborted, at: int) -> None:
        op = self.index.get(split_job_order(body.job_order))
        if op is None or op not in self.sequence or self.blocks.end_s[op] != NEVER:
            return
        del self.sequence[op]
        for machine in self.machines:
            if machine.op == op:
                machine.op, machine.spells, machine.free = -1, [], at
        for column, nothing in zip(self.blocks, empty_blocks(1), strict=True):
            column[op] = nothing[0]

    def account(self, m: int, machine: _Machine) -> None:
        """Add up the spells of work on the block under way."""
        blocks, op = self.blocks, machine.op
        calendar = self.calendar(m, machine.operator)
        for state, since, until in machine.spells:
            inside = max(0, min(until, self.window_s) - since)
            if state == "setup":
                blocks.setup_s[op] += until - since
                blocks.setup_window_s[op] += inside
            else:
                blocks.run_s[op] += until - since
                blocks.run_window_s[op] += inside
            if not self.p.op_pausable[op]:
                blocks.overtime_s[op] += until - since - open_between(self.calendars, calendar, since, until)

    def planned_run(self, op: int, m: int) -> int:
        p = self.p
        for a in range(p.alt_ptr[op], p.alt_ptr[op + 1]):
            if p.alt_machine[a] == m:
                return int(p.alt_run_s[a])
        return int(p.alt_run_s[p.alt_ptr[op]])

    def calendar(self, machine: int, operator: int) -> int:
        column = self.p.operator_class[operator] if operator >= 0 else -1
        return int(self.p.pair_calendar[self.p.machine_class[machine], column])
