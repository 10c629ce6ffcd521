"""From a chosen scenario to one transaction: approval, plan in force, and the intents for the plant."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from linewright.events.outbox import Intent
from linewright.events.vocabulary import (
    Event,
    MaterialStagingRequested,
    OperatorNotified,
    ScheduleApproved,
    ScheduleReleased,
    WorkInstructionPublished,
    event,
)
from linewright.plant.arrays import STARTED
from linewright.plant.plan import PlantState, job_order_id, split_job_order

if TYPE_CHECKING:
    from linewright.decide.generate import Alternatives

SOURCE = "linewright"
STORE, UPDATE, CANCEL = "job_order.store_and_start", "job_order.update", "job_order.cancel"


def approval_events(
    found: Alternatives,
    scenario: str,
    *,
    proposal: str,
    version: int,
    by: str,
    comment: str,
    at: datetime,
) -> tuple[Event, ...]:
    """What becomes true when a scenario is approved; the first event is the approval itself."""
    chosen = found.scenario(scenario)
    approved = event(
        ScheduleApproved(proposal=proposal, scenario=scenario, plan_version=version, by=by, comment=comment),
        source=SOURCE,
        time=at,
        key=f"{found.plant.id}|{version}",
        subject=proposal,
        correlation_id=proposal,
    )

    def caused(body: Any, subject: str) -> Event:
        return event(
            body,
            source=SOURCE,
            time=at,
            key=f"{version}|{subject}",
            subject=subject,
            causation_id=approved.id,
            correlation_id=proposal,
        )

    plan = chosen.operations
    remaining = set(found.problem.operations)
    begun, cancelled = {item.key for item in found.state.progress}, found.state.cancelled
    kept = [
        a
        for a in found.state.plan.assignments
        if a.key not in remaining and (a.key in begun or a.order not in cancelled)
    ]
    released = ScheduleReleased(
        plan_version=version,
        scenario=scenario,
        order=[a.order for a in kept] + [row.order for row in plan],
        operation=[a.operation for a in kept] + [row.operation for row in plan],
        machine=[a.machine for a in kept] + [row.machine for row in plan],
        operator=[a.operator for a in kept] + [row.operator for row in plan],
        setup_start=[a.setup_start for a in kept] + [row.setup_start for row in plan],
        start=[a.start for a in kept] + [row.start for row in plan],
        end=[a.end for a in kept] + [row.end for row in plan],
        predicted={name: (k.median, k.p05, k.p95) for name, k in chosen.kpis.items()},
    )
    return (
        approved,
        caused(released, f"plan:{version}"),
        *(
            caused(
                WorkInstructionPublished(
                    job_order=item.job_order,
                    machine=item.machine,
                    operator=item.operator,
                    text=item.text,
                    plan_version=version,
                ),
                item.job_order,
            )
            for item in chosen.instructions
        ),
        *(
            caused(
                OperatorNotified(operator=notice.operator, text=notice.text, plan_version=version),
                notice.operator,
            )
            for notice in chosen.notices
        ),
        *(
            caused(
                MaterialStagingRequested(
                    job_order=move.job_order,
                    material=move.material,
                    lot=move.lot,
                    quantity=move.quantity,
                    from_location=move.from_location,
                    to_machine=move.to_machine,
                    needed_by=move.needed_by,
                    plan_version=version,
                ),
                f"{move.job_order}|{move.lot}",
            )
            for move in chosen.staging
            if move.change != "same"
        ),
    )


def intents(
    found: Alternatives,
    scenario: str,
    *,
    version: int,
    approval: str,
    target: str,
    undelivered: Mapping[str, str],
) -> tuple[Intent, ...]:
    """The writes to the plant: one per job order that changes, gets other lots, is new, or is not wanted.

    Args:
        undelivered: job order -> kind of a write of an earlier plan that has not reached the plant. This
            approval withdraws it, so the job is written again even where the new plan changes nothing.
    """
    index = found.index(scenario)
    candidate, tell = found.candidates[index], found.describer
    known = {a.key for a in found.state.plan.assignments}
    chosen = found.scenario(scenario)
    rows = {(row.order, row.operation): row for row in chosen.operations}
    lots: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for move in chosen.staging:
        lots[move.job_order].append({"lot": move.lot, "material": move.material, "quantity": move.quantity})
    writes = []
    changed = tell.changed(candidate)
    told = set(changed)
    unknown_there = {job for job, kind in undelivered.items() if kind == STORE}
    missed = {job for job, kind in undelivered.items() if kind != CANCEL}
    anew = missed | tell.other_lots
    again = [
        op
        for op, key in enumerate(found.problem.operations)
        if job_order_id(*key) in anew and op not in told and found.problem.arrays.op_state[op] != STARTED
    ]
    for op in [*changed, *again]:
        key = found.problem.operations[op]
        row, order = rows[key], tell.orders[key[0]]
        job = job_order_id(*key)
        kind = UPDATE if key in known and job not in unknown_there else STORE
        writes.append(
            Intent(
                target=target,
                kind=kind,
                key=f"{version}/{job}/{kind}",
                payload={
                    "job_order": job,
                    "order": row.order,
                    "operation": row.operation,
                    "part": order.part,
                    "quantity": order.quantity,
                    "priority": order.priority,
                    "machine": row.machine,
                    "operator": row.operator,
                    "setup_start": row.setup_start.isoformat(),
                    "start": row.start.isoformat(),
                    "end": row.end.isoformat(),
                    "plan_version": version,
                    "lots": lots[job],
                    "description": tell.instruction_text(candidate, op),
                },
                plan_version=version,
                approval=approval,
                subject=job,
            )
        )
    begun = {item.key for item in found.state.progress}
    unwanted = {
        job_order_id(*a.key)
        for a in found.state.plan.assignments
        if a.order in found.state.cancelled and a.key not in begun
    } | {
        job
        for job, kind in undelivered.items()
        if kind == CANCEL and split_job_order(job)[0] in found.state.cancelled
    }
    cancels = (
        Intent(
            target=target,
            kind=CANCEL,
            key=f"{version}/{job}/{CANCEL}",
            payload={"job_order": job, "plan_version": version},
            plan_version=version,
            approval=approval,
            subject=job,
        )
        for job in sorted(unwanted)
    )
    return *writes, *cancels


def overtaken(found: Alternatives, news: tuple[Event, str] | None) -> str:
    """The disruption that came after alternatives were made from a state, and what to do; "" without one."""
    if news is None or news[0].position <= found.state.position:
        return ""
    happened, text = news
    return (
        f"event {happened.position}, {happened.time.astimezone(found.describer.zone):%a %H:%M}, came after"
        f" these alternatives: {text}. Regenerate from now, and choose again."
    )


def begun_elsewhere(found: Alternatives, scenario: str, state: PlantState) -> str:
    """Work that has begun since, other than a scenario has it, and what to do; "" where there is none.

    Work that began or ended where the scenario has it is no conflict: the scenario is then still true.
    """
    candidate, tell = found.candidates[found.index(scenario)], found.describer
    begun_then = {item.key for item in found.state.progress}
    for item in state.progress:
        placed = None if item.key in begun_then else tell.placed(candidate, item.key)
        if placed is not None and placed != (item.machine, item.operator):
            return (
                f"{job_order_id(*item.key)} has begun on {_place(item.machine, item.operator)}, but the"
                f" scenario has it on {_place(*placed)}. Regenerate from now, and choose again."
            )
    return ""


def _place(machine: str, operator: str) -> str:
    return f"{machine} with {operator}" if operator else machine
