"""Which happenings are disruptions.

One rule: what is a disruption makes every proposal made before it stale, and asks for a new one. What an
event changes for planning, if anything, is the mirror's to say. Two kinds that do change something are no
disruptions all the same. Work that begins, goes on or ends otherwise than planned is the order of the day: to
ask for a new plan each time would leave nobody time to read one, and a scenario is refused only where it has
that very work elsewhere (`decide.approve`). A plan that comes into force is the answer, not the question.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from linewright.errors import PlantError
from linewright.events.vocabulary import (
    AnyBody,
    Correction,
    DisruptionDetected,
    EquipmentCapabilityChanged,
    EquipmentStateChanged,
    Event,
    JobOrderAborted,
    MaterialLotDelayed,
    MaterialLotReceived,
    OperationsDefinitionReleased,
    OperationsRequestCancelled,
    OperationsRequestChanged,
    OperationsRequestReceived,
    PersonnelAvailabilityChanged,
    WorkCalendarChanged,
    event,
)
from linewright.plant.disruption import (
    Disruption,
    MachineDown,
    MaterialLate,
    OperatorAbsent,
    RushOrder,
    apply,
)
from linewright.plant.history import current
from linewright.twin.facts import STOPPED
from linewright.twin.mirror import Mirror

DISRUPTIVE = (
    EquipmentStateChanged,
    EquipmentCapabilityChanged,
    PersonnelAvailabilityChanged,
    WorkCalendarChanged,
    OperationsRequestReceived,
    OperationsRequestChanged,
    OperationsRequestCancelled,
    OperationsDefinitionReleased,
    MaterialLotDelayed,
    MaterialLotReceived,
    JobOrderAborted,
    Correction,
)
"""Kinds of events that are a disruption where the mirror says that they change something."""


def detect(happened: Event, mirror: Mirror) -> DisruptionDetected | None:
    """The disruption an event amounts to, or None; to be asked before the mirror takes the event in."""
    if not isinstance(happened.body, DISRUPTIVE) or mirror.schedule_relevant(happened) is None:
        return None
    zone = ZoneInfo(mirror.plant.timezone)

    def clock(at: datetime) -> str:
        return f"{at.astimezone(zone):%a %H:%M}"

    def found(kind: str, subject: str, text: str, end: datetime | None = None) -> DisruptionDetected:
        return DisruptionDetected(
            disruption=happened.id,
            kind=kind,  # type: ignore[arg-type]
            subject=subject,
            text=text,
            cause=happened.id,
            expected_end=end,
        )

    match happened.body:
        case EquipmentStateChanged(machine=machine, state=state, expected_end=end, reason=reason):
            if state in STOPPED:
                until = f"until {clock(end)}" if end else "with no end in sight"
                what = "is down" if state == "down" else "is in maintenance"
                return found("machine_down", machine, f"{machine} {what} {until}{_because(reason)}", end)
            expected = mirror.machines[machine].outage_end
            when = "" if expected is None else ", earlier" if happened.time < expected else ", later"
            return found("other", machine, f"{machine} works again{when and f'{when} than expected'}")
        case EquipmentCapabilityChanged(machine=machine, start=start, end=end, reason=reason):
            text = f"{machine} will not work {clock(start)} – {clock(end)}{_because(reason)}"
            return found("machine_down", machine, text, end)
        case PersonnelAvailabilityChanged(person=person, start=start, end=end, reason=reason):
            text = f"{person} is away {clock(start)} – {clock(end)}{_because(reason)}"
            return found("operator_absent", person, text, end)
        case WorkCalendarChanged(calendar=calendar, start=start, end=end, reason=reason):
            text = f"Calendar {calendar} is closed {clock(start)} – {clock(end)}{_because(reason)}"
            return found("other", calendar, text, end)
        case OperationsRequestReceived(order=order, part=part, quantity=quantity, due=due, rush=rush):
            noun = "Rush order" if rush else "New order"
            return found("rush_order", order, f"{noun} {order}: {quantity} × {part}, due {clock(due)}")
        case OperationsRequestChanged(order=order):
            return found("order_changed", order, f"Order {order} changed: {_changes(happened.body, clock)}")
        case OperationsRequestCancelled(order=order, reason=reason):
            return found("order_changed", order, f"Order {order} is cancelled{_because(reason)}")
        case OperationsDefinitionReleased(part=part, revision=revision):
            return found("other", part, f"Part {part} has a new routing, revision {revision}")
        case MaterialLotDelayed(lot=lot, material=material, available=available):
            text = f"Lot {lot} of {material} arrives only {clock(available)}"
            return found("material_late", lot, text, available)
        case MaterialLotReceived(lot=lot, material=material):
            return found("other", lot, f"Lot {lot} of {material} is here, unexpectedly")
        case JobOrderAborted(job_order=job, reason=reason):
            return found("other", job, f"{job} was aborted{_because(reason)}")
        case Correction(reason=reason):
            return found("other", happened.subject, f"An earlier report was wrong{_because(reason)}")
    return None


def declared(disruption: Disruption, mirror: Mirror, now: datetime) -> Event:
    """The event that says what a planner knows of and the plant has not reported.

    Raises:
        PlantError: it would be over, is reversed, or changes nothing.
        NotFound: it names something unknown.
    """
    plant, state = mirror.plant, mirror.state(now)
    apply(plant, state, disruption)
    body: AnyBody
    match disruption:
        case MachineDown(machine=subject, until=until):
            body = EquipmentCapabilityChanged(machine=subject, start=now, end=until, reason="declared")
        case RushOrder(order=order):
            subject = order.id
            body = OperationsRequestReceived(
                order=order.id,
                part=order.part,
                quantity=order.quantity,
                due=order.due,
                release=order.release,
                priority=order.priority,
                customer=order.customer,
                rush=True,
            )
        case MaterialLate(lot=subject, available=available):
            held = next(item for item in current(plant, state).lots if item.id == subject)
            body = MaterialLotDelayed(
                lot=subject,
                material=held.material,
                quantity=held.quantity,
                available=available,
                location=held.location,
            )
        case OperatorAbsent(person=subject, start=start, end=end):
            body = PersonnelAvailabilityChanged(person=subject, start=start, end=end, reason="declared")
    made = event(body, source="planner", time=now, subject=subject)
    if mirror.schedule_relevant(made) is None:
        raise PlantError(
            f"{subject}: this is known already, or within the {plant.planning.moved_tolerance_min:g} min that"
            " every plan absorbs. Maybe a longer time."
        )
    return made


def _because(reason: str) -> str:
    return f" ({reason})" if reason else ""


def _changes(body: OperationsRequestChanged, clock: Callable[[datetime], str]) -> str:
    told = []
    if body.quantity is not None:
        told.append(f"quantity {body.quantity}")
    if body.due is not None:
        told.append(f"due {clock(body.due)}")
    if body.release is not None:
        told.append(f"released {clock(body.release)}")
    if body.priority is not None:
        told.append(f"priority {body.priority:g}")
    return ", ".join(told)
