"""What spans the records of a plant: references, cycles, calendars, and what cannot be at once.

A finding is an error; what is merely unwelcome, such as an order past due, is none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from linewright.errors import Finding
from linewright.plant.calendars import expand
from linewright.plant.checks_plan import check_history, check_plan, check_progress
from linewright.plant.findings import Findings
from linewright.plant.folder_values import CellError, load_zone
from linewright.plant.history import current
from linewright.plant.places import Places
from linewright.plant.plan import PlantState, Progress
from linewright.plant.records import LONGEST, Calendar, Level, Part, Plant

WEEK_S = 7 * 86400
A_MONDAY = datetime(2024, 1, 1, tzinfo=UTC)


def check(
    plant: Plant, state: PlantState, places: Places | None = None, history: Sequence[Progress] = ()
) -> list[Finding]:
    """Everything that is wrong with a plant and its state, as far as it spans records.

    Args:
        places: where each record was written; without it a finding names the record.
        history: what was recorded, as `folder.read_history` gives it.
    """
    places = places or Places()
    try:
        zone, zone_finding = load_zone(plant.timezone), None
    except CellError as error:
        zone = ZoneInfo("UTC")
        zone_finding = Finding("plant.toml key timezone", error.what, error.advice)
    findings = Findings(places, zone)
    if zone_finding:
        findings.found.append(zone_finding)
    plant = current(plant, state)
    _ids(plant, findings)
    _settings(plant, state, findings)
    _hierarchy(plant, findings)
    _calendars(plant, findings)
    _materials(plant, findings)
    _routings(plant, findings)
    _setups(plant, state, findings)
    _orders(plant, findings)
    _availability(plant, state, findings)
    check_plan(plant, state, findings)
    check_progress(plant, state, findings)
    check_history(plant, history, findings)
    return findings.found


def cycles(graph: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """Cycles of a graph, at least one in each knot of them, as the nodes passed from one to the next."""
    left = {node: [other for other in others if other in graph] for node, others in graph.items()}
    found: list[list[str]] = []
    while True:
        loose = [node for node, others in left.items() if not any(other in left for other in others)]
        if loose:
            for node in loose:
                del left[node]
            continue
        if not left:
            return found
        path = [next(iter(left))]
        while path.count(path[-1]) == 1:
            path.append(next(other for other in left[path[-1]] if other in left))
        cycle = path[path.index(path[-1]) : -1]
        first = cycle.index(next(node for node in graph if node in cycle))
        found.append(cycle[first:] + cycle[:first])
        for node in cycle:
            del left[node]


def _ring(cycle: list[str]) -> str:
    return " → ".join([*cycle, cycle[0]])


def _ids(plant: Plant, findings: Findings) -> None:
    tables = (
        ("equipment", plant.equipment),
        ("person", plant.people),
        ("calendar", plant.calendars),
        ("material", plant.materials),
        ("lot", plant.lots),
        ("part", plant.parts),
        ("order", plant.orders),
    )
    for what, records in tables:
        findings.twice(records, (item.id for item in records), f"{what} id")
        for item in records:
            _id_text(item, item.id, what, findings)
    for part in plant.parts:
        operations = part.operations
        findings.twice(operations, (item.id for item in operations), f"operation of part {part.id}")
        for operation in operations:
            _id_text(operation, operation.id, "operation", findings, listed=True)
    for person in plant.people:
        for skill in sorted(person.skills):
            _id_text(person, skill, "skill", findings, listed=True)


def _id_text(record: object, name: str, what: str, findings: Findings, listed: bool = False) -> None:
    """An id that a table can hold: it comes back from it as it was."""
    if not name or name != name.strip() or not name.isprintable():
        findings.add(
            record, f"{what} id {name!r} is empty, or has blanks at its ends or odd characters.", "Rename it."
        )
    elif listed and ";" in name:
        findings.add(record, f'{what} "{name}" holds a ";", which separates names in a list.', "Rename it.")


def _settings(plant: Plant, state: PlantState, findings: Findings) -> None:
    if not plant.id and not findings.places.hidden("plant.toml", "id"):
        findings.found.append(Finding("plant.toml key id", "is empty.", "Give the plant an id."))
    for key, value in (("plan_version", state.plan.version), ("position", state.position)):
        if value < 0:
            findings.found.append(
                Finding(
                    f"plant.toml [state] key {key}",
                    f"is {value}: it only grows, from 0.",
                    "Write the last one.",
                )
            )
    for what, count in Counter(what for what, _ in plant.assumptions).items():
        if count > 1:
            findings.found.append(
                Finding("plant.toml [assumptions]", f'"{what}" comes twice.', "Join the two into one.")
            )
    orders = {order.id for order in plant.orders}
    where = "plant.toml [state] key cancelled"
    for name in sorted(state.cancelled - orders):
        if not findings.places.hidden("orders.csv", name):
            findings.found.append(Finding(where, f'unknown order "{name}".', "Remove it, or correct the id."))


def _hierarchy(plant: Plant, findings: Findings) -> None:
    levels = list(Level)
    by_id = {item.id: item for item in plant.equipment}
    rings = cycles({item.id: [item.parent] for item in plant.equipment})
    for ring in rings:
        findings.add(
            by_id[ring[0]],
            f"equipment is its own ancestor: {_ring(ring)}.",
            "Correct the parent of one of them.",
        )
    in_ring = {name for ring in rings for name in ring}
    for item in plant.equipment:
        if item.level is not Level.WORK_UNIT and item.calendar:
            findings.add(
                item,
                f"{item.level} {item.id} has a calendar, which only a work_unit can have.",
                "Give the calendar to its machines.",
            )
        if not item.parent or item.id in in_ring:
            continue
        if findings.unknown(item, "parent", item.parent, by_id, "equipment.csv"):
            continue
        parent = by_id[item.parent]
        if levels.index(parent.level) >= levels.index(item.level):
            findings.add(
                item,
                f"{item.level} {item.id} cannot lie below {parent.level} {parent.id}.",
                f"Levels from the top: {', '.join(levels)}.",
            )
    if not plant.machines and findings.places.complete("equipment.csv"):
        findings.found.append(
            Finding("equipment.csv", "has no machine.", "Add a row with level work_unit for each machine.")
        )


def _calendars(plant: Plant, findings: Findings) -> None:
    known = {item.id for item in plant.calendars}
    for machine in plant.machines:
        if not machine.calendar:
            findings.add(
                machine,
                f"machine {machine.id} has no calendar.",
                "Name one of calendars.csv in the column calendar.",
            )
        else:
            findings.unknown(machine, "calendar", machine.calendar, known, "calendars.csv")
    for person in plant.people:
        findings.unknown(person, "calendar", person.calendar, known, "calendars.csv")
    for calendar in plant.calendars:
        for shift in calendar.shifts:
            if not shift.weekdays <= set(range(7)) or not shift.weekdays:
                findings.add(
                    shift, f"a period of calendar {calendar.id} has no days.", "Write mon-fri, or mon;wed."
                )
        for exception in calendar.exceptions:
            if (exception.start is None) != (exception.end is None):
                findings.add(
                    exception,
                    f"{exception.on} of calendar {calendar.id} has a start or an end, but not both.",
                    "Fill both for an extra period, or neither for a closed day.",
                )
        if not _opens(calendar) and not findings.places.hidden("calendars.csv", calendar.id):
            findings.add(
                calendar,
                f"calendar {calendar.id} has no open time in a week.",
                "Add a row of kind work, or shorten its breaks.",
            )


def _opens(calendar: Calendar) -> bool:
    return len(expand(replace(calendar, exceptions=()), UTC, A_MONDAY, 0, WEEK_S)) > 0


def _materials(plant: Plant, findings: Findings) -> None:
    known = {item.id for item in plant.materials}
    for lot in plant.lots:
        findings.unknown(lot, "material", lot.material, known, "materials.csv")
        if lot.id.startswith("order:"):
            findings.add(
                lot,
                f'lot "{lot.id}" begins with "order:", which stands for what an order supplies.',
                "Rename it.",
            )
    makes = {part.id: part for part in plant.parts}
    uses = {
        part.id: [item.material for operation in part.operations for item in operation.consumes]
        for part in plant.parts
    }
    for ring in cycles(uses):
        findings.add(
            makes[ring[0]].operations[0],
            f"parts are made of each other: {_ring(ring)}.",
            "Correct the material of one of them in consumption.csv.",
        )


def _routings(plant: Plant, findings: Findings) -> None:
    skills = {skill for person in plant.people for skill in person.skills}
    levels = {item.id: item.level for item in plant.equipment}
    materials = {item.id for item in plant.materials}
    nobody: dict[str, list[str]] = {}
    for part in plant.parts:
        if not part.operations and not findings.places.hidden("routings.csv", part.id):
            findings.add(
                part, f"part {part.id} has no operations.", "Add them to routings.csv, or remove it."
            )
        _precedence(part, findings)
        for operation in part.operations:
            name = f"operation {operation.id} of part {part.id}"
            unread = findings.places.hidden("alternatives.csv", part.id, operation.id)
            if not operation.alternatives and not unread:
                findings.add(operation, f"{name} has no machine to run on.", "Add a row to alternatives.csv.")
            for alternative in operation.alternatives:
                _machine(alternative, alternative.machine, levels, findings)
                if alternative.skill and alternative.skill not in skills:
                    nobody.setdefault(alternative.skill, []).append(findings.places.of(alternative))
            machines = [item.machine for item in operation.alternatives]
            findings.twice(operation.alternatives, machines, f"a machine of {name}")
            for item in operation.consumes:
                findings.unknown(item, "material", item.material, materials, "materials.csv")
            used = [item.material for item in operation.consumes]
            findings.twice(operation.consumes, used, f"a material of {name}")
    if findings.places.complete("people.csv"):
        for skill, where in nobody.items():
            also = f" {len(where)} rows need it." if len(where) > 1 else ""
            advice = findings.suggest("skill", skill, skills, "the skills of someone in people.csv")
            findings.found.append(Finding(where[0], f'nobody has the skill "{skill}".{also}', advice))


def _precedence(part: Part, findings: Findings) -> None:
    by_id = {item.id: item for item in part.operations}
    for operation in part.operations:
        for name in operation.after:
            if name not in by_id and not findings.places.hidden("routings.csv", part.id, name):
                findings.add(
                    operation,
                    f'operation {operation.id} comes after "{name}", which part {part.id} does not have.',
                    findings.suggest(f"predecessor {part.id}", name, by_id, "routings.csv"),
                )
        if len(set(operation.after)) < len(operation.after):
            findings.add(operation, f"operation {operation.id} names a predecessor twice.", "Name it once.")
    for ring in cycles({item.id: item.after for item in part.operations}):
        ring[1:] = ring[:0:-1]  # from predecessor to successor
        findings.add(
            by_id[ring[0]],
            f"the routing of part {part.id} is cyclic: {_ring(ring)}.",
            "Remove one of these from column after.",
        )


def _machine(record: object, name: str, levels: Mapping[str, Level], findings: Findings) -> None:
    if findings.unknown(record, "machine", name, levels, "equipment.csv"):
        return
    if levels[name] is not Level.WORK_UNIT:
        findings.add(
            record, f"{name} is a {levels[name]}, not a machine.", "Name a work_unit of equipment.csv."
        )


def _setups(plant: Plant, state: PlantState, findings: Findings) -> None:
    groups = {item.setup_group for item in plant.machines if item.setup_group}
    needed = {operation.family for part in plant.parts for operation in part.operations} - {""}
    mounted = {item.initial_family for item in plant.machines} | set(state.machine_family.values())
    listed = {family for item in plant.setups for family in (item.from_family, item.to_family)}
    for item in plant.setups:
        findings.unknown(item, "setup group", item.group, groups, "equipment.csv")
        for family in sorted({item.from_family, item.to_family} - needed - mounted - {"*"}):
            _family(item, family, needed, findings)
    keys = [(item.group, item.from_family, item.to_family) for item in plant.setups]
    findings.twice(plant.setups, keys, "a setup")
    with_rows = {item.group for item in plant.setups}
    for machine in plant.machines:
        if machine.setup_group and findings.places.complete("setups.csv"):
            findings.unknown(machine, "setup group", machine.setup_group, with_rows, "setups.csv")
        if machine.initial_family and machine.initial_family not in needed | listed:
            _family(machine, machine.initial_family, needed, findings)
    for name, family in state.machine_family.items():
        if family and family not in needed | listed:
            _family(("machine_state", name), family, needed, findings)


def _family(record: object, family: str, needed: set[str], findings: Findings) -> None:
    if findings.places.complete("routings.csv", "setups.csv"):
        advice = findings.suggest("family", family, needed, "column family of routings.csv")
        findings.add(record, f'no operation has the setup family "{family}".', advice)


def _orders(plant: Plant, findings: Findings) -> None:
    parts = {part.id: part for part in plant.parts}
    for order in plant.orders:
        if not findings.places.hidden("routings.csv", order.part) and findings.unknown(
            order, "part", order.part, parts, "routings.csv"
        ):
            continue
        if order.release and order.release > order.due:
            findings.add(
                order,
                f"order {order.id} is released {findings.time(order.release)}, "
                f"after it is due {findings.time(order.due)}.",
                "Maybe the two are exchanged.",
            )
        for operation in parts[order.part].operations if order.part in parts else ():
            for alternative in operation.alternatives:
                run = alternative.run_s(order.quantity)
                if run > LONGEST.total_seconds():
                    findings.add(
                        alternative,
                        f"operation {operation.id} of order {order.id} would take {run // 86400:,} days "
                        f"on {alternative.machine}.",
                        "Maybe min_per_unit is not in minutes, or the quantity is wrong.",
                    )


def _availability(plant: Plant, state: PlantState, findings: Findings) -> None:
    levels = {item.id: item.level for item in plant.equipment}
    people = {item.id for item in plant.people}
    for downtime in plant.downtimes:
        _machine(downtime, downtime.machine, levels, findings)
    for absence in plant.absences:
        findings.unknown(absence, "person", absence.person, people, "people.csv")
    for name in state.machine_down_until.keys() | state.machine_family.keys():
        _machine(("machine_state", name), name, levels, findings)
