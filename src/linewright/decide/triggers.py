"""Which happenings make the plan in force worth reconsidering."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from linewright.events.vocabulary import (
    DisruptionDetected,
    EquipmentCapabilityChanged,
    EquipmentStateChanged,
    Event,
    MaterialLotDelayed,
    OperationsRequestCancelled,
    OperationsRequestChanged,
    OperationsRequestReceived,
    PersonnelAvailabilityChanged,
)
from linewright.plant.records import Plant


def detect(event: Event, plant: Plant) -> DisruptionDetected | None:
    """The disruption an event amounts to, or None.

    A stop or an absence shorter than the plant's tolerance for moved operations is not one: the plan
    absorbs it.
    """
    body = event.body
    zone = ZoneInfo(plant.timezone)
    tolerance = timedelta(minutes=plant.planning.moved_tolerance_min)

    def clock(at: datetime) -> str:
        return f"{at.astimezone(zone):%a %H:%M}"

    def found(kind: str, subject: str, text: str, end: datetime | None = None) -> DisruptionDetected:
        return DisruptionDetected(
            disruption=event.id,
            kind=kind,  # type: ignore[arg-type]
            subject=subject,
            text=text,
            cause=event.id,
            expected_end=end,
        )

    match body:
        case EquipmentStateChanged(state="down", machine=machine, expected_end=end, reason=reason):
            if end is not None and end - event.time < tolerance:
                return None
            until = f"until {clock(end)}" if end else "with no end in sight"
            return found("machine_down", machine, f"{machine} is down {until}{_because(reason)}", end)
        case EquipmentCapabilityChanged(machine=machine, start=start, end=end, reason=reason):
            return found(
                "machine_down",
                machine,
                f"{machine} will not work {clock(start)} – {clock(end)}{_because(reason)}",
                end,
            )
        case OperationsRequestReceived(order=order, part=part, quantity=quantity, due=due, rush=rush):
            noun = "Rush order" if rush else "New order"
            return found("rush_order", order, f"{noun} {order}: {quantity} × {part}, due {clock(due)}", due)
        case OperationsRequestChanged(order=order):
            return found("order_changed", order, f"Order {order} changed: {_changes(body, clock)}")
        case OperationsRequestCancelled(order=order, reason=reason):
            return found("order_changed", order, f"Order {order} is cancelled{_because(reason)}")
        case MaterialLotDelayed(lot=lot, material=material, available=available):
            return found(
                "material_late",
                lot,
                f"Lot {lot} of {material} arrives only {clock(available)}",
                available,
            )
        case PersonnelAvailabilityChanged(person=person, start=start, end=end, reason=reason):
            if end - start < tolerance:
                return None
            return found(
                "operator_absent",
                person,
                f"{person} is away {clock(start)} – {clock(end)}{_because(reason)}",
                end,
            )
    return None


def _because(reason: str) -> str:
    return f" ({reason})" if reason else ""


def _changes(body: OperationsRequestChanged, clock: object) -> str:
    told = []
    if body.quantity is not None:
        told.append(f"quantity {body.quantity}")
    if body.due is not None:
        told.append(f"due {clock(body.due)}")  # type: ignore[operator]
    if body.release is not None:
        told.append(f"released {clock(body.release)}")  # type: ignore[operator]
    if body.priority is not None:
        told.append(f"priority {body.priority:g}")
    return ", ".join(told) or "details"
