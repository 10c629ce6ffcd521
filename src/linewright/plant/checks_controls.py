"""Whether what a planner asks for can be asked for: controls against the plant and its progress."""

from __future__ import annotations

from linewright.errors import NotFeasible, NotFound
from linewright.plant.names import require
from linewright.plant.plan import Controls, PlantState
from linewright.plant.records import Plant, RoutingOperation


def check_controls(plant: Plant, state: PlantState, controls: Controls) -> None:
    """Refuse controls that name what does not exist, or that contradict the routings or each other.

    Raises:
        NotFound: an unknown order, operation, machine or person.
        NotFeasible: a contradiction; the message says between what.
    """
    part_of = {order.id: order.part for order in plant.orders if order.id not in state.cancelled}
    routings = {part.id: {routing.id: routing for routing in part.operations} for part in plant.parts}
    machines = tuple(machine.id for machine in plant.machines)
    people = {person.id: person for person in plant.people}
    begun = {item.key: item for item in state.progress}

    def routing(order: str, operation: str) -> RoutingOperation:
        require("order", order, part_of)
        found = routings[part_of[order]].get(operation)
        if found is None:
            names = ", ".join(routings[part_of[order]])
            raise NotFound(f'order {order} has no operation "{operation}". Maybe one of {names}.')
        return found

    for machine in controls.forbid_machines:
        require("machine", machine, machines)
    for order, operation, machine in controls.forbid:
        routing(order, operation)
        require("machine", machine, machines)
    for order, operation in controls.not_before:
        routing(order, operation)
    for order, weight in controls.priority.items():
        require("order", order, part_of)
        if not weight > 0:
            raise NotFeasible(
                f"order {order}: priority {weight:g} is not positive. Maybe a small one, as 0.1."
            )

    for (order, operation), machine in controls.pin_machine.items():
        able = [alternative.machine for alternative in routing(order, operation).alternatives]
        name = f"operation {order}/{operation}"
        require("machine", machine, machines)
        if machine not in able:
            raise NotFeasible(f"{name} cannot run on {machine}. Maybe pin it to {' or '.join(able)}.")
        if machine in controls.forbid_machines or (order, operation, machine) in controls.forbid:
            raise NotFeasible(
                f"{name} is pinned to {machine}, which is forbidden. Maybe lift one of the two."
            )
        progress = begun.get((order, operation))
        if progress is not None and progress.machine != machine:
            raise NotFeasible(
                f"{name} has begun on {progress.machine} and cannot be pinned to {machine}. "
                "Maybe lift the pin."
            )

    for (order, operation), person in controls.pin_operator.items():
        alternatives = routing(order, operation).alternatives
        name = f"operation {order}/{operation}"
        require("person", person, people)
        pinned = controls.pin_machine.get((order, operation))
        skills = {item.skill for item in alternatives if pinned in (None, item.machine)} - {""}
        if not skills:
            raise NotFeasible(f"{name} runs unattended: nobody can be pinned to it. Maybe lift the pin.")
        if not skills & people[person].skills:
            able = [who.id for who in people.values() if who.skills & skills]
            raise NotFeasible(
                f"{name} needs skill {' or '.join(sorted(skills))}, which {person} does not have. "
                + (f"Maybe pin it to {' or '.join(able)}." if able else "Nobody has it.")
            )
        progress = begun.get((order, operation))
        if progress is not None and progress.operator not in ("", person):
            raise NotFeasible(
                f"{name} has begun with {progress.operator} and cannot be pinned to {person}. "
                "Maybe lift the pin."
            )
