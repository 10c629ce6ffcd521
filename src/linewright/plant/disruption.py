"""What can happen to a plant that makes its plan worth reconsidering."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from linewright.errors import Finding, PlantError
from linewright.plant.folder_values import CellError, instant, load_zone
from linewright.plant.history import current
from linewright.plant.names import nearest, require
from linewright.plant.plan import PlantState
from linewright.plant.records import Absence, Order, Plant


@dataclass(frozen=True, slots=True)
class MachineDown:
    """A machine failed; `until` is the expected end of its repair."""

    machine: str
    until: datetime


@dataclass(frozen=True, slots=True)
class RushOrder:
    """An order came in that is wanted before others; an order with a known id replaces the known one."""

    order: Order


@dataclass(frozen=True, slots=True)
class MaterialLate:
    """A lot that is expected, or was thought to be here, is usable only from `available` on."""

    lot: str
    available: datetime


@dataclass(frozen=True, slots=True)
class OperatorAbsent:
    """A person is not there from `start` to `end`, whatever the calendar says."""

    person: str
    start: datetime
    end: datetime


Disruption: TypeAlias = MachineDown | RushOrder | MaterialLate | OperatorAbsent

KINDS: dict[str, type[Disruption]] = {
    "machine_down": MachineDown,
    "rush_order": RushOrder,
    "material_late": MaterialLate,
    "operator_absent": OperatorAbsent,
}


def apply(plant: Plant, state: PlantState, disruption: Disruption) -> PlantState:
    """The state with a disruption in it.

    Raises:
        NotFound: an unknown machine, part, lot or person; the message names the nearest known ones.
        PlantError: a period that is over, or reversed.
    """
    known = current(plant, state)
    if isinstance(disruption, MachineDown):
        require("machine", disruption.machine, (machine.id for machine in plant.machines))
        _not_over(f"machine {disruption.machine}", "would be down until", disruption.until, known, state)
        down = {**state.machine_down_until, disruption.machine: disruption.until}
        return replace(state, machine_down_until=down)
    if isinstance(disruption, RushOrder):
        order = disruption.order
        require("part", order.part, (part.id for part in plant.parts))
        for other in known.orders:
            if other.id == order.id and other.part != order.part:
                raise PlantError(
                    [
                        Finding(
                            f"order {order.id}",
                            f"exists already, for part {other.part} and not {order.part}.",
                            "Give the rush order an id of its own.",
                        )
                    ]
                )
        others = tuple(item for item in state.orders if item.id != order.id)
        return replace(state, orders=(*others, order), cancelled=state.cancelled - {order.id})
    if isinstance(disruption, MaterialLate):
        require("lot", disruption.lot, (lot.id for lot in known.lots))
        lot = next(item for item in known.lots if item.id == disruption.lot)
        _not_over(f"lot {lot.id}", "would be late until", disruption.available, known, state)
        rest = tuple(item for item in state.lots if item.id != lot.id)
        return replace(state, lots=(*rest, replace(lot, available=disruption.available)))
    require("person", disruption.person, (person.id for person in plant.people))
    _not_over(f"person {disruption.person}", "would be absent until", disruption.end, known, state)
    try:
        absence = Absence(disruption.person, disruption.start, disruption.end, "absent")
    except ValueError as error:
        raise PlantError(
            [Finding(f"person {disruption.person}", f"{error}.", "Exchange start and end.")]
        ) from None
    return replace(state, absences=(*state.absences, absence))


def _not_over(subject: str, saying: str, end: datetime, plant: Plant, state: PlantState) -> None:
    if end <= state.at:
        zone = _zone(plant.timezone)
        raise PlantError(
            [
                Finding(
                    subject,
                    f"{saying} {_when(end, zone)}, which is not after now, {_when(state.at, zone)}.",
                    "Maybe a later end.",
                )
            ]
        )


def to_dict(disruption: Disruption) -> dict[str, Any]:
    """The disruption as JSON says it: `kind` and its fields, instants in ISO 8601 with offset."""
    kind = next(name for name, made in KINDS.items() if isinstance(disruption, made))
    return {"kind": kind, **_fields_to_dict(disruption)}


def _fields_to_dict(record: Any) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for item in fields(record):
        value = getattr(record, item.name)
        if isinstance(value, datetime):
            value = value.isoformat()
        elif isinstance(value, Order):
            value = _fields_to_dict(value)
        out[item.name] = value
    return out


def from_dict(data: Mapping[str, Any]) -> Disruption:
    """The disruption of a JSON object made by `to_dict` or by a client.

    Raises:
        PlantError: an unknown kind, or fields that are missing, unknown or of the wrong type.
    """
    kind = data.get("kind") if isinstance(data, Mapping) else None
    if not isinstance(kind, str) or kind not in KINDS:
        advice = nearest(str(kind), KINDS) or f"One of {', '.join(KINDS)}."
        raise PlantError([Finding("disruption field kind", f'"{kind}" is not a known kind.', advice)])
    body = {name: value for name, value in data.items() if name != "kind"}
    made = KINDS[kind]
    findings: list[Finding] = []
    if made is RushOrder:
        _check_names(body, {"order"}, {"order"}, "disruption", findings)
        order = body.get("order")
        if not findings and not isinstance(order, Mapping):
            findings.append(
                Finding("disruption field order", "is not an object.", "Write an order's fields.")
            )
        if findings:
            raise PlantError(findings)
        body = {"order": _make(Order, dict(body["order"]), "order")}
        return RushOrder(**body)
    result: Disruption = _make(made, body, "disruption")
    return result


_TYPES: dict[str, tuple[type | tuple[type, ...], str]] = {
    "quantity": (int, "a whole number"),
    "priority": ((int, float), "a number"),
}
_INSTANTS = {"until", "available", "start", "end", "due", "release"}


def _make(record: type[Any], body: dict[str, Any], where: str) -> Any:
    findings: list[Finding] = []
    known = {item.name for item in fields(record)}
    optional = {"release", "priority", "customer"} if record is Order else set()
    _check_names(body, known, known - optional, where, findings)
    values: dict[str, Any] = {}
    for name in known & body.keys():
        value = body[name]
        place = f"{where} field {name}"
        if name in _INSTANTS:
            if value is None and name in optional:
                continue
            try:
                values[name] = _instant(value)
            except CellError as error:
                findings.append(Finding(place, error.what, error.advice))
            continue
        expected, words = _TYPES.get(name, (str, "text"))
        if not isinstance(value, expected) or isinstance(value, bool):
            findings.append(Finding(place, f"{value!r} is not {words}.", f"Write {words}."))
        values[name] = value
    if not findings:
        try:
            return record(**values)
        except ValueError as error:
            findings.append(Finding(where, f"{error}.", "Correct the field."))
    raise PlantError(findings)


def _check_names(
    body: Mapping[str, Any], known: set[str], required: set[str], where: str, findings: list[Finding]
) -> None:
    for name in sorted(body.keys() - known, key=str):
        advice = nearest(str(name), known) or f"Known fields: {', '.join(sorted(known))}."
        findings.append(Finding(where, f'unknown field "{name}".', advice))
    findings.extend(
        Finding(where, f'field "{name}" is missing.', "Add it.") for name in sorted(required - body.keys())
    )


def _instant(value: Any) -> datetime:
    with_offset = False
    if isinstance(value, str):
        with suppress(ValueError):
            with_offset = datetime.fromisoformat(value).tzinfo is not None
    if not with_offset:
        raise CellError(
            f"{value!r} is not an instant with an offset.", "Write it like 2026-03-06T14:30+01:00."
        )
    return instant(value, ZoneInfo("UTC"))


def describe(disruption: Disruption, timezone: str = "") -> str:
    """The disruption in a planner's words, with times local to a zone (empty: as they are)."""
    zone = _zone(timezone) if timezone else None
    if isinstance(disruption, MachineDown):
        return f"Machine {disruption.machine} is down until {_when(disruption.until, zone)}"
    if isinstance(disruption, RushOrder):
        order = disruption.order
        customer = f" for {order.customer}" if order.customer else ""
        return (
            f"Rush order {order.id}{customer}: {order.quantity} of {order.part} by {_when(order.due, zone)}"
        )
    if isinstance(disruption, MaterialLate):
        return f"Material lot {disruption.lot} is late: available from {_when(disruption.available, zone)}"
    start, end = _when(disruption.start, zone), _when(disruption.end, zone)
    return f"{disruption.person} is absent from {start} to {end}"


def _when(moment: datetime, zone: ZoneInfo | None) -> str:
    return moment.astimezone(zone).strftime("%a %d %b %Y %H:%M") if zone else f"{moment:%a %d %b %Y %H:%M}"


def _zone(timezone: str) -> ZoneInfo:
    try:
        return load_zone(timezone)
    except CellError as error:
        raise PlantError([Finding("time zone", error.what, error.advice)]) from None
