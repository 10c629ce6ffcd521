"""One simulated replication as events, in the plant's own vocabulary."""

from __future__ import annotations

from linewright.events.vocabulary import (
    AnyBody,
    EquipmentState,
    EquipmentStateChanged,
    Event,
    JobOrderCompleted,
    JobOrderStarted,
    event,
)
from linewright.plant.arrays import NEVER, UNATTENDED, Ints, PlanArrays, SchedulingProblem
from linewright.plant.plan import job_order_id
from linewright.twin.execute import LOG_REPAIR, LOG_RUN, LOG_SETUP
from linewright.twin.simulate import execute_once

SOURCE = "simulator"

_STATE: dict[int, EquipmentState] = {LOG_SETUP: "setup", LOG_RUN: "running", LOG_REPAIR: "down"}


def trace(
    problem: SchedulingProblem,
    plan: PlanArrays,
    not_before_s: Ints,
    replication: int,
    seed: int,
    facility: str = "",
    *,
    repair_scale: float = 1.0,
    in_force: bool = False,
) -> list[Event]:
    """What would happen if the plan were carried out and chance fell as in this replication.

    `in_force` as in `simulate`: whether it is the plan in force.

    Machines change state, job orders start and complete; within one instant a completion comes before
    the machine's next state, and a start before the machine's state of it. Of an operation under way at the
    epoch the start is when it goes on. `signals.blocks` turns the events back into the figures of
    `simulate`.
    """
    execution = execute_once(
        problem,
        plan,
        not_before_s,
        replication=replication,
        seed=seed,
        window_s=problem.horizon_s,
        repair_scale=repair_scale,
        in_force=in_force,
    )
    blocks = execution.blocks
    told: list[tuple[int, int, AnyBody]] = []  # instant, rank within it, what happened

    def state(at: int, rank: int, machine: str, now: EquipmentState, job: str = "", until: int = -1) -> None:
        body = EquipmentStateChanged(
            machine=machine,
            state=now,
            job_order=job,
            expected_end=problem.instant(until) if now == "down" else None,
            reason="breakdown" if now == "down" else "",
        )
        told.append((at, rank, body))

    spells: dict[int, list[tuple[int, int, int]]] = {}
    for kind, op, _, since, until in execution.log.tolist():
        spells.setdefault(op, []).append((kind, since, until))
    next_begin: dict[
        int, int
    ] = {}  # machine -> begin of its block after, as blocks are gone through backwards
    for op in reversed(blocks.order.tolist()):
        if blocks.end_s[op] == NEVER:
            continue
        m, begin, end = int(blocks.machine[op]), int(blocks.begin_s[op]), int(blocks.end_s[op])
        machine, job = problem.machines[m], job_order_id(*problem.operations[op])
        operator = "" if blocks.operator[op] == UNATTENDED else problem.operators[blocks.operator[op]]
        setup_start = problem.instant(begin)
        started = JobOrderStarted(job_order=job, machine=machine, operator=operator, setup_start=setup_start)
        completed = JobOrderCompleted(
            job_order=job,
            machine=machine,
            operator=operator,
            setup_start=setup_start,
            run_start=problem.instant(blocks.start_s[op]),
            end=problem.instant(end),
            good=int(blocks.produced[op] - blocks.scrap[op]),
            scrap=int(blocks.scrap[op]),
            rework=int(blocks.rework[op]),
        )
        told.append((end, 1, completed))
        if next_begin.get(m) != end:
            state(end, 2, machine, "idle")
        told.append((begin, 3, started))
        worked_until, last = begin, -1
        for kind, since, until in spells[op]:
            if since > worked_until:
                state(worked_until, 4, machine, "paused", job)
            if since > worked_until or kind != last:
                state(since, 5, machine, _STATE[kind], job, until)
            worked_until, last = until, kind
        next_begin[m] = begin
    for m, ready in enumerate(execution.draws.machine_ready_s.tolist()):
        if ready > 0:  # the repair under way
            state(0, 0, problem.machines[m], "down", until=ready)
            if next_begin.get(m) != ready:
                state(ready, 0, problem.machines[m], "idle")
    told.sort(key=lambda item: item[:2])
    return [
        event(
            body,
            source=SOURCE,
            time=problem.instant(at),
            key=f"{facility}|{seed}|{replication}|{number}",
            subject=getattr(body, "job_order", "") or getattr(body, "machine", ""),
            facility=facility,
        )
        for number, (at, _, body) in enumerate(told)
    ]
