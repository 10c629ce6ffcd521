"""What the page shows, as plain data: the plant, the board, inbox, queues."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from linewright.decide.agenda import Disruption, Entry
from linewright.decide.describe import work_center_of
from linewright.decide.loop import DecisionLoop
from linewright.events.outbox import State
from linewright.plant.calendars import expand
from linewright.plant.history import current
from linewright.plant.plan import OperationStatus, PlantState, job_order_id
from linewright.plant.records import Order, Plant
from linewright.serve.floor import Floor

DAYS_BEFORE, DAYS_AFTER = 4, 14
"""How far around now the board knows calendars."""


def plant_view(plant: Plant, state: PlantState, floor: Floor) -> dict[str, Any]:
    """What does not change from minute to minute."""
    known = current(plant, state)
    centers = work_center_of(plant)
    names = {item.id: item.name or item.id for item in plant.equipment}
    return {
        "id": plant.id,
        "name": plant.name or plant.id,
        "timezone": plant.timezone,
        "work_centers": [{"id": c, "name": names.get(c, c)} for c in dict.fromkeys(centers.values())],
        "machines": [
            {
                "id": machine.id,
                "name": machine.name or machine.id,
                "work_center": centers[machine.id],
                "calendar_open": open_periods(plant, machine.calendar, state.at),
            }
            for machine in plant.machines
        ],
        "people": [
            {"id": person.id, "name": person.name or person.id, "skills": sorted(person.skills)}
            for person in plant.people
        ],
        "parts": [
            {
                "id": part.id,
                "name": part.name or part.id,
                "operations": [
                    {
                        "id": operation.id,
                        "name": operation.name or operation.id,
                        "after": operation.after,
                        "machines": [alternative.machine for alternative in operation.alternatives],
                    }
                    for operation in part.operations
                ],
            }
            for part in plant.parts
        ],
        "orders": [
            {
                "id": order.id,
                "part": order.part,
                "quantity": order.quantity,
                "due": order.due,
                "priority": order.priority,
                "customer": order.customer,
            }
            for order in known.orders
        ],
        "lots": [
            {
                "id": lot.id,
                "material": lot.material,
                "quantity": lot.quantity,
                "available": lot.available,
                "location": lot.location,
            }
            for lot in known.lots
        ],
        "materials": [{"id": m.id, "name": m.name or m.id, "unit": m.unit} for m in plant.materials],
        "demo": floor.demo,
        "planning": {"freeze_min": plant.planning.freeze_min},
    }


def open_periods(plant: Plant, calendar: str, at: datetime) -> list[tuple[datetime, datetime]]:
    """When a calendar is open, around an instant."""
    found = next(item for item in plant.calendars if item.id == calendar)
    day_s = 86400
    periods = expand(found, ZoneInfo(plant.timezone), at, -DAYS_BEFORE * day_s, DAYS_AFTER * day_s)
    return [(at + timedelta(seconds=int(a)), at + timedelta(seconds=int(b))) for a, b in periods]


def board_view(loop: DecisionLoop, floor: Floor) -> dict[str, Any]:
    """The plan in force merged with what has happened."""
    with loop.lock:
        state = loop.mirror.state(floor.now())
        machines = {machine: machine_view(loop, machine) for machine in loop.mirror.machines}
        position, dispatched = loop.position, loop.ledger.dispatched()
    known = current(loop.plant, state)
    operations = operations_view(state, known.orders, dispatched)
    absent: dict[str, datetime] = {}
    for absence in known.absences:
        if absence.start <= state.at < absence.end:
            absent[absence.person] = absence.end
    return {
        "position": position,
        "plan_version": state.plan.version,
        "now": state.at,
        "rate": floor.rate,
        "freshness_s": floor.freshness_s,
        "connected": floor.connected,
        "machines": machines,
        "people": {person.id: {"absent_until": absent.get(person.id)} for person in loop.plant.people},
        "operations": operations,
    }


def machine_view(loop: DecisionLoop, machine: str) -> dict[str, Any]:
    """A machine as the mirror has it."""
    with loop.lock:
        item = loop.mirror.machines[machine]
    return {
        "id": machine,
        "state": item.state,
        "since": item.since,
        "expected_end": item.expected_end,
        "job": item.job_order,
        "operator": item.operator,
        "family": item.family,
        "good": item.good,
        "scrap": item.scrap,
    }


def operation_view(loop: DecisionLoop, key: tuple[str, str]) -> dict[str, Any] | None:
    """One operation of the board, as it is now; None where the plan in force does not have it."""
    with loop.lock:
        state = loop.mirror.state(loop.clock())
        dispatched = loop.ledger.dispatched()
    orders = [order for order in current(loop.plant, state).orders if order.id == key[0]]
    rows = operations_view(state, orders, dispatched)
    return next((row for row in rows if (row["order"], row["operation"]) == key), None)


def operations_view(
    state: PlantState, orders: Iterable[Order], dispatched: Container[str]
) -> list[dict[str, Any]]:
    """The operations of some orders in the plan in force: as planned, or where they have begun as they are.

    Args:
        dispatched: the job orders that the plant holds as planned.
    """
    progress = {item.key: item for item in state.progress}
    due = {order.id: order.due for order in orders}
    ends: dict[str, datetime] = {}
    rows = []
    for planned in state.plan.assignments:
        if planned.order in state.cancelled or planned.order not in due:
            continue
        done = progress.get(planned.key)
        row: dict[str, Any] = {
            "order": planned.order,
            "operation": planned.operation,
            "machine": planned.machine,
            "operator": planned.operator,
            "setup_start": planned.setup_start,
            "start": planned.start,
            "end": planned.end,
            "state": "dispatched" if job_order_id(*planned.key) in dispatched else "planned",
        }
        if done is not None:
            length = planned.end - planned.setup_start
            row |= {
                "machine": done.machine,
                "operator": done.operator,
                "setup_start": done.setup_start,
                "start": done.start
                or max(done.setup_start, done.setup_start + (planned.start - planned.setup_start)),
                "end": done.end or max(state.at, done.setup_start + length),
                "state": "done" if done.status is OperationStatus.DONE else "started",
            }
        ends[planned.order] = max(ends.get(planned.order, row["end"]), row["end"])
        rows.append(row)
    for row in rows:
        row["late"] = ends[row["order"]] > due[row["order"]]
    return rows


def disruption_view(loop: DecisionLoop, item: Disruption) -> dict[str, Any]:
    """A card of the inbox."""
    with loop.lock:
        over = loop.over(item)
        at_risk: list[str] = []
        entry = loop.agenda.proposals.get(item.proposal)
        if entry is not None and entry.found is not None:
            at_risk = entry.found.at_risk
    return {
        "id": item.id,
        "kind": item.kind,
        "title": item.title,
        "subject": item.subject,
        "at": item.at,
        "expected_end": item.expected_end,
        "orders_at_risk": at_risk,
        "proposal": item.proposal,
        "status": "answered" if item.answered else "over" if over else "open",
    }


def entry_view(loop: DecisionLoop, entry: Entry) -> dict[str, Any]:
    """A proposal in a list."""
    return {
        "id": entry.id,
        "title": entry.title,
        "created": entry.created,
        "status": entry.status,
        "stale": loop.stale(entry) or entry.error,
        "scenarios": len(entry.found.ids) if entry.found else 0,
        "seconds_to_scenarios": round(entry.seconds, 3),
        "disruption": entry.disruption,
        "parent": entry.parent,
    }


def station_view(loop: DecisionLoop, machine: str, now: datetime) -> dict[str, Any]:
    """One machine's queue, as its operator reads it."""
    with loop.lock:
        state = loop.mirror.state(now)
        view = machine_view(loop, machine)
        told, dispatched = dict(loop.ledger.instructions), loop.ledger.dispatched()
        staged = {job: [entry.status for entry in lots.values()] for job, lots in loop.ledger.staging.items()}
    known = current(loop.plant, state)
    orders = {order.id: order for order in known.orders}
    routing = {(part.id, op.id): op for part in loop.plant.parts for op in part.operations}
    queue = []
    for row in operations_view(state, known.orders, dispatched):
        if row["machine"] != machine or row["state"] == "done":
            continue
        job = job_order_id(row["order"], row["operation"])
        order = orders[row["order"]]
        operation = routing.get((order.part, row["operation"]))
        text = operation.instructions if operation else ""
        if job in told and told[job].machine == machine:
            text = told[job].text
        queue.append(
            {
                "job_order": job,
                "part": order.part,
                "quantity": order.quantity,
                "setup_start": row["setup_start"],
                "start": row["start"],
                "end": row["end"],
                "state": row["state"],
                "operator": row["operator"],
                "instructions": text,
                "materials": [
                    {"material": c.material, "quantity": c.quantity_per_unit * order.quantity}
                    for c in (operation.consumes if operation else ())
                ],
                "staged": staged.get(job, []),
            }
        )
    queue.sort(key=lambda item: (item["state"] != "started", item["setup_start"]))
    return {"machine": machine, "state": view, "now": now, "queue": queue[:20]}


def dispatch_views(loop: DecisionLoop, floor: Floor) -> list[dict[str, Any]]:
    """How far the writes of each approved plan have come, newest first."""
    with loop.lock:
        dispatches = list(loop.ledger.dispatches.values())
    return [
        {
            "waiting_for": floor.waiting_for,
            "approved_by": item.by,
            "at": item.at,
            "scenario": item.scenario,
            "proposal": item.proposal,
            **writes_view(loop, item.plan_version),
            "jobs": [
                *({"job_order": job, "state": "done", "detail": ""} for job in item.acknowledged),
                *({"job_order": job, "state": "failed", "detail": why} for job, why in item.failed.items()),
            ],
        }
        for item in reversed(dispatches)
    ]


def writes_view(loop: DecisionLoop, version: int) -> dict[str, Any]:
    """How many of a plan's job orders are written: acknowledged or refused by the plant."""
    counts = loop.store.command_counts(version)
    done, failed = counts.get(State.DONE, 0), counts.get(State.FAILED, 0)
    return {
        "plan_version": version,
        "total": sum(counts.values()),
        "written": done + failed,
        "acknowledged": done,
        "failed": failed,
        "waiting": waiting(counts),
        "superseded": counts.get(State.SUPERSEDED, 0),
    }


def waiting(counts: Mapping[State, int]) -> int:
    """How many writes have not been answered yet."""
    return counts.get(State.PENDING, 0) + counts.get(State.DELIVERING, 0)


def outcome_views(loop: DecisionLoop) -> list[dict[str, Any]]:
    """Predicted against actual, newest plan first."""
    views = []
    with loop.lock:
        dispatches = list(loop.ledger.dispatches.values())
    for item in reversed(dispatches):
        outcome, release = loop.outcome(item.plan_version), loop.releases.plans.get(item.plan_version)
        views.append(
            {
                "plan_version": item.plan_version,
                "scenario": item.scenario,
                "simulated": {
                    name: {"median": m, "p05": low, "p95": high}
                    for name, (m, low, high) in item.predicted.items()
                },
                "predicted": outcome.predicted if outcome else {},
                "actual": outcome.actual if outcome else {},
                "operations_done": outcome.operations_done if outcome else 0,
                "operations_total": outcome.operations_total if outcome else 0,
                "final": release is not None and release.final,
            }
        )
    return views
