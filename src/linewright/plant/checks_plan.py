"""What cannot be at once in the plan in force, the progress so far, and the recorded history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from linewright.plant.findings import Findings
from linewright.plant.plan import Assignment, OperationStatus, PlantState, Progress
from linewright.plant.records import Order, Plant, RoutingOperation

Record: TypeAlias = Assignment | Progress


@dataclass(slots=True)
class _Names:
    """What a record of an operation may refer to."""

    machines: set[str]
    skills: dict[str, frozenset[str]]
    orders: dict[str, Order]
    routings: dict[str, dict[str, RoutingOperation]]

    @staticmethod
    def of(plant: Plant) -> _Names:
        return _Names(
            {item.id for item in plant.machines},
            {item.id: item.skills for item in plant.people},
            {item.id: item for item in plant.orders},
            {part.id: {item.id: item for item in part.operations} for part in plant.parts},
        )

    def operation(self, record: Record) -> RoutingOperation | None:
        order = self.orders.get(record.order)
        return self.routings.get(order.part, {}).get(record.operation) if order else None


def check_plan(plant: Plant, state: PlantState, findings: Findings) -> None:
    """The plan in force: references, order of times, precedence, and one thing at a time."""
    names = _Names.of(plant)
    assignments = state.plan.assignments
    findings.twice(assignments, (item.key for item in assignments), "an operation in the plan")
    for item in assignments:
        _references(item, names, findings)
        _on_machine(item, names, findings)
        if item.setup_start > item.start or item.start >= item.end:
            findings.add(
                item,
                f"{item.order}/{item.operation} is planned with setup {findings.time(item.setup_start)}, "
                f"start {findings.time(item.start)} and end {findings.time(item.end)}.",
                "They must come in this order, and the end after the start.",
            )
    done = {item.key for item in state.progress if item.status is OperationStatus.DONE}
    open_items = [item for item in assignments if item.key not in done and item.setup_start < item.end]
    _one_at_a_time(open_items, findings)
    planned = {item.key: item for item in assignments}
    for item in open_items:
        operation = names.operation(item)
        for before in operation.after if operation else ():
            earlier = planned.get((item.order, before))
            if earlier and earlier.key not in done and earlier.end > item.setup_start:
                findings.add(
                    item,
                    f"{item.order}/{item.operation} is planned to begin {findings.time(item.setup_start)}, "
                    f"before operation {before} ends {findings.time(earlier.end)}.",
                    "Plan it later, or correct column after in routings.csv.",
                )


def check_progress(plant: Plant, state: PlantState, findings: Findings) -> None:
    """What has begun: references, times, precedence, and one thing at a time."""
    names = _Names.of(plant)
    progress = state.progress
    findings.twice(progress, (item.key for item in progress), "an operation in progress")
    by_key = {item.key: item for item in progress}
    now = None if findings.places.hidden("plant.toml", "at") else state.at
    for item in progress:
        operation = _references(item, names, findings)
        _times(item, findings, now)
        started = item.status is OperationStatus.STARTED
        if started:
            _on_machine(item, names, findings)
        for before in operation.after if operation else ():
            earlier = by_key.get((item.order, before))
            is_done = earlier is not None and earlier.status is OperationStatus.DONE
            if not is_done and not findings.places.hidden("progress.csv", item.order, before):
                findings.add(
                    item,
                    f"{item.order}/{item.operation} has begun, but {before} before it is not done.",
                    f"Record {before} as done, or correct column after in routings.csv.",
                )
    _one_at_a_time([item for item in progress if item.status is OperationStatus.STARTED], findings)


def check_history(plant: Plant, history: Sequence[Progress], findings: Findings) -> None:
    """What was recorded: references and times. A record of what happened is otherwise believed."""
    names = _Names.of(plant)
    findings.twice(history, (item.key for item in history), "an operation in the history")
    for item in history:
        _references(item, names, findings)
        _times(item, findings, None)


def _references(record: Record, names: _Names, findings: Findings) -> RoutingOperation | None:
    """Report what is unknown of order, operation, machine and operator; the operation, if known."""
    findings.unknown(record, "machine", record.machine, names.machines, "equipment.csv")
    if record.operator:
        findings.unknown(record, "operator", record.operator, names.skills, "people.csv")
    if findings.unknown(record, "order", record.order, names.orders, "orders.csv"):
        return None
    part = names.orders[record.order].part
    operations = names.routings.get(part)
    if operations is None:  # the order's own finding
        return None
    if record.operation not in operations and not findings.places.hidden(
        "routings.csv", part, record.operation
    ):
        findings.add(
            record,
            f'part {part} of order {record.order} has no operation "{record.operation}".',
            findings.suggest(f"operation of {part}", record.operation, operations, "routings.csv"),
        )
    return operations.get(record.operation)


def _on_machine(record: Record, names: _Names, findings: Findings) -> None:
    """Report a machine that the operation cannot use, or an operator who may not attend it."""
    operation = names.operation(record)
    if operation is None or record.machine not in names.machines:
        return
    part = names.orders[record.order].part
    if findings.places.hidden("alternatives.csv", part, operation.id):
        return
    usable = {item.machine: item for item in operation.alternatives}
    name = f"{record.order}/{record.operation}"
    if record.machine not in usable:
        findings.add(
            record,
            f"{name} is on {record.machine}, which operation {operation.id} of part {part} cannot use.",
            f"Maybe {' or '.join(list(usable)[:5])}, or add the machine to alternatives.csv."
            if usable
            else "Add the machine to alternatives.csv.",
        )
        return
    skill = usable[record.machine].skill
    if not skill:
        return
    if not record.operator:
        findings.add(record, f'{name} needs someone with the skill "{skill}".', "Fill column operator.")
    elif skill not in names.skills.get(record.operator, {skill}):
        findings.add(
            record,
            f'{record.operator} attends {name} without its skill "{skill}".',
            "Name someone who has it, or add it to people.csv.",
        )


def _times(record: Progress, findings: Findings, now: datetime | None) -> None:
    name = f"{record.order}/{record.operation}"
    given = [item for item in (record.setup_start, record.start, record.end) if item is not None]
    if given != sorted(given):
        findings.add(
            record,
            f"times of {name} are reversed: {', '.join(findings.time(item) for item in given)}.",
            "Setup start, start and end come in this order.",
        )
    elif now is not None and given[-1] > now:
        findings.add(
            record,
            f"{name} is recorded at {findings.time(given[-1])}, after now ({findings.time(now)}).",
            "Correct the time, or at of [state] in plant.toml.",
        )
    if record.status is OperationStatus.DONE and record.end is None:
        findings.add(record, f"{name} is done without an end.", "Fill column end, or write started.")
    if record.status is OperationStatus.STARTED and record.end is not None:
        findings.add(record, f"{name} has ended but is not done.", "Write done, or remove the end.")
    for column in ("good", "scrap", "remaining_s"):
        value = getattr(record, column)
        if value is not None and value < 0:
            findings.add(record, f"{column} of {name} is {value}: it cannot be negative.", "Write 0 or more.")
    if record.status is OperationStatus.DONE and record.remaining_s:
        findings.add(record, f"{name} is done with {record.remaining_s} s left.", "Clear remaining_s.")


def _one_at_a_time(records: Sequence[Record], findings: Findings) -> None:
    """Report what overlaps on a machine or with an operator; what has only begun has no end yet."""
    reported: set[tuple[int, int]] = set()
    for resource in ("machine", "operator"):
        busy: dict[str, list[Record]] = {}
        for record in records:
            if name := getattr(record, resource):
                busy.setdefault(name, []).append(record)
        for name, using in busy.items():
            using.sort(key=lambda record: record.setup_start)
            longest = using[0]
            for record in using[1:]:
                overlap = longest.end is None or longest.end > record.setup_start
                if overlap and (id(longest), id(record)) not in reported:
                    reported.add((id(longest), id(record)))
                    findings.add(
                        record,
                        f"{record.order}/{record.operation} ({_span(record, findings)}) overlaps "
                        f"{longest.order}/{longest.operation} ({_span(longest, findings)}) on {name}.",
                        "Machines and people do one thing at a time: move one of them.",
                    )
                if longest.end is not None and (record.end is None or record.end > longest.end):
                    longest = record


def _span(record: Record, findings: Findings) -> str:
    begin = findings.time(record.setup_start)
    return f"{begin} to {findings.time(record.end)}" if record.end else f"since {begin}"
