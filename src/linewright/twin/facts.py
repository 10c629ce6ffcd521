"""What a fold of the event log knows, and what each event changes in it.

A contradiction (a finish without a start, two machines claiming one job, an id nobody knows) is recorded
as a named anomaly; what is certain in the event is still taken in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from linewright.events import vocabulary as v
from linewright.plant.plan import (
    Assignment,
    OperationStatus,
    Plan,
    PlantState,
    Progress,
    job_order_id,
    split_job_order,
)
from linewright.plant.records import Absence, Downtime, MaterialLot, Order, Plant, RoutingOperation

Key = tuple[str, str]

WORKING = frozenset({"setup", "running"})
STOPPED = frozenset({"down", "maintenance"})
MOST_ANOMALIES = 500
NO_END = datetime(9000, 1, 1, tzinfo=UTC)
"""The expected end of a repair that nobody has given one."""


@dataclass(frozen=True, slots=True)
class Anomaly:
    """A contradiction in what was reported."""

    name: str
    event: str  # id
    time: datetime
    subject: str
    text: str

    def __str__(self) -> str:
        return f"{self.time:%Y-%m-%d %H:%M} {self.name}: {self.text}"


@dataclass(frozen=True, slots=True)
class MachineStatus:
    """A machine as last reported."""

    state: v.EquipmentState
    since: datetime
    expected_end: datetime | None = None  # of a repair or maintenance
    outage_end: datetime | None = None  # expected end of the last one, kept after it
    job_order: str = ""
    operator: str = ""
    family: str = ""
    good: int = 0
    scrap: int = 0


@dataclass(frozen=True, slots=True)
class WorkLeft:
    """Work left of a job as reported, and whether its machine has worked on it since."""

    seconds: float
    as_of: datetime
    working: bool

    def at(self, when: datetime) -> float:
        return self.seconds - (max(0.0, (when - self.as_of).total_seconds()) if self.working else 0.0)


class Catalogue:
    """The ids of a plant, for looking up what an event names."""

    def __init__(self, plant: Plant) -> None:
        self.plant = plant
        self.machines = frozenset(machine.id for machine in plant.machines)
        self.people = frozenset(person.id for person in plant.people)
        self.materials = frozenset(material.id for material in plant.materials)
        self.orders = {order.id: order for order in plant.orders}
        self.lots = {lot.id: lot for lot in plant.lots}
        self.routings: dict[str, Mapping[str, RoutingOperation]] = {
            part.id: {operation.id: operation for operation in part.operations} for part in plant.parts
        }

    def on_calendar(self, calendar: str) -> tuple[list[str], list[str]]:
        """The machines and the people that work by a calendar."""
        return (
            [machine.id for machine in self.plant.machines if machine.calendar == calendar],
            [person.id for person in self.plant.people if person.calendar == calendar],
        )


@dataclass(slots=True)
class Facts:
    """The state of a fold. Values are immutable, so that a copy of the dictionaries is a snapshot."""

    catalogue: Catalogue
    at: datetime
    plan: Plan
    progress: dict[Key, Progress]
    machines: dict[str, MachineStatus]
    orders: dict[str, Order]
    cancelled: dict[str, None]
    lots: dict[str, MaterialLot]
    absences: dict[str, Absence]
    downtimes: dict[str, Downtime]
    work: dict[Key, WorkLeft] = field(default_factory=dict)
    anomalies: tuple[Anomaly, ...] = ()

    @classmethod
    def of(cls, plant: Plant, state: PlantState) -> Facts:
        """The facts of a state from which folding begins."""
        machines = {
            machine.id: MachineStatus(
                "down" if machine.id in state.machine_down_until else "idle",
                state.at,
                expected_end=state.machine_down_until.get(machine.id),
                outage_end=state.machine_down_until.get(machine.id),
                family=state.machine_family.get(machine.id, machine.initial_family),
            )
            for machine in plant.machines
        }
        work = {}
        for item in state.progress:
            if item.status is OperationStatus.STARTED and item.machine in machines:
                status = machines[item.machine]
                machines[item.machine] = replace(
                    status,
                    state="down" if status.state == "down" else "running",
                    job_order=job_order_id(*item.key),
                    operator=item.operator,
                )
                if item.remaining_s is not None:
                    work[item.key] = WorkLeft(item.remaining_s, state.at, status.state != "down")
        return cls(
            catalogue=Catalogue(plant),
            at=state.at,
            plan=state.plan,
            progress={item.key: item for item in state.progress},
            machines=machines,
            orders={order.id: order for order in state.orders},
            cancelled=dict.fromkeys(sorted(state.cancelled)),
            lots={lot.id: lot for lot in state.lots},
            absences={f"{i}": absence for i, absence in enumerate(state.absences)},
            downtimes={f"{i}": downtime for i, downtime in enumerate(state.downtimes)},
            work=work,
        )

    def copy(self) -> Facts:
        """A snapshot."""
        return replace(
            self,
            progress=dict(self.progress),
            machines=dict(self.machines),
            orders=dict(self.orders),
            cancelled=dict(self.cancelled),
            lots=dict(self.lots),
            absences=dict(self.absences),
            downtimes=dict(self.downtimes),
            work=dict(self.work),
        )

    def order(self, order: str) -> Order | None:
        return self.orders.get(order) or self.catalogue.orders.get(order)

    def lot(self, lot: str) -> MaterialLot | None:
        return self.lots.get(lot) or self.catalogue.lots.get(lot)

    def routing(self, key: Key) -> RoutingOperation | None:
        order = self.order(key[0])
        return self.catalogue.routings.get(order.part, {}).get(key[1]) if order else None

    # --- events -----------------------------------------------------------------------------------

    def apply(self, event: v.Event) -> None:
        """Take in one event. Events of a kind that changes no facts leave everything as it is."""
        self.at = max(self.at, event.time)
        change = _CHANGES.get(type(event.body))
        if change is not None:
            change(self, event, event.body)

    def note(self, event: v.Event, name: str, subject: str, text: str) -> None:
        """Record an anomaly."""
        anomaly = Anomaly(name, event.id, event.time, subject, text)
        self.anomalies = (*self.anomalies, anomaly)[-MOST_ANOMALIES:]

    def knows_machine(self, event: v.Event, machine: str) -> bool:
        if machine in self.machines:
            return True
        self.note(
            event, "unknown machine", machine, f"{event.type} names machine {machine}, which is not known."
        )
        return False

    def knows_job(self, event: v.Event, job_order: str) -> bool:
        if self.routing(split_job_order(job_order)) is not None:
            return True
        self.note(
            event,
            "unknown job order",
            job_order,
            f"{event.type} names job order {job_order}, which is not known.",
        )
        return False

    def known_person(self, event: v.Event, person: str, job_order: str) -> str:
        """Who works on a job; "" where nobody is named, or somebody whom no plan could name."""
        if not person or person in self.catalogue.people:
            return person
        self.note(event, "unknown person", person, f"{job_order} is worked by {person}, who is not known.")
        return ""

    def equipment_state(self, event: v.Event, body: v.EquipmentStateChanged) -> None:
        if not self.knows_machine(event, body.machine):
            return
        known = self.machines[body.machine]
        stopped = body.state in STOPPED
        self.machines[body.machine] = replace(
            known,
            state=body.state,
            since=event.time if body.state != known.state else known.since,
            expected_end=body.expected_end if stopped else None,
            outage_end=body.expected_end if stopped else known.outage_end,
            family=body.family or known.family,
        )
        self.settle(body.machine, event.time)

    def settle(self, machine: str, when: datetime) -> None:
        """Count the work done on a machine's job up to an instant, and whether it goes on."""
        status = self.machines[machine]
        key = split_job_order(status.job_order)
        left = self.work.get(key)
        if left is not None:
            self.work[key] = WorkLeft(left.at(when), max(when, left.as_of), status.state in WORKING)

    def job_started(self, event: v.Event, body: v.JobOrderStarted) -> None:
        if not (self.knows_job(event, body.job_order) and self.knows_machine(event, body.machine)):
            return
        operator = self.known_person(event, body.operator, body.job_order)
        key = split_job_order(body.job_order)
        known = self.progress.get(key)
        if known is not None and known.status is OperationStatus.DONE:
            self.note(
                event, "start after finish", body.job_order, f"{body.job_order} starts although it is done."
            )
            return
        if known is not None and known.machine != body.machine:
            self.note(
                event,
                "two machines claim a job",
                body.job_order,
                f"{body.machine} starts {body.job_order}, which {known.machine} has started.",
            )
            return
        other = self.machines[body.machine].job_order
        if other and other != body.job_order:
            self.note(
                event,
                "two jobs on a machine",
                body.machine,
                f"{body.machine} starts {body.job_order} although {other} has not ended on it.",
            )
        self.progress[key] = Progress(
            order=key[0],
            operation=key[1],
            machine=body.machine,
            operator=operator,
            status=OperationStatus.STARTED,
            setup_start=body.setup_start,
            start=body.run_start or (known.start if known else None),
        )
        routing = self.routing(key)
        status = self.machines[body.machine]
        self.machines[body.machine] = replace(
            status,
            job_order=body.job_order,
            operator=operator,
            family=(routing.family if routing else "") or status.family,
        )

    def job_progressed(self, event: v.Event, body: v.JobOrderProgressed) -> None:
        if not self.knows_job(event, body.job_order):
            return
        key = split_job_order(body.job_order)
        known = self.progress.get(key)
        if known is None:
            self.note(
                event,
                "progress without start",
                body.job_order,
                f"{body.job_order} reports progress but has not started.",
            )
            return
        if known.status is OperationStatus.DONE:
            return
        self.progress[key] = replace(
            known, start=body.run_start or known.start, good=body.good, scrap=body.scrap
        )
        working = self.machines[known.machine].state in WORKING
        self.work[key] = WorkLeft(float(body.remaining_s), event.time, working)

    def job_completed(self, event: v.Event, body: v.JobOrderCompleted) -> None:
        if not (self.knows_job(event, body.job_order) and self.knows_machine(event, body.machine)):
            return
        key = split_job_order(body.job_order)
        known = self.progress.get(key)
        if known is None:
            self.note(
                event, "finish without start", body.job_order, f"{body.job_order} is done but never started."
            )
        elif known.status is OperationStatus.DONE:
            self.note(event, "second finish", body.job_order, f"{body.job_order} is done twice.")
            return
        elif known.machine != body.machine:
            self.note(
                event,
                "two machines claim a job",
                body.job_order,
                f"{body.machine} finishes {body.job_order}, which {known.machine} has started.",
            )
            self.release(known.machine, body.job_order)
        self.progress[key] = Progress(
            order=key[0],
            operation=key[1],
            machine=body.machine,
            operator=self.known_person(event, body.operator, body.job_order),
            status=OperationStatus.DONE,
            setup_start=body.setup_start,
            start=body.run_start,
            end=body.end,
            good=body.good,
            scrap=body.scrap,
        )
        self.work.pop(key, None)
        self.release(body.machine, body.job_order)
        status = self.machines[body.machine]
        self.machines[body.machine] = replace(
            status, good=status.good + body.good, scrap=status.scrap + body.scrap
        )

    def job_aborted(self, event: v.Event, body: v.JobOrderAborted) -> None:
        if not self.knows_job(event, body.job_order):
            return
        key = split_job_order(body.job_order)
        known = self.progress.get(key)
        if known is not None and known.status is OperationStatus.STARTED:
            del self.progress[key]
            self.work.pop(key, None)
            self.release(known.machine, body.job_order)

    def release(self, machine: str, job_order: str) -> None:
        status = self.machines[machine]
        if status.job_order == job_order:
            self.machines[machine] = replace(status, job_order="", operator="")

    def order_received(self, event: v.Event, body: v.OperationsRequestReceived) -> None:
        if body.part not in self.catalogue.routings:
            self.note(
                event,
                "unknown part",
                body.order,
                f"Order {body.order} asks for {body.part}, which is not known.",
            )
            return
        known = self.order(body.order)
        if known and known.part != body.part and any(order == body.order for order, _ in self.progress):
            self.note(
                event,
                "another part",
                body.order,
                f"Order {body.order} comes for {body.part} although {known.part} has been begun for it.",
            )
            return
        fields = {name: getattr(body, name) for name in Order.__slots__ if name != "id"}
        if self.keep_order(event, body.order, fields):
            self.cancelled.pop(body.order, None)

    def order_changed(self, event: v.Event, body: v.OperationsRequestChanged) -> None:
        known = self.order(body.order)
        if known is None:
            self.note(event, "unknown order", body.order, f"Order {body.order} changes but is not known.")
            return
        fields: dict[str, Any] = {name: getattr(known, name) for name in Order.__slots__ if name != "id"}
        for name in ("quantity", "due", "release", "priority"):
            if getattr(body, name) is not None:
                fields[name] = getattr(body, name)
        self.keep_order(event, body.order, fields)

    def keep_order(self, event: v.Event, order: str, fields: dict[str, Any]) -> bool:
        """Keep an order as it is now; true if it can be one."""
        try:
            self.orders[order] = Order(id=order, **fields)
        except ValueError as error:
            self.note(event, "impossible order", order, f"Order {order}: {error}.")
            return False
        return True

    def order_cancelled(self, event: v.Event, body: v.OperationsRequestCancelled) -> None:
        if self.order(body.order) is None:
            self.note(event, "unknown order", body.order, f"Order {body.order} is cancelled but not known.")
            return
        self.cancelled[body.order] = None

    def lot_received(self, event: v.Event, body: v.MaterialLotReceived) -> None:
        self.keep_lot(event, body.lot, body.material, body.quantity, None, body.location)

    def lot_delayed(self, event: v.Event, body: v.MaterialLotDelayed) -> None:
        self.keep_lot(event, body.lot, body.material, body.quantity, body.available, body.location)

    def keep_lot(
        self,
        event: v.Event,
        lot: str,
        material: str,
        quantity: float,
        available: datetime | None,
        location: str,
    ) -> None:
        """Keep a lot with the quantity it came with: what begun operations used up is planning's business."""
        if lot.startswith("order:"):  # what an order made is known from its operations
            return
        if material not in self.catalogue.materials:
            self.note(event, "unknown material", lot, f"Lot {lot} is of {material}, which is not known.")
            return
        known = self.lot(lot)
        if known is not None and known.material != material:
            text = f"Lot {lot} is said to be of {material}; it is of {known.material}."
            self.note(event, "another material", lot, text)
            return
        if known is not None:
            location = location or known.location
            if available is None and known.available is None:  # reported again when part of it is used
                quantity = max(quantity, known.quantity)
        try:
            self.lots[lot] = MaterialLot(lot, material, quantity, available, location)
        except ValueError as error:
            self.note(event, "impossible lot", lot, f"Lot {lot}: {error}.")

    def person_absent(self, event: v.Event, body: v.PersonnelAvailabilityChanged) -> None:
        if body.person not in self.catalogue.people:
            self.note(event, "unknown person", body.person, f"{body.person} is absent but not known.")
            return
        try:
            self.absences[event.id] = Absence(body.person, body.start, body.end, body.reason)
        except ValueError as error:
            self.note(event, "impossible period", body.person, f"Absence of {body.person}: {error}.")

    def machine_unavailable(self, event: v.Event, body: v.EquipmentCapabilityChanged) -> None:
        if not self.knows_machine(event, body.machine):
            return
        try:
            self.downtimes[event.id] = Downtime(
                body.machine, body.start, body.end, body.reason or "maintenance"
            )
        except ValueError as error:
            self.note(event, "impossible period", body.machine, f"Downtime of {body.machine}: {error}.")

    def calendar_closed(self, event: v.Event, body: v.WorkCalendarChanged) -> None:
        machines, people = self.catalogue.on_calendar(body.calendar)
        if not machines and not people:
            self.note(
                event,
                "unknown calendar",
                body.calendar,
                f"Nothing works by calendar {body.calendar}, which changes.",
            )
        try:
            for machine in machines:
                reason = body.reason or "closed"
                self.downtimes[f"{event.id}|{machine}"] = Downtime(machine, body.start, body.end, reason)
            for person in people:
                self.absences[f"{event.id}|{person}"] = Absence(person, body.start, body.end, body.reason)
        except ValueError as error:
            self.note(event, "impossible period", body.calendar, f"Calendar {body.calendar}: {error}.")

    def plan_released(self, event: v.Event, body: v.ScheduleReleased) -> None:
        if body.plan_version <= self.plan.version:
            self.note(
                event,
                "superseded plan",
                f"{body.plan_version}",
                f"Plan {body.plan_version} is released although plan {self.plan.version} is in force.",
            )
            return
        columns = (
            body.order,
            body.operation,
            body.machine,
            body.operator,
            body.setup_start,
            body.start,
            body.end,
        )
        rows = zip(*columns, strict=True)
        self.plan = Plan(body.plan_version, tuple(Assignment(*row) for row in rows), body.scenario)

    def follow_up_failed(self, event: v.Event, body: v.FollowUpFailed) -> None:
        about = event.subject or body.of
        self.note(event, "no follow-up", about, f"What was to follow from {about} did not: {body.reason}.")

    # --- the state --------------------------------------------------------------------------------

    def state(self, at: datetime, position: int, overdue_s: float) -> PlantState:
        """The facts as a `PlantState`.

        A repair past its expected end is expected `overdue_s` from now. Maintenance under way is a downtime,
        whose end is planned and not drawn by chance; once it overruns it is no better known than a repair.
        """
        down = {}
        downtimes = [downtime for _, downtime in sorted(self.downtimes.items())]
        for machine, status in self.machines.items():
            end = status.expected_end or NO_END
            if status.state == "maintenance" and at < end < NO_END:
                downtimes.append(Downtime(machine, status.since, end))
            elif status.state in STOPPED:
                down[machine] = end if end > at else at + timedelta(seconds=overdue_s)
        progress = []
        for key, item in sorted(self.progress.items()):
            left = self.work.get(key)
            if left is not None:
                item = replace(item, remaining_s=max(1, round(left.at(at))))
            progress.append(item)
        return PlantState(
            at=at,
            plan=self.plan,
            progress=tuple(progress),
            machine_down_until=down,
            machine_family={machine: s.family for machine, s in self.machines.items() if s.family},
            orders=tuple(order for _, order in sorted(self.orders.items())),
            cancelled=frozenset(self.cancelled),
            lots=tuple(lot for _, lot in sorted(self.lots.items())),
            absences=tuple(absence for _, absence in sorted(self.absences.items())),
            downtimes=tuple(downtimes),
            position=position,
        )


_CHANGES: dict[type[v.Body], Any] = {
    v.EquipmentStateChanged: Facts.equipment_state,
    v.EquipmentCapabilityChanged: Facts.machine_unavailable,
    v.JobOrderStarted: Facts.job_started,
    v.JobOrderProgressed: Facts.job_progressed,
    v.JobOrderCompleted: Facts.job_completed,
    v.JobOrderAborted: Facts.job_aborted,
    v.OperationsRequestReceived: Facts.order_received,
    v.OperationsRequestChanged: Facts.order_changed,
    v.OperationsRequestCancelled: Facts.order_cancelled,
    v.MaterialLotReceived: Facts.lot_received,
    v.MaterialLotDelayed: Facts.lot_delayed,
    v.PersonnelAvailabilityChanged: Facts.person_absent,
    v.WorkCalendarChanged: Facts.calendar_closed,
    v.ScheduleReleased: Facts.plan_released,
    v.FollowUpFailed: Facts.follow_up_failed,
}
