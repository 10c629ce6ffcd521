"""What is left to do in a plant at one moment: its open operations, with the look-ups to work on them.

What is done leaves the problem here; what it still means (when it ended, what it has mounted) is kept.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from linewright.errors import Finding, PlantError
from linewright.plant.arrays import FREE, STARTED, UNATTENDED, Unplannable
from linewright.plant.history import current
from linewright.plant.plan import Assignment, Controls, OperationStatus, PlantState, Progress
from linewright.plant.records import LONGEST, Order, Part, Plant, RoutingOperation

Key = tuple[str, str]

LATEST_S = 5 * 366 * 86400
"""What is expected later than this counts as not expected at all."""

LONGEST_S = int(LONGEST.total_seconds())
"""An operation that would run longer is not planned: its quantity or its duration is wrong."""


@dataclass(slots=True)
class Choice:
    """A machine on which an operation can run now, and the operators who can attend it there."""

    machine: int
    run_s: int
    crew: tuple[int, ...] | None  # None: unattended
    cv: float


@dataclass(slots=True)
class Operation:
    """An operation that is not done, while the problem is being made."""

    index: int
    order: Order
    routing: RoutingOperation
    planned: Assignment | None
    begun: Progress | None
    ready_s: int = 0
    state: int = FREE
    choices: list[Choice] = field(default_factory=list)
    units: int = 0  # that can still reach it: the order's, less what done predecessors have scrapped
    before: list[tuple[int, int]] = field(default_factory=list)  # (predecessor, least time after its end)
    after: list[int] = field(default_factory=list)
    fixed_operator: int = UNATTENDED
    dropped: Unplannable | None = None

    @property
    def key(self) -> Key:
        return self.order.id, self.routing.id

    @property
    def name(self) -> str:
        return f"{self.order.id}/{self.routing.id}"


class Remaining:
    """The plant with what became known since, indexed, and its open operations."""

    def __init__(self, plant: Plant, state: PlantState, controls: Controls) -> None:
        self.plant = plant = current(plant, state)
        self.state, self.controls = state, controls
        self.epoch = _full_second(state.at)
        self.zone = ZoneInfo(plant.timezone)
        self.parts = {part.id: part for part in plant.parts}
        self.routings = {part.id: {op.id: op for op in part.operations} for part in plant.parts}
        self.orders = {order.id: order for order in plant.orders if order.id not in state.cancelled}
        self.machine = {machine.id: m for m, machine in enumerate(plant.machines)}
        self.person = {person.id: w for w, person in enumerate(plant.people)}
        self.planned = {item.key: item for item in state.plan.assignments}
        self.begun = {item.key: item for item in state.progress}
        self.down_s = {
            machine: max(0, self.second(until)) for machine, until in state.machine_down_until.items()
        }
        freeze = controls.freeze_until
        freeze_s = round(60 * plant.planning.freeze_min) if freeze is None else self.second(freeze)
        self.freeze_s = min(freeze_s, LATEST_S)
        self.operations: list[Operation] = []
        self.open: dict[Key, Operation] = {}
        self._collect()

    def second(self, instant: datetime) -> int:
        """Seconds from the epoch to an instant, rounded up."""
        return -((self.epoch - instant) // timedelta(seconds=1))

    def _collect(self) -> None:
        """The operations that are not done, with their precedence; what is done leaves a ready time."""
        for order in self.orders.values():
            for routing in self.part_of(order).operations:
                key = order.id, routing.id
                begun = self.begun.get(key)
                if begun is None or begun.status is not OperationStatus.DONE:
                    self.operations.append(
                        Operation(len(self.operations), order, routing, self.planned.get(key), begun)
                    )
                    self.open[key] = self.operations[-1]
        for op in self.operations:
            made = (self.begun.get((op.order.id, name)) for name in op.routing.after)
            good = (item.good for item in made if item is not None and item.status is OperationStatus.DONE)
            op.units = min([op.order.quantity, *(count for count in good if count is not None)])
            if op.begun is not None:  # what has begun waits for nothing any more
                op.state = STARTED
                continue
            if op.order.release is not None:
                op.ready_s = max(0, self.second(op.order.release))
            asked = self.controls.not_before.get(op.key)
            if asked is not None:
                op.ready_s = max(op.ready_s, self.second(asked))
            for name in op.routing.after:
                self.wait_for(op, op.order, self.routing_of(op.order, name))

    def wait_for(self, op: Operation, order: Order, routing: RoutingOperation) -> None:
        """Make an operation wait for another to end, and for the transfer after it."""
        lag = round(60 * routing.transfer_min)
        before = self.open.get((order.id, routing.id))
        if before is not None:
            op.before.append((before.index, lag))
            before.after.append(op.index)
        else:
            op.ready_s = max(op.ready_s, self.done_s(order, routing) + lag)

    def done_s(self, order: Order, routing: RoutingOperation) -> int:
        """When a finished operation ended; 0 where its end was not reported, or not even after now."""
        end = self.begun[order.id, routing.id].end
        return 0 if end is None else min(0, self.second(end))

    def part_of(self, order: Order) -> Part:
        if order.part not in self.parts:
            raise PlantError(
                [Finding(f"order {order.id}", f'its part "{order.part}" does not exist.', "Add its routing.")]
            )
        return self.parts[order.part]

    def routing_of(self, order: Order, operation: str) -> RoutingOperation:
        part = self.part_of(order)
        found = self.routings[part.id].get(operation)
        if found is None:
            what = f'an operation comes after "{operation}", which its routing does not have.'
            raise PlantError([Finding(f"part {part.id}", what, "Correct column after of routings.csv.")])
        return found

    def machine_of(self, name: str, where: str) -> int:
        if name not in self.machine:
            raise PlantError(
                [Finding(where, f'its machine "{name}" does not exist.', "Add it to equipment.")]
            )
        return self.machine[name]

    def weight(self, order: Order) -> float:
        return self.controls.priority.get(order.id, order.priority)

    def begun_in_order(self) -> list[tuple[Progress, RoutingOperation]]:
        """What has begun or is done, of all known orders, in the order in which it began."""
        part_of = {order.id: order.part for order in self.plant.orders}
        found = []
        for item in sorted(self.begun.values(), key=lambda item: (item.setup_start, item.key)):
            routing = self.routings.get(part_of.get(item.order, ""), {}).get(item.operation)
            if routing is not None:
                found.append((item, routing))
        return found

    def drop(self, op: Operation, why: str, remedy: str) -> None:
        """Leave an operation out, and all that comes after it."""
        op.dropped = Unplannable(*op.key, why, remedy)
        stack = [op]
        while stack:
            for i in stack.pop().after:
                later = self.operations[i]
                if later.dropped is None:
                    because = f"{op.name} must end before it and is left out: {why}"
                    later.dropped = Unplannable(*later.key, because, remedy)
                    stack.append(later)


def _full_second(instant: datetime) -> datetime:
    """An instant rounded up to a second, in UTC: differences of local times forget clock changes."""
    whole = instant.astimezone(UTC).replace(microsecond=0)
    return whole if whole == instant else whole + timedelta(seconds=1)
